/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that the Secure world leaves in the middle, because of an interrupt or a yield: who
 * resumes them, where, and what becomes of those that nobody resumes.
 */
#include <string.h>

#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "scripted.h"

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define TRIO     PARTITION_TRIO_ID

#define REQ_32  FFA_MSG_SEND_DIRECT_REQ_32
#define REQ_64  FFA_MSG_SEND_DIRECT_REQ_64
#define REQ2    FFA_MSG_SEND_DIRECT_REQ2
#define RESP_32 FFA_MSG_SEND_DIRECT_RESP_32

static struct posix_vm *a; /* 1 */
static struct posix_vm *b; /* 2 */

static void start(void)
{
    rig_start(&posix_spmc_1_2);
    a = rig_friend(1, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
}

static void stop(void)
{
    posix_smc_replace(NULL, NULL);
    posix_cpu_move(0);
    assert_true(rig_stop());
}

/* A partition that spins for so many milliseconds, and is interrupted in each. */
static struct answer spin(struct posix_vm *vm, unsigned int vcpu, uint16_t partition,
                          uint64_t milliseconds)
{
    return CALL_ON(vm, vcpu, REQ_32, ffa_ids_make(rig_vm_status(vm).id, partition), 0, COMMAND_SPIN,
                   milliseconds * 1000);
}

static void assert_left(const struct answer *answer, uint32_t fid, uint16_t partition,
                        uint16_t context)
{
    assert_int_equal(answer->fid, fid);
    assert_int_equal(answer->regs.x[1], ffa_target_make(partition, context));
}

static unsigned int cpu_of(struct posix_vm *vm, unsigned int vcpu)
{
    return parley_vcpu_cpu(posix_vm_parley(vm), vcpu);
}

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

#define PAIR(high, low) ((uint64_t)(high) << 16 | (low))

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

/* --- What nobody resumes ---------------------------------------------------------------------- */

static enum parley_progress finish(struct posix_vm *vm, unsigned int vcpu)
{
    unsigned int smcs = posix_smc_count();
    enum parley_progress progress = parley_vcpu_finish(posix_vm_parley(vm), vcpu);

    assert_true(posix_smc_count() - smcs <= 1);
    return progress;
}

static void test_finished_by_parley(void **state)
{
    uint64_t target;
    unsigned int smcs;

    (void)state;
    start();
    smcs = posix_smc_count();
    assert_int_equal(finish(a, 0), PARLEY_DONE);
    posix_cpu_move(2);
    target = spin(a, 0, NOTIFIER, 3).regs.x[1];

    posix_cpu_move(1);
    smcs = posix_smc_count();
    assert_int_equal(finish(a, 0), PARLEY_AGAIN); /* not here */
    assert_int_equal(finish(a, 1), PARLEY_DONE);
    assert_int_equal(posix_smc_count(), smcs);

    posix_cpu_move(2);
    assert_int_equal(finish(a, 0), PARLEY_AGAIN);
    assert_int_equal(finish(a, 0), PARLEY_AGAIN);
    assert_int_equal(finish(a, 0), PARLEY_DONE);
    assert_int_equal(finish(a, 0), PARLEY_DONE);
    assert_int_equal(posix_smc_count(), smcs + 3);
    assert_int_equal(cpu_of(a, 0), PARLEY_ANY_CPU);
    assert_int_equal(spin(b, 0, NOTIFIER, 0).fid, RESP_32); /* others have the partition */

    /* The guest learns of it where it is, once. */
    posix_cpu_move(3);
    assert_int_equal(CALL(a, REQ_32, ffa_ids_make(1, ECHO), 0).status, FFA_DENIED);
    assert_int_equal(CALL_ON(a, 1, FFA_RUN, target).status, FFA_DENIED);
    assert_int_equal(CALL(a, FFA_RUN, target).status, FFA_ABORTED);
    assert_int_equal(CALL(a, FFA_RUN, target).status, FFA_DENIED);
    assert_int_equal(spin(a, 0, ECHO, 0).fid, RESP_32);
    posix_cpu_move(0);
}

/* The guest resumes before Parley is done: then it is the guest's again. */
static void test_resumed_after_all(void **state)
{
    uint64_t target;

    (void)state;
    start();
    target = spin(a, 0, ECHO, 3).regs.x[1];
    assert_int_equal(finish(a, 0), PARLEY_AGAIN);
    assert_int_equal(CALL(a, FFA_RUN, target).fid, FFA_INTERRUPT);
    assert_int_equal(CALL(a, FFA_RUN, target).fid, RESP_32);
    assert_int_equal(finish(a, 0), PARLEY_DONE);
}

/* What the SPMC says while Parley resumes does not matter, but that it is over. */
static void test_finished_with_nonsense(void **state)
{
    static const struct parley_regs nonsense[] = {
        {{FFA_ERROR, 0, (uint32_t)FFA_DENIED}},
        {{0}},
        {{UINT64_MAX}},
        {{FFA_SUCCESS_32}},
        {{RESP_32}},
        {{FFA_MSG_WAIT, PAIR(ECHO, 0)}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(nonsense); i++) {
        struct script request = {.fid = REQ_32};
        struct script run = {.fid = FFA_RUN};
        uint64_t target = ffa_target_make(ECHO, 0);

        start();
        script_answer(&request, (struct parley_regs){{FFA_INTERRUPT, target}});
        script_begin(&request);
        CALL(a, REQ_32, ffa_ids_make(1, ECHO), 0);
        script_answer(&run, nonsense[i]);
        script_begin(&run);
        assert_int_equal(finish(a, 0), PARLEY_DONE);
        assert_int_equal(CALL(a, FFA_RUN, target).status, FFA_ABORTED);
        stop();
    }
}

/* The Secure world has to be told to forget what hangs in it. */
static void stop_with_a_hanging_partition(void)
{
    rig_vm_end(a);
    rig_vm_end(b);
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
    assert_int_equal(posix_spmc_busy_contexts(), 1);
    posix_spmc_reboot();
    assert_true(rig_stop_after_shutdown());
}

/* A partition that hangs keeps the vCPU for a bounded number of steps. */
static void test_hanging_partition(void **state)
{
    unsigned int steps = 1;

    (void)state;
    start();
    CALL(a, REQ_32, ffa_ids_make(1, TRIO), 0, COMMAND_HANG);
    while (finish(a, 0) == PARLEY_AGAIN) {
        steps++;
        assert_true(steps <= 1000000);
    }
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(TRIO, 0)).status, FFA_ABORTED);
    assert_int_equal(spin(b, 0, TRIO, 0).status, FFA_BUSY);
    stop_with_a_hanging_partition();
}

/* --- Ends ------------------------------------------------------------------------------------- */

/* A VM ends with requests under way on three CPUs: each is resumed there, in steps of one SMC. */
static void end_with_requests(bool reset)
{
    struct parley_vm_config config = rig_friend_config(3);
    enum parley_progress progress;
    struct posix_vm *vm;
    struct answer answer;

    start();
    config.vcpus = 3;
    vm = rig_vm(&config);
    settle(vm, FFA_VERSION_1_2);
    for (unsigned int i = 0; i < 3; i++) {
        posix_cpu_move(3 - i);
        answer = spin(vm, i, ECHO, 2 + i);
        assert_left(&answer, FFA_INTERRUPT, ECHO, (uint16_t)(3 - i));
    }
    assert_int_equal(posix_spmc_busy_contexts(), 3);
    posix_cpu_move(0);
    progress =
        reset ? parley_vm_reset(posix_vm_parley(vm)) : parley_vm_destroy(posix_vm_parley(vm));
    assert_int_equal(progress, PARLEY_AGAIN);
    assert_int_equal(parley_vm_cpu(posix_vm_parley(vm)), 3);
    assert_int_equal(posix_vm_go_on(vm, progress), PARLEY_DONE);
    assert_int_equal(posix_spmc_busy_contexts(), 0);
    if (reset) {
        assert_int_equal(parley_vm_cpu(posix_vm_parley(vm)), PARLEY_ANY_CPU);
        settle(vm, FFA_VERSION_1_2);
        for (unsigned int i = 0; i < 3; i++) {
            assert_int_equal(cpu_of(vm, i), PARLEY_ANY_CPU);
            assert_int_equal(CALL_ON(vm, i, FFA_RUN, ffa_target_make(ECHO, (uint16_t)i)).status,
                             FFA_DENIED);
        }
    } else {
        posix_vm_forget(vm);
    }
    stop();
}

static void test_reset_with_requests(void **state)
{
    (void)state;
    end_with_requests(true);
}

static void test_destruction_with_requests(void **state)
{
    (void)state;
    end_with_requests(false);
}

/* A vCPU that goes offline takes its request to its end first. */
static void test_offline_with_a_request(void **state)
{
    (void)state;
    start();
    posix_cpu_move(2);
    spin(a, 1, ECHO, 4);
    posix_cpu_move(0);
    posix_vcpu_set_online(a, 1, false);
    assert_int_equal(posix_spmc_busy_contexts(), 0);
    assert_int_equal(cpu_of(a, 1), PARLEY_ANY_CPU);
    posix_vcpu_set_online(a, 1, true);
    assert_int_equal(CALL_ON(a, 1, FFA_RUN, ffa_target_make(ECHO, 2)).status, FFA_DENIED);
    assert_int_equal(spin(a, 1, ECHO, 0).fid, RESP_32);
}

/* It hangs, and its VM is destroyed: the VM goes, in a bounded number of steps. */
static void test_destruction_with_a_hanging_partition(void **state)
{
    struct posix_vm *vm;
    enum parley_progress progress;
    unsigned int steps = 0;

    (void)state;
    start();
    vm = rig_friend(3, FFA_VERSION_1_2);
    CALL(vm, REQ_32, ffa_ids_make(3, ECHO), 0, COMMAND_HANG);
    progress = parley_vm_destroy(posix_vm_parley(vm));
    while (progress == PARLEY_AGAIN) {
        progress = parley_vm_continue(posix_vm_parley(vm));
        assert_true(++steps < 1000000);
    }
    assert_int_equal(progress, PARLEY_DONE);
    posix_vm_forget(vm);
    assert_int_equal(spin(b, 0, ECHO, 0).status, FFA_BUSY); /* on this CPU */
    posix_cpu_move(1);
    assert_int_equal(spin(b, 0, ECHO, 0).fid, RESP_32);
    posix_cpu_move(0);
    stop_with_a_hanging_partition();
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
        RIG_TEST(test_finished_by_parley),
        RIG_TEST(test_resumed_after_all),
        RIG_TEST(test_finished_with_nonsense),
        RIG_TEST(test_hanging_partition),
        RIG_TEST(test_reset_with_requests),
        RIG_TEST(test_destruction_with_requests),
        RIG_TEST(test_offline_with_a_request),
        RIG_TEST(test_destruction_with_a_hanging_partition),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
