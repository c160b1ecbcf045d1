/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the state of a vCPU's interrupts and this CPU's list registers. All of it is done with
 * the locks of the vCPU's vgic and of its VM's distributor held.
 */
#ifndef VGIC_LISTS_H
#define VGIC_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "registers.h"
#include "vgic.h"

/* Sets of all of a vCPU's interrupts have one bit for each: SPIs follow SGIs and PPIs. */
#define VGIC_SET_OF_SPIS(spis) ((uint64_t)(spis) << VGIC_SPI)
#define VGIC_SPI_BIT(intid)    ((uint32_t)BIT((intid)-VGIC_SPI))

/* ICH_VMCR_EL2: EOIR drops the priority, and DIR deactivates. */
#define VGIC_VMCR_EOI_DROPS BIT(9)

#define VGIC_TIMER_BIT ((uint32_t)BIT(VGIC_TIMER))

/* Takes everything of the loaded vCPU out of the list registers, and puts the most urgent in. */
void vgic_fold(struct vcpu *vcpu);
void vgic_fill(struct vcpu *vcpu);

/* Keeps the physical timer interrupt of this CPU active, so that it is not taken, or does not. */
void vgic_hold_timer(struct vgic *vgic, bool hold);

/* The most urgent one of a set that is not empty. */
unsigned int vgic_most_urgent(const struct vcpu *vcpu, uint64_t set);
unsigned int vgic_priority(const struct vcpu *vcpu, unsigned int interrupt);

/* What the distributor lets through of SGIs and PPIs, whether or not it pends. */
uint32_t vgic_forwarded(const struct vcpu *vcpu);

#endif
