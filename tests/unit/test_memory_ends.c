/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How grants of memory end: reclaimed, by the death or reset of a lender or a borrower, by hooks
 * that fail; what quotas bound; and what an operator sees.
 */
#include "memory.h"

static void again(struct posix_vm *vm, uint32_t version)
{
    posix_vm_reset(vm);
    settle(vm, version);
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
}

/* --- Reclaim ---------------------------------------------------------------------------------- */

static void test_reclaim(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    grant = lend_to(a, 2, page_of(a, 8), 2);
    handle = sent(a, LEND, &grant);
    assert_int_equal(reclaim(b, handle, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, handle + 1, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, handle + (1ull << 16), 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, handle & ~(1ull << 63), 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, UINT64_MAX, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, handle, FFA_MEM_RECLAIM_TIME_SLICE), FFA_INVALID_PARAMETERS);
    (void)retrieved(b, &grant, handle);
    assert_int_equal(reclaim(a, handle, 0), FFA_DENIED);
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, handle, 0xfffffffc), FFA_OK); /* reserved, at 1.2 */
    assert_int_equal(reclaim(a, handle, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(retrieve(b, &grant, handle).status, FFA_INVALID_PARAMETERS);
}

static void test_reclaim_1_0(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start_versions(FFA_VERSION_1_0, FFA_VERSION_1_0);
    grant = lend_to(a, 2, page_of(a, 8), 2);
    handle = sent(a, LEND, &grant);
    assert_int_equal(reclaim(a, handle, 4), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
}

/* A gift that nobody took comes back, as it is or zeroed. */
static void test_gift_not_taken(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    paint(a, page_of(a, 8), 2, 1);
    grant = give_to(a, 2, page_of(a, 8), 2);
    handle = sent(a, DONATE, &grant);
    assert_int_equal(relinquish(b, handle, 0), FFA_DENIED);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_true(is_painted(a, page_of(a, 8), 2, 1));
    handle = sent(a, DONATE, &grant);
    assert_int_equal(reclaim(a, handle, FFA_MEM_RECLAIM_ZERO), FFA_OK);
    assert_true(is_zero(a, page_of(a, 8), 2));
    assert_true(can_write(a, page_of(a, 8), 2));
}

/* A handle is never that of something else: its place is used again under another one. */
static void test_handles(void **state)
{
    struct grant grant;
    uint64_t handles[64];

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 1);
    for (unsigned int i = 0; i < COUNT(handles); i++) {
        handles[i] = sent(a, SHARE, &grant);
        for (unsigned int j = 0; j < i; j++) {
            assert_true(handles[j] != handles[i]);
        }
        assert_int_equal(reclaim(a, handles[i], 0), FFA_OK);
    }
    again(a, FFA_VERSION_1_2);
    for (unsigned int i = 0; i < COUNT(handles); i++) {
        uint64_t handle = sent(a, SHARE, &grant);

        for (unsigned int j = 0; j < COUNT(handles); j++) {
            assert_true(handles[j] != handle);
        }
        assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    }
}

/* --- Quotas ----------------------------------------------------------------------------------- */

static void test_quota_of_transactions(void **state)
{
    struct grant grant;
    uint64_t handles[9];

    (void)state;
    start();
    grant = share_with(a, 2, 0, 1);
    for (unsigned int i = 0; i < 8; i++) {
        grant.one.address = page_of(a, 8 + i);
        handles[i] = sent(a, SHARE, &grant);
        (void)retrieved(b, &grant, handles[i]);
    }
    grant.one.address = page_of(a, 20);
    assert_int_equal(grant_send(a, SHARE, &grant).status, FFA_NO_MEMORY);
    assert_int_equal(posix_vm_holdings(a).granted, 8);

    /* The borrower's are counted apart; the other lender's, too. */
    grant = share_with(c, 2, page_of(c, 8), 1);
    handles[8] = sent(c, SHARE, &grant);
    assert_int_equal(retrieve(b, &grant, handles[8]).status, FFA_NO_MEMORY);
    assert_int_equal(relinquish(b, handles[3], 0), FFA_OK);
    (void)retrieved(b, &grant, handles[8]);
    assert_int_equal(reclaim(a, handles[3], 0), FFA_OK);
    grant = share_with(a, 2, page_of(a, 20), 1);
    (void)sent(a, SHARE, &grant);
}

static void test_quota_of_ranges(void **state)
{
    struct parley_config config = rig_memory_config;
    struct ffa_mem_constituent ranges[8];
    struct grant grant;
    uint64_t handle;

    (void)state;
    config.ranges_max = 6; /* beside the buffers */
    start_with(&config);
    a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
    for (unsigned int i = 0; i < 8; i++) {
        ranges[i] = (struct ffa_mem_constituent){page_of(a, 8 + 2 * i), 1, 0};
    }
    grant = share_with(a, 2, 0, 0);
    grant.range = ranges;
    grant.ranges = 7;
    assert_int_equal(grant_send(a, SHARE, &grant).status, FFA_NO_MEMORY);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    grant.ranges = 6;
    handle = sent(a, SHARE, &grant);
    (void)retrieved(b, &grant, handle);
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_int_equal(CALL(a, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);

    /* The borrower's own: ranges that it gives. */
    handle = sent(a, SHARE, &grant);
    grant = request_for(b, &grant, handle);
    for (unsigned int i = 0; i < 6; i++) {
        ranges[i].address = RIG_WINDOW_IPA + 2 * i * PAGE;
    }
    grant.range = ranges;
    grant.ranges = 6;
    assert_int_equal(retrieve_with(b, &grant).status, FFA_OK);
}

/* --- Death ------------------------------------------------------------------------------------ */

/* Borrowers keep what they have of a lender that is gone. */
static void test_lender_ends(void **state)
{
    struct grant share;
    struct grant lend;
    uint64_t shared;
    uint64_t lent;
    uint64_t at_shared;
    uint64_t at_lent;

    (void)state;
    for (unsigned int resets = 0; resets < 2; resets++) {
        start();
        paint(a, page_of(a, 8), 4, 1);
        paint(a, page_of(a, 16), 4, 2);
        share = share_with(a, 2, page_of(a, 8), 4);
        also_to(&share, 3, DATA_RW);
        lend = lend_to(a, 2, page_of(a, 16), 4);
        shared = sent(a, SHARE, &share);
        lent = sent(a, LEND, &lend);
        at_shared = retrieved(b, &share, shared);
        at_lent = retrieved(b, &lend, lent);
        if (resets) {
            again(a, FFA_VERSION_1_1);
            assert_true(can_write(a, page_of(a, 16), 4));
            assert_int_equal(reclaim(a, shared, 0), FFA_INVALID_PARAMETERS);
        } else {
            rig_vm_end(a);
        }
        assert_true(is_painted(b, at_shared, 4, 1));
        assert_true(is_painted(b, at_lent, 4, 2));
        assert_int_equal(retrieve(c, &share, shared).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(relinquish(c, shared, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(retrieve(b, &share, shared).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(relinquish(b, shared, 0), FFA_OK);
        assert_true(cannot_touch(b, at_shared, 4));
        assert_int_equal(relinquish(b, shared, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(relinquish(b, lent, FFA_MEM_RELINQUISH_ZERO), FFA_OK);
        assert_int_equal(posix_vm_holdings(b).borrowed, 0);
        assert_true(rig_stop());
    }
}

/* What a borrower has is let go of with it. */
static void test_borrower_ends(void **state)
{
    struct grant grant;
    uint64_t handle;
    uint64_t at;

    (void)state;
    for (unsigned int resets = 0; resets < 2; resets++) {
        start();
        grant = lend_to(a, 2, page_of(a, 8), 4);
        also_to(&grant, 3, DATA_RW);
        paint(a, page_of(a, 8), 4, 6);
        handle = sent(a, LEND, &grant);
        at = retrieved(b, &grant, handle);
        (void)retrieved(c, &grant, handle);
        if (resets) {
            again(b, FFA_VERSION_1_0);
            assert_true(cannot_touch(b, at, 4));
            assert_int_equal(relinquish(b, handle, 0), FFA_INVALID_PARAMETERS);
        } else {
            rig_vm_end(b);
        }
        assert_int_equal(reclaim(a, handle, 0), FFA_DENIED);
        assert_int_equal(relinquish(c, handle, 0), FFA_OK);
        assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        assert_true(is_painted(a, page_of(a, 8), 4, 6));
        assert_true(rig_stop());
    }
}

/* It had asked for zeroes once it lets go, as it now does. */
static void test_borrower_ends_zeroed(void **state)
{
    struct grant grant;
    struct grant request;
    uint64_t handle;

    (void)state;
    for (unsigned int borrowers = 1; borrowers <= 2; borrowers++) {
        start();
        grant = lend_to(a, 2, page_of(a, 8), 4);
        if (borrowers == 2) {
            also_to(&grant, 3, DATA_RW);
        }
        paint(a, page_of(a, 8), 4, 6);
        handle = sent(a, LEND, &grant);
        if (borrowers == 2) {
            (void)retrieved(c, &grant, handle);
        }
        request = request_for(b, &grant, handle);
        request.flags = FFA_MEM_RETRIEVE_REQ_ZERO_AFTER;
        assert_int_equal(retrieve_with(b, &request).status, FFA_OK);
        rig_vm_end(b);
        if (borrowers == 2) {
            assert_int_equal(relinquish(c, handle, 0), FFA_OK);
        }
        assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        assert_true(is_zero(a, page_of(a, 8), 4));
        assert_true(rig_stop());
    }
}

/* A gift outlives its giver, whose next life has all of its memory; but no life of its receiver. */
static void test_gift_stays(void **state)
{
    struct grant grant;
    uint64_t at;

    (void)state;
    start();
    grant = give_to(a, 2, page_of(a, 8), 4);
    at = retrieved(b, &grant, sent(a, DONATE, &grant));
    paint(b, at, 4, 11);
    assert_true(cannot_touch(a, page_of(a, 8), 4));
    assert_int_equal(grant_send(a, LEND, &grant).status, FFA_INVALID_PARAMETERS);
    grant = lend_to(a, 3, page_of(a, 8), 4);
    assert_int_equal(grant_send(a, LEND, &grant).status, FFA_DENIED);
    again(a, FFA_VERSION_1_2);
    assert_false(cannot_touch(a, page_of(a, 8), 4));
    assert_false(is_painted(a, page_of(a, 8), 4, 11));
    (void)retrieved(c, &grant, sent(a, LEND, &grant));
    rig_vm_end(a);
    assert_true(is_painted(b, at, 4, 11));
    grant = lend_to(b, 3, at, 4);
    (void)retrieved(c, &grant, sent(b, LEND, &grant));
    again(b, FFA_VERSION_1_2);
    assert_true(cannot_touch(b, at, 4));
    assert_int_equal(grant_send(b, LEND, &grant).status, FFA_DENIED);
    grant = lend_to(c, 2, page_of(c, 8), 4);
    assert_true(retrieved(b, &grant, sent(c, LEND, &grant)) == at);
}

/* Everything at once: lent, shared, borrowed, given, under way, with RX full; then another life. */
static void test_reset_of_all(void **state)
{
    struct grant lend;
    struct grant share;
    struct grant back;
    uint64_t handle;
    uint64_t lent;

    (void)state;
    start();
    lend = lend_to(a, 2, page_of(a, 8), 2);
    lent = sent(a, LEND, &lend);
    share = share_with(a, 3, page_of(a, 12), 2);
    (void)retrieved(c, &share, sent(a, SHARE, &share));
    back = lend_to(b, 1, page_of(b, 8), 2);
    handle = sent(b, LEND, &back);
    back = request_for(a, &back, handle);
    assert_int_equal(grant_write(a, &back, posix_vm_at(a, tx_ipa(a))), 80);
    assert_int_equal(CALL(a, FFA_MEM_RETRIEVE_REQ_32, 80, 80, 0, 0).fid, FFA_MEM_RETRIEVE_RESP);
    again(a, FFA_VERSION_1_0);
    assert_int_equal(posix_vm_holdings(a).own, RIG_VM_PAGES);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    assert_int_equal(posix_vm_holdings(a).borrowed, 0);
    assert_int_equal(retrieve(b, &lend, lent).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(b, handle, 0), FFA_OK);
    (void)retrieved(b, &lend, sent(a, LEND, &lend));
}

/* --- Hooks that fail -------------------------------------------------------------------------- */

/* Each of the hooks' calls of a send, in its turn. */
static void test_failing_sends(void **state)
{
    static const uint32_t kinds[] = {SHARE, LEND, DONATE};

    (void)state;
    start();
    for (unsigned int kind = 0; kind < 3; kind++) {
        struct grant grants[3];
        unsigned int calls;
        uint64_t handle;

        grants[0] = share_with(a, 2, page_of(a, 8), 5);
        grants[1] = lend_to(a, 2, page_of(a, 8), 5);
        grants[2] = give_to(a, 2, page_of(a, 8), 5);
        calls = posix_memory_calls();
        handle = sent(a, kinds[kind], &grants[kind]);
        calls = posix_memory_calls() - calls;
        assert_true(calls >= 5);
        assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        for (unsigned int nth = 1; nth <= calls; nth++) {
            posix_fail_memory(nth);
            assert_int_equal(grant_send(a, kinds[kind], &grants[kind]).status, FFA_NO_MEMORY);
            assert_int_equal(posix_vm_holdings(a).granted, 0);
            assert_true(can_write(a, page_of(a, 8), 5));
        }
        posix_fail_memory(0);
    }
}

static void test_failing_retrieval(void **state)
{
    static const uint32_t kinds[] = {SHARE, LEND, DONATE};

    (void)state;
    start();
    for (unsigned int kind = 0; kind < 3; kind++) {
        struct ffa_mem_constituent ranges[3] = {{RIG_WINDOW_IPA, 1, 0},
                                                {RIG_WINDOW_IPA + 4 * PAGE, 2, 0},
                                                {RIG_WINDOW_IPA + PAGE, 2, 0}};
        struct grant grants[3];
        struct grant request;
        uint64_t handle;

        grants[0] = share_with(a, 2, page_of(a, 8), 5);
        grants[1] = lend_to(a, 2, page_of(a, 16), 5);
        grants[2] = give_to(a, 2, page_of(a, 24), 5);
        handle = sent(a, kinds[kind], &grants[kind]);
        request = request_for(b, &grants[kind], handle);
        request.range = ranges;
        request.ranges = 3;
        for (unsigned int nth = 1; nth <= 3; nth++) {
            posix_fail_memory(nth);
            assert_int_equal(retrieve_with(b, &request).status, FFA_NO_MEMORY);
            assert_int_equal(posix_vm_holdings(b).borrowed, 0);
        }
        posix_fail_memory(0);
        assert_int_equal(retrieve_with(b, &request).status, FFA_OK);
        if (kinds[kind] != DONATE) {
            assert_int_equal(relinquish(b, handle, 0), FFA_OK);
            assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        }
    }
}

/* --- What an operator sees -------------------------------------------------------------------- */

static void test_status(void **state)
{
    struct parley_transaction_status status;
    struct parley_vm *vm;
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    vm = posix_vm_parley(a);
    assert_true(parley_transaction_status(vm, 7, &status));
    assert_int_equal(status.state, PARLEY_TRANSACTION_FREE);
    assert_false(parley_transaction_status(vm, 8, &status));
    grant = share_with(a, 2, page_of(a, 8), 3);
    also_to(&grant, 4, DATA_RO);
    handle = sent(a, SHARE, &grant);
    (void)retrieved(d, &grant, handle);
    assert_true(parley_transaction_status(vm, 0, &status));
    assert_int_equal(status.state, PARLEY_TRANSACTION_ACTIVE);
    assert_true(status.handle == handle);
    assert_int_equal(status.type, FFA_MEM_TYPE_SHARE);
    assert_int_equal(status.pages, 3);
    assert_int_equal(status.borrower_count, 2);
    assert_int_equal(status.borrowers[0].id, 2);
    assert_false(status.borrowers[0].holds);
    assert_int_equal(status.borrowers[1].id, 4);
    assert_true(status.borrowers[1].holds);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_reclaim),
        RIG_TEST(test_reclaim_1_0),
        RIG_TEST(test_gift_not_taken),
        RIG_TEST(test_handles),
        RIG_TEST(test_quota_of_transactions),
        RIG_TEST(test_quota_of_ranges),
        RIG_TEST(test_lender_ends),
        RIG_TEST(test_borrower_ends),
        RIG_TEST(test_borrower_ends_zeroed),
        RIG_TEST(test_gift_stays),
        RIG_TEST(test_reset_of_all),
        RIG_TEST(test_failing_sends),
        RIG_TEST(test_failing_retrieval),
        RIG_TEST(test_status),
    };

    return RUN_TWICE(tests);
}
