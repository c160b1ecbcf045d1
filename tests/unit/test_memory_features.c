/* SPDX-License-Identifier: BSD-3-Clause */
/* What FFA_FEATURES says of memory management, and what is not there without it. */
#include "memory.h"

static const uint32_t calls[] = {
    FFA_MEM_SHARE_32,        FFA_MEM_SHARE_64,   FFA_MEM_LEND_32, FFA_MEM_LEND_64,
    FFA_MEM_DONATE_32,       FFA_MEM_DONATE_64,  FFA_MEM_RECLAIM, FFA_MEM_RETRIEVE_REQ_32,
    FFA_MEM_RETRIEVE_REQ_64, FFA_MEM_RELINQUISH, FFA_MEM_FRAG_TX, FFA_MEM_FRAG_RX,
    FFA_MEM_RETRIEVE_RESP,
};

static void test_no_transactions(void **state)
{
    (void)state;
    start_with(&rig_default_config);
    a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    for (unsigned int i = 0; i < COUNT(calls); i++) {
        assert_int_equal(CALL(a, calls[i], 112, 112, 0, 0).status, FFA_NOT_SUPPORTED);
        assert_int_equal(CALL(a, FFA_FEATURES, calls[i], 0).status, FFA_NOT_SUPPORTED);
    }
}

static void test_features(void **state)
{
    (void)state;
    start();
    for (unsigned int i = 0; i < COUNT(calls); i++) {
        struct answer answer = CALL(a, FFA_FEATURES, calls[i], 0);
        bool retrieves = calls[i] == FFA_MEM_RETRIEVE_REQ_32 || calls[i] == FFA_MEM_RETRIEVE_REQ_64;

        assert_int_equal(answer.status, FFA_OK);
        assert_int_equal(answer.regs.x[2], retrieves ? 2 : 0);
    }
    assert_int_equal(CALL(a, FFA_MEM_FRAG_RX, 1, 1u << 31, 0, 0).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(a, FFA_MEM_RETRIEVE_RESP, 0).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(a, FFA_MEM_OP_PAUSE, 0).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(a, FFA_MEM_PERM_GET_32, 0).status, FFA_NOT_SUPPORTED);
}

static void test_no_gifts(void **state)
{
    struct parley_config config = rig_memory_config;
    struct grant grant;

    (void)state;
    config.can_donate = false;
    start_with(&config);
    a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
    grant = give_to(a, 2, page_of(a, 8), 1);
    assert_int_equal(grant_send(a, DONATE, &grant).status, FFA_NOT_SUPPORTED);
    assert_int_equal(grant_send(a, FFA_MEM_DONATE_64, &grant).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(a, FFA_FEATURES, FFA_MEM_DONATE_32, 0).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(a, FFA_FEATURES, FFA_MEM_DONATE_64, 0).status, FFA_NOT_SUPPORTED);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_no_transactions),
        RIG_TEST(test_features),
        RIG_TEST(test_no_gifts),
    };

    return RUN_TWICE(tests);
}
