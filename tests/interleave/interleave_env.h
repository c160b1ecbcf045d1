/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The environment of the mediator under the explorer: what include/parley/env_default.h offers,
 * each atomic and lock operation a point where another thread may go on. The functions are out of
 * line so that the compiler's instrumentation (race.c) sees plain accesses only.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_ENV_H
#define PARLEY_TESTS_INTERLEAVE_ENV_H

#include "explore.h"

static inline void parley_copy(void *to, const void *from, size_t bytes)
{
    explore_copy(to, from, bytes);
}

static inline void parley_zero(void *to, size_t bytes)
{
    explore_zero(to, bytes);
}

typedef struct {
    uint64_t value;
} parley_atomic64;

typedef struct {
    uint64_t value;
} parley_counter;

typedef struct {
    uint64_t holder; /* 0: nobody */
} parley_lock;

static inline uint64_t parley_load_acquire(const parley_atomic64 *word)
{
    return explore_load(&word->value);
}

static inline void parley_store_release(parley_atomic64 *word, uint64_t value)
{
    explore_store(&word->value, value);
}

static inline bool parley_compare_exchange(parley_atomic64 *word, uint64_t *expected,
                                           uint64_t desired)
{
    return explore_compare_exchange(&word->value, expected, desired);
}

static inline uint64_t parley_fetch_or(parley_atomic64 *word, uint64_t bits)
{
    return explore_fetch_or(&word->value, bits);
}

static inline uint64_t parley_fetch_sub(parley_atomic64 *word, uint64_t amount)
{
    return explore_fetch_sub(&word->value, amount);
}

static inline uint64_t parley_counter_increment(parley_counter *counter)
{
    return explore_count(&counter->value);
}

static inline uint64_t parley_counter_read(const parley_counter *counter)
{
    return explore_counted(&counter->value);
}

static inline void parley_lock_init(parley_lock *lock)
{
    lock->holder = 0;
}

static inline void parley_lock_take(parley_lock *lock)
{
    explore_take(&lock->holder);
}

static inline void parley_lock_drop(parley_lock *lock)
{
    explore_drop(&lock->holder);
}

#define PARLEY_DEBUG_ASSERT(promise)                                    \
    do {                                                                \
        if (!(promise))                                                 \
            explore_fail("the embedder broke a promise: %s", #promise); \
    } while (0)

#endif
