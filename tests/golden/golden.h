/* SPDX-License-Identifier: BSD-3-Clause */
/* What the golden tests share: the worlds they are played in, and calls with well-formed arguments.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "../museum/support.h"
#include "tables.h"

struct golden_world {
    const char *name;
    uint32_t spmc_version; /* 0: no Secure world */
    bool tells_id;
    bool notifies; /* parley_config has the interrupts of notifications */
    bool receives; /* the VM under test is one that receives notifications */
    bool grants;   /* there is memory management */
    bool gives;    /* with donations */
};

#define GOLDEN_WORLDS 9u

extern const struct golden_world golden_worlds[GOLDEN_WORLDS];

/*
 * What a cell says in this world: without its condition, or "-" if that does not hold. Good until
 * the next call.
 */
const char *cell_in(const struct golden_world *world, const char *cell);

/* Powers on, with a neighbour that the VM under test sees, and that answers its messages. */
void world_on(const struct golden_world *world);

/* The VM under test. It has not negotiated. */
struct posix_vm *vm_of_column(const struct golden_world *world, const struct golden_column *column);

/* What a guest may have left in a register: one of several patterns. */
#define PATTERNS 4u

uint64_t pattern(unsigned int which, unsigned int reg);

/*
 * One call with well-formed arguments, and a pattern in what is none, in a fresh life of the VM in
 * which the ABI can succeed. Both sides of it are left for the caller to look at.
 */
void call_well_formed(struct posix_vm *vm, uint32_t fid, uint32_t version, unsigned int which,
                      struct parley_regs *before, struct parley_regs *after);

/*
 * Scenes of memory (memory.c): the VM, at this version, has buffers, and so has its neighbour at
 * 1.2. Writes the arguments, x1 first, and returns how many they are; 0 for an ABI of something
 * else.
 */
bool is_of_memory(uint32_t fid);
unsigned int set_scene_of_memory(struct posix_vm *vm, struct posix_vm *neighbour, uint32_t version,
                                 uint32_t fid, uint64_t x[4]);

bool is_not_supported(const struct parley_regs *answer);

/* Counts a difference, and prints the first ones. */
void mismatch(const char *world, const struct golden_column *column, uint32_t id, const char *what,
              const char *expected, const struct parley_regs *got);
void mismatches_forget(void);
void mismatches_fail(void);

int golden_tables(size_t *count);
int golden_range(size_t *count);

#endif
