/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory granted to Secure Partitions, with an SPMC that writes down what it is told, looks at the
 * memory, and answers as it was told to: what Parley says to it, and what becomes of its answers.
 */
#include "memory.h"

#include "../../secure/spmc/spmc.h"

#define SP 0x8001u /* a partition that is there */

#define TOLD_MAX   0x20000u
#define SPMC_FIRST 0x00123450000077ull

static struct {
    uint64_t tx_pa;  /* of Parley's own TX buffer */
    uint64_t handle; /* that is given next */
    uint8_t bytes[TOLD_MAX];
    uint32_t fid;
    uint32_t count; /* bytes so far */
    uint32_t total;
    unsigned int calls;
    bool knows; /* the transaction of `handle` */
    unsigned int reclaims;
    int32_t refuses_send; /* FFA_OK: it does not */
    unsigned int at_call; /* and which of the calls of a send */
    int32_t refuses_reclaim;
    struct parley_regs nonsense; /* instead of the answer to call `at_call`, if x0 is not 0 */
    bool was_out_of_reach;       /* the page at `watched` of the lender's, during the last call */
    uint64_t watched;
} spmc;

static struct parley_regs error_regs(int32_t status)
{
    return (struct parley_regs){{FFA_ERROR, 0, (uint32_t)status}};
}

static void take_fragment(struct parley_regs *regs, uint32_t bytes)
{
    spmc.was_out_of_reach = spmc.watched != 0 && cannot_touch(a, spmc.watched, 1);
    memcpy(spmc.bytes + spmc.count, posix_secure_view(spmc.tx_pa, bytes), bytes);
    spmc.count += bytes;
    spmc.knows = true;
    if (++spmc.calls == spmc.at_call) {
        if (spmc.nonsense.x[0] != 0) {
            *regs = spmc.nonsense;
            return;
        }
        if (spmc.refuses_send != FFA_OK) {
            spmc.knows = false;
            *regs = error_regs(spmc.refuses_send);
            return;
        }
    }
    if (spmc.count == spmc.total) {
        *regs = (struct parley_regs){{FFA_SUCCESS_32, 0, (uint32_t)spmc.handle, spmc.handle >> 32}};
    } else {
        *regs = (struct parley_regs){{FFA_MEM_FRAG_RX, (uint32_t)spmc.handle, spmc.handle >> 32,
                                      spmc.count, ffa_mem_frag_make(1)}};
    }
}

static void take_reclaim(struct parley_regs *regs)
{
    uint64_t handle = regs->x[1] | regs->x[2] << 32;

    spmc.reclaims++;
    if (handle != spmc.handle || !spmc.knows) {
        *regs = error_regs(FFA_INVALID_PARAMETERS);
    } else if (spmc.refuses_reclaim != FFA_OK) {
        *regs = error_regs(spmc.refuses_reclaim);
    } else {
        spmc.knows = false;
        *regs = (struct parley_regs){{FFA_SUCCESS_32}};
    }
}

static void serve(void *context, struct parley_regs *regs)
{
    (void)context;
    switch ((uint32_t)regs->x[0]) {
    case FFA_MEM_SHARE_64:
    case FFA_MEM_LEND_64:
    case FFA_MEM_DONATE_64:
    case FFA_MEM_SHARE_32:
    case FFA_MEM_LEND_32:
    case FFA_MEM_DONATE_32:
        spmc.fid = (uint32_t)regs->x[0];
        spmc.total = (uint32_t)regs->x[1];
        spmc.count = 0;
        spmc.calls = 0;
        assert_true(regs->x[3] == 0 && regs->x[4] == 0);
        take_fragment(regs, (uint32_t)regs->x[2]);
        break;
    case FFA_MEM_FRAG_TX:
        assert_true((regs->x[1] | regs->x[2] << 32) == spmc.handle);
        assert_int_equal(regs->x[4], ffa_mem_frag_make(1));
        take_fragment(regs, (uint32_t)regs->x[3]);
        break;
    case FFA_MEM_RECLAIM:
        take_reclaim(regs);
        break;
    case FFA_RXTX_MAP_64:
        spmc.tx_pa = spmc.tx_pa == 0 ? regs->x[1] : spmc.tx_pa;
        posix_smc_secure_world(regs);
        break;
    default:
        posix_smc_secure_world(regs);
        break;
    }
}

/* VM 1 has many pages, in blocks of so many; 2 and 3 are as ever. */
static void start_secure(const struct spmc_config *secure, unsigned int block)
{
    struct parley_config config = rig_memory_config;
    struct parley_vm_config vm_config = rig_friend_config(1);

    memset(&spmc, 0, sizeof(spmc));
    spmc.handle = SPMC_FIRST;
    config.contiguity = block;
    rig_start_served(secure, &config, serve);
    posix_preempt(preemption);
    assert_true(spmc.tx_pa != 0);
    vm_config.window_ipa = RIG_WINDOW_IPA;
    vm_config.window_pages = RIG_WINDOW_PAGES;
    a = rig_vm_of(&vm_config, 1024, block);
    settle(a, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);
    b = rig_memory_friend(2, FFA_VERSION_1_1, 1);
}

static uint64_t sent_secure(uint32_t fid, const struct grant *grant)
{
    struct answer answer = grant_send(a, fid, grant);

    assert_int_equal(answer.status, FFA_OK);
    assert_true(handle_of(&answer) == spmc.handle);
    return handle_of(&answer);
}

static uint64_t told(uint32_t offset, unsigned int bytes)
{
    uint64_t value = 0;

    memcpy(&value, spmc.bytes + offset, bytes);
    return value;
}

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
            assert_int_equal(spmc.total, 96 + 16 * announced);
            assert_int_equal(told(80, 4), pages);
            check_pages(96, announced, pages, 3);
            assert_int_equal(reclaim(a, spmc.handle, 0), FFA_OK);
            assert_true(rig_stop());
        }
    }
}

/* --- What it refuses -------------------------------------------------------------------------- */

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

/* --- The end of a VM -------------------------------------------------------------------------- */

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
        RIG_TEST(test_share),   RIG_TEST(test_spmc_1_1),   RIG_TEST(test_lend),
        RIG_TEST(test_blocks),  RIG_TEST(test_many_pages), RIG_TEST(test_fragments),
        RIG_TEST(test_refused), RIG_TEST(test_mixed),      RIG_TEST(test_no_gifts),
        RIG_TEST(test_end),     RIG_TEST(test_quarantine), RIG_TEST(test_nonsense),
    };

    return RUN_TWICE(tests);
}
