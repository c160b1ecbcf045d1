/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that one VM shares with four others, or lends to them, of all versions at once: each may
 * do with it what it was granted, and it comes back when the last of them has let go of it.
 */
#include "memory.h"

#define SEED 60u

#define RO FFA_MEM_ACCESS_DATA_RO
#define RW FFA_MEM_ACCESS_DATA_RW

struct several {
    const struct memory_stage *stage;
    bool is_lent;
    struct grant sent;
    uint64_t handle;
    uint64_t at[KEEPERS]; /* where each has it */
};

static uint32_t permissions_of(unsigned int keeper)
{
    return keeper % 2 == 0 ? RW : RO;
}

static void grant_all(struct several *several)
{
    const struct memory_stage *stage = several->stage;

    grant_init(&several->sent, stage->me.version, stage->me.id);
    several->sent.attributes = FFA_MEM_ATTR_NORMAL_WB_INNER;
    for (unsigned int i = 0; i < KEEPERS; i++) {
        grant_to(&several->sent, stage->keeper[i].id, permissions_of(i));
    }
    grant_add(&several->sent, stage->ram + 3 * FFA_PAGE_SIZE, 2);
    expect_equal(stage->client, touch_fill(stage->ram + 3 * FFA_PAGE_SIZE, 0, 2, SEED), 0,
                 "words of our own");
    expect_status(stage->client,
                  party_send(&stage->me, several->is_lent ? FFA_MEM_LEND_32 : FFA_MEM_SHARE_32,
                             &several->sent, &several->handle),
                  FFA_OK, "a grant to four");
}

static void retrieve_one(struct several *several, unsigned int i)
{
    const struct memory_stage *stage = several->stage;
    const struct party *keeper = &stage->keeper[i];
    struct grant request;
    struct grant answer;

    memory_request(&request, &several->sent, keeper, several->handle);
    expect_status(stage->client, party_retrieve(keeper, FFA_MEM_RETRIEVE_REQ_32, &request, &answer),
                  FFA_OK, "a retrieval by one of four");
    several->at[i] = answer.range[0].ipa;
    expect_equal(stage->client, answer.borrower[0].permissions,
                 permissions_of(i) | FFA_MEM_ACCESS_INSTR_XN, "its permissions");
    expect_equal(stage->client, party_wrong(keeper, several->at[i], 2, SEED + (i + 1) / 2), 0,
                 "words that one of four finds");
    if (permissions_of(i) == RO) {
        party_expect_read_only(keeper, several->at[i], "what one of four may only read");
    }
}

/* Those that may write do so in turn: all that have it see it. */
static void write_one(const struct several *several, unsigned int i)
{
    const struct memory_stage *stage = several->stage;
    uint32_t seed = SEED + i / 2 + 1;

    if (permissions_of(i) != RW) {
        return;
    }
    expect_equal(stage->client, party_fill(&stage->keeper[i], several->at[i], 2, seed), 0,
                 "words that one of four writes");
    for (unsigned int j = 0; j <= i; j++) {
        expect_equal(stage->client, party_wrong(&stage->keeper[j], several->at[j], 2, seed), 0,
                     "words that another one sees");
    }
}

static void expect_own_access(const struct several *several)
{
    uint64_t ipa = several->stage->ram + 3 * FFA_PAGE_SIZE;
    uint32_t value;
    uint64_t fault;

    if (several->is_lent) {
        party_expect_fault(&several->stage->me, ipa, "what is lent to four");
    } else {
        expect(several->stage->client, guest_load(ipa, &value, &fault), "what is shared with four");
    }
}

/* In another order than they came. */
static void let_go(const struct several *several, bool zero)
{
    static const unsigned int order[KEEPERS] = {KEEPER_1_2, KEEPER_1_0, KEEPER_32, KEEPER_1_1};
    const struct memory_stage *stage = several->stage;

    for (unsigned int i = 0; i < KEEPERS; i++) {
        const struct party *keeper = &stage->keeper[order[i]];
        uint32_t flags = zero && i == 0 ? FFA_MEM_RELINQUISH_ZERO : 0;

        expect_status(stage->client, party_reclaim(&stage->me, several->handle, 0), FFA_DENIED,
                      "FFA_MEM_RECLAIM of what somebody has");
        if (i > 0) {
            expect_equal(stage->client, party_wrong(keeper, several->at[order[i]], 2, SEED + 2), 0,
                         "words that others still have");
        }
        expect_status(stage->client, party_relinquish(keeper, several->handle, flags), FFA_OK,
                      "FFA_MEM_RELINQUISH by one of four");
        party_expect_fault(keeper, several->at[order[i]], "what one of four gave back");
    }
    expect_status(stage->client, party_reclaim(&stage->me, several->handle, 0), FFA_OK,
                  "FFA_MEM_RECLAIM of what nobody has any more");
}

static void play(const struct memory_stage *stage, bool is_lent, bool zero)
{
    struct several several = {.stage = stage, .is_lent = is_lent};
    uint64_t ipa = stage->ram + 3 * FFA_PAGE_SIZE;

    grant_all(&several);
    for (unsigned int i = 0; i < KEEPERS; i++) {
        retrieve_one(&several, i);
        write_one(&several, i);
    }
    expect_own_access(&several);
    let_go(&several, zero);
    expect_equal(stage->client, zero ? touch_not_zero(ipa, 2) : touch_wrong(ipa, 0, 2, SEED + 2), 0,
                 "words that came back from four");
}

void chapter_memory_several(struct memory_stage *stage)
{
    stage->client->about = "several borrowers";
    play(stage, false, false);
    play(stage, true, false);
    play(stage, true, true);
    stage->client->about = NULL;
}
