/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_MEM_SHARE, LEND and DONATE in one fragment: what they say, and each check of that. */
#include "memory.h"

#include <string.h>

static const uint32_t kinds[] = {SHARE, LEND, DONATE};
static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define KINDS(k)    for (unsigned int k = 0; k < 3; k++)
#define VERSIONS(v) for (unsigned int v = 0; v < 3; v++)

static int32_t try(struct world *world, uint32_t fid, const struct grant *grant)
{
    const uint32_t before = room(world);
    const struct regs regs = send(world, fid, grant);
    const int32_t status = status_of(&regs);

    if (status == FFA_OK) {
        assert_int_equal(reclaim(world, handle_of(&regs), 0), FFA_OK);
    }
    assert_int_equal(room(world), before);
    assert_int_equal(world->spmc.ranges.root, 0);
    return status;
}

/* What comes of a good grant that is changed in this way. */
#define EXPECT(world, fid, expected, ...)                            \
    do {                                                             \
        struct grant changed = grant_of((world)->spmc.version, fid); \
        __VA_ARGS__;                                                 \
        assert_int_equal(try(world, fid, &changed), expected);       \
    } while (0)

static void test_good(void **state)
{
    static struct world world;
    uint64_t handles[3];

    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        KINDS(k)
        {
            const struct grant grant = grant_of(versions[v], kinds[k]);

            handles[k] = send_ok(&world, kinds[k], &grant);
            assert_true((uint32_t)handles[k] >> 31 == 1 && handles[k] >> 32 != 0);
            assert_true(k == 0 || handles[k] != handles[k - 1]);
            assert_int_equal(reclaim(&world, handles[k], 0), FFA_OK);
            assert_int_equal(reclaim(&world, handles[k], 0), FFA_INVALID_PARAMETERS);
            EXPECT(&world, kinds[k] | FFA_FID_64_BIT, FFA_OK, );
            EXPECT(&world, kinds[k], FFA_OK, changed.sender = 0);
            EXPECT(&world, kinds[k], FFA_OK, changed.access_bytes = 16);
            EXPECT(&world, kinds[k], FFA_OK, changed.parties[0].impdef[0] = 3);
        }
    }
    memory_start(&world, FFA_VERSION_1_1, 1);
    EXPECT(&world, SHARE, FFA_INVALID_PARAMETERS, changed.access_bytes = 32);
}

static void test_identities(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        KINDS(k)
        {
            const uint32_t fid = kinds[k];

            EXPECT(&world, fid, FFA_DENIED, changed.sender = TRIO);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.handle = 1);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.handle = 1ull << 63);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.access_count = 0);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.parties[0].id = 0x8009);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.parties[0].id = SPMC_ID);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.parties[0].id = FFA_ID_SPMD);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.parties[0].id = 0);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.parties[0].id = VM);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.parties[0].id = OTHER_VM);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.parties[0].flags = 1);
            EXPECT(&world, fid, FFA_INVALID_PARAMETERS, changed.parties[0].flags = 0x80);
        }
    }
}

static void add_party(struct grant *grant, uint16_t id, uint8_t permissions)
{
    grant->parties[grant->access_count++] = (struct party){.id = id, .permissions = permissions};
    grant->attributes = RAM;
}

static void test_several(void **state)
{
    const struct spmc_config mixed = {.lends_mixed = true};
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        EXPECT(&world, DONATE, FFA_INVALID_PARAMETERS, add_party(&changed, TRIO, 0));
        for (unsigned int k = 0; k < 2; k++) {
            const int32_t with_vm = kinds[k] == SHARE ? FFA_OK : FFA_DENIED;

            EXPECT(&world, kinds[k], FFA_OK, add_party(&changed, TRIO, RO));
            EXPECT(&world, kinds[k], FFA_INVALID_PARAMETERS, add_party(&changed, ECHO, RO));
            EXPECT(&world, kinds[k], FFA_INVALID_PARAMETERS, add_party(&changed, VM, RO));
            EXPECT(&world, kinds[k], FFA_INVALID_PARAMETERS, add_party(&changed, 0, RO));
            EXPECT(&world, kinds[k], FFA_INVALID_PARAMETERS, add_party(&changed, 0x8009, RO));
            EXPECT(&world, kinds[k], FFA_INVALID_PARAMETERS, add_party(&changed, TRIO, 0));
            EXPECT(&world, kinds[k], FFA_INVALID_PARAMETERS, add_party(&changed, TRIO, RO);
                   changed.attributes = 0);
            EXPECT(&world, kinds[k], with_vm, add_party(&changed, OTHER_VM, RO));
            EXPECT(&world, kinds[k], FFA_INVALID_PARAMETERS, add_party(&changed, OTHER_VM, RO);
                   changed.parties[0].id = 7);
            EXPECT(
                &world, kinds[k], kinds[k] == SHARE ? FFA_OK : FFA_DENIED,
                for (uint16_t id = 100; id < 115; id++) { add_party(&changed, id, RW); });
            EXPECT(
                &world, kinds[k], FFA_INVALID_PARAMETERS,
                for (uint16_t id = 100; id < 116; id++) { add_party(&changed, id, RW); });
        }
        memory_start_with(&world, versions[v], 1, &mixed);
        EXPECT(&world, LEND, FFA_OK, add_party(&changed, OTHER_VM, RO));
    }
}

/* Attributes in all their 8 or 16 bits, against the list of those that are good. */
static int32_t attributes_expected(uint32_t version, uint32_t fid, uint32_t attributes)
{
    const uint32_t known = version < FFA_VERSION_1_2 ? 0xffff : 0x7f;
    const uint32_t cache = attributes & 0xc;
    const uint32_t share = attributes & 3;

    if ((attributes & known & 0xffc0) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    attributes &= 0x3f;
    if (fid != SHARE) {
        return attributes == 0 ? FFA_OK : FFA_INVALID_PARAMETERS;
    }
    switch (attributes >> 4) {
    case 1:
        return share == 0 ? FFA_DENIED : FFA_INVALID_PARAMETERS;
    case 2:
        if ((cache != 4 && cache != 12) || share == 1) {
            return FFA_INVALID_PARAMETERS;
        }
        return share == 2 ? FFA_DENIED : FFA_OK;
    default:
        return FFA_INVALID_PARAMETERS;
    }
}

static void test_attributes(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        KINDS(k)
        {
            for (uint32_t attributes = 0; attributes < 0x200; attributes++) {
                const uint32_t bits = versions[v] == FFA_VERSION_1_0 ? 0xff : 0xffff;

                EXPECT(&world, kinds[k],
                       attributes_expected(versions[v], kinds[k], attributes & bits),
                       changed.attributes = (uint16_t)attributes);
            }
        }
    }
}

static void test_permissions(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        KINDS(k)
        {
            for (unsigned int permissions = 0; permissions < 0x100; permissions++) {
                const bool good =
                    kinds[k] == DONATE ? permissions == 0 : permissions == RO || permissions == RW;

                EXPECT(&world, kinds[k], good ? FFA_OK : FFA_INVALID_PARAMETERS,
                       changed.parties[0].permissions = (uint8_t)permissions);
            }
        }
    }
}

static void test_flags(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        KINDS(k)
        {
            for (unsigned int bit = 0; bit < 32; bit++) {
                const bool good = bit == 0 && kinds[k] != SHARE;

                EXPECT(&world, kinds[k], good ? FFA_OK : FFA_INVALID_PARAMETERS,
                       changed.flags = 1u << bit);
            }
        }
    }
}

/* --- Ranges --- */

#define END_OF_FAR (FAR_PA + FAR_PAGES * (uint64_t)PAGE)

static int32_t try_ranges(struct world *world, uint64_t a, uint32_t a_pages, uint64_t b,
                          uint32_t b_pages)
{
    const struct ffa_mem_constituent ranges[] = {{.address = a, .page_count = a_pages},
                                                 {.address = b, .page_count = b_pages}};
    struct grant grant = grant_of(world->spmc.version, SHARE);

    grant.ranges = ranges;
    return try(world, SHARE, &grant);
}

static void test_ranges(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        const uint64_t a = FAR_PA + 16 * PAGE;

        memory_start(&world, versions[v], 1);
        assert_int_equal(try_ranges(&world, a, 4, a + 4 * PAGE, 1), FFA_OK);
        assert_int_equal(try_ranges(&world, a, 4, a - PAGE, 1), FFA_OK);
        assert_int_equal(try_ranges(&world, a, 4, a, 4), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 4, a + PAGE, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a + PAGE, 1, a, 4), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 4, a + 3 * PAGE, 2), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 4, a - PAGE, 2), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 0, a + PAGE, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 1, a + PAGE, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a + 1, 1, a + PAGE, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 1, a + PAGE + 0x800, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 1, 0xfffffffffffff000, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 1, 0xffffffffffffe000, 2), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 1, 0xffffffffffffe000, 0x80000000),
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 0x80000001, a, 0x80000002), FFA_INVALID_PARAMETERS);
        assert_int_equal(try_ranges(&world, a, 1, 0, 1), FFA_DENIED);
        assert_int_equal(try_ranges(&world, a, 1, 0xffffffffffffc000, 2), FFA_DENIED);
        assert_int_equal(try_ranges(&world, a, 1, END_OF_FAR, 1), FFA_DENIED);
        assert_int_equal(try_ranges(&world, a, 1, END_OF_FAR - PAGE, 2), FFA_DENIED);
        assert_int_equal(try_ranges(&world, a, 1, END_OF_FAR - PAGE, 1), FFA_OK);
        assert_int_equal(try_ranges(&world, a, 1, TX_PA, 1), FFA_DENIED);
        assert_int_equal(try_ranges(&world, a, 1, RX_PA, 1), FFA_DENIED);
        assert_int_equal(try_ranges(&world, RX_PA + PAGE, 1, TX_PA, 2), FFA_DENIED);
        assert_int_equal(try_ranges(&world, a, 1, RX_PA + PAGE, 1), FFA_OK);
    }
}

/* A page is granted once; it is no buffer meanwhile; both end with the grant. */
static void test_granted_pages(void **state)
{
    static struct world world;
    const uint64_t pa = two_ranges[0].address;

    (void)state;
    KINDS(k)
    {
        const struct grant grant = grant_of(FFA_VERSION_1_2, kinds[k]);
        struct grant other = grant;
        uint64_t handle;
        struct ffa_mem_constituent ranges[2] = {{.address = FAR_PA, .page_count = 1},
                                                {.address = pa + PAGE, .page_count = 9}};

        memory_start(&world, FFA_VERSION_1_2, 1);
        world_give_bitmap(&world, 1);
        handle = send_ok(&world, kinds[k], &grant);
        other.sender = OTHER_VM;
        other.ranges = ranges;
        for (unsigned int j = 0; j < 3; j++) {
            other.attributes = kinds[j] == SHARE ? RAM : 0;
            other.parties[0].permissions = kinds[j] == DONATE ? 0 : RW;
            assert_int_equal(send(&world, kinds[j], &other).x[2], (uint32_t)FFA_DENIED);
        }
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, 0, 0, 0), FFA_OK);
        assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, pa + PAGE, 1),
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(status(&world, FFA_RXTX_MAP_64, pa, RX_PA, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, pa - PAGE, 1), FFA_OK);
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
        other.attributes = RAM;
        other.parties[0].permissions = RW;
        assert_int_equal(reclaim(&world, send_ok(&world, SHARE, &other), 0), FFA_OK);
    }
}

static void test_bounds(void **state)
{
    const struct spmc_config knobs = {.transactions_max = 2, .ranges_max = 5};
    static struct world world;
    struct ffa_mem_constituent ranges[6];
    struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);
    uint64_t handles[2];

    (void)state;
    for (unsigned int i = 0; i < 6; i++) {
        ranges[i] = (struct ffa_mem_constituent){FAR_PA + 2 * i * PAGE, 1, 0};
    }
    memory_start_with(&world, FFA_VERSION_1_2, 1, &knobs);
    grant.ranges = ranges;
    grant.range_count = 6;
    assert_int_equal(send(&world, SHARE, &grant).x[2], (uint32_t)FFA_NO_MEMORY);
    grant.range_count = 5;
    handles[0] = send_ok(&world, SHARE, &grant);
    grant.ranges = &ranges[5];
    grant.range_count = 1;
    assert_int_equal(send(&world, SHARE, &grant).x[2], (uint32_t)FFA_NO_MEMORY);
    assert_int_equal(reclaim(&world, handles[0], 0), FFA_OK);
    handles[0] = send_ok(&world, SHARE, &grant);
    grant.ranges = &ranges[0];
    handles[1] = send_ok(&world, SHARE, &grant);
    grant.ranges = &ranges[1];
    assert_int_equal(send(&world, SHARE, &grant).x[2], (uint32_t)FFA_NO_MEMORY);
    assert_int_equal(reclaim(&world, handles[0], 0), FFA_OK);
    assert_int_equal(reclaim(&world, handles[1], 0), FFA_OK);
    assert_int_equal(reclaim(&world, send_ok(&world, SHARE, &grant), 0), FFA_OK);
}

int run_memory_send_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_several),     cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_permissions), cmocka_unit_test(test_flags),
        cmocka_unit_test(test_ranges),      cmocka_unit_test(test_granted_pages),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests_name("memory: sends", tests, NULL, NULL);
}
