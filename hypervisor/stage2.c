/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An entry that is not zero has a physical page, or a block of them, which it holds. If it is not
 * valid, the page is hidden: everything but that bit is as it was. Blocks are never hidden, but cut
 * into pages first; pages are never made a block again.
 */
#include "stage2.h"
#include "machine.h"
#include "page_table.h"
#include "registers.h"

/*
 * Normal write-back memory, whatever the guest's stage 1 says: its accesses with the MMU off stay
 * coherent with Parley's, and exclusives work (HCR_EL2.FWB, FEAT_S2FWB; vcpu.c sets it).
 */
#define STAGE2_NORMAL (UINT64_C(6) << 2)
#define STAGE2_READ   BIT(6)
#define STAGE2_WRITE  BIT(7)
#define STAGE2_XN     BIT(54) /* at EL1 and EL0 */
#define ENTRY_OWN     BIT(55) /* the hardware ignores it */

#define COMMON (STAGE2_NORMAL | STAGE2_READ | ENTRY_ACCESSED | ENTRY_INNER_SHARED)
#define OWN    (COMMON | STAGE2_WRITE | ENTRY_OWN)

#define BLOCK_PAGES (BLOCK_BYTES / PAGE_BYTES)
#define GIB_BYTES   (BLOCK_BYTES * 512)

/* VTCR_EL2: RES1, PS 40 bits, 4 KiB pages, inner shareable, write-back, from level 1, 39 bits */
#define VTCR_VALUE UINT64_C(0x80023559)

void stage2_init_cpu(void)
{
    register_write(vtcr_el2, VTCR_VALUE);
    register_write(vttbr_el2, 0);
}

bool stage2_create(struct stage2 *stage2, unsigned int vmid, size_t tables)
{
    stage2->root = pages_take(1);
    stage2->vttbr = (uint64_t)vmid << 48 | (uintptr_t)stage2->root;
    return stage2->root != NULL && page_supply_fill(&stage2->tables, tables);
}

/* Stretches of this many bytes that the pages touch. */
static size_t touched(uint64_t ipa, uint64_t pages, uint64_t bytes)
{
    return pages == 0 ? 0 : (ipa + pages * PAGE_BYTES - 1) / bytes - ipa / bytes + 1;
}

size_t stage2_tables_for(uint64_t ipa, uint64_t pages)
{
    return touched(ipa, pages, BLOCK_BYTES) + touched(ipa, pages, GIB_BYTES);
}

/* --- Entries, with the lock held -------------------------------------------------------------- */

/* An entry that says what is at an address, and on how many pages from there. */
struct leaf {
    uint64_t *entry; /* NULL: there is no table, so nothing is mapped */
    uint64_t pages;
    uint64_t pa;
};

/* At level 2; it may be on its way out, and invalid. */
static bool is_block(uint64_t entry)
{
    return entry != 0 && (entry & ENTRY_TABLE) != ENTRY_TABLE;
}

static struct leaf leaf_at(const struct stage2 *stage2, uint64_t ipa)
{
    uint64_t *entry = page_table_find(stage2->root, ipa, 2);
    uint64_t offset = ipa % BLOCK_BYTES & ~(uint64_t)(PAGE_BYTES - 1);
    uint64_t rest = (BLOCK_BYTES - offset) / PAGE_BYTES;

    if (entry == NULL || *entry == 0) {
        return (struct leaf){NULL, rest, 0};
    }
    if (is_block(*entry)) {
        return (struct leaf){entry, rest, (*entry & ENTRY_ADDRESS) + offset};
    }
    entry = page_table_find(stage2->root, ipa, 3);
    return (struct leaf){entry, 1, *entry & ENTRY_ADDRESS};
}

/* Hardware may walk the tables at any moment. */
static void set(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELAXED);
}

/* What was added is seen from here on. */
static void publish(void)
{
    __asm__ volatile("dsb ishst; isb" ::: "memory");
}

void stage2_forget(const struct stage2 *stage2)
{
    uint64_t current = register_read(vttbr_el2);

    register_write(vttbr_el2, stage2->vttbr);
    barrier_instructions();
    __asm__ volatile("dsb ishst; tlbi vmalls12e1is; dsb ish" ::: "memory");
    register_write(vttbr_el2, current);
    barrier_instructions();
}

/* No CPU walks the tables any more when they are made zeroes. */
void stage2_empty(struct stage2 *stage2)
{
    lock_take(&stage2->lock);
    memset(stage2->root, 0, PAGE_BYTES);
    stage2_forget(stage2);
    page_supply_refill(&stage2->tables);
    lock_drop(&stage2->lock);
}

/*
 * A block becomes a table. In between it must be gone for everybody; a guest that comes by then
 * faults, waits for the lock, and tries again (abort.c).
 */
static bool cut(struct stage2 *stage2, uint64_t ipa)
{
    uint64_t *entry = page_table_find(stage2->root, ipa, 2);
    uint64_t *table;
    uint64_t block;

    if (entry == NULL || !is_block(*entry)) {
        return true;
    }
    table = page_supply_take(&stage2->tables);
    if (table == NULL) {
        return false;
    }
    block = *entry;
    for (uint64_t i = 0; i < BLOCK_PAGES; i++) {
        table[i] = (block + i * PAGE_BYTES) | ENTRY_PAGE;
    }
    set(entry, 0);
    stage2_forget(stage2);
    set(entry, (uintptr_t)table | ENTRY_TABLE);
    publish();
    return true;
}

static bool cut_all(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    uint64_t end = ipa + pages * PAGE_BYTES;

    for (uint64_t at = ipa; at < end; at = (at / BLOCK_BYTES + 1) * BLOCK_BYTES) {
        if (!cut(stage2, at)) {
            return false;
        }
    }
    return true;
}

/* Changes bits of all entries that are not zero. */
static void change(struct stage2 *stage2, uint64_t ipa, uint64_t pages, uint64_t remove,
                   uint64_t add)
{
    for (uint64_t done = 0; done < pages;) {
        struct leaf leaf = leaf_at(stage2, ipa + done * PAGE_BYTES);

        if (leaf.entry != NULL && *leaf.entry != 0) {
            set(leaf.entry, (*leaf.entry & ~remove) | add);
        }
        done += leaf.pages;
    }
}

/* --- Mapping ---------------------------------------------------------------------------------- */

/* Makes the tables down to the pages. */
static bool reserve(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    uint64_t end = ipa + pages * PAGE_BYTES;

    for (uint64_t at = ipa; at < end; at = (at / BLOCK_BYTES + 1) * BLOCK_BYTES) {
        if (page_table_make(stage2->root, at, 3, &stage2->tables) == NULL) {
            return false;
        }
    }
    return true;
}

bool stage2_reserve(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    bool done;

    lock_take(&stage2->lock);
    done = reserve(stage2, ipa, pages);
    lock_drop(&stage2->lock);
    return done;
}

bool stage2_is_free(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    bool free = true;

    lock_take(&stage2->lock);
    for (uint64_t done = 0; done < pages && free;) {
        struct leaf leaf = leaf_at(stage2, ipa + done * PAGE_BYTES);

        free = leaf.entry == NULL || *leaf.entry == 0;
        done += leaf.pages;
    }
    lock_drop(&stage2->lock);
    return free;
}

/* Under the lock; the table is there. */
static void map_page(struct stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t attributes)
{
    frame_hold(pa);
    set(page_table_find(stage2->root, ipa, 3), pa | attributes | ENTRY_PAGE);
}

/* Under the lock. */
static bool map_block(struct stage2 *stage2, uint64_t ipa, uint64_t pa)
{
    uint64_t *entry = page_table_make(stage2->root, ipa, 2, &stage2->tables);

    if (entry == NULL) {
        return false;
    }
    for (uint64_t i = 0; i < BLOCK_PAGES; i++) {
        frame_hold(pa + i * PAGE_BYTES);
    }
    set(entry, pa | OWN | ENTRY_BLOCK);
    return true;
}

/* Under the lock. How many pages it has mapped, 0 if there is no table for them. */
static uint64_t map_some(struct stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t pages)
{
    uint64_t *entry = page_table_find(stage2->root, ipa, 2);

    if ((ipa | pa) % BLOCK_BYTES == 0 && pages >= BLOCK_PAGES && (entry == NULL || *entry == 0)) {
        return map_block(stage2, ipa, pa) ? BLOCK_PAGES : 0;
    }
    if (!reserve(stage2, ipa, 1)) {
        return 0;
    }
    map_page(stage2, ipa, pa, OWN);
    return 1;
}

bool stage2_map_own(struct stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t pages)
{
    uint64_t mapped = 1;

    lock_take(&stage2->lock);
    for (uint64_t done = 0; done < pages && mapped != 0; done += mapped) {
        mapped = map_some(stage2, ipa + done * PAGE_BYTES, pa + done * PAGE_BYTES, pages - done);
    }
    publish();
    lock_drop(&stage2->lock);
    return mapped != 0;
}

void stage2_map_borrowed(struct stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t pages,
                         unsigned int rights)
{
    uint64_t attributes = COMMON | ((rights & STAGE2_MAY_WRITE) != 0 ? STAGE2_WRITE : 0) |
                          ((rights & STAGE2_MAY_EXECUTE) != 0 ? 0 : STAGE2_XN);

    lock_take(&stage2->lock);
    for (uint64_t i = 0; i < pages; i++) {
        map_page(stage2, ipa + i * PAGE_BYTES, pa + i * PAGE_BYTES, attributes);
    }
    publish();
    lock_drop(&stage2->lock);
}

/* --- Looking ---------------------------------------------------------------------------------- */

static bool is_as(uint64_t entry, unsigned int must)
{
    uint64_t wanted = ((must & STAGE2_OWN) != 0 ? ENTRY_OWN : 0) |
                      ((must & STAGE2_REACHABLE) != 0 ? ENTRY_VALID : 0) |
                      ((must & STAGE2_WRITABLE) != 0 ? STAGE2_WRITE : 0);

    return entry != 0 && (entry & wanted) == wanted;
}

bool stage2_run(struct stage2 *stage2, uint64_t ipa, uint64_t pages, unsigned int must,
                struct stage2_run *run)
{
    uint64_t found = 0;
    uint64_t pa = 0;

    lock_take(&stage2->lock);
    while (found < pages) {
        struct leaf leaf = leaf_at(stage2, ipa + found * PAGE_BYTES);

        if (leaf.entry == NULL || !is_as(*leaf.entry, must) ||
            (found != 0 && leaf.pa != pa + found * PAGE_BYTES)) {
            break;
        }
        pa = found == 0 ? leaf.pa : pa;
        found += leaf.pages;
    }
    lock_drop(&stage2->lock);
    *run = (struct stage2_run){pa, found < pages ? found : pages};
    return found != 0;
}

bool stage2_translate(struct stage2 *stage2, uint64_t ipa, uint64_t *pa)
{
    struct stage2_run run;

    if (!stage2_run(stage2, ipa, 1, STAGE2_REACHABLE, &run)) {
        return false;
    }
    *pa = run.pa | ipa % PAGE_BYTES;
    return true;
}

bool stage2_allows(struct stage2 *stage2, uint64_t ipa, unsigned int rights)
{
    struct leaf leaf;
    uint64_t entry;

    lock_take(&stage2->lock);
    leaf = leaf_at(stage2, ipa);
    entry = leaf.entry == NULL ? 0 : *leaf.entry;
    lock_drop(&stage2->lock);
    return (entry & ENTRY_VALID) != 0 &&
           ((rights & STAGE2_MAY_WRITE) == 0 || (entry & STAGE2_WRITE) != 0) &&
           ((rights & STAGE2_MAY_EXECUTE) == 0 || (entry & STAGE2_XN) == 0);
}

/* --- Changes ---------------------------------------------------------------------------------- */

bool stage2_hide(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    bool done;

    lock_take(&stage2->lock);
    done = cut_all(stage2, ipa, pages);
    if (done) {
        change(stage2, ipa, pages, ENTRY_VALID, 0);
        stage2_forget(stage2);
    }
    lock_drop(&stage2->lock);
    return done;
}

/* For changes that no cached translation stands against: what was invalid is not cached. */
static void change_in_place(struct stage2 *stage2, uint64_t ipa, uint64_t pages, uint64_t remove,
                            uint64_t add)
{
    lock_take(&stage2->lock);
    change(stage2, ipa, pages, remove, add);
    publish();
    lock_drop(&stage2->lock);
}

void stage2_show(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    change_in_place(stage2, ipa, pages, 0, ENTRY_VALID);
}

void stage2_adopt(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    change_in_place(stage2, ipa, pages, 0, ENTRY_OWN);
}

/* The caller has the translations forgotten that allowed less. */
void stage2_allow_all(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    change_in_place(stage2, ipa, pages, STAGE2_XN, OWN | ENTRY_VALID);
}

static void drop(struct leaf leaf)
{
    set(leaf.entry, 0);
    for (uint64_t i = 0; i < leaf.pages; i++) {
        frame_drop(leaf.pa + i * PAGE_BYTES);
    }
}

void stage2_clear(struct stage2 *stage2, uint64_t ipa, uint64_t pages)
{
    lock_take(&stage2->lock);
    change(stage2, ipa, pages, ENTRY_VALID, 0);
    stage2_forget(stage2);
    for (uint64_t done = 0; done < pages;) {
        struct leaf leaf = leaf_at(stage2, ipa + done * PAGE_BYTES);

        if (leaf.entry != NULL && *leaf.entry != 0) {
            drop(leaf);
        }
        done += leaf.pages;
    }
    lock_drop(&stage2->lock);
}
