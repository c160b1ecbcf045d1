/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that the Secure world has left in the middle and nobody resumes: Parley brings them to
 * their end, when the port asks for it, and when the vCPU or its VM ends.
 */
#include "left.h"

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
        RIG_TEST(test_finished_by_parley),     RIG_TEST(test_resumed_after_all),
        RIG_TEST(test_finished_with_nonsense), RIG_TEST(test_hanging_partition),
        RIG_TEST(test_reset_with_requests),    RIG_TEST(test_destruction_with_requests),
        RIG_TEST(test_offline_with_a_request), RIG_TEST(test_destruction_with_a_hanging_partition),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
