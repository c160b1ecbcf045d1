/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI 1.1 for VMs. */
#ifndef PSCI_H
#define PSCI_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

bool psci_is_implemented(uint32_t fid, bool aarch64);

/* Serves a PSCI call, and returns the vCPU that this CPU goes on with. */
struct vcpu *psci_call(struct vcpu *vcpu);

#endif
