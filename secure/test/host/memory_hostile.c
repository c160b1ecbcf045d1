/* SPDX-License-Identifier: BSD-3-Clause */
/* Lies about memory, each of which is only an answer: what the SPMC did is what it should. */
#include "memory.h"

#include <string.h>

static struct world world;

static void start(const struct spmc_lie *lies, unsigned int count)
{
    memory_start(&world, FFA_VERSION_1_2, 1);
    world.hostile.lies = lies;
    world.hostile.lie_count = count;
}

static const struct grant *grant_at(uint32_t page)
{
    static struct ffa_mem_constituent range;
    static struct grant grant;

    range = (struct ffa_mem_constituent){.address = FAR_PA + page * PAGE, .page_count = 1};
    grant = grant_of(FFA_VERSION_1_2, SHARE);
    grant.ranges = &range;
    grant.range_count = 1;
    return &grant;
}

static void test_handles(void **state)
{
    const struct spmc_lie lies[] = {
        spmc_lie_only(spmc_lie_handle_half(SHARE, true, 1u << 31, 1u << 31), 2, 1),
        spmc_lie_only(spmc_lie_handle_half(SHARE, true, UINT32_MAX, UINT32_MAX), 3, 1),
        spmc_lie_only(spmc_lie_handle_half(SHARE, false, UINT32_MAX, UINT32_MAX), 3, 1),
        spmc_lie_only(spmc_lie_handle_of_another(SHARE), 4, 1),
    };
    uint64_t truth[4];
    struct regs regs;

    (void)state;
    start(lies, 4);
    truth[0] = send_ok(&world, SHARE, grant_at(1));
    regs = send(&world, SHARE, grant_at(2));
    truth[1] = handle_of(&regs) ^ 1ull << 63;
    regs = send(&world, SHARE, grant_at(3));
    assert_true(handle_of(&regs) == FFA_HANDLE_INVALID);
    regs = send(&world, SHARE, grant_at(4));
    assert_true(handle_of(&regs) == truth[0]);
    assert_int_equal(reclaim(&world, truth[0], 0), FFA_OK);
    assert_int_equal(reclaim(&world, truth[1], 0), FFA_OK);
    assert_int_equal(reclaim(&world, truth[0], 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(send(&world, SHARE, grant_at(3)).x[2], (uint32_t)FFA_DENIED);
}

/* Two fragments, the second of one range. */
static struct regs send_first(uint64_t *handle)
{
    static const struct ffa_mem_constituent ranges[2] = {{FAR_PA, 1, 0}, {FAR_PA + 8 * PAGE, 1, 0}};
    struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);
    uint32_t bytes;
    struct regs regs;

    grant.ranges = ranges;
    bytes = grant_write(&grant, FFA_VERSION_1_2, world.memory);
    regs = call(&world, SHARE, bytes, bytes - 16, 0, 0, 0);
    memcpy(world.memory, &ranges[1], 16);
    *handle = world.spmc.transactions[0].handle;
    return regs;
}

static struct regs send_second(uint64_t handle)
{
    return call(&world, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 16, VM << 16, 0);
}

static void test_frag_rx(void **state)
{
    (void)state;
    for (uint32_t number = 1; number <= 4; number++) {
        const struct spmc_lie lie = spmc_lie_frag_rx(SHARE, number, 0x77777777);
        uint64_t handle;
        struct regs regs;

        start(&lie, 1);
        regs = send_first(&handle);
        assert_int_equal(regs.x[0], FFA_MEM_FRAG_RX);
        assert_int_equal(regs.x[number], 0x77777777);
        regs = send_second(handle);
        assert_true(handle_of(&regs) == handle);
    }
}

static void test_enough(void **state)
{
    const struct spmc_lie lie = spmc_lie_enough(SHARE);
    uint64_t handle;
    struct regs regs;

    (void)state;
    start(&lie, 1);
    regs = send_first(&handle);
    assert_true(handle_of(&regs) == handle);
    assert_int_equal(reclaim(&world, handle, 0), FFA_INVALID_PARAMETERS);
    regs = send_second(handle);
    assert_true(handle_of(&regs) == handle);
    assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
}

static void test_more(void **state)
{
    const struct spmc_lie lies[] = {spmc_lie_more(SHARE), spmc_lie_more(FFA_MEM_FRAG_TX)};
    uint64_t handle;
    struct regs regs;

    (void)state;
    start(lies, 2);
    regs = send_first(&handle);
    for (unsigned int i = 0; i < 5; i++) {
        assert_int_equal(regs.x[0], FFA_MEM_FRAG_RX);
        assert_true((regs.x[2] << 32 | regs.x[1]) == handle);
        assert_int_equal(regs.x[4], VM << 16);
        assert_zero(&regs, 5, 7);
        regs = send_second(handle);
    }
    assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    regs = send_second(handle);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    regs = call(&world, SHARE, 0, 0, 0, 0, 0);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
}

static void test_reclaim(void **state)
{
    static const int32_t codes[] = {FFA_DENIED, FFA_INVALID_PARAMETERS, FFA_NO_MEMORY, -77, 77};

    (void)state;
    for (unsigned int i = 0; i < 5; i++) {
        const struct spmc_lie lies[] = {
            spmc_lie_reclaim(codes[i], 3),
            spmc_lie_only(spmc_lie_answer(FFA_MEM_RECLAIM, 0xdead), 4, 1)};
        uint64_t handle;

        start(lies, 2);
        handle = send_ok(&world, SHARE, grant_at(1));
        for (unsigned int j = 0; j < 3; j++) {
            assert_int_equal(reclaim(&world, handle, 0), codes[i]);
        }
        assert_int_equal(
            call(&world, FFA_MEM_RECLAIM, (uint32_t)handle, handle >> 32, 0, 0, 0).x[0], 0xdead);
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    }
}

static void test_retrieved(void **state)
{
    const struct spmc_lie lies[] = {
        spmc_lie_retrieved_bytes(0xfffffff0),
        spmc_lie_retrieved_first(4097),
        spmc_lie_retrieved(48, FFA_ID_MASK, OTHER_VM),
        spmc_lie_retrieved_next(0),
    };
    struct ffa_mem_constituent ranges[300];
    struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);
    uint64_t handle;
    struct regs regs;

    (void)state;
    for (unsigned int i = 0; i < 300; i++) {
        ranges[i] = (struct ffa_mem_constituent){FAR_PA + i * PAGE, 1, 0};
    }
    grant.ranges = ranges;
    grant.range_count = 300;
    start(lies, 4);
    handle = send_ok(&world, SHARE, &grant);
    memset(world.memory, 0, 48);
    memcpy(world.memory + 8, &handle, 8);
    regs = call(&world, FFA_MEM_RETRIEVE_REQ_32, 48, 48, 0, 0, 0);
    assert_int_equal(regs.x[1], 0xfffffff0);
    assert_int_equal(regs.x[2], 4097);
    assert_int_equal(world.memory[PAGE + 48], OTHER_VM);
    assert_int_equal(world.memory[PAGE + 50], RW);
    assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_OK);
    regs = call(&world, FFA_MEM_FRAG_RX, (uint32_t)handle, handle >> 32, PAGE, VM << 16, 0);
    assert_int_equal(regs.x[0], FFA_MEM_FRAG_TX);
    assert_int_equal(regs.x[3], 0);
}

static void test_journal(void **state)
{
    const struct spmc_journal_entry *entry;
    uint64_t handle;

    (void)state;
    start(NULL, 0);
    send_first(&handle);
    send_second(handle);
    entry = &world.hostile.entries[world.hostile.entry_count - 1];
    assert_int_equal(entry->fid & 0xff, 0x7b);
    assert_int_equal(entry->w1, (uint32_t)handle);
    assert_int_equal(entry->w2, handle >> 32);
    assert_int_equal(entry->w3, 16);
    assert_int_equal(entry->w4, VM << 16);
    assert_int_equal(entry->answer, FFA_SUCCESS_32);
}

int run_memory_hostile_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handles), cmocka_unit_test(test_frag_rx),
        cmocka_unit_test(test_enough),  cmocka_unit_test(test_more),
        cmocka_unit_test(test_reclaim), cmocka_unit_test(test_retrieved),
        cmocka_unit_test(test_journal),
    };

    return cmocka_run_group_tests_name("memory: hostile mode", tests, NULL, NULL);
}
