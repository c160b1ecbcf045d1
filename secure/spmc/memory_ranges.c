/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which pages of the Normal world are granted: all ranges of all transactions in one tree, ordered
 * by address, in which no two overlap. It is a treap: each range has a priority, a number as good
 * as random, and none has a higher one than the range above it. So the tree is as flat as one that
 * was built in random order, whatever the order really was.
 */
#include "memory.h"

#define NONE 0u

static struct spmc_range *at(struct spmc *spmc, uint32_t number)
{
    return &spmc->range[number];
}

/* A bijection of 32-bit numbers that leaves no pattern of its input: see any text on hashing. */
static uint32_t priority(uint32_t number)
{
    number = (number ^ (number >> 16)) * 0x7feb352du;
    number = (number ^ (number >> 15)) * 0x846ca68bu;
    return number ^ (number >> 16);
}

static uint64_t end_of(uint64_t pa, uint64_t pages)
{
    return pa + pages * FFA_PAGE_SIZE;
}

void spmc_ranges_init(struct spmc *spmc)
{
    const uint32_t max = spmc->config.ranges_max;

    spmc->ranges.free = max != 0 && max < SPMC_RANGES_MAX ? max : SPMC_RANGES_MAX;
}

uint32_t spmc_range_overlapping(const struct spmc *spmc, uint64_t pa, uint64_t pages)
{
    uint32_t number = spmc->ranges.root;

    while (number != NONE) {
        const struct spmc_range *range = &spmc->range[number];

        if (end_of(pa, pages) <= range->pa) {
            number = range->below;
        } else if (end_of(range->pa, range->pages) <= pa) {
            number = range->above;
        } else {
            return number;
        }
    }
    return NONE;
}

/* --- The tree --- */

/* Makes two trees of one: what is below `pa`, and what is above it. */
static void split(struct spmc *spmc, uint32_t tree, uint64_t pa, uint32_t *below, uint32_t *above)
{
    while (tree != NONE) {
        struct spmc_range *range = at(spmc, tree);

        if (range->pa < pa) {
            *below = tree;
            below = &range->above;
            tree = range->above;
        } else {
            *above = tree;
            above = &range->below;
            tree = range->below;
        }
    }
    *below = NONE;
    *above = NONE;
}

/* Makes one of two, of which all of the first is below all of the second. */
static void join(struct spmc *spmc, uint32_t below, uint32_t above, uint32_t *tree)
{
    while (below != NONE && above != NONE) {
        if (priority(below) > priority(above)) {
            *tree = below;
            tree = &at(spmc, below)->above;
            below = *tree;
        } else {
            *tree = above;
            tree = &at(spmc, above)->below;
            above = *tree;
        }
    }
    *tree = below != NONE ? below : above;
}

static uint32_t *towards(struct spmc_range *range, uint64_t pa)
{
    return pa < range->pa ? &range->below : &range->above;
}

static void insert(struct spmc *spmc, uint32_t number)
{
    struct spmc_range *range = at(spmc, number);
    uint32_t *link = &spmc->ranges.root;

    while (*link != NONE && priority(*link) > priority(number)) {
        link = towards(at(spmc, *link), range->pa);
    }
    split(spmc, *link, range->pa, &range->below, &range->above);
    *link = number;
}

static void take_out(struct spmc *spmc, uint32_t number)
{
    struct spmc_range *range = at(spmc, number);
    uint32_t *link = &spmc->ranges.root;

    while (*link != number) {
        link = towards(at(spmc, *link), range->pa);
    }
    join(spmc, range->below, range->above, link);
}

/* --- The pool --- */

static uint32_t take_unused(struct spmc *spmc)
{
    const uint32_t number = spmc->ranges.unused;

    if (number == NONE) {
        return ++spmc->ranges.touched;
    }
    spmc->ranges.unused = at(spmc, number)->next;
    return number;
}

uint32_t spmc_range_add(struct spmc *spmc, uint64_t pa, uint32_t pages, uint16_t transaction)
{
    const uint32_t number = take_unused(spmc);

    *at(spmc, number) = (struct spmc_range){.pa = pa, .pages = pages, .transaction = transaction};
    insert(spmc, number);
    return number;
}

void spmc_range_remove(struct spmc *spmc, uint32_t number)
{
    take_out(spmc, number);
    at(spmc, number)->next = spmc->ranges.unused;
    spmc->ranges.unused = number;
}
