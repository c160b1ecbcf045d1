/* SPDX-License-Identifier: BSD-3-Clause */
/* One virtual CPU: its registers, and where it stands. */
#ifndef VCPU_H
#define VCPU_H

#include <parley/parley.h>

#include "console.h"
#include "el1.h"
#include "fp.h"
#include "vgic.h"

struct vm;

/* Only scheduler.c moves it. */
enum vcpu_state {
    VCPU_OFF,
    VCPU_STARTING, /* claimed by a CPU_ON that sets its registers */
    VCPU_READY,    /* in the queue */
    VCPU_RUNNING,  /* on a CPU, in the guest or in the hypervisor on its behalf */
    VCPU_WAITING,  /* for an interrupt, or for a message in FF-A */
};

#define VCPU_ANY_CPU PARLEY_ANY_CPU

struct vcpu {
    /* The guest's, while it is not in it. vectors.S knows the offsets (vcpu_layout.h). */
    union {
        uint64_t x[31];
        struct parley_regs call; /* x0 to x17, as Parley takes them */
    };
    uint64_t pc;
    uint64_t pstate;
    void *stack; /* of the CPU that runs it */

    struct vm *vm;
    unsigned int index;

    /* Under the scheduler's lock. */
    enum vcpu_state state;
    struct vcpu *next;         /* in the queue, or among those that wait with a timer */
    unsigned int cpu;          /* that it runs on, or was on last */
    unsigned int unwanted_cpu; /* it asked to go on elsewhere; VCPU_ANY_CPU if it did not */
    bool is_woken;             /* while it did not wait */
    uint64_t deadline;         /* while it waits: when its timer fires */

    bool is_online; /* as Parley is told; atomic */

    /* Of the CPU that runs it, alone. */
    bool is_blocked;           /* in an FF-A call, with the call's registers in x */
    bool is_preempted;         /* in an FF-A call, which goes on when it has its next turn */
    bool is_leaving;           /* it goes off, and Parley is not done with it */
    unsigned int times_spared; /* in a row: it goes on although its turn is over */

    /* The CPU where it left a request in the Secure world, and until when it may leave it alone. */
    unsigned int only_cpu; /* atomic; VCPU_ANY_CPU if there is no such request */
    uint64_t left_until;

    struct el1 el1; /* valid while it is not loaded */
    struct fp fp;   /* as well; of a VM that has FP/SIMD */
    struct vgic vgic;
    struct console_line line;
} __attribute__((aligned(16)));

/* How a guest is entered, on vCPU 0 by its boot, on others by CPU_ON. An odd entry is Thumb code.
 */
void vcpu_reset(struct vcpu *vcpu, uint64_t entry, uint64_t context);

/* Goes on behind the instruction that has trapped. */
void vcpu_skip_instruction(struct vcpu *vcpu, uint64_t esr);

/* Makes it this CPU's: everything of EL1 is set, and it may be entered. The reverse. */
void vcpu_load(struct vcpu *vcpu);
void vcpu_save(struct vcpu *vcpu);

/* vectors.S: runs the guest. */
_Noreturn void guest_enter(struct vcpu *vcpu);

/* Sets up what is the same for all guests on this CPU. */
void vcpu_init_cpu(void);

#endif
