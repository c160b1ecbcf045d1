/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the structures of memory management look like in which version (FF-A memory management 1.2,
 * chapter 1.10; FF-A 1.0, 5.12). The rest of the mediator sees the internal form.
 */
#include "internal.h"

size_t parley_layout_transaction_bytes(enum parley_version version)
{
    return version == VERSION_1_0 ? sizeof(struct ffa_mem_transaction_1_0)
                                  : sizeof(struct ffa_mem_transaction_1_1);
}

/* Without what came later: there was no NS bit. */
#define ATTRIBUTES_1_0 (FFA_MEM_ATTR_TYPE_MASK | FFA_MEM_ATTR_CACHE_MASK | FFA_MEM_ATTR_SHARE_MASK)

static void decode_1_0(const uint8_t *bytes, struct memory_header *header)
{
    struct ffa_mem_transaction_1_0 wire;

    parley_copy(&wire, bytes, sizeof(wire));
    *header = (struct memory_header){
        .sender = wire.sender,
        .attributes = wire.attributes & ATTRIBUTES_1_0,
        .flags = wire.flags,
        .handle = wire.handle,
        .tag = wire.tag,
        .access_bytes = sizeof(struct ffa_mem_access_1_0),
        .access_count = wire.access_count,
        .access_offset = sizeof(wire),
    };
}

void parley_layout_transaction_decode(const uint8_t *bytes, enum parley_version version,
                                      struct memory_header *header)
{
    struct ffa_mem_transaction_1_1 wire;

    if (version == VERSION_1_0) {
        decode_1_0(bytes, header);
        return;
    }
    parley_copy(&wire, bytes, sizeof(wire));
    *header = (struct memory_header){
        .sender = wire.sender,
        .attributes = wire.attributes,
        .flags = wire.flags,
        .handle = wire.handle,
        .tag = wire.tag,
        .access_bytes = wire.access_size,
        .access_count = wire.access_count,
        .access_offset = wire.access_offset,
    };
}

void parley_layout_transaction_encode(const struct memory_header *header,
                                      enum parley_version version, uint8_t *bytes)
{
    if (version == VERSION_1_0) {
        struct ffa_mem_transaction_1_0 wire = {
            .sender = header->sender,
            .attributes = (uint8_t)header->attributes,
            .flags = header->flags,
            .handle = header->handle,
            .tag = header->tag,
            .access_count = header->access_count,
        };

        parley_copy(bytes, &wire, sizeof(wire));
        return;
    }

    struct ffa_mem_transaction_1_1 wire = {
        .sender = header->sender,
        .attributes = header->attributes,
        .flags = header->flags,
        .handle = header->handle,
        .tag = header->tag,
        .access_size = header->access_bytes,
        .access_count = header->access_count,
        .access_offset = header->access_offset,
    };

    parley_copy(bytes, &wire, sizeof(wire));
}

uint32_t parley_layout_access_bytes(enum parley_version version)
{
    return version >= VERSION_1_2 ? sizeof(struct ffa_mem_access_1_2)
                                  : sizeof(struct ffa_mem_access_1_0);
}

/* The size tells the form, whatever the version. The short one is the start of the long one. */
void parley_layout_access_decode(const uint8_t *bytes, uint32_t access_bytes,
                                 struct memory_access *access)
{
    struct ffa_mem_access_1_2 wire = {0};

    if (access_bytes == sizeof(wire)) {
        parley_copy(&wire, bytes, sizeof(wire));
    } else {
        parley_copy(&wire, bytes, offsetof(struct ffa_mem_access_1_2, impdef));
    }
    *access = (struct memory_access){
        .endpoint = wire.endpoint,
        .permissions = wire.permissions,
        .flags = wire.flags,
        .composite_offset = wire.composite_offset,
        .impdef = {wire.impdef[0], wire.impdef[1]},
    };
}

void parley_layout_access_encode(const struct memory_access *access, uint32_t access_bytes,
                                 uint8_t *bytes)
{
    struct ffa_mem_access_1_2 wire = {
        .endpoint = access->endpoint,
        .permissions = access->permissions,
        .flags = access->flags,
        .composite_offset = access->composite_offset,
    };

    if (access_bytes == sizeof(wire)) {
        wire.impdef[0] = access->impdef[0];
        wire.impdef[1] = access->impdef[1];
    }
    parley_copy(bytes, &wire, access_bytes);
}

void parley_layout_composite_decode(const uint8_t *bytes, struct memory_composite *composite)
{
    struct ffa_mem_composite wire;

    parley_copy(&wire, bytes, sizeof(wire));
    *composite =
        (struct memory_composite){.pages = wire.page_count, .ranges = wire.constituent_count};
}

void parley_layout_composite_encode(const struct memory_composite *composite, uint8_t *bytes)
{
    struct ffa_mem_composite wire = {.page_count = composite->pages,
                                     .constituent_count = composite->ranges};

    parley_copy(bytes, &wire, sizeof(wire));
}

void parley_layout_constituent_decode(const uint8_t *bytes, struct memory_range *range)
{
    struct ffa_mem_constituent wire;

    parley_copy(&wire, bytes, sizeof(wire));
    *range = (struct memory_range){.address = wire.address, .pages = wire.page_count};
}

void parley_layout_constituent_encode(const struct memory_range *range, uint8_t *bytes)
{
    struct ffa_mem_constituent wire = {.address = range->address, .page_count = range->pages};

    parley_copy(bytes, &wire, sizeof(wire));
}
