/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors in fragments: whole ones, broken ones, those that are given up, thousands of ranges.
 */
#include <stdlib.h>

#include "memory.h"

#define MANY 3000u

static uint8_t bytes[GRANT_BYTES_MAX];
static struct ffa_mem_constituent ranges[MANY];

/* Single pages of a VM's, from page 8 on: every other one, from both ends. */
static struct grant of_ranges(const struct posix_vm *vm, uint16_t to, unsigned int count)
{
    struct grant grant = share_with(vm, to, 0, 0);

    for (unsigned int i = 0; i < count; i++) {
        unsigned int page = i % 2 == 0 ? i : count - 1 - (count % 2 == 0 ? 0 : 1) - (i - 1);

        ranges[i] = (struct ffa_mem_constituent){page_of(vm, 8 + 2 * page), 1, 0};
    }
    grant.range = ranges;
    grant.ranges = count;
    return grant;
}

/* A lender with much RAM, and a borrower with a wide window. */
static void start_large(unsigned int block)
{
    struct parley_config config = rig_memory_config;
    struct parley_vm_config vm_config = rig_friend_config(1);

    config.ranges_max = MANY + 2;
    start_with(&config);
    a = rig_vm_of(&vm_config, 2 * MANY + 8, block);
    settle(a, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);
    vm_config = rig_friend_config(2);
    vm_config.window_ipa = RIG_WINDOW_IPA;
    vm_config.window_pages = 2 * MANY;
    b = rig_vm(&vm_config);
    settle(b, FFA_VERSION_1_1);
    assert_int_equal(map_buffers(b, 1).status, FFA_OK);
}

/* The first byte of each page says which it is. */
static void number_pages(void)
{
    for (unsigned int i = 0; i < MANY; i++) {
        memcpy(posix_vm_at(a, ranges[i].address), &i, sizeof(i));
    }
}

static bool are_numbered(uint64_t ipa)
{
    for (unsigned int i = 0; i < MANY; i++) {
        if (memcmp(posix_vm_at(b, ipa + (uint64_t)i * PAGE), &i, sizeof(i)) != 0) {
            return false;
        }
    }
    return true;
}

/* Thousands of ranges, out of order, scattered in physical memory, in 12 fragments. */
static void test_thousands(void **state)
{
    struct grant grant;
    uint64_t handle;
    uint64_t at;

    (void)state;
    start_large(1);
    posix_check_pages_every(1000);
    grant = of_ranges(a, 2, MANY);
    number_pages();
    handle = sent(a, SHARE, &grant);
    at = retrieved(b, &grant, handle);
    assert_true(are_numbered(at));
    assert_int_equal(posix_vm_holdings(b).borrowed, MANY);
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_int_equal(posix_vm_holdings(b).borrowed, 0);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_int_equal(posix_vm_holdings(a).granted, 0);

    /* One more than the quota has room for: of it, two are buffers. */
    grant.ranges = MANY;
    grant.attributes = 0;
    handle = sent(a, LEND, &grant);
    assert_int_equal(posix_vm_holdings(a).revoked, MANY);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_int_equal(posix_vm_holdings(a).revoked, 0);
}

/* One range of thousands of pages, which are neighbours in blocks of 512, 64, or not at all. */
static void test_one_large_range(void **state)
{
    (void)state;
    for (unsigned int block = 1; block <= 512; block *= 8) {
        struct grant grant;
        uint64_t handle;

        start_large(block);
        grant = lend_to(a, 2, page_of(a, 8), 2000);
        paint(a, page_of(a, 8), 2000, 5);
        handle = sent(a, LEND, &grant);
        assert_int_equal(posix_vm_holdings(a).revoked, 2000);
        assert_true(is_painted(b, retrieved(b, &grant, handle), 2000, 5));
        assert_int_equal(relinquish(b, handle, FFA_MEM_RELINQUISH_ZERO), FFA_OK);
        assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        assert_true(is_zero(a, page_of(a, 8), 2000));
        assert_true(rig_stop());
    }
}

static void test_gift_of_thousands(void **state)
{
    struct grant grant;
    uint64_t at;

    (void)state;
    start_large(1);
    grant = give_to(a, 2, page_of(a, 8), 2000);
    paint(a, page_of(a, 8), 2000, 5);
    at = retrieved(b, &grant, sent(a, DONATE, &grant));
    assert_true(is_painted(b, at, 2000, 5));
    assert_int_equal(posix_vm_holdings(b).own, RIG_VM_PAGES + 2000);
    assert_int_equal(posix_vm_holdings(a).own, 2 * MANY + 8 - 2000);
}

/* --- Where it is cut -------------------------------------------------------------------------- */

/* Header, borrower and composite are in the first one; the rest is cut between ranges only. */
static void test_cuts(void **state)
{
    struct grant grant;
    uint32_t total;

    (void)state;
    start();
    grant = of_ranges(a, 2, 8);
    total = grant_write(a, &grant, bytes);
    assert_int_equal(total, 96 + 8 * 16);
    for (uint32_t cut = 1; cut < total; cut++) {
        struct answer answer;

        memcpy(posix_vm_at(a, tx_ipa(a)), bytes, cut);
        answer = CALL(a, SHARE, total, cut, 0, 0);
        if (cut < 96 || cut % 16 != 0) {
            assert_int_equal(answer.status, FFA_INVALID_PARAMETERS);
            assert_int_equal(posix_vm_holdings(a).granted, 0);
            continue;
        }
        assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
        assert_int_equal(answer.regs.x[3], cut);
        assert_int_equal(reclaim(a, handle_of(&answer), 0), FFA_OK);
        assert_int_equal(posix_vm_holdings(a).granted, 0);
    }
    for (uint32_t size = 96; size <= total; size += 16) {
        struct answer answer = send_bytes(a, SHARE, bytes, total, size);

        assert_int_equal(answer.status, FFA_OK);
        assert_int_equal(reclaim(a, handle_of(&answer), 0), FFA_OK);
    }
    assert_int_equal(posix_vm_holdings(a).granted, 0);
}

/* --- While it is open ------------------------------------------------------------------------- */

/* Of 8 ranges, those of the first fragment; its handle. */
static uint64_t begin(uint32_t fid, struct grant *grant, uint32_t first)
{
    uint32_t total = grant_write(a, grant, bytes);
    struct answer answer;

    memcpy(posix_vm_at(a, tx_ipa(a)), bytes, first);
    answer = CALL(a, fid, total, first, 0, 0);
    assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
    assert_int_equal(answer.regs.x[3], first);
    assert_int_equal(answer.regs.x[4], 0);
    return handle_of(&answer);
}

static struct answer more(uint64_t handle, uint32_t offset, uint32_t count)
{
    memcpy(posix_vm_at(a, tx_ipa(a)), bytes + offset, count);
    return CALL(a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, count, 0);
}

static void check_gone(uint64_t handle)
{
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    assert_int_equal(posix_vm_holdings(a).revoked, 0);
    assert_int_equal(more(handle, 96, 16).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, handle, 0), FFA_INVALID_PARAMETERS);
}

/* TX is held; the handle is nobody's yet. */
static void test_open(void **state)
{
    struct grant grant;
    struct answer answer;
    uint64_t handle;

    (void)state;
    start();
    grant = of_ranges(a, 2, 8);
    handle = begin(SHARE, &grant, 112);
    assert_int_equal(CALL(a, SHARE, 112, 112, 0, 0).status, FFA_BUSY);
    assert_int_equal(CALL(a, LEND, 112, 112, 0, 0).status, FFA_BUSY);
    assert_int_equal(CALL_ON(a, 1, DONATE, 112, 112, 0, 0).status, FFA_BUSY);
    assert_int_equal(CALL(a, FFA_MEM_RETRIEVE_REQ_32, 80, 80, 0, 0).status, FFA_BUSY);
    assert_int_equal(CALL(a, FFA_MEM_RELINQUISH).status, FFA_BUSY);
    assert_int_equal(CALL(a, FFA_MSG_SEND2, 0, 0).status, FFA_BUSY);
    assert_int_equal(CALL(a, FFA_RXTX_UNMAP, 0).status, FFA_BUSY);
    assert_int_equal(retrieve(b, &grant, handle).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(relinquish(b, handle, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(b, handle, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_RX_RELEASE, 0).status, FFA_DENIED);

    /* What does not name it does not end it. */
    assert_int_equal(more(handle + 1, 112, 16).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 16, 1u << 16).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(b, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 16, 0).status,
                     FFA_INVALID_PARAMETERS);
    answer = more(handle, 112, 16);
    assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
    assert_int_equal(answer.regs.x[3], 128);
    answer = more(handle, 128, 96);
    assert_int_equal(answer.fid, FFA_SUCCESS_32);
    assert_true(handle_of(&answer) == handle);
    assert_int_equal(retrieve(b, &grant, handle).status, FFA_OK);
    assert_int_equal(more(handle, 96, 16).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    check_gone(handle);
}

/* A lent page is the lender's until the last fragment is checked. */
static void test_lent_with_the_last(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    grant = of_ranges(a, 2, 8);
    grant.attributes = 0;
    handle = begin(LEND, &grant, 144);
    assert_int_equal(posix_vm_holdings(a).revoked, 0);
    assert_true(can_write(a, ranges[0].address, 1));
    assert_int_equal(more(handle, 144, 80).status, FFA_OK);
    assert_int_equal(posix_vm_holdings(a).revoked, 8);
    assert_true(cannot_touch(a, ranges[0].address, 1));
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
}

/* --- What ends it ----------------------------------------------------------------------------- */

static void test_bad_lengths(void **state)
{
    static const uint32_t lengths[] = {0, 1, 8, 15, 17, 4097, 8192, 0xfffffff0};
    struct grant grant;

    (void)state;
    start();
    for (unsigned int i = 0; i < COUNT(lengths); i++) {
        uint64_t handle;

        grant = of_ranges(a, 2, 8);
        handle = begin(SHARE, &grant, 128);
        assert_int_equal(
            CALL(a, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, lengths[i], 0).status,
            FFA_INVALID_PARAMETERS);
        check_gone(handle);
    }
}

/* Wrong in a later fragment: all of it is undone. */
static void test_bad_ranges(void **state)
{
    static const struct {
        struct ffa_mem_constituent range;
        int32_t status;
    } rows[] = {
        {{RIG_VM_IPA + 9 * PAGE, 1, 0}, FFA_OK},
        {{RIG_VM_IPA + 9 * PAGE, 0, 0}, FFA_INVALID_PARAMETERS},
        {{RIG_VM_IPA + 9 * PAGE, 2, 0}, FFA_INVALID_PARAMETERS},
        {{RIG_VM_IPA + 9 * PAGE + 4, 1, 0}, FFA_INVALID_PARAMETERS},
        {{RIG_VM_IPA + 8 * PAGE, 1, 0}, FFA_INVALID_PARAMETERS}, /* as the first */
        {{RIG_VM_IPA, 1, 0}, FFA_DENIED},                        /* TX */
        {{RIG_VM_IPA - PAGE, 1, 0}, FFA_DENIED},
        {{RIG_VM_IPA + 30 * PAGE, 1, 0}, FFA_DENIED}, /* granted already */
    };
    struct grant grant;

    (void)state;
    start();
    grant = share_with(a, 3, page_of(a, 30), 1);
    (void)sent(a, SHARE, &grant);
    for (unsigned int i = 0; i < COUNT(rows); i++) {
        struct answer answer;

        grant = of_ranges(a, 2, 8);
        ranges[7] = rows[i].range;
        grant.pages = 8;
        (void)grant_write(a, &grant, bytes);
        answer = send_bytes(a, SHARE, bytes, 96 + 8 * 16, 96);
        if (answer.status != rows[i].status) {
            fail_msg("row %u: %d", i, answer.status);
        }
        assert_int_equal(posix_vm_holdings(a).granted, answer.status == FFA_OK ? 9 : 1);
        if (answer.status == FFA_OK) {
            assert_int_equal(reclaim(a, handle_of(&answer), 0), FFA_OK);
        }
    }
    /* More than was announced; and fewer pages. */
    grant = of_ranges(a, 2, 8);
    grant.pages = 9;
    (void)grant_write(a, &grant, bytes);
    assert_int_equal(send_bytes(a, SHARE, bytes, 96 + 8 * 16, 112).status, FFA_INVALID_PARAMETERS);
    grant.pages = 7;
    (void)grant_write(a, &grant, bytes);
    assert_int_equal(send_bytes(a, SHARE, bytes, 96 + 8 * 16, 112).status, FFA_INVALID_PARAMETERS);
    grant.pages = 0;
    assert_int_equal(posix_vm_holdings(a).granted, 1);
}

static void test_more_than_announced(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    grant = of_ranges(a, 2, 8);
    handle = begin(SHARE, &grant, 128);
    memset(bytes + 224, 0, 64);
    assert_int_equal(more(handle, 128, 112).status, FFA_INVALID_PARAMETERS);
    check_gone(handle);
}

/* The lender gives it up, dies, or is reset. */
static void test_abandoned(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    grant = of_ranges(a, 2, 8);
    handle = begin(SHARE, &grant, 128);
    assert_int_equal(posix_vm_holdings(a).granted, 2);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    check_gone(handle);
    assert_int_equal(reclaim(a, sent(a, SHARE, &grant), 0), FFA_OK);
    handle = begin(SHARE, &grant, 128);
    posix_vm_reset(a);
    settle(a, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);
    check_gone(handle);
    (void)begin(SHARE, &grant, 128);
    rig_vm_end(a);
}

/* A page cannot become a buffer while it is on its way, nor be granted again. */
static void test_pages_under_way(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    grant = of_ranges(a, 2, 8);
    handle = begin(SHARE, &grant, 128);
    rig_vm_end(b); /* nobody to share with any more */
    assert_int_equal(more(handle, 128, 96).status, FFA_OK);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_thousands),
        RIG_TEST(test_one_large_range),
        RIG_TEST(test_gift_of_thousands),
        RIG_TEST(test_cuts),
        RIG_TEST(test_open),
        RIG_TEST(test_lent_with_the_last),
        RIG_TEST(test_bad_lengths),
        RIG_TEST(test_bad_ranges),
        RIG_TEST(test_more_than_announced),
        RIG_TEST(test_abandoned),
        RIG_TEST(test_pages_under_way),
    };

    return RUN_TWICE(tests);
}
