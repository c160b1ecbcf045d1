/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts and ranges of memory transaction descriptors. */
#include "memory.h"

/* --- Counts -------------------------------------------------------------------------------------
 */

static void E9_receiver_count_zero(void **state)
{
    static const uint32_t counts[] = {0, 9, 10, 255, 256, 0x10000, 0x80000001, 0xffffffff};

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (size_t i = 0; i < COUNT(counts); i++) {
        ordinary();
        put(28, counts[i], 4);
        expect_refused(TOTAL, TOTAL);
        expect_refused(PAGE, PAGE);
    }
    /* For a donation, more than one. */
    ordinary();
    put(28, 2, 4);
    assert_int_equal(send_raw(DONATE, TOTAL, TOTAL).status, FFA_INVALID_PARAMETERS);
}

/* Every number of receivers, each of which gets the access that was granted to it. */
static void E10_double_index(void **state)
{
    struct posix_vm *vms[PARLEY_BORROWERS_MAX];

    (void)state;
    start_at(FFA_VERSION_1_2);
    vms[0] = vm_b;
    for (uint16_t i = 1; i < PARLEY_BORROWERS_MAX; i++) {
        vms[i] = rig_memory_friend((uint16_t)(2 + i), versions[i % 3], 1);
    }
    for (unsigned int n = 1; n <= PARLEY_BORROWERS_MAX; n++) {
        struct grant grant = share_with(vm_a, 2, 0, 0);
        uint64_t handle;

        of_singles(&grant, vm_a, n);
        for (uint16_t i = 1; i < n; i++) {
            also_to(&grant, (uint16_t)(2 + i), i % 2 == 0 ? DATA_RW : DATA_RO);
        }
        paint(vm_a, page_of(vm_a, 8 + 2 * (n - 1)), 1, 9);
        handle = sent(vm_a, SHARE, &grant);
        for (unsigned int i = 0; i < n; i++) {
            uint64_t at = retrieved(vms[i], &grant, handle);

            assert_true(can_read(vms[i], at, n));
            assert_int_equal(can_write(vms[i], at, n), i % 2 == 0);
            assert_true(is_painted(vms[i], at + (n - 1) * PAGE, 1, 9));
        }
        for (unsigned int i = n; i-- > 0;) {
            assert_int_equal(reclaim(vm_a, handle, 0), FFA_DENIED);
            assert_int_equal(relinquish(vms[i], handle, 0), FFA_OK);
        }
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    }
}

static void E11_frag_len_16_alignment(void **state)
{
    struct grant grant;
    uint32_t total;

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (uint32_t length = 0; length <= 64; length++) {
        struct answer first;
        struct answer answer;

        grant = share_with(vm_a, 2, 0, 0);
        of_singles(&grant, vm_a, 4);
        total = grant_write(vm_a, &grant, described);
        first = send_raw(SHARE, total, total - 48);
        assert_int_equal(first.fid, FFA_MEM_FRAG_RX);
        memcpy(posix_vm_at(vm_a, tx_ipa(vm_a)), described + total - 48, 48);
        answer = CALL(vm_a, FFA_MEM_FRAG_TX, first.regs.x[1], first.regs.x[2], length, 0);
        if (length == 16 || length == 32) {
            assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
            assert_int_equal(reclaim(vm_a, handle_of(&first), 0), FFA_OK);
        } else if (length == 48) {
            expect_accepted(&answer);
        } else {
            assert_int_equal(answer.status, FFA_INVALID_PARAMETERS);
        }
        assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
    }
}

/* What the configuration names as the most is enough, and one more is too much. */
static void E13_page_limit_off_by_one(void **state)
{
    struct parley_config config = rig_memory_config;
    struct grant grant;
    struct answer answer;

    (void)state;
    config.ranges_max = 10;
    config.transactions_max = 2;
    rig_start_with(NULL, &config);
    posix_preempt(in_pieces ? POSIX_PREEMPT_ALWAYS : POSIX_PREEMPT_NEVER);
    vm_a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    vm_b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
    grant = share_with(vm_a, 2, 0, 0);
    of_singles(&grant, vm_a, 10);
    answer = grant_send(vm_a, SHARE, &grant);
    expect_accepted(&answer);
    of_singles(&grant, vm_a, 11);
    assert_int_equal(grant_send(vm_a, SHARE, &grant).status, FFA_NO_MEMORY);
    expect_nothing_granted(vm_a);
    for (unsigned int i = 0; i < 2; i++) {
        grant = share_with(vm_a, 2, page_of(vm_a, 8 + i), 1);
        sent(vm_a, SHARE, &grant);
    }
    grant = share_with(vm_a, 2, page_of(vm_a, 10), 1);
    assert_int_equal(grant_send(vm_a, SHARE, &grant).status, FFA_NO_MEMORY);
    posix_vm_reset(vm_a);
    expect_nothing_granted(vm_a);
}

/* --- Overlaps -----------------------------------------------------------------------------------
 */

static bool overlap(unsigned int p, unsigned int p_pages, unsigned int q, unsigned int q_pages)
{
    return p < q + q_pages && q < p + p_pages;
}

/* Exactly what shares a page overlaps, in one transaction and in two. */
static void E4_overlap_test_incomplete(void **state)
{
    struct ffa_mem_constituent ranges[2];
    struct grant both;
    struct grant second;

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (unsigned int i = 0; i < 5 * 4 * 4; i++) {
        const unsigned int at = i % 5;
        const unsigned int pages = 1 + i / 5 % 4;
        const unsigned int other_pages = 1 + i / 20;
        const bool is_overlap = overlap(10, pages, 8 + at, other_pages);
        struct answer answer;
        uint64_t handle;

        ranges[0] = (struct ffa_mem_constituent){page_of(vm_a, 10), pages, 0};
        ranges[1] = (struct ffa_mem_constituent){page_of(vm_a, 8 + at), other_pages, 0};
        both = share_with(vm_a, 2, 0, 0);
        both.range = ranges;
        both.ranges = 2;
        answer = grant_send(vm_a, SHARE, &both);
        assert_int_equal(answer.status, is_overlap ? FFA_INVALID_PARAMETERS : FFA_OK);
        if (!is_overlap) {
            expect_accepted(&answer);
        }
        both.ranges = 1;
        handle = sent(vm_a, SHARE, &both);
        second = share_with(vm_a, 2, page_of(vm_a, 8 + at), other_pages);
        answer = grant_send(vm_a, SHARE, &second);
        assert_int_equal(answer.status, is_overlap ? FFA_DENIED : FFA_OK);
        if (!is_overlap) {
            assert_int_equal(reclaim(vm_a, handle_of(&answer), 0), FFA_OK);
        }
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    }
    expect_nothing_granted(vm_a);
}

/* --- Another buffer -----------------------------------------------------------------------------
 */

static void H13_dynamic_buffer_confusion(void **state)
{
    static const uint32_t fids[] = {
        FFA_MEM_SHARE_32,  FFA_MEM_SHARE_64,  FFA_MEM_LEND_32,         FFA_MEM_LEND_64,
        FFA_MEM_DONATE_32, FFA_MEM_DONATE_64, FFA_MEM_RETRIEVE_REQ_32, FFA_MEM_RETRIEVE_REQ_64};

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (size_t i = 0; i < COUNT(fids); i++) {
        for (unsigned int good = 0; good < 2; good++) {
            ordinary();
            if (!good) {
                memset(described, 0xff, TOTAL);
            }
            memcpy(posix_vm_at(vm_a, tx_ipa(vm_a)), described, TOTAL);
            memcpy(posix_vm_at(vm_a, page_of(vm_a, 4)), described, TOTAL);
            assert_int_equal(CALL(vm_a, fids[i], TOTAL, TOTAL, page_of(vm_a, 4), 1).status,
                             FFA_INVALID_PARAMETERS);
            assert_int_equal(CALL(vm_a, fids[i], TOTAL, TOTAL, 0, 1).status,
                             FFA_INVALID_PARAMETERS);
            assert_int_equal(CALL(vm_a, fids[i], TOTAL, TOTAL, tx_ipa(vm_a), 0).status,
                             FFA_INVALID_PARAMETERS);
            if (ffa_fid_is_64(fids[i])) {
                assert_int_equal(CALL(vm_a, fids[i], TOTAL, TOTAL, 1ull << 32, 0).status,
                                 FFA_INVALID_PARAMETERS);
            }
        }
        expect_nothing_granted(vm_a);
    }
}

MEMORY_SECTION(museum_memory_counts, TEST(E4_overlap_test_incomplete), TEST(E9_receiver_count_zero),
               TEST(E10_double_index), TEST(E11_frag_len_16_alignment),
               TEST(E13_page_limit_off_by_one), TEST(H13_dynamic_buffer_confusion))
