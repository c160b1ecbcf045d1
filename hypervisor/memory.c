/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"
#include "machine.h"
#include "registers.h"

#define RAM_PAGES        ((RAM_END - VM_RAM_BASE) / PAGE_BYTES)
#define CACHE_LINE_BYTES 64 /* no CPU that this runs on has shorter ones */

extern char image_end[];

static size_t pages_taken;
static size_t ram_pages_taken;
static uint16_t pins[RAM_PAGES];

void *pages_take(size_t count)
{
    size_t pages = (VM_RAM_BASE - (uintptr_t)image_end) / PAGE_BYTES;
    char *taken = image_end + pages_taken * PAGE_BYTES;

    if (count > pages - pages_taken) {
        return NULL;
    }
    pages_taken += count;
    return memset(taken, 0, count * PAGE_BYTES);
}

bool ram_take(size_t count, uint64_t *pa)
{
    if (count > RAM_PAGES - ram_pages_taken) {
        return false;
    }
    *pa = VM_RAM_BASE + ram_pages_taken * PAGE_BYTES;
    ram_pages_taken += count;
    return true;
}

static uint16_t *pins_of(uint64_t pa)
{
    return &pins[(pa - VM_RAM_BASE) / PAGE_BYTES];
}

bool pin_take(uint64_t pa)
{
    uint16_t *word = pins_of(pa);
    uint16_t count = __atomic_load_n(word, __ATOMIC_RELAXED);

    do {
        if (count == UINT16_MAX) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(word, &count, (uint16_t)(count + 1), true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

void pin_drop(uint64_t pa)
{
    __atomic_sub_fetch(pins_of(pa), 1, __ATOMIC_RELEASE);
}

unsigned int pin_count(uint64_t pa)
{
    return __atomic_load_n(pins_of(pa), __ATOMIC_ACQUIRE);
}

void memory_publish_code(const void *address, size_t bytes)
{
    uintptr_t line = (uintptr_t)address & ~(uintptr_t)(CACHE_LINE_BYTES - 1);

    for (; line < (uintptr_t)address + bytes; line += CACHE_LINE_BYTES) {
        __asm__ volatile("dc cvau, %0" ::"r"(line) : "memory");
    }
    __asm__ volatile("dsb ish; ic ialluis; dsb ish; isb" ::: "memory");
}
