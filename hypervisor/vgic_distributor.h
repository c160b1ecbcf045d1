/* SPDX-License-Identifier: BSD-3-Clause */
/* The distributor's frame of a VM's GICv3. */
#ifndef VGIC_DISTRIBUTOR_H
#define VGIC_DISTRIBUTOR_H

#include <stdbool.h>

struct mmio;
struct vcpu;

/* `offset` is in the frame, and aligned to the access. False if there is no such access to it. */
bool vgic_distributor_access(struct vcpu *vcpu, unsigned int offset, struct mmio *access);

#endif
