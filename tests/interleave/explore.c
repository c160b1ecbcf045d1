/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search: depth first over the choices of who takes the next step. A schedule is run from the
 * start each time, its first choices as in the one before, the last of them changed.
 */
#include "coroutine.h"
#include "search.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum schedule_end {
    END_COMPLETE,
    END_CUT, /* whoever could go on is asleep: the rest would only repeat another schedule */
    END_FAILED,
};

#define NO_OUTCOME 0u /* and an empty place in the table of outcomes */

/* What a thread has done since its last explore_call(). */
struct since_call {
    const uint64_t *loaded;
    uint64_t value;
    bool wrote;
};

static struct {
    const struct explore_test *test;
    struct explore_way way;
    struct explore_result *result;
    unsigned char *initial; /* the state that each schedule starts from */

    /* The schedule under way. */
    bool under_way;
    bool starting;        /* each thread runs up to its first step */
    unsigned int running; /* thread, or COROUTINE_MAIN */
    thread_set live;
    struct op *next[EXPLORE_THREADS_MAX]; /* what each live thread is about to do */
    struct since_call since_call[EXPLORE_THREADS_MAX];
    enum schedule_end end;
    uint64_t outcome; /* a hash */

    struct step steps[STEPS_MAX];
    unsigned int count; /* steps taken */
    unsigned int fixed; /* steps whose thread is given, from the schedule before */
} search;

static void run_thread(unsigned int thread)
{
    search.running = thread;
    /* Call by call, the operations that order accesses are not told. */
    if (search.way.grain == EXPLORE_BY_STEP) {
        race_set_thread(thread);
    }
}

void explore_fail(const char *format, ...)
{
    char *report = search.result->report;
    va_list arguments;

    if (report[0] == '\0') {
        va_start(arguments, format);
        vsnprintf(report, EXPLORE_REPORT_BYTES, format, arguments);
        va_end(arguments);
    }
    search.end = END_FAILED;
    if (search.running != COROUTINE_MAIN) {
        coroutine_switch(search.running, COROUTINE_MAIN);
    }
}

/* --- Choosing ------------------------------------------------------------- */

static thread_set runnable(void)
{
    thread_set set = 0;

    for (unsigned int i = 0; i < EXPLORE_THREADS_MAX; i++) {
        const struct op *op = search.next[i];

        if ((search.live & set_of(i)) == 0) {
            continue;
        }
        if ((op->kind != OP_TAKE && op->kind != OP_AWAIT) || op_can_run(op, *op->word)) {
            set |= set_of(i);
        }
    }
    return set;
}

/*
 * Who sleeps after the last step: who was tried before it, or slept then, and has not been woken by
 * a conflict. To run them now would repeat, with equal steps in another order, what was seen then.
 */
static thread_set asleep_now(void)
{
    const struct step *last;
    thread_set asleep = 0;

    if (search.count == 0 || search.way.reduction == EXPLORE_NONE) {
        return 0;
    }
    last = &search.steps[search.count - 1];
    for (unsigned int i = 0; i < EXPLORE_THREADS_MAX; i++) {
        const struct op *op = search.next[i];

        if (i != last->thread && ((last->asleep | last->done) & set_of(i)) != 0 &&
            op_independent(op, op_would_write(op), &last->op, last->op.wrote)) {
            asleep |= set_of(i);
        }
    }
    return asleep;
}

static unsigned int lowest(thread_set set)
{
    return (unsigned int)__builtin_ctz(set);
}

/* Makes the choice of a step that the search sees for the first time. False if there is none. */
static bool choose_new(struct step *step, thread_set can_run)
{
    thread_set awake;

    step->asleep = asleep_now();
    step->done = 0;
    awake = can_run & (thread_set)~step->asleep;
    if (awake == 0) {
        return false;
    }
    step->thread = (uint8_t)lowest(awake);
    if (search.running != COROUTINE_MAIN && (awake & set_of(search.running)) != 0) {
        step->thread = (uint8_t)search.running;
    }
    step->wanted = search.way.reduction == EXPLORE_DPOR ? set_of(step->thread) : can_run;
    return true;
}

/* Who goes on: a thread, or the main program at the end of the schedule. */
static unsigned int choose(void)
{
    struct step *step = &search.steps[search.count];
    thread_set can_run = runnable();

    if (can_run == 0) {
        search.end = END_COMPLETE;
        if (search.live != 0) {
            search.running = COROUTINE_MAIN;
            explore_fail("deadlock: no thread can go on");
        }
        return COROUTINE_MAIN;
    }
    if (search.count == STEPS_MAX - 1) {
        search.running = COROUTINE_MAIN;
        explore_fail("no end after %u steps", STEPS_MAX);
        return COROUTINE_MAIN;
    }
    if (search.count >= search.fixed) {
        if (!choose_new(step, can_run)) {
            search.end = END_CUT;
            return COROUTINE_MAIN;
        }
    } else if ((can_run & set_of(step->thread)) == 0) {
        search.running = COROUTINE_MAIN;
        explore_fail("the schedule does not fit: %s cannot take step %u",
                     search.test->threads[step->thread].name, search.count + 1);
        return COROUTINE_MAIN;
    }
    return step->thread;
}

/* --- Steps ---------------------------------------------------------------- */

static void remember(const struct op *op)
{
    struct since_call *since = &search.since_call[search.running];

    if (op->kind == OP_LOAD && !op->is_ports) {
        since->loaded = op->word;
        since->value = op->before;
    }
    since->wrote = since->wrote || op->wrote;
}

/* The running thread does what it was about to do. */
static void take_step(struct op *op)
{
    struct step *step = &search.steps[search.count];
    bool is_new = search.count + 1 >= search.fixed;

    op_perform(op);
    step->op = *op;
    race_order(op);
    remember(op);
    if (is_new && search.way.reduction != EXPLORE_NONE) {
        order_step(search.steps, search.count, search.way.reduction == EXPLORE_DPOR);
    }
    search.count++;
    search.next[search.running] = NULL;
}

static bool is_a_step(const struct op *op)
{
    if (search.way.grain == EXPLORE_BY_CALL) {
        return op->kind == OP_CALL || op->kind == OP_AWAIT;
    }
    return op->kind != OP_CALL;
}

/* Before each operation: whoever is chosen goes on. */
void explore_reach(struct op *op)
{
    unsigned int self = search.running;
    unsigned int next;

    if (!search.under_way) {
        op_perform(op);
        return;
    }
    if (!is_a_step(op)) {
        op_perform(op);
        remember(op);
        return;
    }
    search.next[self] = op;
    next = search.starting ? COROUTINE_MAIN : choose();
    if (next != self) {
        if (next != COROUTINE_MAIN) {
            run_thread(next);
        }
        coroutine_switch(self, next);
    }
    take_step(op);
}

static void body(unsigned int self)
{
    unsigned int next;

    search.test->threads[self].run();
    search.live &= (thread_set)~set_of(self);
    next = search.starting ? COROUTINE_MAIN : choose();
    if (next != COROUTINE_MAIN) {
        run_thread(next);
    }
    coroutine_switch(self, next);
}

/* --- Outcomes ------------------------------------------------------------- */

/* FNV-1a, by words of 64 bits. */
static uint64_t hash_of(const unsigned char *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325;

    while (size != 0) {
        size_t part = size < sizeof(uint64_t) ? size : sizeof(uint64_t);
        uint64_t word = 0;

        memcpy(&word, bytes, part);
        hash = (hash ^ word) * 0x100000001b3;
        hash ^= hash >> 32; /* a product carries upwards only */
        bytes += part;
        size -= part;
    }
    return hash == NO_OUTCOME ? 1 : hash;
}

/* Where in the table an outcome is, or would be. */
static size_t place_of(const struct explore_result *result, uint64_t outcome)
{
    size_t place = outcome % EXPLORE_OUTCOMES_MAX;

    while (result->outcomes[place] != 0 && result->outcomes[place] != outcome) {
        place = (place + 1) % EXPLORE_OUTCOMES_MAX;
    }
    return place;
}

bool explore_has_outcome(const struct explore_result *result, uint64_t outcome)
{
    return result->outcomes[place_of(result, outcome)] == outcome;
}

static void keep_outcome(void)
{
    struct explore_result *result = search.result;
    uint64_t outcome = search.outcome;

    if (search.way.allowed != NULL && !explore_has_outcome(search.way.allowed, outcome)) {
        explore_fail("no order of whole calls has this outcome");
    }
    if (explore_has_outcome(result, outcome)) {
        return;
    }
    if (result->outcome_count == EXPLORE_OUTCOMES_MAX / 2) {
        explore_fail("more than %u outcomes", result->outcome_count);
        return;
    }
    result->outcomes[place_of(result, outcome)] = outcome;
    result->outcome_count++;
}

/* --- Schedules ------------------------------------------------------------ */

static void start_threads(void)
{
    search.live = 0;
    search.starting = true;
    memset(search.since_call, 0, sizeof(search.since_call));
    for (unsigned int i = 0; i < EXPLORE_THREADS_MAX; i++) {
        if (search.test->threads[i].name == NULL) {
            break;
        }
        search.live |= set_of(i);
        run_thread(i);
        coroutine_start(i, body);
    }
    search.starting = false;
    search.running = COROUTINE_MAIN;
}

static void run_schedule(void)
{
    unsigned int next;

    memcpy(search.test->state, search.initial, search.test->state_bytes);
    race_begin(search.test);
    search.count = 0;
    search.outcome = NO_OUTCOME;
    search.end = END_COMPLETE;
    search.under_way = true;
    start_threads();
    if (search.end != END_FAILED) {
        next = choose();
        if (next != COROUTINE_MAIN) {
            run_thread(next);
            coroutine_switch(COROUTINE_MAIN, next);
        }
    }
    search.running = COROUTINE_MAIN;
    search.under_way = false;
    race_stop();
    if (search.end == END_COMPLETE) {
        search.test->check();
    }
    if (search.end == END_COMPLETE && search.outcome != NO_OUTCOME) {
        keep_outcome();
    }
}

/* Goes back to the last step with a choice left, and takes it. False if there is none. */
static bool backtrack(void)
{
    for (unsigned int i = search.count; i-- > 0;) {
        struct step *step = &search.steps[i];
        thread_set left;

        step->done |= set_of(step->thread);
        left = step->wanted & (thread_set) ~(step->done | step->asleep);
        if (left != 0) {
            step->thread = (uint8_t)lowest(left);
            search.fixed = i + 1;
            return true;
        }
    }
    return false;
}

static void count_schedule(void)
{
    struct explore_result *result = search.result;

    if (search.end == END_CUT) {
        result->cut++;
        return;
    }
    result->schedules++;
    if (result->steps < search.count) {
        result->steps = search.count;
    }
}

static void fix_schedule(const char *id)
{
    uint8_t threads[STEPS_MAX];

    search.fixed = schedule_parse(id, threads);
    for (unsigned int i = 0; i < search.fixed; i++) {
        search.steps[i] = (struct step){.thread = threads[i]};
    }
}

static bool set_up(void)
{
    const struct explore_test *test = search.test;

    test->set_up();
    if (search.end == END_FAILED) {
        return false;
    }
    search.initial = malloc(test->state_bytes);
    if (search.initial == NULL) {
        abort();
    }
    memcpy(search.initial, test->state, test->state_bytes);
    return true;
}

void explore(const struct explore_test *test, const struct explore_way *way,
             struct explore_result *result)
{
    memset(result, 0, sizeof(*result));
    memset(&search, 0, sizeof(search));
    search.test = test;
    search.way = *way;
    search.result = result;
    search.running = COROUTINE_MAIN;
    if (way->schedule != NULL) {
        search.way.reduction = EXPLORE_NONE;
        fix_schedule(way->schedule);
    }
    if (set_up()) {
        do {
            run_schedule();
            count_schedule();
        } while (search.end != END_FAILED && way->schedule == NULL && backtrack());
    }
    free(search.initial);
    result->failed = search.end == END_FAILED;
    if (result->failed || way->schedule != NULL) {
        report_schedule(result->report, test, way->grain, search.steps, search.count);
        report_steps(result->report, test, search.steps, search.count);
    }
}

/* --- For threads, hooks and checks ---------------------------------------- */

void explore_outcome(const void *bytes, size_t size)
{
    search.outcome = hash_of(bytes, size);
}

void explore_call(void)
{
    struct op op = {.kind = OP_CALL, .where = __builtin_return_address(0)};

    if (search.running != COROUTINE_MAIN) {
        search.since_call[search.running] = (struct since_call){0};
    }
    explore_reach(&op);
}

unsigned int explore_thread(void)
{
    return search.running == COROUTINE_MAIN ? 0 : search.running;
}

const uint64_t *explore_last_load(uint64_t *value)
{
    const struct since_call *since = &search.since_call[search.running];

    if (search.running == COROUTINE_MAIN || since->wrote) {
        return NULL;
    }
    *value = since->value;
    return since->loaded;
}
