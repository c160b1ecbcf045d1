/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is given for good, retrieved as it is reclaimed, passed on, or as the giver or the
 * receiver ends: one of them has all of it, and nothing is left of it with the other.
 */
#include "loans.h"
#include "tests.h"

static const struct grant donate = {
    FFA_MEM_DONATE_32, LENDER, {B}, {FIRST, SECOND}, 2, 0,
};
static const struct grant donate_on = {
    FFA_MEM_DONATE_32, B, {C}, {FIRST, SECOND}, 2, 0,
};

/* --- Setting up ----------------------------------------------------------- */

static void set_up_donated(void)
{
    loan_set_up_vms(1, 3);
    world.grants.handle = grant_must_send(&donate);
}

/* What B was given fills its window. It gives it away, and is lent something else. */
static void set_up_gift_on(void)
{
    loan_set_up_vms(2, 4);
    grant_create_vm(C, 1);
    grant_must_retrieve(B, &donate, grant_must_send(&donate));
    world.grants.next_handle = grant_must_send(&donate_on);
    world.grants.handle = grant_must_send(&loan_of_third);
}

static void set_up_donated_in_pieces(void)
{
    set_up_donated();
    world.grants.preempts = true;
}

/* --- What a vCPU does ----------------------------------------------------- */

static void retrieve_donated(void)
{
    *loan_reply(0) = grant_retrieve(B, 0, &donate, loan_handle(), 0);
}

/* Whoever ends the VM waits for the vCPU that it has stopped. */
static void retrieve_and_leave(void)
{
    retrieve_donated();
    world_vcpu_leaves(0);
}

static void c_retrieves_gift(void)
{
    *loan_reply(0) = grant_retrieve(C, 0, &donate_on, world.grants.next_handle, 0);
}

static void b_retrieves_third(void)
{
    *loan_reply(0) = grant_retrieve(B, 0, &loan_of_third, loan_handle(), 0);
}

/* --- What a hypervisor does ----------------------------------------------- */

static void destroy_giver(void)
{
    grant_destroy(LENDER);
}

/* Its next life is there at once. */
static void reset_giver(void)
{
    grant_reset(LENDER);
    grant_revive(LENDER);
}

static void stop_receiver(void)
{
    world_signal(loan_vm(B), 0, WORLD_STOP);
}

static void stop_and_destroy_receiver(void)
{
    stop_receiver();
    world_await_vcpus_left(1);
    grant_destroy(B);
}

/* All in one, so that the giver can end at the same time. */
static void retrieve_and_destroy_receiver(void)
{
    retrieve_donated();
    grant_destroy(B);
}

/* --- Rules ---------------------------------------------------------------- */

static void check_donate(void)
{
    bool is_given = loan_did(1);

    EXPECT(loan_did(0) != loan_did(1), "both have it, or neither");
    EXPECT(frame_is_usable(loan_vm(B), FIRST) == is_given, "B can use what it was not given");
    EXPECT(frame_is_usable(loan_vm(LENDER), SECOND) == !is_given, "the giver can use what it gave");
    grant_tell_outcome();
    expect_frames_returned();
    if (!is_given) {
        expect_usable_again(&loan);
    }
}

static void check_gift_on(void)
{
    EXPECT(loan_did(0) && world.page[FIRST].owner == loan_vm(C) &&
               world.page[SECOND].owner == loan_vm(C),
           "a gift is not passed on");
    EXPECT(loan_did(1) || loan_refused(1, FFA_NO_MEMORY),
           "the window is full, and the call says %d", (int32_t)world.replies[1][0].x[2]);
    loan_expect_returned(&loan_of_third);
}

/* A gift is there as a whole, or not at all; and if not, the giver's end takes it. */
static void check_donate_giver_ends(void)
{
    unsigned int received = 0;

    grant_tell_outcome();
    for (unsigned int i = FIRST; i <= SECOND; i++) {
        EXPECT(!frame_is_usable(loan_vm(B), i) || world.page[i].owner == loan_vm(B),
               "page %u is borrowed, not received", i);
        received += world.page[i].owner == loan_vm(B);
    }
    EXPECT(loan_did(0) ? received == 2 : received == 0,
           "%u pages are received, and the call says %d", received,
           (int32_t)world.replies[0][0].x[2]);
    expect_frames_returned();
    grant_revive(LENDER);
    grant_revive(B);
}

/* The receiver, of which nothing is left, had it, or the giver still has. */
static void check_donate_receiver_ends(void)
{
    grant_tell_outcome();
    world.grants.preempts = false;
    EXPECT(loan_vm(LENDER)->is_gone ||
               (world.page[FIRST].owner == NULL) == (world.page[SECOND].owner == NULL),
           "a gift is given by half");
    loan_reclaim_rest();
    expect_usable_again(&loan_of_third);
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
    MEMORY_TEST("memory_donate_reclaim", set_up_donated, check_donate,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reclaim", loan_reclaim},
                {"retrieve", retrieve_donated}),
    MEMORY_TEST("memory_gift_on", set_up_gift_on, check_gift_on, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"C retrieves", c_retrieves_gift}, {"B retrieves", b_retrieves_third}),
    MEMORY_TEST("memory_end_giver", set_up_donated, check_donate_giver_ends,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"retrieve", retrieve_donated},
                {"destroy giver", destroy_giver}),
    MEMORY_TEST("memory_reset_giver", set_up_donated_in_pieces, check_donate_giver_ends,
                ALSO_SLEEP_SETS, {"retrieve", retrieve_donated}, {"reset giver", reset_giver}),
    MEMORY_TEST("memory_end_receiver", set_up_donated_in_pieces, check_donate_receiver_ends, 0,
                {"retrieve", retrieve_and_leave}, {"reclaim", loan_reclaim},
                {"destroy receiver", stop_and_destroy_receiver}),
    MEMORY_TEST("memory_end_gift", set_up_donated_in_pieces, check_donate_receiver_ends, 0,
                {"retrieve, destroy receiver", retrieve_and_destroy_receiver},
                {"stop", stop_receiver}, {"destroy giver", destroy_giver}),
};

const struct interleave_suite memory_gift_suite = {tests, sizeof(tests) / sizeof(tests[0])};
