/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupt controller that a VM sees: a GICv3 of one security state with SGIs and PPIs only,
 * all in group 1. Its CPU interface is the hardware's, by the list registers; distributor and
 * redistributors are kept here (vgic_access.c).
 */
#ifndef VGIC_H
#define VGIC_H

#include <stdbool.h>
#include <stdint.h>

#include "lock.h"

#define VGIC_INTERRUPTS 32u
#define VGIC_TIMER      27u /* the virtual timer's PPI: a level, while all else here are edges */

struct vcpu;
struct vm;

/* Of a VM: the distributor. Used with __atomic builtins. */
struct vgic_distributor {
    bool is_on; /* group 1 in GICD_CTLR */
};

/* Of a vCPU: its redistributor, and its CPU interface while it is not loaded. */
struct vgic {
    struct lock lock;

    /* One bit for each interrupt. What is in a list register is neither pending nor active here. */
    uint32_t pending;
    uint32_t active;
    uint32_t enabled;
    uint8_t priority[VGIC_INTERRUPTS]; /* 0 is the most urgent */
    bool sleeps;                       /* GICR_WAKER; nothing depends on it */

    /* While it is loaded. */
    bool is_changed;  /* since the list registers were written */
    bool holds_timer; /* the physical timer interrupt of its CPU is active on its behalf */

    /* While it is not. */
    uint64_t vmcr;
    uint64_t ap1r;
};

/* Whether the CPU's list registers are as this code expects. */
bool vgic_is_possible(void);

/* On each CPU, before a vCPU is loaded. */
void vgic_init_cpu(void);

/* As after a reset of the VM. */
void vgic_reset(struct vm *vm);

/* The vCPU's CPU interface, as CPU_ON resets it. */
void vgic_reset_interface(struct vgic *vgic);

/* The vCPU comes onto this CPU and leaves it, with EL1's registers loaded both times. */
void vgic_load(struct vcpu *vcpu);
void vgic_save(struct vcpu *vcpu);

/* Fills the loaded vCPU's list registers anew: always, or if there is something new. */
void vgic_refill(struct vcpu *vcpu);
void vgic_sync(struct vcpu *vcpu);

/* An edge: makes an SGI or PPI pending, from any CPU, and the vCPU take it. */
void vgic_raise(struct vcpu *vcpu, unsigned int interrupt);

/* The physical timer interrupt of the loaded vCPU has come, and stays active. */
void vgic_timer_fired(struct vcpu *vcpu);

/* Whether a vCPU that is not loaded has an interrupt that would end a WFI. */
bool vgic_is_interrupted(struct vcpu *vcpu);

/* When the timer of a vCPU that is not loaded will interrupt it; TIMER_NEVER. */
uint64_t vgic_deadline(struct vcpu *vcpu);

/*
 * For vgic_access.c: between the two the redistributor's state is complete, and the caller's alone.
 * The vCPU then takes notice, wherever it is.
 */
void vgic_open(struct vgic *vgic);
void vgic_close(struct vcpu *vcpu);

#endif
