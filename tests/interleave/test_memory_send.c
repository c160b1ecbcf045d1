/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls by which a VM grants memory, while its vCPUs also reclaim, send fragments, and change
 * their buffers: of two that want one page one gets it, and a transaction is one vCPU's at a time.
 */
#include "loans.h"
#include "tests.h"

#define BUFFER 4u /* a page of the lender's that may become a buffer; C does without it */

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

/* --- Setting up ----------------------------------------------------------- */

static void set_up_sharing(void)
{
    loan_set_up_vms(2, 4);
    world.grants.is_shared = true;
    frames_give(loan_vm(LENDER), 1u << BUFFER | 1u << (BUFFER + 1));
}

static void set_up_two_grants(void)
{
    set_up_sharing();
    world.grants.handle = grant_must_send(&share_first);
}

static void set_up_shared_buffer(void)
{
    set_up_sharing();
    world.grants.handle = grant_must_send(&share_buffer);
}

static void set_up_no_room_to_send(void)
{
    loan_set_up();
    grant_must_reclaim(LENDER, loan_handle());
    world.grants.handle += 1ull << 16; /* of the next */
    world.grants.preempts = true;
    world.grants.no_room = 1u << SECOND;
}

static void set_up_fragment(void)
{
    struct parley_regs reply;

    loan_set_up_vms(1, 2);
    world.grants.is_shared = true;
    reply = grant_send(0, &share_fragments);
    EXPECT(reply.x[0] == FFA_MEM_FRAG_RX, "no further fragment is asked for");
    world.grants.handle = grant_handle(&reply);
}

/* Nothing is sent yet; the handle of what will be is known all the same. */
static void set_up_fragments(void)
{
    set_up_fragment();
    grant_must_reclaim(LENDER, loan_handle());
    world.grants.handle += 1ull << 16;
    world.grants.preempts = true;
}

static void set_up_fragment_in_pieces(void)
{
    set_up_fragment();
    world.grants.preempts = true;
}

/* --- What a vCPU does ----------------------------------------------------- */

static void share_first_0(void)
{
    *loan_reply(0) = grant_send(0, &share_first);
}

static void share_second_1(void)
{
    *loan_reply(0) = grant_send(1, &share_second);
}

static void share_third_1(void)
{
    *loan_reply(0) = grant_send(1, &share_third);
}

static void share_buffer_0(void)
{
    *loan_reply(0) = grant_send(0, &share_buffer);
}

static void unmap_map_1(void)
{
    *loan_reply(0) = WORLD_CALL(loan_vm(LENDER)->vm, 1, FFA_RXTX_UNMAP);
    *loan_reply(1) = world_map(loan_vm(LENDER)->vm, 1, BUFFER, BUFFER + 1);
}

static void send_lent(void)
{
    *loan_reply(0) = grant_send(0, &loan);
}

static void reclaim_1(void)
{
    *loan_reply(0) = grant_reclaim(LENDER, 1, loan_handle(), FFA_MEM_RECLAIM_ZERO);
}

static void send_first_0(void)
{
    *loan_reply(0) = grant_send(0, &share_fragments);
}

static void send_rest_0(void)
{
    *loan_reply(0) = grant_send_rest(0, &share_fragments, loan_handle());
}

static void send_rest_1(void)
{
    *loan_reply(0) = grant_send_rest(1, &share_fragments, loan_handle());
}

static void retrieve_fragments(void)
{
    *loan_reply(0) = grant_retrieve(B, 0, &share_fragments, loan_handle(), 0);
}

/* --- Rules ---------------------------------------------------------------- */

static void check_shares(void)
{
    EXPECT(loan_did(0) != loan_did(1), "a page is granted twice, or not at all");
    for (unsigned int i = 0; i < 2; i++) {
        EXPECT(loan_did(i) || loan_refused(i, FFA_BUSY) || loan_refused(i, FFA_DENIED),
               "the other is refused with %d", (int32_t)world.replies[i][0].x[2]);
    }
    loan_expect_returned(loan_did(0) ? &share_first : &share_second);
}

static void check_share_map(void)
{
    bool is_mapped = succeeded(&world.replies[1][1]);

    EXPECT(!loan_did(0) || !is_mapped, "a page is granted, and a buffer");
    EXPECT(loan_did(0) || is_mapped || !loan_did(1), "a page is neither");
    if (is_mapped) { /* guests of this file loan_look for their buffers where they were at first */
        (void)WORLD_CALL(loan_vm(LENDER)->vm, 1, FFA_RXTX_UNMAP);
    }
    grant_revive(LENDER);
    loan_expect_returned(&share_first);
}

/* The second grant may use the places of the first, or not. */
static void check_send_reclaim(void)
{
    EXPECT(loan_did(0) && loan_did(1), "two transactions of one VM are in each other's way");
    grant_tell_outcome();
    grant_must_reclaim(LENDER, grant_handle(&world.replies[1][0]));
    expect_usable_again(&share_first);
}

static void check_reclaim_map(void)
{
    EXPECT(loan_did(0), "what nobody has cannot be reclaimed");
    EXPECT(succeeded(&world.replies[1][1]) || refused(&world.replies[1][1], FFA_INVALID_PARAMETERS),
           "a granted page is refused as a buffer, and not with INVALID_PARAMETERS");
    if (succeeded(&world.replies[1][1])) {
        (void)WORLD_CALL(loan_vm(LENDER)->vm, 1, FFA_RXTX_UNMAP);
    }
    grant_revive(LENDER);
    loan_expect_returned(&share_first);
}

static void check_no_room_to_send(void)
{
    EXPECT(loan_refused(0, FFA_NO_MEMORY),
           "the hypervisor has no room, and the call does not say so");
    EXPECT(!loan_did(1), "what is not granted is retrieved");
    EXPECT(!loan_did(2), "what is not granted is reclaimed");
    loan_expect_returned(&loan);
}

static void check_fragments(void)
{
    EXPECT(!loan_did(0) || !loan_did(1), "a fragment is taken twice");
    loan_expect_returned(&share_first);
}

static void check_begin(void)
{
    EXPECT(loan_did(0), "what nobody else sends is not begun: %d",
           (int32_t)world.replies[0][0].x[2]);
    EXPECT(loan_did(1) || loan_refused(1, FFA_INVALID_PARAMETERS) || loan_refused(1, FFA_BUSY),
           "a fragment is refused with %d", (int32_t)world.replies[1][0].x[2]);
    loan_expect_returned(&share_first);
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
    MEMORY_TEST("memory_share_share", set_up_sharing, check_shares, ALSO_SLEEP_SETS,
                {"share", share_first_0}, {"share'", share_second_1}),
    MEMORY_TEST("memory_share_map", set_up_sharing, check_share_map, ALSO_SLEEP_SETS,
                {"share", share_buffer_0}, {"unmap, map", unmap_map_1}),
    MEMORY_TEST("memory_send_reclaim", set_up_two_grants, check_send_reclaim,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"reclaim", loan_reclaim},
                {"share", share_third_1}),
    MEMORY_TEST("memory_reclaim_map", set_up_shared_buffer, check_reclaim_map, ALSO_SLEEP_SETS,
                {"reclaim", loan_reclaim}, {"unmap, map", unmap_map_1}),
    MEMORY_TEST("memory_no_room_to_send", set_up_no_room_to_send, check_no_room_to_send, 0,
                {"lend", send_lent}, {"retrieve", loan_retrieve}, {"reclaim", reclaim_1}),
    MEMORY_TEST("memory_fragments", set_up_fragment, check_fragments, ALSO_SLEEP_SETS,
                {"fragment", send_rest_0}, {"fragment'", send_rest_1},
                {"retrieve", retrieve_fragments}),
    MEMORY_TEST("memory_fragments_begin", set_up_fragments, check_begin, ALSO_SLEEP_SETS,
                {"first fragment", send_first_0}, {"fragment", send_rest_1},
                {"reclaim", loan_reclaim}),
    MEMORY_TEST("memory_fragments_reclaim", set_up_fragment_in_pieces, check_fragments,
                ALSO_SLEEP_SETS, {"fragment", send_rest_0}, {"fragment'", send_rest_1},
                {"reclaim", loan_reclaim}),
};

const struct interleave_suite memory_send_suite = {tests, sizeof(tests) / sizeof(tests[0])};
