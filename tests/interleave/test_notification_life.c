/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications between VMs of which one ends or is reset, at any moment. What one life was sent,
 * or was allowed to send, is not another's.
 */
#include "signals.h"
#include "tests.h"

#include <string.h>

#define FIRST  2u /* sets SIGNAL_FIRST */
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
    reply = signal_bind(0, SECOND, SIGNAL_SECOND);
    EXPECT(succeeded(&reply), "nothing is bound");
}

/* --- Threads -------------------------------------------------------------- */

static void first_sets(void)
{
    world.replies[0][0] = signal_set(vm(FIRST), SIGNAL_FIRST, 0);
}

static void first_sets_and_leaves(void)
{
    first_sets();
    world_vcpu_leaves(0);
}

static void second_sets(void)
{
    world.replies[1][0] = signal_set(vm(SECOND), SIGNAL_SECOND, 0);
}

static void second_sets_first(void)
{
    world.replies[1][0] = signal_set(vm(SECOND), SIGNAL_FIRST, 0);
}

static void look(void)
{
    world.replies[2][0] = signal_look(0);
}

static void destroy_receiver(void)
{
    world_destroy(vm(SIGNAL_RECEIVER));
}

/* The VM comes again, as a port starts it: nothing pends for its vCPUs. */
static void reset(uint16_t id)
{
    world_reset(vm(id));
    for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
        explore_port_clear(&vm(id)->vcpu[i].signals, ~0ull);
    }
    world_negotiate(id, FFA_VERSION_1_2);
}

static void reset_receiver(void)
{
    reset(SIGNAL_RECEIVER);
}

/* What was bound to the first sender is bound to the second. */
static void reset_receiver_and_bind(void)
{
    reset_receiver();
    world.replies[2][0] = signal_bind(0, SECOND, SIGNAL_FIRST);
}

static void destroy_first_when_left(void)
{
    world_await_vcpus_left(1);
    world_destroy(vm(FIRST));
}

/* Its next life sets what its last one was allowed to. */
static void reset_first_and_set(void)
{
    world_await_vcpus_left(1);
    reset(FIRST);
    world.replies[3][0] = signal_set(vm(FIRST), SIGNAL_FIRST, 0);
}

static void bind_to_second(void)
{
    world.replies[2][0] = signal_bind(0, SECOND, SIGNAL_FIRST);
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

/* The receiver is there for it, or not there, or in its next life has not bound it. */
static void expect_set(const struct parley_regs *set)
{
    EXPECT(succeeded(set) || refused(set, FFA_INVALID_PARAMETERS) || refused(set, FFA_DENIED),
           "SET is refused with %d", (int32_t)set->x[2]);
}

static void expect_nothing_bound(void)
{
    struct parley_regs reply = signal_set(vm(FIRST), SIGNAL_FIRST, 0);

    EXPECT(refused(&reply, FFA_DENIED), "what the last life bound is bound");
    EXPECT(signal_get_rest() == 0, "what the last life was sent pends");
}

static void check_destroyed(void)
{
    tell_outcome();
    EXPECT(vm(SIGNAL_RECEIVER)->is_gone, "the receiver does not end");
    expect_set(&world.replies[0][0]);
    expect_set(&world.replies[1][0]);
    world_create_open(SIGNAL_RECEIVER, 2);
    expect_nothing_bound();
}

static void check_reset(void)
{
    tell_outcome();
    expect_set(&world.replies[0][0]);
    expect_set(&world.replies[1][0]);
    expect_nothing_bound();
}

static void check_reset_and_bound(void)
{
    tell_outcome();
    EXPECT(succeeded(&world.replies[2][0]), "the next life binds nothing");
    expect_set(&world.replies[0][0]);
    expect_set(&world.replies[1][0]);
    (void)signal_get_rest();
    expect_got(signal_got_of_vms(SIGNAL_FIRST), succeeded(&world.replies[1][0]));
}

/* What it has set stays although it is gone. */
static void check_destroyed_sender(void)
{
    tell_outcome();
    EXPECT(vm(FIRST)->is_gone, "the sender does not end");
    EXPECT(succeeded(&world.replies[0][0]), "SET is refused");
    (void)signal_get_rest();
    expect_got(signal_got_of_vms(SIGNAL_FIRST), 1);
}

static void check_next_sender(void)
{
    tell_outcome();
    EXPECT(succeeded(&world.replies[0][0]), "SET is refused");
    EXPECT(refused(&world.replies[3][0], FFA_DENIED), "who is bound in its last life sets");
    (void)signal_get_rest();
    expect_got(signal_got_of_vms(SIGNAL_FIRST), 1);
}

/* Bound to the second as soon as the first is gone and has nothing pending; then it may set. */
static void check_bound_to_second(void)
{
    const struct parley_regs *bound = &world.replies[2][0];

    tell_outcome();
    EXPECT(vm(FIRST)->is_gone, "the sender does not end");
    EXPECT(succeeded(bound) || refused(bound, FFA_DENIED), "BIND is refused with %d",
           (int32_t)bound->x[2]);
    EXPECT(succeeded(bound) || !succeeded(&world.replies[1][0]), "who is not bound sets");
    expect_set(&world.replies[1][0]);
    (void)signal_get_rest();
    expect_got(signal_got_of_vms(SIGNAL_FIRST), succeeded(&world.replies[1][0]));
}

/* --- The suite ------------------------------------------------------------ */

#define LIFE_TEST(title, rule, more, ...)     \
    {                                         \
        .explore = {.name = (title),          \
                    .threads = {__VA_ARGS__}, \
                    .set_up = set_up,         \
                    .check = (rule),          \
                    WORLD_STATE},             \
        .also = (more),                       \
    }

static void destroy_first(void)
{
    world_destroy(vm(FIRST));
}

static const struct interleave_test tests[] = {
    LIFE_TEST("notify_destroy_receiver", check_destroyed, ALSO_BY_CALL | ALSO_SLEEP_SETS,
              {"first sets", first_sets}, {"second sets", second_sets},
              {"destroy receiver", destroy_receiver}),
    LIFE_TEST("notify_reset_receiver", check_reset, ALSO_BY_CALL | ALSO_SLEEP_SETS,
              {"first sets", first_sets}, {"second sets", second_sets},
              {"reset receiver", reset_receiver}),
    LIFE_TEST("notify_reset_receiver_bind", check_reset_and_bound, ALSO_BY_CALL | ALSO_SLEEP_SETS,
              {"first sets", first_sets}, {"second sets", second_sets_first},
              {"reset, bind", reset_receiver_and_bind}),
    LIFE_TEST("notify_destroy_sender", check_destroyed_sender, ALSO_BY_CALL | ALSO_SLEEP_SETS,
              {"set", first_sets_and_leaves}, {"destroy sender", destroy_first_when_left},
              {"look", look}),
    LIFE_TEST("notify_reset_sender", check_next_sender, ALSO_BY_CALL | ALSO_SLEEP_SETS,
              {"set", first_sets_and_leaves}, {"reset, set", reset_first_and_set}, {"look", look}),
    LIFE_TEST("notify_bind_after_sender", check_bound_to_second, ALSO_BY_CALL | ALSO_SLEEP_SETS,
              {"destroy sender", destroy_first}, {"second sets", second_sets_first},
              {"bind to second", bind_to_second}),
};

const struct interleave_suite notification_life_suite = {tests, sizeof(tests) / sizeof(tests[0])};
