/* SPDX-License-Identifier: BSD-3-Clause */
#include "stage2.h"
#include "machine.h"
#include "memory.h"
#include "page_table.h"
#include "registers.h"

/*
 * Normal write-back memory, whatever the guest's stage 1 says: its accesses with the MMU off stay
 * coherent with Parley's, and exclusives work (HCR_EL2.FWB, FEAT_S2FWB; scheduler.c sets it).
 */
#define STAGE2_NORMAL     (UINT64_C(6) << 2)
#define STAGE2_READ_WRITE (UINT64_C(3) << 6)

/* VTCR_EL2: RES1, PS 40 bits, 4 KiB pages, inner shareable, write-back, from level 1, 39 bits */
#define VTCR_VALUE UINT64_C(0x80023559)

void stage2_init_cpu(void)
{
    register_write(vtcr_el2, VTCR_VALUE);
    register_write(vttbr_el2, 0);
}

bool stage2_create(struct stage2 *stage2, unsigned int vmid)
{
    stage2->root = pages_take(1);
    stage2->vttbr = (uint64_t)vmid << 48 | (uintptr_t)stage2->root;
    return stage2->root != NULL;
}

bool stage2_map_page(struct stage2 *stage2, uint64_t ipa, uint64_t pa)
{
    uint64_t *entry = page_table_make(stage2->root, ipa, 3);

    if (entry == NULL) {
        return false;
    }
    *entry =
        pa | STAGE2_NORMAL | STAGE2_READ_WRITE | ENTRY_ACCESSED | ENTRY_INNER_SHARED | ENTRY_PAGE;
    return true;
}

bool stage2_translate(const struct stage2 *stage2, uint64_t ipa, uint64_t *pa)
{
    const uint64_t *entry = page_table_find(stage2->root, ipa, 3);

    if (entry == NULL || (*entry & ENTRY_VALID) == 0) {
        return false;
    }
    *pa = (*entry & ENTRY_ADDRESS) | ipa % PAGE_BYTES;
    return true;
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
