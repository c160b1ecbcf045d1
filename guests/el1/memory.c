/* SPDX-License-Identifier: BSD-3-Clause */
/* The VM's RAM: pages for the program, and their addresses as the hypervisor knows them. */
#include "el1.h"

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
