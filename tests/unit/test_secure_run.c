/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that the Secure world leaves in the middle, because of an interrupt or a yield: who
 * resumes them, where, and with what they end.
 */
#include "left.h"

/* --- Real partitions -------------------------------------------------------------------------- */

static void test_interrupted_and_resumed(void **state)
{
    (void)state;
    for (unsigned int cpu = 0; cpu < 4; cpu++) {
        struct answer answer;

        start();
        posix_cpu_move(cpu);
        answer = spin(a, 0, ECHO, 3);
        for (unsigned int i = 0; i < 3; i++) {
            assert_left(&answer, FFA_INTERRUPT, ECHO, (uint16_t)cpu);
            assert_int_equal(cpu_of(a, 0), cpu);
            answer = CALL(a, FFA_RUN, answer.regs.x[1]);
        }
        assert_int_equal(answer.fid, RESP_32);
        assert_int_equal(answer.regs.x[3], FFA_OK);
        assert_int_equal(cpu_of(a, 0), PARLEY_ANY_CPU);
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(ECHO, (uint16_t)cpu)).status, FFA_DENIED);
        stop();
    }
}

static void test_yielded_and_resumed(void **state)
{
    struct answer answer;

    (void)state;
    start();
    answer = CALL(a, REQ_64, ffa_ids_make(1, NOTIFIER), 0, COMMAND_YIELD, 2);
    for (unsigned int i = 0; i < 2; i++) {
        assert_left(&answer, FFA_YIELD, NOTIFIER, 0);
        answer = CALL(a, FFA_RUN, answer.regs.x[1]);
    }
    assert_int_equal(answer.fid, FFA_MSG_SEND_DIRECT_RESP_64);
}

/* The payload of each kind comes back inverted, also in the end of a request that was left. */
static void test_echo(void **state)
{
    struct parley_regs request = {{REQ2, ffa_ids_make(1, ECHO)}};
    struct answer answer;

    (void)state;
    start();
    for (unsigned int i = 5; i < FFA_REGS_MAX; i++) {
        request.x[i] = 0x1111111111111111ull * (i - 4);
    }
    request.x[4] = COMMAND_ECHO;
    answer = call_with(a, 0, request.x, FFA_REGS_MAX);
    assert_int_equal(answer.fid, FFA_MSG_SEND_DIRECT_RESP2);
    for (unsigned int i = 4; i < FFA_REGS_MAX; i++) {
        assert_true(answer.regs.x[i] == ~request.x[i]);
    }
    answer = CALL(b, REQ_32, ffa_ids_make(2, ECHO), 0, COMMAND_ECHO, 1, 2, 3, 4);
    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal(answer.regs.x[4 + i], ~(1 + i));
    }
}

static void test_partitions_that_end_without_an_answer(void **state)
{
    struct answer answer;

    (void)state;
    start();
    for (int32_t status = FFA_NO_DATA; status < 0; status++) {
        assert_int_equal(
            CALL(a, REQ_32, ffa_ids_make(1, ECHO), 0, COMMAND_FAIL, (uint32_t)status).status,
            status);
    }
    answer = CALL(a, REQ_32, ffa_ids_make(1, ECHO), 0, COMMAND_SUCCEED);
    assert_int_equal(answer.fid, FFA_SUCCESS_32);
}

/* --- Who resumes, and where ------------------------------------------------------------------- */

static void test_only_the_owner_resumes(void **state)
{
    uint64_t target = ffa_target_make(ECHO, 0);
    unsigned int smcs;

    (void)state;
    start();
    spin(a, 0, ECHO, 1);
    smcs = posix_smc_count();
    assert_int_equal(CALL_ON(a, 1, FFA_RUN, target).status, FFA_DENIED);
    assert_int_equal(CALL(b, FFA_RUN, target).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(ECHO, 1)).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(TRIO, 0)).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(2, 0)).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(0x8005, 0)).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_smc_count(), smcs);
    assert_int_equal(CALL(a, FFA_RUN, target).fid, RESP_32);
}

static void test_resumed_where_it_was_left(void **state)
{
    (void)state;
    for (unsigned int there = 0; there < 3; there++) {
        uint64_t target;
        unsigned int smcs;

        start();
        posix_cpu_move(there);
        target = spin(a, 0, NOTIFIER, 1).regs.x[1];
        smcs = posix_smc_count();
        for (unsigned int cpu = 0; cpu < 4; cpu++) {
            posix_cpu_move(cpu);
            if (cpu != there) {
                assert_int_equal(CALL(a, FFA_RUN, target).status, FFA_BUSY);
            }
        }
        assert_int_equal(posix_smc_count(), smcs);
        posix_cpu_move(there);
        assert_int_equal(CALL(a, FFA_RUN, target).fid, RESP_32);
        stop();
    }
}

static void test_calls_while_it_is_left(void **state)
{
    uint64_t target;

    (void)state;
    start();
    WAIT(b, 0, FFA_MSG_WAIT);
    target = spin(a, 0, ECHO, 1).regs.x[1];
    assert_int_equal(CALL(a, REQ_32, ffa_ids_make(1, ECHO), 0).status, FFA_DENIED);
    assert_int_equal(CALL(a, REQ_32, ffa_ids_make(1, TRIO), 0).status, FFA_DENIED);
    assert_int_equal(CALL(a, REQ_32, ffa_ids_make(1, 2), 0).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_MSG_WAIT).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_ID_GET).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_YIELD, 0, 0, 0).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_GET, 1, 0xf).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_RUN, target).fid, RESP_32);
}

/* A context that is in the middle of something is nobody else's; the others are. */
static void test_others_meanwhile(void **state)
{
    uint64_t target;

    (void)state;
    start();
    target = spin(a, 0, ECHO, 1).regs.x[1];
    assert_int_equal(spin(b, 0, ECHO, 0).status, FFA_BUSY);
    assert_int_equal(spin(a, 1, ECHO, 0).status, FFA_BUSY);
    posix_cpu_move(1);
    assert_int_equal(spin(b, 0, ECHO, 0).fid, RESP_32);
    posix_cpu_move(0);
    assert_int_equal(spin(b, 0, TRIO, 0).fid, RESP_32);
    assert_int_equal(CALL(a, FFA_RUN, target).fid, RESP_32);
    assert_int_equal(spin(b, 0, ECHO, 0).fid, RESP_32);
}

/* Four vCPUs of two VMs, each with a request of its own under way on a CPU of its own. */
static void test_many_at_once(void **state)
{
    struct posix_vm *vms[4];
    uint64_t target[4];

    (void)state;
    start();
    for (unsigned int i = 0; i < 4; i++) {
        vms[i] = i < 2 ? a : b;
        posix_cpu_move(i);
        target[i] = spin(vms[i], i % 2, ECHO, 1).regs.x[1];
        assert_int_equal(target[i], ffa_target_make(ECHO, (uint16_t)i));
    }
    for (unsigned int i = 4; i-- > 0;) {
        posix_cpu_move(i);
        assert_int_equal(CALL_ON(vms[i], i % 2, FFA_RUN, target[i]).fid, RESP_32);
    }
    posix_cpu_move(0);
}

/* --- What FFA_RUN is answered with ------------------------------------------------------------ */

struct run_row {
    const char *what;
    struct parley_regs answer;
    uint32_t w0; /* 0: ABORTED */
};

static const struct run_row run_rows[] = {
    {"the response", {{RESP_32, PAIR(ECHO, 1), 0, 3}}, RESP_32},
    {"one of another kind", {{FFA_MSG_SEND_DIRECT_RESP2, PAIR(ECHO, 1)}}, 0},
    {"one of 64 bits", {{FFA_MSG_SEND_DIRECT_RESP_64, PAIR(ECHO, 1)}}, 0},
    {"one to another VM", {{RESP_32, PAIR(ECHO, 2)}}, 0},
    {"one of another partition", {{RESP_32, PAIR(TRIO, 1)}}, 0},
    {"done", {{FFA_SUCCESS_32}}, FFA_SUCCESS_32},
    {"waits", {{FFA_MSG_WAIT, PAIR(ECHO, 0)}}, 0},
    {"interrupt of another", {{FFA_INTERRUPT, PAIR(TRIO, 0)}}, 0},
    {"yield of another", {{FFA_YIELD, PAIR(TRIO, 0)}}, 0},
    {"a number", {{0x1234567812345678}}, 0},
};

static void test_answers_to_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(run_rows); i++) {
        struct script request = {.fid = REQ_32};
        struct script run = {.fid = FFA_RUN};
        uint64_t target = ffa_target_make(ECHO, 0);
        struct answer answer;

        start();
        script_answer(&request, (struct parley_regs){{FFA_INTERRUPT, target}});
        script_begin(&request);
        CALL(a, REQ_32, ffa_ids_make(1, ECHO), 0);
        script_answer(&run, (struct parley_regs){{FFA_YIELD, target, 7, 7, 7}});
        script_answer(&run, run_rows[i].answer);
        script_begin(&run);
        answer = CALL(a, FFA_RUN, target);
        assert_left(&answer, FFA_YIELD, ECHO, 0);
        answer = CALL(a, FFA_RUN, target);
        if (run_rows[i].w0 != 0 ? answer.fid != run_rows[i].w0 : answer.status != FFA_ABORTED) {
            fail_msg("%s: %#x, %d", run_rows[i].what, answer.fid, answer.status);
        }
        for (unsigned int j = 2; j < FFA_REGS_MAX; j++) {
            assert_int_equal(run.call[0].x[j], 0);
        }
        /* Over, in either case. */
        assert_int_equal(cpu_of(a, 0), PARLEY_ANY_CPU);
        assert_int_equal(CALL(a, FFA_RUN, target).status, FFA_DENIED);
        stop();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_interrupted_and_resumed),
        RIG_TEST(test_yielded_and_resumed),
        RIG_TEST(test_echo),
        RIG_TEST(test_partitions_that_end_without_an_answer),
        RIG_TEST(test_only_the_owner_resumes),
        RIG_TEST(test_resumed_where_it_was_left),
        RIG_TEST(test_calls_while_it_is_left),
        RIG_TEST(test_others_meanwhile),
        RIG_TEST(test_many_at_once),
        RIG_TEST(test_answers_to_run),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
