/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that a VM gives to another for good: the giver has nothing more to do with it, and the
 * receiver may grant it on, also to the one that it came from.
 */
#include "memory.h"

struct gift {
    const struct memory_stage *stage;
    const struct party *giver;
    const struct party *receiver;
    uint64_t ipa; /* of MEMORY_PAGES of the giver's */
    uint64_t handle;
    struct grant sent;
    uint64_t there; /* where the receiver has it */
};

#define SEED 40u

static void expect_gone(const struct party *party, uint64_t ipa)
{
    party_expect_fault(party, ipa + 1 * FFA_PAGE_SIZE, "what was given");
    party_expect_fault(party, ipa + 4 * FFA_PAGE_SIZE, "what was given");
    party_expect_fault(party, ipa + 5 * FFA_PAGE_SIZE, "what was given");
}

static void give(struct gift *gift)
{
    struct client *client = gift->stage->client;
    struct grant request;
    struct grant got;

    expect_equal(client, memory_fill(gift->giver, gift->ipa, SEED), 0, "words of the giver's");
    memory_grant(&gift->sent, MEMORY_DONATE, gift->giver, gift->ipa, gift->receiver->id, 0);
    expect_status(client,
                  party_send(gift->giver, memory_fid(gift->giver, MEMORY_DONATE, true), &gift->sent,
                             &gift->handle),
                  FFA_OK, "FFA_MEM_DONATE");
    expect_gone(gift->giver, gift->ipa);
    expect_status(client, party_relinquish(gift->receiver, gift->handle, 0), FFA_DENIED,
                  "FFA_MEM_RELINQUISH of a gift that was not retrieved");
    memory_request(&request, &gift->sent, gift->receiver, gift->handle);
    expect_status(
        client,
        party_retrieve(gift->receiver, memory_retrieve_fid(gift->receiver, true), &request, &got),
        FFA_OK, "a gift");
    gift->there = got.range[0].ipa;
    expect_gone(gift->giver, gift->ipa);
    expect_equal(client,
                 party_wrong(gift->receiver, gift->there, 2, SEED) +
                     party_wrong(gift->receiver, gift->there + 2 * FFA_PAGE_SIZE, 1, SEED + 1),
                 0, "words of a gift");
}

/* The handle is gone, and the giver cannot grant what it does not have. */
static void regret(const struct gift *gift)
{
    struct client *client = gift->stage->client;
    struct grant request;
    struct grant got;
    uint64_t handle;

    expect_status(client, party_reclaim(gift->giver, gift->handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RECLAIM of a gift");
    expect_status(client, party_relinquish(gift->receiver, gift->handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RELINQUISH of a gift");
    memory_request(&request, &gift->sent, gift->receiver, gift->handle);
    expect_status(client, party_retrieve(gift->receiver, FFA_MEM_RETRIEVE_REQ_32, &request, &got),
                  FFA_INVALID_PARAMETERS, "a second retrieval of a gift");
    expect_status(client, party_send(gift->giver, FFA_MEM_DONATE_32, &gift->sent, &handle),
                  FFA_DENIED, "a gift of what was given");
}

/* The receiver shares a part of it with the giver. */
static void share_on(const struct gift *gift)
{
    struct client *client = gift->stage->client;
    struct grant request;
    struct grant shared;
    struct grant got;
    uint64_t handle;

    grant_init(&shared, gift->receiver->version, gift->receiver->id);
    shared.attributes = FFA_MEM_ATTR_NORMAL_WB_INNER;
    grant_to(&shared, gift->giver->id, FFA_MEM_ACCESS_DATA_RW);
    grant_add(&shared, gift->there, 2);
    expect_status(client, party_send(gift->receiver, FFA_MEM_SHARE_32, &shared, &handle), FFA_OK,
                  "a share of what was received");
    memory_request(&request, &shared, gift->giver, handle);
    expect_status(client, party_retrieve(gift->giver, FFA_MEM_RETRIEVE_REQ_32, &request, &got),
                  FFA_OK, "a retrieval of what was given before");
    expect_equal(client, party_wrong(gift->giver, got.range[0].ipa, 2, SEED), 0, "words of it");
    expect_status(client, party_relinquish(gift->giver, handle, 0), FFA_OK, "FFA_MEM_RELINQUISH");
    expect_status(client, party_reclaim(gift->receiver, handle, 0), FFA_OK, "FFA_MEM_RECLAIM");
}

/* And gives all of it back, to the addresses where it came from. */
static void return_gift(const struct gift *gift)
{
    struct client *client = gift->stage->client;
    struct grant back;
    struct grant request;
    struct grant got;
    uint64_t handle;

    grant_init(&back, gift->receiver->version, gift->receiver->id);
    grant_to(&back, gift->giver->id, 0);
    grant_add(&back, gift->there, MEMORY_GRANT_PAGES);
    expect_equal(client, party_fill(gift->receiver, gift->there, 2, SEED + 7), 0, "words of it");
    expect_status(client, party_send(gift->receiver, FFA_MEM_DONATE_32, &back, &handle), FFA_OK,
                  "a gift in return");
    memory_request(&request, &back, gift->giver, handle);
    grant_add(&request, gift->ipa + 4 * FFA_PAGE_SIZE, 2);
    grant_add(&request, gift->ipa + 1 * FFA_PAGE_SIZE, 1);
    expect_status(client, party_retrieve(gift->giver, FFA_MEM_RETRIEVE_REQ_32, &request, &got),
                  FFA_OK, "a retrieval where it was");
    expect_equal(client,
                 party_wrong(gift->giver, gift->ipa + 4 * FFA_PAGE_SIZE, 2, SEED + 7) +
                     party_wrong(gift->giver, gift->ipa + FFA_PAGE_SIZE, 1, SEED + 1),
                 0, "words that came back");
    party_expect_fault(gift->receiver, gift->there, "what was given back");
}

static void play(const struct memory_stage *stage, const struct party *giver,
                 const struct party *receiver)
{
    struct gift gift = {
        .stage = stage,
        .giver = giver,
        .receiver = receiver,
        .ipa = memory_ram(stage, giver),
    };

    give(&gift);
    regret(&gift);
    share_on(&gift);
    return_gift(&gift);
}

void chapter_memory_gifts(struct memory_stage *stage)
{
    stage->client->about = "gifts";
    for (unsigned int i = 0; i < KEEPERS; i++) {
        play(stage, &stage->me, &stage->keeper[i]);
        play(stage, &stage->keeper[i], &stage->me);
    }
    stage->client->about = NULL;
}
