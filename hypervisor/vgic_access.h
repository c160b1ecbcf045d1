/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest does to its interrupt controller, as far as the hardware does not do it alone. */
#ifndef VGIC_ACCESS_H
#define VGIC_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

struct mmio;
struct vcpu;

/* Distributor and redistributors. False if the access is to something else. */
bool vgic_access(struct vcpu *vcpu, struct mmio *access);

/*
 * Serves a trapped write to a register that sends SGIs or deactivates an interrupt, by MSR or by an
 * AArch32 MCR or MCRR, and goes on behind it. False if it was another access.
 */
bool vgic_write(struct vcpu *vcpu, uint64_t esr);
bool vgic_write32(struct vcpu *vcpu, uint64_t esr);
bool vgic_write32_pair(struct vcpu *vcpu, uint64_t esr);

#endif
