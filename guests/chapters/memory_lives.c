/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lives that end in the middle of transactions: of a borrower, of a lender, and of this VM, with
 * everything under way that can be. Who lives on keeps what it has, and can let go of it; nothing
 * of a life that is over counts in the next one.
 */
#include "memory.h"

#define SEED 80u
#define BIT  0x00000040u /* is signalled to a life that ends */

#define HELPER   2u
#define DELAY_US 20000u

/* One grant, and what became of it. */
struct held {
    struct grant sent;
    uint64_t handle;
    uint64_t there;
};

static void grant(const struct memory_stage *stage, enum memory_kind kind,
                  const struct party *lender, uint64_t ipa, uint16_t borrower, struct held *held)
{
    memory_grant(&held->sent, kind, lender, ipa, borrower, 0);
    expect_equal(stage->client, memory_fill(lender, ipa, SEED), 0, "words of the lender's");
    expect_status(stage->client,
                  party_send(lender, memory_fid(lender, kind, false), &held->sent, &held->handle),
                  FFA_OK, "a grant");
}

static int32_t retrieve(const struct party *borrower, struct held *held)
{
    struct grant request;
    struct grant answer;
    int32_t status;

    memory_request(&request, &held->sent, borrower, held->handle);
    status = party_retrieve(borrower, FFA_MEM_RETRIEVE_REQ_32, &request, &answer);
    held->there = answer.range[0].ipa;
    return status;
}

static uint32_t wrong_there(const struct party *borrower, const struct held *held, uint32_t seed)
{
    return party_wrong(borrower, held->there, 2, seed);
}

/* Its next life, in which it has taken no memory yet. */
static void reset_keeper(struct memory_stage *stage, unsigned int keeper)
{
    uint64_t life = ERRAND(&stage->keeper[keeper].errand, SERVANT_LIFE, 0, 0);

    errand_last(&stage->keeper[keeper].errand, SERVANT_RESET, 0);
    errand_await(&stage->keeper[keeper].errand);
    expect_equal(stage->client, ERRAND(&stage->keeper[keeper].errand, SERVANT_LIFE, 0, 0), life + 1,
                 "the keeper's life");
    stage->keeper_ram[keeper] = party_ram(&stage->keeper[keeper], MEMORY_PAGES);
}

/* --- A borrower ----------------------------------------------------------------------------- */

static void end_a_borrower(struct memory_stage *stage, unsigned int keeper)
{
    const struct party *borrower = &stage->keeper[keeper];
    struct client *client = stage->client;
    uint64_t spare = guest_ram(2 * MEMORY_PAGES);
    struct held lent;
    struct held shared;
    struct held not_retrieved;

    grant(stage, MEMORY_LEND, &stage->me, stage->ram, borrower->id, &lent);
    grant(stage, MEMORY_SHARE, &stage->me, spare, borrower->id, &shared);
    grant(stage, MEMORY_LEND, &stage->me, spare + MEMORY_PAGES * FFA_PAGE_SIZE, borrower->id,
          &not_retrieved);
    expect_status(client, retrieve(borrower, &lent), FFA_OK, "a retrieval");
    expect_status(client, retrieve(borrower, &shared), FFA_OK, "a retrieval");
    expect_equal(client, party_fill(borrower, lent.there, 2, SEED + 2), 0, "the borrower's words");
    reset_keeper(stage, keeper);

    expect_status(client, retrieve(borrower, &not_retrieved), FFA_INVALID_PARAMETERS,
                  "what was granted to another life");
    expect_status(client, party_relinquish(borrower, lent.handle, 0), FFA_INVALID_PARAMETERS,
                  "what another life had");
    expect_status(client, party_reclaim(&stage->me, lent.handle, 0), FFA_OK,
                  "what was lent to who died");
    expect_status(client, party_reclaim(&stage->me, shared.handle, 0), FFA_OK,
                  "what was shared with who died");
    expect_status(client, party_reclaim(&stage->me, not_retrieved.handle, 0), FFA_OK,
                  "what was not retrieved by who died");
    expect_equal(client, touch_wrong(stage->ram + 4 * FFA_PAGE_SIZE, 0, 2, SEED + 2), 0,
                 "the words of who died");
}

/* --- A lender ------------------------------------------------------------------------------- */

static void end_a_lender(struct memory_stage *stage, unsigned int keeper)
{
    const struct party *lender = &stage->keeper[keeper];
    uint64_t spare = party_ram(lender, 3 * MEMORY_PAGES);
    struct client *client = stage->client;
    struct held lent;
    struct held shared;
    struct held gift;
    struct held not_retrieved;

    grant(stage, MEMORY_LEND, lender, stage->keeper_ram[keeper], stage->me.id, &lent);
    grant(stage, MEMORY_SHARE, lender, spare, stage->me.id, &shared);
    grant(stage, MEMORY_DONATE, lender, spare + MEMORY_PAGES * FFA_PAGE_SIZE, stage->me.id, &gift);
    grant(stage, MEMORY_SHARE, lender, spare + 2 * MEMORY_PAGES * FFA_PAGE_SIZE, stage->me.id,
          &not_retrieved);
    expect_status(client, retrieve(&stage->me, &lent), FFA_OK, "a retrieval");
    expect_status(client, retrieve(&stage->me, &shared), FFA_OK, "a retrieval");
    expect_status(client, retrieve(&stage->me, &gift), FFA_OK, "a retrieval");
    reset_keeper(stage, keeper);

    expect_status(client, retrieve(&stage->me, &not_retrieved), FFA_INVALID_PARAMETERS,
                  "what another life granted");
    expect_equal(client, wrong_there(&stage->me, &lent, SEED), 0, "words of who died");
    expect_equal(client, wrong_there(&stage->me, &shared, SEED), 0, "words of who died");
    expect_equal(client, wrong_there(&stage->me, &gift, SEED), 0, "words of who died");
    expect_equal(client, touch_fill(lent.there, 0, 2, SEED + 3), 0, "words that we write");
    expect_status(client, party_relinquish(&stage->me, lent.handle, 0), FFA_OK,
                  "what who died has lent");
    expect_status(client, party_relinquish(&stage->me, shared.handle, 0), FFA_OK,
                  "what who died has shared");
    party_expect_fault(&stage->me, lent.there, "what was given back to nobody");
    expect_equal(client, wrong_there(&stage->me, &gift, SEED), 0, "the gift is still ours");
    expect_status(client, party_reclaim(lender, lent.handle, 0), FFA_INVALID_PARAMETERS,
                  "what another life has lent");
    expect_equal(client, party_not_zero(lender, stage->keeper_ram[keeper], MEMORY_PAGES), 0,
                 "a new life finds zeros");
}

void chapter_memory_lives(struct memory_stage *stage)
{
    stage->client->about = "lives";
    for (unsigned int i = 0; i < KEEPERS; i++) {
        end_a_borrower(stage, i);
        end_a_lender(stage, i);
    }
    stage->client->about = NULL;
}

/* --- This VM -------------------------------------------------------------------------------- */

/* The keepers remember for us, what handle it is and where they have it. */
static void have_remembered(const struct party *keeper, const struct held *held)
{
    ERRAND(&keeper->errand, SERVANT_REMEMBER, 0, ffa_handle_low(held->handle),
           ffa_handle_high(held->handle), (uint32_t)held->there, held->there >> 32);
}

static void have_recalled(const struct party *keeper, struct held *held)
{
    static const uint64_t none[ERRAND_WORDS];
    uint64_t word[ERRAND_WORDS];

    errand_run(&keeper->errand, SERVANT(SERVANT_RECALL, 0), none, word);
    held->handle = ffa_handle_make((uint32_t)word[0], (uint32_t)word[1]);
    held->there = word[3] << 32 | word[2];
}

static void ask_in_vain(void *argument)
{
    const struct memory_stage *stage = argument;
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = stage->me.id,
        .to = WORLD_KEEPER_1_0,
        .word = {SERVANT(SERVANT_DELAY, 0), DELAY_US},
    };

    message_exchange(stage->client, &request);
}

static void leave_notification(const struct memory_stage *stage)
{
    struct client *client = stage->client;
    const struct party *keeper = &stage->keeper[KEEPER_1_2];

    if (client->version < FFA_VERSION_1_1) {
        return;
    }
    expect_status(client,
                  FFA_STATUS(client, FFA_NOTIFICATION_BIND, ffa_ids_make(keeper->id, stage->me.id),
                             0, BIT, 0),
                  FFA_OK, "FFA_NOTIFICATION_BIND");
    expect_status(client,
                  client_status_of(PARTY_CALL(keeper, FFA_NOTIFICATION_SET,
                                              ffa_ids_make(keeper->id, stage->me.id), 0, BIT)),
                  FFA_OK, "a keeper's FFA_NOTIFICATION_SET");
}

/* RX full, a request under way, a grant in fragments: this is the last that we do. */
static void leave_calls(struct memory_stage *stage)
{
    struct client *client = stage->client;
    uint64_t soon = guest_clock() + DELAY_US / 4;
    struct held partial;
    struct guest_regs answer;

    memory_grant(&partial.sent, MEMORY_LEND, &stage->me, guest_ram(MEMORY_PAGES), WORLD_KEEPER_1_0,
                 0);
    expect_status(client, FFA_STATUS(client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0), FFA_OK,
                  "FFA_PARTITION_INFO_GET");
    grant_write(&partial.sent, 0, stage->buffers.tx, partial.sent.total);
    answer = FFA(client, FFA_MEM_LEND_32, partial.sent.total, partial.sent.total - 16, 0, 0);
    expect_equal(client, answer.x[0], FFA_MEM_FRAG_RX, "a first fragment");
    expect(client, guest_vcpu_start(HELPER, ask_in_vain, stage), "a vCPU starts");
    while (guest_clock() < soon) {
        guest_yield();
    }
}

void memory_lives_leave(struct memory_stage *stage)
{
    struct client *client = stage->client;
    struct held lent;
    struct held shared;
    struct held borrowed;

    grant(stage, MEMORY_LEND, &stage->me, stage->ram, WORLD_KEEPER_1_1, &lent);
    expect_status(client, retrieve(&stage->keeper[KEEPER_1_1], &lent), FFA_OK, "a retrieval");
    have_remembered(&stage->keeper[KEEPER_1_1], &lent);
    grant(stage, MEMORY_SHARE, &stage->me, guest_ram(MEMORY_PAGES), WORLD_KEEPER_32, &shared);
    have_remembered(&stage->keeper[KEEPER_32], &shared);
    grant(stage, MEMORY_LEND, &stage->keeper[KEEPER_1_2], stage->keeper_ram[KEEPER_1_2],
          stage->me.id, &borrowed);
    expect_status(client, retrieve(&stage->me, &borrowed), FFA_OK, "a retrieval");
    expect_equal(client, touch_fill(borrowed.there, 0, 2, SEED + 4), 0, "words that we write");
    borrowed.there = stage->keeper_ram[KEEPER_1_2];
    have_remembered(&stage->keeper[KEEPER_1_2], &borrowed);
    leave_notification(stage);
    leave_calls(stage);
}

static void expect_no_notification(const struct memory_stage *stage)
{
    struct client *client = stage->client;
    struct guest_regs got;

    if (client->version < FFA_VERSION_1_1) {
        return;
    }
    got = FFA(client, FFA_NOTIFICATION_GET, ffa_receiver_info_make(stage->me.id, 0),
              FFA_NOTIFICATION_GET_VM);
    expect_equal(client, got.x[4] | got.x[5], 0, "what pended for another life");
}

void memory_lives_return(struct memory_stage *stage)
{
    const struct party *keeper = &stage->keeper[KEEPER_1_1];
    struct client *client = stage->client;
    struct held held;

    stage->client->about = "what another life of ours left";
    expect_no_notification(stage);
    have_recalled(keeper, &held);
    expect_equal(client, wrong_there(keeper, &held, SEED), 0, "words of another life of ours");
    expect_equal(client, party_fill(keeper, held.there, 2, SEED + 5), 0, "words of who holds it");
    expect_status(client, party_reclaim(&stage->me, held.handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RECLAIM of what another life lent");
    expect_status(client, party_relinquish(keeper, held.handle, 0), FFA_OK,
                  "FFA_MEM_RELINQUISH of what another life lent");
    party_expect_fault(keeper, held.there, "what another life lent");

    have_recalled(&stage->keeper[KEEPER_32], &held);
    memory_grant(&held.sent, MEMORY_SHARE, &stage->me, stage->ram, WORLD_KEEPER_32, 0);
    expect_status(client, retrieve(&stage->keeper[KEEPER_32], &held), FFA_INVALID_PARAMETERS,
                  "a retrieval of what another life shared");

    have_recalled(&stage->keeper[KEEPER_1_2], &held);
    expect_status(client, party_relinquish(&stage->me, held.handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RELINQUISH of what another life had");
    expect_status(client, party_reclaim(&stage->keeper[KEEPER_1_2], held.handle, 0), FFA_OK,
                  "FFA_MEM_RECLAIM of what was lent to another life");
    expect_equal(
        client,
        party_wrong(&stage->keeper[KEEPER_1_2], held.there + 4 * FFA_PAGE_SIZE, 2, SEED + 4), 0,
        "words that another life wrote");
    expect_equal(client, touch_not_zero(stage->ram, MEMORY_PAGES), 0, "we find zeros");
    stage->client->about = NULL;
}
