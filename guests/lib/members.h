/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Partition discovery: what the world and FF-A's rules say that a VM is shown, and what it is shown
 * in each of the ways that FF-A has.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "client.h"

#define MEMBERS_MAX 24u

/* What all layouts come to. */
struct member {
    uint16_t id;
    uint16_t contexts;
    uint32_t properties;
    struct ffa_uuid uuid;
};

struct members {
    unsigned int count;
    bool after_strangers; /* expected behind Secure Partitions that nobody here knows */
    struct member member[MEMBERS_MAX];
};

/* A pair of buffers that is mapped. */
struct buffers {
    uint8_t *tx;
    uint8_t *rx;
    unsigned int pages; /* of each */
};

extern const struct ffa_uuid members_nil_uuid;

/* Takes pages for a pair and maps it with FFA_RXTX_MAP_32 or _64; expects that to succeed. */
void buffers_map(struct client *client, struct buffers *buffers, uint32_t fid, unsigned int pages);

/* Who manages the Secure world, by the version that it speaks. */
enum secure_world {
    SECURE_WORLD_NONE,
    SECURE_WORLD_FOREIGN, /* its partitions, if any, are not those of secure/ */
    SECURE_WORLD_1_1,     /* lists a partition with several UUIDs once, with the first */
    SECURE_WORLD_1_2,
};

/* Whether the programs know its partitions, and what they do when they are asked. */
static inline bool secure_world_is_known(enum secure_world world)
{
    return world >= SECURE_WORLD_1_1;
}

/*
 * Finds out, by the UUIDs of a partition. FFA_SPM_ID_GET says whether there is one that this VM is
 * shown nothing of, or nothing that it knows; at 1.0 it is there if partitions are. (`buffers` may
 * be NULL since 1.1.)
 */
enum secure_world members_secure_world(struct client *client, const struct buffers *buffers);

/*
 * What the VM `self` must be shown that asks for `uuid` at the client's version, once all that it
 * may see are there: Secure Partitions in their order, then VMs by ID. Of a foreign Secure world,
 * none is among them: whatever partitions come first are taken as they are.
 */
void members_expected(const struct client *client, uint16_t self, enum secure_world world,
                      const struct ffa_uuid *uuid, struct members *members);

/*
 * FFA_PARTITION_INFO_GET, decoded; RX is painted before and released after, and everything around
 * the entries is checked. Returns the status; on failure there are no members.
 */
int32_t members_list(struct client *client, const struct buffers *buffers,
                     const struct ffa_uuid *uuid, struct members *members);

/* The same with the flag that asks for the count alone; the count, or a status. Since 1.1. */
int32_t members_count(struct client *client, const struct ffa_uuid *uuid);

/* FFA_PARTITION_INFO_GET_REGS until the last entry; again from the first after RETRY. Since 1.2. */
int32_t members_list_regs(struct client *client, const struct ffa_uuid *uuid,
                          struct members *members);

/*
 * Lets others run until the list for the Nil UUID is as long as it must become, and returns it in
 * `found`: in registers if `buffers` is NULL. It gives up after a while, with what there is.
 */
void members_await(struct client *client, const struct buffers *buffers,
                   const struct members *expected, struct members *found);

/* Expects both lists to be the same, in the same order. */
void members_expect_equal(const struct client *client, const struct members *found,
                          const struct members *expected, const char *what);

/* Prints one line for each partition; or the IDs of all others in one line. */
void members_tell(const struct members *members, uint16_t self);
void members_tell_briefly(const struct members *members, uint16_t self);

#endif
