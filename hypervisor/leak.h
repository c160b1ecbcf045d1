/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Searches what Parley writes for physical addresses: a guest must never see one. Guests' own
 * addresses cannot be taken for one, since no VM's RAM lies at an IPA that is also a physical RAM
 * address (table_check.c). What another guest has written, such as a message, is left out.
 */
#ifndef LEAK_H
#define LEAK_H

#include <parley/parley.h>

struct vcpu;

/* Looks at what a vCPU has got from other VMs, before the call by which it may give it away. */
void leak_check_before_call(struct vcpu *vcpu);

/* Looks at the result of a call, and what else it has given the guest. `before`: its registers. */
void leak_check_after_call(struct vcpu *vcpu, const struct parley_regs *before);

#endif
