/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An environment that needs nothing but a compiler: copy it with the port and put your own
 * primitives in. What each name must promise stands in <parley/env_default.h>.
 *
 * Build with -DPARLEY_ENV_HEADER='"env_template.h"'. A file that includes <parley/ffa.h> alone
 * takes its types from here with -DFFA_TYPES_HEADER='"env_template.h"'.
 */
#ifndef ENV_TEMPLATE_H
#define ENV_TEMPLATE_H

/* --- Types: your own <types.h> in their place ------------------------------------------------- */

typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __INT32_TYPE__ int32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __SIZE_TYPE__ size_t;

#define NULL ((void *)0)
#define bool _Bool
#define true 1
#define false 0

#define offsetof(type, member) __builtin_offsetof(type, member)

#define UINT32_MAX __UINT32_MAX__
#define UINT64_MAX __UINT64_MAX__

/* --- Memory: the compiler expands small sizes and calls memcpy() and memset() for others --------
 */

static inline void parley_copy(void *to, const void *from, size_t bytes)
{
    __builtin_memcpy(to, from, bytes);
}

static inline void parley_zero(void *to, size_t bytes)
{
    __builtin_memset(to, 0, bytes);
}

/* --- Atomics ---------------------------------------------------------------------------------- */

typedef struct {
    uint64_t value;
} parley_atomic64;

typedef struct {
    uint64_t value;
} parley_counter;

static inline uint64_t parley_load_acquire(const parley_atomic64 *word)
{
    return __atomic_load_n(&word->value, __ATOMIC_ACQUIRE);
}

static inline void parley_store_release(parley_atomic64 *word, uint64_t value)
{
    __atomic_store_n(&word->value, value, __ATOMIC_RELEASE);
}

static inline bool parley_compare_exchange(parley_atomic64 *word, uint64_t *expected,
                                           uint64_t desired)
{
    return __atomic_compare_exchange_n(&word->value, expected, desired, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

static inline uint64_t parley_fetch_or(parley_atomic64 *word, uint64_t bits)
{
    return __atomic_fetch_or(&word->value, bits, __ATOMIC_ACQ_REL);
}

static inline uint64_t parley_fetch_sub(parley_atomic64 *word, uint64_t amount)
{
    return __atomic_fetch_sub(&word->value, amount, __ATOMIC_ACQ_REL);
}

static inline uint64_t parley_counter_increment(parley_counter *counter)
{
    return __atomic_add_fetch(&counter->value, 1, __ATOMIC_RELAXED);
}

static inline uint64_t parley_counter_read(const parley_counter *counter)
{
    return __atomic_load_n(&counter->value, __ATOMIC_RELAXED);
}

/* --- Lock: your spinlock in its place, a fair one --------------------------------------------- */

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

    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket) {
    }
}

static inline void parley_lock_drop(parley_lock *lock)
{
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}

/* --- Assert: your BUG_ON() in its place, in builds for debugging ------------------------------ */

#define PARLEY_DEBUG_ASSERT(promise) ((void)0)

#endif
