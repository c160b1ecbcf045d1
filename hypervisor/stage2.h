/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM's addresses (IPAs) mean: one translation table per VM. Each page of physical memory in
 * it is held once (memory.h), whether the VM can reach it at the moment or not.
 *
 * All of it may be called on any CPU, for different pages of a VM at once.
 */
#ifndef STAGE2_H
#define STAGE2_H

#include <stdbool.h>
#include <stdint.h>

#include "lock.h"
#include "memory.h"

struct stage2 {
    uint64_t *root;
    uint64_t vttbr; /* VTTBR_EL2: the root and the VMID */
    struct lock lock;
    struct page_supply tables; /* to come */
};

/* Sets this CPU's stage 2 up, the same for all VMs. */
void stage2_init_cpu(void);

/*
 * An empty translation for VMID `vmid`, 1 to 255, with so many pages for its tables, of which there
 * will never be more. False if there is no memory.
 */
bool stage2_create(struct stage2 *stage2, unsigned int vmid, size_t tables);

/* Nothing is mapped any more, and no vCPU runs: all tables are there again for the next VM. */
void stage2_empty(struct stage2 *stage2);

/* How many tables it takes at most to map each of these pages by itself, whatever else is mapped.
 */
size_t stage2_tables_for(uint64_t ipa, uint64_t pages);

/* What a VM may do with a page, beside reading it. */
#define STAGE2_MAY_WRITE   1u
#define STAGE2_MAY_EXECUTE 2u

/* Whether tables for these pages are there, or could be made. */
bool stage2_reserve(struct stage2 *stage2, uint64_t ipa, uint64_t pages);

/* Whether nothing is mapped in these pages. */
bool stage2_is_free(struct stage2 *stage2, uint64_t ipa, uint64_t pages);

/*
 * Maps pages, contiguous in physical memory, where nothing is: RAM of the VM's own, with all rights
 * and in blocks where the addresses allow that, or what it borrows, for which stage2_reserve() has
 * succeeded. The former is false if there are no tables left; some pages may be mapped then.
 */
bool stage2_map_own(struct stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t pages);
void stage2_map_borrowed(struct stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t pages,
                         unsigned int rights);

/* What a page must be. */
#define STAGE2_OWN       1u /* not borrowed */
#define STAGE2_REACHABLE 2u /* not hidden */
#define STAGE2_WRITABLE  4u

struct stage2_run {
    uint64_t pa;
    uint64_t pages;
};

/*
 * Pages that are as they must be and contiguous in physical memory, from `ipa` on, `pages` at most.
 * False if the first one is none such.
 */
bool stage2_run(struct stage2 *stage2, uint64_t ipa, uint64_t pages, unsigned int must,
                struct stage2_run *run);

/* Where `ipa` is; false if the VM can reach no memory there. */
bool stage2_translate(struct stage2 *stage2, uint64_t ipa, uint64_t *pa);

/* Whether the VM may access `ipa` so, at this moment. */
bool stage2_allows(struct stage2 *stage2, uint64_t ipa, unsigned int rights);

/*
 * Takes what is mapped in these pages out of the VM's reach, and gives it back. When the first
 * returns, no CPU can use it. False, with nothing changed, if there are no tables left.
 */
bool stage2_hide(struct stage2 *stage2, uint64_t ipa, uint64_t pages);
void stage2_show(struct stage2 *stage2, uint64_t ipa, uint64_t pages);

/* What is borrowed becomes the VM's own, with the rights that it has; or own RAM gets all rights.
 */
void stage2_adopt(struct stage2 *stage2, uint64_t ipa, uint64_t pages);
void stage2_allow_all(struct stage2 *stage2, uint64_t ipa, uint64_t pages);

/*
 * Nothing is mapped in these pages any more, and no CPU can use what was. Blocks must lie in them
 * as a whole.
 */
void stage2_clear(struct stage2 *stage2, uint64_t ipa, uint64_t pages);

/* Makes all CPUs forget what they cached of this VM's translations, stage 1 too. */
void stage2_forget(const struct stage2 *stage2);

#endif
