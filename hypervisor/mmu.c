/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2's own translation: every address is itself, with the least rights that will do. Code can be
 * executed and not written, data the reverse; a stack that grows too far meets an unmapped page.
 */
#include <stddef.h>

#include "mmu.h"
#include "machine.h"
#include "memory.h"
#include "page_table.h"
#include "registers.h"
#include "tree.h"

/* Stage 1 at EL2. The indices are into MAIR_EL2 as boot.S sets it. */
#define STAGE1_DEVICE     (UINT64_C(0) << 2)
#define STAGE1_NORMAL     (UINT64_C(1) << 2)
#define STAGE1_RES1       BIT(6)
#define STAGE1_READ_ONLY  BIT(7)
#define STAGE1_NO_EXECUTE BIT(54)

#define CODE      (STAGE1_NORMAL | STAGE1_READ_ONLY)
#define CONSTANTS (STAGE1_NORMAL | STAGE1_READ_ONLY | STAGE1_NO_EXECUTE)
#define DATA      (STAGE1_NORMAL | STAGE1_NO_EXECUTE)
#define DEVICE    (STAGE1_DEVICE | STAGE1_NO_EXECUTE)

extern char image_start[], image_text_end[], image_rodata_end[], image_data_end[], image_end[];
extern char stacks[];

#define TABLES 32 /* one for each GiB with something in it, and for each 2 MiB that is cut up */

/* boot.S gives it to the MMU. */
uint64_t mmu_root[512] __attribute__((aligned(PAGE_BYTES)));

static struct page_supply tables;

/* Runs before the MMU is on: there is nobody to tell of a failure, and no way to go on. */
static uint64_t *entry_or_halt(uint64_t address, unsigned int level)
{
    uint64_t *entry = page_table_make(mmu_root, address, level, &tables);

    while (entry == NULL) {
    }
    return entry;
}

static void map(uint64_t start, uint64_t end, uint64_t attributes)
{
    uint64_t common = attributes | STAGE1_RES1 | ENTRY_ACCESSED | ENTRY_INNER_SHARED;

    while (start < end) {
        if (start % BLOCK_BYTES == 0 && end - start >= BLOCK_BYTES) {
            *entry_or_halt(start, 2) = start | common | ENTRY_BLOCK;
            start += BLOCK_BYTES;
        } else {
            *entry_or_halt(start, 3) = start | common | ENTRY_PAGE;
            start += PAGE_BYTES;
        }
    }
}

/* What is reserved is not mapped either: not even speculation may touch it. */
static void map_ram(uint64_t start, uint64_t end)
{
    struct tree_range reserved;

    while (start < end && tree_reserves(start, end, &reserved)) {
        if (reserved.start > start) {
            map(start, reserved.start, DATA);
        }
        start = reserved.end;
    }
    map(start, end, DATA);
}

void mmu_build(void)
{
    (void)page_supply_fill(&tables, TABLES); /* entry_or_halt() notices */
    map(GICD_BASE, GIC_END, DEVICE);
    map(UART_BASE, UART_BASE + PAGE_BYTES, DEVICE);
    map((uintptr_t)image_start, (uintptr_t)image_text_end, CODE);
    map((uintptr_t)image_text_end, (uintptr_t)image_rodata_end, CONSTANTS);
    map((uintptr_t)image_rodata_end, (uintptr_t)image_data_end, DATA);
    for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
        uintptr_t guard = (uintptr_t)stacks + cpu * (STACK_BYTES + PAGE_BYTES);

        map(guard + PAGE_BYTES, guard + PAGE_BYTES + STACK_BYTES, DATA);
    }
    map_ram((uintptr_t)image_end, RAM_END);
    map_ram(HIGH_RAM_BASE, HIGH_RAM_END);
}
