/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical addresses, memory for parley_init(), and what no guest may see.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define BLOCKS 64u

/*
 * Where RAM and the blocks are in physical memory. An address needs more than 32 bits, and its low
 * half, too, looks like nothing else that is around: RAM is in banks that leave out half of the
 * addresses, which more of what tests write looks like.
 */
#define RAM_PA      0x75cc000000ull
#define BLOCKS_PA   0x75dc000000ull
#define BANK_PA     0x1000000ull /* from one bank to the next */
#define BANK_FRAMES 2048u
#define BANKS       (MEMORY_FRAMES / BANK_FRAMES)

/* Memory for parley_init(). Blocks are made before vCPUs run, so reading them needs no lock. */
static struct {
    struct block {
        uint8_t *base;
        size_t bytes;
        uint64_t pa;
    } block[BLOCKS];
    unsigned int blocks;
} memory;

/* The program itself, as the linker lays it out. */
extern const char __executable_start;
extern const char end;

void *posix_memory_take(size_t bytes)
{
    size_t rounded = (bytes + FFA_PAGE_SIZE - 1) / FFA_PAGE_SIZE * FFA_PAGE_SIZE;
    struct block *block = &memory.block[memory.blocks];

    if (memory.blocks == BLOCKS) {
        posix_die("more memory blocks than the port keeps");
    }
    block->base = aligned_alloc(FFA_PAGE_SIZE, rounded);
    if (block->base == NULL) {
        posix_die("no memory for Parley");
    }
    memset(block->base, 0xa5, rounded);
    block->bytes = rounded;
    block->pa = BLOCKS_PA;
    if (memory.blocks > 0) {
        /* A page between blocks belongs to nobody. */
        block->pa = block[-1].pa + block[-1].bytes + FFA_PAGE_SIZE;
    }
    memory.blocks++;
    return block->base;
}

void address_power_off(void)
{
    for (unsigned int i = 0; i < memory.blocks; i++) {
        free(memory.block[i].base);
    }
    memory.blocks = 0;
}

parley_pa parley_port_pa(const void *address)
{
    trap_check_hook(__func__, 0);
    for (unsigned int i = 0; i < memory.blocks; i++) {
        uintptr_t offset = (uintptr_t)address - (uintptr_t)memory.block[i].base;

        if (offset < memory.block[i].bytes) {
            return (parley_pa){memory.block[i].pa + offset};
        }
    }
    posix_violation("parley_port_pa() of %p, which is not Parley's", address);
    return (parley_pa){0};
}

parley_pa address_of_frame(unsigned int frame)
{
    return (parley_pa){RAM_PA + frame / BANK_FRAMES * BANK_PA +
                       (uint64_t)(frame % BANK_FRAMES) * FFA_PAGE_SIZE};
}

/* The frame of a physical address; MEMORY_NO_FRAME if it is none of RAM. */
static unsigned int frame_of(uint64_t pa)
{
    uint64_t offset = pa - RAM_PA;
    uint64_t in_bank = offset % BANK_PA / FFA_PAGE_SIZE;

    if (offset / BANK_PA >= BANKS || in_bank >= BANK_FRAMES) {
        return MEMORY_NO_FRAME;
    }
    return (unsigned int)(offset / BANK_PA * BANK_FRAMES + in_bank);
}

/* In RAM of VMs, of which it may use what was granted. */
static void *granted_view(uint64_t pa, size_t bytes)
{
    unsigned int first = frame_of(pa);
    unsigned int last = frame_of(pa + bytes - 1);
    uint8_t *page;

    if (bytes == 0 || bytes > BANK_PA || last == MEMORY_NO_FRAME ||
        last / BANK_FRAMES != first / BANK_FRAMES) {
        return NULL;
    }
    page = grants_secure_view(first, last - first + 1);
    return page == NULL ? NULL : page + pa % FFA_PAGE_SIZE;
}

void *address_secure_view(uint64_t pa, size_t bytes)
{
    if (frame_of(pa) != MEMORY_NO_FRAME) {
        return granted_view(pa, bytes);
    }
    for (unsigned int i = 0; i < memory.blocks; i++) {
        const struct block *block = &memory.block[i];
        uint64_t offset = pa - block->pa;

        if (offset < block->bytes && bytes <= block->bytes - offset) {
            return block->base + offset;
        }
    }
    return NULL;
}

void *posix_secure_view(uint64_t pa, size_t bytes)
{
    return address_secure_view(pa, bytes);
}

/* Of RAM or of a block. Most values are not near either, and are passed over quickly. */
static bool is_pa(uint64_t value)
{
    const struct block *last = &memory.block[memory.blocks];
    uint64_t end_pa = memory.blocks > 0 ? last[-1].pa + last[-1].bytes : BLOCKS_PA;

    if (value - RAM_PA >= end_pa - RAM_PA) {
        return false;
    }
    return frame_of(value) != MEMORY_NO_FRAME ||
           (value >= BLOCKS_PA && address_secure_view(value, 1) != NULL);
}

/* Of the hypervisor's own: its stacks, too, are where processes have their addresses. */
static bool is_pointer(uint64_t value, const char **what)
{
    uint64_t image = (uintptr_t)&__executable_start;
    uint64_t stack = (uintptr_t)&stack - 65536;

    if (value >> 47 != 0 || value < FFA_PAGE_SIZE) {
        return false;
    }
    *what = "a pointer into the hypervisor's stack";
    if (value - stack < 131072) {
        return true;
    }
    *what = "a pointer of the hypervisor's";
    for (unsigned int i = 0; i < memory.blocks; i++) {
        if (value - (uintptr_t)memory.block[i].base < memory.block[i].bytes) {
            return true;
        }
    }
    return memory_is_hypervisor_view(value) || value - image < (uintptr_t)&end - image;
}

bool posix_is_secret(uint64_t value, const char **what)
{
    const uint64_t high_half = RAM_PA & ~(uint64_t)UINT32_MAX;

    if (is_pa(value)) {
        *what = "a physical address";
    } else if (is_pa(high_half | (uint32_t)value)) {
        *what = "the low half of a physical address";
    } else if (value >> 36 == 0 && is_pa(value << FFA_PAGE_SHIFT)) {
        *what = "a physical page number";
    } else {
        return is_pointer(value, what);
    }
    return true;
}
