/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lock for short sections. It is not fair, on purpose: the CPUs of this machine are threads of an
 * emulator, on a host that has fewer, and a lock that is passed on in turn would make all wait for
 * one that the host does not run.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

struct lock {
    bool taken;
};

static inline void lock_take(struct lock *lock)
{
    /* Pairs with the release in lock_drop. */
    while (__atomic_exchange_n(&lock->taken, true, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED)) {
        }
    }
}

static inline void lock_drop(struct lock *lock)
{
    __atomic_store_n(&lock->taken, false, __ATOMIC_RELEASE);
}

#endif
