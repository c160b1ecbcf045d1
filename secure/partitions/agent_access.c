/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading and writing memory that a partition holds. Its owner, and other borrowers, may do so at
 * the same time: each access stands for itself.
 */
#include "agent.h"
#include "commands.h"

#define WORD_BYTES 4u

/* A place in a region; it walks through the ranges. */
struct cursor {
    struct agent *agent;
    const struct agent_range *range;
    uint64_t offset; /* in that range */
};

static bool cursor_at(struct cursor *cursor, struct agent *agent, const struct agent_region *region,
                      uint64_t offset)
{
    uint32_t max;
    const struct agent_range *ranges = agent_port_ranges(agent, &max);

    for (uint32_t i = 0; i < region->count; i++) {
        const uint64_t bytes = (uint64_t)ranges[region->first + i].pages * FFA_PAGE_SIZE;

        if (offset < bytes) {
            *cursor = (struct cursor){agent, &ranges[region->first + i], offset};
            return true;
        }
        offset -= bytes;
    }
    return false;
}

/* NULL: it was taken away. */
static uint8_t *place(const struct cursor *cursor)
{
    const uint64_t pa = cursor->range->pa + cursor->offset;
    uint8_t *page = agent_port_page(cursor->agent, pa & ~(uint64_t)(FFA_PAGE_SIZE - 1));

    return page != NULL ? page + pa % FFA_PAGE_SIZE : NULL;
}

/* How much there is in one piece; less than `most`. */
static uint32_t piece(const struct cursor *cursor, uint32_t most)
{
    const uint32_t left = FFA_PAGE_SIZE - (uint32_t)(cursor->offset % FFA_PAGE_SIZE);

    return left < most ? left : most;
}

static void move_on(struct cursor *cursor, uint32_t bytes)
{
    cursor->offset += bytes;
    if (cursor->offset == (uint64_t)cursor->range->pages * FFA_PAGE_SIZE) {
        cursor->range++;
        cursor->offset = 0;
    }
}

static uint64_t bytes_of(const struct agent_region *region)
{
    return (uint64_t)region->pages * FFA_PAGE_SIZE;
}

/* --- One word --- */

static int32_t access_word(struct agent *agent, struct agent_context *context,
                           const struct agent_region *region)
{
    const uint32_t offset = agent_word(context, 3);
    struct cursor cursor;
    uint32_t *word;

    if (offset % WORD_BYTES != 0 || !cursor_at(&cursor, agent, region, offset)) {
        return FFA_INVALID_PARAMETERS;
    }
    word = (uint32_t *)(void *)place(&cursor);
    if (word == NULL) {
        return FFA_ABORTED;
    }
    if (agent_word(context, 0) == COMMAND_MEMORY_WRITE) {
        __atomic_store_n(word, agent_word(context, 4), __ATOMIC_RELAXED);
    } else {
        context->answer[0] = __atomic_load_n(word, __ATOMIC_RELAXED);
    }
    return FFA_OK;
}

/* --- Many bytes --- */

static bool find_bytes(struct cursor *cursor, struct agent *agent,
                       const struct agent_region *region, uint32_t offset, uint32_t bytes)
{
    return bytes != 0 && bytes <= COMMAND_MEMORY_MAX && bytes <= bytes_of(region) &&
           offset <= bytes_of(region) - bytes && cursor_at(cursor, agent, region, offset);
}

static int32_t sum(struct agent *agent, struct agent_context *context,
                   const struct agent_region *region)
{
    uint32_t left = agent_word(context, 4);
    uint32_t checksum = 0;
    struct cursor cursor;

    if (!find_bytes(&cursor, agent, region, agent_word(context, 3), left)) {
        return FFA_INVALID_PARAMETERS;
    }
    while (left != 0) {
        const uint32_t bytes = piece(&cursor, left);
        const uint8_t *at = place(&cursor);

        if (at == NULL) {
            return FFA_ABORTED;
        }
        for (uint32_t i = 0; i < bytes; i++) {
            checksum = COMMAND_CHECKSUM(checksum, __atomic_load_n(&at[i], __ATOMIC_RELAXED));
        }
        move_on(&cursor, bytes);
        left -= bytes;
    }
    context->answer[0] = checksum;
    return FFA_OK;
}

static int32_t fill(struct agent *agent, struct agent_context *context,
                    const struct agent_region *region)
{
    const uint32_t seed = agent_word(context, 4) >> 24;
    const uint32_t count = agent_word(context, 4) & 0xffffffu;
    struct cursor cursor;
    uint32_t done = 0;

    if (!find_bytes(&cursor, agent, region, agent_word(context, 3), count)) {
        return FFA_INVALID_PARAMETERS;
    }
    while (done < count) {
        const uint32_t bytes = piece(&cursor, count - done);
        uint8_t *at = place(&cursor);

        if (at == NULL) {
            return FFA_ABORTED;
        }
        for (uint32_t i = 0; i < bytes; i++) {
            __atomic_store_n(&at[i], (uint8_t)COMMAND_PATTERN(seed, done + i), __ATOMIC_RELAXED);
        }
        move_on(&cursor, bytes);
        done += bytes;
    }
    return FFA_OK;
}

static int32_t walk(struct agent *agent, struct agent_context *context,
                    const struct agent_region *region)
{
    const uint32_t added = agent_word(context, 3);
    uint32_t total = 0;
    struct cursor cursor;

    if (!cursor_at(&cursor, agent, region, 0)) {
        return FFA_INVALID_PARAMETERS;
    }
    for (uint32_t i = 0; i < region->pages; i++) {
        uint32_t *word = (uint32_t *)(void *)place(&cursor);
        uint32_t value;

        if (word == NULL) {
            return FFA_ABORTED;
        }
        value = __atomic_load_n(word, __ATOMIC_RELAXED);
        total += value;
        if (added != 0) {
            __atomic_store_n(word, value + added, __ATOMIC_RELAXED);
        }
        move_on(&cursor, FFA_PAGE_SIZE);
    }
    context->answer[0] = total;
    return FFA_OK;
}

/* --- Commands --- */

static int32_t tell_range(struct agent *agent, struct agent_context *context,
                          const struct agent_region *region)
{
    const uint32_t index = agent_word(context, 3);
    uint32_t max;
    const struct agent_range *ranges = agent_port_ranges(agent, &max);

    if (index >= region->count) {
        return FFA_INVALID_PARAMETERS;
    }
    context->answer[0] = (uint32_t)ranges[region->first + index].pa;
    context->answer[1] = ranges[region->first + index].pa >> 32;
    context->answer[2] = ranges[region->first + index].pages;
    return FFA_OK;
}

static bool writes(const struct agent_context *context)
{
    switch (agent_word(context, 0)) {
    case COMMAND_MEMORY_WRITE:
    case COMMAND_MEMORY_FILL:
        return true;
    case COMMAND_MEMORY_WALK:
        return agent_word(context, 3) != 0;
    default:
        return false;
    }
}

int32_t agent_access(struct agent *agent, struct agent_context *context)
{
    const struct agent_region *region = agent_region_find(agent, agent_handle(context));
    const uint32_t command = agent_word(context, 0);

    if (command < COMMAND_MEMORY_RANGE || command > COMMAND_MEMORY_WALK) {
        return FFA_NOT_SUPPORTED;
    }
    if (region == NULL) {
        return FFA_NO_DATA;
    }
    if (writes(context) &&
        (region->permissions & FFA_MEM_ACCESS_DATA_MASK) != FFA_MEM_ACCESS_DATA_RW) {
        return FFA_DENIED;
    }
    switch (command) {
    case COMMAND_MEMORY_RANGE:
        return tell_range(agent, context, region);
    case COMMAND_MEMORY_SUM:
        return sum(agent, context, region);
    case COMMAND_MEMORY_FILL:
        return fill(agent, context, region);
    case COMMAND_MEMORY_WALK:
        return walk(agent, context, region);
    default:
        return access_word(agent, context, region);
    }
}
