/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conflicts between steps, and the alternatives that they call for. This is source-set dynamic
 * partial order reduction (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014), with one rule more for
 * operations that can be blocked. The argument why nothing is lost is in README.md.
 */
#include "search.h"

bool op_would_write(const struct op *op)
{
    switch (op->kind) {
    case OP_LOAD:
    case OP_AWAIT:
    case OP_PAUSE:
    case OP_CALL:
        return false;
    case OP_EXCHANGE:
        return *op->word == op->expected; /* one that fails only reads */
    case OP_STORE:
    case OP_OR:
    case OP_CLEAR:
    case OP_SUBTRACT:
    case OP_TAKE:
    case OP_DROP:
    case OP_TOUCH:
        break;
    }
    return true;
}

static bool can_be_blocked(const struct op *op)
{
    return op->kind == OP_TAKE || op->kind == OP_AWAIT;
}

bool op_can_run(const struct op *op, uint64_t value)
{
    switch (op->kind) {
    case OP_TAKE:
        return value == 0;
    case OP_AWAIT:
        return value != op->operand;
    default:
        return true;
    }
}

bool op_independent(const struct op *a, bool a_writes, const struct op *b, bool b_writes)
{
    return a->word == NULL || a->word != b->word || (!a_writes && !b_writes);
}

static bool is_in(const struct clock *clock, const struct step *step)
{
    return clock->steps[step->thread] >= step->clock.steps[step->thread];
}

static bool comes_before(const struct step *a, const struct step *b)
{
    return is_in(&b->clock, a);
}

static void join(struct clock *clock, const struct clock *other)
{
    for (unsigned int i = 0; i < EXPLORE_THREADS_MAX; i++) {
        if (clock->steps[i] < other->steps[i]) {
            clock->steps[i] = other->steps[i];
        }
    }
}

static bool conflict(const struct step *a, const struct step *b)
{
    return a->thread != b->thread && !op_independent(&a->op, a->op.wrote, &b->op, b->op.wrote);
}

/* What came before the thread's next step by its own program. */
static struct clock clock_of_thread(const struct step *steps, unsigned int count,
                                    unsigned int thread)
{
    for (unsigned int i = count; i-- > 0;) {
        if (steps[i].thread == thread) {
            return steps[i].clock;
        }
    }
    return (struct clock){{0}};
}

/*
 * The threads that could go first in the schedule in which steps[newest] comes before
 * steps[earlier]: of the steps from `earlier` on that do not come after it, those with no other
 * such step before them. `needed` is what comes before steps[newest] there.
 */
static thread_set initials(const struct step *steps, unsigned int earlier, unsigned int newest,
                           const struct clock *needed)
{
    thread_set seen = 0;
    thread_set first = 0;

    for (unsigned int i = earlier + 1; i <= newest; i++) {
        const struct clock *before = i == newest ? needed : &steps[i].clock;
        bool has_one_before = false;

        if (i != newest && comes_before(&steps[earlier], &steps[i])) {
            continue;
        }
        if ((seen & set_of(steps[i].thread)) != 0) {
            continue;
        }
        seen |= set_of(steps[i].thread);
        for (unsigned int j = earlier + 1; j < i && !has_one_before; j++) {
            has_one_before = !comes_before(&steps[earlier], &steps[j]) && is_in(before, &steps[j]);
        }
        if (!has_one_before) {
            first |= set_of(steps[i].thread);
        }
    }
    return first;
}

/* steps[newest] could have come before steps[earlier]: see to it that this is tried. */
static void want_reversed(struct step *steps, unsigned int earlier, unsigned int newest,
                          const struct clock *needed)
{
    thread_set first = initials(steps, earlier, newest, needed);

    if ((first & steps[earlier].wanted) != 0) {
        return;
    }
    if ((first & set_of(steps[newest].thread)) != 0) {
        first = set_of(steps[newest].thread);
    }
    steps[earlier].wanted |= (thread_set)(first & -first);
}

/* An operation that is never blocked: reversible with each conflict that nothing stands between. */
static void want_alternatives(struct step *steps, unsigned int newest, struct clock before)
{
    for (unsigned int i = newest; i-- > 0;) {
        if (!conflict(&steps[i], &steps[newest])) {
            continue;
        }
        if (!is_in(&before, &steps[i])) {
            want_reversed(steps, i, newest, &steps[newest].clock);
        }
        join(&before, &steps[i].clock);
    }
}

/*
 * An operation that can be blocked (the taking of a lock) cannot change places with the step that
 * made it possible (the drop before it). It is reversed with the last conflict before which it
 * could run (the other's taking), so that the other's whole stretch comes after it: what that
 * stretch waited for, it needs not.
 */
static void want_alternatives_of_blocked(struct step *steps, unsigned int newest,
                                         const struct clock *before)
{
    for (unsigned int i = newest; i-- > 0;) {
        if (!conflict(&steps[i], &steps[newest]) ||
            !op_can_run(&steps[newest].op, steps[i].op.before)) {
            continue;
        }
        if (!is_in(before, &steps[i])) {
            want_reversed(steps, i, newest, before);
        }
        return;
    }
}

void order_step(struct step *steps, unsigned int newest, bool want)
{
    struct step *step = &steps[newest];
    struct clock before = clock_of_thread(steps, newest, step->thread);

    step->clock = before;
    step->clock.steps[step->thread]++;
    for (unsigned int i = 0; i < newest; i++) {
        if (conflict(&steps[i], step)) {
            join(&step->clock, &steps[i].clock);
        }
    }
    if (!want) {
        return;
    }
    if (can_be_blocked(&step->op)) {
        want_alternatives_of_blocked(steps, newest, &before);
    } else {
        want_alternatives(steps, newest, before);
    }
}
