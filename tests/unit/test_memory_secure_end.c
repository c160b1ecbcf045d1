/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that an SPMC does not give back, and SPMCs that answer nonsense. */
#include "spmc_memory.h"

static void test_end(void **state)
{
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    grant = lend_to(a, SP, page_of(a, 8), 3);
    (void)sent_secure(LEND, &grant);
    posix_vm_reset(a);
    assert_false(spmc.knows);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    settle(a, FFA_VERSION_1_0);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);
    spmc.handle++;
    (void)sent_secure(LEND, &grant);
    rig_vm_end(a);
    assert_false(spmc.knows);
}

/* It never gives it back: the VM ends all the same, and its pages are named, and not used again. */
static void test_quarantine(void **state)
{
    struct parley_event event;
    struct grant grant;
    enum parley_progress progress;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    grant = lend_to(a, SP, page_of(a, 8), 3);
    (void)sent_secure(LEND, &grant);
    spmc.refuses_reclaim = FFA_DENIED;
    progress = posix_vm_go_on(a, parley_vm_destroy(posix_vm_parley(a)));
    assert_int_equal(progress, PARLEY_QUARANTINED);
    assert_int_equal(spmc.reclaims, 100);
    assert_int_equal(posix_vm_holdings(a).lost, 3);
    assert_int_equal(posix_vm_holdings(a).granted, 3);
    assert_true(posix_event_last(PARLEY_EVENT_MEMORY_QUARANTINED, &event));
    assert_true(event.value == spmc.handle);
    assert_int_equal(posix_event_count(PARLEY_EVENT_MEMORY_QUARANTINED), 1);

    progress = parley_quarantine_retry(rig_parley(), 1);
    while (progress == PARLEY_AGAIN) {
        progress = parley_quarantine_retry(rig_parley(), 1);
    }
    assert_int_equal(progress, PARLEY_QUARANTINED);
    assert_int_equal(posix_vm_holdings(a).lost, 3);
    spmc.refuses_reclaim = FFA_OK;
    do {
        progress = parley_quarantine_retry(rig_parley(), 1);
    } while (progress == PARLEY_AGAIN);
    assert_int_equal(progress, PARLEY_DONE);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    posix_vm_forget(a);
}

/*
 * It fails in the middle of a send, and does not let go of what it has: that transaction stays,
 * with its pages out of reach of others, and the VM goes on.
 */
static void test_quarantine_while_it_lives(void **state)
{
    static uint8_t bytes[4096];
    struct ffa_mem_constituent ranges[4];
    struct parley_transaction_status status;
    struct grant grant;
    uint64_t stuck;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    for (unsigned int i = 0; i < 4; i++) {
        ranges[i] = (struct ffa_mem_constituent){page_of(a, 8 + 2 * i), 1, 0};
    }
    grant = share_with(a, SP, 0, 0);
    grant.range = ranges;
    grant.ranges = 4;
    spmc.at_call = 2;
    spmc.nonsense = (struct parley_regs){{FFA_INTERRUPT}};
    spmc.refuses_reclaim = FFA_DENIED;
    assert_int_equal(send_bytes(a, SHARE, bytes, grant_write(a, &grant, bytes), 128).status,
                     FFA_ABORTED);
    assert_true(parley_transaction_status(posix_vm_parley(a), 0, &status));
    assert_int_equal(status.state, PARLEY_TRANSACTION_QUARANTINED);
    assert_true(status.handle == spmc.handle);
    assert_int_equal(posix_event_count(PARLEY_EVENT_MEMORY_QUARANTINED), 1);
    assert_int_equal(posix_vm_holdings(a).granted, 4);
    stuck = spmc.handle;
    assert_int_equal(reclaim(a, stuck, 0), FFA_DENIED);
    assert_int_equal(CALL(a, FFA_MEM_FRAG_TX, (uint32_t)stuck, stuck >> 32, 16, 0).status,
                     FFA_INVALID_PARAMETERS);

    /* TX is free, and other pages can be granted; these cannot. */
    assert_int_equal(grant_send(a, SHARE, &grant).status, FFA_DENIED);
    grant = share_with(a, 2, page_of(a, 20), 2);
    (void)retrieved(b, &grant, sent(a, SHARE, &grant));
    spmc.refuses_reclaim = FFA_OK;
    rig_vm_end(a);
    assert_false(spmc.knows);
}

/* --- Nonsense --------------------------------------------------------------------------------- */

/* Answers that cannot be: the VM is told ABORTED, or the SPMC's code, and nothing is lost of it. */
static void test_nonsense(void **state)
{
    static const struct parley_regs rows[] = {
        {{FFA_SUCCESS_32, 0, 0x77, 1u << 31}}, /* a handle of Parley's */
        {{FFA_SUCCESS_32, 0, 0x77, UINT32_MAX}},
        {{FFA_MEM_FRAG_RX, 0x77, 0, 0, 1u << 16}}, /* from the start again */
        {{FFA_MEM_FRAG_RX, 0x77, 0, 0xfffffff0, 1u << 16}},
        {{FFA_MEM_FRAG_RX, 0x77, 0, 112, 9u << 16}},
        {{FFA_ERROR, 0, 5}},
        {{FFA_ERROR, 0, 0}},
        {{FFA_INTERRUPT}},
        {{UINT64_MAX}},
        {{0xbad1bad200000000}},
        {{FFA_MEM_RETRIEVE_RESP, 112, 112}},
    };
    struct grant grant;

    (void)state;
    for (unsigned int i = 0; i < COUNT(rows); i++) {
        for (unsigned int call = 1; call <= 3; call++) {
            enum parley_progress progress;
            int32_t status;

            start_secure(&posix_spmc_1_2, 1);
            grant = lend_to(a, SP, page_of(a, 8), 600);
            spmc.at_call = call;
            spmc.nonsense = rows[i];
            status = grant_send(a, LEND, &grant).status;
            if (status == FFA_OK || status > 0 || status < FFA_NO_DATA) {
                fail_msg("row %u, call %u: %d", i, call, status);
            }
            /* What it may still have, nobody else gets. */
            if (posix_vm_holdings(a).granted == 0) {
                assert_true(can_write(a, page_of(a, 8), 600));
            } else {
                assert_int_equal(posix_vm_holdings(a).revoked, 600);
            }
            progress = posix_vm_go_on(a, parley_vm_destroy(posix_vm_parley(a)));
            assert_true(progress == PARLEY_DONE || progress == PARLEY_QUARANTINED);
            assert_int_equal(posix_vm_holdings(a).granted, posix_vm_holdings(a).lost);
            posix_vm_forget(a);
            if (progress == PARLEY_DONE) {
                assert_true(rig_stop());
                continue;
            }
            (void)rig_stop(); /* a mediator that keeps a VM does not shut down */
            posix_violations_forgive();
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_end),
        RIG_TEST(test_quarantine),
        RIG_TEST(test_quarantine_while_it_lives),
        RIG_TEST(test_nonsense),
    };

    return RUN_TWICE(tests);
}
