/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Secure world of the tests: as much of an SPMC as the mediator's interleavings need, and one
 * partition, which signals VM 1 and sends it messages. A call of it is one step, and so is what the
 * partition does; a call that runs the partition is two. None orders anything.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_SPMC_H
#define PARLEY_TESTS_INTERLEAVE_SPMC_H

#include "world.h"

#define SPMC_ID        0x8000u
#define SPMC_PARTITION 0x8001u /* has a context for each CPU, or one */
#define SPMC_VM        1u

/* One call, as parley_port_smc() makes it. */
void spmc_call(struct parley_regs *regs);

/* The partition signals the VM as a whole, or one of its vCPUs; if that was bound. */
#define SPMC_EVERY_VCPU (~0u)
void spmc_signal(unsigned int vcpu, uint32_t signals);
/* Somebody signals a context of the partition's. */
void spmc_signal_partition(unsigned int context);
/* The partition sends the VM a message. False if the VM's buffer is not free, or not there. */
bool spmc_send(uint32_t token);

/* The interrupt by which the SPMC tells of either, on the CPU of the running thread. */
void spmc_interrupt(void);

/* contexts.c: a direct request to the partition, and FFA_RUN of one of its contexts. */
void spmc_request(struct parley_regs *regs);
void spmc_run(struct parley_regs *regs);

#endif
