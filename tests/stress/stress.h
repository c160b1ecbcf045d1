/* SPDX-License-Identifier: BSD-3-Clause */
/* What the threads of the stress run share. */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>

#include "call.h"
#include "rig.h"

#define VMS       6u
#define VCPUS     3u
#define RAM_PAGES RIG_VM_PAGES
#define PAGES_MAX 4u

/* Who sees whom: each the next two. The last one is seen by nobody. */
#define HIDDEN (VMS - 1u)

/* What is known of a VM from outside. */
enum known {
    KNOWN_NOTHING, /* it is on its way to somewhere */
    KNOWN_GONE,    /* there is none, or none that could be final */
    KNOWN_MEMBER,  /* final, and alive */
};

/* One ID, the VM that has it now, and the threads that stand for it. */
struct slot {
    unsigned int index;
    struct posix_vm *vm;
    struct ffa_uuid uuid;
    parley_atomic64 known;   /* enum known in [1:0]; counts its changes above */
    parley_atomic64 version; /* in force in this life, as any vCPU has seen it */
    bool orderly;            /* whoever filled RX releases it, and nobody else */
    bool over;               /* no further life */
    pthread_barrier_t begin;
    pthread_barrier_t end;
};

extern struct slot stress_slots[VMS];

/* Dice that fall alike for the same seed and number. */
struct dice {
    uint64_t state;
};

extern uint64_t stress_seed;
struct dice stress_dice(unsigned int number);
unsigned int stress_roll(struct dice *dice, unsigned int sides);

/* A violation, unless the rule held. */
void stress_expect(bool held, const struct slot *slot, const char *rule);

/* Whether the policy lets a VM see another one. */
bool stress_sees(const struct slot *slot, unsigned int other);

struct vcpu {
    struct slot *slot;
    unsigned int index;
    struct dice dice;
    bool filled; /* by this vCPU, and not released */
};

/* One call, of any kind, and a look at its answer. */
void stress_call(struct vcpu *vcpu);

/* Lists that were read and checked. */
extern parley_counter stress_lists_read;

#endif
