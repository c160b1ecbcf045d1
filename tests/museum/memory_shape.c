/* SPDX-License-Identifier: BSD-3-Clause */
/* Layouts, lengths, offsets and counts of memory transaction descriptors. */
#include "memory.h"

static uint8_t bytes[GRANT_BYTES_MAX];

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

static void put(uint32_t at, uint64_t value, unsigned int count)
{
    memcpy(bytes + at, &value, count);
}

/* Sends as much of `bytes` as fits TX. */
static struct answer send_raw(uint32_t fid, uint32_t total, uint32_t fragment)
{
    memcpy(posix_vm_at(vm_a, tx_ipa(vm_a)), bytes, fragment < PAGE ? fragment : PAGE);
    return CALL(vm_a, fid, total, fragment, 0, 0);
}

static void expect_refused(uint32_t total, uint32_t fragment)
{
    assert_int_equal(send_raw(SHARE, total, fragment).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
}

static void expect_accepted(const struct answer *answer)
{
    assert_int_equal(answer->status, FFA_OK);
    assert_int_equal(reclaim(vm_a, handle_of(answer), 0), FFA_OK);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
}

static void start_at(uint32_t version)
{
    rig_start_with(NULL, &rig_memory_config);
    posix_preempt(in_pieces ? POSIX_PREEMPT_ALWAYS : POSIX_PREEMPT_NEVER);
    vm_a = rig_memory_friend(1, version, 1);
    vm_b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
}

/* --- Layouts ------------------------------------------------------------------------------------
 */

static void D14_emad_size_by_version(void **state)
{
    (void)state;
    for (size_t v = 1; v < COUNT(versions); v++) {
        struct grant grant;

        start_at(versions[v]);
        for (uint32_t size = 0; size <= 272; size++) {
            struct answer answer;
            uint32_t total;

            grant = share_with(vm_a, 2, page_of(vm_a, 8), 3);
            grant.composite_offset = 48 + 272;
            total = grant_write(vm_a, &grant, bytes);
            put(24, size, 4);
            answer = send_raw(SHARE, total, total);
            if (size == 16 || size == 32) {
                expect_accepted(&answer);
            } else {
                assert_int_equal(answer.status, FFA_INVALID_PARAMETERS);
            }
        }
        /* Several of them: their distance is the size, and nothing else. */
        for (uint32_t size = 16; size <= 32; size += 16) {
            uint64_t handle;

            grant = share_with(vm_a, 2, page_of(vm_a, 8), 3);
            grant.borrower[0].permissions = DATA_RO;
            also_to(&grant, 3, DATA_RW);
            grant.access_size = size;
            vm_c = rig_memory_friend(3, FFA_VERSION_1_1, 1);
            handle = sent(vm_a, SHARE, &grant);
            assert_true(can_write(vm_c, retrieved(vm_c, &grant, handle), 3));
            rig_vm_end(vm_c);
            assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
        }
        assert_true(rig_stop());
    }
}

/* The sender's layout is its version's, the receiver's is its own; a length is exact. */
static void D15_v10_struct_used_for_v11(void **state)
{
    (void)state;
    for (size_t from = 0; from < COUNT(versions); from++) {
        for (size_t to = 0; to < COUNT(versions); to++) {
            struct grant grant;
            uint64_t handle;
            uint32_t total;

            start_at(versions[from]);
            vm_c = rig_memory_friend(3, versions[to], 1);
            grant = share_with(vm_a, 3, page_of(vm_a, 8), 3);
            total = grant_write(vm_a, &grant, bytes);
            for (uint32_t less = 1; less <= total; less++) {
                expect_refused(total - less, total - less);
                expect_refused(total + less, total + less);
            }
            paint(vm_a, page_of(vm_a, 8), 3, 7);
            handle = sent(vm_a, SHARE, &grant);
            assert_true(is_painted(vm_c, retrieved(vm_c, &grant, handle), 3, 7));
            assert_int_equal(relinquish(vm_c, handle, 0), FFA_OK);
            assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
            assert_true(rig_stop());
        }
    }
}

/* send_bytes() looks at each offset. */
static void D16_fragment_offset_in_wrong_layout(void **state)
{
    static const uint16_t receivers[] = {2, ECHO};
    const struct spmc_config *spmcs[] = {&posix_spmc_1_1, &posix_spmc_1_2};

    (void)state;
    for (size_t v = 0; v < 2 * COUNT(versions); v++) {
        rig_start_with(spmcs[v % 2], &rig_memory_config);
        posix_preempt(in_pieces ? POSIX_PREEMPT_ALWAYS : POSIX_PREEMPT_NEVER);
        vm_a = rig_memory_friend(1, versions[v / 2], 1);
        vm_b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
        for (size_t to = 0; to < COUNT(receivers); to++) {
            struct grant grant = share_with(vm_a, receivers[to], 0, 0);
            uint32_t total;

            of_singles(&grant, vm_a, 12);
            total = grant_write(vm_a, &grant, bytes);
            for (uint32_t size = total - 12 * 16; size < total; size += 16) {
                struct answer answer = send_bytes(vm_a, SHARE, bytes, total, size);

                expect_accepted(&answer);
            }
        }
        assert_true(rig_stop());
    }
}

/* --- Sizes --------------------------------------------------------------------------------------
 */

/* The offsets of an ordinary descriptor of 1.2 with one borrower and one range. */
enum {
    HEADER = 48,
    ACCESS = 48,
    COMPOSITE = 80,
    RANGE = 96,
    TOTAL = 112
};

static void ordinary(void)
{
    struct grant grant = share_with(vm_a, 2, page_of(vm_a, 8), 3);

    assert_int_equal(grant_write(vm_a, &grant, bytes), TOTAL);
}

static void E2_descr_size_wrap(void **state)
{
    static const uint32_t huge[] = {0xffffffff, 0x80000000, 0x10000000, 0x0ffffffa, 0x08000000};

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (size_t i = 0; i < COUNT(huge); i++) {
        ordinary();
        put(28, huge[i], 4); /* borrowers */
        expect_refused(TOTAL, TOTAL);
        ordinary();
        put(32, huge[i], 4); /* where they are */
        expect_refused(TOTAL, TOTAL);
        ordinary();
        put(COMPOSITE + 4, huge[i], 4); /* ranges */
        expect_refused(TOTAL, TOTAL);
        expect_refused(huge[i], TOTAL);
        ordinary();
        put(COMPOSITE, huge[i], 4); /* pages */
        expect_refused(TOTAL, TOTAL);
        put(RANGE + 8, huge[i], 4);
        assert_int_not_equal(send_raw(SHARE, TOTAL, TOTAL).status, FFA_OK);
        put(RANGE, UINT64_MAX - PAGE + 1, 8); /* the last page there could be */
        expect_refused(TOTAL, TOTAL);
    }
    ordinary();
    for (unsigned int bit = 0; bit < 12; bit++) {
        put(RANGE, page_of(vm_a, 8) + (1u << bit), 8);
        expect_refused(TOTAL, TOTAL);
    }
    expect_nothing_granted(vm_a);
}

static void E3_fraglen_checked_after_use(void **state)
{
    static const uint32_t long_ones[] = {PAGE + 1, PAGE + 16, 2 * PAGE, 0x80000000, 0xffffffff};
    struct grant grant;
    uint32_t total;

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (size_t i = 0; i < COUNT(long_ones); i++) {
        struct answer answer;

        ordinary();
        expect_refused(long_ones[i], long_ones[i]);
        expect_refused(TOTAL, long_ones[i]);
        expect_refused(TOTAL, TOTAL + 1);

        grant = share_with(vm_a, 2, 0, 0);
        of_singles(&grant, vm_a, 2);
        total = grant_write(vm_a, &grant, bytes);
        answer = send_raw(SHARE, total, total - 16);
        assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
        assert_int_equal(
            CALL(vm_a, FFA_MEM_FRAG_TX, answer.regs.x[1], answer.regs.x[2], long_ones[i], 0).status,
            FFA_INVALID_PARAMETERS);
        assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
    }
}

static void E5_total_page_count_mismatch(void **state)
{
    static const uint32_t totals[] = {0, 1, 2, 4, 6, 0x80000000, 0xffffffff};
    struct ffa_mem_constituent ranges[3];
    struct grant grant;
    uint32_t total;

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (size_t i = 0; i < COUNT(totals); i++) {
        ordinary();
        put(COMPOSITE, totals[i], 4);
        expect_refused(TOTAL, TOTAL);
    }
    ordinary();
    put(COMPOSITE, 0, 4);
    put(RANGE + 8, 0, 4);
    expect_refused(TOTAL, TOTAL);

    /* A sum that wraps, to 0 and to what was announced. */
    grant = share_with(vm_a, 2, 0, 0);
    grant.range = ranges;
    grant.ranges = 3;
    for (uint32_t announced = 0; announced < 3; announced++) {
        ranges[0] = (struct ffa_mem_constituent){page_of(vm_a, 8), announced, 0};
        ranges[1] = (struct ffa_mem_constituent){0x100000000000, 0x80000000, 0};
        ranges[2] = (struct ffa_mem_constituent){0x200000000000, 0x80000000, 0};
        total = grant_write(vm_a, &grant, bytes);
        put(COMPOSITE, announced, 4);
        expect_refused(total, total);
    }
    expect_nothing_granted(vm_a);
}

/* --- Offsets ------------------------------------------------------------------------------------
 */

/* Wherever the parts are: what does not fit is refused, and nothing outside TX is touched. */
static void E6_emad_array_tail_oob(void **state)
{
    (void)state;
    start_at(FFA_VERSION_1_2);
    for (uint32_t total = 0; total < TOTAL; total++) {
        ordinary();
        expect_refused(total, total);
    }
    for (uint32_t count = 1; count <= 8; count++) {
        for (uint32_t offset = PAGE - 32 * count - 64; offset <= PAGE + 32; offset += 16) {
            ordinary();
            memset(bytes + TOTAL, 0, PAGE - TOTAL);
            put(28, count, 4);
            put(32, offset, 4);
            for (uint32_t at = offset; at + 32 <= PAGE; at += 32) {
                put(at, 2, 2);
                put(at + 2, DATA_RW, 1);
                put(at + 4, COMPOSITE, 4);
            }
            expect_refused(PAGE, PAGE);
        }
    }
    for (uint32_t offset = PAGE - 64; offset <= PAGE + 16; offset += 8) {
        ordinary();
        put(ACCESS + 4, offset, 4);
        expect_refused(PAGE, PAGE);
    }
}

static void E7_composite_offset_untrusted(void **state)
{
    static const uint32_t offsets[] = {
        0,          1,          8,          COMPOSITE - 8, COMPOSITE + 1, COMPOSITE + 4,
        TOTAL - 16, TOTAL - 1,  TOTAL,      TOTAL + 8,     PAGE - 8,      PAGE,
        0x7ffffff8, 0x80000000, 0xffffffa0, 0xfffffff0,    0xffffffff};

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (size_t i = 0; i < COUNT(offsets); i++) {
        ordinary();
        put(ACCESS + 4, offsets[i], 4);
        expect_refused(TOTAL, TOTAL);
    }
}

static void E8_emad_overlaps_header(void **state)
{
    struct grant grant;
    struct answer answer;
    uint32_t total;

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (uint32_t offset = 0; offset < HEADER; offset++) {
        ordinary();
        put(32, offset, 4);
        expect_refused(TOTAL, TOTAL);
    }
    for (uint32_t offset = 0; offset < COMPOSITE; offset += 8) {
        ordinary();
        put(ACCESS + 4, offset, 4);
        expect_refused(TOTAL, TOTAL);
    }
    /* Gaps are no overlaps. */
    for (uint32_t gap = 0; gap <= 160; gap += 8) {
        grant = share_with(vm_a, 2, page_of(vm_a, 8), 3);
        grant.access_offset = HEADER + gap / 16 * 16;
        grant.composite_offset = grant.access_offset + 32 + gap;
        total = grant_write(vm_a, &grant, bytes);
        answer = send_raw(SHARE, total, total);
        expect_accepted(&answer);
    }
}

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
        total = grant_write(vm_a, &grant, bytes);
        first = send_raw(SHARE, total, total - 48);
        assert_int_equal(first.fid, FFA_MEM_FRAG_RX);
        memcpy(posix_vm_at(vm_a, tx_ipa(vm_a)), bytes + total - 48, 48);
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
                memset(bytes, 0xff, TOTAL);
            }
            memcpy(posix_vm_at(vm_a, tx_ipa(vm_a)), bytes, TOTAL);
            memcpy(posix_vm_at(vm_a, page_of(vm_a, 4)), bytes, TOTAL);
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

MEMORY_SECTION(museum_memory_shape, TEST(D14_emad_size_by_version),
               TEST(D15_v10_struct_used_for_v11), TEST(D16_fragment_offset_in_wrong_layout),
               TEST(E2_descr_size_wrap), TEST(E3_fraglen_checked_after_use),
               TEST(E4_overlap_test_incomplete), TEST(E5_total_page_count_mismatch),
               TEST(E6_emad_array_tail_oob), TEST(E7_composite_offset_untrusted),
               TEST(E8_emad_overlaps_header), TEST(E9_receiver_count_zero), TEST(E10_double_index),
               TEST(E11_frag_len_16_alignment), TEST(E13_page_limit_off_by_one),
               TEST(H13_dynamic_buffer_confusion))
