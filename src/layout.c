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
