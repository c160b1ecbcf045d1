/* SPDX-License-Identifier: BSD-3-Clause */
/* Where retrieved memory appears: wherever there is room, or where the borrower wants it. */
#include "memory.h"

#define WINDOW_END (RIG_WINDOW_IPA + (uint64_t)RIG_WINDOW_PAGES * PAGE)

/* From the top of the window downwards; what becomes free is used again. */
static void test_place(void **state)
{
    struct grant grants[4];
    uint64_t handles[4];

    (void)state;
    start();
    for (unsigned int i = 0; i < 4; i++) {
        grants[i] = lend_to(a, 2, page_of(a, 8 + 4 * i), 2);
        handles[i] = sent(a, LEND, &grants[i]);
        assert_true(retrieved(b, &grants[i], handles[i]) == WINDOW_END - (i + 1) * 2 * PAGE);
    }
    assert_int_equal(relinquish(b, handles[1], 0), FFA_OK);
    assert_true(retrieved(b, &grants[1], handles[1]) == WINDOW_END - 4 * PAGE);
    assert_int_equal(relinquish(b, handles[0], 0), FFA_OK);
    assert_int_equal(relinquish(b, handles[1], 0), FFA_OK);
    grants[0] = lend_to(a, 2, page_of(a, 24), 4);
    handles[0] = sent(a, LEND, &grants[0]);
    assert_true(retrieved(b, &grants[0], handles[0]) == WINDOW_END - 4 * PAGE);
}

static void test_full_window(void **state)
{
    struct ffa_mem_constituent range = {.page_count = 48};
    struct grant grants[3];
    struct grant request;
    uint64_t handles[3];

    (void)state;
    start();
    grants[0] = lend_to(a, 2, page_of(a, 8), 48);
    grants[1] = lend_to(c, 2, page_of(c, 8), 47);
    grants[2] = lend_to(d, 2, page_of(d, 8), 2);
    handles[0] = sent(a, LEND, &grants[0]);
    handles[1] = sent(c, LEND, &grants[1]);
    handles[2] = sent(d, LEND, &grants[2]);
    (void)retrieved(b, &grants[0], handles[0]);
    (void)retrieved(b, &grants[1], handles[1]);
    assert_int_equal(retrieve(b, &grants[2], handles[2]).status, FFA_NO_MEMORY);
    assert_int_equal(posix_vm_holdings(b).borrowed, 95);
    assert_int_equal(relinquish(b, handles[1], 0), FFA_OK);
    (void)retrieved(b, &grants[2], handles[2]);
    assert_int_equal(retrieve(b, &grants[1], handles[1]).status, FFA_NO_MEMORY);
    assert_int_equal(relinquish(b, handles[0], 0), FFA_OK);
    assert_int_equal(relinquish(b, handles[2], 0), FFA_OK);
    assert_true(retrieved(b, &grants[1], handles[1]) == WINDOW_END - 47 * PAGE);
    request = request_for(b, &grants[0], handles[0]);
    range.address = RIG_WINDOW_IPA;
    request.range = &range;
    request.ranges = 1;
    assert_int_equal(retrieve_with(b, &request).status, FFA_OK);
}

/* A window that is too small for it, or none. */
static void test_no_window(void **state)
{
    struct parley_vm_config config;
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    config = rig_friend_config(9);
    d = rig_vm(&config);
    settle(d, FFA_VERSION_1_2);
    map_buffers(d, 1);
    config = rig_friend_config(8);
    config.window_ipa = RIG_WINDOW_IPA;
    config.window_pages = 1;
    c = rig_vm(&config);
    settle(c, FFA_VERSION_1_2);
    map_buffers(c, 1);
    grant = share_with(a, 9, page_of(a, 8), 1);
    also_to(&grant, 8, DATA_RW);
    handle = sent(a, SHARE, &grant);
    assert_int_equal(retrieve(d, &grant, handle).status, FFA_NO_MEMORY);
    assert_true(retrieved(c, &grant, handle) == RIG_WINDOW_IPA);
    assert_int_equal(relinquish(c, handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    grant.one.page_count = 2;
    handle = sent(a, SHARE, &grant);
    assert_int_equal(retrieve(c, &grant, handle).status, FFA_NO_MEMORY);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
}

static void test_hints(void **state)
{
    struct grant grant;
    struct grant request;
    uint64_t handle;

    (void)state;
    start();
    grant = lend_to(a, 2, page_of(a, 8), 3);
    handle = sent(a, LEND, &grant);
    for (unsigned int n = 0; n < 16; n++) {
        uint64_t boundary = PAGE << n;
        uint64_t expected = (WINDOW_END - 3 * PAGE) & ~(boundary - 1);
        struct retrieved got;

        request = request_for(b, &grant, handle);
        request.flags = FFA_MEM_RETRIEVE_REQ_ALIGN_VALID | n << FFA_MEM_RETRIEVE_REQ_ALIGN_SHIFT;
        got = retrieve_with(b, &request);
        assert_int_equal(got.status, FFA_OK);
        assert_int_equal(got.ranges, 1);
        assert_true(got.range[0].address == expected);
        assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    }
    (void)retrieved(b, &grant, handle);
    grant = lend_to(a, 2, page_of(a, 16), 1);
    handle = sent(a, LEND, &grant);
    request = request_for(b, &grant, handle);
    request.flags = FFA_MEM_RETRIEVE_REQ_ALIGN_VALID | 7u << FFA_MEM_RETRIEVE_REQ_ALIGN_SHIFT;
    assert_int_equal(retrieve_with(b, &request).status, FFA_OK); /* at the bottom */
    grant = lend_to(a, 2, page_of(a, 18), 1);
    handle = sent(a, LEND, &grant);
    request.handle = handle;
    assert_int_equal(retrieve_with(b, &request).status, FFA_NO_MEMORY);
}

/* At the ranges that the borrower gives. */
static void test_given_ranges(void **state)
{
    static const struct {
        const char *what;
        int32_t status;
        unsigned int ranges;
        struct ffa_mem_constituent range[3];
    } rows[] = {
#define AT(n) RIG_WINDOW_IPA + (uint64_t)(n)*PAGE
        {"one", FFA_OK, 1, {{AT(7), 5, 0}}},
        {"three, in another order", FFA_OK, 3, {{AT(20), 1, 0}, {AT(3), 3, 0}, {AT(95), 1, 0}}},
        {"neighbours", FFA_OK, 2, {{AT(4), 4, 0}, {AT(8), 1, 0}}},
        {"the bottom and the top", FFA_OK, 2, {{AT(0), 1, 0}, {AT(92), 4, 0}}},
        {"too few", FFA_INVALID_PARAMETERS, 1, {{AT(7), 4, 0}}},
        {"too many", FFA_INVALID_PARAMETERS, 1, {{AT(7), 6, 0}}},
        {"too many, at the end", FFA_INVALID_PARAMETERS, 2, {{AT(7), 5, 0}, {AT(20), 1, 0}}},
        {"an empty one", FFA_INVALID_PARAMETERS, 2, {{AT(7), 5, 0}, {AT(20), 0, 0}}},
        {"not aligned", FFA_INVALID_PARAMETERS, 1, {{AT(7) + 1, 5, 0}}},
        {"below", FFA_DENIED, 1, {{AT(-1), 5, 0}}},
        {"above", FFA_DENIED, 1, {{AT(92), 5, 0}}},
        {"far above", FFA_DENIED, 1, {{0xffffffffffff0000, 5, 0}}},
        {"RAM", FFA_DENIED, 1, {{RIG_VM_IPA + 8 * PAGE, 5, 0}}},
        {"twice the same", FFA_DENIED, 2, {{AT(7), 2, 0}, {AT(6), 3, 0}}},
        {"on what it has", FFA_DENIED, 1, {{AT(38), 5, 0}}},
        {"beside what it has", FFA_OK, 2, {{AT(39), 1, 0}, {AT(42), 4, 0}}},
    };
    struct ffa_mem_constituent other = {AT(40), 2, 0};
    struct grant grant;
    struct grant request;
    uint64_t handle;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 2);
    handle = sent(a, SHARE, &grant);
    request = request_for(b, &grant, handle);
    request.range = &other;
    request.ranges = 1;
    assert_int_equal(retrieve_with(b, &request).status, FFA_OK);

    paint(a, page_of(a, 20), 5, 3);
    grant = lend_to(a, 2, page_of(a, 20), 5);
    handle = sent(a, LEND, &grant);
    for (unsigned int i = 0; i < COUNT(rows); i++) {
        struct retrieved got;

        request = request_for(b, &grant, handle);
        request.range = rows[i].range;
        request.ranges = rows[i].ranges;
        got = retrieve_with(b, &request);
        if (got.status != rows[i].status) {
            fail_msg("%s: %d", rows[i].what, got.status);
        }
        if (got.status != FFA_OK) {
            assert_int_equal(posix_vm_holdings(b).borrowed, 2);
            continue;
        }
        assert_int_equal(got.ranges, rows[i].ranges);
        for (unsigned int j = 0; j < got.ranges; j++) {
            assert_true(got.range[j].address == rows[i].range[j].address);
            assert_int_equal(got.range[j].page_count, rows[i].range[j].page_count);
            assert_true(can_write(b, got.range[j].address, got.range[j].page_count));
        }
        assert_true(is_painted(b, got.range[0].address, got.range[0].page_count, 3));
        assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    }
    request.flags = FFA_MEM_RETRIEVE_REQ_ALIGN_VALID;
    assert_int_equal(retrieve_with(b, &request).status, FFA_INVALID_PARAMETERS);
}

/* What fits TX with the short form of access descriptors must fit RX with the long one, too. */
static void test_long_answer(void **state)
{
    static struct ffa_mem_constituent range[251];
    struct grant grant;
    struct grant request;
    uint64_t handle;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 5);
    handle = sent(a, SHARE, &grant);
    for (unsigned int i = 0; i < COUNT(range); i++) {
        range[i] = (struct ffa_mem_constituent){RIG_WINDOW_IPA + i * PAGE, 1, 0};
    }
    request = request_for(b, &grant, handle);
    request.access_size = 16;
    request.range = range;
    request.ranges = COUNT(range);
    assert_int_equal(buffer_bytes(b), 48 + 16 + 16 + 16 * COUNT(range));
    assert_int_equal(retrieve_with(b, &request).status, FFA_NO_MEMORY);
    request.ranges--;
    assert_int_equal(retrieve_with(b, &request).status, FFA_INVALID_PARAMETERS); /* not 5 pages */
    (void)retrieved(b, &grant, handle);
}

/* Where it gave memory away: exactly there, and only as long as that is a gap. */
static void test_gap(void **state)
{
    struct ffa_mem_constituent range = {RIG_VM_IPA + 20 * PAGE, 4, 0};
    struct grant grant;
    struct grant request;
    uint64_t handle;

    (void)state;
    start();
    grant = give_to(b, 3, page_of(b, 20), 4);
    (void)retrieved(c, &grant, sent(b, DONATE, &grant));
    grant = lend_to(a, 2, page_of(a, 8), 4);
    handle = sent(a, LEND, &grant);
    request = request_for(b, &grant, handle);
    request.range = &range;
    request.ranges = 1;
    assert_int_equal(retrieve_with(b, &request).status, FFA_OK);
    assert_true(can_write(b, page_of(b, 20), 4));
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_true(cannot_touch(b, page_of(b, 20), 4));
    range.address += PAGE;
    assert_int_equal(retrieve_with(b, &request).status, FFA_DENIED);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    grant.one.page_count = 2;
    handle = sent(a, LEND, &grant);
    request = request_for(b, &grant, handle);
    range = (struct ffa_mem_constituent){RIG_VM_IPA + 20 * PAGE, 2, 0};
    request.range = &range;
    request.ranges = 1;
    assert_int_equal(retrieve_with(b, &request).status, FFA_DENIED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_place), RIG_TEST(test_full_window),  RIG_TEST(test_no_window),
        RIG_TEST(test_hints), RIG_TEST(test_given_ranges), RIG_TEST(test_long_answer),
        RIG_TEST(test_gap),
    };

    return RUN_TWICE(tests);
}
