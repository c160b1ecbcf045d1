/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the explorer share: the steps of the schedule under way.
 *
 *     operations.c  what threads do to words
 *     explore.c     runs schedules, one after the other, and chooses which
 *     order.c       which steps conflict, and what else must be tried because of it
 *     race.c        watches the plain reads and writes between the steps
 *     report.c      tells a schedule to people
 */
#ifndef PARLEY_TESTS_INTERLEAVE_SEARCH_H
#define PARLEY_TESTS_INTERLEAVE_SEARCH_H

#include "explore.h"

#define STEPS_MAX 400u

enum op_kind {
    OP_LOAD,
    OP_STORE,
    OP_EXCHANGE, /* compare-exchange */
    OP_OR,
    OP_CLEAR, /* bits */
    OP_SUBTRACT,
    OP_TAKE, /* a lock; cannot be done while it is held */
    OP_DROP,
    OP_TOUCH, /* a hook on an object of the port's */
    OP_AWAIT, /* cannot be done while the word holds `operand` */
    OP_PAUSE, /* concerns nobody else */
    OP_CALL,  /* only with EXPLORE_BY_CALL */
};

struct op {
    enum op_kind kind;
    uint64_t *word;    /* what it reads or changes; NULL: nothing that others use */
    uint64_t operand;  /* stored, or-ed, ...; or the value that OP_AWAIT waits to go */
    uint64_t expected; /* OP_EXCHANGE */
    const void *where; /* in the code under test */
    bool is_ports;     /* it orders nothing that the code under test may rely on */
    /* Known once it is done: */
    uint64_t before;
    bool wrote;
};

/* Threads as a set: bit n is thread n. */
typedef uint8_t thread_set;

static inline thread_set set_of(unsigned int thread)
{
    return (thread_set)(1u << thread);
}

/* How many steps of each thread come before something. */
struct clock {
    uint16_t steps[EXPLORE_THREADS_MAX];
};

struct step {
    uint8_t thread; /* the one that takes it */
    struct op op;
    /*
     * The order that conflicts impose: which steps come before this one, or are it, in every equal
     * schedule. clock.steps[thread] is this step's own number, from 1.
     */
    struct clock clock;
    /* The choice that led to it. */
    thread_set wanted; /* to be tried here, at the latest when the search comes back */
    thread_set done;   /* were tried here */
    thread_set asleep; /* would only repeat what was tried before */
};

/* --- operations.c --------------------------------------------------------- */

/* Does it. */
void op_perform(struct op *op);

/* --- explore.c ------------------------------------------------------------ */

/* The running thread is about to do an operation: whoever is chosen goes on, and this returns when
 * the operation is done. */
void explore_reach(struct op *op);

/* --- order.c -------------------------------------------------------------- */

/* Whether the operation changes its word if it is done now. */
bool op_would_write(const struct op *op);
/* Whether it can be done when its word holds `value`. */
bool op_can_run(const struct op *op, uint64_t value);
/* Whether two operations, one after the other, may change places and nobody can tell. */
bool op_independent(const struct op *a, bool a_writes, const struct op *b, bool b_writes);

/* Finds what comes before the newest step, steps[newest]; with `want`, adds to the choices of
 * earlier steps what must be tried there because of it. */
void order_step(struct step *steps, unsigned int newest, bool want);

/* --- race.c --------------------------------------------------------------- */

/* A schedule starts. Only accesses to the test's state are watched. */
void race_begin(const struct explore_test *test);
/* The thread that runs; none between schedules. */
void race_set_thread(unsigned int thread);
void race_stop(void);
/* An operation was done. */
void race_order(const struct op *op);

/* --- report.c ------------------------------------------------------------- */

/* Adds to a report of EXPLORE_REPORT_BYTES; cuts it when it is full. */
__attribute__((format(printf, 2, 3))) void report_add(char *report, const char *format, ...);
void report_place(char *report, const void *where);
void report_schedule(char *report, const struct explore_test *test, enum explore_grain grain,
                     const struct step *steps, unsigned int count);
void report_steps(char *report, const struct explore_test *test, const struct step *steps,
                  unsigned int count);

/* Reads the ID of a schedule: the thread of each step. Returns how many; 0 if it is no ID. */
unsigned int schedule_parse(const char *id, uint8_t threads[STEPS_MAX]);

#endif
