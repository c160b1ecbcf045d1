/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The default environment: freestanding C11 with GCC's or Clang's atomic builtins.
 *
 * Types:    uint8_t to uint64_t, int32_t, uintptr_t, size_t, NULL, bool.
 * Memory:   memcpy and memset (the compiler emits calls to them in any case).
 * Atomics:  one 64-bit word. C11's _Atomic is not used, so that a hypervisor with another
 *           representation can take part.
 * Counter:  a statistic that orders nothing.
 * Lock:     a fair lock for short sections. Parley holds none while it calls a hook, except where
 *           the hook's contract in port.h says so.
 * Assert:   PARLEY_DEBUG_ASSERT checks what the embedder promised, never what a guest sent. It is
 *           nothing unless the port defines it.
 */
#ifndef PARLEY_ENV_DEFAULT_H
#define PARLEY_ENV_DEFAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

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

/* A ticket lock: whoever asked first gets it first. */
typedef struct {
    uint32_t next;
    uint32_t serving;
} parley_lock;

static inline void parley_lock_init(parley_lock *lock)
{
    lock->next = 0;
    lock->serving = 0;
}

static inline void parley_lock_take(parley_lock *lock)
{
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

    /* Pairs with the release in parley_lock_drop. */
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket) {
    }
}

static inline void parley_lock_drop(parley_lock *lock)
{
    /* Only the holder writes `serving`, so a plain read of it is enough. */
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}

#ifndef PARLEY_DEBUG_ASSERT
#define PARLEY_DEBUG_ASSERT(promise) ((void)0)
#endif

#endif
