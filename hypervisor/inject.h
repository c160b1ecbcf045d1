/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions that a guest finds in its own EL1, as if the CPU had taken it there. The vCPU is
 * loaded, and has just trapped.
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdint.h>

struct vcpu;

/* No memory answers at the address of the abort that `esr` is the syndrome of. */
void inject_abort(struct vcpu *vcpu, uint64_t esr);

/* The instruction that has trapped is none. */
void inject_undefined(struct vcpu *vcpu);

#endif
