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

/* --- The other side ends after each piece in its turn ---------------------------------------- */

static uint32_t kind;

static int32_t retrieve_now(void)
{
    return retrieve(b, &other_grant, other_handle).status;
}

static int32_t relinquish_now(void)
{
    return relinquish(b, other_handle, kind == SHARE ? 0 : FFA_MEM_RELINQUISH_ZERO);
}

static int32_t reclaim_now(void)
{
    return reclaim(a, other_handle, FFA_MEM_RECLAIM_ZERO);
}

static void start_with_grant(bool is_held)
{
    start();
    posix_preempt(POSIX_PREEMPT_ALWAYS);
    call_among_others = true;
    other_grant = share_with(a, 2, page_of(a, 8), 3);
    if (kind == LEND) {
        other_grant = lend_to(a, 2, page_of(a, 8), 3);
        also_to(&other_grant, 3, DATA_RW);
    }
    other_handle = sent(a, kind, &other_grant);
    if (is_held) {
        (void)retrieved(b, &other_grant, other_handle);
    }
}

/* Whatever the answer, nothing is left of it, and who lives on can go on. */
static void end_other(int32_t (*act)(void), bool is_held, bool is_lender)
{
    bool is_over = false;

    for (unsigned int piece = 1; !is_over; piece++) {
        int32_t status;

        start_with_grant(is_held);
        pieces_left = piece;
        victim = is_lender ? a : b;
        posix_between_pieces(kill_later, NULL);
        status = act();
        is_over = victim != NULL;
        posix_between_pieces(NULL, NULL);
        assert_true(status == FFA_OK || status == FFA_ABORTED);
        if (is_over) {
            assert_true(rig_stop());
            break;
        }
        if (is_lender) {
            (void)relinquish(b, other_handle, 0);
            assert_int_equal(posix_vm_holdings(b).borrowed, 0);
            other_grant = lend_to(c, 2, page_of(c, 8), 3);
            (void)retrieved(b, &other_grant, sent(c, LEND, &other_grant));
        } else {
            assert_int_equal(posix_vm_holdings(a).granted, 0);
            assert_true(can_write(a, page_of(a, 8), 3));
        }
        assert_true(rig_stop());
    }
}

static void test_lender_ends(void **state)
{
    static const uint32_t kinds[] = {SHARE, LEND};

    (void)state;
    for (unsigned int i = 0; i < COUNT(kinds); i++) {
        kind = kinds[i];
        end_other(retrieve_now, false, true);
        end_other(relinquish_now, true, true);
    }
}

static void test_borrower_ends(void **state)
{
    (void)state;
    kind = LEND;
    end_other(reclaim_now, false, false);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_reclaim_meanwhile, stop_pieces),
        cmocka_unit_test_teardown(test_retrieve_meanwhile, stop_pieces),
        cmocka_unit_test_teardown(test_lender_dies_meanwhile, stop_pieces),
        cmocka_unit_test_teardown(test_lender_dies_while_given_back, stop_pieces),
        RIG_TEST(test_giver_dies),
        cmocka_unit_test_teardown(test_lender_ends, stop_pieces),
        cmocka_unit_test_teardown(test_borrower_ends, stop_pieces),
    };

    return RUN_TWICE(tests);
}
