/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM is told of the others, taken apart again, and compared with what it may be: the entries
 * of some of the lives that a test knows, each of them whole.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_LISTING_H
#define PARLEY_TESTS_INTERLEAVE_LISTING_H

#include "world.h"

#define LISTING_MAX 16u

struct listing {
    bool is_cut; /* more pages would follow: the last life may be there in part */
    unsigned int count;
    struct ffa_partition_info_1_1 entries[LISTING_MAX];
};

/* One life of a VM: what others may see while it lasts. */
struct life {
    uint16_t id;
    uint16_t vcpus;
    bool is_aarch64;
    uint32_t version;
    uint8_t seed; /* world_uuid() */
    unsigned int uuids;
};

/* Adds the entries of a successful PARTITION_INFO_GET, which are in the page, */
void listing_add_rx(struct listing *listing, const struct parley_regs *reply, uint32_t version,
                    const uint8_t *page);
/* or those of a successful PARTITION_INFO_GET_REGS. */
void listing_add_regs(struct listing *listing, const struct parley_regs *reply);

/* The entries that a caller of this version sees of a life. */
unsigned int entries_of_life(const struct life *life, uint32_t caller_version);

/*
 * Which of the lives the listing shows, as a set. Fails if it shows anything that is not one whole
 * life, or two lives of one ID, or not in the order of IDs.
 */
unsigned int lives_in(const struct listing *listing, const struct life *lives, unsigned int count,
                      uint32_t caller_version);

#endif
