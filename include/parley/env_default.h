/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The default environment: freestanding C11 with GCC's or Clang's builtins, and a ticket lock.
 *
 * Types:    uint8_t to uint64_t, int32_t, uintptr_t, size_t, NULL, bool.
 * Memory, atomics, counters: see env_builtins.h.
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

#include <parley/env_builtins.h>

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
