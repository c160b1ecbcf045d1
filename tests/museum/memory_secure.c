/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that VMs grant to Secure Partitions: what the SPMC is told, and what comes back. */
#include "memory.h"

/* --- What goes wrong half-way ------------------------------------------------------------------
 */

/* The first fragment of a share of n pages, which are all of which it has half; its handle. */
static uint64_t begin_half(struct posix_vm *vm, uint32_t fid, struct grant *grant)
{
    const uint32_t total = grant_write(vm, grant, described);
    const uint32_t half = total - grant->ranges / 2 * 16;
    struct answer answer;

    memcpy(posix_vm_at(vm, tx_ipa(vm)), described, half);
    answer = CALL(vm, fid, total, half, 0, 0);
    assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
    assert_int_equal(answer.regs.x[3], half);
    memcpy(posix_vm_at(vm, tx_ipa(vm)), described + half, total - half);
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

/* The SPMC refuses what has been taken from the lender already; or the port does, half-way. */
static void L5_translation_failure_midway(void **state)
{
    static const int32_t refusals[] = {FFA_DENIED, FFA_NO_MEMORY, FFA_INVALID_PARAMETERS, FFA_BUSY};
    struct grant grant;
    uint64_t handle;

    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        lying_start(LIES(spmc_lie_status(FFA_MEM_LEND_32, refusals[i])));
        grant = lend_to(vm_a, ECHO, 0, 0);
        of_singles(&grant, vm_a, 8);
        assert_int_equal(grant_send(vm_a, LEND, &grant).status, refusals[i]);
        expect_nothing_granted(vm_a);
        no_more_lies();
        handle = sent_to_sp(vm_a, LEND, &grant);
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);

        /* The SPMC knows of the first half when the pages of the second one cannot be had. */
        handle = begin_half(vm_a, LEND, &grant);
        posix_fail_memory(1);
        assert_int_equal(CALL(vm_a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 64, 0).status,
                         FFA_NO_MEMORY);
        posix_fail_memory(0);
        expect_nothing_granted(vm_a);
        handle = sent_to_sp(vm_a, LEND, &grant);
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
        assert_true(rig_stop());
    }
}

/* --- What the SPMC is told ----------------------------------------------------------------------
 */

/* The first word of each page is its number. */
static void number_pages(void)
{
    for (uint32_t i = 2; i < RIG_VM_PAGES; i++) {
        const uint32_t number = 1000 + i;

        memcpy(posix_vm_at(vm_a, page_of(vm_a, i)), &number, sizeof(number));
    }
}

static uint32_t sp_reads(uint64_t handle, uint32_t page)
{
    struct reply reply = command(vm_a, ECHO, COMMAND_MEMORY_READ, ffa_handle_low(handle),
                                 ffa_handle_high(handle), page * PAGE, 0);

    assert_int_equal(reply.status, FFA_OK);
    return reply.word[1];
}

/* Pages 8 and 9 are described; pages 20 and 21 where a reader who does not look would look. */
static void A7_emad_parser_differential(void **state)
{
    struct grant decoy;
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_2);
    number_pages();
    for (uint32_t gap = 0; gap <= 256; gap += 16) {
        struct answer answer;
        uint32_t total;
        uint8_t decoys[512];

        decoy = share_with(vm_a, ECHO, page_of(vm_a, 20), 2);
        grant_write(vm_a, &decoy, described);
        memcpy(decoys, described, sizeof(decoys));
        grant = share_with(vm_a, ECHO, page_of(vm_a, 8), 2);
        grant.access_offset = 48 + 80 + gap;
        grant.composite_offset = grant.access_offset + 32 + gap;
        total = grant_write(vm_a, &grant, described);
        memcpy(described + 48, decoys + 48, 64);
        answer = send_raw(SHARE, total, total);
        assert_int_equal(answer.status, FFA_OK);
        assert_int_equal(sp_retrieve(vm_a, ECHO, handle_of(&answer), 1, DATA_RW).word[1], 2);
        assert_int_equal(sp_reads(handle_of(&answer), 0), 1008);
        assert_int_equal(sp_reads(handle_of(&answer), 1), 1009);
        assert_int_equal(sp_relinquish(vm_a, ECHO, handle_of(&answer)), FFA_OK);
        expect_accepted(&answer);
    }
}

/* The guest writes to its TX when the SPMC begins to read. */
static void scribbling_smc(void *context, struct parley_regs *regs)
{
    (void)context;
    if ((uint32_t)regs->x[0] == FFA_MEM_SHARE_64 || (uint32_t)regs->x[0] == FFA_MEM_FRAG_TX) {
        memset(posix_vm_at(vm_a, tx_ipa(vm_a)), 0xff, PAGE);
    }
    posix_smc_secure_world(regs);
}

static void A9_whole_fragment_same_copy(void **state)
{
    struct grant grant;
    struct answer answer;
    uint64_t handle;

    (void)state;
    start_secure(&posix_spmc_1_2);
    number_pages();
    grant = share_with(vm_a, ECHO, 0, 0);
    of_singles(&grant, vm_a, 8);
    posix_smc_replace(scribbling_smc, NULL);
    handle = begin_half(vm_a, SHARE, &grant);
    answer = CALL(vm_a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 64, 0);
    posix_smc_replace(NULL, NULL);
    assert_int_equal(answer.status, FFA_OK);
    assert_int_equal(sp_retrieve(vm_a, ECHO, handle, 1, DATA_RW).word[1], 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(sp_reads(handle, i), 1008 + 2 * i);
    }
    assert_int_equal(sp_relinquish(vm_a, ECHO, handle), FFA_OK);
    expect_accepted(&answer);
}

MEMORY_SECTION(museum_memory_secure, TEST(A7_emad_parser_differential),
               TEST(A9_whole_fragment_same_copy), TEST(F9_frag_rollback_partial),
               TEST(L5_translation_failure_midway))
