/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is granted as the lender or a borrower ends or is reset, between any two calls or in
 * the middle of one. Who lives on keeps what it has, or gets back what is its own; a call that
 * needs the other ends in a refusal. Nothing is left of the VM that has ended.
 */
#include "loans.h"
#include "tests.h"

static const struct grant share_fragments = {
    FFA_MEM_SHARE_32, LENDER, {B}, {FIRST, SECOND}, 2, 1,
};

/* --- Setting up ----------------------------------------------------------- */

static void set_up_vms_in_pieces(void)
{
    struct parley_regs reply;

    loan_set_up_vms(1, 2);
    /* The handle of the one transaction that there can be is known beforehand. */
    world.grants.handle = grant_must_send(&loan);
    grant_must_reclaim(LENDER, loan_handle());
    reply = grant_reclaim(LENDER, 0, loan_handle(), 0);
    EXPECT(refused(&reply, FFA_INVALID_PARAMETERS), "a handle is used twice");
    world.grants.handle += 1ull << 16;
    world.grants.preempts = true;
}

static void set_up_fragment_in_pieces(void)
{
    struct parley_regs reply;

    loan_set_up_vms(1, 2);
    world.grants.is_shared = true;
    reply = grant_send(0, &share_fragments);
    EXPECT(reply.x[0] == FFA_MEM_FRAG_RX, "no further fragment is asked for");
    world.grants.handle = grant_handle(&reply);
    world.grants.preempts = true;
}

/* --- What a vCPU does ----------------------------------------------------- */

/* Whoever ends a VM waits for the vCPU that it has stopped. */
static void leave(void)
{
    world_vcpu_leaves(0);
}

static void send(void)
{
    *loan_reply(0) = grant_send(0, &loan);
}

static void send_rest(void)
{
    *loan_reply(0) = grant_send_rest(0, &share_fragments, loan_handle());
}

static void reclaim_zero(void)
{
    *loan_reply(0) = grant_reclaim(LENDER, 0, loan_handle(), FFA_MEM_RECLAIM_ZERO);
}

static void retrieve_zero_after(void)
{
    *loan_reply(0) = grant_retrieve(B, 0, &loan, loan_handle(), FFA_MEM_RETRIEVE_REQ_ZERO_AFTER);
}

static void retrieve_fragments(void)
{
    *loan_reply(0) = grant_retrieve(B, 0, &share_fragments, loan_handle(), 0);
}

/* And finds what it wrote. */
static void c_writes_and_relinquishes(void)
{
    explore_call();
    frame_write(loan_vm(C), FIRST, 7);
    explore_call();
    explore_touch(&world.page[FIRST]);
    EXPECT(world.page[FIRST].content == 7, "what a borrower has written is lost");
    *loan_reply(0) = grant_relinquish(C, 0, loan_handle(), 0);
}

#define AND_LEAVES(name, what)          \
    static void name##_and_leaves(void) \
    {                                   \
        what();                         \
        leave();                        \
    }

AND_LEAVES(send, send)
AND_LEAVES(send_rest, send_rest)
AND_LEAVES(reclaim_zero, reclaim_zero)
AND_LEAVES(retrieve_zero_after, retrieve_zero_after)
AND_LEAVES(relinquish_zero, loan_relinquish_zero)

/* --- What a hypervisor does ----------------------------------------------- */

static void stop(uint16_t id)
{
    world_signal(loan_vm(id), 0, WORLD_STOP);
    world_await_vcpus_left(1);
}

static void destroy_lender(void)
{
    grant_destroy(LENDER);
}

/* Its next life is there at once. */
static void reset_lender(void)
{
    grant_reset(LENDER);
    grant_revive(LENDER);
}

static void destroy_b(void)
{
    grant_destroy(B);
}

static void stop_and_destroy_lender(void)
{
    stop(LENDER);
    grant_destroy(LENDER);
}

static void stop_and_reset_lender(void)
{
    stop(LENDER);
    grant_reset(LENDER);
}

static void stop_and_destroy_b(void)
{
    stop(B);
    grant_destroy(B);
}

static void stop_and_reset_b(void)
{
    stop(B);
    grant_reset(B);
}

/* All in one, so that a second VM can end at the same time. */
static void retrieve_and_destroy_b(void)
{
    retrieve_zero_after();
    grant_destroy(B);
}

static void stop_b(void)
{
    world_signal(loan_vm(B), 0, WORLD_STOP);
}

/* The next life of the VM knows the handle, and nothing was granted to it. */
static void reset_b_and_retrieve(void)
{
    grant_reset(B);
    grant_revive(B);
    *loan_reply(0) = grant_retrieve(B, 0, &loan, loan_handle(), 0);
}

/* --- Rules ---------------------------------------------------------------- */

static void check_retrieve_lender_ends(void)
{
    EXPECT(loan_did(0) || loan_refused(0, FFA_ABORTED) || loan_refused(0, FFA_INVALID_PARAMETERS),
           "retrieving from a VM that ends is refused with %d", (int32_t)world.replies[0][0].x[2]);
    EXPECT(loan_did(0) == loan_is_held_by(B), "a borrower does not have what it is told it has");
    loan_expect_rest_returned();
}

static void check_relinquished(void)
{
    EXPECT(loan_did(0), "what is held cannot be given back: %d", (int32_t)world.replies[0][0].x[2]);
    EXPECT(!loan_is_held_by(B), "what is given back is still mapped");
    loan_expect_rest_returned();
}

static void check_relinquished_by_two(void)
{
    EXPECT(loan_did(0) && loan_did(1), "what is held cannot be given back");
    loan_expect_rest_returned();
}

static void check_next_life(void)
{
    EXPECT(loan_refused(0, FFA_INVALID_PARAMETERS),
           "the next life retrieves what was granted before");
    EXPECT(loan_did(1), "what nobody has cannot be reclaimed");
    loan_expect_rest_returned();
}

static void check_rest(void)
{
    loan_expect_rest_returned();
}

/* Whoever lends to a VM that ends gets it all back. */
static void check_borrower_ends(void)
{
    EXPECT(!loan_is_held_by(B), "a VM that has ended holds memory");
    EXPECT(loan_did(1) || loan_refused(1, FFA_DENIED), "reclaim is refused with %d",
           (int32_t)world.replies[1][0].x[2]);
    loan_expect_rest_returned();
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
    MEMORY_TEST("memory_end_lender_retrieve", loan_set_up, check_retrieve_lender_ends,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"retrieve", loan_retrieve},
                {"destroy lender", destroy_lender}),
    MEMORY_TEST("memory_reset_lender_retrieve", loan_set_up_in_pieces, check_retrieve_lender_ends,
                ALSO_SLEEP_SETS, {"retrieve", loan_retrieve}, {"reset lender", reset_lender}),
    MEMORY_TEST("memory_end_lender_held", loan_set_up_held, check_relinquished,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"relinquish", loan_relinquish_zero},
                {"destroy lender", destroy_lender}),
    MEMORY_TEST("memory_end_lender_of_two", loan_set_up_held_by_two_in_pieces,
                check_relinquished_by_two, 0, {"B relinquishes", loan_relinquish_zero},
                {"C relinquishes", c_writes_and_relinquishes}, {"destroy lender", destroy_lender}),
    MEMORY_TEST("memory_end_lender_sends", set_up_vms_in_pieces, check_rest, 0,
                {"send", send_and_leaves}, {"retrieve", loan_retrieve},
                {"destroy lender", stop_and_destroy_lender}),
    MEMORY_TEST("memory_reset_lender_reclaims", loan_set_up_in_pieces, check_rest, 0,
                {"reclaim", reclaim_zero_and_leaves}, {"retrieve", loan_retrieve},
                {"reset lender", stop_and_reset_lender}),
    MEMORY_TEST("memory_reset_look", loan_set_up, check_rest, ALSO_SLEEP_SETS, {"look", loan_look},
                {"reset lender", reset_lender}),
    MEMORY_TEST("memory_end_lender_fragments", set_up_fragment_in_pieces, check_rest, 0,
                {"fragment", send_rest_and_leaves}, {"retrieve", retrieve_fragments},
                {"destroy lender", stop_and_destroy_lender}),
    MEMORY_TEST("memory_end_borrower_held", loan_set_up_held, check_borrower_ends,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"destroy B", destroy_b},
                {"reclaim", loan_reclaim}),
    MEMORY_TEST("memory_end_borrower_retrieves", loan_set_up_in_pieces, check_borrower_ends, 0,
                {"retrieve", retrieve_zero_after_and_leaves}, {"reclaim", loan_reclaim},
                {"destroy B", stop_and_destroy_b}),
    MEMORY_TEST("memory_reset_borrower_leaves", loan_set_up_held_in_pieces, check_borrower_ends, 0,
                {"relinquish", relinquish_zero_and_leaves}, {"reclaim", loan_reclaim},
                {"reset B", stop_and_reset_b}),
    MEMORY_TEST("memory_reset_borrower_granted", loan_set_up, check_next_life,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reset B, retrieve", reset_b_and_retrieve},
                {"reclaim", loan_reclaim}),
    MEMORY_TEST("memory_end_borrower_of_two", loan_set_up_held_by_two_in_pieces, check_rest, 0,
                {"B relinquishes", relinquish_zero_and_leaves},
                {"C relinquishes", c_writes_and_relinquishes}, {"destroy B", stop_and_destroy_b}),
    MEMORY_TEST("memory_end_both", loan_set_up_in_pieces, check_rest, 0,
                {"retrieve, destroy B", retrieve_and_destroy_b}, {"stop B", stop_b},
                {"destroy lender", destroy_lender}),
};

const struct interleave_suite memory_end_suite = {tests, sizeof(tests) / sizeof(tests[0])};
