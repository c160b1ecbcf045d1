/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory granted to Secure Partitions: what Parley says to the SPMC, and what becomes of its
 * answers.
 */
#include "spmc_memory.h"

/* Each page that it was told of, in order, must be the VM's: `pages` of it, painted. */
static void check_pages(uint32_t at, uint32_t ranges, uint32_t pages, uint8_t colour)
{
    uint32_t page = 0;

    for (uint32_t i = 0; i < ranges; i++) {
        uint64_t pa = told(at + 16 * i, 8);
        uint32_t count = (uint32_t)told(at + 16 * i + 8, 4);

        assert_int_equal(told(at + 16 * i + 12, 4), 0);
        assert_true(count > 0);
        for (uint32_t j = 0; j < count; j++, page++) {
            const uint8_t *view = posix_secure_view(pa + (uint64_t)j * PAGE, PAGE);

            assert_non_null(view);
            assert_int_equal(view[0], (uint8_t)(colour + page * 29));
        }
    }
    assert_int_equal(page, pages);
}

/* The first byte of each page, as paint() has it there. */
static void mark(uint64_t ipa, uint32_t pages, uint8_t colour)
{
    for (uint32_t i = 0; i < pages; i++) {
        uint8_t *at = posix_vm_at(a, ipa + (uint64_t)i * PAGE);

        at[0] = (uint8_t)(colour + i * 29);
    }
}

static void test_share(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    mark(page_of(a, 8), 5, 3);
    grant = share_with(a, SP, page_of(a, 8), 5);
    grant.tag = 0x1122334455667788;
    grant.borrower[0].impdef[0] = 0x4141;
    grant.borrower[0].impdef[1] = 0x4242;
    handle = sent_secure(SHARE, &grant);
    assert_int_equal(spmc.fid, FFA_MEM_SHARE_64);
    assert_int_equal(spmc.total, 96 + 5 * 16);
    assert_int_equal(told(0, 2), 1);
    assert_int_equal(told(2, 2), 0x2f);
    assert_int_equal(told(4, 4), 0);
    assert_true(told(8, 8) == 0 && told(16, 8) == grant.tag);
    assert_int_equal(told(24, 4), 32);
    assert_int_equal(told(28, 4), 1);
    assert_int_equal(told(32, 4), 48);
    assert_int_equal(told(48, 2), SP);
    assert_int_equal(told(50, 1), DATA_RW);
    assert_int_equal(told(51, 1), 0);
    assert_int_equal(told(52, 4), 80);
    assert_true(told(56, 8) == 0x4141 && told(64, 8) == 0x4242 && told(72, 8) == 0);
    assert_int_equal(told(80, 4), 5);
    assert_int_equal(told(84, 4), 5);
    check_pages(96, 5, 5, 3);
    assert_true(can_write(a, page_of(a, 8), 5));

    spmc.refuses_reclaim = FFA_DENIED;
    assert_int_equal(reclaim(a, handle, 0), FFA_DENIED);
    spmc.refuses_reclaim = FFA_BUSY;
    assert_int_equal(reclaim(a, handle, 0), FFA_BUSY);
    assert_int_equal(posix_vm_holdings(a).granted, 5);
    assert_int_equal(reclaim(b, handle, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(spmc.reclaims, 2);
    spmc.refuses_reclaim = FFA_OK;
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    assert_int_equal(reclaim(a, handle, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(spmc.reclaims, 3);
}

/* An SPMC of 1.1 is told in its own layout. */
static void test_spmc_1_1(void **state)
{
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_1, 1);
    mark(page_of(a, 8), 2, 3);
    grant = share_with(a, SP, page_of(a, 8), 2);
    (void)sent_secure(SHARE, &grant);
    assert_int_equal(told(24, 4), 16);
    assert_int_equal(told(48, 2), SP);
    assert_int_equal(told(52, 4), 64);
    assert_int_equal(told(64, 4), 2);
    check_pages(80, 2, 2, 3);
    assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
}

/* The lender has no access any more when the Secure world hears of it. */
static void test_lend(void **state)
{
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    grant = lend_to(a, SP, page_of(a, 8), 3);
    spmc.watched = page_of(a, 10);
    (void)sent_secure(LEND, &grant);
    assert_true(spmc.was_out_of_reach);
    assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
    assert_true(can_write(a, page_of(a, 8), 3));
    spmc.handle++;
    grant = give_to(a, SP, page_of(a, 8), 3);
    (void)sent_secure(DONATE, &grant);
    assert_int_equal(spmc.fid, FFA_MEM_DONATE_64);
    assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
}

/* Pages that are neighbours are told of as one range. */
static void test_blocks(void **state)
{
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_2, 8);
    mark(page_of(a, 8), 20, 3);
    grant = share_with(a, SP, page_of(a, 8), 20);
    (void)sent_secure(SHARE, &grant);
    assert_int_equal(told(80, 4), 20);
    assert_int_equal(told(84, 4), 3);
    check_pages(96, 3, 20, 3);
    assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
}

/* More than fits into Parley's buffer. */
static void test_many_pages(void **state)
{
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    mark(page_of(a, 8), 1000, 3);
    grant = lend_to(a, SP, page_of(a, 8), 1000);
    grant.flags = 0;
    spmc.watched = page_of(a, 1007);
    (void)sent_secure(LEND, &grant);
    assert_true(spmc.was_out_of_reach);
    assert_true(spmc.calls > 3);
    assert_int_equal(told(80, 4), 1000);
    assert_int_equal(told(84, 4), 1000);
    check_pages(96, 1000, 1000, 3);
    assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
}

/* The VM's own fragments: as many ranges as were announced before all were known. */
static void test_fragments(void **state)
{
    static uint8_t bytes[4096];
    static struct ffa_mem_constituent ranges[40];

    (void)state;
    for (unsigned int block = 1; block <= 8; block *= 8) {
        for (uint32_t size = 96; size <= 96 + 16 * 40; size += 48) {
            struct grant grant;
            struct answer answer;
            uint32_t announced;
            uint32_t pages = 0;

            start_secure(&posix_spmc_1_2, block);
            grant = share_with(a, SP, 0, 0);
            for (unsigned int i = 0; i < 40; i++) {
                ranges[i] = (struct ffa_mem_constituent){page_of(a, 8 + 20 * i), 1 + i % 17, 0};
                mark(ranges[i].address, ranges[i].page_count, (uint8_t)(3 + pages * 29));
                pages += ranges[i].page_count;
            }
            grant.range = ranges;
            grant.ranges = 40;
            answer = send_bytes(a, SHARE, bytes, grant_write(a, &grant, bytes), size);
            assert_int_equal(answer.status, FFA_OK);
            assert_true(handle_of(&answer) == spmc.handle);
            announced = (uint32_t)told(84, 4);
            assert_int_equal(spmc.count, spmc.total);
            assert_false(spmc.is_misused);
            assert_int_equal(spmc.total, 96 + 16 * announced);
            assert_int_equal(told(80, 4), pages);
            check_pages(96, announced, pages, 3);
            assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
            assert_true(rig_stop());
        }
    }
}

/* --- What it refuses -------------------------------------------------------------------------- */

/* So many pages that a descriptor of their ranges has no length: the SPMC hears nothing of them. */
static void test_endless(void **state)
{
    static uint8_t bytes[GRANT_BYTES_MAX];
    const uint32_t announced[2] = {UINT32_MAX, 0x1000}; /* pages, ranges */
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    grant = share_with(a, SP, page_of(a, 8), 1);
    assert_int_equal(grant_write(a, &grant, bytes), 112);
    memcpy(bytes + 80, announced, sizeof(announced));
    memcpy(posix_vm_at(a, tx_ipa(a)), bytes, 112);
    posix_smc_clear();
    assert_int_equal(CALL(a, SHARE, 96 + 16 * announced[1], 112, 0, 0).status, FFA_NO_MEMORY);
    assert_int_equal(posix_smc_count(), 0);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
}

static void test_refused(void **state)
{
    static const int32_t codes[] = {FFA_INVALID_PARAMETERS, FFA_NO_MEMORY, FFA_BUSY, FFA_DENIED,
                                    FFA_ABORTED};
    struct grant grant;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    for (unsigned int i = 0; i < COUNT(codes); i++) {
        for (unsigned int call = 1; call <= 3; call++) {
            grant = lend_to(a, SP, page_of(a, 8), 600);
            spmc.at_call = call;
            spmc.refuses_send = codes[i];
            assert_int_equal(grant_send(a, LEND, &grant).status, codes[i]);
            assert_int_equal(posix_vm_holdings(a).granted, 0);
            assert_int_equal(posix_vm_holdings(a).revoked, 0);
        }
    }
    spmc.refuses_send = FFA_OK;
    (void)sent_secure(LEND, &grant);
    assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
}

/* VMs and partitions together: the SPMC gives the handle, the VM retrieves from Parley. */
static void test_mixed(void **state)
{
    struct grant grant;
    uint64_t at;

    (void)state;
    start_secure(&posix_spmc_1_2, 1);
    paint(a, page_of(a, 8), 2, 9);
    grant = share_with(a, SP, page_of(a, 8), 2);
    also_to(&grant, 2, DATA_RO);
    (void)sent_secure(SHARE, &grant);
    assert_int_equal(told(28, 4), 2);
    at = retrieved(b, &grant, spmc.handle);
    assert_true(is_painted(b, at, 2, 9));
    assert_int_equal(reclaim(a, spmc.handle, 0), FFA_DENIED);
    assert_int_equal(spmc.reclaims, 0);
    assert_int_equal(relinquish(b, spmc.handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
    assert_int_equal(spmc.reclaims, 1);
}

/* A port that cannot give: to partitions neither. */
static void test_no_gifts(void **state)
{
    struct parley_config config = rig_memory_config;
    struct grant grant;

    (void)state;
    memset(&spmc, 0, sizeof(spmc));
    spmc.handle = SPMC_FIRST;
    config.can_donate = false;
    rig_start_served(&posix_spmc_1_2, &config, serve);
    a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
    grant = give_to(a, 2, page_of(a, 8), 1);
    assert_int_equal(grant_send(a, DONATE, &grant).status, FFA_NOT_SUPPORTED);
    grant = give_to(a, SP, page_of(a, 8), 1);
    assert_int_equal(grant_send(a, DONATE, &grant).status, FFA_NOT_SUPPORTED);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    grant = lend_to(a, 2, page_of(a, 8), 1);
    assert_int_equal(reclaim(a, sent(a, LEND, &grant), 0), FFA_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_share),    RIG_TEST(test_spmc_1_1),   RIG_TEST(test_lend),
        RIG_TEST(test_blocks),   RIG_TEST(test_many_pages), RIG_TEST(test_fragments),
        RIG_TEST(test_endless),  RIG_TEST(test_refused),    RIG_TEST(test_mixed),
        RIG_TEST(test_no_gifts),
    };

    return RUN_TWICE(tests);
}
