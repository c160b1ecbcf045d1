/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that VMs share, lend and give to each other: who can touch it when, and what is in it. */
#include "memory.h"

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

static bool in_window(uint64_t ipa, uint32_t pages)
{
    return ipa >= RIG_WINDOW_IPA &&
           ipa + (uint64_t)pages * PAGE <= RIG_WINDOW_IPA + (uint64_t)RIG_WINDOW_PAGES * PAGE;
}

static uint16_t answered_attributes(uint32_t version)
{
    return version == FFA_VERSION_1_0 ? 0x2f : 0x6f;
}

static void check_answer(const struct retrieved *got, uint32_t version, uint32_t type,
                         uint8_t permissions)
{
    assert_int_equal(got->status, FFA_OK);
    assert_int_equal(got->owner, 1);
    assert_int_equal(got->attributes, answered_attributes(version));
    assert_int_equal(got->flags, type);
    assert_int_equal(got->borrowers, 1);
    assert_int_equal(got->borrower.id, 2);
    assert_int_equal(got->borrower.permissions, permissions);
    assert_int_equal(got->borrower.flags, 0);
    assert_int_equal(got->pages, 4);
    assert_int_equal(got->ranges, 1);
    assert_true(in_window(got->range[0].address, 4));
}

/* Each version on either side, each in its own layout. */
static void for_each_pair(void (*test)(uint32_t version_a, uint32_t version_b))
{
    for (unsigned int i = 0; i < 3; i++) {
        for (unsigned int j = 0; j < 3; j++) {
            start_versions(versions[i], versions[j]);
            test(versions[i], versions[j]);
            assert_true(rig_stop());
        }
    }
}

static void share(uint32_t version_a, uint32_t version_b)
{
    struct grant grant = share_with(a, 2, page_of(a, 8), 4);
    struct retrieved got;
    uint64_t handle;
    uint64_t at;

    (void)version_a;
    paint(a, page_of(a, 8), 4, 1);
    grant.tag = 0x1122334455667788;
    handle = sent(a, SHARE, &grant);
    assert_true(can_write(a, page_of(a, 8), 4));
    got = retrieve(b, &grant, handle);
    check_answer(&got, version_b, FFA_MEM_TYPE_SHARE, DATA_RW | FFA_MEM_ACCESS_INSTR_XN);
    assert_true(got.handle == handle && got.tag == grant.tag);
    at = got.range[0].address;
    assert_true(is_painted(b, at, 4, 1));
    paint(b, at, 4, 77);
    assert_true(is_painted(a, page_of(a, 8), 4, 77));
    assert_true(cannot_touch(b, at - PAGE, 1));

    assert_int_equal(reclaim(a, handle, 0), FFA_DENIED);
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_true(cannot_touch(b, at, 4));
    assert_true(is_painted(a, page_of(a, 8), 4, 77));
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_true(can_write(a, page_of(a, 8), 4));
    assert_int_equal(posix_vm_holdings(a).granted, 0);
}

static void test_share(void **state)
{
    (void)state;
    for_each_pair(share);
}

static void lend(uint32_t version_a, uint32_t version_b)
{
    struct grant grant = lend_to(a, 2, page_of(a, 8), 4);
    struct retrieved got;
    uint64_t handle;
    uint64_t at;

    (void)version_a;
    paint(a, page_of(a, 8), 4, 2);
    handle = sent(a, LEND, &grant);
    assert_true(cannot_touch(a, page_of(a, 8), 4));
    assert_true(can_write(a, page_of(a, 7), 1));
    assert_true(can_write(a, page_of(a, 12), 1));
    got = retrieve(b, &grant, handle);
    check_answer(&got, version_b, FFA_MEM_TYPE_LEND, DATA_RW | FFA_MEM_ACCESS_INSTR_XN);
    at = got.range[0].address;
    assert_true(is_painted(b, at, 4, 2));
    paint(b, at, 4, 78);
    assert_true(cannot_touch(a, page_of(a, 8), 4));
    assert_int_equal(reclaim(a, handle, 0), FFA_DENIED);
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_true(cannot_touch(a, page_of(a, 8), 4));
    assert_true(cannot_touch(b, at, 4));
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_true(is_painted(a, page_of(a, 8), 4, 78));
    assert_true(can_write(a, page_of(a, 8), 4));
}

static void test_lend(void **state)
{
    (void)state;
    for_each_pair(lend);
}

static void donate(uint32_t version_a, uint32_t version_b)
{
    struct grant grant = give_to(a, 2, page_of(a, 8), 4);
    struct grant onwards;
    struct retrieved got;
    uint64_t handle;
    uint64_t at;

    (void)version_a;
    paint(a, page_of(a, 8), 4, 3);
    handle = sent(a, DONATE, &grant);
    assert_true(cannot_touch(a, page_of(a, 8), 4));
    got = retrieve(b, &grant, handle);
    check_answer(&got, version_b, FFA_MEM_TYPE_DONATE, DATA_RW | FFA_MEM_ACCESS_INSTR_XN);
    at = got.range[0].address;
    assert_true(is_painted(b, at, 4, 3));
    assert_true(cannot_touch(a, page_of(a, 8), 4));
    assert_int_equal(posix_vm_holdings(a).own, RIG_VM_PAGES - 4);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    assert_int_equal(posix_vm_holdings(b).own, RIG_VM_PAGES + 4);
    assert_int_equal(posix_vm_holdings(b).borrowed, 0);

    /* The handle is gone for all. */
    assert_int_equal(reclaim(a, handle, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(relinquish(b, handle, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(retrieve(b, &grant, handle).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(grant_send(a, SHARE, &(struct grant){0}).status, FFA_INVALID_PARAMETERS);

    /* What was the giver's is nobody's to grant there; the receiver's is its own. */
    onwards = share_with(a, 3, page_of(a, 8), 1);
    assert_int_equal(grant_send(a, SHARE, &onwards).status, FFA_DENIED);
    onwards = share_with(b, 3, at, 4);
    handle = sent(b, SHARE, &onwards);
    assert_true(is_painted(c, retrieved(c, &onwards, handle), 4, 3));
    assert_int_equal(relinquish(c, handle, 0), FFA_OK);
    assert_int_equal(reclaim(b, handle, 0), FFA_OK);
}

static void test_donate(void **state)
{
    (void)state;
    for_each_pair(donate);
}

/* Given on and on, and back to where it came from. */
static void test_gift_comes_back(void **state)
{
    struct ffa_mem_constituent home = {.page_count = 4};
    struct grant grant;
    struct grant request;
    struct retrieved got;
    uint64_t at;
    uint64_t handle;

    (void)state;
    start();
    paint(a, page_of(a, 8), 4, 9);
    grant = give_to(a, 2, page_of(a, 8), 4);
    handle = sent(a, DONATE, &grant);
    at = retrieved(b, &grant, handle);
    grant = give_to(b, 3, at, 4);
    handle = sent(b, DONATE, &grant);
    at = retrieved(c, &grant, handle);
    grant = give_to(c, 1, at, 4);
    handle = sent(c, DONATE, &grant);
    request = request_for(a, &grant, handle);
    home.address = page_of(a, 8);
    request.range = &home;
    request.ranges = 1;
    got = retrieve_with(a, &request);
    assert_int_equal(got.status, FFA_OK);
    assert_true(got.range[0].address == page_of(a, 8));
    assert_true(is_painted(a, page_of(a, 8), 4, 9));
    assert_int_equal(posix_vm_holdings(a).own, RIG_VM_PAGES);
    assert_int_equal(posix_vm_holdings(b).own, RIG_VM_PAGES);
    assert_int_equal(posix_vm_holdings(c).own, RIG_VM_PAGES);
    grant = lend_to(a, 2, page_of(a, 7), 6);
    handle = sent(a, LEND, &grant);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
}

/* --- Several borrowers ------------------------------------------------------------------------ */

static void test_several_share(void **state)
{
    struct grant grant;
    uint64_t handle;
    uint64_t at_b;
    uint64_t at_c;
    uint64_t at_d;

    (void)state;
    start();
    paint(a, page_of(a, 8), 2, 4);
    grant = share_with(a, 2, page_of(a, 8), 2);
    also_to(&grant, 3, DATA_RO);
    also_to(&grant, 4, DATA_RW);
    handle = sent(a, SHARE, &grant);
    at_b = retrieved(b, &grant, handle);
    at_c = retrieved(c, &grant, handle);
    assert_true(is_painted(c, at_c, 2, 4));
    assert_false(can_write(c, at_c, 1));
    assert_true(can_write(b, at_b, 2));
    at_d = retrieved(d, &grant, handle);
    paint(d, at_d, 2, 5);
    assert_true(is_painted(a, page_of(a, 8), 2, 5));
    assert_true(is_painted(c, at_c, 2, 5));
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_true(cannot_touch(b, at_b, 2));
    assert_true(can_read(c, at_c, 2));
    assert_int_equal(reclaim(a, handle, 0), FFA_DENIED);
    at_b = retrieved(b, &grant, handle); /* again */
    assert_int_equal(relinquish(c, handle, 0), FFA_OK);
    assert_int_equal(relinquish(d, handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, handle, 0), FFA_DENIED);
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
}

static void test_several_lend(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    grant = lend_to(a, 2, page_of(a, 8), 2);
    also_to(&grant, 3, DATA_RO);
    handle = sent(a, LEND, &grant);
    assert_true(cannot_touch(a, page_of(a, 8), 2));
    assert_true(can_write(b, retrieved(b, &grant, handle), 2));
    assert_true(can_read(c, retrieved(c, &grant, handle), 2));
    assert_int_equal(relinquish(b, handle, 0), FFA_OK);
    assert_true(cannot_touch(a, page_of(a, 8), 2));
    assert_int_equal(relinquish(c, handle, 0), FFA_OK);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
}

/* As many as there may be, and one more. */
static void test_eight(void **state)
{
    struct posix_vm *others[9];
    struct grant grant;
    uint64_t handle;

    (void)state;
    start_with(&rig_memory_config);
    a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    for (uint16_t i = 0; i < 9; i++) {
        others[i] = rig_memory_friend((uint16_t)(2 + i), FFA_VERSION_1_2, 1);
    }
    grant = share_with(a, 2, page_of(a, 8), 1);
    for (uint16_t id = 3; id <= 9; id++) {
        also_to(&grant, id, DATA_RO);
    }
    handle = sent(a, SHARE, &grant);
    for (unsigned int i = 0; i < 8; i++) {
        (void)retrieved(others[i], &grant, handle);
    }
    for (unsigned int i = 0; i < 8; i++) {
        assert_int_equal(reclaim(a, handle, 0), FFA_DENIED);
        assert_int_equal(relinquish(others[i], handle, 0), FFA_OK);
    }
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    also_to(&grant, 10, DATA_RO);
    assert_int_equal(grant_send(a, SHARE, &grant).status, FFA_INVALID_PARAMETERS);
}

/* --- What is carried through ------------------------------------------------------------------ */

static void test_impdef(void **state)
{
    struct grant grant;
    struct grant request;
    struct retrieved got;
    uint64_t handle;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 1);
    grant.borrower[0].impdef[0] = 0x0123456701234567;
    grant.borrower[0].impdef[1] = 0x4455667744556677;
    handle = sent(a, SHARE, &grant);
    request = request_for(b, &grant, handle);
    request.borrower[0].impdef[1]++;
    assert_int_equal(retrieve_with(b, &request).status, FFA_INVALID_PARAMETERS);
    request.borrower[0].impdef[1]--;
    got = retrieve_with(b, &request);
    assert_int_equal(got.status, FFA_OK);
    assert_true(got.borrower.impdef[0] == grant.borrower[0].impdef[0]);
    assert_true(got.borrower.impdef[1] == grant.borrower[0].impdef[1]);
}

/* A 1.2 VM may write the short form of an endpoint's part; the answer has its own form. */
static void test_short_form(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 1);
    grant.access_size = 16;
    grant.access_offset = 64;
    grant.composite_offset = 88;
    handle = sent(a, SHARE, &grant);
    (void)retrieved(b, &grant, handle);
}

/* The calls with a 64-bit ID do the same. */
static void test_64(void **state)
{
    struct grant grant;
    struct answer answer;
    uint8_t *tx;
    uint32_t bytes;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 1);
    answer = grant_send(a, FFA_MEM_SHARE_64, &grant);
    assert_int_equal(answer.status, FFA_OK);
    assert_int_equal(answer.fid, FFA_SUCCESS_32);
    grant = request_for(b, &grant, handle_of(&answer));
    tx = posix_vm_at(b, tx_ipa(b));
    bytes = grant_write(b, &grant, tx);
    answer = CALL(b, FFA_MEM_RETRIEVE_REQ_64, bytes, bytes, 0, 0);
    assert_int_equal(answer.fid, FFA_MEM_RETRIEVE_RESP);
    assert_int_equal(CALL(b, FFA_MEM_RETRIEVE_REQ_64, bytes, bytes, 0, 0).status, FFA_BUSY);
    assert_int_equal(CALL(b, FFA_RX_RELEASE, 0).status, FFA_OK);
    grant = lend_to(a, 2, page_of(a, 9), 1);
    assert_int_equal(grant_send(a, FFA_MEM_LEND_64, &grant).status, FFA_OK);
    grant = give_to(a, 2, page_of(a, 10), 1);
    assert_int_equal(grant_send(a, FFA_MEM_DONATE_64, &grant).status, FFA_OK);
}

/* The exact address of a fault is told. */
static void touch_all(void *argument)
{
    volatile uint8_t *at = argument;

    for (unsigned int i = 0; i < 3 * PAGE; i += 8) {
        (void)at[i];
    }
}

static void test_fault(void **state)
{
    struct grant grant;
    uint64_t fault = 0;
    uint64_t handle;

    (void)state;
    start();
    grant = lend_to(a, 2, page_of(a, 9), 1);
    handle = sent(a, LEND, &grant);
    assert_false(posix_try(a, touch_all, posix_vm_at(a, page_of(a, 8)), &fault));
    assert_true(fault == page_of(a, 9));
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    assert_true(posix_try(a, touch_all, posix_vm_at(a, page_of(a, 8)), &fault));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_share),         RIG_TEST(test_lend),
        RIG_TEST(test_donate),        RIG_TEST(test_gift_comes_back),
        RIG_TEST(test_several_share), RIG_TEST(test_several_lend),
        RIG_TEST(test_eight),         RIG_TEST(test_impdef),
        RIG_TEST(test_short_form),    RIG_TEST(test_64),
        RIG_TEST(test_fault),
    };

    return RUN_TWICE(tests);
}
