/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that is granted when lives end, when CPUs meet, and when there is much of it. */
#include <pthread.h>
#include <stdatomic.h>

#include "memory.h"

#define NOTIFIER PARTITION_NOTIFIER_ID

/* --- The end of a lender ---------------------------------------------------------------------- */

static unsigned int granted_at_reclaim;
static unsigned int reclaims;
static bool is_told_before;

/* While the SPMC has not said that it lets go, the pages stay where they are. */
static void watching_smc(void *context, struct parley_regs *regs)
{
    const uint32_t fid = (uint32_t)regs->x[0];

    (void)context;
    if (fid == FFA_MEM_RECLAIM) {
        reclaims++;
        granted_at_reclaim = posix_vm_holdings(vm_a).granted;
        is_told_before = smcs_of(FFA_MSG_SEND_DIRECT_REQ_32) != 0;
    }
    posix_smc_secure_world(regs);
}

static uint64_t hold(uint16_t partition, struct grant *grant)
{
    uint64_t handle;

    *grant = lend_to(vm_a, partition, page_of(vm_a, 8), 4);
    handle = sent_to_sp(vm_a, LEND, grant);
    assert_int_equal(sp_retrieve(vm_a, partition, handle, 1, DATA_RW).status, FFA_OK);
    posix_smc_clear();
    reclaims = 0;
    posix_smc_replace(watching_smc, NULL);
    return handle;
}

static void C1_shm_survives_domain(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start_secure(&posix_spmc_1_2);
    hold(NOTIFIER, &grant);
    posix_vm_reset(vm_a);
    posix_smc_replace(NULL, NULL);
    assert_true(reclaims >= 1);
    assert_int_equal(granted_at_reclaim, 4);
    expect_nothing_granted(vm_a);
    assert_true(rig_stop());

    /* One that keeps them, and gives them back when it is asked by another VM. */
    start_secure(&posix_spmc_1_2);
    handle = hold(ECHO, &grant);
    assert_int_equal(posix_vm_go_on(vm_a, parley_vm_destroy(posix_vm_parley(vm_a))),
                     PARLEY_QUARANTINED);
    posix_smc_replace(NULL, NULL);
    assert_int_equal(posix_vm_holdings(vm_a).lost, 4);
    assert_int_equal(posix_vm_go_on(vm_a, parley_quarantine_retry(rig_parley(), 1)),
                     PARLEY_QUARANTINED);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 4);
    assert_int_equal(sp_relinquish(vm_b, ECHO, handle), FFA_OK);
    assert_int_equal(posix_vm_go_on(vm_a, parley_quarantine_retry(rig_parley(), 1)), PARLEY_DONE);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
    posix_vm_forget(vm_a);
}

static void C4_permanent_reclaim_failure_loops(void **state)
{
    static const int32_t statuses[] = {FFA_ABORTED, FFA_INVALID_PARAMETERS, FFA_NOT_SUPPORTED};

    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct grant grant;

        lying_start(LIES(spmc_lie_reclaim(statuses[i], 0)));
        grant = share_with(vm_a, ECHO, page_of(vm_a, 8), 4);
        sent_to_sp(vm_a, SHARE, &grant);
        posix_smc_clear();
        assert_int_equal(posix_vm_go_on(vm_a, parley_vm_destroy(posix_vm_parley(vm_a))),
                         PARLEY_QUARANTINED);
        assert_true(smcs_of(FFA_MEM_RECLAIM) >= 1 && smcs_of(FFA_MEM_RECLAIM) <= 100);
        assert_int_equal(posix_vm_holdings(vm_a).lost, 4);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_QUARANTINED), 1);
        assert_true(posix_event_count(PARLEY_EVENT_MEMORY_QUARANTINED) <= 1);
        no_more_lies();
        assert_int_equal(posix_vm_go_on(vm_a, parley_quarantine_retry(rig_parley(), 1)),
                         PARLEY_DONE);
        assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
        posix_vm_forget(vm_a);
        assert_true(rig_stop());
    }
}

/* Partitions hear of a VM's end first, and what they then give back is still known. */
static void C14_guest_partition_freed_early(void **state)
{
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_2);
    hold(NOTIFIER, &grant);
    posix_vm_destroy(vm_a);
    posix_smc_replace(NULL, NULL);
    assert_true(is_told_before);
    assert_int_equal(posix_event_count(PARLEY_EVENT_MEMORY_QUARANTINED), 0);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VM_QUARANTINED), 0);
}

/* --- Several CPUs ------------------------------------------------------------------------------
 */

static uint64_t ended_handle;
static unsigned int tries;
static struct grant again;

static void grant_again(void *context)
{
    static uint8_t bytes[GRANT_BYTES_MAX];
    const uint32_t total = grant_write(vm_a, &again, bytes);
    struct answer answer;

    (void)context;
    if (tries++ != 0) {
        return;
    }
    memcpy(posix_vm_at(vm_a, tx_ipa(vm_a)), bytes, total);
    answer = CALL_ON(vm_a, 1, SHARE, total, total, 0, 0);
    if (answer.status == FFA_OK) {
        const uint64_t handle = handle_of(&answer);

        answer = CALL_ON(vm_a, 1, FFA_MEM_RECLAIM, (uint32_t)handle, handle >> 32, 0);
        assert_int_equal(answer.status, FFA_OK);
    } else {
        assert_int_equal(answer.status, FFA_DENIED);
    }
}

/* Before the guest is told, its memory may be free already; when it is told, it is. */
static void C10_shm_free_order(void **state)
{
    (void)state;
    start_secure(NULL);
    again = share_with(vm_a, 2, page_of(vm_a, 8), 4);
    for (unsigned int i = 0; i < 50; i++) {
        ended_handle = sent(vm_a, SHARE, &again);
        tries = 0;
        call_among_others = true;
        posix_between_pieces(i == 0 ? grant_again : NULL, NULL);
        assert_int_equal(
            CALL_ON(vm_a, i % 2, FFA_MEM_RECLAIM, (uint32_t)ended_handle, ended_handle >> 32, 0)
                .status,
            FFA_OK);
        posix_between_pieces(NULL, NULL);
        call_among_others = false;
    }
    expect_nothing_granted(vm_a);
    /* As buffers, too. */
    assert_int_equal(CALL(vm_a, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(CALL(vm_a, FFA_RXTX_MAP_64, page_of(vm_a, 8), page_of(vm_a, 9), 1).status,
                     FFA_OK);
}

static atomic_bool over;
static struct grant raced;
static _Atomic uint64_t raced_handle;

static void *borrow(void *argument)
{
    struct posix_vm *vm = argument;

    while (!atomic_load(&over)) {
        const uint64_t handle = atomic_load(&raced_handle);
        const struct retrieved got = retrieve(vm, &raced, handle);

        if (got.status == FFA_OK && relinquish(vm, handle, 0) != FFA_OK) {
            posix_violation("what was retrieved cannot be given back");
        }
    }
    return NULL;
}

static void C13_list_removed_after_free(void **state)
{
    pthread_t borrowers[2];

    (void)state;
    start_secure(NULL);
    posix_check_pages_every(1000);
    call_among_others = true;
    raced = share_with(vm_a, 2, page_of(vm_a, 8), 4);
    also_to(&raced, 3, DATA_RW);
    atomic_store(&over, false);
    atomic_store(&raced_handle, sent(vm_a, SHARE, &raced));
    pthread_create(&borrowers[0], NULL, borrow, vm_b);
    pthread_create(&borrowers[1], NULL, borrow, vm_c);
    for (unsigned int i = 0; i < 300; i++) {
        int32_t status;

        do {
            status = reclaim(vm_a, atomic_load(&raced_handle), 0);
        } while (status == FFA_DENIED);
        assert_int_equal(status, FFA_OK);
        atomic_store(&raced_handle, sent(vm_a, SHARE, &raced));
    }
    atomic_store(&over, true);
    pthread_join(borrowers[0], NULL);
    pthread_join(borrowers[1], NULL);
    call_among_others = false;
    assert_int_equal(reclaim(vm_a, atomic_load(&raced_handle), 0), FFA_OK);
    assert_int_equal(posix_vm_holdings(vm_b).borrowed, 0);
    assert_int_equal(posix_vm_holdings(vm_c).borrowed, 0);
    expect_nothing_granted(vm_a);
}

/* --- Much of it ---------------------------------------------------------------------------------
 */

static unsigned int others_done;

static void share_on_another_cpu(void *context)
{
    static bool is_busy;
    struct grant grant = share_with(vm_b, 3, page_of(vm_b, 8), 2);

    (void)context;
    if (is_busy) {
        return; /* between pieces of its own */
    }
    is_busy = true;
    assert_int_equal(reclaim(vm_b, sent(vm_b, SHARE, &grant), 0), FFA_OK);
    is_busy = false;
    others_done++;
}

static void *other_cpu(void *unused)
{
    share_on_another_cpu(NULL);
    return unused;
}

/* VM 2 shares, on its own CPU, while an SMC for VM 1 lasts. */
static void long_smc(void *context, struct parley_regs *regs)
{
    pthread_t thread;

    (void)context;
    pthread_create(&thread, NULL, other_cpu, NULL);
    pthread_join(thread, NULL);
    posix_smc_secure_world(regs);
}

static void J1_global_tx_lock_across_smc(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start_secure(&posix_spmc_1_2);
    grant = lend_to(vm_a, ECHO, 0, 0);
    of_singles(&grant, vm_a, 20);
    others_done = 0;
    posix_smc_replace(long_smc, NULL);
    handle = sent_to_sp(vm_a, LEND, &grant);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    posix_smc_replace(NULL, NULL);
    assert_true(others_done >= 2);

    /* The same between its pieces. */
    others_done = 0;
    posix_preempt(POSIX_PREEMPT_ALWAYS);
    posix_between_pieces(share_on_another_cpu, NULL);
    handle = sent_to_sp(vm_a, LEND, &grant);
    posix_between_pieces(NULL, NULL);
    posix_preempt(POSIX_PREEMPT_NEVER);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    assert_true(others_done >= 2);
}

static void J3_translate_many_pages(void **state)
{
    enum parley_progress progress;
    struct grant grant;
    unsigned int steps = 0;

    (void)state;
    start_secure(NULL);
    for (unsigned int i = 0; i < 8; i++) {
        grant = lend_to(vm_a, 2, page_of(vm_a, 8 + 4 * i), 4);
        sent(vm_a, LEND, &grant);
    }
    grant = lend_to(vm_a, 2, page_of(vm_a, 50), 1);
    assert_int_equal(grant_send(vm_a, LEND, &grant).status, FFA_NO_MEMORY);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 32);
    progress = parley_vm_destroy(posix_vm_parley(vm_a));
    while (progress == PARLEY_AGAIN) {
        const unsigned int before = posix_vm_holdings(vm_a).granted;

        progress = parley_vm_continue(posix_vm_parley(vm_a));
        assert_true(before - posix_vm_holdings(vm_a).granted <= PARLEY_PIECE_PAGES);
        steps++;
    }
    assert_int_equal(progress, PARLEY_DONE);
    assert_true(steps >= 8);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
    posix_vm_forget(vm_a);
}

MEMORY_SECTION(museum_memory_lives, TEST(C1_shm_survives_domain),
               TEST(C4_permanent_reclaim_failure_loops), TEST(C10_shm_free_order),
               TEST(C13_list_removed_after_free), TEST(C14_guest_partition_freed_early),
               TEST(J1_global_tx_lock_across_smc), TEST(J3_translate_many_pages))
