/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grant.h"

#define HEADER_1_0 32u
#define HEADER_1_1 48u

static void put(uint8_t *to, uint64_t value, unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t get(const uint8_t *from, unsigned int bytes)
{
    uint64_t value = 0;

    for (unsigned int i = 0; i < bytes; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

static struct parley_vm_status status_of(const struct posix_vm *vm)
{
    struct parley_vm_status status;

    parley_vm_status(posix_vm_parley(vm), &status);
    return status;
}

uint16_t id_of(const struct posix_vm *vm)
{
    return status_of(vm).id;
}

uint64_t page_of(const struct posix_vm *vm, unsigned int n)
{
    return posix_vm_ram_ipa(vm) + (uint64_t)n * FFA_PAGE_SIZE;
}

/* --- Descriptions ----------------------------------------------------------------------------- */

static struct grant grant_to(const struct posix_vm *owner, uint16_t id, uint64_t ipa,
                             uint32_t pages)
{
    return (struct grant){
        .owner = id_of(owner),
        .borrower = {{.id = id}},
        .borrowers = 1,
        .one = {.address = ipa, .page_count = pages},
        .ranges = 1,
    };
}

struct grant share_with(const struct posix_vm *owner, uint16_t id, uint64_t ipa, uint32_t pages)
{
    struct grant grant = grant_to(owner, id, ipa, pages);

    grant.attributes = FFA_MEM_ATTR_NORMAL_WB_INNER;
    grant.borrower[0].permissions = DATA_RW;
    return grant;
}

struct grant lend_to(const struct posix_vm *owner, uint16_t id, uint64_t ipa, uint32_t pages)
{
    struct grant grant = grant_to(owner, id, ipa, pages);

    grant.borrower[0].permissions = DATA_RW;
    return grant;
}

struct grant give_to(const struct posix_vm *owner, uint16_t id, uint64_t ipa, uint32_t pages)
{
    return grant_to(owner, id, ipa, pages);
}

void also_to(struct grant *grant, uint16_t id, uint8_t permissions)
{
    grant->borrower[grant->borrowers++] =
        (struct grant_borrower){.id = id, .permissions = permissions};
    grant->attributes = FFA_MEM_ATTR_NORMAL_WB_INNER;
}

/* Where things are in a layout. */
struct shape {
    uint32_t header;
    uint32_t access_size;
    uint32_t access;
    uint32_t composite;
};

static uint32_t or_else(uint32_t value, uint32_t usual)
{
    return value != 0 ? value : usual;
}

static struct shape shape_of(const struct grant *grant, uint32_t version)
{
    struct shape shape;

    shape.header = version == FFA_VERSION_1_0 ? HEADER_1_0 : HEADER_1_1;
    shape.access_size = or_else(grant->access_size, version >= FFA_VERSION_1_2 ? 32 : 16);
    shape.access = or_else(grant->access_offset, shape.header);
    shape.composite =
        or_else(grant->composite_offset, shape.access + shape.access_size * grant->borrowers);
    return shape;
}

static void write_header(const struct grant *grant, const struct shape *shape, uint8_t *to)
{
    put(to, grant->owner, 2);
    put(to + 2, grant->attributes, 2);
    put(to + 4, grant->flags, 4);
    put(to + 8, grant->handle, 8);
    put(to + 16, grant->tag, 8);
    put(to + 28, grant->borrowers, 4);
    if (shape->header != HEADER_1_0) {
        put(to + 24, shape->access_size, 4);
        put(to + 32, shape->access, 4);
    }
}

static void write_borrowers(const struct grant *grant, const struct shape *shape, uint8_t *to)
{
    for (unsigned int i = 0; i < grant->borrowers; i++) {
        const struct grant_borrower *borrower = &grant->borrower[i];
        uint8_t *at = to + shape->access + (size_t)i * shape->access_size;

        put(at, borrower->id, 2);
        put(at + 2, borrower->permissions, 1);
        put(at + 3, borrower->flags, 1);
        put(at + 4, grant->ranges != 0 ? shape->composite : 0, 4);
        if (shape->access_size == 32) {
            put(at + 8, borrower->impdef[0], 8);
            put(at + 16, borrower->impdef[1], 8);
        }
    }
}

/* Its end. */
static uint32_t write_ranges(const struct grant *grant, const struct shape *shape, uint8_t *to)
{
    const struct ffa_mem_constituent *range = grant->range != NULL ? grant->range : &grant->one;
    uint32_t at = shape->composite + 16;
    uint32_t pages = 0;

    for (unsigned int i = 0; i < grant->ranges; i++, at += 16) {
        put(to + at, range[i].address, 8);
        put(to + at + 8, range[i].page_count, 4);
        put(to + at + 12, range[i].reserved, 4);
        pages += range[i].page_count;
    }
    put(to + shape->composite, or_else(grant->pages, pages), 4);
    put(to + shape->composite + 4, grant->ranges, 4);
    return at;
}

uint32_t grant_write(const struct posix_vm *vm, const struct grant *grant, uint8_t *to)
{
    struct parley_vm_status status = status_of(vm);
    struct shape shape = shape_of(grant, or_else(grant->version, status.version));
    uint32_t end = shape.access + shape.access_size * grant->borrowers;
    uint32_t bytes = (grant->ranges != 0 ? shape.composite + 16 + 16 * grant->ranges : end);

    memset(to, 0, bytes);
    write_header(grant, &shape, to);
    write_borrowers(grant, &shape, to);
    return grant->ranges != 0 ? write_ranges(grant, &shape, to) : end;
}

/* --- Sending ---------------------------------------------------------------------------------- */

unsigned int buffer_bytes(const struct posix_vm *vm)
{
    /* The pages of map_buffers() are those that Parley has pinned, of two buffers. */
    return posix_vm_pins(vm) / 2 * FFA_PAGE_SIZE;
}

uint64_t handle_of(const struct answer *answer)
{
    unsigned int first = answer->fid == FFA_MEM_FRAG_RX ? 1 : 2;

    return answer->regs.x[first] | answer->regs.x[first + 1] << 32;
}

static struct answer send_fragment(struct posix_vm *vm, const struct answer *wanted,
                                   const uint8_t *bytes, uint32_t count)
{
    memcpy(posix_vm_at(vm, tx_ipa(vm)), bytes, count);
    return CALL(vm, FFA_MEM_FRAG_TX, wanted->regs.x[1], wanted->regs.x[2], count, 0);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct answer send_bytes(struct posix_vm *vm, uint32_t fid, const uint8_t *bytes, uint32_t total,
                         uint32_t fragment)
{
    uint32_t most = or_else(fragment, buffer_bytes(vm));
    uint32_t sent = smaller(total, most);
    struct answer answer;
    uint64_t handle;

    memcpy(posix_vm_at(vm, tx_ipa(vm)), bytes, sent);
    answer = CALL(vm, fid, total, sent, 0, 0);
    handle = handle_of(&answer);
    while (answer.fid == FFA_MEM_FRAG_RX) {
        uint32_t count = smaller(total - sent, most);

        if (handle_of(&answer) != handle || answer.regs.x[3] != sent || count == 0) {
            posix_violation("%s: more is wanted of %#llx from %llu on, not of %#llx from %u",
                            posix_vm_name(vm), (unsigned long long)handle_of(&answer),
                            (unsigned long long)answer.regs.x[3], (unsigned long long)handle, sent);
            return answer;
        }
        answer = send_fragment(vm, &answer, bytes + sent, count);
        sent += count;
    }
    if (answer.status == FFA_OK &&
        (sent != total || (total > most && handle_of(&answer) != handle))) {
        posix_violation("%s: the end of a send comes too early, or with another handle",
                        posix_vm_name(vm));
    }
    return answer;
}

struct answer grant_send(struct posix_vm *vm, uint32_t fid, const struct grant *grant)
{
    static _Thread_local uint8_t bytes[GRANT_BYTES_MAX];
    uint32_t total = grant_write(vm, grant, bytes);

    return send_bytes(vm, fid, bytes, total, 0);
}

/* --- Retrieving ------------------------------------------------------------------------------- */

static void complain(const struct posix_vm *vm, const char *what)
{
    posix_violation("%s: FFA_MEM_RETRIEVE_RESP: %s", posix_vm_name(vm), what);
}

static bool are_zero(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* The header; where the first endpoint's part is. */
static uint32_t read_header(const struct posix_vm *vm, const uint8_t *rx, uint32_t version,
                            struct retrieved *got)
{
    uint32_t access_size = version >= FFA_VERSION_1_2 ? 32 : 16;

    got->owner = (uint16_t)get(rx, 2);
    got->attributes = (uint16_t)get(rx + 2, 2);
    got->flags = (uint32_t)get(rx + 4, 4);
    got->handle = get(rx + 8, 8);
    got->tag = get(rx + 16, 8);
    got->borrowers = (uint32_t)get(rx + 28, 4);
    if (version == FFA_VERSION_1_0) {
        if (rx[3] != 0 || !are_zero(rx + 24, 4)) {
            complain(vm, "what is reserved in the header is not zero");
        }
        return HEADER_1_0;
    }
    if (get(rx + 24, 4) != access_size || !are_zero(rx + 36, 12) || get(rx + 32, 4) % 16 != 0) {
        complain(vm, "the header is not that of the version");
    }
    return (uint32_t)get(rx + 32, 4);
}

static void read_composite(const struct posix_vm *vm, const uint8_t *rx, uint32_t at,
                           struct retrieved *got)
{
    uint64_t pages = 0;

    got->pages = (uint32_t)get(rx + at, 4);
    got->ranges = (uint32_t)get(rx + at + 4, 4);
    if (!are_zero(rx + at + 8, 8) || got->bytes != at + 16 + 16 * got->ranges) {
        complain(vm, "the length does not fit the ranges, or a reserved word is not zero");
        return;
    }
    for (uint32_t i = 0; i < got->ranges; i++) {
        const uint8_t *range = rx + at + 16 + (size_t)i * 16;

        pages += get(range + 8, 4);
        if (!are_zero(range + 12, 4)) {
            complain(vm, "a range has something reserved that is not zero");
        }
        if (i < RETRIEVED_RANGES) {
            got->range[i].address = get(range, 8);
            got->range[i].page_count = (uint32_t)get(range + 8, 4);
        }
    }
    if (pages != got->pages) {
        complain(vm, "the ranges do not add up");
    }
}

static void read_answer(const struct posix_vm *vm, const uint8_t *rx, uint32_t version,
                        struct retrieved *got)
{
    uint32_t at = read_header(vm, rx, version, got);
    uint32_t access_size = version >= FFA_VERSION_1_2 ? 32 : 16;

    got->borrower.id = (uint16_t)get(rx + at, 2);
    got->borrower.permissions = rx[at + 2];
    got->borrower.flags = rx[at + 3];
    if (access_size == 32) {
        got->borrower.impdef[0] = get(rx + at + 8, 8);
        got->borrower.impdef[1] = get(rx + at + 16, 8);
    }
    if (!are_zero(rx + at + access_size - 8, 8)) {
        complain(vm, "a reserved word of the borrower's is not zero");
    }
    if (get(rx + at + 4, 4) < at + access_size) {
        complain(vm, "the ranges are not behind the borrower");
        return;
    }
    read_composite(vm, rx, (uint32_t)get(rx + at + 4, 4), got);
}

struct retrieved retrieve_with(struct posix_vm *vm, const struct grant *request)
{
    uint8_t *rx = posix_vm_at(vm, rx_ipa(vm, buffer_bytes(vm) / FFA_PAGE_SIZE));
    uint32_t total = grant_write(vm, request, posix_vm_at(vm, tx_ipa(vm)));
    struct retrieved got = {.status = FFA_OK};
    struct answer answer;

    memset(rx, 0x5a, buffer_bytes(vm));
    answer = CALL(vm, FFA_MEM_RETRIEVE_REQ_32, total, total, 0, 0);
    got.status = answer.status;
    if (answer.fid != FFA_MEM_RETRIEVE_RESP) {
        return got;
    }
    got.bytes = (uint32_t)answer.regs.x[1];
    if (answer.regs.x[2] != got.bytes || got.bytes > buffer_bytes(vm)) {
        complain(vm, "it does not come in one piece");
        return got;
    }
    read_answer(vm, rx, status_of(vm).version, &got);
    if (CALL(vm, FFA_RX_RELEASE, 0).status != FFA_OK) {
        complain(vm, "RX cannot be released");
    }
    return got;
}

struct grant request_for(const struct posix_vm *vm, const struct grant *grant, uint64_t handle)
{
    struct grant request = *grant;

    request.version = 0;
    request.access_size = 0;
    request.access_offset = 0;
    request.composite_offset = 0;
    request.attributes = 0;
    request.flags = 0;
    request.handle = handle;
    request.ranges = 0;
    for (unsigned int i = 0; i < request.borrowers; i++) {
        if (request.borrower[i].id != id_of(vm)) {
            request.borrower[i].flags = FFA_MEM_ACCESS_NON_RETRIEVAL;
        }
    }
    return request;
}

struct retrieved retrieve(struct posix_vm *vm, const struct grant *grant, uint64_t handle)
{
    struct grant request = request_for(vm, grant, handle);

    return retrieve_with(vm, &request);
}

/* --- Ends ------------------------------------------------------------------------------------- */

int32_t relinquish(struct posix_vm *vm, uint64_t handle, uint32_t flags)
{
    uint8_t *tx = posix_vm_at(vm, tx_ipa(vm));

    put(tx, handle, 8);
    put(tx + 8, flags, 4);
    put(tx + 12, 1, 4);
    put(tx + 16, id_of(vm), 2);
    return CALL(vm, FFA_MEM_RELINQUISH).status;
}

int32_t reclaim(struct posix_vm *vm, uint64_t handle, uint32_t flags)
{
    return CALL(vm, FFA_MEM_RECLAIM, (uint32_t)handle, handle >> 32, flags).status;
}

/* --- Contents --------------------------------------------------------------------------------- */

bool can_read(const struct posix_vm *vm, uint64_t ipa, uint32_t pages)
{
    uint8_t byte;

    for (uint64_t at = ipa; at < ipa + (uint64_t)pages * FFA_PAGE_SIZE; at += FFA_PAGE_SIZE) {
        if (!posix_vm_read(vm, at, &byte) || !posix_vm_read(vm, at + FFA_PAGE_SIZE - 1, &byte)) {
            return false;
        }
    }
    return true;
}

bool can_write(const struct posix_vm *vm, uint64_t ipa, uint32_t pages)
{
    uint8_t byte;

    for (uint64_t at = ipa; at < ipa + (uint64_t)pages * FFA_PAGE_SIZE; at += FFA_PAGE_SIZE) {
        if (!posix_vm_read(vm, at, &byte) || !posix_vm_write(vm, at, byte)) {
            return false;
        }
    }
    return true;
}

bool cannot_touch(const struct posix_vm *vm, uint64_t ipa, uint32_t pages)
{
    uint8_t byte;

    for (uint64_t at = ipa; at < ipa + (uint64_t)pages * FFA_PAGE_SIZE; at += FFA_PAGE_SIZE) {
        if (posix_vm_read(vm, at + 17, &byte) || posix_vm_write(vm, at + 4000, 0)) {
            return false;
        }
    }
    return true;
}

static uint8_t shade(uint64_t offset, uint8_t colour)
{
    return (uint8_t)(colour + offset / FFA_PAGE_SIZE * 29 + offset % 101);
}

void paint(const struct posix_vm *vm, uint64_t ipa, uint32_t pages, uint8_t colour)
{
    uint8_t *at = posix_vm_at(vm, ipa);

    for (uint64_t i = 0; i < (uint64_t)pages * FFA_PAGE_SIZE; i++) {
        at[i] = shade(i, colour);
    }
}

bool is_painted(const struct posix_vm *vm, uint64_t ipa, uint32_t pages, uint8_t colour)
{
    const uint8_t *at = posix_vm_at(vm, ipa);

    for (uint64_t i = 0; i < (uint64_t)pages * FFA_PAGE_SIZE; i++) {
        if (at[i] != shade(i, colour)) {
            return false;
        }
    }
    return true;
}

bool is_zero(const struct posix_vm *vm, uint64_t ipa, uint32_t pages)
{
    return are_zero(posix_vm_at(vm, ipa), pages * FFA_PAGE_SIZE);
}
