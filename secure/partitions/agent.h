/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program of the reference partitions, as a state machine: it is given what its last FF-A call
 * returned, and says which call it makes next. So the same code runs at S-EL1, in a loop around an
 * SMC, and inside the SPMC's host, as a spmc_enter function. commands.h says what it can do.
 */
#ifndef AGENT_H
#define AGENT_H

#include <parley/ffa.h>

#include "../spmc/spmc.h"

/* How a partition misbehaves; in spmc_partition.settings. NULL: it does not. */
struct agent_settings {
    uint16_t refused_vm;  /* VM_CREATED of this one is DENIED; 0: none */
    uint32_t stalls;      /* so many VM messages in all are first answered... */
    int32_t stall_status; /* ...with this: FFA_RETRY or FFA_INTERRUPTED */
    uint32_t yields;      /* before the answer to each VM message */
    uint32_t preemptions; /* the same; each is a millisecond at S-EL1 */
};

#define AGENT_FOR_EVER 0xffffffffu /* of stalls */

#define AGENT_CONTEXTS_MAX SPMC_CONTEXTS_MAX
#define AGENT_VMS_MAX      64u

/* What its last call was, or what it is in the middle of. */
enum agent_phase {
    AGENT_COLD,
    AGENT_VERSION,
    AGENT_ID,
    AGENT_MAP,
    AGENT_IDLE,     /* FFA_MSG_WAIT, or the end of a request */
    AGENT_SPINNING, /* no call: it is busy */
    AGENT_YIELDING,
    AGENT_CALLING, /* what the command asked for; its status is the answer */
    AGENT_LOOKING, /* for notifications */
    AGENT_READING, /* an indirect message, which it has read */
};

/* One context's own. Nothing else is touched by one context alone. */
struct agent_context {
    enum agent_phase phase;
    uint16_t id;      /* the partition's */
    uint16_t index;   /* the context's */
    uint32_t version; /* of the SPMC */
    uint64_t left;    /* microseconds to spin, then times to yield */
    uint64_t yields;
    uint64_t request[FFA_REGS_MAX]; /* the direct request */
    uint64_t answer[4];             /* words 1 to 4 of what it will be told */
    uint64_t timers;                /* interrupts that this context handled; others read it */
};

struct agent_vm {
    uint16_t id;
    uint16_t state; /* COMMAND_VM_... */
};

/* A partition's memory. Zero at first. */
struct agent {
    _Alignas(FFA_PAGE_SIZE) uint8_t tx[FFA_PAGE_SIZE];
    uint8_t rx[FFA_PAGE_SIZE];
    struct agent_context contexts[AGENT_CONTEXTS_MAX];

    /* Of partitions with one context. */
    const struct agent_settings *settings;
    struct agent_vm vms[AGENT_VMS_MAX];
    uint32_t stalled;

    /* Of all contexts; by atomic accesses. */
    bool tx_taken;
    uint64_t notified_count;
    uint64_t notified_bits;
    uint64_t notified_framework;
    uint64_t message_count;
    uint64_t message_last[3]; /* sender, bytes, checksum */
};

enum agent_step {
    AGENT_CALLS,     /* with x0 to x17 as left */
    AGENT_PREEMPTED, /* an interrupt came; call again, whatever is in the registers */
};

/* One step of one context. The first ever has nothing in its registers. */
enum agent_step agent_step(struct agent *agent, unsigned int context, uint64_t regs[FFA_REGS_MAX]);

/* --- agent_vm.c: VM_CREATED and VM_DESTROYED --- */

int32_t agent_vm_message(struct agent *agent, uint32_t type, uint64_t w5);
uint16_t agent_vm_state(const struct agent *agent, uint16_t id);

/* --- agent_message.c: indirect messages; false if TX is in use --- */

bool agent_message_write(struct agent *agent, const struct agent_context *context, uint16_t to,
                         uint32_t bytes, uint32_t seed);
void agent_message_read(struct agent *agent);

/*
 * --- What differs where it runs: agent_portable.c, or the image at S-EL1 ---
 */

/* Spends context->left microseconds, all ones: for ever. False: preempted on the way. */
bool agent_port_spin(struct agent *agent, struct agent_context *context);

unsigned int agent_port_level(void); /* the exception level */

int32_t agent_port_timer_arm(uint64_t microseconds);

/* FFA_INTERRUPT came. */
void agent_port_interrupt(struct agent *agent, struct agent_context *context);

/* agent_portable.c: an spmc_enter for a partition that runs in the SPMC's own host. */
enum spmc_exit agent_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX]);

#endif
