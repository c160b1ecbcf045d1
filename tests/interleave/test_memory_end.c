/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is granted as the lender or a borrower ends or is reset, between any two calls or in
 * the middle of one. Who lives on keeps what it has, or gets back what is its own; a call that
 * needs the other ends in a refusal. Nothing is left of the VM that has ended.
 */
#include "grants.h"
#include "tests.h"

#include <string.h>

#define LENDER 1u
#define B      2u
#define C      3u

#define FIRST  7u /* frames of the lender's */
#define SECOND 8u
#define THIRD  9u /* granted by nobody before the end */

static const struct grant lend = {
    FFA_MEM_LEND_32, LENDER, {B}, {FIRST, SECOND}, 2, 0,
};
static const struct grant donate = {
    FFA_MEM_DONATE_32, LENDER, {B}, {FIRST, SECOND}, 2, 0,
};
static const struct grant share_fragments = {
    FFA_MEM_SHARE_32, LENDER, {B}, {FIRST, SECOND}, 2, 1,
};
static const struct grant lend_to_two = {
    FFA_MEM_LEND_32, LENDER, {B, C}, {FIRST}, 1, 0,
};
/* What serves on, whatever has become of the others. */
static const struct grant lend_third = {
    FFA_MEM_LEND_32, LENDER, {B}, {THIRD}, 1, 0,
};

static struct world_vm *vm(uint16_t id)
{
    return &world.vms[id];
}

static uint64_t handle(void)
{
    return world.grants.handle;
}

/* --- Setting up ----------------------------------------------------------- */

/* What is given away needs a range for ever, so there is one more. */
static void set_up_vms(void)
{
    world_begin_memory(1, 3);
    grant_create_vm(LENDER, 2);
    grant_create_vm(B, 2);
    frames_give(vm(LENDER), 1u << FIRST | 1u << SECOND | 1u << THIRD);
    world.page[FIRST].content = 1;
    world.page[SECOND].content = 1;
}

static void set_up_vms_in_pieces(void)
{
    struct parley_regs reply;

    set_up_vms();
    /* The handle of the one transaction that there can be is known beforehand. */
    world.grants.handle = grant_must_send(&lend);
    grant_must_reclaim(LENDER, handle());
    reply = grant_reclaim(LENDER, 0, handle(), 0);
    EXPECT(refused(&reply, FFA_INVALID_PARAMETERS), "a handle is used twice");
    world.grants.handle += 1ull << 16;
    world.grants.preempts = true;
}

static void set_up_lent(void)
{
    set_up_vms();
    world.grants.handle = grant_must_send(&lend);
}

static void set_up_lent_in_pieces(void)
{
    set_up_lent();
    world.grants.preempts = true;
}

static void set_up_held(void)
{
    set_up_lent();
    grant_must_retrieve(B, &lend, handle());
}

static void set_up_held_in_pieces(void)
{
    set_up_held();
    world.grants.preempts = true;
}

static void set_up_donated(void)
{
    set_up_vms();
    world.grants.handle = grant_must_send(&donate);
}

static void set_up_donated_in_pieces(void)
{
    set_up_donated();
    world.grants.preempts = true;
}

static void set_up_held_by_two(void)
{
    set_up_vms();
    grant_create_vm(C, 1);
    world.grants.handle = grant_must_send(&lend_to_two);
    world.grants.is_shared = true; /* by the borrowers */
    grant_must_retrieve(B, &lend_to_two, handle());
    grant_must_retrieve(C, &lend_to_two, handle());
}

static void set_up_held_by_two_in_pieces(void)
{
    set_up_held_by_two();
    world.grants.preempts = true;
}

static void set_up_fragment_in_pieces(void)
{
    struct parley_regs reply;

    set_up_vms();
    world.grants.is_shared = true;
    reply = grant_send(0, &share_fragments);
    EXPECT(reply.x[0] == FFA_MEM_FRAG_RX, "no further fragment is asked for");
    world.grants.handle = grant_handle(&reply);
    world.grants.preempts = true;
}

/* --- What a vCPU does ----------------------------------------------------- */

static struct parley_regs *reply(unsigned int index)
{
    return &world.replies[explore_thread()][index];
}

/* Whoever ends a VM waits for the vCPU that it has stopped. */
static void leave(void)
{
    world_vcpu_leaves(0);
}

static void send(void)
{
    *reply(0) = grant_send(0, &lend);
}

static void send_rest(void)
{
    *reply(0) = grant_send_rest(0, &share_fragments, handle());
}

static void reclaim(void)
{
    *reply(0) = grant_reclaim(LENDER, 0, handle(), 0);
}

static void reclaim_zero(void)
{
    *reply(0) = grant_reclaim(LENDER, 0, handle(), FFA_MEM_RECLAIM_ZERO);
}

static void retrieve(void)
{
    *reply(0) = grant_retrieve(B, 0, &lend, handle(), 0);
}

static void retrieve_zero_after(void)
{
    *reply(0) = grant_retrieve(B, 0, &lend, handle(), FFA_MEM_RETRIEVE_REQ_ZERO_AFTER);
}

static void retrieve_donated(void)
{
    *reply(0) = grant_retrieve(B, 0, &donate, handle(), 0);
}

static void retrieve_fragments(void)
{
    *reply(0) = grant_retrieve(B, 0, &share_fragments, handle(), 0);
}

static void relinquish_zero(void)
{
    *reply(0) = grant_relinquish(B, 0, handle(), FFA_MEM_RELINQUISH_ZERO);
}

/* And finds what it wrote. */
static void c_writes_and_relinquishes(void)
{
    explore_call();
    frame_write(vm(C), FIRST, 7);
    explore_call();
    explore_touch(&world.page[FIRST]);
    EXPECT(world.page[FIRST].content == 7, "what a borrower has written is lost");
    *reply(0) = grant_relinquish(C, 0, handle(), 0);
}

#define AND_LEAVES(what)                \
    static void what##_and_leaves(void) \
    {                                   \
        what();                         \
        leave();                        \
    }

AND_LEAVES(send)
AND_LEAVES(send_rest)
AND_LEAVES(reclaim_zero)
AND_LEAVES(retrieve_zero_after)
AND_LEAVES(retrieve_donated)
AND_LEAVES(relinquish_zero)

/* --- What a hypervisor does ----------------------------------------------- */

static void stop(uint16_t id)
{
    world_signal(vm(id), 0, WORLD_STOP);
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

static void retrieve_donated_and_destroy_b(void)
{
    retrieve_donated();
    grant_destroy(B);
}

static void stop_b(void)
{
    world_signal(vm(B), 0, WORLD_STOP);
}

/* The next life of the VM knows the handle, and nothing was granted to it. */
static void reset_b_and_retrieve(void)
{
    grant_reset(B);
    grant_revive(B);
    *reply(0) = grant_retrieve(B, 0, &lend, handle(), 0);
}

/* An operator looks at a VM that is being reset. */
static void look(void)
{
    struct parley_transaction_status status;

    explore_call();
    EXPECT(parley_transaction_status(vm(LENDER)->vm, 0, &status), "there is no such place");
    EXPECT(status.state == PARLEY_TRANSACTION_FREE || status.handle == handle(),
           "the handle is 0x%llx", (unsigned long long)status.handle);
}

/* --- Rules ---------------------------------------------------------------- */

static bool did(unsigned int thread)
{
    return !grant_is_cut_off(&world.replies[thread][0]) &&
           world.replies[thread][0].x[0] != FFA_ERROR;
}

static bool is_refused(unsigned int thread, int32_t status)
{
    return refused(&world.replies[thread][0], status);
}

static bool is_held_by(uint16_t id)
{
    return frame_is_usable(vm(id), FIRST) && world.page[FIRST].owner != vm(id);
}

/* What the lender still grants is its own again. */
static void reclaim_rest(void)
{
    struct parley_transaction_status status;

    if (vm(LENDER)->is_gone) {
        return;
    }
    (void)parley_transaction_status(vm(LENDER)->vm, 0, &status);
    if (status.state == PARLEY_TRANSACTION_FREE) {
        return;
    }
    EXPECT(status.state == PARLEY_TRANSACTION_ACTIVE || status.state == PARLEY_TRANSACTION_BUILDING,
           "a transaction is left in state %u", status.state);
    for (unsigned int i = 0; i < status.borrower_count; i++) {
        EXPECT(!status.borrowers[i].holds, "VM %u holds what it has given back, or has ended",
               status.borrowers[i].id);
    }
    grant_must_reclaim(LENDER, status.handle);
}

/* Whoever lives gives back what it has, and all serve on. */
static void expect_rest_returned(void)
{
    grant_tell_outcome();
    world.grants.preempts = false;
    for (uint16_t id = B; id <= C; id++) {
        if (is_held_by(id)) {
            grant_must_relinquish(id, handle());
        }
    }
    reclaim_rest();
    expect_usable_again(&lend_third);
    if (vm(C)->vm != NULL) {
        grant_revive(C);
    }
}

static void check_retrieve_lender_ends(void)
{
    EXPECT(did(0) || is_refused(0, FFA_ABORTED) || is_refused(0, FFA_INVALID_PARAMETERS),
           "retrieving from a VM that ends is refused with %d", (int32_t)world.replies[0][0].x[2]);
    EXPECT(did(0) == is_held_by(B), "a borrower does not have what it is told it has");
    expect_rest_returned();
}

static void check_relinquished(void)
{
    EXPECT(did(0), "what is held cannot be given back: %d", (int32_t)world.replies[0][0].x[2]);
    EXPECT(!is_held_by(B), "what is given back is still mapped");
    expect_rest_returned();
}

static void check_relinquished_by_two(void)
{
    EXPECT(did(0) && did(1), "what is held cannot be given back");
    expect_rest_returned();
}

/* A gift is there as a whole, or not at all; and if not, the giver's end takes it. */
static void check_donate_giver_ends(void)
{
    unsigned int received = 0;

    grant_tell_outcome();
    for (unsigned int i = FIRST; i <= SECOND; i++) {
        EXPECT(!frame_is_usable(vm(B), i) || world.page[i].owner == vm(B),
               "page %u is borrowed, not received", i);
        received += world.page[i].owner == vm(B);
    }
    EXPECT(did(0) ? received == 2 : received == 0, "%u pages are received, and the call says %d",
           received, (int32_t)world.replies[0][0].x[2]);
    expect_frames_returned();
    grant_revive(LENDER);
    grant_revive(B);
}

static void check_next_life(void)
{
    EXPECT(is_refused(0, FFA_INVALID_PARAMETERS),
           "the next life retrieves what was granted before");
    EXPECT(did(1), "what nobody has cannot be reclaimed");
    expect_rest_returned();
}

/* The receiver, of which nothing is left, had it, or the giver still has. */
static void check_donate_receiver_ends(void)
{
    grant_tell_outcome();
    world.grants.preempts = false;
    EXPECT(vm(LENDER)->is_gone ||
               (world.page[FIRST].owner == NULL) == (world.page[SECOND].owner == NULL),
           "a gift is given by half");
    reclaim_rest();
    expect_usable_again(&lend_third);
}

static void check_rest(void)
{
    expect_rest_returned();
}

/* Whoever lends to a VM that ends gets it all back. */
static void check_borrower_ends(void)
{
    EXPECT(!is_held_by(B), "a VM that has ended holds memory");
    EXPECT(did(1) || is_refused(1, FFA_DENIED), "reclaim is refused with %d",
           (int32_t)world.replies[1][0].x[2]);
    expect_rest_returned();
}

/* --- The suite ------------------------------------------------------------ */

#define END_TEST(title, start, rule, more, ...) \
    {                                           \
        .explore = {.name = (title),            \
                    .threads = {__VA_ARGS__},   \
                    .set_up = (start),          \
                    .check = (rule),            \
                    WORLD_STATE},               \
        .also = (more),                         \
    }

static const struct interleave_test tests[] = {
    /* The lender ends. */
    END_TEST("memory_end_lender_retrieve", set_up_lent, check_retrieve_lender_ends, ALSO_SLEEP_SETS,
             {"retrieve", retrieve}, {"destroy lender", destroy_lender}),
    END_TEST("memory_reset_lender_retrieve", set_up_lent_in_pieces, check_retrieve_lender_ends,
             ALSO_SLEEP_SETS, {"retrieve", retrieve}, {"reset lender", reset_lender}),
    END_TEST("memory_end_lender_held", set_up_held, check_relinquished, ALSO_SLEEP_SETS,
             {"relinquish", relinquish_zero}, {"destroy lender", destroy_lender}),
    END_TEST("memory_end_lender_of_two", set_up_held_by_two_in_pieces, check_relinquished_by_two, 0,
             {"B relinquishes", relinquish_zero}, {"C relinquishes", c_writes_and_relinquishes},
             {"destroy lender", destroy_lender}),
    END_TEST("memory_end_lender_sends", set_up_vms_in_pieces, check_rest, 0,
             {"send", send_and_leaves}, {"retrieve", retrieve},
             {"destroy lender", stop_and_destroy_lender}),
    END_TEST("memory_reset_lender_reclaims", set_up_lent_in_pieces, check_rest, 0,
             {"reclaim", reclaim_zero_and_leaves}, {"retrieve", retrieve},
             {"reset lender", stop_and_reset_lender}),
    END_TEST("memory_reset_look", set_up_lent, check_rest, ALSO_SLEEP_SETS, {"look", look},
             {"reset lender", reset_lender}),
    END_TEST("memory_end_lender_fragments", set_up_fragment_in_pieces, check_rest, 0,
             {"fragment", send_rest_and_leaves}, {"retrieve", retrieve_fragments},
             {"destroy lender", stop_and_destroy_lender}),
    /* A borrower ends. */
    END_TEST("memory_end_borrower_held", set_up_held, check_borrower_ends, ALSO_SLEEP_SETS,
             {"destroy B", destroy_b}, {"reclaim", reclaim}),
    END_TEST("memory_end_borrower_retrieves", set_up_lent_in_pieces, check_borrower_ends, 0,
             {"retrieve", retrieve_zero_after_and_leaves}, {"reclaim", reclaim},
             {"destroy B", stop_and_destroy_b}),
    END_TEST("memory_reset_borrower_leaves", set_up_held_in_pieces, check_borrower_ends, 0,
             {"relinquish", relinquish_zero_and_leaves}, {"reclaim", reclaim},
             {"reset B", stop_and_reset_b}),
    END_TEST("memory_reset_borrower_granted", set_up_lent, check_next_life, ALSO_SLEEP_SETS,
             {"reset B, retrieve", reset_b_and_retrieve}, {"reclaim", reclaim}),
    END_TEST("memory_end_borrower_of_two", set_up_held_by_two_in_pieces, check_rest, 0,
             {"B relinquishes", relinquish_zero_and_leaves},
             {"C relinquishes", c_writes_and_relinquishes}, {"destroy B", stop_and_destroy_b}),
    /* Both end. */
    END_TEST("memory_end_both", set_up_lent_in_pieces, check_rest, 0,
             {"retrieve, destroy B", retrieve_and_destroy_b}, {"stop B", stop_b},
             {"destroy lender", destroy_lender}),
    /* Something is given. */
    END_TEST("memory_end_giver", set_up_donated, check_donate_giver_ends, ALSO_SLEEP_SETS,
             {"retrieve", retrieve_donated}, {"destroy giver", destroy_lender}),
    END_TEST("memory_reset_giver", set_up_donated_in_pieces, check_donate_giver_ends,
             ALSO_SLEEP_SETS, {"retrieve", retrieve_donated}, {"reset giver", reset_lender}),
    END_TEST("memory_end_receiver", set_up_donated_in_pieces, check_donate_receiver_ends, 0,
             {"retrieve", retrieve_donated_and_leaves}, {"reclaim", reclaim},
             {"destroy receiver", stop_and_destroy_b}),
    END_TEST("memory_end_gift", set_up_donated_in_pieces, check_donate_receiver_ends, 0,
             {"retrieve, destroy receiver", retrieve_donated_and_destroy_b}, {"stop", stop_b},
             {"destroy giver", destroy_lender}),
};

const struct interleave_suite memory_end_suite = {tests, sizeof(tests) / sizeof(tests[0])};
