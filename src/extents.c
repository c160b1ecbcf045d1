/* SPDX-License-Identifier: BSD-3-Clause */
/* A set of ranges of pages: see extents.h. */
#include "extents.h"

#define CHILD_IS_EXTENT 0x80000000u

static bool is_extent(uint32_t child)
{
    return (child & CHILD_IS_EXTENT) != 0;
}

static struct extent *extent_of(const struct extents *extents, uint32_t child)
{
    return &extents->extent[child & ~CHILD_IS_EXTENT];
}

static unsigned int side_of(const struct fork *fork, uint64_t page)
{
    return (unsigned int)(page >> fork->bit) & 1;
}

static enum extents_set set_of(uint16_t kind)
{
    return kind == EXTENT_BORROWED || kind == EXTENT_RECEIVED ? EXTENTS_WINDOW : EXTENTS_OWN;
}

void parley_extents_clear(struct extents *extents)
{
    extents->used = 0;
    extents->forks_used = 0;
    extents->free_extent = EXTENT_NONE;
    extents->free_fork = EXTENT_NONE;
    extents->root[EXTENTS_OWN] = EXTENT_NONE;
    extents->root[EXTENTS_WINDOW] = EXTENT_NONE;
}

/* --- Walks ---------------------------------------------------------------- */

/* A range that shares with `page` all the bits that the forks on the way have looked at. */
static uint32_t descend(const struct extents *extents, uint32_t root, uint64_t page)
{
    uint32_t child = root;

    while (!is_extent(child)) {
        const struct fork *fork = &extents->fork[child];

        child = fork->child[side_of(fork, page)];
    }
    return child;
}

static uint32_t highest(const struct extents *extents, uint32_t child)
{
    while (!is_extent(child)) {
        child = extents->fork[child].child[1];
    }
    return child;
}

/* The highest bit in which two page numbers differ. They do. */
static uint32_t differing_bit(uint64_t a, uint64_t b)
{
    return 63u - (uint32_t)__builtin_clzll(a ^ b);
}

/* The range that begins at `page`, or else the last one that begins before it; EXTENT_NONE if there
 * is none. */
static uint32_t at_or_before(const struct extents *extents, uint32_t root, uint64_t page)
{
    if (root == EXTENT_NONE) {
        return EXTENT_NONE;
    }

    uint32_t nearest = descend(extents, root, page);
    uint64_t found = extent_of(extents, nearest)->page;
    if (found == page) {
        return nearest & ~CHILD_IS_EXTENT;
    }

    /* Down to where `page` would branch off: all below lies on one side of it. */
    uint32_t bit = differing_bit(found, page);
    uint32_t child = root;
    uint32_t before = EXTENT_NONE;
    while (!is_extent(child) && extents->fork[child].bit > bit) {
        const struct fork *fork = &extents->fork[child];
        unsigned int side = side_of(fork, page);

        if (side == 1) {
            before = fork->child[0];
        }
        child = fork->child[side];
    }
    if ((page >> bit & 1) == 1) {
        before = child;
    }
    return before == EXTENT_NONE ? EXTENT_NONE : highest(extents, before) & ~CHILD_IS_EXTENT;
}

uint32_t parley_extents_find(const struct extents *extents, enum extents_set set, uint64_t page,
                             uint32_t pages)
{
    uint32_t place = at_or_before(extents, extents->root[set], page + pages - 1);

    if (place == EXTENT_NONE) {
        return EXTENT_NONE;
    }
    const struct extent *extent = &extents->extent[place];
    return extent->page + extent->pages > page ? place : EXTENT_NONE;
}

/* --- Places --------------------------------------------------------------- */

static uint32_t take_extent(struct extents *extents)
{
    uint32_t place = extents->free_extent;

    if (place != EXTENT_NONE) {
        extents->free_extent = extents->extent[place].next;
        return place;
    }
    return extents->used < extents->max ? extents->used++ : EXTENT_NONE;
}

/* There is one: a set has one fork less than it has ranges. */
static uint32_t take_fork(struct extents *extents)
{
    uint32_t place = extents->free_fork;

    if (place == EXTENT_NONE) {
        return extents->forks_used++;
    }
    extents->free_fork = extents->fork[place].child[0];
    return place;
}

static void put_fork(struct extents *extents, uint32_t place)
{
    extents->fork[place].child[0] = extents->free_fork;
    extents->free_fork = place;
}

/* --- Changes -------------------------------------------------------------- */

/* Hangs the range into the trie, which has no other that begins at the same page. */
static void hang(struct extents *extents, uint32_t *root, uint32_t place)
{
    uint64_t page = extents->extent[place].page;
    uint32_t *link = root;

    if (*link == EXTENT_NONE) {
        *link = place | CHILD_IS_EXTENT;
        return;
    }

    uint32_t bit = differing_bit(extent_of(extents, descend(extents, *root, page))->page, page);
    while (!is_extent(*link) && extents->fork[*link].bit > bit) {
        struct fork *fork = &extents->fork[*link];

        link = &fork->child[side_of(fork, page)];
    }

    uint32_t forked = take_fork(extents);
    struct fork *fork = &extents->fork[forked];
    fork->bit = bit;
    unsigned int side = side_of(fork, page);
    fork->child[side] = place | CHILD_IS_EXTENT;
    fork->child[1 - side] = *link;
    *link = forked;
}

uint32_t parley_extents_add(struct extents *extents, const struct extent *range, uint32_t *conflict)
{
    enum extents_set set = set_of(range->kind);

    *conflict = parley_extents_find(extents, set, range->page, range->pages);
    if (*conflict != EXTENT_NONE) {
        return EXTENT_NONE;
    }

    uint32_t place = take_extent(extents);
    if (place == EXTENT_NONE) {
        return EXTENT_NONE;
    }
    extents->extent[place] = *range;
    extents->extent[place].next = EXTENT_NONE;
    hang(extents, &extents->root[set], place);
    return place;
}

void parley_extents_remove(struct extents *extents, uint32_t place)
{
    struct extent *extent = &extents->extent[place];
    uint32_t *link = &extents->root[set_of(extent->kind)]; /* to the range, at the end, */
    uint32_t *above = NULL;                                /* and to the fork it hangs from */

    while (!is_extent(*link)) {
        struct fork *fork = &extents->fork[*link];

        above = link;
        link = &fork->child[side_of(fork, extent->page)];
    }
    if (above == NULL) {
        *link = EXTENT_NONE;
    } else {
        uint32_t forked = *above;
        const struct fork *fork = &extents->fork[forked];

        *above = fork->child[1 - side_of(fork, extent->page)];
        put_fork(extents, forked);
    }
    extent->next = extents->free_extent;
    extents->free_extent = place;
}
