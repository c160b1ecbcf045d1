/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The schedule receiver interrupt: whom the SPMC names is interrupted or run, on the right CPU, in
 * steps of one SMC, whatever its lists say.
 */
#include <string.h>

#include "../../secure/partitions/partitions.h"
#include "notify.h"
#include "scripted.h"

#define ECHO     PARTITION_ECHO_ID     /* a context for each of 4 CPUs */
#define NOTIFIER PARTITION_NOTIFIER_ID /* one context, on any CPU */
#define TRIO     PARTITION_TRIO_ID     /* as echo; three UUIDs */

#define VCPUS 4u

static struct posix_vm *a; /* 1; four vCPUs */
static struct posix_vm *b; /* 2 */

static struct script lists; /* what FFA_NOTIFICATION_INFO_GET answers */
static struct {
    unsigned int count;
    struct {
        unsigned int cpu;
        uint64_t target;
    } run[64];
    unsigned int answers;
    struct parley_regs answer[8]; /* then FFA_MSG_WAIT */
} runs;

/* Keeps account of FFA_RUN. */
static void serve(void *context, struct parley_regs *regs)
{
    (void)context;
    if (regs->x[0] == FFA_RUN) {
        unsigned int at = runs.count++;

        if (at < COUNT(runs.run)) {
            runs.run[at].cpu = parley_port_cpu();
            runs.run[at].target = regs->x[1];
        }
        *regs = at < runs.answers ? runs.answer[at] : (struct parley_regs){{FFA_MSG_WAIT}};
        return;
    }
    script_serve(&lists, regs);
}

static void start(void)
{
    struct parley_vm_config config = rig_friend_config(1);

    memset(&runs, 0, sizeof(runs));
    lists = (struct script){.fid = FFA_NOTIFICATION_INFO_GET_64};
    rig_start(&posix_spmc_1_2);
    config.vcpus = VCPUS;
    a = rig_vm(&config);
    settle(a, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
    posix_smc_replace(serve, NULL);
}

static void stop(void)
{
    posix_smc_replace(NULL, NULL);
    posix_cpu_move(0);
    assert_true(rig_stop());
}

/* IDs one after the other, as INFO_GET packs them; x2 says what they are. */
static void answer_lists(uint64_t x2, const uint16_t *ids, unsigned int count)
{
    struct parley_regs answer = {{FFA_SUCCESS_64, 0, x2}};

    for (unsigned int i = 0; i < count; i++) {
        answer.x[3 + i / 4] |= (uint64_t)ids[i] << (16 * (i % 4));
    }
    script_answer(&lists, answer);
}

#define ANSWER_LISTS(x2, ...) \
    answer_lists(x2, (const uint16_t[]){__VA_ARGS__}, COUNT(((const uint16_t[]){__VA_ARGS__})))

/* One list with so many vCPUs, at its place. */
#define LISTS(count)       ((uint64_t)(count) << 7)
#define LIST(place, vcpus) ((uint64_t)(vcpus) << (12 + 2 * (place)))
#define MORE               1ull

/* One step, which is one SMC. */
static enum parley_progress ask(void)
{
    unsigned int smcs = posix_smc_count();
    enum parley_progress progress = parley_schedule_receivers(rig_parley());

    assert_int_equal(posix_smc_count(), smcs + 1);
    return progress;
}

static void assert_interrupts(unsigned int first, unsigned int second, unsigned int third,
                              unsigned int fourth)
{
    assert_int_equal(posix_vcpu_injected(a, 0, RIG_NPI), first);
    assert_int_equal(posix_vcpu_injected(a, 1, RIG_NPI), second);
    assert_int_equal(posix_vcpu_injected(a, 2, RIG_NPI), third);
    assert_int_equal(posix_vcpu_injected(a, 3, RIG_NPI), fourth);
}

/* --- VMs -------------------------------------------------------------------------------------- */

static void test_a_vm(void **state)
{
    (void)state;
    start();
    ANSWER_LISTS(LISTS(1), 1);
    assert_int_equal(ask(), PARLEY_DONE);
    assert_interrupts(1, 0, 0, 0);
    stop();

    start();
    ANSWER_LISTS(LISTS(2) | LIST(0, 3) | LIST(1, 1), 1, 3, 1, 2, 2, 1);
    assert_int_equal(ask(), PARLEY_DONE);
    assert_interrupts(0, 1, 1, 1);
    assert_int_equal(posix_vcpu_injected(b, 1, RIG_NPI), 1);
    stop();

    start(); /* global, and its own, of one VM */
    ANSWER_LISTS(LISTS(2) | LIST(1, 1), 1, 1, 0);
    assert_int_equal(ask(), PARLEY_DONE);
    assert_interrupts(2, 0, 0, 0);
    stop();
}

/* As many lists as there can be, and more than one answer. */
static void test_many_lists(void **state)
{
    uint16_t ids[20];

    (void)state;
    start();
    for (unsigned int i = 0; i < 20; i++) {
        ids[i] = (uint16_t)(i % 2 + 1);
    }
    answer_lists(LISTS(20) | MORE, ids, 20);
    ANSWER_LISTS(LISTS(1) | LIST(0, 1) | MORE, 1, 2);
    ANSWER_LISTS(LISTS(1) | LIST(0, 1), 1, 3);
    assert_int_equal(ask(), PARLEY_AGAIN);
    assert_int_equal(ask(), PARLEY_AGAIN);
    assert_int_equal(ask(), PARLEY_DONE);
    assert_interrupts(1, 0, 1, 1);
    assert_int_equal(interrupts(b, 2), 1);
    stop();
}

/* --- Nonsense --------------------------------------------------------------------------------- */

struct nonsense_row {
    const char *what;
    uint64_t x2;
    uint16_t ids[20];
};

static const struct nonsense_row nonsense_rows[] = {
    {"no list", 0, {1, 1, 1}},
    {"the hypervisor", LISTS(1), {0}},
    {"a VM that is not there", LISTS(1), {5}},
    {"a VM beyond the range", LISTS(1), {16}},
    {"the highest VM ID", LISTS(1), {0x7fff}},
    {"a vCPU that it has not", LISTS(1) | LIST(0, 1), {1, VCPUS}},
    {"the highest vCPU", LISTS(1) | LIST(0, 3), {1, 0xffff, 0x8000, 4}},
    {"the SPMC", LISTS(1), {0x8000}},
    {"nobody's ID", LISTS(1), {0x8007}},
    {"the SPMD", LISTS(2), {0xffff, 0xffff}},
    {"a context that is none", LISTS(1) | LIST(0, 1), {ECHO, 0xffff}},
    {"a list too long at the end", LISTS(20) | LIST(19, 1), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                                             0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
};

static void test_nonsense(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(nonsense_rows); i++) {
        start();
        answer_lists(nonsense_rows[i].x2, nonsense_rows[i].ids, 20);
        assert_int_equal(ask(), PARLEY_DONE);
        assert_int_equal(interrupts(a, VCPUS), 0);
        assert_int_equal(interrupts(b, 2), 0);
        for (unsigned int cpu = 0; cpu < 4; cpu++) {
            assert_true(posix_cpu_work(rig_parley(), cpu) <= 1);
        }
        assert_int_equal(runs.count, 0);
        stop();
    }
}

/* Any value of x2, over any IDs: nothing breaks, and steps stay steps. */
static void test_any_lists(void **state)
{
    uint64_t random = 0x123456789abcdef1;

    (void)state;
    start();
    for (unsigned int i = 0; i < 20000; i++) {
        struct parley_regs answer = {{FFA_SUCCESS_64}};

        for (unsigned int j = 1; j < FFA_REGS_MAX; j++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            answer.x[j] = j > 2 && i % 2 == 0 ? random & 0x0003000380030003 : random;
        }
        lists.answer[0] = answer;
        lists.answers = 1;
        assert_int_equal(ask(), (answer.x[2] & 1) != 0 ? PARLEY_AGAIN : PARLEY_DONE);
    }
    for (unsigned int cpu = 0; cpu < 4; cpu++) {
        posix_cpu_work(rig_parley(), cpu);
    }
    stop();
}

static void test_answers_that_are_none(void **state)
{
    static const struct parley_regs answers[] = {
        {{FFA_ERROR, 0, (uint32_t)FFA_NO_DATA}},
        {{FFA_ERROR, 0, (uint32_t)FFA_NOT_SUPPORTED}},
        {{FFA_ERROR, 0, 0}},
        {{UINT64_MAX, 0, LISTS(1), 1}},
        {{FFA_INTERRUPT, 0, LISTS(1) | MORE, 1}},
        {{FFA_MSG_WAIT, 0, LISTS(1) | MORE, 1}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        start();
        script_answer(&lists, answers[i]);
        assert_int_equal(ask(), PARLEY_DONE);
        assert_int_equal(interrupts(a, VCPUS), 0);
        stop();
    }
}

/* "More" for ever: each step is one, and whoever calls has the last word. */
static void test_more_for_ever(void **state)
{
    (void)state;
    start();
    ANSWER_LISTS(LISTS(1) | MORE, 1);
    for (unsigned int i = 0; i < 1000; i++) {
        assert_int_equal(ask(), PARLEY_AGAIN);
    }
    assert_interrupts(1, 0, 0, 0);
    posix_sri(0);
    assert_true(posix_cpu_work(rig_parley(), 0) < 1000);
    stop();
}

/* --- Partitions ------------------------------------------------------------------------------- */

static void assert_run(unsigned int at, unsigned int cpu, uint16_t partition, uint16_t context)
{
    assert_true(at < runs.count);
    assert_int_equal(runs.run[at].cpu, cpu);
    assert_int_equal(runs.run[at].target, ffa_target_make(partition, context));
}

/* A context that is tied to a CPU runs there, and that CPU is told. */
static void test_contexts_on_their_cpus(void **state)
{
    (void)state;
    start();
    posix_cpu_move(1);
    ANSWER_LISTS(LISTS(1) | LIST(0, 3), ECHO, 0, 1, 3);
    assert_int_equal(ask(), PARLEY_DONE);
    assert_int_equal(posix_cpu_kicks(0), 1);
    assert_int_equal(posix_cpu_kicks(1), 0);
    assert_int_equal(posix_cpu_kicks(2), 0);
    assert_int_equal(posix_cpu_kicks(3), 1);
    for (unsigned int cpu = 0; cpu < 4; cpu++) {
        unsigned int before = runs.count;

        posix_cpu_work(rig_parley(), cpu);
        assert_int_equal(runs.count, before + (cpu != 2));
        if (cpu != 2) {
            assert_run(before, cpu, ECHO, (uint16_t)cpu);
        }
        posix_cpu_work(rig_parley(), cpu);
        assert_int_equal(runs.count, before + (cpu != 2));
    }
    stop();
}

/* One that is tied to none, and one that was signalled as a whole, run where this was asked. */
static void test_here(void **state)
{
    (void)state;
    for (unsigned int cpu = 0; cpu < 4; cpu++) {
        start();
        posix_cpu_move(cpu);
        ANSWER_LISTS(LISTS(3) | LIST(1, 1), ECHO, NOTIFIER, 0, TRIO);
        assert_int_equal(ask(), PARLEY_DONE);
        for (unsigned int other = 0; other < 4; other++) {
            assert_int_equal(posix_cpu_kicks(other), 0);
            if (other != cpu) {
                posix_cpu_work(rig_parley(), other);
            }
        }
        assert_int_equal(runs.count, 0);
        posix_cpu_work(rig_parley(), cpu);
        assert_int_equal(runs.count, 3); /* trio once, for all its UUIDs */
        assert_run(0, cpu, ECHO, (uint16_t)cpu);
        assert_run(1, cpu, NOTIFIER, 0);
        assert_run(2, cpu, TRIO, (uint16_t)cpu);
        stop();
    }
}

/* One step is one SMC; signalled twice, it runs once. */
static void test_steps(void **state)
{
    (void)state;
    start();
    ANSWER_LISTS(LISTS(3), NOTIFIER, NOTIFIER, ECHO);
    ask();
    ask();
    for (unsigned int i = 0; i < 2; i++) {
        unsigned int smcs = posix_smc_count();

        assert_int_equal(parley_cpu_work(rig_parley()), PARLEY_AGAIN);
        assert_int_equal(posix_smc_count(), smcs + 1);
    }
    assert_int_equal(parley_cpu_work(rig_parley()), PARLEY_DONE);
    assert_int_equal(runs.count, 2);
    stop();
}

/* Interrupted or yielding, it is resumed; then it is done. */
static void test_resumed(void **state)
{
    (void)state;
    start();
    ANSWER_LISTS(LISTS(1), NOTIFIER);
    runs.answer[0] = (struct parley_regs){{FFA_INTERRUPT, (uint64_t)NOTIFIER << 16}};
    runs.answer[1] = (struct parley_regs){{FFA_YIELD, (uint64_t)NOTIFIER << 16}};
    runs.answers = 2;
    ask();
    assert_int_equal(parley_cpu_work(rig_parley()), PARLEY_AGAIN);
    assert_int_equal(parley_cpu_work(rig_parley()), PARLEY_AGAIN);
    posix_cpu_work(rig_parley(), 0);
    assert_int_equal(runs.count, 3);
    posix_cpu_work(rig_parley(), 0);
    assert_int_equal(runs.count, 3);
    stop();
}

/* One that is busy is tried later, and keeps nobody from running now. */
static void test_busy(void **state)
{
    (void)state;
    start();
    ANSWER_LISTS(LISTS(3), ECHO, NOTIFIER, TRIO);
    runs.answer[0] = script_error(FFA_BUSY);
    runs.answers = 1;
    ask();
    posix_cpu_work(rig_parley(), 0);
    assert_true(runs.count >= 3);
    assert_run(0, 0, ECHO, 0);
    assert_run(1, 0, NOTIFIER, 0);
    assert_run(2, 0, TRIO, 0);
    posix_cpu_work(rig_parley(), 0);
    assert_int_equal(runs.count, 4);
    assert_run(3, 0, ECHO, 0);
    posix_cpu_work(rig_parley(), 0);
    assert_int_equal(runs.count, 4);
    stop();
}

/* All of them busy: it ends, and they are all tried again. */
static void test_all_busy(void **state)
{
    (void)state;
    start();
    ANSWER_LISTS(LISTS(2), ECHO, NOTIFIER);
    for (unsigned int i = 0; i < 8; i++) {
        runs.answer[i] = script_error(FFA_BUSY);
    }
    runs.answers = 8;
    ask();
    for (unsigned int i = 0; i < 3; i++) {
        assert_true(posix_cpu_work(rig_parley(), 0) <= 3);
    }
    assert_true(runs.count <= 8);
    runs.answers = 0;
    runs.count = 0;
    posix_cpu_work(rig_parley(), 0);
    assert_int_equal(runs.count, 2);
    stop();
}

/* One that cannot be run is not tried for ever. */
static void test_errors_of_run(void **state)
{
    static const struct parley_regs answers[] = {
        {{FFA_ERROR, 0, (uint32_t)FFA_DENIED}},
        {{FFA_ERROR, 0, (uint32_t)FFA_ABORTED}},
        {{FFA_ERROR}},
        {{UINT64_MAX}},
        {{FFA_SUCCESS_32}},
        {{FFA_MSG_SEND_DIRECT_RESP_32, (uint64_t)NOTIFIER << 16 | 1}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        start();
        ANSWER_LISTS(LISTS(1), NOTIFIER);
        runs.answer[0] = answers[i];
        runs.answers = 1;
        ask();
        posix_cpu_work(rig_parley(), 0);
        posix_cpu_work(rig_parley(), 0);
        assert_int_equal(runs.count, 1);
        stop();
    }
}

/* A CPU that is not configured has nothing to do. */
static void test_other_cpus(void **state)
{
    (void)state;
    start();
    ANSWER_LISTS(LISTS(2) | LIST(1, 1), NOTIFIER, ECHO, 2);
    posix_cpu_move(5);
    assert_int_equal(ask(), PARLEY_DONE);
    assert_int_equal(parley_cpu_work(rig_parley()), PARLEY_DONE);
    assert_int_equal(runs.count, 0);
    assert_int_equal(posix_cpu_kicks(2), 1);
    stop();
}

/* --- Ends ------------------------------------------------------------------------------------- */

/* What is said of a VM that ends is not said of the next one. */
static void test_vm_that_ends(void **state)
{
    enum parley_progress progress;

    (void)state;
    start();
    ANSWER_LISTS(LISTS(1), 1);
    ask();
    assert_interrupts(1, 0, 0, 0);
    posix_smc_replace(NULL, NULL);
    progress = parley_vm_reset(posix_vm_parley(a));
    while (progress == PARLEY_AGAIN) {
        posix_smc_replace(serve, NULL);
        assert_int_equal(ask(), PARLEY_DONE);
        posix_smc_replace(NULL, NULL);
        progress = parley_vm_continue(posix_vm_parley(a));
    }
    assert_int_equal(progress, PARLEY_DONE);
    settle(a, FFA_VERSION_1_2);
    assert_interrupts(1, 0, 0, 0);
    assert_true(get(a, 0, GET_ALL).secure == 0);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_a_vm),
        RIG_TEST(test_many_lists),
        RIG_TEST(test_nonsense),
        RIG_TEST(test_any_lists),
        RIG_TEST(test_answers_that_are_none),
        RIG_TEST(test_more_for_ever),
        RIG_TEST(test_contexts_on_their_cpus),
        RIG_TEST(test_here),
        RIG_TEST(test_steps),
        RIG_TEST(test_resumed),
        RIG_TEST(test_busy),
        RIG_TEST(test_all_busy),
        RIG_TEST(test_errors_of_run),
        RIG_TEST(test_other_cpus),
        RIG_TEST(test_vm_that_ends),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
