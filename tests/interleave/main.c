/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs the tests of the explorer. README.md says how to read what it prints. */
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE   700 /* SA_ONSTACK */

#include "tests.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct interleave_suite *const suites[] = {
    &version_suite,      &discovery_suite,
    &reuse_suite,        &rx_suite,
    &create_suite,       &direct_suite,
    &direct_end_suite,   &indirect_suite,
    &notification_suite, &notification_life_suite,
    &signal_suite,       &context_suite,
    &shadow_suite,       &memory_suite,
    &memory_send_suite,  &memory_gift_suite,
    &memory_end_suite,
};
#define SUITES (sizeof(suites) / sizeof(suites[0]))

static struct {
    enum explore_reduction reduction;
    const char *schedule;     /* to replay, */
    enum explore_grain grain; /* by such steps */
} options = {.reduction = EXPLORE_DPOR};

static struct explore_result result;
static struct explore_result other; /* of the same test, searched in another way */

/* --- One test ------------------------------------------------------------- */

static bool fail(const struct explore_test *test, const char *report)
{
    printf("FAIL %s: %s\n", test->name, report);
    return false;
}

static bool outcomes_within(const struct explore_result *part, const struct explore_result *whole)
{
    for (unsigned int i = 0; i < EXPLORE_OUTCOMES_MAX; i++) {
        if (part->outcomes[i] != 0 && !explore_has_outcome(whole, part->outcomes[i])) {
            return false;
        }
    }
    return true;
}

/* Searches in another way, to which the test must look the same. */
static bool looks_the_same(const struct explore_test *test, enum explore_reduction reduction)
{
    const struct explore_way way = {.reduction = reduction};

    explore(test, &way, &other);
    return !other.failed && outcomes_within(&result, &other) && outcomes_within(&other, &result);
}

/* The same, searched with less reduction. */
static bool compare(const struct interleave_test *test)
{
    if ((test->also & ALSO_SLEEP_SETS) != 0) {
        /* With sleep sets each class of equal schedules is run once, whatever else is left out. */
        if (!looks_the_same(&test->explore, EXPLORE_SLEEP) || other.schedules != result.schedules) {
            return fail(&test->explore, "with sleep sets alone it is different");
        }
        printf("  sleep sets");
    }
    if ((test->also & ALSO_UNREDUCED) != 0) {
        if (!looks_the_same(&test->explore, EXPLORE_NONE)) {
            return fail(&test->explore, "without reduction it is different");
        }
        printf("  %llu unreduced", (unsigned long long)other.schedules);
    }
    return true;
}

static void print_result(const struct interleave_test *test)
{
    printf("  %-25s %9llu %6u %9u  %s", test->explore.name, (unsigned long long)result.schedules,
           result.steps, result.outcome_count,
           (test->also & ALSO_BY_CALL) != 0 ? "whole calls" : "-          ");
}

static bool run(const struct interleave_test *test)
{
    struct explore_way way = {
        .reduction = options.reduction, .grain = options.grain, .schedule = options.schedule};
    const struct explore_way by_call = {.reduction = EXPLORE_NONE, .grain = EXPLORE_BY_CALL};
    bool agrees = true;

    if ((test->also & ALSO_BY_CALL) != 0) {
        explore(&test->explore, &by_call, &other);
        if (other.failed) {
            return fail(&test->explore, other.report);
        }
        way.allowed = &other;
    }
    explore(&test->explore, &way, &result);
    if (result.failed) {
        return fail(&test->explore, result.report);
    }
    if (options.schedule != NULL) {
        printf("%s", result.report);
        return true;
    }
    print_result(test);
    if (options.reduction == EXPLORE_DPOR) {
        agrees = compare(test);
    }
    printf("\n");
    fflush(stdout);
    return agrees;
}

/* --- All tests ------------------------------------------------------------ */

static bool is_chosen(const char *test, char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strncmp(test, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return count == 0;
}

struct score {
    unsigned int passed;
    unsigned int failed;
    unsigned long long schedules;
};

static void run_suite(const struct interleave_suite *suite, char *const *names, int count,
                      struct score *score)
{
    for (unsigned int i = 0; i < suite->count; i++) {
        if (!is_chosen(suite->tests[i].explore.name, names, count)) {
            continue;
        }
        if (run(&suite->tests[i])) {
            score->passed++;
        } else {
            score->failed++;
        }
        score->schedules += result.schedules;
    }
}

/* A fault of the code under test ends its schedule; one of the explorer's own, the program. */
static void crashed(int signal)
{
    explore_fail("the code crashes with signal %d", signal);
    fprintf(stderr, "a test cannot be set up: %s%s\n", result.report, other.report);
    _exit(1);
}

static void catch_crashes(void)
{
    static char stack[65536];
    const stack_t handler_stack = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_NODEFER};

    sigaltstack(&handler_stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
}

static int usage(void)
{
    fprintf(stderr, "usage: interleave [--no-reduction | --sleep-sets] [TEST...]\n"
                    "       interleave --replay TEST:SCHEDULE\n"
                    "       interleave --self-test\n"
                    "TEST is the name of a test or the start of it; without one all are run.\n");
    return 2;
}

/* "TEST:SCHEDULE" becomes a name and a schedule. */
static bool split(char *id)
{
    char *colon = strchr(id, ':');

    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    options.grain = colon[1] == '.' ? EXPLORE_BY_CALL : EXPLORE_BY_STEP;
    options.schedule = colon + (colon[1] == '.' ? 2 : 1);
    return true;
}

static int run_all(char *const *names, int count)
{
    struct score score = {0};
    clock_t start = clock();

    if (options.schedule == NULL) {
        printf("  test                      schedules  steps  outcomes  agrees with\n");
    }
    for (unsigned int i = 0; i < SUITES; i++) {
        run_suite(suites[i], names, count, &score);
    }
    if (score.passed + score.failed == 0) {
        return usage();
    }
    printf("  %llu schedules in %.1f seconds\n%u passed, %u failed\n", score.schedules,
           (double)(clock() - start) / (double)CLOCKS_PER_SEC, score.passed, score.failed);
    return score.failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    int first = 1;

    catch_crashes();
    if (argc == 2 && strcmp(argv[1], "--self-test") == 0) {
        struct score score = {0};

        score.failed = explorer_selftest(&score.passed);
        printf("%u passed, %u failed\n", score.passed, score.failed);
        return score.failed == 0 ? 0 : 1;
    }
    if (argc > 1 && argv[1][0] == '-') {
        first = 2;
        if (strcmp(argv[1], "--no-reduction") == 0) {
            options.reduction = EXPLORE_NONE;
        } else if (strcmp(argv[1], "--sleep-sets") == 0) {
            options.reduction = EXPLORE_SLEEP;
        } else if (strcmp(argv[1], "--replay") != 0 || argc != 3 || !split(argv[2])) {
            return usage();
        }
    }
    return run_all(argv + first, argc - first);
}
