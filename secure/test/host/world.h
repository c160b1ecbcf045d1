/* SPDX-License-Identifier: BSD-3-Clause */
/* One SPMC with memory of its own, for a test on the host. Every register is poisoned at a call. */
#ifndef WORLD_H
#define WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../partitions/agent.h"
#include "../../partitions/commands.h"
#include "../../partitions/partitions.h"
#include "../../spmc/hostile.h"

#define WORLD_PAGES 8u
#define WORLD_PA    0x40000000u
#define TX_PA       WORLD_PA
#define RX_PA       (WORLD_PA + FFA_PAGE_SIZE)

/* A VM with buffers of its own, and one without. */
#define VM       1u
#define OTHER_VM 2u
#define VM_TX_PA (WORLD_PA + 4 * FFA_PAGE_SIZE)
#define VM_RX_PA (WORLD_PA + 5 * FFA_PAGE_SIZE)

struct world {
    struct spmc spmc;
    struct spmc_hostile hostile;
    uint32_t sri_count;
    char log[64]; /* the last line of a partition */
    _Alignas(FFA_PAGE_SIZE) uint8_t memory[WORLD_PAGES * FFA_PAGE_SIZE];
};

struct regs {
    uint64_t x[FFA_REGS_MAX];
};

/* Starts an SPMC of that version, with the default partitions and these lies. */
void world_start(struct world *world, uint32_t version, const struct spmc_lie *lies,
                 unsigned int lie_count);

/* The same, negotiated; with these partitions rather than the default ones. */
void world_agree(struct world *world, uint32_t version);
void world_agree_with(struct world *world, uint32_t version,
                      const struct spmc_partition *partitions, unsigned int count);

/* The CPU that this thread is from now on. */
void world_on_cpu(unsigned int cpu);

/* Maps the caller's own buffers, and those of VM, and gives VM that many vCPUs to notify. */
void world_give_buffers(struct world *world);
void world_give_bitmap(struct world *world, unsigned int vcpus);

/*
 * Makes a call with x1 to x5 as given, x6 and x7 zero, and what the callee should not look at
 * poisoned: the upper halves of an SMC32 call, and x8 to x17.
 */
struct regs call(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
                 uint64_t x4, uint64_t x5);

/* The same with all registers of the call given, and what it does not use poisoned. */
struct regs call_with(struct world *world, struct regs regs);

/* A direct request of VM: words 0 to 4 in w3 to w7. And word n of an answer. */
struct regs ask(struct world *world, uint16_t partition, uint32_t word0, uint32_t word1,
                uint32_t word2, uint32_t word3, uint32_t word4);
uint32_t word(const struct regs *answer, unsigned int n);

/* What it is answered with, in the end; and word 0 of that, a status. */
struct regs insist(struct world *world, struct regs answer);
int32_t command(struct world *world, uint16_t partition, uint32_t word0, uint32_t word1,
                uint32_t word2, uint32_t word3, uint32_t word4);

/* FFA_RUN of a context. */
struct regs run(struct world *world, uint16_t partition, uint16_t vcpu);

/* The shortest form: the answer's w0, and the status of an FFA_ERROR (FFA_OK otherwise). */
uint32_t answer(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3);
int32_t status(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3);

void assert_error(const struct regs *regs, int32_t expected);
void assert_success(const struct regs *regs);
void assert_target(const struct regs *regs, uint32_t fid, uint16_t partition, uint16_t vcpu);
void assert_zero(const struct regs *regs, unsigned int first, unsigned int last);
void assert_poisoned(const struct regs *regs, unsigned int first);

int run_version_tests(void);
int run_buffer_tests(void);
int run_discovery_tests(void);
int run_hostile_tests(void);
int run_direct_tests(void);
int run_partition_tests(void);
int run_availability_tests(void);
int run_indirect_tests(void);
int run_notification_tests(void);
int run_notification_info_tests(void);
int run_memory_send_tests(void);
int run_memory_shape_tests(void);
int run_memory_fragment_tests(void);
int run_memory_retrieve_tests(void);
int run_memory_told_tests(void);
int run_memory_return_tests(void);
int run_memory_command_tests(void);
int run_memory_cpu_tests(void);
int run_memory_hostile_tests(void);

#endif
