/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory and atomics by GCC's and Clang's builtins: what most environments share. To be included by
 * an environment header, after it has provided the types.
 *
 * Memory:   parley_copy and parley_zero, which the compiler expands where the size is a constant.
 * Atomics:  one 64-bit word. C11's _Atomic is not used, so that a hypervisor with another
 *           representation can take part.
 * Counter:  a statistic that orders nothing.
 */
#ifndef PARLEY_ENV_BUILTINS_H
#define PARLEY_ENV_BUILTINS_H

static inline void parley_copy(void *to, const void *from, size_t bytes)
{
    __builtin_memcpy(to, from, bytes);
}

static inline void parley_zero(void *to, size_t bytes)
{
    __builtin_memset(to, 0, bytes);
}

typedef struct {
    uint64_t value;
} parley_atomic64;

typedef struct {
    uint64_t value;
} parley_counter;

/* Reads the word; what its writer wrote before storing or exchanging it is visible afterwards. */
static inline uint64_t parley_load_acquire(const parley_atomic64 *word)
{
    return __atomic_load_n(&word->value, __ATOMIC_ACQUIRE);
}

/* Writes the word; everything written before is visible to whoever reads it with an acquire. */
static inline void parley_store_release(parley_atomic64 *word, uint64_t value)
{
    __atomic_store_n(&word->value, value, __ATOMIC_RELEASE);
}

/*
 * Replaces *expected by desired, if the word holds *expected. Acquire and release on success. On
 * failure *expected becomes what the word holds, read with an acquire.
 */
static inline bool parley_compare_exchange(parley_atomic64 *word, uint64_t *expected,
                                           uint64_t desired)
{
    return __atomic_compare_exchange_n(&word->value, expected, desired, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* Sets bits; returns the word as it was before. Acquire and release. */
static inline uint64_t parley_fetch_or(parley_atomic64 *word, uint64_t bits)
{
    return __atomic_fetch_or(&word->value, bits, __ATOMIC_ACQ_REL);
}

/* Subtracts; returns the word as it was before. Acquire and release. */
static inline uint64_t parley_fetch_sub(parley_atomic64 *word, uint64_t amount)
{
    return __atomic_fetch_sub(&word->value, amount, __ATOMIC_ACQ_REL);
}

/* Adds one; returns the new value. Orders nothing. */
static inline uint64_t parley_counter_increment(parley_counter *counter)
{
    return __atomic_add_fetch(&counter->value, 1, __ATOMIC_RELAXED);
}

static inline uint64_t parley_counter_read(const parley_counter *counter)
{
    return __atomic_load_n(&counter->value, __ATOMIC_RELAXED);
}

#endif
