/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL3's own address map: every address is itself, flash can be executed and not written, all else
 * the reverse, and what belongs to the Normal world is accessed as such. The caches are on, as they
 * are at EL2 for the buffers that both use, and exclusives (the SPMC's lock) need Normal memory.
 */
#include "arch.h"
#include "monitor.h"

#define TABLE_ENTRIES 512
#define L1_SHIFT      30 /* 1 GiB an entry */
#define L2_SHIFT      21 /* 2 MiB an entry */

/* Translation table entries */
#define ENTRY_BLOCK    (1u << 0)
#define ENTRY_TABLE    (3u << 0)
#define ENTRY_DEVICE   (0u << 2) /* attribute 0 of MAIR_VALUE */
#define ENTRY_NORMAL   (1u << 2) /* attribute 1 */
#define ENTRY_NS       (1u << 5)
#define ENTRY_RES1     (1u << 6) /* AP[1], where there is one privilege level only */
#define ENTRY_RO       (1u << 7)
#define ENTRY_INNER_SH (3u << 8)
#define ENTRY_ACCESSED (1u << 10)
#define ENTRY_XN       (1ull << 54)

#define BLOCK_ANY    (ENTRY_BLOCK | ENTRY_RES1 | ENTRY_ACCESSED)
#define BLOCK_CODE   (BLOCK_ANY | ENTRY_NORMAL | ENTRY_INNER_SH | ENTRY_RO)
#define BLOCK_RAM    (BLOCK_ANY | ENTRY_NORMAL | ENTRY_INNER_SH | ENTRY_XN)
#define BLOCK_DEVICE (BLOCK_ANY | ENTRY_DEVICE | ENTRY_XN)

#define MAIR_VALUE 0xff00u /* 0: Device-nGnRnE; 1: Normal, write-back, both inner and outer */

/* 39 bits of address, so that a walk starts at level 1; 4 KiB granule; 40 bits of output. */
#define TCR_VALUE \
    ((1u << 31) | (1u << 23) | (2u << 16) | (3u << 12) | (1u << 10) | (1u << 8) | (64u - 39u))

#define SCTLR_M   (1u << 0)
#define SCTLR_C   (1u << 2)
#define SCTLR_WXN (1u << 19)

static _Alignas(4096) uint64_t level1[TABLE_ENTRIES];
static _Alignas(4096) uint64_t level2[TABLE_ENTRIES]; /* of the first GiB */

static void map_low(uint64_t pa, uint64_t bytes, uint64_t block)
{
    for (uint64_t at = pa; at < pa + bytes; at += 1ull << L2_SHIFT) {
        level2[at >> L2_SHIFT] = at | block;
    }
}

void mmu_init(void)
{
    map_low(SECURE_FLASH_PA, SECURE_FLASH_BYTES, BLOCK_CODE);
    map_low(DEVICES_PA, DEVICES_BYTES, BLOCK_DEVICE);
    map_low(SECURE_RAM_PA, SECURE_RAM_BYTES, BLOCK_RAM);
    level1[0] = (uint64_t)level2 | ENTRY_TABLE;
    for (uint64_t at = NORMAL_RAM_PA; at < (uint64_t)NORMAL_RAM_PA + NORMAL_RAM_MAX;
         at += 1ull << L1_SHIFT) {
        level1[at >> L1_SHIFT] = at | BLOCK_RAM | ENTRY_NS;
    }
}

void mmu_enable(void)
{
    write_sysreg(mair_el3, MAIR_VALUE);
    write_sysreg(tcr_el3, TCR_VALUE);
    write_sysreg(ttbr0_el3, (uint64_t)level1);
    dsb();
    __asm__ volatile("tlbi alle3" : : : "memory");
    dsb();
    isb();
    write_sysreg(sctlr_el3, read_sysreg(sctlr_el3) | SCTLR_M | SCTLR_C | SCTLR_WXN);
    isb();
}
