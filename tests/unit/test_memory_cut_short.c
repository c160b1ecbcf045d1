/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM ends, or is reset, after any piece of a call of its own that grants or borrows memory: all
 * is as if the call had not been made, or had been made.
 */
#include "memory.h"

#define PAGES 3u

static struct grant grant;
static uint64_t handle;
static struct parley_regs regs;

static uint32_t write_request(struct posix_vm *vm, const struct grant *request)
{
    return grant_write(vm, request, posix_vm_at(vm, tx_ipa(vm)));
}

/* --- The calls: what comes before, and who makes it ------------------------------------------- */

static struct posix_vm *begin_send(uint32_t fid)
{
    uint32_t total = write_request(a, &grant);

    regs = (struct parley_regs){{fid, total, total}};
    return a;
}

static struct posix_vm *begin_share(void)
{
    grant = share_with(a, 2, page_of(a, 8), PAGES);
    return begin_send(SHARE);
}

static struct posix_vm *begin_lend(void)
{
    grant = lend_to(a, 2, page_of(a, 8), PAGES);
    grant.flags = FFA_MEM_SEND_ZERO;
    return begin_send(LEND);
}

static struct posix_vm *begin_fragment(void)
{
    static struct ffa_mem_constituent ranges[PAGES];
    uint32_t total;
    struct answer answer;

    for (unsigned int i = 0; i < PAGES; i++) {
        ranges[i] = (struct ffa_mem_constituent){page_of(a, 8 + 2 * i), 1, 0};
    }
    grant = lend_to(a, 2, 0, 0);
    grant.range = ranges;
    grant.ranges = PAGES;
    total = write_request(a, &grant);
    answer = CALL(a, LEND, total, total - 32, 0, 0);
    assert_int_equal(answer.fid, FFA_MEM_FRAG_RX);
    memmove(posix_vm_at(a, tx_ipa(a)), (uint8_t *)posix_vm_at(a, tx_ipa(a)) + total - 32, 32);
    regs = (struct parley_regs){{FFA_MEM_FRAG_TX, answer.regs.x[1], answer.regs.x[2], 32}};
    return a;
}

static struct posix_vm *begin_retrieval(uint32_t fid)
{
    struct grant request;
    uint32_t total;

    handle = sent(a, fid, &grant);
    request = request_for(b, &grant, handle);
    total = write_request(b, &request);
    regs = (struct parley_regs){{FFA_MEM_RETRIEVE_REQ_32, total, total}};
    return b;
}

static struct posix_vm *begin_retrieve_shared(void)
{
    grant = share_with(a, 2, page_of(a, 8), PAGES);
    return begin_retrieval(SHARE);
}

static struct posix_vm *begin_retrieve_lent(void)
{
    grant = lend_to(a, 2, page_of(a, 8), PAGES);
    return begin_retrieval(LEND);
}

static struct posix_vm *begin_retrieve_gift(void)
{
    grant = give_to(a, 2, page_of(a, 8), PAGES);
    return begin_retrieval(DONATE);
}

/* Given back by one of two, who asks for zeroes: the other does not have it any more. */
static struct posix_vm *begin_relinquish(void)
{
    struct ffa_mem_relinquish request = {.flags = FFA_MEM_RELINQUISH_ZERO, .endpoint_count = 1};
    uint16_t id = 2;

    grant = lend_to(a, 2, page_of(a, 8), PAGES);
    also_to(&grant, 3, DATA_RW);
    handle = sent(a, LEND, &grant);
    (void)retrieved(b, &grant, handle);
    request.handle = handle;
    memcpy(posix_vm_at(b, tx_ipa(b)), &request, sizeof(request));
    memcpy((uint8_t *)posix_vm_at(b, tx_ipa(b)) + sizeof(request), &id, sizeof(id));
    regs = (struct parley_regs){{FFA_MEM_RELINQUISH}};
    return b;
}

static struct posix_vm *begin_reclaim(void)
{
    grant = lend_to(a, 2, page_of(a, 8), PAGES);
    handle = sent(a, LEND, &grant);
    regs = (struct parley_regs){
        {FFA_MEM_RECLAIM, (uint32_t)handle, handle >> 32, FFA_MEM_RECLAIM_ZERO}};
    return a;
}

/* --- Cut short -------------------------------------------------------------------------------- */

/* Whether it was over before so many pieces. */
static bool make_pieces(struct posix_vm *vm, unsigned int pieces)
{
    enum parley_outcome outcome = parley_call(posix_vm_parley(vm), 0, &regs);

    for (unsigned int i = 1; i < pieces && outcome == PARLEY_PREEMPTED; i++) {
        outcome = parley_continue(posix_vm_parley(vm), 0, &regs);
    }
    assert_true(outcome == PARLEY_PREEMPTED || outcome == PARLEY_RETURN);
    return outcome == PARLEY_RETURN;
}

/* All of the VM's own, and nobody else's, but for a gift that may have gone. */
static void check_ends(bool is_gift)
{
    unsigned int gone = RIG_VM_PAGES - posix_vm_holdings(a).own;

    assert_int_equal(posix_vm_holdings(a).granted, 0);
    assert_int_equal(posix_vm_holdings(a).revoked, 0);
    assert_int_equal(posix_vm_holdings(b).borrowed, 0);
    assert_true(gone == 0 || (is_gift && gone == PAGES));
    assert_int_equal(posix_vm_holdings(b).own, RIG_VM_PAGES); /* a gift ends with the life */
    if (gone == 0) {
        assert_true(can_write(a, page_of(a, 8), PAGES));
    }
}

static void cut_short(struct posix_vm *(*begin)(void))
{
    bool is_over = false;

    for (unsigned int pieces = 1; !is_over; pieces++) {
        struct posix_vm *vm;

        start();
        posix_preempt(POSIX_PREEMPT_ALWAYS);
        vm = begin();
        is_over = make_pieces(vm, pieces);
        posix_vm_reset(vm);
        if (vm == b && posix_vm_holdings(a).granted != 0) {
            assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        }
        check_ends(begin == begin_retrieve_gift);
        settle(vm, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
        grant = lend_to(a, 2, page_of(a, 20), PAGES);
        (void)retrieved(b, &grant, sent(a, LEND, &grant));
        assert_true(rig_stop());

        start();
        posix_preempt(POSIX_PREEMPT_ALWAYS);
        vm = begin();
        (void)make_pieces(vm, pieces);
        rig_vm_end(vm);
        assert_true(rig_stop());
    }
}

#define CUT_SHORT(what)                   \
    static void test_##what(void **state) \
    {                                     \
        (void)state;                      \
        cut_short(begin_##what);          \
    }

CUT_SHORT(share)
CUT_SHORT(lend)
CUT_SHORT(fragment)
CUT_SHORT(retrieve_shared)
CUT_SHORT(retrieve_lent)
CUT_SHORT(retrieve_gift)
CUT_SHORT(relinquish)
CUT_SHORT(reclaim)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_share),           RIG_TEST(test_lend),          RIG_TEST(test_fragment),
        RIG_TEST(test_retrieve_shared), RIG_TEST(test_retrieve_lent), RIG_TEST(test_retrieve_gift),
        RIG_TEST(test_relinquish),      RIG_TEST(test_reclaim),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
