/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM's FF-A calls: handed to Parley, and the results looked at. */
#ifndef HYPERVISOR_FFA_H
#define HYPERVISOR_FFA_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* Function numbers 0x60 to 0xef of the standard secure service range, 32 and 64 bit. */
static inline bool ffa_owns(uint32_t fid)
{
    return (fid & ~0x40000000u) - 0x84000060u < 0x90u;
}

/* Serves the call that vcpu has made, and returns the vCPU that this CPU goes on with. */
struct vcpu *ffa_call(struct vcpu *vcpu);

/*
 * Whether a vCPU that is to run may do so: one that is blocked in a call has a message or an
 * interrupt now, and the call ends, or it waits again; one that was preempted in a call goes on
 * with it, and may be preempted again.
 */
bool ffa_resume(struct vcpu *vcpu);

#endif
