/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The test of the test: toy programs on which the explorer must find what is known, and random ones
 * on which all its reductions must find the same.
 */
#include "tests.h"

#include <stdio.h>
#include <string.h>

#define TOY_WORDS        3u
#define TOY_STEPS        4u
#define RANDOM_PROGRAMS  400u
#define TOY_READS_LOGGED 24u

static struct {
    uint64_t word[TOY_WORDS];
    uint64_t lock[2];
    uint64_t data[2];
    struct {
        uint64_t read[TOY_READS_LOGGED];
        unsigned int reads;
    } log[EXPLORE_THREADS_MAX];
} toy;

static struct explore_result results[3];
static const struct explore_way reduced = {.reduction = EXPLORE_DPOR};

static void toy_set_up(void)
{
    memset(&toy, 0, sizeof(toy));
}

static void toy_check(void)
{
    explore_outcome(&toy, sizeof(toy));
}

static void toy_log(unsigned int thread, uint64_t value)
{
    toy.log[thread].read[toy.log[thread].reads++] = value;
}

/* --- Random programs ------------------------------------------------------ */

enum instruction_kind {
    READ,
    WRITE,
    INCREMENT, /* one attempt of a compare-exchange */
    SET_BITS,
    CLEAR_BITS,
    UNDER_LOCK, /* read and change the data of the lock */
    AWAIT,
    INSTRUCTION_KINDS,
};

struct instruction {
    enum instruction_kind kind;
    unsigned int word;
    uint64_t value;
};

static struct instruction program[EXPLORE_THREADS_MAX][TOY_STEPS];
static unsigned int program_length[EXPLORE_THREADS_MAX];
static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 16) % limit;
}

static void run_under_lock(unsigned int thread, const struct instruction *instruction)
{
    unsigned int lock = instruction->word % 2;

    explore_take(&toy.lock[lock]);
    toy_log(thread, toy.data[lock]);
    toy.data[lock] = toy.data[lock] * 3 + thread + 1;
    if (instruction->value % 2 == 0) {
        toy_log(thread, explore_load(&toy.word[instruction->word]));
    }
    explore_drop(&toy.lock[lock]);
}

static void run_instruction(unsigned int thread, const struct instruction *instruction)
{
    uint64_t *word = &toy.word[instruction->word];
    uint64_t expected = instruction->value;

    switch (instruction->kind) {
    case READ:
        toy_log(thread, explore_load(word));
        break;
    case WRITE:
        explore_store(word, instruction->value);
        break;
    case INCREMENT:
        toy_log(thread, explore_compare_exchange(word, &expected, expected + 1));
        toy_log(thread, expected);
        break;
    case SET_BITS:
        toy_log(thread, explore_fetch_or(word, instruction->value));
        break;
    case CLEAR_BITS:
        toy_log(thread, explore_port_clear(word, instruction->value));
        break;
    case UNDER_LOCK:
        run_under_lock(thread, instruction);
        break;
    case AWAIT:
        explore_await_change(word, instruction->value);
        toy_log(thread, explore_load(word));
        break;
    case INSTRUCTION_KINDS:
        break;
    }
}

static void run_program(unsigned int thread)
{
    for (unsigned int i = 0; i < program_length[thread]; i++) {
        run_instruction(thread, &program[thread][i]);
    }
}

static void run_program_0(void)
{
    run_program(0);
}

static void run_program_1(void)
{
    run_program(1);
}

static void run_program_2(void)
{
    run_program(2);
}

static struct explore_test program_test = {
    .name = "program",
    .threads = {{"first", run_program_0}, {"second", run_program_1}, {"third", run_program_2}},
    .set_up = toy_set_up,
    .check = toy_check,
    .state = &toy,
    .state_bytes = sizeof(toy),
};

/* Three threads, of which the third is short, so that all orders can be counted out. */
static void make_program(void)
{
    for (unsigned int thread = 0; thread < 3; thread++) {
        program_length[thread] = 1 + random_below(thread == 2 ? 1 : TOY_STEPS - 1);
        for (unsigned int i = 0; i < program_length[thread]; i++) {
            program[thread][i] = (struct instruction){
                .kind = (enum instruction_kind)random_below(INSTRUCTION_KINDS),
                .word = random_below(TOY_WORDS),
                .value = random_below(3),
            };
        }
    }
}

static bool same_outcomes(const struct explore_result *a, const struct explore_result *b)
{
    for (unsigned int i = 0; i < EXPLORE_OUTCOMES_MAX; i++) {
        if (a->outcomes[i] != 0 && !explore_has_outcome(b, a->outcomes[i])) {
            return false;
        }
    }
    return a->outcome_count == b->outcome_count;
}

/* A program that can get stuck must be found out by each reduction; of the others, each must find
 * the same outcomes, and the two with sleep sets as many classes of schedules. */
static bool reductions_agree(void)
{
    for (unsigned int i = 0; i < 3; i++) {
        const struct explore_way way = {.reduction = (enum explore_reduction)i};

        explore(&program_test, &way, &results[i]);
    }
    if (results[EXPLORE_NONE].failed) {
        return results[EXPLORE_SLEEP].failed && results[EXPLORE_DPOR].failed;
    }
    return !results[EXPLORE_SLEEP].failed && !results[EXPLORE_DPOR].failed &&
           results[EXPLORE_SLEEP].schedules == results[EXPLORE_DPOR].schedules &&
           same_outcomes(&results[EXPLORE_NONE], &results[EXPLORE_SLEEP]) &&
           same_outcomes(&results[EXPLORE_NONE], &results[EXPLORE_DPOR]);
}

static bool random_programs_agree(void)
{
    for (unsigned int i = 0; i < RANDOM_PROGRAMS; i++) {
        uint32_t seed = random_state;

        make_program();
        if (!reductions_agree()) {
            printf("  program of seed %u: %llu, %llu, %llu schedules; %u, %u, %u outcomes\n", seed,
                   (unsigned long long)results[0].schedules,
                   (unsigned long long)results[1].schedules,
                   (unsigned long long)results[2].schedules, results[0].outcome_count,
                   results[1].outcome_count, results[2].outcome_count);
            return false;
        }
    }
    return true;
}

/* --- Known programs ------------------------------------------------------- */

static void publish(void)
{
    explore_will_write(&toy.data[0], 8);
    toy.data[0] = 7;
    explore_store(&toy.word[0], 1);
}

static void publish_too_soon(void)
{
    explore_store(&toy.word[0], 1);
    explore_will_write(&toy.data[0], 8);
    toy.data[0] = 7;
}

static void read_published(void)
{
    if (explore_load(&toy.word[0]) == 1) {
        explore_will_read(&toy.data[0], 8);
        toy_log(1, toy.data[0]);
    }
}

/* To see a word does not tell its writer that one has looked. */
static void look_then_write(void)
{
    if (explore_load(&toy.word[0]) == 0) {
        explore_will_read(&toy.data[0], 8);
        toy_log(1, toy.data[0]);
    }
}

static void initialise_word(void)
{
    explore_will_write(&toy.word[0], 8);
    toy.word[0] = 0;
}

static void take_both(void)
{
    explore_take(&toy.lock[0]);
    explore_take(&toy.lock[1]);
    explore_drop(&toy.lock[1]);
    explore_drop(&toy.lock[0]);
}

static void take_both_the_other_way(void)
{
    explore_take(&toy.lock[1]);
    explore_take(&toy.lock[0]);
    explore_drop(&toy.lock[0]);
    explore_drop(&toy.lock[1]);
}

static void add_in_two_steps(void)
{
    uint64_t value = explore_load(&toy.word[0]);

    explore_store(&toy.word[0], value + 1);
}

static void add_atomically(void)
{
    uint64_t value = explore_load(&toy.word[0]);

    while (!explore_compare_exchange(&toy.word[0], &value, value + 1)) {
    }
}

static void two_were_added(void)
{
    EXPECT(toy.word[0] == 2, "an addition was lost");
}

/* A value that comes and goes: whoever waits for it to change may still have seen it. */
static void flash(void)
{
    explore_store(&toy.word[0], 1);
    explore_store(&toy.word[0], 0);
    explore_store(&toy.word[0], 2);
}

static void await_and_log(void)
{
    explore_await_change(&toy.word[0], 0);
    toy_log(1, explore_load(&toy.word[0]));
}

static void work_alone(void)
{
    explore_fetch_or(&toy.word[1], 1);
    explore_fetch_or(&toy.word[1], 2);
}

struct known {
    const char *name;
    void (*first)(void);
    void (*second)(void);
    void (*check)(void);
    const char *failure;    /* part of the report; NULL if it must pass */
    unsigned int schedules; /* with all reductions; 0: not said */
    unsigned int outcomes;
};

static const struct known known[] = {
    {"publish", publish, read_published, toy_check, NULL, 2, 2},
    {"publish too soon", publish_too_soon, read_published, toy_check, "data race", 0, 0},
    {"look, then write", publish, look_then_write, toy_check, "data race", 0, 0},
    {"initialise a word in use", initialise_word, read_published, toy_check, "data race", 0, 0},
    {"deadlock", take_both, take_both_the_other_way, toy_check, "deadlock", 0, 0},
    {"no deadlock", take_both, take_both, toy_check, NULL, 2, 1},
    {"lost addition", add_in_two_steps, add_in_two_steps, two_were_added, "lost", 0, 0},
    {"atomic addition", add_atomically, add_atomically, two_were_added, NULL, 4, 0},
    {"wait for a flash", flash, await_and_log, toy_check, NULL, 4, 3},
    {"strangers", work_alone, publish, toy_check, NULL, 1, 1},
};

static bool known_holds(const struct known *k)
{
    struct explore_test test = {
        .name = k->name,
        .threads = {{"first", k->first}, {"second", k->second}},
        .set_up = toy_set_up,
        .check = k->check,
        .state = &toy,
        .state_bytes = sizeof(toy),
    };
    struct explore_result *result = &results[EXPLORE_DPOR];

    explore(&test, &reduced, result);
    if (k->failure != NULL) {
        return result->failed && strstr(result->report, k->failure) != NULL;
    }
    return !result->failed && (k->schedules == 0 || result->schedules == k->schedules) &&
           result->outcome_count == k->outcomes;
}

/* The ID of a failing schedule runs that schedule again. */
static bool replay_repeats(void)
{
    struct explore_test test = program_test;
    struct explore_way again = reduced;
    char id[16];
    const char *start;

    test.name = "replay";
    test.threads[0] = (struct explore_thread){"first", add_in_two_steps};
    test.threads[1] = (struct explore_thread){"second", add_in_two_steps};
    test.threads[2] = (struct explore_thread){NULL, NULL};
    test.check = two_were_added;
    explore(&test, &reduced, &results[0]);
    start = strstr(results[0].report, "replay:");
    if (!results[0].failed || start == NULL || sscanf(start, "replay:%15s", id) != 1) {
        return false;
    }
    again.schedule = id;
    explore(&test, &again, &results[1]);
    return results[1].failed && strcmp(results[0].report, results[1].report) == 0;
}

static unsigned int tell(bool holds, const char *name, unsigned int *passed)
{
    if (holds) {
        (*passed)++;
        return 0;
    }
    printf("FAIL the explorer itself: %s\n", name);
    return 1;
}

unsigned int explorer_selftest(unsigned int *passed)
{
    unsigned int failed = 0;

    for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        failed += tell(known_holds(&known[i]), known[i].name, passed);
    }
    failed += tell(replay_repeats(), "replay", passed);
    failed += tell(random_programs_agree(), "all reductions agree", passed);
    return failed;
}
