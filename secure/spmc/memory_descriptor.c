/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What descriptors look like in each version, and nowhere else. Whoever wrote one may change it at
 * any time: each byte of it is read once, into what these functions return.
 */
#include "memory.h"

#define ATTRIBUTES_1_0         0xffu /* as much as version 1.0 has of them */
#define ATTRIBUTES_RESERVED(a) ((uint64_t)(a) >> 7)

static bool is_1_0(uint32_t version)
{
    return version < FFA_VERSION_1_1;
}

uint32_t spmc_header_bytes(uint32_t version)
{
    return is_1_0(version) ? sizeof(struct ffa_mem_transaction_1_0)
                           : sizeof(struct ffa_mem_transaction_1_1);
}

uint32_t spmc_access_bytes(uint32_t version)
{
    return version >= FFA_VERSION_1_2 ? sizeof(struct ffa_mem_access_1_2)
                                      : sizeof(struct ffa_mem_access_1_0);
}

static void read_1_0(const uint8_t *at, struct spmc_header *header)
{
    struct ffa_mem_transaction_1_0 wire;

    memcpy(&wire, at, sizeof(wire));
    *header = (struct spmc_header){
        .sender = wire.sender,
        .attributes = wire.attributes,
        .flags = wire.flags,
        .handle = wire.handle,
        .tag = wire.tag,
        .access_bytes = sizeof(struct ffa_mem_access_1_0),
        .access_count = wire.access_count,
        .access_offset = sizeof(wire),
        .reserved = wire.reserved | wire.reserved2,
    };
}

static void read_1_1(const uint8_t *at, struct spmc_header *header)
{
    struct ffa_mem_transaction_1_1 wire;

    memcpy(&wire, at, sizeof(wire));
    *header = (struct spmc_header){
        .sender = wire.sender,
        .attributes = wire.attributes,
        .flags = wire.flags,
        .handle = wire.handle,
        .tag = wire.tag,
        .access_bytes = wire.access_size,
        .access_count = wire.access_count,
        .access_offset = wire.access_offset,
        .reserved = wire.reserved[0] | wire.reserved[1] | wire.reserved[2],
    };
}

uint64_t spmc_accesses_end(const struct spmc_header *header)
{
    return header->access_offset + (uint64_t)header->access_count * header->access_bytes;
}

/* The form of 16 bytes is good in all versions, that of 32 since 1.2. */
static bool is_access_form(uint32_t version, uint32_t bytes)
{
    return bytes == sizeof(struct ffa_mem_access_1_0) || bytes == spmc_access_bytes(version);
}

int32_t spmc_header_read(const struct spmc_text *text, struct spmc_header *header)
{
    const uint32_t header_bytes = spmc_header_bytes(text->version);

    if (text->bytes < header_bytes) {
        return FFA_INVALID_PARAMETERS;
    }
    if (is_1_0(text->version)) {
        read_1_0(text->at, header);
    } else {
        read_1_1(text->at, header);
    }
    header->reserved |= ATTRIBUTES_RESERVED(header->attributes);
    /* Who names no endpoint has no array. */
    if (header->access_count == 0) {
        return FFA_OK;
    }
    if (!is_access_form(text->version, header->access_bytes) ||
        header->access_offset < header_bytes || header->access_offset % FFA_MEM_ACCESS_ALIGN != 0 ||
        spmc_accesses_end(header) > text->bytes) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

struct spmc_access spmc_access_read(const struct spmc_text *text, const struct spmc_header *header,
                                    uint32_t index)
{
    const uint8_t *at = text->at + header->access_offset + (uint64_t)index * header->access_bytes;
    struct ffa_mem_access_1_0 short_form;
    struct ffa_mem_access_1_2 form = {0};

    if (header->access_bytes == sizeof(form)) {
        memcpy(&form, at, sizeof(form));
    } else {
        memcpy(&short_form, at, sizeof(short_form));
        form = (struct ffa_mem_access_1_2){
            .endpoint = short_form.endpoint,
            .permissions = short_form.permissions,
            .flags = short_form.flags,
            .composite_offset = short_form.composite_offset,
            .reserved = short_form.reserved,
        };
    }
    return (struct spmc_access){
        .id = form.endpoint,
        .permissions = form.permissions,
        .flags = form.flags,
        .composite_offset = form.composite_offset,
        .impdef = {form.impdef[0], form.impdef[1]},
        .reserved = form.reserved,
    };
}

struct ffa_mem_constituent spmc_constituent_read(const uint8_t *at)
{
    struct ffa_mem_constituent constituent;

    memcpy(&constituent, at, sizeof(constituent));
    return constituent;
}

/* --- What the SPMC writes --- */

static void write_1_0(uint8_t *rx, const struct spmc_header *header)
{
    const struct ffa_mem_transaction_1_0 wire = {
        .sender = header->sender,
        .attributes = (uint8_t)(header->attributes & ATTRIBUTES_1_0 & ~FFA_MEM_ATTR_NS),
        .flags = header->flags,
        .handle = header->handle,
        .tag = header->tag,
        .access_count = header->access_count,
    };

    memcpy(rx, &wire, sizeof(wire));
}

static void write_1_1(uint8_t *rx, uint32_t version, const struct spmc_header *header)
{
    const struct ffa_mem_transaction_1_1 wire = {
        .sender = header->sender,
        .attributes = header->attributes,
        .flags = header->flags,
        .handle = header->handle,
        .tag = header->tag,
        .access_size = spmc_access_bytes(version),
        .access_count = header->access_count,
        .access_offset = sizeof(wire),
    };

    memcpy(rx, &wire, sizeof(wire));
}

void spmc_header_write(uint8_t *rx, uint32_t version, const struct spmc_header *header)
{
    if (is_1_0(version)) {
        write_1_0(rx, header);
    } else {
        write_1_1(rx, version, header);
    }
}

/* Where the shorter form ends, the longer one goes on with what the shorter one lacks. */
void spmc_access_write(uint8_t *at, uint32_t version, const struct spmc_access *access)
{
    const struct ffa_mem_access_1_0 short_form = {
        .endpoint = access->id,
        .permissions = access->permissions,
        .flags = access->flags,
        .composite_offset = access->composite_offset,
    };
    const struct ffa_mem_access_1_2 form = {
        .endpoint = access->id,
        .permissions = access->permissions,
        .flags = access->flags,
        .composite_offset = access->composite_offset,
        .impdef = {access->impdef[0], access->impdef[1]},
    };

    if (spmc_access_bytes(version) == sizeof(form)) {
        memcpy(at, &form, sizeof(form));
    } else {
        memcpy(at, &short_form, sizeof(short_form));
    }
}

/* --- How a call names a descriptor --- */

/* There are no buffers but TX here: FFA_FEATURES says so. */
int32_t spmc_text_open(const struct spmc_frame *frame, const struct spmc_pair *pair,
                       uint32_t version, struct spmc_text *text)
{
    const uint32_t bytes = (uint32_t)frame->in[1];
    const uint32_t bytes_here = (uint32_t)frame->in[2];

    if (frame->in[3] != 0 || (uint32_t)frame->in[4] != 0 || pair->rx_owner == SPMC_RX_NOBODY ||
        bytes_here > bytes || bytes_here > pair->bytes) {
        return FFA_INVALID_PARAMETERS;
    }
    *text = (struct spmc_text){.at = pair->tx, .bytes = bytes_here, .version = version};
    return FFA_OK;
}
