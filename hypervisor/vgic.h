/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupt controller that a VM sees: a GICv3 of one security state with SGIs, PPIs and 32
 * SPIs, all in group 1. Its CPU interface is the hardware's, by the list registers; distributor and
 * redistributors are kept here (vgic_distributor.c, vgic_access.c).
 */
#ifndef VGIC_H
#define VGIC_H

#include <stdbool.h>
#include <stdint.h>

#include "lock.h"

#define VGIC_INTERRUPTS 32u /* that each vCPU has for itself: SGIs and PPIs */
#define VGIC_TIMER      27u /* the virtual timer's PPI: a level, while all else of these are edges */
#define VGIC_SPIS       32u /* that the VM has, from VGIC_SPI on */
#define VGIC_SPI        32u

struct vcpu;
struct vm;

/*
 * Of a VM: the distributor, with one bit for each SPI. An SPI has an owner from when it gets into a
 * list register of a vCPU until it is back and not active: that vCPU, which alone can end it.
 */
struct vgic_distributor {
    bool is_on; /* group 1 in GICD_CTLR; atomic */
    struct lock lock;

    /* What is in a list register is neither latched nor active here. */
    uint32_t lines;   /* that are high */
    uint32_t edges;   /* pend by an edge alone; the others also while the line is high */
    uint32_t latched; /* pend by an edge, or because a register says so */
    uint32_t active;
    uint32_t enabled;
    uint8_t priority[VGIC_SPIS];
    uint64_t route[VGIC_SPIS]; /* the affinity of the vCPU that it is for */
    uint32_t owned;

    /* In a list register, since when this has happened. */
    uint32_t listed;
    uint32_t lent;          /* it pends there because it was latched */
    uint32_t listed_active; /* it is active there */
    uint32_t unlatched;     /* not any more */
    uint32_t deactivated;   /* nor is it active */
    uint32_t recalled;      /* it may not pend there at all */

    uint32_t moved; /* pends for another vCPU than it has come back from, which must be told */
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

    /* Under the distributor's lock: one bit for each SPI. */
    uint32_t owns;
    uint32_t gets; /* by their routes */
    uint32_t asks; /* a register of which it reads, and waits for them to be listed anew */
    bool is_asking;
    uint64_t asks_at; /* by the instruction there */

    bool is_changed; /* since the list registers were written; atomic */

    /* While it is loaded. */
    bool is_loaded;
    bool is_stale;    /* another vCPU waits for its list registers to be written anew; atomic */
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

/*
 * An SPI's line goes high or low, from any CPU. Two that change the same line do so one after the
 * other, under a lock of theirs.
 */
void vgic_set_line(struct vm *vm, unsigned int interrupt, bool high);

/* Whether a vCPU that is not loaded has an interrupt that would end a WFI. */
bool vgic_is_interrupted(struct vcpu *vcpu);

/* When the timer of a vCPU that is not loaded will interrupt it; TIMER_NEVER. */
uint64_t vgic_deadline(struct vcpu *vcpu);

/* Tells vCPUs of SPIs that have become theirs while another CPU could not be bothered with it. */
void vgic_tell_moved(void);

/*
 * For vgic_access.c: between the two the redistributor's and the distributor's state is the
 * caller's alone, and complete but for what other vCPUs have in their list registers. The vCPU then
 * takes notice, wherever it is.
 */
void vgic_open(struct vcpu *vcpu);
void vgic_close(struct vcpu *vcpu);

/* The loaded vCPU ends an interrupt in a step of its own, if it has chosen to do so. */
void vgic_deactivate(struct vcpu *vcpu, unsigned int interrupt);

/* These vCPUs of the VM, a bit for each, take notice of a change of SPIs. With no lock held. */
void vgic_tell(struct vm *vm, uint32_t vcpus);

/* Whether a change that was made for the vCPU by another one has not reached it yet. */
bool vgic_is_stale(const struct vcpu *vcpu);

#endif
