/* SPDX-License-Identifier: BSD-3-Clause */
/* Layouts, lengths and offsets of memory transaction descriptors. */
#include "memory.h"

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
            total = grant_write(vm_a, &grant, described);
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
            total = grant_write(vm_a, &grant, described);
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
            total = grant_write(vm_a, &grant, described);
            for (uint32_t size = total - 12 * 16; size < total; size += 16) {
                struct answer answer = send_bytes(vm_a, SHARE, described, total, size);

                expect_accepted(&answer);
            }
        }
        assert_true(rig_stop());
    }
}

/* --- Sizes --------------------------------------------------------------------------------------
 */

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
        total = grant_write(vm_a, &grant, described);
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
        total = grant_write(vm_a, &grant, described);
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
            memset(described + TOTAL, 0, PAGE - TOTAL);
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
        total = grant_write(vm_a, &grant, described);
        answer = send_raw(SHARE, total, total);
        expect_accepted(&answer);
    }
}

MEMORY_SECTION(museum_memory_shape, TEST(D14_emad_size_by_version),
               TEST(D15_v10_struct_used_for_v11), TEST(D16_fragment_offset_in_wrong_layout),
               TEST(E2_descr_size_wrap), TEST(E3_fraglen_checked_after_use),
               TEST(E5_total_page_count_mismatch), TEST(E6_emad_array_tail_oob),
               TEST(E7_composite_offset_untrusted), TEST(E8_emad_overlaps_header))
