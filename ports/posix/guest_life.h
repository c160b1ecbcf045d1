/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two files of the guests' platform know of each other. */
#ifndef POSIX_GUEST_LIFE_H
#define POSIX_GUEST_LIFE_H

#include <pthread.h>

#include "guests.h"

#define GUEST_CPUS 4u /* of the machine's, that guests run on */

enum ending {
    ENDING_NOT,
    ENDING_OFF,
    ENDING_RESET,
};

enum vcpu_state {
    VCPU_OFF,
    VCPU_ON,
    VCPU_ENDED, /* its thread is still to be joined */
};

struct guest;

struct vcpu {
    struct guest *guest;
    unsigned int index;
    enum vcpu_state state;
    pthread_t thread;
    void (*entry)(void *argument);
    void *argument;
    uint64_t bound_since; /* or last resumed; 0: it may move */
};

/* One VM that runs a program. The lock is over all that changes. */
struct guest {
    struct posix_guest *result;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum ending ending;
    unsigned int pages_taken;
    struct vcpu *vcpu;
    size_t console_bytes;
};

/* The vCPU whose thread this is. */
struct vcpu *guest_self(void);

/* Every call of the platform passes here: a VM that ends takes all of its vCPUs with it. */
struct guest *guest_checkpoint(void);

/* Whether a request that it left in the Secure world keeps it on its CPU. */
bool guest_is_bound(void);

/* After each call: how long it has been so, since the request was sent or last resumed. */
void guest_note_bound(bool resumed);

/* The thread of a vCPU ends here, and with it the VM if `ending` says so. */
_Noreturn void guest_stop(enum ending ending);

#endif
