/* SPDX-License-Identifier: BSD-3-Clause */
/* Accesses of a guest that its stage 2 does not allow. */
#ifndef ABORT_H
#define ABORT_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* The IPA of the stage 2 fault that this CPU took last; not of a permission fault. */
uint64_t abort_ipa(void);

/*
 * Deals with an abort of the vCPU that is loaded: serves the access if it is to a device, or has it
 * tried again. False if it is a fault of the guest's.
 */
bool abort_take(struct vcpu *vcpu, uint64_t esr);

/* Whether it is an abort of what is RAM of the vCPU's VM, or its window, at other times. */
bool abort_is_of_memory(const struct vcpu *vcpu, uint64_t esr);

#endif
