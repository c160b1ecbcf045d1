/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The story of memory: what the program sharer.c does with its VMs and the partition, scene by
 * scene.
 */
#ifndef SHARER_H
#define SHARER_H

#include "partition.h"
#include "party.h"
#include "world.h"

#define ECHO PARTITION_ECHO_ID

#define RO FFA_MEM_ACCESS_DATA_RO
#define RW FFA_MEM_ACCESS_DATA_RW

#define PAGES 3u /* of what is granted at once */
#define SEED  7u
#define TAG   0x1a5ba6e1u

struct sharer {
    struct client client;
    struct buffers buffers;
    struct party me;
    struct party grace;
    struct party heidi;
    enum secure_world world;
    bool has_partition; /* "echo", which does what it is asked to */
    const char *where;  /* the partition is */
    uint64_t ram;       /* PAGES of it */

    /* Grace's own calls, while we do something else. */
    bool is_done;
    struct {
        uint32_t calls;
        uint32_t longest_us;
    } pace;
};

/* Expectations: a call that succeeds, and a number of wrong words that is zero. */
void sharer_done(struct sharer *sharer, int32_t status, const char *what);
void sharer_none(struct sharer *sharer, uint32_t wrong, const char *what);

/* A grant without borrowers and pages; a send of it; and where a borrower then has it. */
void sharer_describe(const struct party *lender, struct grant *grant, uint32_t attributes);
uint64_t sharer_send(struct sharer *sharer, const struct party *lender, uint32_t fid,
                     const struct grant *grant);
uint64_t sharer_retrieve(struct sharer *sharer, const struct party *borrower,
                         const struct grant *sent, uint64_t handle);

void sharer_give_back(struct sharer *sharer, const struct party *borrower, uint64_t handle);
void sharer_take_back(struct sharer *sharer, const struct party *lender, uint64_t handle);

/* --- Scenes, in their order ------------------------------------------------------------------- */

void sharer_share(struct sharer *sharer); /* sharer_scenes.c */
void sharer_lend(struct sharer *sharer);  /* to another VM */
void sharer_lend_to_echo(struct sharer *sharer);
void sharer_share_with_strangers(struct sharer *sharer);
void sharer_donate(struct sharer *sharer);
void sharer_share_gigabyte(struct sharer *sharer); /* sharer_gigabyte.c */
void sharer_leave(struct sharer *sharer);          /* sharer_lives.c: before a reset */
void sharer_come_back(struct sharer *sharer);      /* and after it */
void sharer_outlive(struct sharer *sharer);        /* another VM */

#endif
