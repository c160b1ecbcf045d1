/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications that the SPMC keeps: a partition signals a VM, whose mediator asks who was
 * signalled as the VM negotiates, looks, or is reset. What is signalled is got, and who is to get
 * it is interrupted. And a partition that is signalled gets cycles.
 */
#include "mailbox.h"
#include "signals.h"
#include "spmc.h"
#include "tests.h"

#include <string.h>

#define SENDER 2u /* a VM, which sets SIGNAL_SECOND */

static struct world_vm *receiver(void)
{
    return &world.vms[SIGNAL_RECEIVER];
}

/* The receiver may still choose its version. */
static void set_up_open(void)
{
    struct world_vm *of = receiver();
    struct parley_vm_config config;
    struct parley_regs reply;

    world_begin_secure();
    world.cpu_of[1] = 1;
    config = world_config_open(of, SIGNAL_RECEIVER, 2);
    EXPECT(parley_vm_create(world.parley, &config, &of->vm) == PARLEY_DONE, "no VM is created");
    reply = WORLD_CALL(of->vm, 0, FFA_VERSION, FFA_VERSION_1_2);
    EXPECT(reply.x[0] == PARLEY_FFA_VERSION, "the VM gets no version");
}

/* The SPMC lets the partition signal it already. */
static void set_up_bound(void)
{
    set_up_open();
    world.spmc.bound = SIGNAL_ALL;
}

static void set_up(void)
{
    struct parley_regs reply;

    set_up_open();
    world_create_open(SENDER, 1);
    reply = signal_bind(0, SPMC_PARTITION, SIGNAL_GLOBALS);
    EXPECT(succeeded(&reply), "nothing is bound");
    reply = signal_bind(0, SPMC_PARTITION, SIGNAL_VCPU);
    EXPECT(succeeded(&reply), "nothing is bound");
    reply = signal_bind(0, SENDER, SIGNAL_SECOND);
    EXPECT(succeeded(&reply), "nothing is bound");
}

/* One signal has come, and the VM is interrupted. */
static void set_up_signalled(void)
{
    set_up();
    spmc_signal(SPMC_EVERY_VCPU, SIGNAL_FIRST);
    spmc_interrupt();
}

/* The same, and the VM has buffers, so that it can ask for messages. */
static void set_up_signalled_with_buffers(void)
{
    struct parley_regs reply;

    set_up_signalled();
    reply = mailbox_map(receiver(), 0);
    EXPECT(succeeded(&reply), "the VM gets no buffers");
}

static void set_up_refusing(void)
{
    set_up_signalled();
    world.spmc.gets_to_refuse = 1;
}

static void set_up_second_off(void)
{
    set_up_bound();
    world_go_offline(receiver(), 1);
}

/* --- Threads -------------------------------------------------------------- */

static void signal_first(void)
{
    spmc_signal(SPMC_EVERY_VCPU, SIGNAL_FIRST);
    spmc_interrupt();
}

static void signal_for_vcpu(void)
{
    spmc_signal(1, SIGNAL_VCPU);
    spmc_interrupt();
}

static void signal_both(void)
{
    signal_first();
    signal_for_vcpu();
}

/* Another CPU takes an interrupt, too. */
static void interrupt_only(void)
{
    spmc_interrupt();
}

static void sender_sets(void)
{
    world.replies[1][0] = signal_set(&world.vms[SENDER], SIGNAL_SECOND, 0);
}

static void first_call(void)
{
    world.replies[2][0] = WORLD_CALL(receiver()->vm, 0, FFA_ID_GET);
}

static void first_call_of_second(void)
{
    world.replies[3][0] = WORLD_CALL(receiver()->vm, 1, FFA_ID_GET);
}

static void look(void)
{
    world.replies[2][0] = signal_look(0);
}

static void look_for_messages(void)
{
    world.replies[2][0] = signal_look_for(0, FFA_NOTIFICATION_GET_SPM);
}

static void look_for_vms_and_leave(void)
{
    world.replies[2][0] = signal_look_for(0, FFA_NOTIFICATION_GET_VM);
    world_vcpu_leaves(0);
}

static void signal_second_when_left(void)
{
    world_await_vcpus_left(1);
    spmc_signal(SPMC_EVERY_VCPU, SIGNAL_SECOND);
    spmc_interrupt();
}

/* The SPMC may have no answer at once. */
static void look_until_answered(void)
{
    look();
    if (refused(&world.replies[2][0], FFA_RETRY)) {
        world.replies[2][1] = signal_look(0);
    }
}

static void second_vcpu_looks(void)
{
    world.replies[3][0] = signal_look(1);
}

static void first_vcpu_goes(void)
{
    world_go_offline(receiver(), 0);
}

static void second_vcpu_comes(void)
{
    world_come_online(receiver(), 1);
}

static void reset_and_bind(void)
{
    world_reset(receiver());
    world_negotiate(SIGNAL_RECEIVER, FFA_VERSION_1_2);
    world.replies[2][0] = signal_bind(0, SPMC_PARTITION, SIGNAL_FIRST);
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
        unsigned int got[2][WORLD_SIGNALS];
    } outcome;

    memcpy(outcome.replies, world.replies, sizeof(outcome.replies));
    memcpy(outcome.got[0], world.got_of_vms, sizeof(outcome.got[0]));
    memcpy(outcome.got[1], world.got_of_partitions, sizeof(outcome.got[1]));
    explore_outcome(&outcome, sizeof(outcome));
}

static void check_first(void)
{
    tell_outcome();
    (void)signal_get_rest();
    expect_got(signal_got_of_partitions(SIGNAL_FIRST), 1);
    expect_got(signal_got_of_vms(SIGNAL_SECOND), succeeded(&world.replies[1][0]));
}

/* One more than set_up_signalled(). */
static void check_second(void)
{
    tell_outcome();
    (void)signal_get_rest();
    expect_got(signal_got_of_partitions(SIGNAL_FIRST), 2);
    expect_got(signal_got_of_vms(SIGNAL_SECOND), succeeded(&world.replies[1][0]));
}

static void check_both(void)
{
    tell_outcome();
    (void)signal_get_rest();
    expect_got(signal_got_of_partitions(SIGNAL_FIRST), 1);
    expect_got(signal_got_of_partitions(SIGNAL_VCPU), 1);
}

/* What was signalled to the next life is got, or it was signalled to the last one. */
static void check_reset(void)
{
    tell_outcome();
    (void)signal_get_rest();
    EXPECT(succeeded(&world.replies[2][0]), "the next life binds nothing");
    EXPECT(signal_got_of_partitions(SIGNAL_FIRST) <= 1, "one signal is got twice");
}

/* A look for something else leaves what it does not get: the VM is told of that if it asks. */
static void check_told(void)
{
    bool is_interrupted = signal_is_interrupted();
    struct parley_regs told = WORLD_CALL(receiver()->vm, 0, FFA_NOTIFICATION_INFO_GET_64);

    tell_outcome();
    EXPECT(is_interrupted || succeeded(&told),
           "a signal pends, and neither is the VM interrupted, nor does INFO_GET tell of it");
}

/* What comes after a look interrupts, also where the look has left something. */
static void check_interrupted(void)
{
    tell_outcome();
    EXPECT(signal_is_interrupted(), "a signal comes after a look, and the VM is not interrupted");
}

/* --- Bindings -------------------------------------------------------------- */

static void bind_first(void)
{
    world.replies[2][0] = signal_bind(0, SPMC_PARTITION, SIGNAL_FIRST);
}

static void unbind_first(void)
{
    world.replies[3][0] = signal_unbind(1, SPMC_PARTITION, SIGNAL_FIRST);
}

static void unbind_and_bind_first(void)
{
    unbind_first();
    world.replies[3][1] = signal_bind(1, SPMC_PARTITION, SIGNAL_FIRST);
}

/* Whoever was last: the VM can end, and leaves nothing behind. */
static void check_bindings(void)
{
    tell_outcome();
    world_destroy(receiver());
    EXPECT(!world.spmc.has_bitmap, "the VM is gone, and its bitmap is not");
}

/* --- Cycles for the partition --------------------------------------------- */

/* On CPU 0, for its other CPU, twice. */
static void signal_partition_twice(void)
{
    for (unsigned int i = 0; i < 2; i++) {
        spmc_signal_partition(1);
        spmc_interrupt();
    }
}

/* On CPU 1, which may have been kicked. */
static void work(void)
{
    explore_port_clear(&world.kicks, 2);
    do {
        explore_call();
    } while (parley_cpu_work(world.parley) == PARLEY_AGAIN);
}

static void check_cycles(void)
{
    explore_outcome(&world.spmc.of_context, sizeof(world.spmc.of_context));
    if (world.spmc.of_context[1] != 0) {
        EXPECT((world.kicks & 2) != 0, "a partition waits for cycles, and its CPU sleeps");
        world.cpu_of[0] = 1;
        work();
        EXPECT(world.spmc.of_context[1] == 0, "a CPU is kicked, and its partition does not run");
    }
}

/* --- The suite ------------------------------------------------------------ */

#define SIGNAL_TEST(title, start, rule, more, ...) \
    {                                              \
        .explore = {.name = (title),               \
                    .threads = {__VA_ARGS__},      \
                    .set_up = (start),             \
                    .check = (rule),               \
                    WORLD_STATE_SECURE},           \
        .also = (more),                            \
    }

static const struct interleave_test tests[] = {
    SIGNAL_TEST("signal_finality", set_up_bound, check_both, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"signal", signal_both}, {"first call", first_call}),
    SIGNAL_TEST("signal_finality_two", set_up_bound, check_first, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"signal", signal_first}, {"first call", first_call},
                {"first call'", first_call_of_second}),
    SIGNAL_TEST("signal_finality_comes", set_up_second_off, check_both,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"signal", signal_both}, {"first call", first_call},
                {"second vCPU comes", second_vcpu_comes}),
    SIGNAL_TEST("signal_look", set_up_signalled, check_second, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"signal", signal_first}, {"look", look}, {"sender sets", sender_sets}),
    SIGNAL_TEST("signal_two_lookers", set_up_signalled, check_second,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"signal", signal_first}, {"look", look},
                {"second vCPU looks", second_vcpu_looks}),
    SIGNAL_TEST("signal_look_elsewhere", set_up_signalled_with_buffers, check_told,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"signal", signal_first},
                {"look for messages", look_for_messages}),
    SIGNAL_TEST("signal_after_look", set_up_signalled, check_interrupted,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"look for VMs", look_for_vms_and_leave},
                {"signal then", signal_second_when_left}, {"sender sets", sender_sets}),
    SIGNAL_TEST("signal_for_vcpu", set_up, check_both, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"signal", signal_both}, {"other CPU", interrupt_only},
                {"second vCPU looks", second_vcpu_looks}),
    SIGNAL_TEST("signal_refused_look", set_up_refusing, check_second,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"signal", signal_first},
                {"look", look_until_answered}, {"sender sets", sender_sets}),
    SIGNAL_TEST("signal_vcpu_goes", set_up, check_first, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"signal", signal_first}, {"first vCPU goes", first_vcpu_goes},
                {"second vCPU looks", second_vcpu_looks}),
    SIGNAL_TEST("signal_reset", set_up, check_reset, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"signal", signal_first}, {"reset, bind", reset_and_bind}),
    SIGNAL_TEST("signal_bind_unbind", set_up, check_bindings, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"bind", bind_first}, {"unbind", unbind_first}),
    SIGNAL_TEST("signal_unbind_bind", set_up, check_bindings, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"bind", bind_first}, {"unbind, bind", unbind_and_bind_first},
                {"signal", signal_first}),
    SIGNAL_TEST("signal_partition", set_up, check_cycles,
                ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED,
                {"signal twice", signal_partition_twice}, {"CPU 1 works", work}),
};

const struct interleave_suite signal_suite = {tests, sizeof(tests) / sizeof(tests[0])};
