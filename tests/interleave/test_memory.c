/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls by which VMs grant each other memory, while all VMs live. The hooks see to it that no
 * page is used by two who may not; what is left must be as after some order of whole calls, and be
 * of use again.
 */
#include "grants.h"
#include "tests.h"

#include <string.h>

#define LENDER 1u
#define B      2u
#define C      3u

#define FIRST  7u /* frames of the lender's that are nothing else */
#define SECOND 8u
#define THIRD  9u
#define BUFFER 4u /* a page of the lender's that may become a buffer; C does without it */

static const struct grant lend = {
    FFA_MEM_LEND_32, LENDER, {B}, {FIRST, SECOND}, 2, 0,
};
static const struct grant donate = {
    FFA_MEM_DONATE_32, LENDER, {B}, {FIRST, SECOND}, 2, 0,
};
static const struct grant donate_on = {
    FFA_MEM_DONATE_32, B, {C}, {FIRST, SECOND}, 2, 0,
};
static const struct grant lend_third = {
    FFA_MEM_LEND_32, LENDER, {B}, {THIRD}, 1, 0,
};
static const struct grant lend_to_two = {
    FFA_MEM_LEND_32, LENDER, {B, C}, {FIRST}, 1, 0,
};
static const struct grant share_fragments = {
    FFA_MEM_SHARE_32, LENDER, {B}, {FIRST, SECOND}, 2, 1,
};
static const struct grant share_first = {
    FFA_MEM_SHARE_32, LENDER, {B}, {FIRST, SECOND}, 2, 0,
};
static const struct grant share_second = {
    FFA_MEM_SHARE_32, LENDER, {B}, {THIRD, SECOND}, 2, 0,
};
static const struct grant share_third = {
    FFA_MEM_SHARE_32, LENDER, {B}, {THIRD}, 1, 0,
};
static const struct grant share_buffer = {
    FFA_MEM_SHARE_32, LENDER, {B}, {BUFFER}, 1, 0,
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

static void set_up_vms(unsigned int transactions)
{
    world_begin_memory(transactions, 2 * transactions);
    grant_create_vm(LENDER, 2);
    grant_create_vm(B, 2);
    frames_give(vm(LENDER), 1u << FIRST | 1u << SECOND | 1u << THIRD);
    world.page[FIRST].content = 1;
    world.page[SECOND].content = 1;
}

static void set_up_sharing(void)
{
    set_up_vms(2);
    world.grants.is_shared = true;
    frames_give(vm(LENDER), 1u << BUFFER | 1u << (BUFFER + 1));
}

static void set_up_lent(void)
{
    set_up_vms(1);
    world.grants.handle = grant_must_send(&lend);
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

static void set_up_lent_in_pieces(void)
{
    set_up_lent();
    world.grants.preempts = true;
}

/* The hypervisor has no room for the second page. */
static void set_up_no_room(void)
{
    set_up_lent_in_pieces();
    world.grants.no_room = 1u << SECOND;
}

static void set_up_no_room_to_send(void)
{
    set_up_lent();
    grant_must_reclaim(LENDER, handle());
    world.grants.handle += 1ull << 16; /* of the next */
    world.grants.preempts = true;
    world.grants.no_room = 1u << SECOND;
}

static void set_up_two_grants(void)
{
    set_up_sharing();
    world.grants.handle = grant_must_send(&share_first);
}

/* One is held, and fills the window; the other is there to be retrieved. */
static void set_up_full_window(void)
{
    set_up_two_grants();
    grant_must_retrieve(B, &share_first, handle());
    world.grants.next_handle = grant_must_send(&share_third);
}

static void set_up_shared_buffer(void)
{
    set_up_sharing();
    world.grants.handle = grant_must_send(&share_buffer);
}

static void set_up_donated(void)
{
    set_up_vms(1);
    world.grants.handle = grant_must_send(&donate);
}

/* What B was given fills its window. It gives it away, and is lent something else. */
static void set_up_gift_on(void)
{
    set_up_vms(2);
    grant_create_vm(C, 1);
    grant_must_retrieve(B, &donate, grant_must_send(&donate));
    world.grants.next_handle = grant_must_send(&donate_on);
    world.grants.handle = grant_must_send(&lend_third);
}

static void set_up_lent_to_two(void)
{
    set_up_vms(1);
    grant_create_vm(C, 1);
    world.grants.handle = grant_must_send(&lend_to_two);
    world.grants.is_shared = true; /* by the borrowers */
    grant_must_retrieve(B, &lend_to_two, handle());
}

static void set_up_held_by_two(void)
{
    set_up_lent_to_two();
    grant_must_retrieve(C, &lend_to_two, handle());
}

static void set_up_held_by_two_in_pieces(void)
{
    set_up_held_by_two();
    world.grants.preempts = true;
}

static void set_up_fragment(void)
{
    struct parley_regs reply;

    set_up_vms(1);
    world.grants.is_shared = true;
    reply = grant_send(0, &share_fragments);
    EXPECT(reply.x[0] == FFA_MEM_FRAG_RX, "no further fragment is asked for");
    world.grants.handle = grant_handle(&reply);
}

/* Nothing is sent yet; the handle of what will be is known all the same. */
static void set_up_fragments(void)
{
    set_up_fragment();
    grant_must_reclaim(LENDER, handle());
    world.grants.handle += 1ull << 16;
    world.grants.preempts = true;
}

static void set_up_fragment_in_pieces(void)
{
    set_up_fragment();
    world.grants.preempts = true;
}

/* --- What a vCPU does ----------------------------------------------------- */

static struct parley_regs *reply(unsigned int index)
{
    return &world.replies[explore_thread()][index];
}

static void reclaim(void)
{
    *reply(0) = grant_reclaim(LENDER, 0, handle(), 0);
}

static void reclaim_1(void)
{
    *reply(0) = grant_reclaim(LENDER, 1, handle(), FFA_MEM_RECLAIM_ZERO);
}

static void retrieve_lent(void)
{
    *reply(0) = grant_retrieve(B, 0, &lend, handle(), 0);
}

static void retrieve_lent_1(void)
{
    *reply(0) = grant_retrieve(B, 1, &lend, handle(), 0);
}

static void retrieve_donated(void)
{
    *reply(0) = grant_retrieve(B, 0, &donate, handle(), 0);
}

static void relinquish(void)
{
    *reply(0) = grant_relinquish(B, 0, handle(), 0);
}

static void relinquish_1(void)
{
    *reply(0) = grant_relinquish(B, 1, handle(), FFA_MEM_RELINQUISH_ZERO);
}

static void b_relinquishes_zero(void)
{
    *reply(0) = grant_relinquish(B, 0, handle(), FFA_MEM_RELINQUISH_ZERO);
}

static void c_relinquishes(void)
{
    *reply(0) = grant_relinquish(C, 0, handle(), 0);
}

/* And writes something of its own, which nobody may take away. */
static void c_retrieves_and_writes(void)
{
    *reply(0) = grant_retrieve(C, 0, &lend_to_two, handle(), 0);
    if (grant_is_retrieved(reply(0))) {
        frame_write(vm(C), FIRST, 7);
    }
}

static void share_first_0(void)
{
    *reply(0) = grant_send(0, &share_first);
}

static void share_second_1(void)
{
    *reply(0) = grant_send(1, &share_second);
}

static void share_buffer_0(void)
{
    *reply(0) = grant_send(0, &share_buffer);
}

static void unmap_map_1(void)
{
    *reply(0) = WORLD_CALL(vm(LENDER)->vm, 1, FFA_RXTX_UNMAP);
    *reply(1) = world_map(vm(LENDER)->vm, 1, BUFFER, BUFFER + 1);
}

static void send_first_0(void)
{
    *reply(0) = grant_send(0, &share_fragments);
}

static void send_rest_0(void)
{
    *reply(0) = grant_send_rest(0, &share_fragments, handle());
}

static void send_rest_1(void)
{
    *reply(0) = grant_send_rest(1, &share_fragments, handle());
}

static void retrieve_fragments(void)
{
    *reply(0) = grant_retrieve(B, 0, &share_fragments, handle(), 0);
}

static void send_lent(void)
{
    *reply(0) = grant_send(0, &lend);
}

static void share_third_1(void)
{
    *reply(0) = grant_send(1, &share_third);
}

static void c_retrieves_gift(void)
{
    *reply(0) = grant_retrieve(C, 0, &donate_on, world.grants.next_handle, 0);
}

static void b_retrieves_third(void)
{
    *reply(0) = grant_retrieve(B, 0, &lend_third, handle(), 0);
}

static void retrieve_third(void)
{
    *reply(0) = grant_retrieve(B, 0, &share_third, world.grants.next_handle, 0);
}

static void relinquish_first_1(void)
{
    *reply(0) = grant_relinquish(B, 1, handle(), 0);
}

/* What an operator sees agrees with itself. */
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

/* Whatever is left is given back. */
static void expect_returned(const struct grant *grant)
{
    struct parley_transaction_status status;

    grant_tell_outcome();
    world.grants.preempts = false;
    (void)parley_transaction_status(vm(LENDER)->vm, 0, &status);
    if (status.state != PARLEY_TRANSACTION_FREE) {
        EXPECT(status.state == PARLEY_TRANSACTION_ACTIVE ||
                   status.state == PARLEY_TRANSACTION_BUILDING,
               "a transaction is left in state %u", status.state);
        for (unsigned int i = 0; i < status.borrower_count; i++) {
            if (status.borrowers[i].holds) {
                grant_must_relinquish(status.borrowers[i].id, status.handle);
            }
        }
        grant_must_reclaim(LENDER, status.handle);
    }
    expect_usable_again(grant);
}

/* The borrower has it, or the lender: and the other is told so. */
static void check_reclaim_retrieve(void)
{
    EXPECT(did(0) != did(1), "both have it, or neither");
    EXPECT(did(0) || is_refused(0, FFA_DENIED), "what is borrowed cannot be reclaimed: DENIED");
    EXPECT(did(1) || is_refused(1, FFA_DENIED) || is_refused(1, FFA_INVALID_PARAMETERS),
           "what is gone cannot be retrieved");
    expect_returned(&lend);
}

static void check_donate(void)
{
    bool is_given = did(1);

    EXPECT(did(0) != did(1), "both have it, or neither");
    EXPECT(frame_is_usable(vm(B), FIRST) == is_given, "B can use what it was not given");
    EXPECT(frame_is_usable(vm(LENDER), SECOND) == !is_given, "the giver can use what it gave");
    grant_tell_outcome();
    expect_frames_returned();
    if (!is_given) {
        expect_usable_again(&lend);
    }
}

static void check_reclaim_relinquish(void)
{
    EXPECT(did(1), "what is held cannot be given back");
    EXPECT(did(0) || is_refused(0, FFA_DENIED), "reclaim is refused, and not with DENIED");
    expect_returned(&lend);
}

/* Two vCPUs want the same: one gets it. */
static void check_one(void)
{
    EXPECT(did(0) != did(1), "both do it, or neither");
    expect_returned(&lend);
}

/* And the third can have come after it, or not. */
static void check_one_of_two_and_reclaim(void)
{
    EXPECT(!did(0) || !did(1), "both do it");
    EXPECT(did(0) || did(1) || did(2), "nobody does it");
    expect_returned(&lend);
}

static void check_lent(void)
{
    expect_returned(&lend);
}

static void check_zeroed(void)
{
    EXPECT(did(0) && did(1), "what is held cannot be given back");
    EXPECT(world.page[FIRST].content == 0, "nobody zeroes what all have let go");
    expect_returned(&lend_to_two);
}

static void check_written(void)
{
    EXPECT(did(0), "what is held cannot be given back");
    EXPECT(did(1) || is_refused(1, FFA_BUSY), "what is free cannot be retrieved: %d",
           (int32_t)world.replies[1][0].x[2]);
    EXPECT(!did(1) || world.page[FIRST].content == 7, "what a borrower has written is lost");
    expect_returned(&lend_to_two);
}

static void check_shares(void)
{
    EXPECT(did(0) != did(1), "a page is granted twice, or not at all");
    for (unsigned int i = 0; i < 2; i++) {
        EXPECT(did(i) || is_refused(i, FFA_BUSY) || is_refused(i, FFA_DENIED),
               "the other is refused with %d", (int32_t)world.replies[i][0].x[2]);
    }
    expect_returned(did(0) ? &share_first : &share_second);
}

static void check_share_map(void)
{
    bool is_mapped = succeeded(&world.replies[1][1]);

    EXPECT(!did(0) || !is_mapped, "a page is granted, and a buffer");
    EXPECT(did(0) || is_mapped || !did(1), "a page is neither");
    if (is_mapped) { /* guests of this file look for their buffers where they were at first */
        (void)WORLD_CALL(vm(LENDER)->vm, 1, FFA_RXTX_UNMAP);
    }
    grant_revive(LENDER);
    expect_returned(&share_first);
}

static void check_fragments(void)
{
    EXPECT(!did(0) || !did(1), "a fragment is taken twice");
    expect_returned(&share_first);
}

/* The second grant may use the places of the first, or not. */
static void check_send_reclaim(void)
{
    EXPECT(did(0) && did(1), "two transactions of one VM are in each other's way");
    grant_tell_outcome();
    grant_must_reclaim(LENDER, grant_handle(&world.replies[1][0]));
    expect_usable_again(&share_first);
}

static void check_full_window(void)
{
    EXPECT(did(0) || is_refused(0, FFA_NO_MEMORY) || is_refused(0, FFA_BUSY),
           "there is no room, and retrieving is refused with %d",
           (int32_t)world.replies[0][0].x[2]);
    EXPECT(did(1) || is_refused(1, FFA_BUSY), "what is held cannot be given back");
    grant_tell_outcome();
    grant_revive(B);
    if (did(0)) {
        grant_must_relinquish(B, world.grants.next_handle);
    }
    if (!did(1)) {
        grant_must_relinquish(B, handle());
    }
    grant_must_reclaim(LENDER, world.grants.next_handle);
    grant_must_reclaim(LENDER, handle());
    expect_usable_again(&share_first);
}

static void check_reclaim_map(void)
{
    EXPECT(did(0), "what nobody has cannot be reclaimed");
    EXPECT(succeeded(&world.replies[1][1]) || refused(&world.replies[1][1], FFA_INVALID_PARAMETERS),
           "a granted page is refused as a buffer, and not with INVALID_PARAMETERS");
    if (succeeded(&world.replies[1][1])) {
        (void)WORLD_CALL(vm(LENDER)->vm, 1, FFA_RXTX_UNMAP);
    }
    grant_revive(LENDER);
    expect_returned(&share_first);
}

static void check_no_room(void)
{
    EXPECT(is_refused(0, FFA_NO_MEMORY) || is_refused(0, FFA_DENIED) ||
               is_refused(0, FFA_INVALID_PARAMETERS),
           "the hypervisor has no room, and the call does not say so");
    EXPECT(!did(0), "the hypervisor has no room, and it is done");
    expect_returned(&lend);
}

static void check_no_room_to_send(void)
{
    EXPECT(is_refused(0, FFA_NO_MEMORY),
           "the hypervisor has no room, and the call does not say so");
    EXPECT(!did(1), "what is not granted is retrieved");
    EXPECT(!did(2), "what is not granted is reclaimed");
    expect_returned(&lend);
}

static void check_begin(void)
{
    EXPECT(did(0), "what nobody else sends is not begun: %d", (int32_t)world.replies[0][0].x[2]);
    EXPECT(did(1) || is_refused(1, FFA_INVALID_PARAMETERS) || is_refused(1, FFA_BUSY),
           "a fragment is refused with %d", (int32_t)world.replies[1][0].x[2]);
    expect_returned(&share_first);
}

static void check_gift_on(void)
{
    EXPECT(did(0) && world.page[FIRST].owner == vm(C) && world.page[SECOND].owner == vm(C),
           "a gift is not passed on");
    EXPECT(did(1) || is_refused(1, FFA_NO_MEMORY), "the window is full, and the call says %d",
           (int32_t)world.replies[1][0].x[2]);
    expect_returned(&lend_third);
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
    MEMORY_TEST("memory_reclaim_retrieve", set_up_lent, check_reclaim_retrieve,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reclaim", reclaim}, {"retrieve", retrieve_lent}),
    MEMORY_TEST("memory_reclaim_twice", set_up_lent_in_pieces, check_one_of_two_and_reclaim,
                ALSO_SLEEP_SETS, {"reclaim", reclaim}, {"reclaim'", reclaim_1},
                {"retrieve", retrieve_lent}),
    MEMORY_TEST("memory_retrieve_twice", set_up_lent_in_pieces, check_one, ALSO_SLEEP_SETS,
                {"retrieve", retrieve_lent}, {"retrieve'", retrieve_lent_1}),
    MEMORY_TEST("memory_reclaim_relinquish", set_up_held, check_reclaim_relinquish,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reclaim", reclaim}, {"relinquish", relinquish}),
    MEMORY_TEST("memory_relinquish_twice", set_up_held_in_pieces, check_one, ALSO_SLEEP_SETS,
                {"relinquish", relinquish}, {"relinquish'", relinquish_1}),
    MEMORY_TEST("memory_donate_reclaim", set_up_donated, check_donate,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reclaim", reclaim},
                {"retrieve", retrieve_donated}),
    MEMORY_TEST("memory_gift_on", set_up_gift_on, check_gift_on, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"C retrieves", c_retrieves_gift}, {"B retrieves", b_retrieves_third}),
    MEMORY_TEST("memory_zero_of_two", set_up_held_by_two, check_zeroed,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"B relinquishes", b_relinquishes_zero},
                {"C relinquishes", c_relinquishes}, {"reclaim", reclaim}),
    MEMORY_TEST("memory_zero_retrieve", set_up_lent_to_two, check_written, ALSO_SLEEP_SETS,
                {"B relinquishes", b_relinquishes_zero}, {"C retrieves", c_retrieves_and_writes}),
    MEMORY_TEST("memory_zero_in_pieces", set_up_held_by_two_in_pieces, check_zeroed,
                ALSO_SLEEP_SETS, {"B relinquishes", b_relinquishes_zero},
                {"C relinquishes", c_relinquishes}),
    MEMORY_TEST("memory_share_share", set_up_sharing, check_shares, ALSO_SLEEP_SETS,
                {"share", share_first_0}, {"share'", share_second_1}),
    MEMORY_TEST("memory_share_map", set_up_sharing, check_share_map, ALSO_SLEEP_SETS,
                {"share", share_buffer_0}, {"unmap, map", unmap_map_1}),
    MEMORY_TEST("memory_fragments", set_up_fragment, check_fragments, ALSO_SLEEP_SETS,
                {"fragment", send_rest_0}, {"fragment'", send_rest_1},
                {"retrieve", retrieve_fragments}),
    MEMORY_TEST("memory_fragments_begin", set_up_fragments, check_begin, ALSO_SLEEP_SETS,
                {"first fragment", send_first_0}, {"fragment", send_rest_1}, {"reclaim", reclaim}),
    MEMORY_TEST("memory_fragments_reclaim", set_up_fragment_in_pieces, check_fragments,
                ALSO_SLEEP_SETS, {"fragment", send_rest_0}, {"fragment'", send_rest_1},
                {"reclaim", reclaim}),
    MEMORY_TEST("memory_send_reclaim", set_up_two_grants, check_send_reclaim,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reclaim", reclaim}, {"share", share_third_1}),
    MEMORY_TEST("memory_full_window", set_up_full_window, check_full_window, ALSO_SLEEP_SETS,
                {"retrieve", retrieve_third}, {"relinquish", relinquish_first_1}),
    MEMORY_TEST("memory_reclaim_map", set_up_shared_buffer, check_reclaim_map, ALSO_SLEEP_SETS,
                {"reclaim", reclaim}, {"unmap, map", unmap_map_1}),
    MEMORY_TEST("memory_no_room", set_up_no_room, check_no_room, ALSO_SLEEP_SETS,
                {"retrieve", retrieve_lent}, {"reclaim", reclaim}),
    MEMORY_TEST("memory_no_room_to_send", set_up_no_room_to_send, check_no_room_to_send, 0,
                {"lend", send_lent}, {"retrieve", retrieve_lent}, {"reclaim", reclaim_1}),
    MEMORY_TEST("memory_look", set_up_lent_in_pieces, check_lent, ALSO_SLEEP_SETS,
                {"reclaim", reclaim}, {"retrieve", retrieve_lent}, {"look", look}),
};

const struct interleave_suite memory_suite = {tests, sizeof(tests) / sizeof(tests[0])};
