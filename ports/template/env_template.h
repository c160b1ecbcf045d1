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

/* --- Memory and atomics: your own in their place, if your tree has them ----------------------- */

#include <parley/env_builtins.h>

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
