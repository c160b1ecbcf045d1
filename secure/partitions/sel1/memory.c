/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the Normal world at S-EL1: each page of it that the partition holds is itself, and
 * Non-secure. The tables for all of RAM are there, and made ready when they are first of use.
 */
#include "../../monitor/arch.h"
#include "../agent.h"
#include "layout.h"

#define TABLE_ENTRIES 512u
#define L1_SHIFT      30
#define L2_SHIFT      21
#define L3_SHIFT      12

/* Translation table entries; attribute 0 of MAIR is Normal memory, write-back. */
#define ENTRY_TABLE    3u
#define ENTRY_PAGE     3u
#define ENTRY_NS       (1u << 5)
#define ENTRY_RO       (1u << 7)
#define ENTRY_INNER_SH (3u << 8)
#define ENTRY_ACCESSED (1u << 10)
#define ENTRY_XN       (3ull << 53) /* at both exception levels */

#define PAGE_OF_VM (ENTRY_PAGE | ENTRY_NS | ENTRY_INNER_SH | ENTRY_ACCESSED | ENTRY_XN)

#define RAM_L2_TABLES (NORMAL_RAM_MAX >> L1_SHIFT)
#define RAM_L3_TABLES (NORMAL_RAM_MAX >> L2_SHIFT)

#define RANGES_MAX 0x10000u

/* What is in the pool is not zero at first. */
#define POOL __attribute__((section(".pool")))

extern uint64_t level1[TABLE_ENTRIES]; /* start.S */

static _Alignas(FFA_PAGE_SIZE) uint64_t level2_ram[RAM_L2_TABLES][TABLE_ENTRIES];
static POOL _Alignas(FFA_PAGE_SIZE) uint64_t level3_ram[RAM_L3_TABLES][TABLE_ENTRIES];
static POOL struct agent_range held_ranges[RANGES_MAX];

void agent_port_relax(void)
{
    __asm__ volatile("yield");
}

struct agent_range *agent_port_ranges(struct agent *agent, uint32_t *count)
{
    (void)agent;
    *count = RANGES_MAX;
    return held_ranges;
}

uint8_t *agent_port_page(struct agent *agent, uint64_t pa)
{
    (void)agent;
    return (uint8_t *)pa;
}

static void make_ready(uint64_t offset)
{
    const uint64_t l2 = offset >> L1_SHIFT;
    const uint64_t l3 = offset >> L2_SHIFT;

    if (level2_ram[l2][l3 % TABLE_ENTRIES] != 0) {
        return;
    }
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
        level3_ram[l3][i] = 0;
    }
    dsb();
    level2_ram[l2][l3 % TABLE_ENTRIES] = (uint64_t)level3_ram[l3] | ENTRY_TABLE;
    level1[(NORMAL_RAM_PA >> L1_SHIFT) + l2] = (uint64_t)level2_ram[l2] | ENTRY_TABLE;
}

static bool is_ram(const struct agent_range *range)
{
    const uint64_t bytes = (uint64_t)range->pages << L3_SHIFT;

    return range->pa >= NORMAL_RAM_PA && bytes <= NORMAL_RAM_MAX &&
           range->pa - NORMAL_RAM_PA <= NORMAL_RAM_MAX - bytes;
}

static uint64_t *entry_of(uint64_t offset)
{
    return &level3_ram[offset >> L2_SHIFT][(offset >> L3_SHIFT) % TABLE_ENTRIES];
}

/* Nothing was there before, so that no CPU can remember it. */
bool agent_port_map(struct agent *agent, const struct agent_range *range, bool writes)
{
    (void)agent;
    if (!is_ram(range)) {
        return false;
    }
    for (uint32_t i = 0; i < range->pages; i++) {
        const uint64_t pa = range->pa + ((uint64_t)i << L3_SHIFT);

        make_ready(pa - NORMAL_RAM_PA);
        *entry_of(pa - NORMAL_RAM_PA) = pa | PAGE_OF_VM | (writes ? 0 : ENTRY_RO);
    }
    dsb();
    isb();
    return true;
}

static void clear(const struct agent_range *range)
{
    for (uint32_t i = 0; i < range->pages; i++) {
        *entry_of(range->pa - NORMAL_RAM_PA + ((uint64_t)i << L3_SHIFT)) = 0;
    }
}

void agent_port_unmap(struct agent *agent, const struct agent_range *ranges, uint32_t count)
{
    (void)agent;
    for (uint32_t i = 0; i < count; i++) {
        clear(&ranges[i]);
    }
    dsb();
    __asm__ volatile("tlbi vmalle1is" : : : "memory");
    dsb();
    isb();
}
