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
#define WORLD_PAGES        6u
#define WORLD_PAGE_REFUSED 5u /* the hypervisor has no room to map this one */
#define WORLD_REPLIES_MAX  4u /* of one thread */
#define WORLD_MEMORY_BYTES 16384u

/* A guest page. No two VMs of a test use the same. */
struct world_page {
    unsigned int pins;
};

/* What the hypervisor knows of a VM: the context of the hooks. */
struct world_vm {
    struct parley_vm *vm;
    uint16_t id;
    bool is_aarch64;
    bool is_gone; /* destroyed: no hook may name it */
    /* What its configuration points to. */
    struct ffa_uuid uuids[PARLEY_UUIDS_PER_VM];
    struct parley_peer peers[WORLD_VMS];
};

struct world {
    _Alignas(FFA_PAGE_SIZE) uint8_t pages[WORLD_PAGES][FFA_PAGE_SIZE];
    _Alignas(FFA_PAGE_SIZE) uint8_t memory[WORLD_MEMORY_BYTES];
    struct parley *parley;
    struct world_vm vms[WORLD_VMS + 1]; /* by ID */
    struct world_vm heirs[2];           /* created later, under an ID that another one has or had */
    struct world_page page[WORLD_PAGES];
    unsigned int events[PARLEY_EVENT_CALL_REFUSED]; /* how often each kind was told */
    uint64_t left; /* a word: vCPUs that have stopped for good, one bit each */
    /* What threads got, for the check. */
    struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
    enum parley_progress progress[EXPLORE_THREADS_MAX];
    uint8_t listed[FFA_PAGE_SIZE]; /* a copy of an RX buffer, by the guest that got it */
};

extern struct world world;

/* The part of struct explore_test that is the same for all tests of the mediator. */
#define WORLD_STATE                                                      \
    .state = &world, .state_bytes = sizeof(world), .pages = world.pages, \
    .pages_bytes = sizeof(world.pages), .page_accessed = world_page_accessed

void world_page_accessed(void *page, bool writes);

/* --- For setting up ------------------------------------------------------- */

/* An empty world with a mediator. */
void world_begin(void);
/* A configuration with `uuids` UUIDs, world_uuid(seed, ...), that may discover all VMs. */
struct parley_vm_config world_config(struct world_vm *of, uint16_t id, unsigned int vcpus,
                                     unsigned int uuids, uint8_t seed);
/* Creates world.vms[id]; it has to work. */
void world_create(uint16_t id, unsigned int vcpus, unsigned int uuids, uint8_t seed);
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

/* To the end of it: while somebody is in the way, waits. */
void world_reset(struct world_vm *of);
void world_destroy(struct world_vm *of);

/* A vCPU stops for good; its hypervisor waits for that before it ends the VM. */
void world_vcpu_leaves(unsigned int vcpu);
void world_await_vcpus_left(unsigned int vcpus);

/* --- For checks ----------------------------------------------------------- */

bool succeeded(const struct parley_regs *reply);
/* FFA_ERROR with this status. */
bool refused(const struct parley_regs *reply, int32_t status);
struct parley_vm_status world_status(const struct world_vm *of);
/* No page is pinned but those named in the set. */
void expect_pins(unsigned int pages);
struct ffa_uuid world_uuid(uint8_t seed, unsigned int index);

#endif
