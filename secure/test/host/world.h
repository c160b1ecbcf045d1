/* SPDX-License-Identifier: BSD-3-Clause */
/* One SPMC with memory of its own, for a test on the host. Every register is poisoned at a call. */
#ifndef WORLD_H
#define WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../partitions/partitions.h"
#include "../../spmc/hostile.h"

#define WORLD_PAGES 8u
#define WORLD_PA    0x40000000u
#define TX_PA       WORLD_PA
#define RX_PA       (WORLD_PA + FFA_PAGE_SIZE)

struct world {
    struct spmc spmc;
    struct spmc_hostile hostile;
    _Alignas(FFA_PAGE_SIZE) uint8_t memory[WORLD_PAGES * FFA_PAGE_SIZE];
};

struct regs {
    uint64_t x[FFA_REGS_MAX];
};

/* Starts an SPMC of that version, with the default partitions and these lies. */
void world_start(struct world *world, uint32_t version, const struct spmc_lie *lies,
                 unsigned int lie_count);

/* The same, negotiated. */
void world_agree(struct world *world, uint32_t version);

/*
 * Makes a call with x1 to x5 as given, x6 and x7 zero, and what the callee should not look at
 * poisoned: the upper halves of an SMC32 call, and x8 to x17.
 */
struct regs call(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
                 uint64_t x4, uint64_t x5);

/* The shortest form: the answer's w0, and the status of an FFA_ERROR (FFA_OK otherwise). */
uint32_t answer(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3);
int32_t status(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3);

void assert_error(const struct regs *regs, int32_t expected);
void assert_success(const struct regs *regs);
void assert_zero(const struct regs *regs, unsigned int first, unsigned int last);
void assert_poisoned(const struct regs *regs, unsigned int first);

int run_version_tests(void);
int run_buffer_tests(void);
int run_discovery_tests(void);
int run_hostile_tests(void);

#endif
