/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs that wait, for a message or for an answer: interrupts, FFA_RUN, FFA_MSG_WAIT and FFA_YIELD;
 * and VMs that wait for each other.
 */
#include "unit.h"

#define REQUEST  FFA_MSG_SEND_DIRECT_REQ_32
#define RESPONSE FFA_MSG_SEND_DIRECT_RESP_32

static struct posix_vm *a; /* 1 */
static struct posix_vm *b; /* 2 */
static struct posix_vm *c; /* 3 */

static void start(uint32_t version)
{
    rig_start(NULL);
    a = rig_friend(1, version);
    b = rig_friend(2, version);
    c = rig_friend(3, version);
}

/* --- FFA_MSG_WAIT ----------------------------------------------------------------------------- */

struct keep_row {
    uint32_t version;
    uint32_t w2;
    enum parley_rx_state after;
};

static const struct keep_row keep_rows[] = {
    {FFA_VERSION_1_0, 0, PARLEY_RX_FREE},          {FFA_VERSION_1_0, 1, PARLEY_RX_FREE},
    {FFA_VERSION_1_1, 0, PARLEY_RX_FREE},          {FFA_VERSION_1_1, 1, PARLEY_RX_FREE},
    {FFA_VERSION_1_2, 0, PARLEY_RX_FREE},          {FFA_VERSION_1_2, 1, PARLEY_RX_FULL},
    {FFA_VERSION_1_2, 2, PARLEY_RX_FREE},          {FFA_VERSION_1_2, 0xffffffff, PARLEY_RX_FULL},
    {FFA_VERSION_1_2, 0xfffffffe, PARLEY_RX_FREE},
};

/* Makes the VM own its RX buffer. */
static void fill_rx(struct posix_vm *vm)
{
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
    assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_FULL);
}

static void test_waiting_gives_rx_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(keep_rows); i++) {
        const struct keep_row *row = &keep_rows[i];
        struct waiting waits;

        start(row->version);
        fill_rx(a);
        waits = WAIT(a, 0, FFA_MSG_WAIT, 0, row->w2);
        if (rig_vm_status(a).rx != row->after) {
            fail_msg("row %zu: RX is %d", i, (int)rig_vm_status(a).rx);
        }
        interrupted(&waits);
        assert_int_equal(rig_vm_status(a).rx, row->after);

        /* Nothing to give back is no reason not to wait. */
        WAIT(a, 1, FFA_MSG_WAIT, 0, row->w2);
        WAIT(b, 0, FFA_MSG_WAIT, 0, row->w2);
        assert_int_equal(rig_vm_status(b).rx, PARLEY_RX_UNMAPPED);
        assert_true(rig_stop());
    }
}

static void test_waiting_is_denied(void **state)
{
    struct waiting waits;
    struct waiting asks;
    struct waiting serves;

    (void)state;
    start(FFA_VERSION_1_1);
    fill_rx(b);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    assert_int_equal(CALL_ON(b, 1, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
    asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
    woken(&waits);
    assert_int_equal(CALL(b, FFA_MSG_WAIT).status, FFA_DENIED); /* it serves a request */
    assert_int_equal(interrupted(&asks).fid, FFA_INTERRUPT);
    assert_int_equal(CALL(a, FFA_MSG_WAIT).status, FFA_DENIED); /* it has one under way */
    assert_int_equal(rig_vm_status(b).rx, PARLEY_RX_FULL);      /* and nothing changed */
    serves = WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0);
    assert_int_equal(CALL(a, FFA_MSG_WAIT).status, FFA_DENIED); /* answered, and not taken */
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(2, 0)).fid, RESPONSE);
    WAIT(a, 0, FFA_MSG_WAIT);
    assert_true(still_waits(&serves));
}

/* A sibling may wait while one is served, and while one has a request under way. */
static void test_siblings_wait_alone(void **state)
{
    struct waiting waits;

    (void)state;
    start(FFA_VERSION_1_2);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
    woken(&waits);
    WAIT(a, 1, FFA_MSG_WAIT);
    WAIT(b, 1, FFA_MSG_WAIT);
}

/* --- Interrupts ------------------------------------------------------------------------------- */

static void test_interrupt_of_a_receiver(void **state)
{
    struct waiting waits;
    struct waiting asks;
    struct answer answer;

    (void)state;
    start(FFA_VERSION_1_2);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    answer = interrupted(&waits);
    assert_int_equal(answer.fid, FFA_INTERRUPT);
    assert_int_equal(answer.regs.x[1], 0);

    /* Behind a response it is the same. */
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
    woken(&waits);
    waits = WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0);
    woken(&asks);
    answer = interrupted(&waits);
    assert_int_equal(answer.fid, FFA_INTERRUPT);
    assert_int_equal(answer.regs.x[1], 0);

    /* There is nothing to resume, and the vCPU is free. */
    assert_int_equal(CALL(b, FFA_RUN, 0).status, FFA_INVALID_PARAMETERS);
    WAIT(b, 0, FFA_MSG_WAIT);
}

static void test_interrupt_of_a_sender(void **state)
{
    struct waiting waits;
    struct waiting asks;
    struct answer answer;

    (void)state;
    start(FFA_VERSION_1_2);
    waits = WAIT(b, 1, FFA_MSG_WAIT);
    asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
    answer = interrupted(&asks);
    assert_int_equal(answer.fid, FFA_INTERRUPT);
    assert_int_equal(answer.regs.x[1], ffa_target_make(2, 1));
    asks = WAIT(a, 0, FFA_RUN, ffa_target_make(2, 1));
    woken(&waits);
    WAIT(b, 1, RESPONSE, ffa_ids_make(2, 1), 0, 77);
    answer = woken(&asks);
    assert_int_equal(answer.fid, RESPONSE);
    assert_int_equal(answer.regs.x[3], 77);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(2, 1)).status, FFA_DENIED);
}

/* The message comes first: the interrupt finds it, and so does FFA_RUN. */
static void test_message_before_interrupt(void **state)
{
    struct waiting waits;
    struct waiting asks;
    struct answer answer;

    (void)state;
    start(FFA_VERSION_1_2);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0, 5);
    answer = interrupted(&waits);
    assert_int_equal(answer.fid, REQUEST);
    assert_int_equal(answer.regs.x[3], 5);

    waits = WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0, 6);
    answer = interrupted(&asks);
    assert_int_equal(answer.fid, RESPONSE);
    assert_int_equal(answer.regs.x[3], 6);
    posix_vcpu_take_wake(a, 0);

    posix_vcpu_take_wake(b, 0);
    asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0, 7);
    interrupted(&asks);
    woken(&waits);
    WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0, 8);
    answer = CALL(a, FFA_RUN, ffa_target_make(2, 0));
    assert_int_equal(answer.fid, RESPONSE);
    assert_int_equal(answer.regs.x[3], 8);
}

/* An interrupted sender is not free, but it is no prisoner. */
static void test_calls_while_interrupted(void **state)
{
    struct waiting asks;

    (void)state;
    start(FFA_VERSION_1_2);
    WAIT(b, 0, FFA_MSG_WAIT);
    WAIT(c, 0, FFA_MSG_WAIT);
    map_buffers(a, 1);
    asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
    interrupted(&asks);
    assert_int_equal(CALL(a, FFA_ID_GET).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_RX_RELEASE, 0).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_GET, 1, 2).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_CONSOLE_LOG_32, 1, 'x').status, FFA_OK);
    assert_true(CALL(a, FFA_YIELD, 0, 0, 0).yields);
    assert_int_equal(CALL(a, REQUEST, ffa_ids_make(1, 3), 0).status, FFA_DENIED);
    assert_int_equal(CALL(a, REQUEST, ffa_ids_make(1, 2), 0).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_MSG_SEND_DIRECT_REQ2, ffa_ids_make(1, 3), 0, 0).status,
                     FFA_DENIED);
    WAIT(a, 0, FFA_RUN, ffa_target_make(2, 0));
}

static void test_a_thousand_interrupts(void **state)
{
    struct waiting waits;
    struct waiting asks;

    (void)state;
    start(FFA_VERSION_1_2);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    asks = WAIT(a, 0, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(1, 2), 0, 9);
    for (unsigned int i = 0; i < 1000; i++) {
        struct answer answer = interrupted(&asks);

        assert_int_equal(answer.fid, FFA_INTERRUPT);
        asks = WAIT(a, 0, FFA_RUN, answer.regs.x[1]);
        assert_true(still_waits(&asks));
    }
    assert_int_equal(woken(&waits).regs.x[3], 9);
    WAIT(b, 0, FFA_MSG_SEND_DIRECT_RESP_64, ffa_ids_make(2, 1), 0, 1ull << 63);
    assert_true(woken(&asks).regs.x[3] == 1ull << 63);
}

/* --- FFA_RUN ---------------------------------------------------------------------------------- */

static void test_run_of_others(void **state)
{
    struct parley_vm_config hidden = rig_vm_config(4);
    struct waiting asks;
    struct waiting waits;

    (void)state;
    start(FFA_VERSION_1_2);
    rig_vm(&hidden); /* not final */
    waits = WAIT(b, 1, FFA_MSG_WAIT);
    WAIT(c, 0, FFA_MSG_WAIT);
    for (uint16_t vcpu = 0; vcpu < 3; vcpu++) {
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(2, vcpu)).status, FFA_DENIED);
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(4, vcpu)).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(5, vcpu)).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(0, vcpu)).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(0x7fff, vcpu)).status,
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(0x8001, vcpu)).status,
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(0xffff, vcpu)).status,
                         FFA_INVALID_PARAMETERS);
    }

    /* Of an interrupted request: by another vCPU, of another vCPU, of another VM. */
    asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
    interrupted(&asks);
    assert_int_equal(CALL_ON(a, 1, FFA_RUN, ffa_target_make(2, 1)).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(2, 0)).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(3, 1)).status, FFA_DENIED);
    assert_int_equal(CALL(b, FFA_RUN, ffa_target_make(1, 0)).status, FFA_DENIED);

    /* The same when it is answered: nobody else gets the answer. */
    woken(&waits);
    WAIT(b, 1, RESPONSE, ffa_ids_make(2, 1), 0, 3);
    assert_int_equal(CALL_ON(a, 1, FFA_RUN, ffa_target_make(2, 1)).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(2, 0)).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(3, 1)).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(2, 1)).fid, RESPONSE);
}

/* An answer in 64 bits to FFA_RUN, which is an SMC32 call: x8 to x17 belong to it. */
static void test_run_is_answered_in_64_bits(void **state)
{
    static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct waiting waits;
        struct waiting asks;

        start(versions[i]);
        waits = WAIT(b, 0, FFA_MSG_WAIT);
        asks = WAIT(a, 0, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(1, 2), 0);
        interrupted(&asks);
        asks = WAIT(a, 0, FFA_RUN, ffa_target_make(2, 0));
        woken(&waits);
        WAIT(b, 0, FFA_MSG_SEND_DIRECT_RESP_64, ffa_ids_make(2, 1), 0, ~0ull, ~0ull, 0, 0, ~0ull);
        assert_true(woken(&asks).regs.x[7] == ~0ull);
        assert_true(rig_stop());
    }
}

/* --- FFA_YIELD -------------------------------------------------------------------------------- */

static void test_yield(void **state)
{
    static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        start(versions[i]);
        for (unsigned int wrong = 0; wrong < 8; wrong++) {
            struct answer answer = CALL(a, FFA_YIELD, wrong & 1, wrong >> 1 & 1, wrong >> 2 & 1);

            assert_int_equal(answer.status, wrong == 0 ? FFA_OK : FFA_INVALID_PARAMETERS);
            assert_int_equal(answer.fid, wrong == 0 ? FFA_SUCCESS_32 : FFA_ERROR);
            assert_int_equal(answer.yields, wrong == 0);
        }
        assert_int_equal(CALL(a, FFA_YIELD, 0x80000000, 0, 0).status, FFA_INVALID_PARAMETERS);
        assert_true(rig_stop());
    }
}

/* --- VMs that wait for each other ------------------------------------------------------------- */

static void test_cycle_of_two(void **state)
{
    struct waiting b_waits;
    struct waiting a_waits;
    struct waiting a_asks;
    struct waiting b_asks;

    (void)state;
    start(FFA_VERSION_1_2);
    b_waits = WAIT(b, 0, FFA_MSG_WAIT);
    a_asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
    woken(&b_waits);
    /* a waits for an answer, not for a message. */
    assert_int_equal(CALL(b, REQUEST, ffa_ids_make(2, 1), 0).status, FFA_BUSY);

    /* Another vCPU of a's can serve b meanwhile; then b can answer. */
    a_waits = WAIT(a, 1, FFA_MSG_WAIT);
    b_asks = WAIT(b, 0, REQUEST, ffa_ids_make(2, 1), 0, 1);
    assert_int_equal(woken(&a_waits).regs.x[3], 1);
    assert_int_equal(CALL_ON(a, 1, REQUEST, ffa_ids_make(1, 2), 0).status, FFA_BUSY);
    a_waits = WAIT(a, 1, RESPONSE, ffa_ids_make(1, 2), 0, 2);
    assert_int_equal(woken(&b_asks).regs.x[3], 2);
    assert_true(still_waits(&a_asks));
    WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0, 3);
    assert_int_equal(woken(&a_asks).regs.x[3], 3);
    assert_true(still_waits(&a_waits));
}

static void test_chain_of_three(void **state)
{
    struct waiting waits_b;
    struct waiting waits_c;
    struct waiting asks_a;
    struct waiting asks_b;

    (void)state;
    start(FFA_VERSION_1_2);
    waits_b = WAIT(b, 0, FFA_MSG_WAIT);
    waits_c = WAIT(c, 0, FFA_MSG_WAIT);
    asks_a = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0, 1);
    woken(&waits_b);
    asks_b = WAIT(b, 0, REQUEST, ffa_ids_make(2, 3), 0, 2);
    woken(&waits_c);
    assert_int_equal(CALL(c, REQUEST, ffa_ids_make(3, 1), 0).status, FFA_BUSY);
    assert_int_equal(CALL(c, RESPONSE, ffa_ids_make(3, 1), 0).status, FFA_DENIED);
    WAIT(c, 0, RESPONSE, ffa_ids_make(3, 2), 0, 3);
    assert_true(still_waits(&asks_a));
    assert_int_equal(woken(&asks_b).regs.x[3], 3);
    WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0, 4);
    assert_int_equal(woken(&asks_a).regs.x[3], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_waiting_gives_rx_back),
        RIG_TEST(test_waiting_is_denied),
        RIG_TEST(test_siblings_wait_alone),
        RIG_TEST(test_interrupt_of_a_receiver),
        RIG_TEST(test_interrupt_of_a_sender),
        RIG_TEST(test_message_before_interrupt),
        RIG_TEST(test_calls_while_interrupted),
        RIG_TEST(test_a_thousand_interrupts),
        RIG_TEST(test_run_of_others),
        RIG_TEST(test_run_is_answered_in_64_bits),
        RIG_TEST(test_yield),
        RIG_TEST(test_cycle_of_two),
        RIG_TEST(test_chain_of_three),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
