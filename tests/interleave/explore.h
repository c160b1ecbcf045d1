/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interleaving explorer. It runs a few threads in every order that matters: real code, one
 * thread at a time, a switch possible before each atomic operation, lock operation and hook. How,
 * and why no order that matters is left out: README.md.
 *
 * A test fills in a struct explore_test. Its threads, and everything that they call, change nothing
 * but the state that the test names, so that each schedule starts from the same point.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_EXPLORE_H
#define PARLEY_TESTS_INTERLEAVE_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_THREADS_MAX 4u

struct explore_thread {
    const char *name;
    void (*run)(void);
};

struct explore_test {
    const char *name;
    struct explore_thread threads[EXPLORE_THREADS_MAX]; /* up to the first without a name */
    void (*set_up)(void); /* once, alone: makes the state that every schedule starts from */
    void (*check)(void);  /* after each schedule, alone: looks at what the threads left behind */
    void *state;          /* all that the threads change */
    size_t state_bytes;
    /* Part of the state, if any: pages of 4096 bytes that are watched as wholes. */
    void *pages;
    size_t pages_bytes;
    void (*page_accessed)(void *page, bool writes); /* by code under test, about to */
};

/* Which orders are run. Each of the three shows the same outcomes; the later, the sooner. */
enum explore_reduction {
    EXPLORE_NONE,  /* every order of every step */
    EXPLORE_SLEEP, /* sleep sets: one complete run of each class of equal orders, and dead ends */
    EXPLORE_DPOR,  /* sleep sets, and only alternatives that a conflict calls for */
};

/* What may come between two steps of a thread. */
enum explore_grain {
    EXPLORE_BY_STEP,
    EXPLORE_BY_CALL, /* only at explore_call(): each call as if it were alone */
};

#define EXPLORE_OUTCOMES_MAX 4096u
#define EXPLORE_REPORT_BYTES 16384u

/* What one search found. Not on a stack: it is large. */
struct explore_result {
    uint64_t schedules; /* run to their end */
    uint64_t cut;       /* given up on the way: equal to one that was run */
    unsigned int steps; /* of the longest schedule */
    bool failed;        /* the search ended at the first failure */
    char report[EXPLORE_REPORT_BYTES];
    unsigned int outcome_count;              /* different ones */
    uint64_t outcomes[EXPLORE_OUTCOMES_MAX]; /* a hash table: 0 is an empty place */
};

struct explore_way {
    enum explore_reduction reduction;
    enum explore_grain grain;
    const char *schedule; /* the ID of the only schedule to run, from a report; or NULL */
    const struct explore_result *allowed; /* to have an outcome that is not in here is to fail */
};

/* Runs all schedules of a test. One search at a time. */
void explore(const struct explore_test *test, const struct explore_way *way,
             struct explore_result *result);

bool explore_has_outcome(const struct explore_result *result, uint64_t outcome);

/* --- For threads, hooks and checks ---------------------------------------- */

/* Ends the schedule, and the search, as failed. From a check it returns. */
__attribute__((format(printf, 1, 2))) void explore_fail(const char *format, ...);

#define EXPECT(holds, ...)             \
    do {                               \
        if (!(holds))                  \
            explore_fail(__VA_ARGS__); \
    } while (0)

/* Called in a check: the schedule's result, for comparing what two searches found. */
void explore_outcome(const void *bytes, size_t size);

/* A call into the code under test begins. */
void explore_call(void);

/* A step of a hook that changes or reads `object`, of the port's. The object orders nothing. */
void explore_touch(const void *object);

/* The same on a word: what it holds, and bits set or cleared in it. They return what it held. */
uint64_t explore_port_load(const uint64_t *word);
uint64_t explore_port_set(uint64_t *word, uint64_t bits);
uint64_t explore_port_clear(uint64_t *word, uint64_t bits);

/* A step of a hook that concerns nobody else. */
void explore_pause(void);

/* The number of the running thread; 0 between schedules. */
unsigned int explore_thread(void);

/* Waits until the word differs from `seen`, as code that polls would; nothing is run meanwhile.
 * Returns what the word is then. */
uint64_t explore_await_change(const uint64_t *word, uint64_t seen);

/* The last word that the running thread read by explore_load() since the last explore_call(), and
 * what it held; NULL if it has written any since. For a caller that is told to come again. */
const uint64_t *explore_last_load(uint64_t *value);

/* --- For the environment of the code under test --------------------------- */

uint64_t explore_load(const uint64_t *word);
void explore_store(uint64_t *word, uint64_t value);
bool explore_compare_exchange(uint64_t *word, uint64_t *expected, uint64_t desired);
uint64_t explore_fetch_or(uint64_t *word, uint64_t bits);
uint64_t explore_fetch_sub(uint64_t *word, uint64_t amount);
void explore_take(uint64_t *lock); /* 0 is free */
void explore_drop(uint64_t *lock);

uint64_t explore_count(uint64_t *counter);
uint64_t explore_counted(const uint64_t *counter);

/* A plain access is about to be made. The compiler tells of those in the code under test; a hook
 * tells of those that it stands for. */
void explore_will_read(const void *bytes, size_t size);
void explore_will_write(void *bytes, size_t size);

void explore_copy(void *to, const void *from, size_t bytes);
void explore_zero(void *to, size_t bytes);

#endif
