/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls by which VMs borrow memory, give it back and take it back, while all VMs live. The
 * hooks see to it that no page is used by two who may not; what is left must be as after some order
 * of whole calls, and be of use again.
 */
#include "loans.h"
#include "tests.h"

/* --- Setting up ----------------------------------------------------------- */

/* The hypervisor has no room for the second page. */
static void set_up_no_room(void)
{
    loan_set_up_in_pieces();
    world.grants.no_room = 1u << SECOND;
}

/* What fills the window is held; and something else is there to be retrieved. */
static void set_up_full_window(void)
{
    loan_set_up_vms(2, 4);
    world.grants.handle = grant_must_send(&loan);
    grant_must_retrieve(B, &loan, loan_handle());
    world.grants.next_handle = grant_must_send(&loan_of_third);
}

/* --- What a vCPU does ----------------------------------------------------- */

static void reclaim_1(void)
{
    *loan_reply(0) = grant_reclaim(LENDER, 1, loan_handle(), FFA_MEM_RECLAIM_ZERO);
}

static void retrieve_lent_1(void)
{
    *loan_reply(0) = grant_retrieve(B, 1, &loan, loan_handle(), 0);
}

static void relinquish(void)
{
    *loan_reply(0) = grant_relinquish(B, 0, loan_handle(), 0);
}

static void relinquish_1(void)
{
    *loan_reply(0) = grant_relinquish(B, 1, loan_handle(), FFA_MEM_RELINQUISH_ZERO);
}

static void c_relinquishes(void)
{
    *loan_reply(0) = grant_relinquish(C, 0, loan_handle(), 0);
}

/* And writes something of its own, which nobody may take away. */
static void c_retrieves_and_writes(void)
{
    *loan_reply(0) = grant_retrieve(C, 0, &loan_to_two, loan_handle(), 0);
    if (grant_is_retrieved(loan_reply(0))) {
        frame_write(loan_vm(C), FIRST, 7);
    }
}

static void retrieve_third(void)
{
    *loan_reply(0) = grant_retrieve(B, 0, &loan_of_third, world.grants.next_handle, 0);
}

static void relinquish_first_1(void)
{
    *loan_reply(0) = grant_relinquish(B, 1, loan_handle(), 0);
}

/* --- Rules ---------------------------------------------------------------- */

/* The borrower has it, or the lender: and the other is told so. */
static void check_reclaim_retrieve(void)
{
    EXPECT(loan_did(0) != loan_did(1), "both have it, or neither");
    EXPECT(loan_did(0) || loan_refused(0, FFA_DENIED),
           "what is borrowed cannot be reclaimed: DENIED");
    EXPECT(loan_did(1) || loan_refused(1, FFA_DENIED) || loan_refused(1, FFA_INVALID_PARAMETERS),
           "what is gone cannot be retrieved");
    loan_expect_returned(&loan);
}

static void check_reclaim_relinquish(void)
{
    EXPECT(loan_did(1), "what is held cannot be given back");
    EXPECT(loan_did(0) || loan_refused(0, FFA_DENIED), "reclaim is refused, and not with DENIED");
    loan_expect_returned(&loan);
}

/* Two vCPUs want the same: one gets it. */
static void check_one(void)
{
    EXPECT(loan_did(0) != loan_did(1), "both do it, or neither");
    loan_expect_returned(&loan);
}

/* And the third can have come after it, or not. */
static void check_one_of_two_and_reclaim(void)
{
    EXPECT(!loan_did(0) || !loan_did(1), "both do it");
    EXPECT(loan_did(0) || loan_did(1) || loan_did(2), "nobody does it");
    loan_expect_returned(&loan);
}

static void check_lent(void)
{
    loan_expect_returned(&loan);
}

static void check_zeroed(void)
{
    EXPECT(loan_did(0) && loan_did(1), "what is held cannot be given back");
    EXPECT(world.page[FIRST].content == 0, "nobody zeroes what all have let go");
    loan_expect_returned(&loan_to_two);
}

static void check_written(void)
{
    EXPECT(loan_did(0), "what is held cannot be given back");
    EXPECT(loan_did(1) || loan_refused(1, FFA_BUSY), "what is free cannot be retrieved: %d",
           (int32_t)world.replies[1][0].x[2]);
    EXPECT(!loan_did(1) || world.page[FIRST].content == 7, "what a borrower has written is lost");
    loan_expect_returned(&loan_to_two);
}

static void check_full_window(void)
{
    EXPECT(loan_did(0) || loan_refused(0, FFA_NO_MEMORY) || loan_refused(0, FFA_BUSY),
           "there is no room, and retrieving is refused with %d",
           (int32_t)world.replies[0][0].x[2]);
    EXPECT(loan_did(1) || loan_refused(1, FFA_BUSY), "what is held cannot be given back");
    grant_tell_outcome();
    grant_revive(B);
    if (loan_did(0)) {
        grant_must_relinquish(B, world.grants.next_handle);
    }
    if (!loan_did(1)) {
        grant_must_relinquish(B, loan_handle());
    }
    grant_must_reclaim(LENDER, world.grants.next_handle);
    grant_must_reclaim(LENDER, loan_handle());
    expect_usable_again(&loan);
}

static void check_no_room(void)
{
    EXPECT(loan_refused(0, FFA_NO_MEMORY) || loan_refused(0, FFA_DENIED) ||
               loan_refused(0, FFA_INVALID_PARAMETERS),
           "the hypervisor has no room, and the call does not say so");
    EXPECT(!loan_did(0), "the hypervisor has no room, and it is done");
    loan_expect_returned(&loan);
}

/* --- The suite ------------------------------------------------------------ */

#define MEMORY_TEST(title, start, rule, more, ...) \
    {                                              \
        .explore = {.name = (title),               \
                    .threads = {__VA_ARGS__},      \
                    .set_up = (start),             \
                    .check = (rule),               \
                    WORLD_STATE},                  \
        .also = (more),                            \
    }

static const struct interleave_test tests[] = {
    MEMORY_TEST("memory_reclaim_retrieve", loan_set_up, check_reclaim_retrieve,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reclaim", loan_reclaim},
                {"retrieve", loan_retrieve}),
    MEMORY_TEST("memory_reclaim_twice", loan_set_up_in_pieces, check_one_of_two_and_reclaim,
                ALSO_SLEEP_SETS, {"reclaim", loan_reclaim}, {"reclaim'", reclaim_1},
                {"retrieve", loan_retrieve}),
    MEMORY_TEST("memory_retrieve_twice", loan_set_up_in_pieces, check_one, ALSO_SLEEP_SETS,
                {"retrieve", loan_retrieve}, {"retrieve'", retrieve_lent_1}),
    MEMORY_TEST("memory_reclaim_relinquish", loan_set_up_held, check_reclaim_relinquish,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reclaim", loan_reclaim},
                {"relinquish", relinquish}),
    MEMORY_TEST("memory_relinquish_twice", loan_set_up_held_in_pieces, check_one, ALSO_SLEEP_SETS,
                {"relinquish", relinquish}, {"relinquish'", relinquish_1}),
    MEMORY_TEST("memory_zero_of_two", loan_set_up_held_by_two, check_zeroed,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"B relinquishes", loan_relinquish_zero},
                {"C relinquishes", c_relinquishes}, {"reclaim", loan_reclaim}),
    MEMORY_TEST("memory_zero_retrieve", loan_set_up_to_two, check_written, ALSO_SLEEP_SETS,
                {"B relinquishes", loan_relinquish_zero}, {"C retrieves", c_retrieves_and_writes}),
    MEMORY_TEST("memory_zero_in_pieces", loan_set_up_held_by_two_in_pieces, check_zeroed,
                ALSO_SLEEP_SETS, {"B relinquishes", loan_relinquish_zero},
                {"C relinquishes", c_relinquishes}),
    MEMORY_TEST("memory_full_window", set_up_full_window, check_full_window, ALSO_SLEEP_SETS,
                {"retrieve", retrieve_third}, {"relinquish", relinquish_first_1}),
    MEMORY_TEST("memory_no_room", set_up_no_room, check_no_room, ALSO_SLEEP_SETS,
                {"retrieve", loan_retrieve}, {"reclaim", loan_reclaim}),
    MEMORY_TEST("memory_look", loan_set_up_in_pieces, check_lent, ALSO_SLEEP_SETS,
                {"reclaim", loan_reclaim}, {"retrieve", loan_retrieve}, {"look", loan_look}),
};

const struct interleave_suite memory_suite = {tests, sizeof(tests) / sizeof(tests[0])};
