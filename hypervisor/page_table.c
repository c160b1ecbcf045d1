/* SPDX-License-Identifier: BSD-3-Clause */
#include "page_table.h"
#include "machine.h"
#include "memory.h"
#include "registers.h"

#define ENTRY_BITS 9

static uint64_t *entry_at(uint64_t *table, uint64_t address, unsigned int level)
{
    return &table[bits(address, PAGE_SHIFT + ENTRY_BITS * (3 - level), ENTRY_BITS)];
}

static uint64_t *next_table(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry & ENTRY_ADDRESS);
}

uint64_t *page_table_find(uint64_t *root, uint64_t address, unsigned int level)
{
    uint64_t *table = root;

    if (address >> ADDRESS_BITS != 0) {
        return NULL;
    }
    for (unsigned int at = 1; at < level; at++) {
        uint64_t entry = *entry_at(table, address, at);

        if ((entry & ENTRY_TABLE) != ENTRY_TABLE) {
            return NULL;
        }
        table = next_table(entry);
    }
    return entry_at(table, address, level);
}

uint64_t *page_table_make(uint64_t *root, uint64_t address, unsigned int level,
                          struct page_supply *supply)
{
    uint64_t *table = root;

    if (address >> ADDRESS_BITS != 0) {
        return NULL;
    }
    for (unsigned int at = 1; at < level; at++) {
        uint64_t *entry = entry_at(table, address, at);

        if (*entry == 0) {
            void *added = page_supply_take(supply);

            if (added == NULL) {
                return NULL;
            }
            /* Its zeroes come before it, for whoever walks the tables meanwhile. */
            __atomic_store_n(entry, (uintptr_t)added | ENTRY_TABLE, __ATOMIC_RELEASE);
        }
        table = next_table(*entry);
    }
    return entry_at(table, address, level);
}
