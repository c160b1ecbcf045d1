/* SPDX-License-Identifier: BSD-3-Clause */
/* What the threads of the traffic run share. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <pthread.h>

#include "call.h"
#include "rig.h"

#define VMS   4u
#define VCPUS 3u
#define CPUS  4u
#define PAGES 2u /* of each buffer */

/* Dice that fall alike for the same seed and number. */
struct dice {
    uint64_t state;
};

unsigned int traffic_roll(struct dice *dice, unsigned int sides);

/* One ID, the VM that has it, and what its vCPUs have to agree on. */
struct slot {
    uint16_t id;
    struct posix_vm *vm;
    uint32_t version;     /* of this life */
    bool reads_mail;      /* in this life; then nobody gives RX back but who has read it */
    bool over;            /* no further life */
    pthread_rwlock_t tx;  /* held to read while it is sent, and to write */
    parley_atomic64 stop; /* the life is to end now */
    pthread_barrier_t begin;
    pthread_barrier_t end;
};

struct vcpu {
    struct slot *slot;
    unsigned int index;
    struct dice dice;
    uint32_t nonces;
};

/* One thing of any kind. */
void traffic_step(struct vcpu *vcpu);

/* What was done, and held. */
extern struct tally {
    parley_counter requests; /* answered */
    parley_counter served;
    parley_counter interrupted;
    parley_counter aborted;
    parley_counter mails; /* read */
    parley_counter signals;
    parley_counter bits;
} traffic_tally;

/* A violation, unless the rule held. */
void traffic_expect(bool held, const struct vcpu *vcpu, const char *rule, uint64_t value);

#endif
