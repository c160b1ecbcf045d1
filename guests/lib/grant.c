/* SPDX-License-Identifier: BSD-3-Clause */
#include "grant.h"

#define RANGE_BYTES ((uint32_t)sizeof(struct ffa_mem_constituent))

uint32_t grant_header_bytes(uint32_t version)
{
    return version == FFA_VERSION_1_0 ? sizeof(struct ffa_mem_transaction_1_0)
                                      : sizeof(struct ffa_mem_transaction_1_1);
}

uint32_t grant_access_bytes(uint32_t version)
{
    return version < FFA_VERSION_1_2 ? sizeof(struct ffa_mem_access_1_0)
                                     : sizeof(struct ffa_mem_access_1_2);
}

/* --- Building --------------------------------------------------------------------------------- */

/* Everything that follows from what there is. */
static void lay_out(struct grant *grant)
{
    uint32_t behind = grant->access_at + grant->borrowers * grant->access_each;

    grant->access_bytes = grant->access_each;
    grant->access_count = grant->borrowers;
    grant->access_offset = grant->access_at;
    grant->composite_at = grant->ranges_listed != 0 ? behind : 0;
    grant->ranges = grant->ranges_listed;
    grant->total = behind;
    if (grant->composite_at != 0) {
        grant->total += (uint32_t)sizeof(struct ffa_mem_composite) + grant->ranges * RANGE_BYTES;
    }
    for (unsigned int i = 0; i < grant->borrowers; i++) {
        grant->borrower[i].composite_offset = grant->composite_at;
    }
}

void grant_init(struct grant *grant, uint32_t version, uint16_t sender)
{
    *grant = (struct grant){
        .version = version,
        .sender = sender,
        .access_each = grant_access_bytes(version),
        .access_at = grant_header_bytes(version),
    };
    lay_out(grant);
}

void grant_to(struct grant *grant, uint16_t id, uint32_t permissions)
{
    grant->borrower[grant->borrowers++] = (struct grant_borrower){
        .id = id,
        .permissions = (uint8_t)permissions,
    };
    lay_out(grant);
}

void grant_add(struct grant *grant, uint64_t ipa, uint32_t pages)
{
    grant->range[grant->ranges_listed++] = (struct grant_range){.ipa = ipa, .pages = pages};
    grant->pages += pages;
    lay_out(grant);
}

void grant_add_scattered(struct grant *grant, const struct grant_scatter *scatter)
{
    grant->scatter = *scatter;
    grant->ranges_listed = scatter->count;
    grant->pages = scatter->count * scatter->pages;
    lay_out(grant);
}

void grant_set_access(struct grant *grant, uint32_t bytes, uint32_t offset)
{
    grant->access_each = bytes;
    grant->access_at = offset;
    lay_out(grant);
}

struct grant_borrower *grant_borrower(struct grant *grant, uint16_t id)
{
    unsigned int i = 0;

    while (i + 1 < grant->borrowers && grant->borrower[i].id != id) {
        i++;
    }
    return &grant->borrower[i];
}

void grant_request(struct grant *request, const struct grant *sent, uint32_t version,
                   uint16_t borrower, uint64_t handle)
{
    grant_init(request, version, sent->sender);
    request->handle = handle;
    request->tag = sent->tag;
    for (unsigned int i = 0; i < sent->borrowers; i++) {
        const struct grant_borrower *from = &sent->borrower[i];

        grant_to(request, from->id, from->permissions);
        request->borrower[i].flags =
            (uint8_t)(from->id == borrower ? 0 : FFA_MEM_ACCESS_NON_RETRIEVAL);
        if (from->id == borrower) {
            request->borrower[i].impdef[0] = from->impdef[0];
            request->borrower[i].impdef[1] = from->impdef[1];
        }
    }
}

struct grant_range grant_range(const struct grant *grant, uint32_t i)
{
    const struct grant_scatter *scatter = &grant->scatter;
    uint32_t place;

    if (scatter->count == 0) {
        return grant->range[i];
    }
    /* Below 2^32 for all counts that fit in memory: no division of 64 bits. */
    place = i * scatter->step % scatter->count;
    return (struct grant_range){
        .ipa = scatter->ipa + (uint64_t)place * scatter->stride * FFA_PAGE_SIZE,
        .pages = scatter->pages,
    };
}

/* --- Writing ---------------------------------------------------------------------------------- */

static void copy(uint8_t *to, const void *from, size_t bytes)
{
    const uint8_t *source = from;

    for (size_t i = 0; i < bytes; i++) {
        to[i] = source[i];
    }
}

static void write_header(const struct grant *grant, uint8_t *head)
{
    if (grant->version == FFA_VERSION_1_0) {
        struct ffa_mem_transaction_1_0 wire = {
            .sender = grant->sender,
            .attributes = (uint8_t)grant->attributes,
            .flags = grant->flags,
            .handle = grant->handle,
            .tag = grant->tag,
            .access_count = grant->access_count,
        };

        copy(head, &wire, sizeof(wire));
        return;
    }

    struct ffa_mem_transaction_1_1 wire = {
        .sender = grant->sender,
        .attributes = grant->attributes,
        .flags = grant->flags,
        .handle = grant->handle,
        .tag = grant->tag,
        .access_size = grant->access_bytes,
        .access_count = grant->access_count,
        .access_offset = grant->access_offset,
    };

    copy(head, &wire, sizeof(wire));
}

/* The short form is the start of the long one. */
static void write_borrowers(const struct grant *grant, uint8_t *head)
{
    for (unsigned int i = 0; i < grant->borrowers; i++) {
        const struct grant_borrower *borrower = &grant->borrower[i];
        struct ffa_mem_access_1_2 wire = {
            .endpoint = borrower->id,
            .permissions = borrower->permissions,
            .flags = borrower->flags,
            .composite_offset = borrower->composite_offset,
        };
        bool is_long = grant->access_each >= sizeof(wire);

        if (is_long) {
            wire.impdef[0] = borrower->impdef[0];
            wire.impdef[1] = borrower->impdef[1];
        }
        copy(head + grant->access_at + i * grant->access_each, &wire,
             is_long ? sizeof(wire) : sizeof(struct ffa_mem_access_1_0));
    }
}

/* How many bytes come before the ranges. */
static uint32_t write_head(const struct grant *grant, uint8_t head[2 * GRANT_HEAD_MAX])
{
    struct ffa_mem_composite composite = {
        .page_count = grant->pages,
        .constituent_count = grant->ranges,
    };

    for (size_t i = 0; i < 2 * GRANT_HEAD_MAX; i++) {
        head[i] = 0;
    }
    write_header(grant, head);
    write_borrowers(grant, head);
    if (grant->composite_at == 0) {
        return grant->access_at + grant->borrowers * grant->access_each;
    }
    copy(head + grant->composite_at, &composite, sizeof(composite));
    return grant->composite_at + (uint32_t)sizeof(composite);
}

/* A range as it is written; zeros behind the last. */
static void put_range(const struct grant *grant, uint32_t i, uint8_t to[RANGE_BYTES])
{
    struct ffa_mem_constituent wire = {0};

    if (i < grant->ranges_listed) {
        struct grant_range range = grant_range(grant, i);

        wire = (struct ffa_mem_constituent){.address = range.ipa, .page_count = range.pages};
    }
    copy(to, &wire, sizeof(wire));
}

void grant_write(const struct grant *grant, uint32_t offset, uint8_t *to, uint32_t bytes)
{
    uint8_t head[2 * GRANT_HEAD_MAX];
    uint8_t range[RANGE_BYTES];
    uint32_t head_bytes = write_head(grant, head);
    uint32_t done = 0;

    for (; done < bytes && offset + done < head_bytes; done++) {
        to[done] = head[offset + done];
    }
    while (done < bytes) {
        uint32_t at = offset + done - head_bytes;
        uint32_t first = at % RANGE_BYTES;
        uint32_t left = RANGE_BYTES - first;
        uint32_t count = left < bytes - done ? left : bytes - done;

        put_range(grant, at / RANGE_BYTES, range);
        copy(to + done, range + first, count);
        done += count;
    }
}

/* --- Reading ---------------------------------------------------------------------------------- */

static void read_header(struct grant *grant, const uint8_t *from)
{
    struct ffa_mem_transaction_1_1 wire;
    struct ffa_mem_transaction_1_0 old;

    if (grant->version != FFA_VERSION_1_0) {
        copy((uint8_t *)&wire, from, sizeof(wire));
        grant->sender = wire.sender;
        grant->attributes = wire.attributes;
        grant->flags = wire.flags;
        grant->handle = wire.handle;
        grant->tag = wire.tag;
        grant->access_bytes = wire.access_size;
        grant->access_count = wire.access_count;
        grant->access_offset = wire.access_offset;
        return;
    }
    copy((uint8_t *)&old, from, sizeof(old));
    grant->sender = old.sender;
    grant->attributes = old.attributes;
    grant->flags = old.flags;
    grant->handle = old.handle;
    grant->tag = old.tag;
    grant->access_bytes = sizeof(struct ffa_mem_access_1_0);
    grant->access_count = old.access_count;
    grant->access_offset = sizeof(old);
}

static void read_borrower(struct grant *grant, const uint8_t *from)
{
    struct ffa_mem_access_1_2 wire = {0};

    copy((uint8_t *)&wire, from + grant->access_offset, grant->access_bytes);
    grant->borrowers = 1;
    grant->borrower[0] = (struct grant_borrower){
        .id = wire.endpoint,
        .permissions = wire.permissions,
        .flags = wire.flags,
        .composite_offset = wire.composite_offset,
        .impdef = {wire.impdef[0], wire.impdef[1]},
    };
}

static void read_composite(struct grant *grant, const uint8_t *from)
{
    struct ffa_mem_composite wire;

    copy((uint8_t *)&wire, from + grant->composite_at, sizeof(wire));
    grant->pages = wire.page_count;
    grant->ranges = wire.constituent_count;
    for (uint32_t i = 0; i < grant->ranges && i < GRANT_RANGES_MAX; i++) {
        struct ffa_mem_constituent range;

        copy((uint8_t *)&range, from + grant->composite_at + sizeof(wire) + i * sizeof(range),
             sizeof(range));
        grant->range[i] = (struct grant_range){.ipa = range.address, .pages = range.page_count};
        grant->ranges_listed++;
    }
}

bool grant_read(struct grant *grant, uint32_t version, const uint8_t *from, uint32_t bytes)
{
    uint32_t behind = grant_header_bytes(version) + grant_access_bytes(version);

    *grant = (struct grant){.version = version, .total = bytes};
    if (bytes < behind + sizeof(struct ffa_mem_composite)) {
        return false;
    }
    read_header(grant, from);
    if (grant->access_bytes != grant_access_bytes(version) || grant->access_count != 1 ||
        grant->access_offset != grant_header_bytes(version)) {
        return false;
    }
    read_borrower(grant, from);
    grant->composite_at = grant->borrower[0].composite_offset;
    if (grant->composite_at != behind) {
        return false;
    }
    read_composite(grant, from);
    return bytes == behind + sizeof(struct ffa_mem_composite) + grant->ranges * RANGE_BYTES;
}
