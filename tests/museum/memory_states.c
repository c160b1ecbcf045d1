/* SPDX-License-Identifier: BSD-3-Clause */
/* Transactions on their way: fragments, retrieval, relinquishing, and who takes what back when. */
#include "memory.h"

#define RANGES 8u

/* The first fragment of a grant of RANGES single pages; the rest is in `described`. */
static struct answer begin(uint32_t fid, struct grant *grant, uint32_t *first, uint32_t *total)
{
    struct answer answer;

    of_singles(grant, vm_a, RANGES);
    *total = grant_write(vm_a, grant, described);
    *first = *total - (RANGES - 1) * 16;
    answer = send_raw(fid, *total, *first);
    assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
    return answer;
}

static struct answer go_on(uint64_t handle, uint32_t from, uint32_t count)
{
    memcpy(posix_vm_at(vm_a, tx_ipa(vm_a)), described + from, count);
    return CALL(vm_a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, count, 0);
}

/* --- Fragments
 * ------------------------------------------------------------------------------------ */

/* What is not complete ends when its lender wants it back, and nobody else has anything of it. */
static void F5_reclaim_incomplete_transaction(void **state)
{
    static const uint16_t receivers[] = {2, ECHO};

    (void)state;
    for (unsigned int i = 0; i < 2 * RANGES - 2; i++) {
        struct grant grant;
        uint64_t handle;
        uint32_t first;
        uint32_t total;

        start_secure(&posix_spmc_1_2);
        grant = share_with(vm_a, receivers[i % 2], 0, 0);
        handle = handle_of(&(struct answer[]){begin(SHARE, &grant, &first, &total)}[0]);
        for (unsigned int k = 0; k < i / 2; k++) {
            assert_int_equal(go_on(handle, first + 16 * k, 16).fid, FFA_MEM_FRAG_RX);
        }
        assert_int_equal(retrieve(vm_b, &grant, handle).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(relinquish(vm_b, handle, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(reclaim(vm_b, handle, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(transactions_in(vm_a, PARLEY_TRANSACTION_BUILDING), 1);
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
        assert_int_equal(transactions_in(vm_a, PARLEY_TRANSACTION_FREE), 8);
        expect_nothing_granted(vm_a);
        assert_int_equal(go_on(handle, first, 16).status, FFA_INVALID_PARAMETERS);
        assert_true(rig_stop());
    }
}

static void F6_frag_success_too_early(void **state)
{
    static const uint16_t receivers[] = {2, ECHO};

    (void)state;
    for (size_t to = 0; to < COUNT(receivers); to++) {
        struct grant grant;
        struct answer answer;
        uint64_t handle;
        uint32_t first;
        uint32_t total;

        start_secure(&posix_spmc_1_2);
        grant = share_with(vm_a, receivers[to], 0, 0);
        answer = begin(SHARE, &grant, &first, &total);
        handle = handle_of(&answer);
        for (uint32_t at = first; at < total; at += 16) {
            assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
            assert_true(handle_of(&answer) == handle);
            assert_int_equal(answer.regs.x[3], at);
            assert_int_equal(retrieve(vm_b, &grant, handle).status, FFA_INVALID_PARAMETERS);
            answer = go_on(handle, at, 16);
        }
        assert_int_equal(answer.fid, FFA_SUCCESS_32);
        assert_true(handle_of(&answer) == handle);
        if (receivers[to] == 2) {
            retrieved(vm_b, &grant, handle);
            assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
        }
        expect_accepted(&answer);
        assert_true(rig_stop());
    }
}

/* Of a retrieval there is one piece; of a send, a fragment is what follows, of who has the handle.
 */
static void F7_frag_offset_arbitrary(void **state)
{
    struct grant grant;
    struct answer answer;
    uint64_t handle;
    uint32_t first;
    uint32_t total;

    (void)state;
    start_secure(NULL);
    grant = share_with(vm_a, 2, 0, 0);
    answer = begin(SHARE, &grant, &first, &total);
    handle = handle_of(&answer);
    for (uint32_t offset = 0; offset <= total + 16; offset += 8) {
        assert_int_equal(
            CALL(vm_a, FFA_MEM_FRAG_RX, (uint32_t)handle, handle >> 32, offset, 0).status,
            FFA_NOT_SUPPORTED);
    }
    assert_int_equal(CALL(vm_a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 16, 1).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(
        CALL(vm_a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 16, 1u << 16).status,
        FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(vm_a, FFA_MEM_FRAG_TX, (uint32_t)handle ^ 1, handle >> 32, 16, 0).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(vm_b, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 16, 0).status,
                     FFA_INVALID_PARAMETERS);
    answer = go_on(handle, first, total - first);
    assert_int_equal(answer.status, FFA_OK);
    retrieved(vm_b, &grant, handle);
    for (uint32_t offset = 0; offset <= total; offset += 16) {
        assert_int_equal(
            CALL(vm_b, FFA_MEM_FRAG_RX, (uint32_t)handle, handle >> 32, offset, 0).status,
            FFA_NOT_SUPPORTED);
    }
    assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
    expect_accepted(&answer);
}

/* The SPMC is told in each fragment whose it is. */
static void F8_frag_sender_missing(void **state)
{
    struct grant grant;
    struct answer answer;
    uint32_t first;
    uint32_t total;
    unsigned int fragments = 0;

    (void)state;
    start_secure(&posix_spmc_1_2);
    grant = share_with(vm_a, ECHO, 0, 0);
    answer = begin(SHARE, &grant, &first, &total);
    for (uint32_t at = first; at < total; at += 16) {
        answer = go_on(handle_of(&answer), at, 16);
    }
    assert_int_equal(answer.status, FFA_OK);
    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        const struct posix_smc *smc = posix_smc_at(i);

        if ((uint32_t)smc->call.x[0] == FFA_MEM_FRAG_TX) {
            fragments++;
            assert_int_equal(smc->call.x[4], 1u << 16);
            assert_int_equal(smc->call.x[1], ffa_handle_low(handle_of(&answer)));
            assert_int_equal(smc->call.x[2], ffa_handle_high(handle_of(&answer)));
        }
    }
    assert_true(fragments >= 1);
    expect_accepted(&answer);
}

/* --- The ways back
 * -------------------------------------------------------------------------------- */

static struct posix_vm *rival;
static uint64_t rivals_handle;
static int32_t rivals_status;
static unsigned int rivals_tries;
static unsigned int rivals_reclaiming;

static void reclaim_too(void *context)
{
    (void)context;
    if (rivals_tries++ == 0) {
        rivals_reclaiming = transactions_in(rival, PARLEY_TRANSACTION_RECLAIMING);
        rivals_status =
            CALL_ON(rival, 1, FFA_MEM_RECLAIM, (uint32_t)rivals_handle, rivals_handle >> 32, 0)
                .status;
    }
}

static void reclaim_in_pieces(uint16_t receiver)
{
    struct grant grant;
    struct answer answer;

    start_secure(&posix_spmc_1_2);
    posix_preempt(POSIX_PREEMPT_ALWAYS);
    grant = share_with(vm_a, receiver, 0, 0);
    of_singles(&grant, vm_a, 4);
    answer = grant_send(vm_a, SHARE, &grant);
    rival = vm_a;
    rivals_handle = handle_of(&answer);
    rivals_tries = 0;
    posix_smc_clear();
    posix_between_pieces(reclaim_too, NULL);
    call_among_others = true;
    assert_int_equal(reclaim(vm_a, rivals_handle, 0), FFA_OK);
    call_among_others = false;
    posix_between_pieces(NULL, NULL);
    assert_true(rivals_tries > 0);
    assert_true(smcs_of(FFA_MEM_RECLAIM) == (receiver == ECHO));
    assert_int_equal(reclaim(vm_a, rivals_handle, 0), FFA_INVALID_PARAMETERS);
    expect_nothing_granted(vm_a);
}

static void F10_double_reclaim(void **state)
{
    (void)state;
    reclaim_in_pieces(2);
    assert_int_equal(rivals_status, FFA_DENIED);
    assert_true(rig_stop());
    reclaim_in_pieces(ECHO);
    assert_int_equal(rivals_status, FFA_DENIED);
}

static void F11_reclaim_failure_visibility(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    reclaim_in_pieces(2);
    assert_int_equal(rivals_reclaiming, 1);
    assert_true(rig_stop());
    reclaim_in_pieces(ECHO);
    assert_int_equal(rivals_reclaiming, 1);
    assert_true(rig_stop());

    /* One that is refused is as it was. */
    start_secure(&posix_spmc_1_2);
    grant = share_with(vm_a, ECHO, page_of(vm_a, 8), 2);
    handle = sent_to_sp(vm_a, SHARE, &grant);
    assert_int_equal(sp_retrieve(vm_a, ECHO, handle, 1, DATA_RW).status, FFA_OK);
    for (unsigned int i = 0; i < 3; i++) {
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_DENIED);
        assert_int_equal(transactions_in(vm_a, PARLEY_TRANSACTION_ACTIVE), 1);
        assert_int_equal(posix_vm_holdings(vm_a).granted, 2);
    }
    assert_int_equal(sp_relinquish(vm_a, ECHO, handle), FFA_OK);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    expect_nothing_granted(vm_a);
}

/* Each of share, lend, donate: not retrieved, retrieved, given back. */
static void F12_reclaim_after_donate(void **state)
{
    static const uint32_t kinds[] = {SHARE, LEND, DONATE};
    struct grant grants[3];

    (void)state;
    start_secure(NULL);
    grants[0] = share_with(vm_a, 2, page_of(vm_a, 8), 2);
    grants[1] = lend_to(vm_a, 2, page_of(vm_a, 8), 2);
    grants[2] = give_to(vm_a, 2, page_of(vm_a, 8), 2);
    for (unsigned int kind = 0; kind < 3; kind++) {
        const bool is_gift = kinds[kind] == DONATE;
        uint64_t handle = sent(vm_a, kinds[kind], &grants[kind]);

        assert_int_equal(relinquish(vm_b, handle, 0), FFA_DENIED);
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
        expect_nothing_granted(vm_a);
        handle = sent(vm_a, kinds[kind], &grants[kind]);
        retrieved(vm_b, &grants[kind], handle);
        assert_int_equal(reclaim(vm_a, handle, 0), is_gift ? FFA_INVALID_PARAMETERS : FFA_DENIED);
        assert_int_equal(relinquish(vm_b, handle, 0), is_gift ? FFA_INVALID_PARAMETERS : FFA_OK);
        assert_int_equal(reclaim(vm_a, handle, 0), is_gift ? FFA_INVALID_PARAMETERS : FFA_OK);
        assert_int_equal(posix_vm_holdings(vm_a).own, RIG_VM_PAGES - (is_gift ? 2 : 0));
    }
    /* What was given away comes back with the next life. */
    posix_vm_reset(vm_a);
    expect_nothing_granted(vm_a);
}

/* The count in the descriptor, and the ranges that there are; and what is taken is let go. */
static void F22_range_count_two_sources(void **state)
{
    struct parley_config config = rig_memory_config;
    struct grant grant;
    uint32_t total;

    (void)state;
    config.ranges_max = RANGES;
    rig_start_with(NULL, &config);
    posix_preempt(in_pieces ? POSIX_PREEMPT_ALWAYS : POSIX_PREEMPT_NEVER);
    vm_a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    vm_b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
    for (unsigned int i = 0; i < 200; i++) {
        grant = share_with(vm_a, 2, 0, 0);
        of_singles(&grant, vm_a, RANGES);
        total = grant_write(vm_a, &grant, described);
        put(COMPOSITE + 4, i % 2 == 0 ? RANGES - 1 : RANGES + 1, 4);
        expect_refused(total, total);
        grant_write(vm_a, &grant, described);
        put(RANGE + 16 * (i % RANGES), page_of(vm_a, 100), 8);
        assert_int_equal(send_raw(SHARE, total, total).status, FFA_DENIED);
        assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
    }
    for (unsigned int i = 0; i < 3; i++) {
        uint64_t handle = sent(vm_a, SHARE, &grant);

        assert_int_equal(posix_vm_holdings(vm_a).granted, RANGES);
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    }
    expect_nothing_granted(vm_a);
}

MEMORY_SECTION(museum_memory_states, TEST(F5_reclaim_incomplete_transaction),
               TEST(F6_frag_success_too_early), TEST(F7_frag_offset_arbitrary),
               TEST(F8_frag_sender_missing), TEST(F10_double_reclaim),
               TEST(F11_reclaim_failure_visibility), TEST(F12_reclaim_after_donate),
               TEST(F22_range_count_two_sources))
