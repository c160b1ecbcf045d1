/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_MEM_RELINQUISH and FFA_MEM_RECLAIM, what is cleared and when, and which way memory may go. */
#include "memory.h"

#include <string.h>

static const uint32_t kinds[] = {SHARE, LEND, DONATE};
static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define KINDS(k)    for (unsigned int k = 0; k < 3; k++)
#define VERSIONS(v) for (unsigned int v = 0; v < 3; v++)

static struct world world;
static size_t cleaned; /* bytes, to the point of coherency */

static void clean(void *host, void *at, size_t bytes)
{
    (void)host;
    (void)at;
    cleaned += bytes;
}

static const struct spmc_config cleaning = {.clean = clean};

static void fill(void)
{
    for (unsigned int i = 0; i < 2; i++) {
        memset(far_memory(two_ranges[i].address), 0x77, two_ranges[i].page_count * PAGE);
    }
    memset(far_memory(two_ranges[0].address - PAGE), 0x77, PAGE);
    cleaned = 0;
}

/* Whether all of it is zero; if not, all of it is what it was. Its neighbour always is. */
static bool is_clear(void)
{
    const uint8_t value = *far_memory(two_ranges[0].address);

    for (unsigned int i = 0; i < 2; i++) {
        for (unsigned int j = 0; j < two_ranges[i].page_count * PAGE; j++) {
            assert_int_equal(far_memory(two_ranges[i].address)[j], value);
        }
    }
    assert_int_equal(*far_memory(two_ranges[0].address - 1), 0x77);
    assert_int_equal(cleaned, value == 0 ? TWO_RANGES_PAGES * PAGE : 0);
    return value == 0;
}

static void test_zero_at_send(void **state)
{
    (void)state;
    for (unsigned int i = 1; i < 6; i++) {
        struct grant grant = grant_of(FFA_VERSION_1_2, kinds[i / 2]);
        uint64_t handle;

        memory_start_with(&world, FFA_VERSION_1_2, 1, &cleaning);
        fill();
        grant.flags = i % 2 != 0 && i != 1 ? FFA_MEM_SEND_ZERO : 0;
        handle = send_ok(&world, kinds[i / 2], &grant);
        assert_true(is_clear() == (grant.flags != 0));
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    }
}

/* By the borrower's wish when it retrieves, when it relinquishes, or both. */
static void test_zero_after(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 4; i++) {
        const struct grant grant = grant_of(FFA_VERSION_1_2, LEND);
        struct grant request;
        uint64_t handle;

        memory_start_with(&world, FFA_VERSION_1_2, 1, &cleaning);
        fill();
        handle = send_ok(&world, LEND, &grant);
        request = request_of(&grant, handle, ECHO);
        request.flags = (i & 1) != 0 ? FFA_MEM_RETRIEVE_REQ_ZERO_AFTER : 0;
        assert_int_equal(retrieve_status(&world, ECHO, &request), FFA_OK);
        assert_false(is_clear());
        assert_int_equal(relinquish(&world, ECHO, handle, i >> 1), FFA_OK);
        assert_true(is_clear() == (i != 0));
        fill();
        retrieve_ok(&world, ECHO, &grant, handle);
        assert_int_equal(relinquish(&world, ECHO, handle, 0), FFA_OK);
        assert_false(is_clear());
        assert_int_equal(reclaim(&world, handle, FFA_MEM_RECLAIM_ZERO), FFA_OK);
        assert_true(is_clear());
    }
}

/* One of several wants it cleared: that waits for the last. */
static void test_zero_after_the_last(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 4; i++) {
        struct grant grant = grant_of(FFA_VERSION_1_2, LEND);
        uint64_t handle;

        grant.attributes = RAM;
        grant.access_count = 2;
        grant.parties[1] = (struct party){.id = NOTIFIER, .permissions = RW};
        memory_start_with(&world, FFA_VERSION_1_2, 1, &cleaning);
        fill();
        handle = send_ok(&world, LEND, &grant);
        retrieve_ok(&world, ECHO, &grant, handle);
        retrieve_ok(&world, NOTIFIER, &grant, handle);
        assert_int_equal(relinquish(&world, NOTIFIER, handle, i & 1), FFA_OK);
        assert_false(is_clear());
        assert_int_equal(reclaim(&world, handle, FFA_MEM_RECLAIM_ZERO), FFA_DENIED);
        assert_false(is_clear());
        assert_int_equal(relinquish(&world, ECHO, handle, i >> 1), FFA_OK);
        assert_true(is_clear() == (i != 0));
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    }
}

static int32_t relinquish_damaged(uint64_t handle, uint32_t at, uint16_t value)
{
    uint8_t *tx = puppet(ECHO)->tx;
    const uint16_t words[9] = {(uint16_t)handle,
                               (uint16_t)(handle >> 16),
                               (uint16_t)(handle >> 32),
                               (uint16_t)(handle >> 48),
                               0,
                               0,
                               1,
                               0,
                               ECHO};
    struct regs regs;

    memcpy(tx, words, sizeof(words));
    memcpy(tx + at, &value, sizeof(value));
    regs = puppet_call(&world, ECHO, (struct regs){{FFA_MEM_RELINQUISH}});
    return status_of(&regs);
}

static void test_relinquish(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        for (unsigned int k = 0; k < 2; k++) {
            const struct grant grant = grant_of(versions[v], kinds[k]);
            uint64_t handle;

            memory_start(&world, versions[v], 1);
            handle = send_ok(&world, kinds[k], &grant);
            assert_int_equal(relinquish(&world, ECHO, handle, 0), FFA_DENIED);
            assert_int_equal(relinquish(&world, NOTIFIER, handle, 0), FFA_INVALID_PARAMETERS);
            retrieve_ok(&world, ECHO, &grant, handle);
            for (uint32_t at = 0; at < 18; at += 2) {
                assert_int_equal(relinquish_damaged(handle, at, 0x7002), FFA_INVALID_PARAMETERS);
            }
            assert_int_equal(relinquish_damaged(handle, 12, 0), FFA_INVALID_PARAMETERS);
            assert_int_equal(relinquish_damaged(handle, 12, 2), FFA_INVALID_PARAMETERS);
            assert_int_equal(relinquish_damaged(handle, 16, NOTIFIER), FFA_INVALID_PARAMETERS);
            for (unsigned int bit = 1; bit < 32; bit++) {
                assert_int_equal(relinquish(&world, ECHO, handle, 1u << bit),
                                 FFA_INVALID_PARAMETERS);
            }
            assert_int_equal(relinquish(&world, ECHO, handle, 1),
                             kinds[k] == SHARE ? FFA_INVALID_PARAMETERS : FFA_OK);
            assert_int_equal(relinquish(&world, ECHO, handle, 0),
                             kinds[k] == SHARE ? FFA_OK : FFA_DENIED);
            assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
            assert_int_equal(relinquish(&world, ECHO, handle, 0), FFA_INVALID_PARAMETERS);
        }
    }
}

static void test_relinquish_of_a_reader(void **state)
{
    const struct grant grant = grant_of(FFA_VERSION_1_2, LEND);
    struct grant request;
    uint64_t handle;

    (void)state;
    memory_start(&world, FFA_VERSION_1_2, 1);
    handle = send_ok(&world, LEND, &grant);
    request = request_of(&grant, handle, ECHO);
    request.parties[0].permissions = RO;
    assert_int_equal(retrieve_status(&world, ECHO, &request), FFA_OK);
    assert_int_equal(relinquish(&world, ECHO, handle, 1), FFA_DENIED);
    assert_int_equal(relinquish(&world, ECHO, handle, 0), FFA_OK);
}

static void test_reclaim(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        KINDS(k)
        {
            const bool is_donation = kinds[k] == DONATE;
            const struct grant grant = grant_of(versions[v], kinds[k]);
            uint64_t handle;

            memory_start(&world, versions[v], 1);
            handle = send_ok(&world, kinds[k], &grant);
            for (unsigned int bit = 1; bit < 32; bit++) {
                assert_int_equal(reclaim(&world, handle, 1u << bit), FFA_INVALID_PARAMETERS);
            }
            for (unsigned int bit = 0; bit < 64; bit++) {
                assert_int_equal(reclaim(&world, handle ^ 1ull << bit, 0), FFA_INVALID_PARAMETERS);
            }
            assert_int_equal(reclaim(&world, 0, 0), FFA_INVALID_PARAMETERS);
            assert_int_equal(reclaim(&world, FFA_HANDLE_INVALID, 0), FFA_INVALID_PARAMETERS);
            retrieve_ok(&world, ECHO, &grant, handle);
            assert_int_equal(reclaim(&world, handle, 0),
                             is_donation ? FFA_INVALID_PARAMETERS : FFA_DENIED);
            assert_int_equal(relinquish(&world, ECHO, handle, 0),
                             is_donation ? FFA_INVALID_PARAMETERS : FFA_OK);
            assert_int_equal(reclaim(&world, handle, 1),
                             is_donation ? FFA_INVALID_PARAMETERS : FFA_OK);
        }
    }
}

/* What was donated is nobody's to grant, until the host says that it is back. */
static void test_donated(void **state)
{
    const struct grant grant = grant_of(FFA_VERSION_1_2, DONATE);
    struct grant again = grant_of(FFA_VERSION_1_2, SHARE);
    uint32_t before;

    (void)state;
    memory_start(&world, FFA_VERSION_1_2, 1);
    before = room(&world);
    retrieve_ok(&world, ECHO, &grant, send_ok(&world, DONATE, &grant));
    assert_int_equal(send(&world, SHARE, &again).x[2], (uint32_t)FFA_DENIED);
    spmc_forget_donations(&world.spmc);
    assert_int_equal(room(&world), before);
    assert_int_equal(reclaim(&world, send_ok(&world, SHARE, &again), 0), FFA_OK);
}

/* A partition has nothing to give, and the Normal world nothing to give back. */
static void test_directions(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        struct grant grant;

        memory_start(&world, versions[v], 1);
        KINDS(k)
        {
            struct regs regs;
            uint32_t bytes;

            grant = grant_of(versions[v], kinds[k]);
            grant.sender = ECHO;
            grant.parties[0].id = VM;
            run(&world, ECHO, 0);
            bytes = grant_write(&grant, versions[v], puppet(ECHO)->tx);
            regs = puppet_call(&world, ECHO, (struct regs){{kinds[k], bytes, bytes}});
            assert_int_equal(status_of(&regs), FFA_DENIED);
        }
        assert_int_equal(status(&world, FFA_MEM_RELINQUISH, 0, 0, 0), FFA_DENIED);
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, 0, 0, 0), FFA_OK);
        assert_int_equal(status(&world, FFA_MEM_RELINQUISH, 0, 0, 0), FFA_INVALID_PARAMETERS);
    }
}

/* --- Which pages are granted, against a byte for each --- */

#define MODEL_PAGES 512u
#define MODEL_STEPS 20000u
#define MODEL_OPEN  40u

static uint32_t random_word(uint32_t below)
{
    static uint32_t word = 1;

    word = word * 1664525u + 1013904223u;
    return (word >> 8) % below;
}

static void test_pages_against_a_model(void **state)
{
    static uint8_t granted[MODEL_PAGES];
    struct ffa_mem_constituent open_ranges[MODEL_OPEN] = {0};
    uint64_t handles[MODEL_OPEN] = {0};

    (void)state;
    memory_start(&world, FFA_VERSION_1_2, 1);
    for (unsigned int step = 0; step < MODEL_STEPS; step++) {
        const uint32_t slot = random_word(MODEL_OPEN);
        struct ffa_mem_constituent *range = &open_ranges[slot];
        struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);
        const uint32_t first = random_word(MODEL_PAGES - 16);
        bool overlaps = false;

        if (handles[slot] != 0) {
            assert_int_equal(reclaim(&world, handles[slot], 0), FFA_OK);
            memset(&granted[(range->address - FAR_PA) / PAGE], 0, range->page_count);
            handles[slot] = 0;
            continue;
        }
        *range = (struct ffa_mem_constituent){FAR_PA + first * PAGE, 1 + random_word(16), 0};
        for (uint32_t page = first; page < first + range->page_count; page++) {
            overlaps |= granted[page] != 0;
        }
        grant.ranges = range;
        grant.range_count = 1;
        if (overlaps) {
            assert_int_equal(send(&world, SHARE, &grant).x[2], (uint32_t)FFA_DENIED);
        } else {
            handles[slot] = send_ok(&world, SHARE, &grant);
            memset(&granted[first], 1, range->page_count);
        }
    }
}

int run_memory_return_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_at_send),
        cmocka_unit_test(test_zero_after),
        cmocka_unit_test(test_zero_after_the_last),
        cmocka_unit_test(test_relinquish),
        cmocka_unit_test(test_relinquish_of_a_reader),
        cmocka_unit_test(test_reclaim),
        cmocka_unit_test(test_donated),
        cmocka_unit_test(test_directions),
        cmocka_unit_test(test_pages_against_a_model),
    };

    return cmocka_run_group_tests_name("memory: the way back", tests, NULL, NULL);
}
