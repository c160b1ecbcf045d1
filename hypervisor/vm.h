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

/*
 * What goes on while none of its vCPUs is on, step by step; work.c goes on with it. Only vm.c moves
 * it.
 */
enum vm_step {
    VM_STEP_NONE,
    VM_STEP_MEMORY,      /* its next life gets its memory */
    VM_STEP_CREATE,      /* Parley makes it */
    VM_STEP_RESET,       /* Parley resets it */
    VM_STEP_END,         /* Parley ends it */
    VM_STEP_GIVE_BACK,   /* its memory goes */
    VM_STEP_QUARANTINED, /* nothing, until it is tried again to end it; atomic, see vm_retry() */
    VM_STEP_RETRY,
};

/* What the verdict is made of, over all lives. */
struct vm_tally {
    parley_counter held;
    parley_counter broken;
    parley_counter faults; /* that it was told of, but those of its own memory */
    unsigned int made;
    unsigned int not_made; /* although it was to be */
    unsigned int lives;
    uint64_t calls; /* the rest is added up when it stops */
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
    unsigned int life;                      /* since it was made */
    enum vm_step step;
    uint64_t pages_done; /* of the window and RAM, in this step; see vm_memory.c */
    bool ram_is_fresh;   /* nobody has used it yet */
    bool is_over;        /* and not made any more */
    bool is_quarantined; /* Parley cannot end it */
    enum vm_end end;
    struct vm_tally tally;

    struct console_log log; /* what it writes by FFA_CONSOLE_LOG */

    /* The RX buffer, for leak.c to look into. */
    uint64_t rx_ipa;
    uint64_t rx_pages;
    bool rx_is_own; /* a call of the VM's own has filled it, not a message */

    bool told_of_interrupt; /* that came while the Secure world worked for it; atomic */
};

/* At the start, when nothing runs. A failure is told, and is false. */
bool vm_create(struct vm *vm, unsigned int vmid);

/* Prepares its memory, and starts vCPU 0. */
void vm_start(struct vm *vm);

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

/* Ends it in Parley, after it has stopped. */
void vm_destroy(struct vm *vm);

/*
 * Tries again to end a VM that is in quarantine. False if it is none such, or somebody else does so
 * already.
 */
bool vm_retry(struct vm *vm);

/* Whether what is routine is told of it: the 1st, 2nd, 4th, 8th, ... time that it is made. */
bool vm_is_told(const struct vm *vm);

/* An expectation of the hypervisor's own is broken: counted against the VM, and told. */
void vm_expectation_broken(struct vm *vm, const char *form, ...)
    __attribute__((format(printf, 2, 3)));

#endif
