/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Translation tables of 4 KiB pages for 39-bit addresses: the shape that EL2's own stage 1 and each
 * VM's stage 2 share. Level 1 is the root; a level 2 entry spans 2 MiB, a level 3 entry one page.
 */
#ifndef PAGE_TABLE_H
#define PAGE_TABLE_H

#include <stdint.h>

struct page_supply;

#define ENTRY_VALID        UINT64_C(0x001)
#define ENTRY_BLOCK        UINT64_C(0x001) /* at level 2 */
#define ENTRY_PAGE         UINT64_C(0x003) /* at level 3 */
#define ENTRY_TABLE        UINT64_C(0x003) /* at levels 1 and 2 */
#define ENTRY_ACCESSED     UINT64_C(0x400)
#define ENTRY_INNER_SHARED UINT64_C(0x300)
#define ENTRY_ADDRESS      UINT64_C(0x0000fffffffff000)

#define BLOCK_BYTES UINT64_C(0x200000)

/* The entry for `address` at `level`, 2 or 3; NULL if the tables do not reach it. */
uint64_t *page_table_find(uint64_t *root, uint64_t address, unsigned int level);

/*
 * The same, with tables added where they are missing. NULL if there are none left for them, or the
 * address is too large. There must be no block on the way.
 */
uint64_t *page_table_make(uint64_t *root, uint64_t address, unsigned int level,
                          struct page_supply *supply);

#endif
