/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The environment of a simulated hypervisor: see <parley/env_default.h> for what each name
 * promises.
 *
 * Three things differ from the default. There are more vCPU threads than cores here, so the lock
 * sleeps instead of spinning (the sanitizers understand a mutex, too). Each thread knows how many
 * locks it holds, so that the port can insist that hooks and returns hold none. And a test can have
 * something happen right before a reference is dropped.
 */
#ifndef PARLEY_ENV_POSIX_H
#define PARLEY_ENV_POSIX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define parley_fetch_sub env_fetch_sub
#include <parley/env_builtins.h>
#undef parley_fetch_sub

/* What another CPU does right before: see posix_meanwhile() in posix.h. */
extern void (*posix_before_subtraction)(void);

static inline uint64_t parley_fetch_sub(parley_atomic64 *word, uint64_t amount)
{
    if (posix_before_subtraction != NULL) {
        posix_before_subtraction();
    }
    return env_fetch_sub(word, amount);
}

typedef pthread_mutex_t parley_lock;

/* Locks that this thread holds. */
extern _Thread_local unsigned int posix_locks_held;

static inline void parley_lock_init(parley_lock *lock)
{
    pthread_mutex_init(lock, NULL);
}

static inline void parley_lock_take(parley_lock *lock)
{
    pthread_mutex_lock(lock);
    posix_locks_held++;
}

static inline void parley_lock_drop(parley_lock *lock)
{
    posix_locks_held--;
    pthread_mutex_unlock(lock);
}

void posix_promise_broken(const char *promise, const char *file, int line);

#define PARLEY_DEBUG_ASSERT(promise) \
    ((promise) ? (void)0 : posix_promise_broken(#promise, __FILE__, __LINE__))

#endif
