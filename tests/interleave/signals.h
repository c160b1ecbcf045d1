/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests that signal each other. A receiver looks when it is interrupted, as a driver does, so
 * whatever pends in the end must have an interrupt that pends, too.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_SIGNALS_H
#define PARLEY_TESTS_INTERLEAVE_SIGNALS_H

#include "world.h"

/* Notifications, as bits of a bitmap: for the VM as a whole, and for one of its vCPUs. */
#define SIGNAL_FIRST    1u
#define SIGNAL_SECOND   2u
#define SIGNAL_VCPU     4u
#define SIGNAL_GLOBALS  (SIGNAL_FIRST | SIGNAL_SECOND)
#define SIGNAL_ALL      (SIGNAL_GLOBALS | SIGNAL_VCPU)
#define SIGNAL_RECEIVER 1u /* the VM that gets them, with two vCPUs */

/* The receiver binds to a VM, or to a Secure Partition, or undoes it. */
struct parley_regs signal_bind(unsigned int vcpu, uint16_t sender, uint32_t signals);
struct parley_regs signal_unbind(unsigned int vcpu, uint16_t sender, uint32_t signals);

/* A VM signals the receiver: for all, or for one vCPU of it if they are per vCPU. */
struct parley_regs signal_set(struct world_vm *of, uint32_t signals, unsigned int vcpu);

/* One of the receiver's vCPUs takes its interrupts, and gets everything. */
struct parley_regs signal_look(unsigned int vcpu);
/* The same, and gets some kinds only: flags of NOTIFICATION_GET. */
struct parley_regs signal_look_for(unsigned int vcpu, uint32_t kinds);

/* --- For checks ----------------------------------------------------------- */

/*
 * What nobody has got yet is got now; whoever is online was interrupted for it. Returns what there
 * was, of VMs and of Secure Partitions alike.
 */
uint32_t signal_get_rest(void);
/* Whether an interrupt pends for a vCPU that is online. */
bool signal_is_interrupted(void);
/* How often a signal of VMs was got, and of Secure Partitions. */
unsigned int signal_got_of_vms(uint32_t signal);
unsigned int signal_got_of_partitions(uint32_t signal);
/* A signal that was set so often was got, and not oftener. */
void expect_got(unsigned int got, unsigned int set);

#endif
