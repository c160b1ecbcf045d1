/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"
#include "lock.h"
#include "machine.h"
#include "registers.h"
#include "tree.h"

#define CACHE_LINE_BYTES 64 /* no CPU that this runs on has shorter ones */

extern char image_end[];

/* --- The hypervisor's own pages --------------------------------------------------------------- */

static size_t pages_taken; /* or left out: up to where they reach */

/* The first multiple of `unit` from `start` on where `bytes` are not the firmware's. */
static uint64_t skip_reserved(uint64_t start, uint64_t bytes, uint64_t unit)
{
    struct tree_range reserved;

    start = (start + unit - 1) / unit * unit;
    while (tree_reserves(start, start + bytes, &reserved)) {
        start = (reserved.end + unit - 1) / unit * unit;
    }
    return start;
}

void *pages_take(size_t count)
{
    uint64_t bytes = (uint64_t)count * PAGE_BYTES;
    uint64_t next = (uintptr_t)image_end + pages_taken * PAGE_BYTES;
    uint64_t start = skip_reserved(next, bytes, PAGE_BYTES);

    if (start > VM_RAM_BASE || bytes > VM_RAM_BASE - start) {
        return NULL;
    }
    pages_taken = (start + bytes - (uintptr_t)image_end) / PAGE_BYTES;
    return memset((void *)(uintptr_t)start, 0, bytes);
}

bool page_supply_fill(struct page_supply *supply, size_t pages)
{
    *supply = (struct page_supply){.first = pages_take(pages), .pages = pages};
    return supply->first != NULL;
}

void *page_supply_take(struct page_supply *supply)
{
    if (supply->taken == supply->pages) {
        return NULL;
    }
    return supply->first + supply->taken++ * PAGE_BYTES;
}

void page_supply_refill(struct page_supply *supply)
{
    memset(supply->first, 0, supply->taken * PAGE_BYTES);
    supply->taken = 0;
}

/* --- Frames ----------------------------------------------------------------------------------- */

#define LOW_FRAMES  ((RAM_END - VM_RAM_BASE) / PAGE_BYTES)
#define HIGH_FRAMES ((HIGH_RAM_END - HIGH_RAM_BASE) / PAGE_BYTES)

/* Who has it, in one word, so that exactly one lets go of it as the last. */
#define ONE_HOLDER  UINT32_C(1)
#define HOLDERS_MAX UINT32_C(0xffff)
#define ONE_PIN     UINT32_C(0x10000)
#define PINS_MAX    UINT32_C(0x7fff0000)
#define LOST        UINT32_C(0x80000000)

struct frame {
    uint32_t users; /* atomic */
    uint32_t next;  /* while it is free */
};

/* RAM that no VM had yet. Firmware may have used it, and left in it what it liked. */
struct region {
    uint64_t next;
    uint64_t end;
};

static struct frame frames[LOW_FRAMES + HIGH_FRAMES];

static struct lock lock; /* of: */
static struct region regions[] = {{VM_RAM_BASE, RAM_END}, {HIGH_RAM_BASE, HIGH_RAM_END}};
static uint32_t first_free; /* of the frames that came back: their number, and 1; 0: none */

static struct frame *frame_at(uint64_t pa)
{
    return pa < RAM_END ? &frames[(pa - VM_RAM_BASE) / PAGE_BYTES]
                        : &frames[LOW_FRAMES + (pa - HIGH_RAM_BASE) / PAGE_BYTES];
}

static uint64_t frame_pa(size_t number)
{
    return number < LOW_FRAMES ? VM_RAM_BASE + number * PAGE_BYTES
                               : HIGH_RAM_BASE + (number - LOW_FRAMES) * PAGE_BYTES;
}

/* Under the lock. */
static bool take_from(struct region *region, size_t count, size_t alignment, uint64_t *pa)
{
    uint64_t unit = (uint64_t)alignment * PAGE_BYTES;
    uint64_t start = skip_reserved(region->next, (uint64_t)count * PAGE_BYTES, unit);

    if (start > region->end || count > (region->end - start) / PAGE_BYTES) {
        return false;
    }
    *pa = start;
    region->next = start + (uint64_t)count * PAGE_BYTES;
    return true;
}

bool ram_take(size_t count, size_t alignment, uint64_t *pa)
{
    bool taken = false;

    lock_take(&lock);
    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]) && !taken; i++) {
        taken = take_from(&regions[i], count, alignment, pa);
    }
    lock_drop(&lock);
    if (taken) {
        memory_zero(*pa, count);
    }
    return taken;
}

bool frame_take(uint64_t *pa)
{
    uint32_t number;

    lock_take(&lock);
    number = first_free;
    if (number != 0) {
        first_free = frames[number - 1].next;
    }
    lock_drop(&lock);
    if (number == 0) {
        return ram_take(1, 1, pa);
    }
    *pa = frame_pa(number - 1);
    memory_zero(*pa, 1);
    return true;
}

static void give_back(struct frame *frame)
{
    lock_take(&lock);
    frame->next = first_free;
    first_free = (uint32_t)(frame - frames) + 1;
    lock_drop(&lock);
}

/* Each VM holds it once at most, so the count has room. */
void frame_hold(uint64_t pa)
{
    __atomic_fetch_add(&frame_at(pa)->users, ONE_HOLDER, __ATOMIC_RELAXED);
}

/* What the last one has done with the frame comes before what the next one does. */
void frame_drop(uint64_t pa)
{
    struct frame *frame = frame_at(pa);

    if (__atomic_sub_fetch(&frame->users, ONE_HOLDER, __ATOMIC_ACQ_REL) == 0) {
        give_back(frame);
    }
}

bool frame_pin(uint64_t pa)
{
    uint32_t *users = &frame_at(pa)->users;
    uint32_t word = __atomic_load_n(users, __ATOMIC_RELAXED);

    do {
        if ((word & PINS_MAX) == PINS_MAX) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(users, &word, word + ONE_PIN, true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
    return true;
}

/* A frame that was lost is found again when Parley lets go of it after all. */
void frame_unpin(uint64_t pa)
{
    struct frame *frame = frame_at(pa);
    uint32_t word = __atomic_load_n(&frame->users, __ATOMIC_RELAXED);
    uint32_t rest;

    do {
        rest = word - ONE_PIN;
        rest = (rest & PINS_MAX) == 0 ? rest & ~LOST : rest;
    } while (!__atomic_compare_exchange_n(&frame->users, &word, rest, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    if (rest == 0) {
        give_back(frame);
    }
}

/* Its pins stay, so it does not come back before they are gone. */
void frame_lose(uint64_t pa)
{
    __atomic_fetch_or(&frame_at(pa)->users, LOST, __ATOMIC_RELAXED);
}

bool frame_is_sole(uint64_t pa)
{
    return __atomic_load_n(&frame_at(pa)->users, __ATOMIC_ACQUIRE) == ONE_HOLDER;
}

static bool is_lost(uint32_t users)
{
    return (users & LOST) != 0;
}

bool frame_is_lost(uint64_t pa)
{
    return is_lost(__atomic_load_n(&frame_at(pa)->users, __ATOMIC_ACQUIRE));
}

unsigned int frame_pins(uint64_t pa)
{
    uint32_t users = __atomic_load_n(&frame_at(pa)->users, __ATOMIC_ACQUIRE);

    return is_lost(users) ? 0 : (users & PINS_MAX) / ONE_PIN;
}

size_t frames_used(void)
{
    size_t used = 0;

    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        uint32_t users = __atomic_load_n(&frames[i].users, __ATOMIC_RELAXED);

        used += users != 0 && !is_lost(users);
    }
    return used;
}

size_t frames_lost(void)
{
    size_t lost = 0;

    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        lost += is_lost(__atomic_load_n(&frames[i].users, __ATOMIC_RELAXED));
    }
    return lost;
}

/* --- Contents --------------------------------------------------------------------------------- */

static void clean_to_poc(uint64_t address, size_t bytes)
{
    for (uint64_t line = address; line < address + bytes; line += CACHE_LINE_BYTES) {
        __asm__ volatile("dc cvac, %0" ::"r"(line) : "memory");
    }
    __asm__ volatile("dsb sy" ::: "memory");
}

void memory_zero(uint64_t pa, size_t pages)
{
    uint64_t bytes = UINT64_C(4) << bits(register_read(dczid_el0), 0, 4);

    for (uint64_t at = pa; at < pa + pages * PAGE_BYTES; at += bytes) {
        __asm__ volatile("dc zva, %0" ::"r"(at) : "memory");
    }
}

void memory_zero_to_poc(uint64_t pa, size_t pages)
{
    memory_zero(pa, pages);
    clean_to_poc(pa, pages * PAGE_BYTES);
}

void memory_publish_code(const void *address, size_t bytes)
{
    uintptr_t line = (uintptr_t)address & ~(uintptr_t)(CACHE_LINE_BYTES - 1);

    for (; line < (uintptr_t)address + bytes; line += CACHE_LINE_BYTES) {
        __asm__ volatile("dc cvau, %0" ::"r"(line) : "memory");
    }
    __asm__ volatile("dsb ish; ic ialluis; dsb ish; isb" ::: "memory");
}
