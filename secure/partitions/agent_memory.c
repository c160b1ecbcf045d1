/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that a partition retrieves, holds and gives back. One context at a time is at it, from the
 * command to its answer, over all the calls that it takes.
 */
#include "agent.h"
#include "commands.h"

static enum agent_step memory_call(struct agent_context *context, enum agent_memory_step step,
                                   uint64_t regs[FFA_REGS_MAX], uint32_t fid, uint64_t x1)
{
    context->memory_step = step;
    return agent_call(context, AGENT_MEMORY, regs, fid, x1);
}

static enum agent_step respond(struct agent *agent, struct agent_context *context,
                               uint64_t regs[FFA_REGS_MAX], int32_t status)
{
    agent_give(&agent->memory_taken);
    return agent_respond(context, regs, status);
}

struct agent_region *agent_region_find(struct agent *agent, uint64_t handle)
{
    for (uint32_t i = 0; i < agent->region_count; i++) {
        if (agent->regions[i].handle == handle) {
            return &agent->regions[i];
        }
    }
    return NULL;
}

/* --- What the partition knows of its regions --- */

static bool may_write(const struct agent_region *region)
{
    return (region->permissions & FFA_MEM_ACCESS_DATA_MASK) == FFA_MEM_ACCESS_DATA_RW;
}

static void unmap(struct agent *agent, const struct agent_region *region, uint32_t count)
{
    uint32_t max;
    const struct agent_range *ranges = agent_port_ranges(agent, &max);

    agent_port_unmap(agent, &ranges[region->first], count);
}

static bool map(struct agent *agent, const struct agent_region *region)
{
    uint32_t max;
    const struct agent_range *ranges = agent_port_ranges(agent, &max);

    for (uint32_t i = 0; i < region->count; i++) {
        if (!agent_port_map(agent, &ranges[region->first + i], may_write(region))) {
            unmap(agent, region, i);
            return false;
        }
    }
    return true;
}

/* Those that came after it move up. */
static void forget(struct agent *agent, struct agent_region *region)
{
    const uint32_t gap = region->count;
    uint32_t max;
    struct agent_range *ranges = agent_port_ranges(agent, &max);

    for (uint32_t i = region->first + gap; i < agent->ranges_used; i++) {
        ranges[i - gap] = ranges[i];
    }
    agent->ranges_used -= gap;
    agent->region_count--;
    for (; region < &agent->regions[agent->region_count]; region++) {
        *region = region[1];
        region->first -= gap;
    }
}

/* --- FFA_MEM_RELINQUISH --- */

static enum agent_step call_relinquish(struct agent *agent, struct agent_context *context,
                                       enum agent_memory_step step, uint64_t regs[FFA_REGS_MAX],
                                       uint64_t handle, uint32_t flags)
{
    const struct ffa_mem_relinquish descriptor = {
        .handle = handle, .flags = flags, .endpoint_count = 1};

    agent_take(&agent->tx_taken);
    memcpy(agent->tx, &descriptor, sizeof(descriptor));
    memcpy(agent->tx + sizeof(descriptor), &context->id, sizeof(context->id));
    return memory_call(context, step, regs, FFA_MEM_RELINQUISH, 0);
}

static enum agent_step relinquish(struct agent *agent, struct agent_context *context,
                                  uint64_t regs[FFA_REGS_MAX])
{
    const struct agent_region *region = agent_region_find(agent, agent_handle(context));

    if (region != NULL) {
        unmap(agent, region, region->count);
    }
    return call_relinquish(agent, context, AGENT_MEMORY_RELINQUISHING, regs, agent_handle(context),
                           agent_word(context, 3));
}

/* What it may keep is where it was: there is room for that. */
static void relinquished(struct agent *agent, struct agent_region *region, int32_t status)
{
    if (region == NULL) {
        return;
    }
    if (status == FFA_OK) {
        forget(agent, region);
    } else {
        (void)map(agent, region);
    }
}

/* --- FFA_MEM_RETRIEVE_REQ: what it says --- */

static uint32_t header_bytes(const struct agent_context *context)
{
    return context->version >= FFA_VERSION_1_1 ? sizeof(struct ffa_mem_transaction_1_1)
                                               : sizeof(struct ffa_mem_transaction_1_0);
}

static uint32_t access_bytes(const struct agent *agent, const struct agent_context *context)
{
    if (agent->prepared.access_bytes != 0) {
        return agent->prepared.access_bytes;
    }
    return context->version >= FFA_VERSION_1_2 ? sizeof(struct ffa_mem_access_1_2)
                                               : sizeof(struct ffa_mem_access_1_0);
}

static void write_header(struct agent *agent, const struct agent_context *context)
{
    const struct agent_prepared *prepared = &agent->prepared;
    const struct ffa_mem_transaction_1_1 header = {
        .sender = (uint16_t)agent_word(context, 3),
        .attributes = prepared->attributes,
        .flags = agent_word(context, 4),
        .handle = agent_handle(context),
        .tag = prepared->tag,
        .access_size = access_bytes(agent, context),
        .access_count = prepared->borrower_count + 1,
        .access_offset = sizeof(header),
    };
    const struct ffa_mem_transaction_1_0 header_1_0 = {
        .sender = header.sender,
        .attributes = (uint8_t)header.attributes,
        .flags = header.flags,
        .handle = header.handle,
        .tag = header.tag,
        .access_count = header.access_count,
    };

    if (header_bytes(context) == sizeof(header)) {
        memcpy(agent->tx, &header, sizeof(header));
    } else {
        memcpy(agent->tx, &header_1_0, sizeof(header_1_0));
    }
}

/* Both forms begin alike. */
static void write_access(struct agent *agent, const struct agent_context *context, uint32_t index,
                         const struct ffa_mem_access_1_2 *access)
{
    const uint32_t each = access_bytes(agent, context);
    const struct ffa_mem_access_1_0 short_form = {
        .endpoint = access->endpoint, .permissions = access->permissions, .flags = access->flags};
    uint8_t *to = agent->tx + header_bytes(context) + index * each;

    if (each == sizeof(*access)) {
        memcpy(to, access, sizeof(*access));
    } else {
        memcpy(to, &short_form, sizeof(short_form));
    }
}

/* Returns how long it is. */
static uint32_t write_request(struct agent *agent, const struct agent_context *context)
{
    const struct agent_prepared *prepared = &agent->prepared;
    const struct ffa_mem_access_1_2 own = {
        .endpoint = context->id,
        .permissions = (uint8_t)(agent_word(context, 3) >> 16),
        .impdef = {prepared->impdef[0], prepared->impdef[1]},
    };

    write_header(agent, context);
    write_access(agent, context, 0, &own);
    for (uint32_t i = 0; i < prepared->borrower_count; i++) {
        const struct ffa_mem_access_1_2 other = {
            .endpoint = prepared->borrowers[i].id,
            .permissions = prepared->borrowers[i].permissions,
            .flags = prepared->borrowers[i].flags,
        };

        write_access(agent, context, i + 1, &other);
    }
    return header_bytes(context) + (prepared->borrower_count + 1) * access_bytes(agent, context);
}

static enum agent_step retrieve(struct agent *agent, struct agent_context *context,
                                uint64_t regs[FFA_REGS_MAX])
{
    uint32_t bytes;

    if (agent->region_count == AGENT_REGIONS_MAX) {
        return respond(agent, context, regs, FFA_NO_MEMORY);
    }
    agent_take(&agent->tx_taken);
    bytes = write_request(agent, context);
    agent->prepared = (struct agent_prepared){0};
    memory_call(context, AGENT_MEMORY_RETRIEVING, regs, FFA_MEM_RETRIEVE_REQ_32, bytes);
    regs[2] = bytes;
    return AGENT_CALLS;
}

/* --- What it is told, in RX, to which nobody writes before it is released --- */

/* The region that is being retrieved is the one behind those that are held. */
static struct agent_region *incoming(struct agent *agent)
{
    return &agent->regions[agent->region_count];
}

static void read_ranges(struct agent *agent, uint32_t at, uint32_t end)
{
    struct agent_region *region = incoming(agent);
    uint32_t max;
    struct agent_range *ranges = agent_port_ranges(agent, &max);

    for (; at + sizeof(struct ffa_mem_constituent) <= end && end <= sizeof(agent->rx);
         at += (uint32_t)sizeof(struct ffa_mem_constituent)) {
        struct ffa_mem_constituent wire;

        memcpy(&wire, agent->rx + at, sizeof(wire));
        if (region->first + region->count == max) {
            region->missed++;
            continue;
        }
        ranges[region->first + region->count++] =
            (struct agent_range){.pa = wire.address, .pages = wire.page_count};
    }
}

/* Returns where the one endpoint's descriptor is. */
static uint32_t read_header(struct agent *agent, const struct agent_context *context)
{
    struct agent_region *region = incoming(agent);
    struct ffa_mem_transaction_1_1 header;
    struct ffa_mem_transaction_1_0 header_1_0;

    if (header_bytes(context) != sizeof(header)) {
        memcpy(&header_1_0, agent->rx, sizeof(header_1_0));
        *region = (struct agent_region){.handle = header_1_0.handle,
                                        .sender = header_1_0.sender,
                                        .attributes = header_1_0.attributes,
                                        .flags = header_1_0.flags};
        return sizeof(header_1_0);
    }
    memcpy(&header, agent->rx, sizeof(header));
    *region = (struct agent_region){.handle = header.handle,
                                    .sender = header.sender,
                                    .attributes = header.attributes,
                                    .flags = header.flags};
    return header.access_offset;
}

static void read_first(struct agent *agent, struct agent_context *context,
                       const uint64_t regs[FFA_REGS_MAX])
{
    const uint32_t access_at = read_header(agent, context);
    struct agent_region *region = incoming(agent);
    struct ffa_mem_composite composite;
    struct ffa_mem_access_1_0 access;

    memcpy(&access, agent->rx + access_at, sizeof(access));
    memcpy(&composite, agent->rx + access.composite_offset, sizeof(composite));
    region->permissions = access.permissions;
    region->pages = composite.page_count;
    region->first = agent->ranges_used;
    context->memory_bytes = (uint32_t)regs[1];
    context->memory_here = (uint32_t)regs[2];
    read_ranges(agent, access.composite_offset + (uint32_t)sizeof(composite), context->memory_here);
}

static enum agent_step release_rx(struct agent_context *context, uint64_t regs[FFA_REGS_MAX])
{
    return memory_call(context, AGENT_MEMORY_RELEASING, regs, FFA_RX_RELEASE, 0);
}

static enum agent_step undo(struct agent *agent, struct agent_context *context,
                            uint64_t regs[FFA_REGS_MAX])
{
    return call_relinquish(agent, context, AGENT_MEMORY_UNDOING, regs, incoming(agent)->handle, 0);
}

static enum agent_step hold(struct agent *agent, struct agent_context *context,
                            uint64_t regs[FFA_REGS_MAX])
{
    const struct agent_region *region = incoming(agent);

    if (region->missed != 0 || !map(agent, region)) {
        return undo(agent, context, regs);
    }
    agent->region_count++;
    agent->ranges_used += region->count;
    context->answer[0] = region->pages;
    context->answer[1] = region->count;
    context->answer[2] = region->attributes | (uint32_t)region->permissions << 16;
    context->answer[3] = region->flags;
    return respond(agent, context, regs, FFA_OK);
}

static enum agent_step fetch(struct agent *agent, struct agent_context *context,
                             uint64_t regs[FFA_REGS_MAX])
{
    const uint64_t handle = incoming(agent)->handle;

    if (context->memory_here >= context->memory_bytes) {
        return hold(agent, context, regs);
    }
    memory_call(context, AGENT_MEMORY_FETCHING, regs, FFA_MEM_FRAG_RX, ffa_handle_low(handle));
    regs[2] = ffa_handle_high(handle);
    regs[3] = context->memory_here;
    return AGENT_CALLS;
}

static enum agent_step fetched(struct agent *agent, struct agent_context *context,
                               uint64_t regs[FFA_REGS_MAX])
{
    if ((uint32_t)regs[0] != FFA_MEM_FRAG_TX || regs[3] == 0) {
        return undo(agent, context, regs);
    }
    read_ranges(agent, 0, (uint32_t)regs[3]);
    context->memory_here += (uint32_t)regs[3];
    return release_rx(context, regs);
}

static enum agent_step retrieved(struct agent *agent, struct agent_context *context,
                                 uint64_t regs[FFA_REGS_MAX])
{
    agent_give(&agent->tx_taken);
    if ((uint32_t)regs[0] != FFA_MEM_RETRIEVE_RESP) {
        return respond(agent, context, regs, agent_status(regs));
    }
    read_first(agent, context, regs);
    return release_rx(context, regs);
}

/* --- VM_DESTROYED --- */

uint32_t agent_memory_keeps(const struct agent *agent)
{
    if (agent->memory_keeps_known || agent->settings == NULL) {
        return agent->memory_keeps;
    }
    return agent->settings->keeps;
}

/* One after the other, from the last, since those behind one that goes move up. */
static enum agent_step give_back(struct agent *agent, struct agent_context *context,
                                 uint64_t regs[FFA_REGS_MAX])
{
    while (context->memory_index > 0) {
        const struct agent_region *region = &agent->regions[--context->memory_index];

        if (region->sender == (uint16_t)context->request[5]) {
            unmap(agent, region, region->count);
            return call_relinquish(agent, context, AGENT_MEMORY_GIVING_BACK, regs, region->handle,
                                   0);
        }
    }
    agent_give(&agent->memory_taken);
    return agent_respond_vm(agent, context, regs);
}

enum agent_step agent_memory_destroyed(struct agent *agent, struct agent_context *context,
                                       uint64_t regs[FFA_REGS_MAX])
{
    agent_take(&agent->memory_taken);
    context->memory_index =
        agent_memory_keeps(agent) == COMMAND_KEEP_NOTHING ? agent->region_count : 0;
    return give_back(agent, context, regs);
}

/* --- Commands --- */

enum agent_step agent_memory_go_on(struct agent *agent, struct agent_context *context,
                                   uint64_t regs[FFA_REGS_MAX])
{
    const int32_t status = agent_status(regs);

    switch (context->memory_step) {
    case AGENT_MEMORY_RETRIEVING:
        return retrieved(agent, context, regs);
    case AGENT_MEMORY_RELEASING:
        return fetch(agent, context, regs);
    case AGENT_MEMORY_FETCHING:
        return fetched(agent, context, regs);
    case AGENT_MEMORY_UNDOING:
        agent_give(&agent->tx_taken);
        return respond(agent, context, regs, FFA_NO_MEMORY);
    case AGENT_MEMORY_RELINQUISHING:
        agent_give(&agent->tx_taken);
        relinquished(agent, agent_region_find(agent, agent_handle(context)), status);
        return respond(agent, context, regs, status);
    default:
        agent_give(&agent->tx_taken);
        relinquished(agent, &agent->regions[context->memory_index], status);
        return give_back(agent, context, regs);
    }
}

static int32_t prepare(struct agent *agent, const struct agent_context *context)
{
    struct agent_prepared *prepared = &agent->prepared;
    const uint32_t value = agent_word(context, 2);

    switch (agent_word(context, 1)) {
    case COMMAND_PREPARE_TAG:
        prepared->tag = ffa_handle_make(value, agent_word(context, 3));
        return FFA_OK;
    case COMMAND_PREPARE_IMPDEF:
        prepared->impdef[value & 1] =
            ffa_handle_make(agent_word(context, 3), agent_word(context, 4));
        return FFA_OK;
    case COMMAND_PREPARE_ATTRIBUTES:
        prepared->attributes = (uint16_t)value;
        return FFA_OK;
    case COMMAND_PREPARE_ACCESS_BYTES:
        prepared->access_bytes = value;
        return value == sizeof(struct ffa_mem_access_1_0) ||
                       value == sizeof(struct ffa_mem_access_1_2)
                   ? FFA_OK
                   : FFA_INVALID_PARAMETERS;
    case COMMAND_PREPARE_BORROWER:
        if (prepared->borrower_count == SPMC_BORROWERS_MAX) {
            return FFA_NO_MEMORY;
        }
        prepared->borrowers[prepared->borrower_count].id = (uint16_t)value;
        prepared->borrowers[prepared->borrower_count].permissions = (uint8_t)agent_word(context, 3);
        prepared->borrowers[prepared->borrower_count++].flags = (uint8_t)agent_word(context, 4);
        return FFA_OK;
    default:
        return FFA_INVALID_PARAMETERS;
    }
}

static int32_t tell_held(const struct agent *agent, struct agent_context *context)
{
    const uint32_t index = agent_word(context, 1);

    context->answer[3] = agent->region_count << 16;
    if (index >= agent->region_count) {
        return FFA_NO_DATA;
    }
    context->answer[0] = ffa_handle_low(agent->regions[index].handle);
    context->answer[1] = ffa_handle_high(agent->regions[index].handle);
    context->answer[2] = agent->regions[index].pages;
    context->answer[3] |= agent->regions[index].sender;
    return FFA_OK;
}

static int32_t keep(struct agent *agent, const struct agent_context *context)
{
    agent->memory_keeps = agent_word(context, 1);
    agent->memory_keeps_known = true;
    return FFA_OK;
}

enum agent_step agent_memory_command(struct agent *agent, struct agent_context *context,
                                     uint64_t regs[FFA_REGS_MAX])
{
    agent_take(&agent->memory_taken);
    switch (agent_word(context, 0)) {
    case COMMAND_MEMORY_RETRIEVE:
        return retrieve(agent, context, regs);
    case COMMAND_MEMORY_RELINQUISH:
        return relinquish(agent, context, regs);
    case COMMAND_MEMORY_PREPARE:
        return respond(agent, context, regs, prepare(agent, context));
    case COMMAND_MEMORY_HELD:
        return respond(agent, context, regs, tell_held(agent, context));
    case COMMAND_MEMORY_KEEP:
        return respond(agent, context, regs, keep(agent, context));
    default:
        return respond(agent, context, regs, agent_access(agent, context));
    }
}
