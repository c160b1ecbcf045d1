/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest programs as threads: guests/include/guest.h for the simulated hypervisor. A program is
 * compiled with -Dguest_main=NAME_main, so that several fit in one process, and runs unchanged.
 *
 * A vCPU stops when its VM ends or is reset at its next call of guest.h, so a loop that waits for
 * other vCPUs must contain one (guest_yield()).
 */
#ifndef POSIX_GUESTS_H
#define POSIX_GUESTS_H

#include "posix.h"

struct posix_guest {
    struct posix_vm *vm; /* created in Parley already */
    unsigned int vcpus;
    void (*program)(void);

    /* How it went. */
    unsigned int lives;
    unsigned int held;   /* expectations */
    unsigned int broken; /* expectations, and those of the platform itself */
    char *console;       /* what it printed; NULL if nothing. To be freed. */
};

/*
 * Runs them all at the same time and returns when the last has stopped. The VMs are still there
 * then. With PARLEY_TRACE in the environment, consoles are shown as they are written to.
 */
void posix_guests_run(struct posix_guest *guests, unsigned int count);

#endif
