/* SPDX-License-Identifier: BSD-3-Clause */
/* What others do between two pieces of a call that is preempted. */
#include "memory.h"

static uint64_t other_handle;
static struct grant other_grant;
static int32_t other_status;

static void take_back_meanwhile(void *context)
{
    (void)context;
    posix_between_pieces(NULL, NULL);
    other_status =
        CALL_ON(a, 1, FFA_MEM_RECLAIM, (uint32_t)other_handle, other_handle >> 32, 0).status;
}

static void kill_meanwhile(void *context)
{
    posix_between_pieces(NULL, NULL);
    rig_vm_end(context);
}

static void retrieve_meanwhile(void *context)
{
    (void)context;
    posix_between_pieces(NULL, NULL);
    other_status = retrieve(b, &other_grant, other_handle).status;
}

/* Calls come in between: what one has changed is not compared. */
static void start_pieces(void)
{
    start();
    call_among_others = true;
    posix_preempt(POSIX_PREEMPT_ALWAYS);
    other_grant = lend_to(a, 2, page_of(a, 8), 4);
    other_handle = sent(a, LEND, &other_grant);
}

/* A lender that takes back while its borrower retrieves, or gives back. */
static void test_reclaim_meanwhile(void **state)
{
    (void)state;
    start_pieces();
    posix_between_pieces(take_back_meanwhile, NULL);
    (void)retrieved(b, &other_grant, other_handle);
    assert_int_equal(other_status, FFA_DENIED);
    posix_between_pieces(take_back_meanwhile, NULL);
    assert_int_equal(relinquish(b, other_handle, 0), FFA_OK);
    assert_int_equal(other_status, FFA_DENIED);
    assert_int_equal(reclaim(a, other_handle, 0), FFA_OK);
}

static void test_retrieve_meanwhile(void **state)
{
    (void)state;
    start_pieces();
    posix_between_pieces(retrieve_meanwhile, NULL);
    assert_int_equal(reclaim(a, other_handle, 0), FFA_OK);
    assert_int_equal(other_status, FFA_DENIED);
    assert_int_equal(posix_vm_holdings(b).borrowed, 0);

    posix_between_pieces(take_back_meanwhile, NULL);
    other_handle = sent(a, LEND, &other_grant);
    posix_between_pieces(take_back_meanwhile, NULL);
    assert_int_equal(reclaim(a, other_handle, 0), FFA_OK);
    assert_int_equal(other_status, FFA_DENIED);
}

/* The lender dies between two pieces of a retrieval: it ends, or is complete. */
static void test_lender_dies_meanwhile(void **state)
{
    struct retrieved got;

    (void)state;
    start_pieces();
    posix_between_pieces(kill_meanwhile, a);
    got = retrieve(b, &other_grant, other_handle);
    assert_true(got.status == FFA_ABORTED || got.status == FFA_OK);
    assert_int_equal(posix_vm_holdings(b).borrowed, got.status == FFA_OK ? 4 : 0);
}

static void test_lender_dies_while_given_back(void **state)
{
    (void)state;
    start_pieces();
    (void)retrieved(b, &other_grant, other_handle);
    posix_between_pieces(kill_meanwhile, a);
    assert_int_equal(relinquish(b, other_handle, FFA_MEM_RELINQUISH_ZERO), FFA_OK);
    assert_int_equal(posix_vm_holdings(b).borrowed, 0);
}

static unsigned int pieces_left;
static struct posix_vm *victim;

static void kill_later(void *context)
{
    if (pieces_left > 0 && --pieces_left == 0) {
        rig_vm_end(victim);
        victim = NULL;
    }
    (void)context;
}

/* The giver dies after each piece in its turn: the gift is there, or nothing is. */
static void test_giver_dies(void **state)
{
    struct retrieved got;
    bool done = false;

    (void)state;
    for (unsigned int piece = 1; !done; piece++) {
        start();
        posix_preempt(POSIX_PREEMPT_ALWAYS);
        other_grant = give_to(a, 2, page_of(a, 8), 4);
        other_handle = sent(a, DONATE, &other_grant);
        pieces_left = piece;
        victim = a;
        posix_between_pieces(kill_later, NULL);
        got = retrieve(b, &other_grant, other_handle);
        done = victim != NULL;
        assert_true(got.status == FFA_ABORTED || got.status == FFA_OK);
        assert_int_equal(posix_vm_holdings(b).borrowed, 0);
        assert_int_equal(posix_vm_holdings(b).own, RIG_VM_PAGES + (got.status == FFA_OK ? 4 : 0));
        assert_true(rig_stop());
    }
}

static int stop_pieces(void **state)
{
    call_among_others = false;
    return unit_stop_rig(state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_reclaim_meanwhile, stop_pieces),
        cmocka_unit_test_teardown(test_retrieve_meanwhile, stop_pieces),
        cmocka_unit_test_teardown(test_lender_dies_meanwhile, stop_pieces),
        cmocka_unit_test_teardown(test_lender_dies_while_given_back, stop_pieces),
        RIG_TEST(test_giver_dies),
    };

    return RUN_TWICE(tests);
}
