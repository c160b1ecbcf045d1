/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that VMs grant to Secure Partitions: what the SPMC is told, and what comes back. */
#include "memory.h"

static uint8_t bytes[GRANT_BYTES_MAX];

/* --- What goes wrong half-way ------------------------------------------------------------------
 */

/* The first fragment of a share of n pages, which are all of which it has half; its handle. */
static uint64_t begin_half(struct posix_vm *vm, uint32_t fid, struct grant *grant)
{
    const uint32_t total = grant_write(vm, grant, bytes);
    const uint32_t half = total - grant->ranges / 2 * 16;
    struct answer answer;

    memcpy(posix_vm_at(vm, tx_ipa(vm)), bytes, half);
    answer = CALL(vm, fid, total, half, 0, 0);
    assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
    assert_int_equal(answer.regs.x[3], half);
    memcpy(posix_vm_at(vm, tx_ipa(vm)), bytes + half, total - half);
    return handle_of(&answer);
}

/* The last one, with a range in it that is not the VM's. */
static void F9_frag_rollback_partial(void **state)
{
    static const uint32_t kinds[] = {SHARE, LEND};

    (void)state;
    for (unsigned int to = 0; to < 2; to++) {
        for (size_t i = 0; i < COUNT(kinds); i++) {
            struct grant grant;
            uint64_t handle;
            uint64_t bad;

            start_secure(&posix_spmc_1_2);
            grant = kinds[i] == SHARE ? share_with(vm_a, to == 0 ? 2 : ECHO, 0, 0)
                                      : lend_to(vm_a, to == 0 ? 2 : ECHO, 0, 0);
            of_singles(&grant, vm_a, 8);
            bad = page_of(vm_a, 1000);
            handle = begin_half(vm_a, kinds[i], &grant);
            memcpy((uint8_t *)posix_vm_at(vm_a, tx_ipa(vm_a)) + 48, &bad, sizeof(bad));
            assert_int_equal(
                CALL(vm_a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 64, 0).status,
                FFA_DENIED);
            expect_nothing_granted(vm_a);
            assert_int_equal(reclaim(vm_a, handle, 0), FFA_INVALID_PARAMETERS);
            assert_int_equal(transactions_in(vm_a, PARLEY_TRANSACTION_QUARANTINED), 0);
            assert_true(rig_stop());
        }
    }
}

MEMORY_SECTION(museum_memory_secure, TEST(F9_frag_rollback_partial))
