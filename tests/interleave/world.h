/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hypervisor of the tests: a mediator without a Secure world, a few VMs, a few guest pages. All
 * of it is one object, the state that the explorer puts back before each schedule.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_WORLD_H
#define PARLEY_TESTS_INTERLEAVE_WORLD_H

#include <parley/port.h>

#include "explore.h"

#define WORLD_VMS          4u /* IDs 1 to 4 */
#define WORLD_VCPUS        4u /* of one VM at most */
#define WORLD_CPUS         3u
#define WORLD_PAGES        7u
#define WORLD_PAGE_REFUSED 6u /* the hypervisor has no room to map this one */
#define WORLD_REPLIES_MAX  4u /* of one thread */
#define WORLD_RECEIVED_MAX 4u
#define WORLD_SIGNALS      8u
#define WORLD_MEMORY_BYTES 32768u
#define WORLD_SECURE_BYTES (6u * FFA_PAGE_SIZE) /* Parley's pair, and two shadows */
#define WORLD_NPI_INTID    9u
#define WORLD_IPA_OF_PAGES 0x80000000ull
#define WORLD_FRAMES       10u /* the pages, and some that have no bytes: they are granted only */
#define WORLD_MAPPINGS     2u  /* of one frame, in borrowers */

/* Where a frame is mapped that is not, or not yet, the VM's own. */
struct world_mapping {
    struct world_vm *vm; /* NULL: nowhere */
    uint64_t ipa;
    enum parley_access access;
};

/* A guest page. No two VMs of a test use the same, but for what they are granted: see frames.h. */
struct world_page {
    unsigned int pins; /* as an RX or TX buffer */
    /* Only in tests of memory: */
    struct world_vm *owner; /* NULL: the hypervisor */
    uint64_t ipa;
    bool is_pinned;
    bool is_revoked;
    struct world_mapping mapping[WORLD_MAPPINGS];
    struct world_vm *giver; /* who gave it away, and has not forgotten it yet */
    uint64_t giver_ipa;
    unsigned int content; /* 0: zeroes */
};

/* What a vCPU is to do next, as bits of its signals. */
#define WORLD_WAKE       1u  /* parley_port_vcpu_wake() named it */
#define WORLD_NPI        2u  /* an interrupt of the mediator's pends, */
#define WORLD_TIMER      4u  /* or one of the guest's own */
#define WORLD_STOP       8u  /* its hypervisor wants it out of the guest, */
#define WORLD_STOP_TOO   16u /* as does somebody else */
#define WORLD_INTERRUPTS (WORLD_NPI | WORLD_TIMER)

struct world_vcpu {
    uint64_t signals;
    uint64_t online;         /* 0 or 1 */
    uint64_t stops;          /* the signals that, all together, stop it */
    struct parley_regs regs; /* of the call that it makes, blocks in, or made last */
};

/* What the hypervisor knows of a VM: the context of the hooks. */
struct world_vm {
    struct parley_vm *vm;
    uint16_t id;
    bool is_aarch64;
    bool is_gone; /* destroyed: no hook may name it */
    bool is_ending;
    struct world_vcpu vcpu[WORLD_VCPUS];
    /* What its configuration points to. */
    struct ffa_uuid uuids[PARLEY_UUIDS_PER_VM];
    struct parley_peer peers[WORLD_VMS];
};

/* An execution context of the partition, as its SPMC sees it: see contexts.c. */
enum world_context_state {
    CONTEXT_WAITS, /* for a message, or for cycles */
    CONTEXT_RUNS,
    CONTEXT_PREEMPTED,
};

struct world_context {
    enum world_context_state state;
    /* Of what it is at work on, or was last: */
    uint32_t request; /* its function ID; FFA_RUN for cycles alone */
    uint32_t kind;    /* of a framework message */
    uint16_t sender;
    uint32_t token;
    unsigned int interrupts; /* so often will it be preempted in it */
};

/* The Secure world: an SPMC and a partition, see spmc.h. It serves VM 1. */
struct world_spmc {
    bool is_there;
    uint16_t contexts; /* of the partition: one, or one for each CPU */
    uint32_t properties;
    struct world_context context[WORLD_CPUS];
    unsigned int interrupts_of_cycles; /* so often is each preempted, */
    unsigned int interrupts_of_messages;
    unsigned int responses;          /* that it has given to VMs */
    uint64_t lives;                  /* of VMs that it was told of: a bit for each ID */
    bool asked[EXPLORE_THREADS_MAX]; /* whether a thread has made an SMC since it cleared this */
    bool has_bitmap;                 /* of the VM's notifications, */
    uint64_t bound;                  /* of which these are bound */
    unsigned int gets_to_refuse;     /* so many NOTIFICATION_GETs fail */
    /* What pends: for the VM, for its vCPUs, and for each context of the partition's. */
    uint64_t global;
    uint64_t of_vcpu[WORLD_VCPUS];
    bool rx_full;
    uint64_t of_context[WORLD_CPUS];
    uint32_t told; /* by NOTIFICATION_INFO_GET: bits SPMC_... */
    /* The buffers that it was given: the mediator's own, and the VM's. */
    uint8_t *own_rx;
    uint8_t *own_tx;
    uint8_t *vm_rx;
    uint8_t *vm_tx;
    bool vm_rx_is_full;                 /* the VM's to read */
    uint32_t token[WORLD_RECEIVED_MAX]; /* of messages to the partition */
    unsigned int received;
};

/* Memory management, if there is any. */
struct world_memory {
    bool is_there;
    bool preempts;        /* each call is done in pieces */
    bool is_shared;       /* the lender may use what it has granted, as FFA_MEM_SHARE says */
    unsigned int no_room; /* frames that the hypervisor cannot map into a borrower, or revoke */
    uint64_t handle;
    uint64_t next_handle;
    struct world_tx { /* what each thread's guest wants to have in its TX buffer */
        uint8_t bytes[192];
        unsigned int count;
    } tx[EXPLORE_THREADS_MAX];
};

struct world {
    _Alignas(FFA_PAGE_SIZE) uint8_t pages[WORLD_PAGES][FFA_PAGE_SIZE];
    _Alignas(FFA_PAGE_SIZE) uint8_t memory[WORLD_MEMORY_BYTES];
    struct parley *parley;
    struct world_spmc spmc;
    struct world_vm vms[WORLD_VMS + 1]; /* by ID */
    struct world_vm heirs[2];           /* created later, under an ID that another one has or had */
    struct world_page page[WORLD_FRAMES];
    struct world_memory grants;
    unsigned int events[PARLEY_EVENT_CALL_REFUSED]; /* how often each kind was told */
    unsigned int cpu_of[EXPLORE_THREADS_MAX];       /* where each thread runs */
    uint64_t kicks;                                 /* CPUs that were kicked, one bit each */
    uint64_t left;     /* a word: vCPUs that have stopped for good, one bit each */
    uint64_t returned; /* threads whose calls have an end, one bit each */
    /* What threads got, for the check. */
    struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
    enum parley_progress progress[EXPLORE_THREADS_MAX];
    unsigned int counted[EXPLORE_THREADS_MAX];
    uint32_t token[WORLD_RECEIVED_MAX]; /* of messages, in the order of their arrival */
    unsigned int received;
    unsigned int got_of_vms[WORLD_SIGNALS]; /* how often each notification was got */
    unsigned int got_of_partitions[WORLD_SIGNALS];
    uint8_t listed[FFA_PAGE_SIZE]; /* a copy of an RX buffer, by the guest that got it */
};

extern struct world world;

/* The part of struct explore_test that is the same for all tests of the mediator. */
#define WORLD_STATE                                                      \
    .state = &world, .state_bytes = sizeof(world), .pages = world.pages, \
    .pages_bytes = sizeof(world.pages), .page_accessed = world_page_accessed

/* The same with an SPMC: the buffers that it is given come first in the mediator's memory. */
#define WORLD_STATE_SECURE                                               \
    .state = &world, .state_bytes = sizeof(world), .pages = world.pages, \
    .pages_bytes = sizeof(world.pages) + WORLD_SECURE_BYTES, .page_accessed = world_page_accessed

void world_page_accessed(void *page, bool writes);

/* --- For setting up ------------------------------------------------------- */

/* An empty world with a mediator, */
void world_begin(void);
/* or with an SPMC, too, whose partition has a context for each CPU. VM IDs are 1 and 2 then. */
void world_begin_secure(void);
/* The same, with so many contexts, one or WORLD_CPUS, and more properties. */
void world_begin_secure_with(uint16_t contexts, uint32_t properties);
/* or with memory management, for so many transactions of each VM and ranges in them. */
void world_begin_memory(unsigned int transactions, unsigned int ranges);
/* A configuration with `uuids` UUIDs, world_uuid(seed, ...), that may discover all VMs. */
struct parley_vm_config world_config(struct world_vm *of, uint16_t id, unsigned int vcpus,
                                     unsigned int uuids, uint8_t seed);
/* Creates world.vms[id]; it has to work. */
void world_create(uint16_t id, unsigned int vcpus, unsigned int uuids, uint8_t seed);
/* The same, of a VM that may message and signal all others, and that all may. */
struct parley_vm_config world_config_open(struct world_vm *of, uint16_t id, unsigned int vcpus);
/* Creates such a VM, at 1.2. */
void world_create_open(uint16_t id, unsigned int vcpus);
/* The VM's vCPU 0 asks for a version, and makes it final by FFA_ID_GET. */
void world_negotiate(uint16_t id, uint32_t version);

/* --- Calls ---------------------------------------------------------------- */

/* x0 to x7 of a call; the rest is rubbish. */
#define WORLD_CALL(vm, vcpu, ...) world_call(vm, vcpu, (const uint64_t[8]){__VA_ARGS__})

struct parley_regs world_call(struct parley_vm *vm, unsigned int vcpu, const uint64_t x0_to_x7[8]);

/* FFA_RXTX_MAP of one page each. */
struct parley_regs world_map(struct parley_vm *vm, unsigned int vcpu, unsigned int tx_page,
                             unsigned int rx_page);
struct parley_regs world_count(struct parley_vm *vm, unsigned int vcpu);
struct parley_regs world_list(struct parley_vm *vm, unsigned int vcpu);
/* PARTITION_INFO_GET_REGS from entry `start` on, with the tag of an earlier reply or 0. */
struct parley_regs world_list_regs(struct parley_vm *vm, uint16_t start, uint16_t tag);

/* --- vCPUs that block ----------------------------------------------------- */

/*
 * A call that may block. Its registers stay with the vCPU. Returns whether it is over; if not, the
 * vCPU is asleep in it.
 */
#define WORLD_ENTER(of, vcpu, ...) world_enter(of, vcpu, (const uint64_t[8]){__VA_ARGS__})

bool world_enter(struct world_vm *of, unsigned int vcpu, const uint64_t x0_to_x7[8]);

/* Sleeps until the call is over: woken, or interrupted. False if the vCPU is stopped instead. */
bool world_sleep(struct world_vm *of, unsigned int vcpu);

/* Signals a vCPU; and takes its interrupts, as the guest's handler does. */
void world_signal(struct world_vm *of, unsigned int vcpu, uint64_t signals);
bool world_take_interrupts(struct world_vm *of, unsigned int vcpu);
bool world_is_stopped(const struct world_vm *of, unsigned int vcpu);

/* --- Lives ---------------------------------------------------------------- */

/* To the end of it: while somebody is in the way, waits. */
void world_reset(struct world_vm *of);
void world_destroy(struct world_vm *of);

/* PSCI CPU_OFF and CPU_ON, by the vCPU itself: what pends for it is gone when it comes back. */
void world_go_offline(struct world_vm *of, unsigned int vcpu);
void world_come_online(struct world_vm *of, unsigned int vcpu);

/* A vCPU stops for good; its hypervisor waits for that before it ends the VM. */
void world_vcpu_leaves(unsigned int vcpu);
void world_await_vcpus_left(unsigned int vcpus);

/* --- For checks ----------------------------------------------------------- */

bool succeeded(const struct parley_regs *reply);
/* FFA_ERROR with this status. */
bool refused(const struct parley_regs *reply, int32_t status);
/* Whether a message has come for a vCPU that was left asleep. Then it must have been woken. */
bool has_message(struct world_vm *of, unsigned int vcpu);
struct parley_vm_status world_status(const struct world_vm *of);
/* No page is pinned but those named in the set. */
void expect_pins(unsigned int pages);
struct ffa_uuid world_uuid(uint8_t seed, unsigned int index);

#endif
