/* SPDX-License-Identifier: BSD-3-Clause */
/* The VM's RAM: pages for the program, and their addresses as the hypervisor knows them. */
#include "el1.h"
#include "probe.h"

#define POOL_PAGES 128u

extern const unsigned char image_base[];

static _Alignas(FFA_PAGE_SIZE) uint8_t pool[POOL_PAGES][FFA_PAGE_SIZE];
static uint32_t pool_used;

void *guest_pages(unsigned int pages)
{
    uint32_t first = __atomic_fetch_add(&pool_used, pages, __ATOMIC_RELAXED);

    if (first + pages > POOL_PAGES) {
        guest_print("BROKEN: the program needs more than %u pages", POOL_PAGES);
        guest_expect(false);
        el1_stop();
    }
    return pool[first];
}

uint64_t guest_ipa(const void *address)
{
    return (uintptr_t)address - (uintptr_t)image_base + el1_boot.ipa;
}

uint64_t guest_ipa_below_ram(void)
{
    return el1_boot.ipa - FFA_PAGE_SIZE;
}

/* --- Memory that is not the image ------------------------------------------------------------- */

#define IMAGE_PAGES (EL1_IMAGE_BYTES / FFA_PAGE_SIZE)

static uint32_t ram_used;

unsigned int guest_ram_left(void)
{
    uint64_t used = IMAGE_PAGES + (uint64_t)__atomic_load_n(&ram_used, __ATOMIC_RELAXED);

    return el1_boot.pages > used ? (unsigned int)(el1_boot.pages - used) : 0;
}

uint64_t guest_ram(unsigned int pages)
{
    uint32_t first = __atomic_fetch_add(&ram_used, pages, __ATOMIC_RELAXED);

    if (IMAGE_PAGES + (uint64_t)first + pages > el1_boot.pages) {
        guest_print("BROKEN: the program needs %u pages more than its VM has", pages);
        guest_expect(false);
        el1_stop();
    }
    return el1_boot.ipa + EL1_IMAGE_BYTES + (uint64_t)first * FFA_PAGE_SIZE;
}

static uintptr_t far_from(uint64_t ipa)
{
    return (uintptr_t)(ipa - EL1_FAR_IPA + EL1_FAR);
}

static bool note_fault(uintptr_t address, uint64_t *fault)
{
    *fault = address != 0 ? address - EL1_FAR + (uint64_t)EL1_FAR_IPA : 0;
    return address == 0;
}

bool guest_load(uint64_t ipa, uint32_t *value, uint64_t *fault)
{
    return note_fault(el1_try_load(far_from(ipa), value), fault);
}

bool guest_store(uint64_t ipa, uint32_t value, uint64_t *fault)
{
    return note_fault(el1_try_store(far_from(ipa), value), fault);
}

/* --- Probes ----------------------------------------------------------------------------------- */

uint64_t el1_probe_address(uint64_t ipa)
{
    return far_from(ipa);
}
