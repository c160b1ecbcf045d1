/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical memory: the hypervisor's own pages, dealt out once, and the VMs' RAM, which comes and
 * goes in frames of one page.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

static inline size_t pages_for(size_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

/* `count` zeroed pages of the hypervisor's own, contiguous, for ever; NULL if there are no more. */
void *pages_take(size_t count);

/* Pages that were set aside for one purpose. */
struct page_supply {
    char *first;
    size_t pages;
    size_t taken;
};

/* False if there are not so many. */
bool page_supply_fill(struct page_supply *supply, size_t pages);

/* One of them, zeroed; NULL if all are taken. */
void *page_supply_take(struct page_supply *supply);

/* Nobody uses what was taken any more: all of them are there again. */
void page_supply_refill(struct page_supply *supply);

/* --- The VMs' RAM --------------------------------------------------------------------------------

 * A frame is held by each VM that has it, owner or borrower (stage2.c counts), and pinned by each
 * use that Parley makes of it. When nobody holds or pins it any more, it goes back to where it came
 * from, whoever was the last.
 */

/*
 * `count` contiguous frames at a multiple of `alignment` pages, zeroed, nobody's yet; *pa is their
 * address. False if there are no more. What is never held of them never comes back.
 */
bool ram_take(size_t count, size_t alignment, uint64_t *pa);

/* One zeroed frame, nobody's yet: any that is free. */
bool frame_take(uint64_t *pa);

void frame_hold(uint64_t pa);
void frame_drop(uint64_t pa);

/* Pins keep a frame where it is while Parley uses it. False if it has as many as can be counted. */
bool frame_pin(uint64_t pa);
void frame_unpin(uint64_t pa);

/* The Secure world keeps the frame, which is pinned: until its last pin goes, or for good. */
void frame_lose(uint64_t pa);
bool frame_is_lost(uint64_t pa);

/* Whether one VM holds it, and nobody else has anything to do with it. */
bool frame_is_sole(uint64_t pa);

/* How often it is pinned for the sake of those that will let go of it. */
unsigned int frame_pins(uint64_t pa);

/* Frames that somebody still has. Those that are lost do not count. */
size_t frames_used(void);
size_t frames_lost(void);

/* --- Contents ------------------------------------------------------------------------------------
 */

/* Zeroes pages; the latter also cleans them to the point of coherency. */
void memory_zero(uint64_t pa, size_t pages);
void memory_zero_to_poc(uint64_t pa, size_t pages);

/* Makes instructions that were written to memory visible to every CPU's instruction fetch. */
void memory_publish_code(const void *address, size_t bytes);

/* string.S; the compiler calls them too. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

#endif
