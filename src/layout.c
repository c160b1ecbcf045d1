/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one place that knows what a structure looks like in which version. The rest of the mediator
 * sees the internal form. FF-A's structures are little-endian, as is every machine that this runs
 * on.
 */
#include "internal.h"

#ifdef __BYTE_ORDER__
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "FF-A is little-endian");
#endif

/* The byte stream, in registers little-endian (FF-A 1.2, 6.2.3.2), is the same stream in memory. */
struct uuid parley_layout_uuid_decode(const struct ffa_uuid *bytes)
{
    struct uuid uuid;

    parley_copy(&uuid, bytes, sizeof(uuid));
    return uuid;
}

struct ffa_uuid parley_layout_uuid_encode(const struct uuid *uuid)
{
    struct ffa_uuid bytes;

    parley_copy(&bytes, uuid, sizeof(bytes));
    return bytes;
}

size_t parley_layout_partition_bytes(enum parley_version version)
{
    return version == VERSION_1_0 ? sizeof(struct ffa_partition_info_1_0)
                                  : sizeof(struct ffa_partition_info_1_1);
}

void parley_layout_partition_encode(const struct partition_entry *entry,
                                    enum parley_version version, uint8_t *bytes)
{
    /* 1.1 put the UUID behind the descriptor of 1.0 and left the rest as it was. */
    struct ffa_partition_info_1_1 info = {
        .id = entry->id,
        .contexts = entry->contexts,
        .properties = entry->properties,
        .uuid = parley_layout_uuid_encode(&entry->uuid),
    };

    parley_copy(bytes, &info, parley_layout_partition_bytes(version));
}

void parley_layout_partition_decode(const uint8_t *bytes, struct partition_entry *entry)
{
    struct ffa_partition_info_1_1 info;

    parley_copy(&info, bytes, sizeof(info));
    *entry = (struct partition_entry){
        .id = info.id,
        .contexts = info.contexts,
        .properties = info.properties,
        .uuid = parley_layout_uuid_decode(&info.uuid),
    };
}

void parley_layout_partition_to_regs(const struct partition_entry *entry, uint64_t *regs)
{
    regs[0] = ffa_info_regs_desc_make(entry->id, entry->contexts, entry->properties);
    regs[1] = entry->uuid.low;
    regs[2] = entry->uuid.high;
}

/* --- The header of an indirect message (FF-A 1.2, 7.5) -------------------- */

size_t parley_layout_message_bytes(enum parley_version version)
{
    return version >= VERSION_1_2 ? sizeof(struct ffa_msg_header_1_2)
                                  : sizeof(struct ffa_msg_header_1_1);
}

void parley_layout_message_decode(const uint8_t *bytes, enum parley_version version,
                                  struct message *message)
{
    /* 1.2 put the UUID behind the header of 1.1 and left the rest as it was. */
    struct ffa_msg_header_1_2 header = {0};

    parley_copy(&header, bytes, parley_layout_message_bytes(version));
    *message = (struct message){
        .sender = ffa_ids_sender(header.ids),
        .receiver = ffa_ids_receiver(header.ids),
        .payload_offset = header.payload_offset,
        .payload_bytes = header.payload_size,
        .uuid = parley_layout_uuid_decode(&header.uuid),
    };
}

void parley_layout_message_encode(const struct message *message, enum parley_version version,
                                  uint8_t *bytes)
{
    struct ffa_msg_header_1_2 header = {
        .payload_offset = (uint32_t)parley_layout_message_bytes(version),
        .ids = ffa_ids_make(message->sender, message->receiver),
        .payload_size = message->payload_bytes,
        .uuid = parley_layout_uuid_encode(&message->uuid),
    };

    parley_copy(bytes, &header, parley_layout_message_bytes(version));
}

/* --- The RX/TX pair of a VM, for the SPMC (FF-A 1.2, 13.5.1) -------------- */

struct rxtx_wire {
    struct ffa_rxtx_descriptor_1_1 header;
    uint32_t padding; /* composites are aligned to 8 bytes */
    struct {
        struct ffa_mem_composite composite;
        struct ffa_mem_constituent constituent;
    } rx, tx;
};

void parley_layout_rxtx_encode(uint16_t vm, parley_pa rx, parley_pa tx, unsigned int pages,
                               uint8_t *bytes)
{
    struct rxtx_wire wire = {
        .header = {.endpoint = vm,
                   .rx_offset = offsetof(struct rxtx_wire, rx),
                   .tx_offset = offsetof(struct rxtx_wire, tx)},
        .rx = {{.page_count = pages, .constituent_count = 1},
               {.address = rx.value, .page_count = pages}},
        .tx = {{.page_count = pages, .constituent_count = 1},
               {.address = tx.value, .page_count = pages}},
    };

    parley_copy(bytes, &wire, sizeof(wire));
}
