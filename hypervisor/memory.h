/* SPDX-License-Identifier: BSD-3-Clause */
/* Physical memory: the hypervisor's own pages, and the VMs' RAM. All of it is dealt out at boot. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `count` zeroed pages of the hypervisor's own, contiguous, for ever; NULL if there are no more. */
void *pages_take(size_t count);

/* `count` contiguous pages of VM RAM, for ever; *pa is their address. False if there are no more.
 */
bool ram_take(size_t count, uint64_t *pa);

/*
 * Pins keep a page where it is while Parley uses it. This hypervisor moves no page; it counts them
 * to see that each is given back. pin_take() is false if the count is exhausted.
 */
bool pin_take(uint64_t pa);
void pin_drop(uint64_t pa);
unsigned int pin_count(uint64_t pa);

/* Makes instructions that were written to memory visible to every CPU's instruction fetch. */
void memory_publish_code(const void *address, size_t bytes);

/* string.S; the compiler calls them too. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

#endif
