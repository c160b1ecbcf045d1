/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#include <string.h>

static uint8_t far[(size_t)FAR_PAGES * PAGE];
static uint8_t descriptor[0x140000]; /* the longest that a test sends */

bool far_is_gone;

uint8_t *far_memory(uint64_t pa)
{
    return &far[pa - FAR_PA];
}

const struct ffa_mem_constituent two_ranges[2] = {
    {.address = FAR_PA + 8 * PAGE, .page_count = 2},
    {.address = FAR_PA + 4 * PAGE, .page_count = 1},
};

struct grant grant_of(uint32_t version, uint32_t fid)
{
    const bool is_share = ffa_fid_number(fid) == ffa_fid_number(SHARE);
    const bool is_donation = ffa_fid_number(fid) == ffa_fid_number(DONATE);

    return (struct grant){
        .sender = VM,
        .attributes = is_share ? RAM : 0,
        .tag = 0x1122334455667788,
        .access_bytes = version >= FFA_VERSION_1_2 ? 32 : 16,
        .access_count = 1,
        .parties = {{.id = ECHO, .permissions = is_donation ? 0 : RW}},
        .ranges = two_ranges,
        .range_count = 2,
    };
}

struct grant request_of(const struct grant *grant, uint64_t handle, uint16_t self)
{
    struct grant request = *grant;

    request.flags = 0;
    request.handle = handle;
    request.ranges = NULL;
    request.range_count = 0;
    for (uint32_t i = 0; i < grant->access_count; i++) {
        request.parties[i].flags = request.parties[i].id != self;
    }
    return request;
}

uint32_t header_bytes(uint32_t version)
{
    return version == FFA_VERSION_1_0 ? 32 : 48;
}

uint32_t composite_at(const struct grant *grant, uint32_t version)
{
    return header_bytes(version) + grant->access_count * grant->access_bytes;
}

static void put(uint8_t *to, uint64_t value, size_t bytes)
{
    memcpy(to, &value, bytes);
}

/* Offsets as DEN0140 prints them: the header that is tested has no part in this. */
static void write_header(const struct grant *grant, uint32_t version, uint8_t *to)
{
    put(to, grant->sender, 2);
    put(to + 2, grant->attributes, version == FFA_VERSION_1_0 ? 1 : 2);
    put(to + 4, grant->flags, 4);
    put(to + 8, grant->handle, 8);
    put(to + 16, grant->tag, 8);
    put(to + 28, grant->access_count, 4);
    if (version != FFA_VERSION_1_0) {
        put(to + 24, grant->access_bytes, 4);
        put(to + 32, 48, 4);
    }
}

static void write_party(const struct grant *grant, uint32_t index, uint32_t composite, uint8_t *to)
{
    const struct party *party = &grant->parties[index];

    put(to, party->id, 2);
    to[2] = party->permissions;
    to[3] = party->flags;
    put(to + 4, composite, 4);
    if (grant->access_bytes >= 32) {
        put(to + 8, party->impdef[0], 8);
        put(to + 16, party->impdef[1], 8);
    }
}

uint32_t grant_write(const struct grant *grant, uint32_t version, uint8_t *to)
{
    const uint32_t composite = composite_at(grant, version);
    uint32_t pages = 0;

    memset(to, 0, composite + 16);
    write_header(grant, version, to);
    for (uint32_t i = 0; i < grant->access_count; i++) {
        write_party(grant, i, grant->ranges != NULL ? composite : 0,
                    to + header_bytes(version) + i * grant->access_bytes);
    }
    if (grant->ranges == NULL) {
        return composite;
    }
    for (uint32_t i = 0; i < grant->range_count; i++) {
        pages += grant->ranges[i].page_count;
    }
    put(to + composite, pages, 4);
    put(to + composite + 4, grant->range_count, 4);
    memcpy(to + composite + 16, grant->ranges, 16 * grant->range_count);
    return composite + 16 + 16 * grant->range_count;
}

/* --- The Normal world --- */

static enum spmc_exit puppet_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX]);

void memory_start_with(struct world *world, uint32_t version, uint32_t buffer_pages,
                       const struct spmc_config *knobs)
{
    struct spmc_config config;

    world_agree(world, version);
    config = world->spmc.config;
    config.enter = puppet_enter;
    config.transactions_max = knobs->transactions_max;
    config.ranges_max = knobs->ranges_max;
    config.lends_mixed = knobs->lends_mixed;
    config.spoiled = knobs->spoiled;
    config.clean = knobs->clean;
    config.absent = knobs->absent;
    config.absent_count = knobs->absent_count;
    spmc_init(&world->spmc, &config);
    assert_int_equal(answer(world, FFA_VERSION, version, 0, 0), version);
    assert_int_equal(
        status(world, FFA_RXTX_MAP_64, TX_PA, TX_PA + buffer_pages * PAGE, buffer_pages), FFA_OK);
}

void memory_start(struct world *world, uint32_t version, uint32_t buffer_pages)
{
    const struct spmc_config none = {0};

    memory_start_with(world, version, buffer_pages, &none);
}

int32_t status_of(const struct regs *answer)
{
    if (answer->x[0] != FFA_ERROR) {
        return FFA_OK;
    }
    assert_error(answer, (int32_t)answer->x[2]);
    return (int32_t)answer->x[2];
}

struct regs send(struct world *world, uint32_t fid, const struct grant *grant)
{
    const uint32_t version = world->spmc.version;
    const uint32_t bytes = grant_write(grant, version, descriptor);
    const uint32_t most = (uint32_t)world->spmc.own.bytes;
    uint32_t sent = bytes < most ? bytes : most;
    struct regs regs;

    memcpy(world->memory, descriptor, sent);
    regs = call(world, fid, bytes, sent, 0, 0, 0);
    while (regs.x[0] == FFA_MEM_FRAG_RX) {
        const uint32_t next = bytes - sent < most ? bytes - sent : most;

        assert_int_equal(regs.x[3], sent);
        assert_int_equal(regs.x[4], (uint32_t)grant->sender << 16);
        assert_zero(&regs, 5, 7);
        memcpy(world->memory, descriptor + sent, next);
        sent += next;
        regs = call(world, FFA_MEM_FRAG_TX, regs.x[1], regs.x[2], next, regs.x[4], 0);
    }
    memset(world->memory, 0xee, most); /* nobody looks again */
    return regs;
}

uint64_t handle_of(const struct regs *success)
{
    assert_int_equal(success->x[0], FFA_SUCCESS_32);
    assert_int_equal(success->x[1], 0);
    assert_zero(success, 4, 7);
    return success->x[3] << 32 | success->x[2];
}

uint64_t send_ok(struct world *world, uint32_t fid, const struct grant *grant)
{
    const struct regs regs = send(world, fid, grant);
    const uint64_t handle = handle_of(&regs);

    assert_true(handle != 0 && handle >> 63 == 0);
    return handle;
}

int32_t reclaim(struct world *world, uint64_t handle, uint32_t flags)
{
    return status(world, FFA_MEM_RECLAIM, (uint32_t)handle, handle >> 32, flags);
}

uint32_t room(const struct world *world)
{
    uint32_t transactions = 0;

    for (unsigned int i = 0; i < SPMC_TRANSACTIONS_MAX; i++) {
        transactions += world->spmc.transactions[i].state == SPMC_TRANSACTION_NONE ? 1 : 0;
    }
    return transactions * 0x100000 + world->spmc.ranges.free;
}

/* --- Partitions --- */

static struct {
    struct puppet puppet;
    struct regs call;
    struct regs answer;
    unsigned int phase;
} puppets[PARTITION_COUNT];

static unsigned int index_of(uint16_t partition)
{
    return partition - PARTITION_ECHO_ID;
}

struct puppet *puppet(uint16_t partition)
{
    return &puppets[index_of(partition)].puppet;
}

enum {
    PUPPET_WAITS,
    PUPPET_CALLS,
    PUPPET_RETURNS,
};

static enum spmc_exit puppet_boot(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    struct puppet *self = puppet(entry->partition->id);
    uint8_t *memory = entry->memory;

    self->tx = memory;
    self->rx = memory + 2 * PAGE;
    puppets[index_of(entry->partition->id)].phase = PUPPET_WAITS;
    regs[0] = FFA_RXTX_MAP_64;
    regs[1] = (uintptr_t)self->tx;
    regs[2] = (uintptr_t)self->rx;
    regs[3] = 2;
    return SPMC_EXIT_CALL;
}

static enum spmc_exit puppet_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    const unsigned int self = index_of(entry->partition->id);
    static const struct regs wait = {{FFA_MSG_WAIT, 0, FFA_MSG_WAIT_KEEP_RX}};

    if (entry->kind == SPMC_ENTRY_COLD && entry->context == 0) {
        return puppet_boot(entry, regs);
    }
    if (puppets[self].phase == PUPPET_CALLS) {
        puppets[self].phase = PUPPET_RETURNS;
        memcpy(regs, &puppets[self].call, sizeof(wait));
        return SPMC_EXIT_CALL;
    }
    if (puppets[self].phase == PUPPET_RETURNS) {
        puppets[self].phase = PUPPET_WAITS;
        memcpy(&puppets[self].answer, regs, sizeof(wait));
        memcpy(puppets[self].puppet.got, puppets[self].puppet.rx, 2 * PAGE);
    }
    memcpy(regs, &wait, sizeof(wait));
    return SPMC_EXIT_CALL;
}

struct regs puppet_call(struct world *world, uint16_t partition, struct regs call)
{
    const unsigned int self = index_of(partition);
    struct regs regs;

    puppets[self].call = call;
    puppets[self].phase = PUPPET_CALLS;
    regs = run(world, partition, 0);
    assert_int_equal(regs.x[0], FFA_MSG_WAIT);
    assert_int_equal(puppets[self].phase, PUPPET_WAITS);
    return puppets[self].answer;
}

struct regs puppet_retrieve(struct world *world, uint16_t partition, const struct grant *request)
{
    const uint32_t bytes = grant_write(request, world->spmc.config.version, puppet(partition)->tx);

    return puppet_call(world, partition,
                       (struct regs){{FFA_MEM_RETRIEVE_REQ_32, bytes, bytes, 0, 0}});
}

int32_t retrieve_status(struct world *world, uint16_t partition, const struct grant *request)
{
    const struct regs regs = puppet_retrieve(world, partition, request);

    if (regs.x[0] == FFA_MEM_RETRIEVE_RESP) {
        puppet_call(world, partition, (struct regs){{FFA_RX_RELEASE}});
    }
    return status_of(&regs);
}

void retrieve_ok(struct world *world, uint16_t partition, const struct grant *grant,
                 uint64_t handle)
{
    const struct grant request = request_of(grant, handle, partition);

    assert_int_equal(retrieve_status(world, partition, &request), FFA_OK);
}

int32_t relinquish(struct world *world, uint16_t partition, uint64_t handle, uint32_t flags)
{
    uint8_t *tx = puppet(partition)->tx;
    struct regs regs;

    put(tx, handle, 8);
    put(tx + 8, flags, 4);
    put(tx + 12, 1, 4);
    put(tx + 16, partition, 2);
    regs = puppet_call(world, partition, (struct regs){{FFA_MEM_RELINQUISH}});
    return status_of(&regs);
}
