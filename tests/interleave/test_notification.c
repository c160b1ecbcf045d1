/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications between VMs that live: set, get, bind and unbind, vCPUs that go off and come back.
 * What was set is got, once for each time; and who is to get it is interrupted.
 */
#include "signals.h"
#include "tests.h"

#include <string.h>

#define FIRST  2u /* sets SIGNAL_FIRST, and SIGNAL_VCPU */
#define SECOND 3u /* sets SIGNAL_SECOND */

static struct world_vm *vm(uint16_t id)
{
    return &world.vms[id];
}

static void set_up(void)
{
    struct parley_regs reply;

    world_begin();
    world_create_open(SIGNAL_RECEIVER, 2);
    world_create_open(FIRST, 1);
    world_create_open(SECOND, 1);
    reply = signal_bind(0, FIRST, SIGNAL_FIRST);
    EXPECT(succeeded(&reply), "nothing is bound");
    reply = signal_bind(0, FIRST, SIGNAL_VCPU);
    EXPECT(succeeded(&reply), "nothing is bound");
    reply = signal_bind(0, SECOND, SIGNAL_SECOND);
    EXPECT(succeeded(&reply), "nothing is bound");
}

static void set_up_second_off(void)
{
    set_up();
    world_go_offline(vm(SIGNAL_RECEIVER), 1);
}

static void set_up_both_off(void)
{
    set_up_second_off();
    world_go_offline(vm(SIGNAL_RECEIVER), 0);
}

/* --- Threads -------------------------------------------------------------- */

/* Replies of thread 0 are those of the first sender, of thread 1 those of the second. */
static void first_sets(void)
{
    world.replies[0][0] = signal_set(vm(FIRST), SIGNAL_FIRST, 0);
}

static void first_sets_twice(void)
{
    first_sets();
    world.replies[0][1] = signal_set(vm(FIRST), SIGNAL_FIRST, 0);
}

static void first_sets_for_vcpu(void)
{
    world.replies[0][0] = signal_set(vm(FIRST), SIGNAL_VCPU, 1);
}

static void second_sets(void)
{
    world.replies[1][0] = signal_set(vm(SECOND), SIGNAL_SECOND, 0);
}

static void look(void)
{
    world.replies[2][0] = signal_look(0);
}

static void look_twice(void)
{
    look();
    world.replies[2][1] = signal_look(0);
}

static void second_vcpu_looks(void)
{
    world.replies[3][0] = signal_look(1);
}

static void ask_for_news(void)
{
    world.replies[3][0] = WORLD_CALL(vm(SIGNAL_RECEIVER)->vm, 1, FFA_NOTIFICATION_INFO_GET_64);
}

static void first_vcpu_goes(void)
{
    world_go_offline(vm(SIGNAL_RECEIVER), 0);
}

static void second_vcpu_goes(void)
{
    world_go_offline(vm(SIGNAL_RECEIVER), 1);
}

static void second_vcpu_comes(void)
{
    world_come_online(vm(SIGNAL_RECEIVER), 1);
}

static void second_vcpu_goes_and_comes(void)
{
    second_vcpu_goes();
    second_vcpu_comes();
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
        unsigned int got[WORLD_SIGNALS];
    } outcome;

    memcpy(outcome.replies, world.replies, sizeof(outcome.replies));
    memcpy(outcome.got, world.got_of_vms, sizeof(outcome.got));
    explore_outcome(&outcome, sizeof(outcome));
}

/* How often a sender has set what it sets; nothing stands in its way. */
static unsigned int times_set(unsigned int sender)
{
    unsigned int times = 0;

    for (unsigned int i = 0; i < WORLD_REPLIES_MAX; i++) {
        const struct parley_regs *reply = &world.replies[sender][i];

        EXPECT(reply->x[0] == 0 || succeeded(reply), "SET is refused with %d",
               (int32_t)reply->x[2]);
        times += reply->x[0] != 0;
    }
    return times;
}

static void check(void)
{
    tell_outcome();
    (void)signal_get_rest();
    expect_got(signal_got_of_vms(SIGNAL_FIRST), times_set(0));
    expect_got(signal_got_of_vms(SIGNAL_SECOND), times_set(1));
}

static void check_for_vcpu(void)
{
    tell_outcome();
    (void)signal_get_rest();
    expect_got(signal_got_of_vms(SIGNAL_VCPU), times_set(0));
    expect_got(signal_got_of_vms(SIGNAL_SECOND), times_set(1));
}

/* Nobody was there to be interrupted: whoever comes first is. */
static void check_nobody_there(void)
{
    world_come_online(vm(SIGNAL_RECEIVER), 0);
    check();
}

/* What pends is told once: to who asked, or who will. */
static void check_news(void)
{
    struct parley_regs *told = &world.replies[3][0];
    struct parley_regs later = WORLD_CALL(vm(SIGNAL_RECEIVER)->vm, 1, FFA_NOTIFICATION_INFO_GET_64);
    bool is_pending;

    tell_outcome();
    EXPECT(succeeded(told) || refused(told, FFA_NO_DATA), "INFO_GET is refused with %d",
           (int32_t)told->x[2]);
    is_pending = signal_get_rest() != 0;
    EXPECT(!succeeded(told) || refused(&later, FFA_NO_DATA), "one signal is news twice");
    EXPECT(!is_pending || succeeded(told) || succeeded(&later), "a signal that pends is no news");
    expect_got(signal_got_of_vms(SIGNAL_FIRST), 1);
}

/* --- Binding -------------------------------------------------------------- */

static void unbind(void)
{
    world.replies[2][0] = signal_unbind(0, FIRST, SIGNAL_FIRST);
}

/* The same notification for the other sender. */
static void unbind_and_bind(void)
{
    unbind();
    world.replies[2][1] = signal_bind(0, SECOND, SIGNAL_FIRST);
}

static void second_sets_first(void)
{
    world.replies[1][0] = signal_set(vm(SECOND), SIGNAL_FIRST, 0);
}

/* Either it was set, and stays bound until it is got, or it was unbound before. */
static void check_unbind(void)
{
    const struct parley_regs *set = &world.replies[0][0];
    const struct parley_regs *unbound = &world.replies[2][0];

    tell_outcome();
    EXPECT(succeeded(set) || refused(set, FFA_DENIED), "SET is refused with %d",
           (int32_t)set->x[2]);
    EXPECT(succeeded(unbound) || refused(unbound, FFA_DENIED), "UNBIND is refused with %d",
           (int32_t)unbound->x[2]);
    (void)signal_get_rest();
    expect_got(signal_got_of_vms(SIGNAL_FIRST), succeeded(set));
}

static void check_unbind_set(void)
{
    check_unbind();
    EXPECT(succeeded(&world.replies[0][0]) != succeeded(&world.replies[2][0]),
           "a notification is set and unbound, or neither");
}

static void check_bind_other(void)
{
    const struct parley_regs *first_set = &world.replies[0][0];
    const struct parley_regs *second_set = &world.replies[1][0];
    bool is_unbound = succeeded(&world.replies[2][0]);

    tell_outcome();
    EXPECT(is_unbound != succeeded(first_set), "a notification is set and unbound, or neither");
    EXPECT(succeeded(&world.replies[2][1]) == is_unbound, "what is unbound is not bound");
    EXPECT(is_unbound || !succeeded(second_set), "who is not bound sets");
    EXPECT(succeeded(second_set) || refused(second_set, FFA_DENIED), "SET is refused with %d",
           (int32_t)second_set->x[2]);
    (void)signal_get_rest();
    expect_got(signal_got_of_vms(SIGNAL_FIRST), succeeded(first_set) || succeeded(second_set));
}

/* --- The suite ------------------------------------------------------------ */

#define NOTIFY_TEST(title, start, rule, more, ...) \
    {                                              \
        .explore = {.name = (title),               \
                    .threads = {__VA_ARGS__},      \
                    .set_up = (start),             \
                    .check = (rule),               \
                    WORLD_STATE},                  \
        .also = (more),                            \
    }

static const struct interleave_test tests[] = {
    NOTIFY_TEST("notify_two_setters", set_up, check, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"first sets", first_sets}, {"second sets", second_sets}, {"look", look}),
    NOTIFY_TEST("notify_set_again", set_up, check, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"set twice", first_sets_twice}, {"look twice", look_twice}),
    NOTIFY_TEST("notify_two_lookers", set_up, check, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"set twice", first_sets_twice}, {"look", look},
                {"second vCPU looks", second_vcpu_looks}),
    NOTIFY_TEST("notify_for_vcpu", set_up, check_for_vcpu, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"set for vCPU", first_sets_for_vcpu}, {"second sets", second_sets}, {"look", look},
                {"second vCPU looks", second_vcpu_looks}),
    NOTIFY_TEST("notify_news", set_up, check_news, ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED,
                {"set", first_sets}, {"INFO_GET", ask_for_news}, {"look", look}),
    NOTIFY_TEST("notify_unbind", set_up, check_unbind_set,
                ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED, {"set", first_sets},
                {"unbind", unbind}),
    NOTIFY_TEST("notify_unbind_look", set_up, check_unbind,
                ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED, {"set", first_sets},
                {"unbind", unbind}, {"second vCPU looks", second_vcpu_looks}),
    NOTIFY_TEST("notify_bind_other", set_up, check_bind_other, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"set", first_sets}, {"unbind, bind", unbind_and_bind},
                {"second sets", second_sets_first}),
    NOTIFY_TEST("notify_vcpu_goes", set_up, check, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"set", first_sets}, {"first vCPU goes", first_vcpu_goes},
                {"second vCPU looks", second_vcpu_looks}),
    NOTIFY_TEST("notify_vcpu_comes", set_up_second_off, check_for_vcpu,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"set for vCPU", first_sets_for_vcpu},
                {"second vCPU comes", second_vcpu_comes}),
    NOTIFY_TEST("notify_any_vcpu_comes", set_up_both_off, check, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"set twice", first_sets_twice}, {"second vCPU comes", second_vcpu_comes}),
    NOTIFY_TEST("notify_vcpu_goes_and_comes", set_up, check_for_vcpu,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"set for vCPU", first_sets_for_vcpu},
                {"goes, comes", second_vcpu_goes_and_comes}, {"look", look}),
    NOTIFY_TEST("notify_last_vcpu_goes", set_up_second_off, check_nobody_there,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"first sets", first_sets},
                {"second sets", second_sets}, {"first vCPU goes", first_vcpu_goes}),
    NOTIFY_TEST("notify_one_goes_one_comes", set_up_second_off, check,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"first sets", first_sets},
                {"first vCPU goes", first_vcpu_goes}, {"second vCPU comes", second_vcpu_comes}),
};

const struct interleave_suite notification_suite = {tests, sizeof(tests) / sizeof(tests[0])};
