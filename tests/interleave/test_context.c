/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A partition's context, which works for one at a time: for requests of VMs that are left in the
 * middle and resumed, finished or forgotten, for cycles, and for the messages that tell of VMs.
 * Each request that is accepted has its own response, or is BUSY; cycles are given in the end; and
 * nobody keeps the context.
 */
#include "spmc.h"
#include "tests.h"

#include <string.h>

#define FIRST  SPMC_VM /* runs on CPU 0, in thread 0 */
#define SECOND 2u      /* on CPU 1, in thread 1 */

#define TOKEN_OF(id) (0x100u + (id))

/* Threads whose calls have returned, as bits of world.returned. */
static void tell_returned(void)
{
    explore_port_set(&world.returned, 1ull << explore_thread());
}

/* --- Setting up ----------------------------------------------------------- */

static struct parley_vm_config config_of(uint16_t id)
{
    struct parley_vm_config config = world_config_open(&world.vms[id], id, 1);

    config.secure_rights = PARLEY_MAY_DISCOVER | PARLEY_MAY_MESSAGE;
    config.properties = FFA_PARTITION_DIRECT_REQ_SEND;
    return config;
}

static void create(uint16_t id)
{
    struct parley_vm_config config = config_of(id);
    struct world_vm *of = &world.vms[id];
    enum parley_progress progress = parley_vm_create(world.parley, &config, &of->vm);

    while (progress == PARLEY_AGAIN) {
        progress = parley_vm_continue(of->vm);
    }
    EXPECT(progress == PARLEY_DONE, "VM %u is not created", id);
    world_negotiate(id, FFA_VERSION_1_2);
}

static void begin(uint16_t contexts)
{
    world_begin_secure_with(contexts, FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_VM_CREATED |
                                          FFA_PARTITION_VM_DESTROYED);
    for (unsigned int i = 0; i < WORLD_CPUS; i++) {
        world.cpu_of[i] = i;
    }
    create(FIRST);
}

static void set_up_one_vm(void)
{
    begin(1);
}

static void set_up(void)
{
    begin(1);
    create(SECOND);
}

static void set_up_tied(void)
{
    begin(WORLD_CPUS);
    create(SECOND);
}

static void set_up_long_cycles(void)
{
    set_up();
    world.spmc.interrupts_of_cycles = 1;
}

static void set_up_long_creation(void)
{
    set_up_one_vm();
    world.spmc.interrupts_of_messages = 1;
}

static void set_up_long_end(void)
{
    set_up();
    world.spmc.interrupts_of_messages = 1;
}

/* --- Threads: VMs --------------------------------------------------------- */

static struct parley_regs request(uint16_t id, unsigned int interrupts)
{
    return WORLD_CALL(world.vms[id].vm, 0, FFA_MSG_SEND_DIRECT_REQ_32,
                      ffa_ids_make(id, SPMC_PARTITION), 0, TOKEN_OF(id), interrupts);
}

static struct parley_regs resume(uint16_t id, const struct parley_regs *left)
{
    return WORLD_CALL(world.vms[id].vm, 0, FFA_RUN, left->x[1]);
}

static void ask(uint16_t id)
{
    struct parley_regs reply = request(id, 1);

    while (reply.x[0] == FFA_INTERRUPT) {
        reply = resume(id, &reply);
    }
    world.replies[id][0] = reply;
    tell_returned();
}

static void first_asks(void)
{
    ask(FIRST);
}

static void second_asks(void)
{
    ask(SECOND);
}

/* Its hypervisor does not let it resume what was left, but ends that in its stead. */
static void first_is_finished(void)
{
    struct parley_regs reply = request(FIRST, 2);

    if (reply.x[0] == FFA_INTERRUPT) {
        do {
            explore_call();
        } while (parley_vcpu_finish(world.vms[FIRST].vm, 0) == PARLEY_AGAIN);
        reply = resume(FIRST, &reply);
    }
    world.replies[FIRST][0] = reply;
}

/* --- Threads: cycles ------------------------------------------------------ */

static void work(void)
{
    do {
        explore_call();
    } while (parley_cpu_work(world.parley) == PARLEY_AGAIN);
}

/* The context of a partition with one, on the CPU that hears of it. */
static void give_cycles(void)
{
    spmc_signal_partition(0);
    spmc_interrupt();
    work();
    tell_returned();
}

/* The context of CPU 0: this one kicks it. */
static void signal_first_cpu(void)
{
    spmc_signal_partition(0);
    spmc_interrupt();
}

/* What its CPU has to do is done before the guest goes on. */
static void first_asks_and_works(void)
{
    struct parley_regs reply = request(FIRST, 2);

    while (reply.x[0] == FFA_INTERRUPT) {
        work();
        reply = resume(FIRST, &reply);
    }
    world.replies[FIRST][0] = reply;
}

/* --- Threads: the lives of VMs -------------------------------------------- */

/*
 * A hypervisor would call again and again. That is the same as before until somebody else has
 * returned, unless an SMC was made: `seen` is who had returned before the last call.
 */
static void before_call(uint64_t *seen)
{
    *seen = explore_port_load(&world.returned);
    world.spmc.asked[explore_thread()] = false;
    explore_call();
}

static enum parley_progress go_on(struct world_vm *of, enum parley_progress progress, uint64_t seen)
{
    while (progress == PARLEY_AGAIN) {
        if (!world.spmc.asked[explore_thread()]) {
            (void)explore_await_change(&world.returned, seen);
        }
        before_call(&seen);
        progress = parley_vm_continue(of->vm);
    }
    tell_returned();
    return progress;
}

static void second_is_created(void)
{
    struct world_vm *of = &world.vms[SECOND];
    struct parley_vm_config config = config_of(SECOND);
    uint64_t seen;

    before_call(&seen);
    world.progress[1] = go_on(of, parley_vm_create(world.parley, &config, &of->vm), seen);
}

static enum parley_progress destroy(struct world_vm *of)
{
    enum parley_progress progress;
    uint64_t seen;

    before_call(&seen);
    progress = go_on(of, parley_vm_destroy(of->vm), seen);
    of->is_gone = true;
    return progress;
}

static void second_is_destroyed(void)
{
    world.progress[1] = destroy(&world.vms[SECOND]);
}

/* Its vCPU has left a request. */
static void first_ends(void)
{
    world.replies[FIRST][0] = request(FIRST, 2);
    world.progress[0] = destroy(&world.vms[FIRST]);
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
        enum parley_progress progress[EXPLORE_THREADS_MAX];
        unsigned int responses;
    } outcome;

    memset(&outcome, 0, sizeof(outcome));
    memcpy(outcome.replies, world.replies, sizeof(outcome.replies));
    memcpy(outcome.progress, world.progress, sizeof(outcome.progress));
    outcome.responses = world.spmc.responses;
    explore_outcome(&outcome, sizeof(outcome));
}

static bool is_answered(uint16_t id, const struct parley_regs *reply)
{
    return reply->x[0] == FFA_MSG_SEND_DIRECT_RESP_32 && reply->x[3] == TOKEN_OF(id);
}

/* Whoever asked has its response or is BUSY; what the partition says beyond that was in vain. */
static unsigned int expect_answers(uint16_t first, uint16_t last)
{
    unsigned int answered = 0;

    for (uint16_t id = first; id <= last; id++) {
        const struct parley_regs *reply = &world.replies[id][0];

        EXPECT(is_answered(id, reply) || refused(reply, FFA_BUSY),
               "VM %u gets neither its response nor BUSY: %#llx, %d", id,
               (unsigned long long)reply->x[0], (int)reply->x[2]);
        answered += is_answered(id, reply);
    }
    return answered;
}

/* Later, on each CPU: the cycles that are still to be given, and a request. */
static void expect_free(uint16_t asker)
{
    for (unsigned int cpu = 0; cpu < WORLD_CPUS; cpu++) {
        world.cpu_of[0] = cpu;
        work();
    }
    for (unsigned int i = 0; i < WORLD_CPUS; i++) {
        EXPECT(world.spmc.of_context[i] == 0, "a partition does not get its cycles");
    }
    for (unsigned int cpu = 0; cpu < WORLD_CPUS; cpu++) {
        struct parley_regs reply;

        world.cpu_of[0] = cpu;
        reply = request(asker, 0);
        EXPECT(is_answered(asker, &reply), "somebody keeps the context");
    }
}

static void check_first(void)
{
    tell_outcome();
    EXPECT(world.spmc.responses == expect_answers(FIRST, FIRST), "a response is lost");
    expect_free(FIRST);
}

static void check_both(void)
{
    unsigned int answered;

    tell_outcome();
    answered = expect_answers(FIRST, SECOND);
    EXPECT(world.spmc.responses == answered, "a response is lost");
    EXPECT(answered != 0, "of two each keeps the other out");
    expect_free(SECOND);
}

/* Cycles may keep both out. */
static void check_both_and_cycles(void)
{
    tell_outcome();
    EXPECT(world.spmc.responses == expect_answers(FIRST, SECOND), "a response is lost");
    expect_free(SECOND);
}

/* Each CPU has a context of its own. */
static void check_tied(void)
{
    tell_outcome();
    EXPECT(expect_answers(FIRST, SECOND) == 2, "a VM is kept out of the context of its CPU");
    EXPECT(world.spmc.responses == 2, "a response is lost");
    expect_free(FIRST);
}

/* The same, of one VM beside cycles on its CPU. */
static void check_tied_cycles(void)
{
    tell_outcome();
    EXPECT(expect_answers(FIRST, FIRST) == 1, "a VM is kept out of the context of its CPU");
    EXPECT(world.spmc.responses == 1, "a response is lost");
    expect_free(FIRST);
}

/* What Parley has finished is ABORTED, once. */
static unsigned int expect_finished(void)
{
    const struct parley_regs *reply = &world.replies[FIRST][0];

    EXPECT(refused(reply, FFA_ABORTED) || refused(reply, FFA_BUSY),
           "a request that was finished is not aborted");
    return refused(reply, FFA_ABORTED);
}

static void check_finished(void)
{
    tell_outcome();
    EXPECT(world.spmc.responses == expect_finished(), "what is left is not finished");
    expect_free(FIRST);
}

static void check_finished_and_second(void)
{
    unsigned int finished;

    tell_outcome();
    finished = expect_finished();
    EXPECT(world.spmc.responses == finished + expect_answers(SECOND, SECOND), "a response is lost");
    expect_free(FIRST);
}

static void check_ended(void)
{
    const struct parley_regs *reply = &world.replies[FIRST][0];

    tell_outcome();
    EXPECT(world.progress[0] == PARLEY_DONE, "VM %u does not end", FIRST);
    EXPECT(reply->x[0] == FFA_INTERRUPT || refused(reply, FFA_BUSY), "a request is not left");
    EXPECT(world.spmc.responses == (reply->x[0] == FFA_INTERRUPT), "what is left is not finished");
    EXPECT(world.spmc.lives == 1u << SECOND, "the partition is told of the wrong VM");
    expect_free(SECOND);
}

static void check_life(uint64_t lives)
{
    EXPECT(world.progress[1] == PARLEY_DONE, "the life of VM %u is not what it should be", SECOND);
    EXPECT(world.spmc.responses == expect_answers(FIRST, FIRST), "a response is lost");
    EXPECT(world.events[PARLEY_EVENT_VM_REFUSED_BY_PARTITION] == 0, "a partition refuses VM %u",
           SECOND);
    EXPECT(world.spmc.lives == lives, "the partition is not told of VM %u", SECOND);
    expect_free(FIRST);
}

static void check_created(void)
{
    tell_outcome();
    check_life(1u << FIRST | 1u << SECOND);
    world_negotiate(SECOND, FFA_VERSION_1_2);
    expect_free(SECOND);
}

static void check_destroyed(void)
{
    tell_outcome();
    check_life(1u << FIRST);
}

/* --- The suite ------------------------------------------------------------ */

#define CONTEXT_TEST(title, start, rule, more, ...) \
    {                                               \
        .explore = {.name = (title),                \
                    .threads = {__VA_ARGS__},       \
                    .set_up = (start),              \
                    .check = (rule),                \
                    WORLD_STATE_SECURE},            \
        .also = (more),                             \
    }

/* Whoever meets a call in the middle may be BUSY, which is none of the ways of whole calls. */
static const struct interleave_test tests[] = {
    CONTEXT_TEST("context_cycles", set_up, check_first, ALSO_SLEEP_SETS, {"ask", first_asks},
                 {"cycles", give_cycles}),
    CONTEXT_TEST("context_long_cycles", set_up_long_cycles, check_first, ALSO_SLEEP_SETS,
                 {"ask", first_asks}, {"cycles", give_cycles}),
    CONTEXT_TEST("context_tied_cycles", set_up_tied, check_tied_cycles,
                 ALSO_BY_CALL | ALSO_SLEEP_SETS, {"ask, work", first_asks_and_works},
                 {"signal", signal_first_cpu}),
    CONTEXT_TEST("context_two_vms", set_up, check_both, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                 {"ask", first_asks}, {"second asks", second_asks}),
    CONTEXT_TEST("context_two_vms_cycles", set_up, check_both_and_cycles, ALSO_SLEEP_SETS,
                 {"ask", first_asks}, {"second asks", second_asks}, {"cycles", give_cycles}),
    CONTEXT_TEST("context_tied_two_vms", set_up_tied, check_tied, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                 {"ask", first_asks}, {"second asks", second_asks}),
    CONTEXT_TEST("context_finish", set_up, check_finished, ALSO_SLEEP_SETS,
                 {"ask, finish", first_is_finished}, {"cycles", give_cycles}),
    CONTEXT_TEST("context_finish_two_vms", set_up, check_finished_and_second,
                 ALSO_BY_CALL | ALSO_SLEEP_SETS, {"ask, finish", first_is_finished},
                 {"second asks", second_asks}),
    CONTEXT_TEST("context_end", set_up, check_ended, ALSO_SLEEP_SETS, {"ask, end", first_ends},
                 {"cycles", give_cycles}),
    CONTEXT_TEST("context_created", set_up_one_vm, check_created, ALSO_SLEEP_SETS,
                 {"ask", first_asks}, {"create", second_is_created}, {"cycles", give_cycles}),
    CONTEXT_TEST("context_created_long", set_up_long_creation, check_created, ALSO_SLEEP_SETS,
                 {"ask", first_asks}, {"create", second_is_created}, {"cycles", give_cycles}),
    CONTEXT_TEST("context_destroyed", set_up, check_destroyed, ALSO_SLEEP_SETS, {"ask", first_asks},
                 {"destroy", second_is_destroyed}, {"cycles", give_cycles}),
    CONTEXT_TEST("context_destroyed_long", set_up_long_end, check_destroyed, ALSO_SLEEP_SETS,
                 {"ask", first_asks}, {"destroy", second_is_destroyed}, {"cycles", give_cycles}),
};

const struct interleave_suite context_suite = {tests, sizeof(tests) / sizeof(tests[0])};
