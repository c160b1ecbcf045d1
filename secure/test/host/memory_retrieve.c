/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_MEM_RETRIEVE_REQ of a partition, each check of it at each version. */
#include "memory.h"

#include <string.h>

static const uint32_t kinds[] = {SHARE, LEND, DONATE};
static const uint32_t types[] = {1 << 3, 2 << 3, 3 << 3};
static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define KINDS(k)    for (unsigned int k = 0; k < 3; k++)
#define VERSIONS(v) for (unsigned int v = 0; v < 3; v++)

static struct world world;

/* --- Sends it, retrieves it, and leaves nothing behind --- */

static void take_back(uint64_t handle)
{
    const int32_t status = reclaim(&world, handle, 0);

    if (status == FFA_DENIED) {
        assert_int_equal(relinquish(&world, ECHO, handle, 0), FFA_OK);
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    }
    spmc_forget_donations(&world.spmc);
    assert_int_equal(world.spmc.ranges.root, 0);
}

/* What echo gets for a request that is a good one, changed in this way. */
#define EXPECT_OF(sent, fid, expected, ...)                                  \
    do {                                                                     \
        const uint64_t handle_ = send_ok(&world, fid, sent);                 \
        struct grant changed = request_of(sent, handle_, ECHO);              \
                                                                             \
        __VA_ARGS__;                                                         \
        assert_int_equal(retrieve_status(&world, ECHO, &changed), expected); \
        take_back(handle_);                                                  \
    } while (0)

#define EXPECT(fid, expected, ...)                                   \
    do {                                                             \
        const struct grant good = grant_of(world.spmc.version, fid); \
                                                                     \
        EXPECT_OF(&good, fid, expected, __VA_ARGS__);                \
    } while (0)

/* --- Who, and what --- */

static void test_identity(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        KINDS(k)
        {
            const uint32_t fid = kinds[k];

            EXPECT(fid, FFA_OK, );
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.handle ^= 1);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.handle ^= 1ull << 63);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.handle ^= 1ull << 31);
            EXPECT(fid, FFA_DENIED, changed.sender = OTHER_VM);
            EXPECT(fid, FFA_DENIED, changed.sender = 0);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.tag ^= 1ull << 63);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.parties[0].id = NOTIFIER);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.parties[0].id = VM);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.parties[0].flags = 1);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.parties[0].flags = 2);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.access_count = 0);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.access_count = 2);
            EXPECT(fid, FFA_INVALID_PARAMETERS, changed.ranges = two_ranges;
                   changed.range_count = 2);
        }
    }
}

static void test_impdef(void **state)
{
    struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);

    (void)state;
    grant.parties[0].impdef[0] = 5;
    grant.parties[0].impdef[1] = 6ull << 60;
    memory_start(&world, FFA_VERSION_1_2, 1);
    EXPECT_OF(&grant, SHARE, FFA_OK, );
    EXPECT_OF(&grant, SHARE, FFA_INVALID_PARAMETERS, changed.parties[0].impdef[0] = 4);
    EXPECT_OF(&grant, SHARE, FFA_INVALID_PARAMETERS, changed.parties[0].impdef[1] = 0);
    EXPECT_OF(&grant, SHARE, FFA_INVALID_PARAMETERS, changed.access_bytes = 16);
    grant.access_bytes = 16;
    EXPECT_OF(&grant, SHARE, FFA_OK, );
    EXPECT_OF(&grant, SHARE, FFA_INVALID_PARAMETERS, changed.access_bytes = 32);
    grant.parties[0].impdef[0] = 0;
    grant.parties[0].impdef[1] = 0;
    EXPECT_OF(&grant, SHARE, FFA_OK, changed.access_bytes = 32);
}

static void swap(struct grant *grant, unsigned int a, unsigned int b)
{
    const struct party party = grant->parties[a];

    grant->parties[a] = grant->parties[b];
    grant->parties[b] = party;
}

/* Echo first, last and in the middle, beside another partition and a VM. */
static void test_several(void **state)
{
    const struct spmc_config mixed = {.lends_mixed = true};

    (void)state;
    VERSIONS(v)
    {
        memory_start_with(&world, versions[v], 1, &mixed);
        for (unsigned int i = 0; i < 6; i++) {
            const uint32_t fid = kinds[i & 1];
            const int32_t bypass = versions[v] < FFA_VERSION_1_2 ? FFA_INVALID_PARAMETERS : FFA_OK;
            const unsigned int own = i / 2;
            const unsigned int other = (own + 1) % 3;
            struct grant grant = grant_of(versions[v], fid);

            grant.attributes = RAM;
            grant.access_count = 3;
            grant.parties[1] = (struct party){.id = TRIO, .permissions = RO};
            grant.parties[2] = (struct party){.id = OTHER_VM, .permissions = RW};
            swap(&grant, 0, own);
            EXPECT_OF(&grant, fid, FFA_OK, );
            EXPECT_OF(&grant, fid, FFA_OK, swap(&changed, own, other));
            EXPECT_OF(&grant, fid, FFA_INVALID_PARAMETERS, changed.access_count = 1;
                      swap(&changed, 0, own));
            EXPECT_OF(&grant, fid, FFA_INVALID_PARAMETERS, changed.access_count = 2);
            EXPECT_OF(&grant, fid, FFA_INVALID_PARAMETERS, changed.parties[other].id = NOTIFIER);
            EXPECT_OF(&grant, fid, FFA_INVALID_PARAMETERS, changed.parties[other].flags = 0);
            EXPECT_OF(&grant, fid, FFA_INVALID_PARAMETERS, changed.parties[other].flags = 3);
            EXPECT_OF(&grant, fid, FFA_INVALID_PARAMETERS,
                      changed.parties[other] = changed.parties[own]);
            EXPECT_OF(&grant, fid, FFA_DENIED, changed.parties[other].permissions ^= 3);
            EXPECT_OF(&grant, fid, FFA_DENIED, changed.parties[own] = changed.parties[other];
                      changed.parties[other] = changed.parties[3 - own - other];
                      changed.access_count = 3;
                      changed.parties[3 - own - other].id = changed.parties[own].id);
            EXPECT_OF(&grant, fid, bypass, changed.flags = 1 << 10; changed.access_count = 1;
                      swap(&changed, 0, own));
        }
        EXPECT(LEND, FFA_INVALID_PARAMETERS, changed.flags = 1 << 10);
    }
}

/* --- How --- */

static void test_permissions(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        for (unsigned int permissions = 0; permissions < 0x100; permissions++) {
            const unsigned int data = permissions & 3;
            const unsigned int instr = permissions & 0xc;
            const bool form = permissions < 0x10 && data != 3 && instr != 0xc;
            const int32_t chosen = instr == 8 ? FFA_DENIED : FFA_OK;
            struct grant readable = grant_of(versions[v], LEND);

            readable.parties[0].permissions = RO;
            EXPECT(SHARE, form && data != 0 && instr == 0 ? FFA_OK : FFA_INVALID_PARAMETERS,
                   changed.parties[0].permissions = (uint8_t)permissions);
            EXPECT(LEND, form && data != 0 ? chosen : FFA_INVALID_PARAMETERS,
                   changed.parties[0].permissions = (uint8_t)permissions);
            EXPECT(DONATE, form ? chosen : FFA_INVALID_PARAMETERS,
                   changed.parties[0].permissions = (uint8_t)permissions);
            EXPECT_OF(&readable, LEND,
                      !form || data == 0 ? FFA_INVALID_PARAMETERS
                                         : (data == RW ? FFA_DENIED : chosen),
                      changed.parties[0].permissions = (uint8_t)permissions);
        }
    }
}

/* In the order of less to more: non, inner, outer; non-cacheable, write-back. */
static unsigned int share_order(unsigned int attributes)
{
    static const unsigned int order[] = {0, 9, 2, 1};

    return order[attributes & 3];
}

static int32_t attributes_expected(unsigned int asked, unsigned int granted)
{
    const unsigned int cache = asked & 0xc;

    if ((asked & 0x40) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    switch (asked >> 4) {
    case 0:
        return asked == 0 ? FFA_OK : FFA_INVALID_PARAMETERS;
    case 1:
        return (asked & 3) == 0 ? FFA_OK : FFA_INVALID_PARAMETERS;
    case 2:
        if ((asked & 3) == 1 || (cache != 4 && cache != 12)) {
            return FFA_INVALID_PARAMETERS;
        }
        return share_order(asked) > share_order(granted) || cache > (granted & 0xc) ? FFA_DENIED
                                                                                    : FFA_OK;
    default:
        return FFA_INVALID_PARAMETERS;
    }
}

static void test_attributes(void **state)
{
    static const uint16_t granted[] = {0x24, 0x27, 0x2c, 0x2f};

    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        for (uint16_t asked = 0; asked < 0x80; asked++) {
            EXPECT(LEND, attributes_expected(asked, RAM), changed.attributes = asked);
            EXPECT(DONATE, attributes_expected(asked, RAM), changed.attributes = asked);
            for (unsigned int i = 0; i < 4; i++) {
                struct grant grant = grant_of(versions[v], SHARE);

                grant.attributes = granted[i];
                EXPECT_OF(&grant, SHARE, attributes_expected(asked, granted[i]),
                          changed.attributes = asked);
            }
        }
    }
}

/* Each flag alone, for memory that was and that was not cleared, to write and to read. */
static int32_t flag_expected(uint32_t version, unsigned int k, unsigned int bit, bool cleared,
                             bool writes)
{
    switch (bit) {
    case 0:
    case 2:
        if (k == 0) {
            return FFA_INVALID_PARAMETERS;
        }
        return writes && (cleared || bit == 2) ? FFA_OK : FFA_DENIED;
    case 9:
        return FFA_OK; /* a boundary of one page */
    default:
        (void)version;
        return FFA_INVALID_PARAMETERS;
    }
}

static void test_flags(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        for (unsigned int i = 0; i < 3 * 32 * 4; i++) {
            const unsigned int k = i % 3;
            const unsigned int bit = i / 3 % 32;
            const bool cleared = i / 96 % 2 != 0 && k != 0;
            const bool writes = i / 192 != 0;
            struct grant grant = grant_of(versions[v], kinds[k]);

            if (bit == 3 || bit == 4) {
                continue;
            }
            grant.flags = cleared ? 1 : 0;
            EXPECT_OF(&grant, kinds[k], flag_expected(versions[v], k, bit, cleared, writes),
                      changed.flags = 1u << bit;
                      changed.parties[0].permissions = writes ? RW : RO);
        }
        KINDS(k)
        {
            KINDS(other)
            {
                EXPECT(kinds[k], k == other ? FFA_OK : FFA_INVALID_PARAMETERS,
                       changed.flags = types[other]);
            }
        }
    }
}

/* Echo's memory begins on a boundary of eight pages, and no more than that. */
static void test_alignment(void **state)
{
    (void)state;
    memory_start(&world, FFA_VERSION_1_2, 1);
    for (uint32_t n = 0; n < 16; n++) {
        EXPECT(SHARE, n <= 3 ? FFA_OK : FFA_DENIED, changed.flags = n << 5 | 1 << 9);
        EXPECT(SHARE, n == 0 ? FFA_OK : FFA_INVALID_PARAMETERS, changed.flags = n << 5);
    }
}

/* --- When --- */

static void test_order(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        const struct grant grant = grant_of(versions[v], SHARE);
        struct grant request;
        uint64_t handle;
        struct regs regs;

        memory_start(&world, versions[v], 1);
        handle = send_ok(&world, SHARE, &grant);
        request = request_of(&grant, handle, ECHO);
        regs = puppet_retrieve(&world, NOTIFIER, &request);
        assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
        regs = puppet_retrieve(&world, ECHO, &request);
        assert_int_equal(regs.x[0], FFA_MEM_RETRIEVE_RESP);
        if (versions[v] == FFA_VERSION_1_2) {
            regs = puppet_retrieve(&world, ECHO, &request);
            assert_int_equal(status_of(&regs), FFA_BUSY);
            puppet_call(&world, ECHO, (struct regs){{FFA_RX_RELEASE}});
        }
        assert_int_equal(retrieve_status(&world, ECHO, &request), FFA_DENIED);
        assert_int_equal(reclaim(&world, handle, 0), FFA_DENIED);
        assert_int_equal(relinquish(&world, ECHO, handle, 0), FFA_OK);
        assert_int_equal(retrieve_status(&world, ECHO, &request), FFA_OK);
        assert_int_equal(relinquish(&world, ECHO, handle, 0), FFA_OK);
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
        assert_int_equal(retrieve_status(&world, ECHO, &request), FFA_INVALID_PARAMETERS);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        const struct grant grant = grant_of(versions[v], SHARE);
        struct grant request;
        uint32_t bytes;

        memory_start(&world, versions[v], 1);
        request = request_of(&grant, send_ok(&world, SHARE, &grant), ECHO);
        bytes = grant_write(&request, versions[v], puppet(ECHO)->tx);
        for (uint32_t first = 0; first < bytes + 20; first++) {
            const uint32_t total = first < bytes ? bytes : first;
            struct regs regs = {{FFA_MEM_RETRIEVE_REQ_64, total, first, 0, 0}};

            regs = puppet_call(&world, ECHO, regs);
            if (first != bytes) {
                assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
            } else {
                assert_int_equal(regs.x[0], FFA_MEM_RETRIEVE_RESP);
                puppet_call(&world, ECHO, (struct regs){{FFA_RX_RELEASE}});
            }
        }
        for (unsigned int i = 3; i < 5; i++) {
            struct regs regs = {{FFA_MEM_RETRIEVE_REQ_64, bytes, bytes, i == 3, i == 4}};

            regs = puppet_call(&world, ECHO, regs);
            assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
        }
    }
}

int run_memory_retrieve_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),   cmocka_unit_test(test_impdef),
        cmocka_unit_test(test_several),    cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_attributes), cmocka_unit_test(test_flags),
        cmocka_unit_test(test_alignment),  cmocka_unit_test(test_order),
        cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests_name("memory: retrieval", tests, NULL, NULL);
}
