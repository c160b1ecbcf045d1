/* SPDX-License-Identifier: BSD-3-Clause */
/* One virtual machine and its lives. */
#ifndef VM_H
#define VM_H

#include <parley/parley.h>

#include "machine.h"
#include "pl011.h"
#include "stage2.h"
#include "table.h"
#include "vcpu.h"

/* Only scheduler.c moves it. */
enum vm_state {
    VM_RUNNING,
    VM_RESETTING, /* its vCPUs leave, and the last one out starts the next life */
    VM_STOPPING,  /* its vCPUs leave, and the last one out ends it */
    VM_STOPPED,   /* and Parley ends it when all have stopped */
};

/* Why it stopped. */
enum vm_end {
    VM_END_NONE, /* it has not */
    VM_END_OFF,
    VM_END_FAULT,
    VM_END_BROKEN,      /* the hypervisor could not go on with it */
    VM_END_QUARANTINED, /* the Secure world does not let go of it */
};

/* What the verdict is made of, over all lives. */
struct vm_tally {
    parley_counter held;
    parley_counter broken;
    parley_counter faults; /* that it was told of, but those of its own memory */
    uint64_t calls;        /* the rest is added up when a life ends */
    uint64_t refused;
    uint32_t version; /* in force at the end of the latest life, 0 if none was */
};

struct vm {
    const struct world_vm *who;
    const struct vm_place *place;
    struct vm_devices devices; /* where they are, with nothing left open */
    struct parley_vm *parley;
    struct stage2 stage2;
    struct vcpu *vcpus;
    struct vgic_distributor distributor;
    struct pl011 uart;

    /* Under the scheduler's lock; the state may be read without. */
    enum vm_state state;
    unsigned int vcpus_on; /* that are not VCPU_OFF */

    struct vm *next_in_work;                /* see work.c */
    const struct vcpu *last_vcpu[CPUS_MAX]; /* that ran on that CPU, which alone uses this */
    unsigned int life;
    uint64_t pages_prepared; /* for it, of the window and RAM; see vm_memory.c */
    bool is_preparing;
    enum vm_end end;
    struct vm_tally tally;

    struct console_log log; /* what it writes by FFA_CONSOLE_LOG */

    /* The RX buffer, for leak.c to look into. */
    uint64_t rx_ipa;
    uint64_t rx_pages;
    bool rx_is_own; /* a call of the VM's own has filled it, not a message */

    bool told_of_interrupt; /* that came while the Secure world worked for it; atomic */
};

/* Makes Parley, and then the VMs of the table, which it serves. A failure is told, and is false. */
bool vms_init(void);
bool vms_create(void);

/* Starts vCPU 0 of each, one chapter of the table after the other. */
void vms_start(void);

struct vm *vm_at(size_t index); /* 0 to table.cast_count - 1 */
struct vm *vm_find(uint16_t id);
struct parley *vms_parley(void);

/*
 * Asks for the end of the VM's life, for a reset or for good. Of several requests the first wins:
 * false if this was not it.
 */
bool vm_request_reset(struct vm *vm);
bool vm_request_stop(struct vm *vm, enum vm_end end);

/* No vCPU of the VM is on any more: does what was asked for. */
void vm_last_vcpu_out(struct vm *vm);

/* The next step towards its next life, or its end. */
void vm_go_on(struct vm *vm);

/* An expectation of the hypervisor's own is broken: counted against the VM, and told. */
void vm_expectation_broken(struct vm *vm, const char *form, ...)
    __attribute__((format(printf, 2, 3)));

#endif
