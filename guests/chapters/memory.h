/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the scenarios of memory are played on: this VM, at the version of its life, and servants of
 * each version, with all of which it exchanges memory. A chapter's C file has a table beside it, if
 * it plays one.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "party.h"
#include "world.h"

/* No VM of any world, and no partition. */
#define NO_VM        0x7eu
#define NO_PARTITION 0x80f0u

/* As they stand in the cast. */
enum keeper {
    KEEPER_1_0,
    KEEPER_1_1,
    KEEPER_1_2,
    KEEPER_32,
    KEEPERS,
};

struct memory_stage {
    struct client *client;
    struct buffers buffers; /* this VM's, mapped */
    enum secure_world world;
    struct party me;
    struct party keeper[KEEPERS];
    struct party aloof;           /* a servant that may not grant memory */
    uint64_t ram;                 /* MEMORY_PAGES of this VM's */
    uint64_t keeper_ram[KEEPERS]; /* and of each servant's */
};

/* What one test works on, at once. */
#define MEMORY_PAGES 8u

/* What is granted in which way. */
enum memory_kind {
    MEMORY_SHARE,
    MEMORY_LEND,
    MEMORY_DONATE,
    MEMORY_SHARE_READ_ONLY,
    MEMORY_LEND_READ_ONLY,
    MEMORY_LEND_ZEROED,
    MEMORY_SHARE_TWO, /* to two borrowers */
    MEMORY_LEND_TWO,
    MEMORY_KINDS,
};

/* One of the sets of kinds that rows are about. */
#define KIND(kind) (1u << MEMORY_##kind)
#define ALL_KINDS  (KIND(KINDS) - 1)
#define ALL_SHARES (KIND(SHARE) | KIND(SHARE_READ_ONLY) | KIND(SHARE_TWO))
#define ALL_LENDS  (KIND(LEND) | KIND(LEND_READ_ONLY) | KIND(LEND_ZEROED) | KIND(LEND_TWO))

/* FFA_MEM_SHARE, LEND or DONATE, as wide as the VM has it if `wide`; the type in an answer. */
uint32_t memory_fid(const struct party *party, enum memory_kind kind, bool wide);
uint32_t memory_type(enum memory_kind kind);

/* Whether the lender cannot touch the memory meanwhile. */
bool memory_is_taken(enum memory_kind kind);

/* A grant of that kind by this lender: two ranges, the higher addresses first, of 2 and 1 pages. */
#define MEMORY_GRANT_PAGES 3u
void memory_grant(struct grant *grant, enum memory_kind kind, const struct party *lender,
                  uint64_t ipa, uint16_t borrower, uint16_t other);

/* Writes into these pages, in the order in which they are granted; how many words are wrong. */
uint32_t memory_fill(const struct party *lender, uint64_t ipa, uint32_t seed);
uint32_t memory_wrong(const struct party *lender, uint64_t ipa, uint32_t seed);

/* Of a keeper: where the memory for tests of it is. */
uint64_t memory_ram(const struct memory_stage *stage, const struct party *party);

/* The request that goes with a grant, with all that the borrower must say. */
void memory_request(struct grant *request, const struct grant *sent, const struct party *borrower,
                    uint64_t handle);

uint32_t memory_retrieve_fid(const struct party *party, bool wide);

/* --- The chapters, in their order ------------------------------------------------------------- */

void chapter_memory_sends(struct memory_stage *stage);      /* memory_sends.c, .def */
void chapter_memory_retrievals(struct memory_stage *stage); /* memory_retrievals.c, .def */
void chapter_memory_returns(struct memory_stage *stage);    /* memory_returns.c */
void chapter_memory_pairs(struct memory_stage *stage);      /* memory_pairs.c */
void chapter_memory_gifts(struct memory_stage *stage);      /* memory_gifts.c */
void chapter_memory_several(struct memory_stage *stage);    /* memory_several.c */
void chapter_memory_fragments(struct memory_stage *stage);  /* memory_fragments.c */
void chapter_memory_secure(struct memory_stage *stage);     /* memory_secure.c */
void chapter_memory_lives(struct memory_stage *stage);      /* memory_lives.c */

/* What is under way when the life of this VM ends, and what became of it in the next one. */
void memory_lives_leave(struct memory_stage *stage);
void memory_lives_return(struct memory_stage *stage);
void memory_secure_leave(struct memory_stage *stage);
void memory_secure_return(struct memory_stage *stage);

#endif
