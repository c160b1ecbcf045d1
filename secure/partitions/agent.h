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
    uint16_t vms_max;     /* and of any more than so many at a time; 0: no such limit */
    uint32_t stalls;      /* so many VM messages in all are first answered... */
    int32_t stall_status; /* ...with this: FFA_RETRY or FFA_INTERRUPTED */
    uint32_t yields;      /* before the answer to each VM message */
    uint32_t preemptions; /* the same; each is a millisecond at S-EL1 */
    uint32_t keeps;       /* COMMAND_KEEP_..., until it is asked to do something else */
};

#define AGENT_FOR_EVER 0xffffffffu /* of stalls */

#define AGENT_CONTEXTS_MAX SPMC_CONTEXTS_MAX
#define AGENT_VMS_MAX      64u
#define AGENT_REGIONS_MAX  32u

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
    AGENT_MEMORY,  /* enum agent_memory_step */
};

/* What of it that was, or is. */
enum agent_memory_step {
    AGENT_MEMORY_RETRIEVING,
    AGENT_MEMORY_RELEASING, /* RX, with a fragment that it has read */
    AGENT_MEMORY_FETCHING,
    AGENT_MEMORY_UNDOING, /* there is no room for what it retrieved */
    AGENT_MEMORY_RELINQUISHING,
    AGENT_MEMORY_GIVING_BACK, /* since its VM is destroyed */
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

    enum agent_memory_step memory_step;
    uint32_t memory_bytes; /* of the descriptor that it fetches, */
    uint32_t memory_here;  /* and how many of them it has */
    uint32_t memory_index; /* the region that it gives back */
};

/* Memory that it has retrieved. */
struct agent_range {
    uint64_t pa;
    uint32_t pages;
};

struct agent_region {
    uint64_t handle;
    uint16_t sender;
    uint16_t attributes;
    uint8_t permissions;
    uint32_t flags;
    uint32_t pages;
    uint32_t first; /* its ranges: so many, from there on */
    uint32_t count;
    uint32_t missed; /* and those that there was no room for */
};

/* What the next request for memory shall say. */
struct agent_prepared {
    uint64_t tag;
    uint64_t impdef[2];
    uint16_t attributes;
    uint32_t access_bytes; /* 0: as the version has it */
    uint32_t borrower_count;
    struct {
        uint16_t id;
        uint8_t permissions;
        uint8_t flags;
    } borrowers[SPMC_BORROWERS_MAX];
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

    /* Of the context that has taken it. */
    bool memory_taken;
    uint32_t memory_keeps;
    bool memory_keeps_known;
    struct agent_prepared prepared;
    uint32_t region_count;
    struct agent_region regions[AGENT_REGIONS_MAX];
    uint32_t ranges_used;

    /* Where it runs; by atomic accesses. */
    struct spmc *spmc; /* that it is a part of; NULL: it is not */
    size_t memory_bytes;
};

enum agent_step {
    AGENT_CALLS,     /* with x0 to x17 as left */
    AGENT_PREEMPTED, /* an interrupt came; call again, whatever is in the registers */
};

/* One step of one context. The first ever has nothing in its registers. */
enum agent_step agent_step(struct agent *agent, unsigned int context, uint64_t regs[FFA_REGS_MAX]);

/* --- agent.c, for the commands that are elsewhere --- */

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);

/* Word n of the command; 1 and 2 together, a handle. */
uint32_t agent_word(const struct agent_context *context, unsigned int n);
uint64_t agent_handle(const struct agent_context *context);

/* The next call, with its first arguments, to which the caller may add; the answer to a command. */
enum agent_step agent_call(struct agent_context *context, enum agent_phase phase,
                           uint64_t regs[FFA_REGS_MAX], uint32_t fid, uint64_t x1);
enum agent_step agent_respond(struct agent_context *context, uint64_t regs[FFA_REGS_MAX],
                              int32_t status);
enum agent_step agent_respond_vm(struct agent *agent, struct agent_context *context,
                                 uint64_t regs[FFA_REGS_MAX]);
int32_t agent_status(const uint64_t regs[FFA_REGS_MAX]);

void agent_take(bool *taken); /* waits until it can */
void agent_give(bool *taken);

/* --- agent_memory.c: retrieving, and giving back --- */

enum agent_step agent_memory_command(struct agent *agent, struct agent_context *context,
                                     uint64_t regs[FFA_REGS_MAX]);

/* What its call was answered. */
enum agent_step agent_memory_go_on(struct agent *agent, struct agent_context *context,
                                   uint64_t regs[FFA_REGS_MAX]);

/* VM_DESTROYED: gives back what is that VM's, and then answers. */
enum agent_step agent_memory_destroyed(struct agent *agent, struct agent_context *context,
                                       uint64_t regs[FFA_REGS_MAX]);

uint32_t agent_memory_keeps(const struct agent *agent); /* COMMAND_KEEP_... */

struct agent_region *agent_region_find(struct agent *agent, uint64_t handle); /* NULL: not held */

/* --- agent_access.c: reading and writing what is held; the status of the command --- */

int32_t agent_access(struct agent *agent, struct agent_context *context);

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

void agent_port_relax(void); /* while another context has what this one needs */

/* Room for the ranges of all that it holds. */
struct agent_range *agent_port_ranges(struct agent *agent, uint32_t *count);

/* Lets it read pages, and write them. False: there is no room for the tables that it takes. */
bool agent_port_map(struct agent *agent, const struct agent_range *range, bool writes);
void agent_port_unmap(struct agent *agent, const struct agent_range *ranges, uint32_t count);

/* Where one page is, which is mapped; NULL: it was taken away. */
uint8_t *agent_port_page(struct agent *agent, uint64_t pa);

/* FFA_INTERRUPT came. */
void agent_port_interrupt(struct agent *agent, struct agent_context *context);

/* agent_portable.c: an spmc_enter for a partition that runs in the SPMC's own host. */
enum spmc_exit agent_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX]);

#endif
