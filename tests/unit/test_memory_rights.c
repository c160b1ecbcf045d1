/* SPDX-License-Identifier: BSD-3-Clause */
/* What a borrower may do with memory that it has, and when it is full of zeroes. */
#include "memory.h"

/* --- Permissions ------------------------------------------------------------------------------ */

static void test_read_only(void **state)
{
    struct grant grant;
    struct grant request;
    struct retrieved got;
    uint64_t handle;

    (void)state;
    start();
    /* The lender can only read it. */
    posix_vm_set_page(a, page_of(a, 8), POSIX_PAGE_READ_ONLY);
    grant = share_with(a, 2, page_of(a, 8), 1);
    assert_int_equal(grant_send(a, SHARE, &grant).status, FFA_DENIED);
    grant.borrower[0].permissions = DATA_RO;
    handle = sent(a, SHARE, &grant);
    assert_true(can_read(b, retrieved(b, &grant, handle), 1));
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, handle, FFA_MEM_RECLAIM_ZERO), FFA_DENIED);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_true(can_read(a, page_of(a, 8), 1));
    assert_false(can_write(a, page_of(a, 8), 1));

    /* The borrower wants less than it may. */
    grant = share_with(a, 2, page_of(a, 10), 1);
    handle = sent(a, SHARE, &grant);
    request = request_for(b, &grant, handle);
    request.borrower[0].permissions = DATA_RO;
    got = retrieve_with(b, &request);
    assert_int_equal(got.status, FFA_OK);
    assert_int_equal(got.borrower.permissions, DATA_RO | FFA_MEM_ACCESS_INSTR_XN);
    assert_false(can_write(b, got.range[0].address, 1));
}

static uint8_t lent_with(uint8_t permissions, int32_t expected)
{
    struct grant grant = lend_to(a, 2, page_of(a, 8), 1);
    uint64_t handle = sent(a, LEND, &grant);
    struct grant request = request_for(b, &grant, handle);
    struct posix_stage2 stage2;
    struct retrieved got;

    request.borrower[0].permissions = permissions;
    got = retrieve_with(b, &request);
    assert_int_equal(got.status, expected);
    if (expected != FFA_OK) {
        assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        return 0;
    }
    posix_vm_stage2(b, got.range[0].address, 1, &stage2);
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_true((got.borrower.permissions == (DATA_RW | FFA_MEM_ACCESS_INSTR_X)) ==
                (stage2.access == PARLEY_ACCESS_RWX));
    assert_true((got.borrower.permissions == (DATA_RO | FFA_MEM_ACCESS_INSTR_X)) ==
                (stage2.access == PARLEY_ACCESS_RX));
    return got.borrower.permissions;
}

static void test_instruction_access(void **state)
{
    const uint8_t x = FFA_MEM_ACCESS_INSTR_X;
    const uint8_t xn = FFA_MEM_ACCESS_INSTR_XN;

    (void)state;
    start();
    assert_int_equal(lent_with(DATA_RW | x, FFA_OK), DATA_RW | x);
    assert_int_equal(lent_with(DATA_RO | x, FFA_OK), DATA_RO | x);
    assert_int_equal(lent_with(DATA_RO | xn, FFA_OK), DATA_RO | xn);
    assert_int_equal(lent_with(DATA_RW | xn, FFA_OK), DATA_RW | xn);
    assert_int_equal(lent_with(DATA_RW, FFA_OK), DATA_RW | xn);
    lent_with(x, FFA_INVALID_PARAMETERS);
    lent_with(0, FFA_INVALID_PARAMETERS);
    lent_with(DATA_RW | x | xn, FFA_INVALID_PARAMETERS);
    lent_with(DATA_RW | DATA_RO, FFA_INVALID_PARAMETERS);
}

/* --- Zeroes ----------------------------------------------------------------------------------- */

static void test_zero_before(void **state)
{
    struct grant grant;
    struct grant request;
    struct retrieved got;
    uint64_t handle;

    (void)state;
    start();
    for (unsigned int i = 0; i < 2; i++) {
        uint32_t page = 8 + 4 * i;

        paint(a, page_of(a, page), 3, 6);
        grant = i == 0 ? lend_to(a, 2, page_of(a, page), 3) : give_to(a, 2, page_of(a, page), 3);
        grant.flags = FFA_MEM_SEND_ZERO;
        handle = sent(a, i == 0 ? LEND : DONATE, &grant);
        request = request_for(b, &grant, handle);
        request.flags = FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE;
        got = retrieve_with(b, &request);
        assert_int_equal(got.status, FFA_OK);
        assert_int_equal(got.flags & FFA_MEM_RETRIEVE_RESP_ZEROED, FFA_MEM_RETRIEVE_RESP_ZEROED);
        assert_true(is_zero(b, got.range[0].address, 3));
    }
    assert_true(is_zero(a, page_of(a, 11), 1));
}

static void test_zero_after(void **state)
{
    static const struct {
        uint32_t retrieve, relinquish, reclaim;
        bool zero;
    } rows[] = {
        {0, 0, 0, false},
        {FFA_MEM_RETRIEVE_REQ_ZERO_AFTER, 0, 0, true},
        {0, FFA_MEM_RELINQUISH_ZERO, 0, true},
        {0, 0, FFA_MEM_RECLAIM_ZERO, true},
    };

    (void)state;
    start();
    for (unsigned int i = 0; i < COUNT(rows); i++) {
        struct grant grant = lend_to(a, 2, page_of(a, 8), 3);
        struct grant request;
        uint64_t handle;

        paint(a, page_of(a, 7), 4, 7);
        paint(a, page_of(a, 11), 1, 70);
        handle = sent(a, LEND, &grant);
        request = request_for(b, &grant, handle);
        request.flags = rows[i].retrieve;
        assert_int_equal(retrieve_with(b, &request).status, FFA_OK);
        assert_int_equal(relinquish(b, handle, rows[i].relinquish), FFA_OK);
        assert_int_equal(reclaim(a, handle, rows[i].reclaim), FFA_OK);
        assert_int_equal(is_zero(a, page_of(a, 8), 3), rows[i].zero);
        assert_true(is_painted(a, page_of(a, 7), 1, 7));
        assert_true(is_painted(a, page_of(a, 11), 1, 70));
    }
}

/* Of several borrowers, the last to let go has it zeroed, if any asked for that. */
static void test_zero_after_several(void **state)
{
    struct grant grant;
    uint64_t handle;
    uint64_t at;

    (void)state;
    start();
    for (unsigned int asks = 0; asks < 4; asks++) {
        paint(a, page_of(a, 8), 2, 8);
        grant = lend_to(a, 2, page_of(a, 8), 2);
        also_to(&grant, 3, DATA_RW);
        handle = sent(a, LEND, &grant);
        (void)retrieved(b, &grant, handle);
        at = retrieved(c, &grant, handle);
        assert_int_equal(relinquish(b, handle, (asks & 1) != 0 ? FFA_MEM_RELINQUISH_ZERO : 0),
                         FFA_OK);
        assert_true(is_painted(c, at, 2, 8));
        assert_int_equal(relinquish(c, handle, (asks & 2) != 0 ? FFA_MEM_RELINQUISH_ZERO : 0),
                         FFA_OK);
        assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        assert_int_equal(is_zero(a, page_of(a, 8), 2), asks != 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_read_only),  RIG_TEST(test_instruction_access), RIG_TEST(test_zero_before),
        RIG_TEST(test_zero_after), RIG_TEST(test_zero_after_several),
    };

    return RUN_TWICE(tests);
}
