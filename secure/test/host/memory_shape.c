/* SPDX-License-Identifier: BSD-3-Clause */
/* The shape of a descriptor, and the registers that come with it: each check, at each version. */
#include "memory.h"

#include <string.h>

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define VERSIONS(v) for (unsigned int v = 0; v < 3; v++)

/* --- The shape of it: words of the good descriptor changed, and the call's own --- */

struct damage {
    uint32_t at;
    uint32_t bytes;
    uint64_t value;
};

static struct regs send_damaged(struct world *world, const struct grant *grant,
                                struct damage damage)
{
    const uint32_t bytes = grant_write(grant, world->spmc.version, world->memory);

    memcpy(world->memory + damage.at, &damage.value, damage.bytes);
    return call(world, SHARE, bytes, bytes, 0, 0, 0);
}

static int32_t damaged(struct world *world, uint32_t at, uint32_t bytes, uint64_t value)
{
    const struct grant grant = grant_of(world->spmc.version, SHARE);
    const uint32_t before = room(world);
    const struct regs regs = send_damaged(world, &grant, (struct damage){at, bytes, value});
    const int32_t status = status_of(&regs);

    if (status == FFA_OK) {
        assert_int_equal(reclaim(world, handle_of(&regs), 0), FFA_OK);
    }
    assert_int_equal(room(world), before);
    return status;
}

static void test_geometry(void **state)
{
    static const uint32_t sizes[] = {0, 1, 8, 15, 17, 24, 31, 33, 48, 64, 255, 0x10000010};
    static const uint32_t offsets[] = {0, 16, 32, 40, 47, 49, 56, 4096, 0x7ffffff0, 0xfffffff0};
    static struct world world;

    (void)state;
    for (unsigned int v = 1; v < 3; v++) {
        memory_start(&world, versions[v], 1);
        for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            assert_int_equal(damaged(&world, 24, 4, sizes[i]), FFA_INVALID_PARAMETERS);
        }
        for (unsigned int i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
            assert_int_equal(damaged(&world, 32, 4, offsets[i]), FFA_INVALID_PARAMETERS);
        }
        assert_int_equal(damaged(&world, 24, 4, 32),
                         versions[v] < FFA_VERSION_1_2 ? FFA_INVALID_PARAMETERS : FFA_OK);
    }
    VERSIONS(v)
    {
        static const uint32_t counts[] = {0, 2, 16, 17, 255, 0x10000001, 0xffffffff};

        memory_start(&world, versions[v], 1);
        for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            assert_int_equal(damaged(&world, 28, 4, counts[i]), FFA_INVALID_PARAMETERS);
        }
    }
}

/* The array may lie elsewhere, and the composite part behind a gap. What counts is where they say.
 */
static void test_unusual_geometry(void **state)
{
    static struct world world;
    uint8_t good[256];
    uint32_t bytes;
    struct grant grant;
    struct regs regs;

    (void)state;
    for (unsigned int v = 1; v < 3; v++) {
        const uint32_t composite = 48 + (v == 1 ? 16 : 32);

        memory_start(&world, versions[v], 1);
        grant = grant_of(versions[v], SHARE);
        bytes = grant_write(&grant, versions[v], good);
        memcpy(world.memory, good, 48);
        memset(world.memory + 48, 0xff, 16);
        memcpy(world.memory + 64, good + 48, composite - 48);
        memset(world.memory + 64 + composite - 48, 0xff, 8);
        memcpy(world.memory + composite + 24, good + composite, bytes - composite);
        world.memory[32] = 64;
        world.memory[64 + 4] = (uint8_t)(composite + 24);
        regs = call(&world, SHARE, bytes + 24, bytes + 24, 0, 0, 0);
        assert_int_equal(reclaim(&world, handle_of(&regs), 0), FFA_OK);
    }
}

static void test_composite(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        const struct grant grant = grant_of(versions[v], SHARE);
        const uint32_t at = composite_at(&grant, versions[v]);
        const uint32_t access = header_bytes(versions[v]);
        const uint32_t offsets[] = {0,       1,       16,     access,     at - 16,
                                    at - 8,  at + 1,  at + 4, at + 8,     at + 16,
                                    at + 47, at + 48, 4096,   0xfffffff0, 0xffffffff};

        memory_start(&world, versions[v], 1);
        for (unsigned int i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
            assert_int_equal(damaged(&world, access + 4, 4, offsets[i]), FFA_INVALID_PARAMETERS);
        }
        for (uint32_t pages = 0; pages < 8; pages++) {
            assert_int_equal(damaged(&world, at, 4, pages),
                             pages == TWO_RANGES_PAGES ? FFA_OK : FFA_INVALID_PARAMETERS);
        }
        for (uint32_t count = 0; count < 8; count++) {
            assert_int_equal(damaged(&world, at + 4, 4, count),
                             count == 2 ? FFA_OK : FFA_INVALID_PARAMETERS);
        }
        assert_int_equal(damaged(&world, at + 4, 4, 0x10000002), FFA_INVALID_PARAMETERS);
    }
}

static void test_unequal_composites(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        struct grant grant = grant_of(versions[v], SHARE);
        uint32_t second;
        struct regs regs;

        grant.access_count = 2;
        grant.parties[1] = (struct party){.id = TRIO, .permissions = RO};
        second = header_bytes(versions[v]) + grant.access_bytes + 4;
        memory_start(&world, versions[v], 1);
        regs = send_damaged(&world, &grant, (struct damage){second, 4, second + 16});
        assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    }
}

static void test_reserved(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        const struct grant grant = grant_of(versions[v], SHARE);
        const int32_t expected = versions[v] < FFA_VERSION_1_2 ? FFA_INVALID_PARAMETERS : FFA_OK;
        const uint32_t at = composite_at(&grant, versions[v]);
        const uint32_t access_reserved = at - 8;

        memory_start(&world, versions[v], 1);
        world.hostile.reserved_inputs = 0;
        assert_int_equal(damaged(&world, access_reserved, 8, 1ull << 63), expected);
        assert_int_equal(damaged(&world, at + 8, 8, 1ull << 40), expected);
        assert_int_equal(damaged(&world, at + 28, 4, 1), expected);
        if (versions[v] == FFA_VERSION_1_0) {
            assert_int_equal(damaged(&world, 3, 1, 1), expected);
            assert_int_equal(damaged(&world, 24, 4, 1), expected);
        } else {
            assert_int_equal(damaged(&world, 36, 4, 1), expected);
            assert_int_equal(damaged(&world, 40, 4, 1), expected);
            assert_int_equal(damaged(&world, 44, 4, 1), expected);
        }
        assert_int_equal(world.hostile.reserved_inputs, versions[v] == FFA_VERSION_1_0 ? 5 : 6);
    }
}

/* --- Lengths and places that the call itself gives --- */

static void test_lengths(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        const struct grant grant = grant_of(versions[v], SHARE);
        uint32_t bytes;
        uint32_t ranges;

        memory_start(&world, versions[v], 1);
        bytes = grant_write(&grant, versions[v], world.memory);
        ranges = bytes - 32;
        for (uint32_t total = 0; total < bytes + 20; total++) {
            if (total != bytes) {
                assert_int_equal(status(&world, SHARE, total, total, 0), FFA_INVALID_PARAMETERS);
                assert_int_equal(status(&world, SHARE, total, bytes, 0), FFA_INVALID_PARAMETERS);
            }
        }
        for (uint32_t first = 0; first < bytes; first++) {
            const struct regs regs = call(&world, SHARE, bytes, first, 0, 0, 0);

            if (first < ranges || (first - ranges) % 16 != 0) {
                assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
            } else {
                assert_int_equal(regs.x[0], FFA_MEM_FRAG_RX);
                spmc_init(&world.spmc, &(struct spmc_config){0});
                memory_start(&world, versions[v], 1);
                grant_write(&grant, versions[v], world.memory);
            }
        }
        assert_int_equal(status(&world, SHARE, 0x100000, 4097, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(status(&world, SHARE, 0xffffffff, 0xffffffff, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(status(&world, SHARE, bytes, bytes, FAR_PA), FFA_INVALID_PARAMETERS);
        assert_int_equal(call(&world, SHARE, bytes, bytes, 0, 1, 0).x[2],
                         (uint32_t)FFA_INVALID_PARAMETERS);
        assert_int_equal(status(&world, FFA_MEM_SHARE_64, bytes, bytes, 1ull << 40),
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, 0, 0, 0), FFA_OK);
        assert_int_equal(status(&world, SHARE, bytes, bytes, 0), FFA_INVALID_PARAMETERS);
    }
}

int run_memory_shape_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_geometry),  cmocka_unit_test(test_unusual_geometry),
        cmocka_unit_test(test_composite), cmocka_unit_test(test_unequal_composites),
        cmocka_unit_test(test_reserved),  cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests_name("memory: the shape of sends", tests, NULL, NULL);
}
