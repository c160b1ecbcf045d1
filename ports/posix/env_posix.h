/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The environment of a simulated hypervisor: see <parley/env_default.h> for what each name
 * promises.
 *
 * Two things differ from the default. There are more vCPU threads than cores here, so the lock
 * sleeps instead of spinning (the sanitizers understand a mutex, too), and each thread knows how
 * many locks it holds, so that the port can insist that hooks and returns hold none.
 */
#ifndef PARLEY_ENV_POSIX_H
#define PARLEY_ENV_POSIX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <parley/env_builtins.h>

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
