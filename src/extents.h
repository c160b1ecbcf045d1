/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stretches of a VM's addresses that are not simply its own to use, in two sets of ranges of
 * pages. No two ranges of a set overlap: this is what says that a page is granted once only, and is
 * no RX/TX buffer at the same time, and where in the window there is room.
 *
 * A set is a binary trie over the number of a range's first page: each fork splits its ranges by
 * one bit, from the highest down. So a walk takes at most as many steps as a page number has bits,
 * 52, whatever ranges a guest chooses, and nothing is ever balanced.
 */
#ifndef PARLEY_SRC_EXTENTS_H
#define PARLEY_SRC_EXTENTS_H

#include <parley/env.h>

#define EXTENT_NONE (~0u)

enum extent_kind {
    /* In EXTENTS_OWN: */
    EXTENT_BUFFER,  /* an RX or TX buffer */
    EXTENT_GRANTED, /* of the transaction `owner` of this VM's */
    EXTENT_GIVEN,   /* given away: nothing is there */
    /* In EXTENTS_WINDOW: */
    EXTENT_BORROWED, /* of the retrieval `owner` of this VM's */
    EXTENT_RECEIVED, /* given to this VM for good */
};

enum extents_set {
    EXTENTS_OWN,    /* what was the VM's from the start, or is */
    EXTENTS_WINDOW, /* what came to it from others, where it appears */
    EXTENTS_SETS,
};

struct extent {
    uint64_t page; /* the number of the first one */
    uint32_t pages;
    uint32_t next; /* in the order in which the lender or borrower named them; or of free ones */
    uint16_t kind; /* enum extent_kind */
    uint16_t owner;
};

/* Two sets of ranges: those whose bit number `bit` of the first page is 0, and those where it is 1.
 * A child is a fork, or a range if CHILD_IS_EXTENT is set. */
struct fork {
    uint32_t child[2];
    uint32_t bit;
};

struct extents {
    struct extent *extent; /* `max` of each */
    struct fork *fork;
    uint32_t max;
    uint32_t used; /* of the ranges: those from here on were never used. As many forks, less one */
    uint32_t free_extent; /* those that were, and are free, linked */
    uint32_t free_fork;
    uint32_t forks_used;
    uint32_t root[EXTENTS_SETS];
};

void parley_extents_clear(struct extents *extents);

/*
 * Adds a copy of a range of at least one page to the set of its kind. Returns its place, or
 * EXTENT_NONE: then *conflict is a range that overlaps it, or EXTENT_NONE if there is no room for
 * more ranges.
 */
uint32_t parley_extents_add(struct extents *extents, const struct extent *range,
                            uint32_t *conflict);

/* Takes out a range that is there. */
void parley_extents_remove(struct extents *extents, uint32_t place);

/* A range that overlaps these pages, the highest of them, or EXTENT_NONE. */
uint32_t parley_extents_find(const struct extents *extents, enum extents_set set, uint64_t page,
                             uint32_t pages);

#endif
