/* SPDX-License-Identifier: BSD-3-Clause */
/* An SPMC that lies about memory: what comes of it to the guest, to its pages, to the operator. */
#include "memory.h"

/* So many SMCs are enough for a send that fails, whatever the SPMC says. */
#define SMCS_ENOUGH 40u

static struct grant pages_to_echo(void)
{
    struct grant grant = share_with(vm_a, ECHO, 0, 0);

    of_singles(&grant, vm_a, 8);
    return grant;
}

/* With a borrower of the Normal world, nothing of it goes to the SPMC, which lies on. */
static void expect_vms_work(void)
{
    struct grant grant = share_with(vm_a, 2, page_of(vm_a, 40), 2);
    uint64_t handle = sent(vm_a, SHARE, &grant);

    retrieved(vm_b, &grant, handle);
    assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
}

/*
 * The send fails with a status of FF-A's, after few SMCs; and its pages are the VM's again, or are
 * in quarantine, which the operator knows.
 */
static void expect_failed_send(void)
{
    const struct grant grant = pages_to_echo();
    unsigned int lost;
    int32_t status;

    posix_smc_clear();
    status = grant_send(vm_a, SHARE, &grant).status;
    assert_true(status < 0 && status >= FFA_NO_DATA);
    assert_true(posix_smc_count() <= SMCS_ENOUGH);
    lost = transactions_in(vm_a, PARLEY_TRANSACTION_QUARANTINED);
    assert_int_equal(posix_vm_holdings(vm_a).granted, lost * 8);
    assert_int_equal(posix_event_count(PARLEY_EVENT_MEMORY_QUARANTINED), lost);
    expect_vms_work();
}

/* What is lost is lost; else the SPMC can be granted the same pages again. */
static void end_of_a_liar(void)
{
    no_more_lies();
    if (transactions_in(vm_a, PARLEY_TRANSACTION_QUARANTINED) == 0) {
        const struct grant grant = pages_to_echo();
        uint64_t handle = sent_to_sp(vm_a, SHARE, &grant);

        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
        expect_nothing_granted(vm_a);
        assert_true(rig_stop());
    } else {
        assert_true(end_with_what_is_lost(vm_a) <= 8);
    }
}

static void check_lie(struct spmc_lie lie)
{
    lying_start(&lie, 1);
    expect_failed_send();
    end_of_a_liar();
}

/* Offsets in the SPMC's FFA_MEM_FRAG_RX, which only a send of several fragments sees. */
static void check_fragments(struct spmc_lie lie)
{
    const struct grant *grant;
    struct grant pages;
    struct answer answer;
    uint32_t total;

    lying_start(&lie, 1);
    pages = pages_to_echo();
    grant = &pages;
    total = grant_write(vm_a, grant, described);
    posix_smc_clear();
    answer = send_bytes(vm_a, SHARE, described, total, 96);
    assert_true(answer.status < 0 && answer.status >= FFA_NO_DATA);
    assert_true(posix_smc_count() <= SMCS_ENOUGH);
    if (transactions_in(vm_a, PARLEY_TRANSACTION_QUARANTINED) == 0) {
        assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
    }
    expect_vms_work();
    end_of_a_liar();
}

static void check_more(uint32_t number, uint32_t value)
{
    check_fragments(spmc_lie_frag_rx(FFA_MEM_SHARE_32, number, value));
}

static void K1_reclaim_fraglen_trusted(void **state)
{
    static const uint32_t offsets[] = {0, 1, 16, 0x100, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff};

    (void)state;
    for (size_t i = 0; i < COUNT(offsets); i++) {
        check_more(3, offsets[i]);
    }
    check_fragments(spmc_lie_enough(FFA_MEM_SHARE_32));
}

/* Whose it is, as the SPMC says. */
static void A5_rpc_size_refetch(void **state)
{
    (void)state;
    check_more(4, 2u << 16);
    check_more(4, 0xffff0000);
}

/* "More" where there is no more; and a status that is none. */
static void K2_positive_error(void **state)
{
    static const int32_t statuses[] = {1, 0, 5, -10, -100, INT32_MAX, INT32_MIN};

    (void)state;
    check_lie(spmc_lie_more(FFA_MEM_SHARE_32));
    for (size_t i = 0; i < COUNT(statuses); i++) {
        check_lie(spmc_lie_status(FFA_MEM_SHARE_32, statuses[i]));
    }
    check_lie(spmc_lie_answer(FFA_MEM_SHARE_32, FFA_INTERRUPT));
    check_lie(spmc_lie_answer(FFA_MEM_SHARE_32, FFA_MEM_FRAG_TX));
    check_lie(spmc_lie_answer(FFA_MEM_SHARE_32, FFA_MEM_FRAG_RX));
    check_lie(spmc_lie_answer(FFA_MEM_SHARE_32, 0));
}

/* A handle that it cannot give: the share fails, and what was granted before is as it was. */
static void check_handle(const struct spmc_lie *lies, unsigned int count)
{
    struct spmc_lie later[2];
    struct grant first;
    uint64_t handle;

    for (unsigned int i = 0; i < count; i++) {
        later[i] = spmc_lie_only(lies[i], 2, 1);
    }
    lying_start(later, count);
    first = share_with(vm_a, ECHO, page_of(vm_a, 50), 3);
    handle = sent_to_sp(vm_a, SHARE, &first);
    {
        const struct grant grant = pages_to_echo();
        const int32_t status = grant_send(vm_a, SHARE, &grant).status;

        assert_true(status < 0 && status >= FFA_NO_DATA);
    }
    assert_int_equal(transactions_in(vm_a, PARLEY_TRANSACTION_QUARANTINED), 1);
    assert_int_equal(posix_event_count(PARLEY_EVENT_MEMORY_QUARANTINED), 1);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 3 + 8);
    assert_int_equal(transactions_in(vm_a, PARLEY_TRANSACTION_ACTIVE), 1);
    assert_int_equal(sp_retrieve(vm_a, ECHO, handle, 1, DATA_RW).word[1], 3);
    assert_int_equal(sp_relinquish(vm_a, ECHO, handle), FFA_OK);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    expect_vms_work();
    assert_int_equal(posix_vm_holdings(vm_a).granted, 8);
    assert_int_equal(end_with_what_is_lost(vm_a), 8);
}

static void F21_handle_not_validated(void **state)
{
    (void)state;
    check_handle(LIES(spmc_lie_handle_half(FFA_MEM_SHARE_32, true, 0x80000000, 0x80000000)));
    check_handle(LIES(spmc_lie_handle_half(FFA_MEM_SHARE_32, true, 0xffffffff, 0xffffffff),
                      spmc_lie_handle_half(FFA_MEM_SHARE_32, false, 0xffffffff, 0xffffffff)));
    check_handle(LIES(spmc_lie_handle_of_another(FFA_MEM_SHARE_32)));
}

MEMORY_SECTION(museum_memory_lies, TEST(A5_rpc_size_refetch), TEST(K1_reclaim_fraglen_trusted),
               TEST(K2_positive_error), TEST(F21_handle_not_validated))
