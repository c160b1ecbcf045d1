/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <pthread.h>
#include <string.h>

static void test_status(void **state)
{
    const struct spmc_lie lies[] = {
        spmc_lie_no_features(),
        spmc_lie_only(spmc_lie_status(FFA_RXTX_MAP_32, FFA_NO_MEMORY), 2, 1),
    };
    static struct world world;

    (void)state;
    world_start(&world, FFA_VERSION_1_2, lies, 2);
    answer(&world, FFA_VERSION, FFA_VERSION_1_2, 0, 0);
    assert_int_equal(status(&world, FFA_FEATURES, FFA_ID_GET, 0, 0), FFA_NOT_SUPPORTED);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA + 1, RX_PA, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_NO_MEMORY);
    assert_int_equal(world.spmc.rx_owner, SPMC_RX_NOBODY);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
}

static void test_versions(void **state)
{
    static const uint32_t answers[] = {0xffffffff, 0x10000, 0x10003, 0x20000, 0x80010002};
    static struct world world;

    (void)state;
    for (int i = 0; i < 5; i++) {
        const struct spmc_lie lie = spmc_lie_version(answers[i]);

        world_start(&world, FFA_VERSION_1_2, &lie, 1);
        assert_int_equal(answer(&world, FFA_VERSION, FFA_VERSION_1_2, 0, 0), answers[i]);
        assert_int_equal(world.spmc.version, FFA_VERSION_1_2);
    }
}

static void test_discovery(void **state)
{
    const struct spmc_lie lies[] = {
        spmc_lie_info_count(0x10000000),
        spmc_lie_info_size(23),
        spmc_lie_info_id(1, 0x0001),
        spmc_lie_regs_x2(ffa_info_regs_out_make(9, 0, 1, 8)),
        spmc_lie_regs_id(1, PARTITION_ECHO_ID),
    };
    static struct world world;
    uint16_t id;
    struct regs regs;

    (void)state;
    world_start(&world, FFA_VERSION_1_2, lies, 5);
    answer(&world, FFA_VERSION, FFA_VERSION_1_2, 0, 0);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
    regs = call(&world, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0);
    assert_int_equal(regs.x[2], 0x10000000);
    assert_int_equal(regs.x[3], 23);
    memcpy(&id, world.memory + FFA_PAGE_SIZE + 24, sizeof(id));
    assert_int_equal(id, 1);
    memcpy(&id, world.memory + FFA_PAGE_SIZE + 26, sizeof(id));
    assert_int_equal(id, secure_partitions[1].contexts);
    regs = call(&world, FFA_PARTITION_INFO_GET_REGS, 0, 0, 0, 0, 0);
    assert_int_equal(ffa_info_regs_out_last(regs.x[2]), 9);
    assert_int_equal(ffa_info_regs_desc_id(regs.x[6]), PARTITION_ECHO_ID);
    assert_int_equal(ffa_info_regs_desc_contexts(regs.x[6]), secure_partitions[1].contexts);
}

static void test_clobber(void **state)
{
    const struct spmc_lie lie = spmc_lie_register(0, 9, 0x1234);
    static struct world world;

    (void)state;
    world_start(&world, FFA_VERSION_1_2, &lie, 1);
    assert_int_equal(call(&world, FFA_VERSION, FFA_VERSION_1_2, 0, 0, 0, 0).x[9], 0x1234);
    assert_int_equal(call(&world, FFA_ID_GET, 0, 0, 0, 0, 0).x[9], 0x1234);
}

static void test_journal(void **state)
{
    static struct world world;

    (void)state;
    world_start(&world, FFA_VERSION_1_2, NULL, 0);
    status(&world, FFA_ID_GET, 0, 0, 0);
    answer(&world, FFA_VERSION, FFA_VERSION_1_2, 0, 0);
    status(&world, FFA_RX_RELEASE, 0, 0, 0);
    status(&world, FFA_RXTX_MAP_32, TX_PA, RX_PA, 1);
    status(&world, FFA_RXTX_MAP_32, TX_PA, RX_PA, 1);
    assert_int_equal(world.hostile.entry_count, 5);
    assert_int_equal(world.hostile.entries[0].fid, FFA_ID_GET);
    assert_int_equal(world.hostile.entries[0].status, FFA_NOT_SUPPORTED);
    assert_int_equal(world.hostile.entries[1].answer, FFA_VERSION_1_2);
    assert_int_equal(world.hostile.entries[1].status, FFA_OK);
    assert_int_equal(world.hostile.entries[2].status, FFA_DENIED);
    assert_int_equal(world.hostile.entries[3].w1, TX_PA);
    assert_int_equal(spmc_journal_calls(&world.hostile, FFA_RXTX_MAP_64), 2);
    assert_int_equal(spmc_journal_failures(&world.hostile, FFA_RXTX_MAP_64), 1);
    assert_int_equal(world.hostile.reserved_inputs, 0);
}

static void test_journal_is_bounded(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    for (unsigned int i = 0; i < 3 * SPMC_JOURNAL_ENTRIES; i++) {
        status(&world, FFA_ID_GET, 0, 0, 0);
    }
    assert_int_equal(world.hostile.entry_count, 3 * SPMC_JOURNAL_ENTRIES + 1);
    assert_int_equal(spmc_journal_calls(&world.hostile, FFA_ID_GET), 3 * SPMC_JOURNAL_ENTRIES);
}

#define CPUS   4u
#define ROUNDS 2000u

/* Of several CPUs that ask for the list, RX is one's at a time. */
static void *cpu(void *argument)
{
    struct world *world = argument;
    uintptr_t got = 0;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t regs[FFA_REGS_MAX] = {FFA_PARTITION_INFO_GET};

        spmc_call(&world->spmc, regs);
        if (regs[0] == FFA_SUCCESS_32) {
            uint64_t release[FFA_REGS_MAX] = {FFA_RX_RELEASE};

            spmc_call(&world->spmc, release);
            got += release[0] == FFA_SUCCESS_32 ? 1 : ROUNDS * CPUS;
        }
    }
    return (void *)got;
}

static void test_many_cpus(void **state)
{
    static struct world world;
    pthread_t threads[CPUS];
    uintptr_t got = 0;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
    for (unsigned int i = 0; i < CPUS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, cpu, &world), 0);
    }
    for (unsigned int i = 0; i < CPUS; i++) {
        void *result;

        pthread_join(threads[i], &result);
        got += (uintptr_t)result;
    }
    assert_int_equal(got, spmc_journal_calls(&world.hostile, FFA_RX_RELEASE));
    assert_int_equal(spmc_journal_failures(&world.hostile, FFA_RX_RELEASE), 0);
    assert_int_equal(spmc_journal_calls(&world.hostile, FFA_PARTITION_INFO_GET), CPUS * ROUNDS);
}

int run_hostile_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),    cmocka_unit_test(test_versions),
        cmocka_unit_test(test_discovery), cmocka_unit_test(test_clobber),
        cmocka_unit_test(test_journal),   cmocka_unit_test(test_journal_is_bounded),
        cmocka_unit_test(test_many_cpus),
    };

    return cmocka_run_group_tests_name("hostile mode", tests, NULL, NULL);
}
