/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An execution context of a Secure Partition works for one at a time (FF-A 1.2, 8.3 and 14.3). A
 * request that a VM has left in it is that VM's to end: neither the cycles that the partition is to
 * have for its notifications, nor another request, nor a message of Parley's own resume it.
 */
#include "left.h"

#define VM 3 /* one more, whose beginning is told to the partitions that want to know */

/* One list with one ID: the partition is to have cycles. */
static void signal_partition(uint16_t partition)
{
    struct script lists = {.fid = FFA_NOTIFICATION_INFO_GET_64};

    script_answer(&lists, (struct parley_regs){{FFA_SUCCESS_64, 0, 1u << 7, partition}});
    script_begin(&lists);
    assert_int_equal(parley_schedule_receivers(rig_parley()), PARLEY_DONE);
    posix_smc_replace(NULL, NULL);
}

static struct {
    unsigned int runs; /* FFA_RUN by anybody */
    unsigned int requests;
} seen;

static void watch_serve(void *context, struct parley_regs *regs)
{
    (void)context;
    seen.runs += regs->x[0] == FFA_RUN;
    seen.requests += regs->x[0] == REQ_32;
    posix_smc_secure_world(regs);
}

static void watch(void)
{
    seen.runs = 0;
    seen.requests = 0;
    posix_smc_replace(watch_serve, NULL);
}

/* Works on that CPU for a while; how often a partition was run there. */
static unsigned int work_on(unsigned int cpu)
{
    watch();
    for (unsigned int i = 0; i < 5; i++) {
        posix_cpu_work(rig_parley(), cpu);
    }
    return seen.runs;
}

/* Resumes it until it is over, and expects that to take so many times. */
static void assert_ends(struct posix_vm *vm, struct answer answer, unsigned int runs)
{
    for (unsigned int i = 0; i < runs; i++) {
        assert_int_equal(answer.fid, FFA_INTERRUPT);
        answer = CALL(vm, FFA_RUN, answer.regs.x[1]);
    }
    assert_int_equal(answer.fid, RESP_32);
    assert_int_equal(answer.regs.x[3], FFA_OK);
}

static void test_cycles_wait_for_a_request(void **state)
{
    struct answer answer;

    (void)state;
    start();
    answer = spin(a, 0, ECHO, 3);
    assert_left(&answer, FFA_INTERRUPT, ECHO, 0);
    signal_partition(ECHO);
    assert_int_equal(work_on(0), 0);
    assert_ends(a, answer, 3);
    assert_int_equal(work_on(0), 1);
    assert_int_equal(work_on(0), 0);
    stop();
}

static void test_cycles_wait_for_one_that_yields(void **state)
{
    struct answer answer;

    (void)state;
    start();
    answer = CALL(a, REQ_32, ffa_ids_make(1, TRIO), 0, COMMAND_YIELD, 1);
    assert_left(&answer, FFA_YIELD, TRIO, 0);
    signal_partition(TRIO); /* which has several UUIDs, and is one partition */
    assert_int_equal(work_on(0), 0);
    answer = CALL(a, FFA_RUN, answer.regs.x[1]);
    assert_int_equal(answer.fid, RESP_32);
    assert_int_equal(work_on(0), 1);
    stop();
}

/* Each CPU has a context of its own there. */
static void test_other_contexts_do_not_wait(void **state)
{
    struct answer answer;

    (void)state;
    start();
    answer = spin(a, 0, ECHO, 2);
    posix_cpu_move(1);
    signal_partition(ECHO);
    assert_int_equal(work_on(1), 1);
    assert_int_equal(CALL(b, REQ_32, ffa_ids_make(2, ECHO), 0, COMMAND_WHERE).fid, RESP_32);
    posix_cpu_move(0);
    assert_ends(a, answer, 2);
    stop();
}

/* A partition of one context has it on all CPUs. */
static void test_one_context_on_all_cpus(void **state)
{
    struct answer answer;

    (void)state;
    start();
    answer = spin(a, 0, NOTIFIER, 2);
    assert_left(&answer, FFA_INTERRUPT, NOTIFIER, 0);
    posix_cpu_move(1);
    signal_partition(NOTIFIER);
    assert_int_equal(work_on(1), 0);
    assert_int_equal(spin(b, 0, NOTIFIER, 1).status, FFA_BUSY);
    assert_int_equal(spin(a, 1, NOTIFIER, 1).status, FFA_BUSY);
    assert_int_equal(cpu_of(b, 0), PARLEY_ANY_CPU);
    posix_cpu_move(0);
    assert_ends(a, answer, 2);
    assert_int_equal(work_on(1), 1);
    posix_cpu_move(1);
    answer = spin(b, 0, NOTIFIER, 1);
    assert_ends(b, answer, 1);
    stop();
}

/* What nobody resumes, Parley ends; and one whose VM dies. */
static void test_after_the_end(void **state)
{
    (void)state;
    start();
    (void)spin(a, 0, ECHO, 2);
    signal_partition(ECHO);
    while (parley_vcpu_finish(posix_vm_parley(a), 0) == PARLEY_AGAIN) {
        assert_int_equal(work_on(0), 0);
    }
    assert_int_equal(work_on(0), 1);
    assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(ECHO, 0)).status, FFA_ABORTED);
    stop();

    start();
    (void)spin(b, 1, NOTIFIER, 2);
    signal_partition(NOTIFIER);
    assert_int_equal(work_on(0), 0);
    rig_vm_end(b);
    assert_int_equal(work_on(0), 1);
    assert_int_equal(CALL(a, REQ_32, ffa_ids_make(1, NOTIFIER), 0, COMMAND_WHERE).fid, RESP_32);
    stop();
}

/* A request that the Secure world refuses keeps nothing. */
static void test_after_a_refusal(void **state)
{
    static const int32_t refusals[] = {FFA_BUSY, FFA_DENIED, FFA_ABORTED, FFA_NOT_SUPPORTED};

    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct script script = {.fid = REQ_32};

        start();
        script_answer(&script, script_error(refusals[i]));
        script_begin(&script);
        assert_int_equal(spin(a, 0, ECHO, 1).status, refusals[i]);
        signal_partition(ECHO);
        assert_int_equal(work_on(0), 1);
        stop();
    }
}

/*
 * A partition is told of a VM once it is free, however long that takes: a VM that keeps it for as
 * long as it may does not make it refuse another one.
 */
static void test_messages_wait_for_a_request(void **state)
{
    struct parley_vm_config config = rig_friend_config(VM);
    enum parley_progress progress;
    struct answer answer;
    struct posix_vm *vm;

    (void)state;
    start();
    answer = spin(a, 0, NOTIFIER, 1);
    vm = rig_ram(true);
    watch();
    progress = posix_vm_create_begin(vm, rig_parley(), &config);
    for (unsigned int i = 0; i < 1000; i++) {
        assert_int_equal(progress, PARLEY_AGAIN);
        progress = parley_vm_continue(posix_vm_parley(vm));
    }
    assert_int_equal(seen.runs, 0);
    assert_ends(a, answer, 1);
    while (progress == PARLEY_AGAIN) {
        progress = parley_vm_continue(posix_vm_parley(vm));
    }
    assert_int_equal(progress, PARLEY_DONE);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VM_REFUSED_BY_PARTITION), 0);
    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(CALL(vm, REQ_32, ffa_ids_make(VM, NOTIFIER), 0, COMMAND_WHERE).fid, RESP_32);

    answer = spin(a, 0, NOTIFIER, 1);
    progress = parley_vm_destroy(posix_vm_parley(vm));
    for (unsigned int i = 0; i < 1000; i++) {
        assert_int_equal(progress, PARLEY_AGAIN);
        progress = parley_vm_continue(posix_vm_parley(vm));
    }
    assert_ends(a, answer, 1);
    while (progress == PARLEY_AGAIN) {
        progress = parley_vm_continue(posix_vm_parley(vm));
    }
    assert_int_equal(progress, PARLEY_DONE);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cycles_wait_for_a_request),
        cmocka_unit_test(test_cycles_wait_for_one_that_yields),
        cmocka_unit_test(test_other_contexts_do_not_wait),
        cmocka_unit_test(test_one_context_on_all_cpus),
        cmocka_unit_test(test_after_the_end),
        cmocka_unit_test(test_after_a_refusal),
        cmocka_unit_test(test_messages_wait_for_a_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
