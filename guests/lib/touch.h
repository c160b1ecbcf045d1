/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is in memory that VMs grant to each other: a few words of each page, which tell what page of
 * which region they belong to, wherever that appears in whose addresses.
 */
#ifndef TOUCH_H
#define TOUCH_H

#include <guest.h>

#define TOUCH_WORDS 3u /* of a page: its first, its last, and one in between */

/* Offset of one of these words, and what is there. */
uint32_t touch_offset(unsigned int word);
uint32_t touch_value(uint32_t seed, uint32_t page, unsigned int word);

/* Writes into the pages from `ipa` on, whose numbers start at `first`; the words that it cannot. */
uint32_t touch_fill(uint64_t ipa, uint32_t first, uint32_t pages, uint32_t seed);

/* The words that are something else, or cannot be read; that are not zero. */
uint32_t touch_wrong(uint64_t ipa, uint32_t first, uint32_t pages, uint32_t seed);
uint32_t touch_not_zero(uint64_t ipa, uint32_t pages);

#endif
