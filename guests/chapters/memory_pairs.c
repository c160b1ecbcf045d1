/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that one VM shares with another or lends to it, and takes back, between each two versions
 * and in both directions: who can do what with it at each step, and what is in it.
 */
#include "memory.h"

#define IMPDEF FFA_U64(0x1a0123451a6789ab)

struct pair {
    const struct memory_stage *stage;
    const struct party *lender;
    const struct party *borrower;
    enum memory_kind kind;
    bool wide;
    uint64_t ipa; /* of MEMORY_PAGES of the lender's */
    uint64_t handle;
    struct grant sent;
    struct grant got;
    uint32_t seed; /* of what is in it */
};

static bool is_read_only(const struct pair *pair)
{
    return pair->kind == MEMORY_SHARE_READ_ONLY || pair->kind == MEMORY_LEND_READ_ONLY;
}

static void expect_at(const struct pair *pair, int32_t status, int32_t expected, const char *what)
{
    if (!expect_status(pair->stage->client, status, expected, what)) {
        guest_print("BROKEN: kind %u, from %#x to %#x", (unsigned int)pair->kind, pair->lender->id,
                    pair->borrower->id);
    }
}

/* The words that are wrong where the borrower has it. */
static uint32_t wrong_there(const struct pair *pair, uint32_t seed)
{
    uint64_t ipa = pair->got.range[0].ipa;

    return party_wrong(pair->borrower, ipa, 2, seed) +
           party_wrong(pair->borrower, ipa + 2 * FFA_PAGE_SIZE, 1, seed + 1);
}

static uint32_t fill_there(const struct pair *pair, uint32_t seed)
{
    uint64_t ipa = pair->got.range[0].ipa;

    return party_fill(pair->borrower, ipa, 2, seed) +
           party_fill(pair->borrower, ipa + 2 * FFA_PAGE_SIZE, 1, seed + 1);
}

/* --- Steps ---------------------------------------------------------------------------------- */

/* Pages of what is granted, and all others, between them too. */
static void expect_lenders_access(const struct pair *pair)
{
    uint32_t value;
    uint64_t fault;

    for (unsigned int page = 0; page < MEMORY_PAGES; page++) {
        uint64_t ipa = pair->ipa + page * FFA_PAGE_SIZE;
        bool is_granted = page == 1 || page == 4 || page == 5;

        if (is_granted && memory_is_taken(pair->kind)) {
            party_expect_fault(pair->lender, ipa, "what is lent");
        } else {
            expect(pair->stage->client, party_load(pair->lender, ipa, &value, &fault),
                   "what is not lent");
        }
    }
}

static void grant(struct pair *pair)
{
    memory_grant(&pair->sent, pair->kind, pair->lender, pair->ipa, pair->borrower->id, 0);
    if (pair->lender->version >= FFA_VERSION_1_2) {
        pair->sent.borrower[0].impdef[0] = IMPDEF;
        pair->sent.borrower[0].impdef[1] = ~IMPDEF;
    }
    expect_equal(pair->stage->client, memory_fill(pair->lender, pair->ipa, pair->seed), 0,
                 "words that the lender cannot write");
    expect_at(pair,
              party_send(pair->lender, memory_fid(pair->lender, pair->kind, pair->wide),
                         &pair->sent, &pair->handle),
              FFA_OK, "a grant");
    expect_lenders_access(pair);
    expect_at(pair, party_relinquish(pair->borrower, pair->handle, 0), FFA_DENIED,
              "FFA_MEM_RELINQUISH of what was not retrieved");
}

static int32_t retrieve(struct pair *pair, struct grant *answer)
{
    struct grant request;

    memory_request(&request, &pair->sent, pair->borrower, pair->handle);
    return party_retrieve(pair->borrower, memory_retrieve_fid(pair->borrower, !pair->wide),
                          &request, answer);
}

static void borrow(struct pair *pair)
{
    struct client *client = pair->stage->client;
    const struct grant_borrower *borrower = &pair->got.borrower[0];
    const struct grant_borrower *sent = &pair->sent.borrower[0];
    struct grant again;

    expect_at(pair, retrieve(pair, &pair->got), FFA_OK, "a retrieval");
    expect_equal(client, pair->got.handle, pair->handle, "the handle that is told");
    expect_equal(client, pair->got.tag, pair->sent.tag, "the tag that is told");
    if (pair->borrower->version >= FFA_VERSION_1_2) { /* before, there is no room for them */
        expect_equal(client, borrower->impdef[0], sent->impdef[0], "the first word");
        expect_equal(client, borrower->impdef[1], sent->impdef[1], "the second word");
    }
    expect_at(pair, retrieve(pair, &again), FFA_DENIED, "a second retrieval");
    expect_at(pair, party_reclaim(pair->lender, pair->handle, 0), FFA_DENIED,
              "FFA_MEM_RECLAIM of what is retrieved");
    expect_at(pair, party_reclaim(pair->borrower, pair->handle, 0), FFA_INVALID_PARAMETERS,
              "FFA_MEM_RECLAIM by the borrower");
}

/* Each writes what it may write, and the other sees it. */
static void use(struct pair *pair)
{
    struct client *client = pair->stage->client;
    bool is_shared = !memory_is_taken(pair->kind);

    if (pair->kind == MEMORY_LEND_ZEROED) {
        expect_equal(client, party_not_zero(pair->borrower, pair->got.range[0].ipa, 3), 0,
                     "words that were to be zeroed");
    } else {
        expect_equal(client, wrong_there(pair, pair->seed), 0, "words that the lender wrote");
    }
    if (is_shared) {
        pair->seed += 2;
        expect_equal(client, memory_fill(pair->lender, pair->ipa, pair->seed), 0,
                     "words of what is shared");
        expect_equal(client, wrong_there(pair, pair->seed), 0, "words that the lender wrote since");
    }
    if (is_read_only(pair)) {
        party_expect_read_only(pair->borrower, pair->got.range[0].ipa, "to be read only");
        return;
    }
    pair->seed += 2;
    expect_equal(client, fill_there(pair, pair->seed), 0, "words that the borrower writes");
    if (is_shared) {
        expect_equal(client, memory_wrong(pair->lender, pair->ipa, pair->seed), 0,
                     "words that the borrower wrote");
    }
}

static void give_back(struct pair *pair)
{
    struct grant again;

    expect_lenders_access(pair);
    expect_at(pair, party_relinquish(pair->borrower, pair->handle, 0), FFA_OK,
              "FFA_MEM_RELINQUISH");
    for (unsigned int page = 0; page < MEMORY_GRANT_PAGES; page++) {
        party_expect_fault(pair->borrower, pair->got.range[0].ipa + page * FFA_PAGE_SIZE,
                           "what was given back");
    }
    expect_at(pair, party_relinquish(pair->borrower, pair->handle, 0), FFA_DENIED,
              "FFA_MEM_RELINQUISH of what was given back");
    expect_lenders_access(pair);
    expect_at(pair, party_reclaim(pair->lender, pair->handle, 0), FFA_OK, "FFA_MEM_RECLAIM");
    expect_equal(pair->stage->client, memory_wrong(pair->lender, pair->ipa, pair->seed), 0,
                 "words that are back");
    expect_at(pair, party_reclaim(pair->lender, pair->handle, 0), FFA_INVALID_PARAMETERS,
              "FFA_MEM_RECLAIM of what is back");
    expect_at(pair, party_relinquish(pair->borrower, pair->handle, 0), FFA_INVALID_PARAMETERS,
              "FFA_MEM_RELINQUISH of what is back");
    expect_at(pair, retrieve(pair, &again), FFA_INVALID_PARAMETERS, "a retrieval of what is back");
}

/* --- All of it ------------------------------------------------------------------------------ */

static void play(const struct memory_stage *stage, const struct party *lender,
                 const struct party *borrower)
{
    struct pair pair = {
        .stage = stage,
        .lender = lender,
        .borrower = borrower,
        .ipa = memory_ram(stage, lender),
        .seed = 100,
    };

    for (unsigned int kind = 0; kind < MEMORY_KINDS; kind++) {
        if (((KIND(DONATE) | KIND(SHARE_TWO) | KIND(LEND_TWO)) >> kind & 1) != 0) {
            continue;
        }
        pair.kind = kind;
        pair.wide = !pair.wide;
        grant(&pair);
        borrow(&pair);
        use(&pair);
        give_back(&pair);
    }
}

void chapter_memory_pairs(struct memory_stage *stage)
{
    stage->client->about = "two VMs";
    for (unsigned int i = 0; i < KEEPERS; i++) {
        play(stage, &stage->me, &stage->keeper[i]);
        play(stage, &stage->keeper[i], &stage->me);
        play(stage, &stage->keeper[i], &stage->keeper[(i + 1) % KEEPERS]);
    }
    stage->client->about = NULL;
}
