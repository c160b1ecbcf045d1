/* SPDX-License-Identifier: BSD-3-Clause */
#include "listing.h"

#include <string.h>

static void add(struct listing *listing, const void *bytes, size_t size)
{
    struct ffa_partition_info_1_1 entry = {0};

    if (listing->count == LISTING_MAX) {
        explore_fail("more than %u entries are listed", LISTING_MAX);
        return;
    }
    memcpy(&entry, bytes, size);
    listing->entries[listing->count++] = entry;
}

void listing_add_rx(struct listing *listing, const struct parley_regs *reply, uint32_t version,
                    const uint8_t *page)
{
    size_t bytes = version == FFA_VERSION_1_0 ? sizeof(struct ffa_partition_info_1_0)
                                              : sizeof(struct ffa_partition_info_1_1);
    uint64_t count = reply->x[2];

    EXPECT(reply->x[3] == (version == FFA_VERSION_1_0 ? 0 : bytes), "w3 is not an entry's size");
    EXPECT(count * bytes <= FFA_PAGE_SIZE, "more entries than fit");
    for (uint64_t i = 0; i < count && listing->count < LISTING_MAX; i++) {
        add(listing, page + i * bytes, bytes);
    }
    for (uint64_t i = count * bytes; i < FFA_PAGE_SIZE; i++) {
        EXPECT(page[i] == 0, "byte %u of RX, behind the entries, is not zero", (unsigned int)i);
    }
}

void listing_add_regs(struct listing *listing, const struct parley_regs *reply)
{
    unsigned int first = listing->count;
    unsigned int current = ffa_info_regs_out_current(reply->x[2]);
    unsigned int last = ffa_info_regs_out_last(reply->x[2]);

    EXPECT(current >= first && current <= last &&
               current - first < FFA_PARTITION_INFO_GET_REGS_DESC_MAX,
           "from entry %u on, entries up to %u of %u are returned", first, current, last);
    listing->is_cut = current != last;
    for (unsigned int i = 0; first + i <= current && i < FFA_PARTITION_INFO_GET_REGS_DESC_MAX;
         i++) {
        add(listing, &reply->x[3 + i * FFA_PARTITION_INFO_GET_REGS_PER_DESC],
            sizeof(struct ffa_partition_info_1_1));
    }
}

unsigned int entries_of_life(const struct life *life, uint32_t caller_version)
{
    return life->uuids == 0 || caller_version < FFA_VERSION_1_2 ? 1 : life->uuids;
}

/* The entry that a caller must see of a life's UUID. */
static struct ffa_partition_info_1_1 entry_of(const struct life *life, unsigned int index,
                                              uint32_t caller_version)
{
    struct ffa_partition_info_1_1 entry = {.id = life->id, .contexts = life->vcpus};

    if (caller_version == FFA_VERSION_1_0) {
        return entry;
    }
    if (life->is_aarch64 && life->version >= FFA_VERSION_1_1) {
        entry.properties = FFA_PARTITION_AARCH64;
    }
    if (life->uuids != 0) {
        entry.uuid = world_uuid(life->seed, index);
    }
    return entry;
}

static bool is_life(const struct listing *listing, unsigned int from, const struct life *life,
                    uint32_t caller_version)
{
    unsigned int entries = entries_of_life(life, caller_version);
    unsigned int left = listing->count - from;

    if (entries > left) {
        if (!listing->is_cut) {
            return false;
        }
        entries = left;
    }
    for (unsigned int i = 0; i < entries; i++) {
        struct ffa_partition_info_1_1 entry = entry_of(life, i, caller_version);

        if (memcmp(&listing->entries[from + i], &entry, sizeof(entry)) != 0) {
            return false;
        }
    }
    return true;
}

/* The life that starts at an entry of the listing; `count` if none does. */
static unsigned int life_at(const struct listing *listing, unsigned int from,
                            const struct life *lives, unsigned int count, uint32_t caller_version)
{
    for (unsigned int i = 0; i < count; i++) {
        if (is_life(listing, from, &lives[i], caller_version)) {
            return i;
        }
    }
    return count;
}

unsigned int lives_in(const struct listing *listing, const struct life *lives, unsigned int count,
                      uint32_t caller_version)
{
    unsigned int set = 0;
    uint16_t last_id = 0;

    for (unsigned int from = 0; from < listing->count;) {
        unsigned int life = life_at(listing, from, lives, count, caller_version);

        if (life == count) {
            explore_fail("entry %u, of VM %u, does not start a whole life", from,
                         listing->entries[from].id);
            return 0;
        }
        EXPECT(lives[life].id > last_id, "VM %u is listed after VM %u", lives[life].id, last_id);
        last_id = lives[life].id;
        set |= 1u << life;
        from += entries_of_life(&lives[life], caller_version);
    }
    return set;
}
