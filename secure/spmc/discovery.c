/* SPDX-License-Identifier: BSD-3-Clause */
/* Partition discovery, through the RX buffer or in registers (FF-A 1.2, 6.2, 13.8 and 13.9). */
#include "internal.h"

#define PROPERTIES_1_0 (FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND)
#define PROPERTIES_1_1                                                                 \
    (PROPERTIES_1_0 | FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV |   \
     FFA_PARTITION_TYPE_MASK | FFA_PARTITION_VM_CREATED | FFA_PARTITION_VM_DESTROYED | \
     FFA_PARTITION_AARCH64)
#define PROPERTIES_1_2 \
    (PROPERTIES_1_1 | FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND)

/*
 * The table never changes while the SPMC runs, so its tag never does. Not zero, so that a caller
 * that loses it is found out.
 */
#define LIST_TAG 0x5eedu

/* What later versions have put behind an entry: nobody who does not know it may take it for one. */
#define LATER_FIELDS 0xa5

/* Walks the entries that answer one query. */
struct walk {
    const struct spmc *spmc;
    const struct ffa_uuid *wanted; /* nil: all */
    unsigned int partition;
    unsigned int uuid;
};

static void walk_start(struct walk *walk, const struct spmc *spmc, const struct ffa_uuid *wanted)
{
    *walk = (struct walk){.spmc = spmc, .wanted = wanted};
}

static uint32_t properties_seen(const struct spmc *spmc, uint32_t properties)
{
    switch (spmc->version) {
    case FFA_VERSION_1_0:
        return properties & PROPERTIES_1_0;
    case FFA_VERSION_1_1:
        return properties & PROPERTIES_1_1;
    default:
        return properties & PROPERTIES_1_2;
    }
}

/*
 * A partition that offers several protocols is one entry for each, for callers since 1.2 that ask
 * for everything; older ones, who take an ID to show once, get its first.
 */
static bool wants(const struct walk *walk, const struct spmc_partition *partition,
                  unsigned int uuid)
{
    if (!ffa_uuid_is_nil(walk->wanted)) {
        return ffa_uuid_equal(walk->wanted, &partition->uuids[uuid]);
    }
    return uuid == 0 || walk->spmc->version >= FFA_VERSION_1_2;
}

static void describe(const struct walk *walk, const struct spmc_partition *partition,
                     unsigned int uuid, struct ffa_partition_info_1_1 *entry)
{
    memset(entry, 0, sizeof(*entry));
    entry->id = partition->id;
    entry->contexts = partition->contexts;
    entry->properties = properties_seen(walk->spmc, partition->properties);
    if (ffa_uuid_is_nil(walk->wanted)) {
        entry->uuid = partition->uuids[uuid];
    }
}

/* Gives the next entry, or returns false at the end. */
static bool walk_next(struct walk *walk, struct ffa_partition_info_1_1 *entry)
{
    const struct spmc_config *config = &walk->spmc->config;

    for (; walk->partition < config->partition_count; walk->partition++, walk->uuid = 0) {
        const struct spmc_partition *partition = &config->partitions[walk->partition];

        while (walk->uuid < partition->uuid_count) {
            unsigned int uuid = walk->uuid++;

            if (wants(walk, partition, uuid)) {
                describe(walk, partition, uuid, entry);
                return true;
            }
        }
    }
    return false;
}

static uint32_t entries_count(const struct spmc *spmc, const struct ffa_uuid *wanted)
{
    struct ffa_partition_info_1_1 entry;
    struct walk walk;
    uint32_t count = 0;

    walk_start(&walk, spmc, wanted);
    while (walk_next(&walk, &entry)) {
        count++;
    }
    return count;
}

static size_t later_bytes(const struct spmc *spmc)
{
    const size_t bytes = spmc->config.entry_bytes;

    return bytes > sizeof(struct ffa_partition_info_1_1) ? bytes
                                                         : sizeof(struct ffa_partition_info_1_1);
}

/* Fills RX and clears what is left of it: nothing of an earlier answer stays behind. */
static void fill_rx(struct spmc *spmc, const struct ffa_uuid *wanted, size_t entry_bytes)
{
    struct ffa_partition_info_1_1 entry;
    struct walk walk;
    uint8_t *rx = spmc->own.rx;
    size_t used = 0;

    walk_start(&walk, spmc, wanted);
    while (walk_next(&walk, &entry)) {
        const size_t known = entry_bytes < sizeof(entry) ? entry_bytes : sizeof(entry);

        memcpy(rx + used, &entry, known);
        memset(rx + used + known, LATER_FIELDS, entry_bytes - known);
        used += entry_bytes;
    }
    memset(rx + used, 0, spmc->own.bytes - used);
    spmc->own.rx_owner = SPMC_RX_CALLER;
}

int32_t spmc_partition_info_get(struct spmc *spmc, struct spmc_frame *frame)
{
    const struct ffa_uuid wanted =
        ffa_uuid_from_u32((uint32_t)frame->in[1], (uint32_t)frame->in[2], (uint32_t)frame->in[3],
                          (uint32_t)frame->in[4]);
    const uint64_t flags = frame->in[5];
    const bool is_1_0 = spmc->version == FFA_VERSION_1_0;
    /* The descriptor of 1.0 is how that of 1.1 begins. */
    const size_t entry_bytes = is_1_0 ? sizeof(struct ffa_partition_info_1_0) : later_bytes(spmc);
    uint32_t count;

    if ((flags & ~(is_1_0 ? 0u : (uint64_t)FFA_PARTITION_INFO_GET_COUNT_ONLY)) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    count = entries_count(spmc, &wanted);
    if (count == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    frame->out[2] = count;
    if (flags == FFA_PARTITION_INFO_GET_COUNT_ONLY) {
        return FFA_OK;
    }
    if (spmc->own.rx_owner != SPMC_RX_SPMC) {
        return FFA_BUSY;
    }
    if (count > spmc->own.bytes / entry_bytes) {
        return FFA_NO_MEMORY;
    }
    fill_rx(spmc, &wanted, entry_bytes);
    frame->out[3] = is_1_0 ? 0 : entry_bytes;
    return FFA_OK;
}

static void put_entry(uint64_t *regs, const struct ffa_partition_info_1_1 *entry)
{
    regs[0] = ffa_info_regs_desc_make(entry->id, entry->contexts, entry->properties);
    regs[1] = ffa_uuid_to_u64(&entry->uuid, 0);
    regs[2] = ffa_uuid_to_u64(&entry->uuid, 1);
}

/* Puts the entries from `start` on into the answer, as many as fit, and returns how many. */
static uint32_t fill_regs(const struct spmc *spmc, const struct ffa_uuid *wanted, uint32_t start,
                          uint64_t out[FFA_REGS_MAX])
{
    struct ffa_partition_info_1_1 entry;
    struct walk walk;
    uint32_t given = 0;

    walk_start(&walk, spmc, wanted);
    for (uint32_t i = 0; given < FFA_PARTITION_INFO_GET_REGS_DESC_MAX && walk_next(&walk, &entry);
         i++) {
        if (i >= start) {
            put_entry(&out[3 + given * FFA_PARTITION_INFO_GET_REGS_PER_DESC], &entry);
            given++;
        }
    }
    return given;
}

int32_t spmc_partition_info_get_regs(struct spmc *spmc, struct spmc_frame *frame)
{
    const struct ffa_uuid wanted = ffa_uuid_from_u64(frame->in[1], frame->in[2]);
    const uint16_t start = ffa_info_regs_in_start(frame->in[3]);
    const uint16_t tag = ffa_info_regs_in_tag(frame->in[3]);
    const uint32_t count = entries_count(spmc, &wanted);
    uint32_t given;

    if (spmc_refuses_reserved(spmc, frame->in[3] >> 32) ||
        (start == 0 && spmc_refuses_reserved(spmc, tag))) {
        return FFA_INVALID_PARAMETERS;
    }
    if (start != 0 && tag != LIST_TAG) {
        return FFA_RETRY;
    }
    if (start >= count) {
        return FFA_INVALID_PARAMETERS;
    }
    given = fill_regs(spmc, &wanted, start, frame->out);
    frame->out[0] = FFA_SUCCESS_64;
    frame->out[2] = ffa_info_regs_out_make((uint16_t)(count - 1), (uint16_t)(start + given - 1),
                                           LIST_TAG, sizeof(struct ffa_partition_info_1_1));
    return FFA_OK;
}
