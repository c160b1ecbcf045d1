/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_MEM_RELINQUISH and FFA_MEM_RECLAIM from a VM: what each answers to what is not right about
 * it, and what is zeroed when.
 */
#include "memory.h"

#define RESERVED_FLAG 4u
#define LAST_FLAG     0x80000000u

/* A relinquish descriptor, and what it comes to. */
struct row {
    uint32_t kinds;
    uint64_t handle; /* is changed by this */
    uint32_t flags;
    uint32_t count;
    uint16_t id;
    int32_t status;
    int32_t status_1_2; /* from 1.2 on */
    const char *why;
};

#define INVALID FFA_INVALID_PARAMETERS
#define BOTH(x) x, x
#define ME      WORLD_GRANTER

/* While the memory is held, so that each that fails leaves it so. */
static const struct row rows[] = {
    {ALL_KINDS, 0, 0, 0, ME, BOTH(INVALID), "for nobody"},
    {ALL_KINDS, 0, 0, 2, ME, BOTH(INVALID), "for two"},
    {ALL_KINDS, 0, 0, 0xffffffff, ME, BOTH(INVALID), "for as many as can be said"},
    {ALL_KINDS, 0, 0, 1, WORLD_KEEPER_1_0, BOTH(INVALID), "for another VM"},
    {ALL_KINDS, 0, 0, 1, 0, BOTH(INVALID), "for the hypervisor"},
    {ALL_KINDS, 8, 0, 1, ME, BOTH(INVALID), "another place"},
    {ALL_KINDS, 0x10000, 0, 1, ME, BOTH(INVALID), "a handle that was"},
    {ALL_KINDS, FFA_HANDLE_HYPERVISOR_BIT, 0, 1, ME, BOTH(INVALID), "a handle of the SPMC's"},
    {ALL_KINDS, 0, FFA_MEM_RELINQUISH_TIME_SLICE, 1, ME, BOTH(INVALID), "time slicing"},
    {ALL_SHARES, 0, FFA_MEM_RELINQUISH_ZERO, 1, ME, BOTH(INVALID), "zeroing of what is shared"},
    {KIND(LEND_READ_ONLY), 0, FFA_MEM_RELINQUISH_ZERO, 1, ME, BOTH(FFA_DENIED),
     "zeroing of what is only read"},
    {KIND(LEND), 0, RESERVED_FLAG, 1, ME, INVALID, FFA_OK, "a reserved flag"},
    {KIND(SHARE), 0, LAST_FLAG, 1, ME, INVALID, FFA_OK, "the last reserved flag"},
};

struct play {
    const struct memory_stage *stage;
    const struct party *lender;
    enum memory_kind kind;
    struct grant sent;
    uint64_t handle;
};

static int32_t relinquish(const struct play *play, const struct row *row)
{
    uint64_t handle = play->handle ^ row->handle;
    const uint32_t word[] = {(uint32_t)handle, (uint32_t)(handle >> 32), row->flags, row->count,
                             row->id};
    uint8_t bytes[sizeof(word)];

    for (unsigned int i = 0; i < sizeof(word); i++) {
        bytes[i] = (uint8_t)(word[i / 4] >> (8 * (i % 4)));
    }
    party_write(&play->stage->me, 0, bytes, sizeof(bytes));
    return FFA_STATUS(play->stage->client, FFA_MEM_RELINQUISH, 0, 0, 0, 0, 0, 0, 0);
}

static bool grant(struct play *play)
{
    const struct memory_stage *stage = play->stage;

    memory_grant(&play->sent, play->kind, play->lender, memory_ram(stage, play->lender),
                 stage->me.id, WORLD_ALOOF);
    return expect_status(stage->client,
                         party_send(play->lender, memory_fid(play->lender, play->kind, false),
                                    &play->sent, &play->handle),
                         FFA_OK, "what a keeper grants");
}

static void borrow(const struct play *play, uint32_t flags)
{
    const struct party *me = &play->stage->me;
    struct grant request;
    struct grant answer;

    memory_request(&request, &play->sent, me, play->handle);
    request.flags = flags;
    expect_status(play->stage->client,
                  party_retrieve(me, FFA_MEM_RETRIEVE_REQ_32, &request, &answer), FFA_OK,
                  "a retrieval");
}

static void end(const struct play *play)
{
    expect_status(play->stage->client, party_reclaim(play->lender, play->handle, 0), FFA_OK,
                  "FFA_MEM_RECLAIM by a keeper");
}

/* --- Relinquish ----------------------------------------------------------------------------- */

static void play_row(const struct play *play, const struct row *row)
{
    struct client *client = play->stage->client;
    int32_t expected = client->version < FFA_VERSION_1_2 ? row->status : row->status_1_2;

    if ((row->kinds >> play->kind & 1) != 0) {
        expect_status(client, relinquish(play, row), expected, row->why);
        if (expected == FFA_OK) {
            borrow(play, 0);
        }
    }
}

static void play_relinquish(struct play *play)
{
    if (!grant(play)) {
        return;
    }
    borrow(play, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        play_row(play, &rows[i]);
    }
    expect_status(play->stage->client, party_relinquish(&play->stage->me, play->handle, 0), FFA_OK,
                  "FFA_MEM_RELINQUISH after others");
    end(play);
}

/* --- Zeroes --------------------------------------------------------------------------------- */

/* By whom: with the retrieval, when it is given back, or when it is taken back. */
static void play_zero(struct play *play, uint32_t retrieve, uint32_t relinquish_flags,
                      uint32_t reclaim)
{
    const struct memory_stage *stage = play->stage;
    uint64_t ipa = memory_ram(stage, play->lender);
    bool zeroed = (retrieve | relinquish_flags | reclaim) != 0;

    expect_equal(stage->client, memory_fill(play->lender, ipa, 9), 0, "words of a keeper's");
    if (!grant(play)) {
        return;
    }
    borrow(play, retrieve);
    expect_status(stage->client, party_relinquish(&stage->me, play->handle, relinquish_flags),
                  FFA_OK, "FFA_MEM_RELINQUISH");
    expect_status(stage->client, party_reclaim(play->lender, play->handle, reclaim), FFA_OK,
                  "FFA_MEM_RECLAIM");
    if (!zeroed) {
        expect_equal(stage->client, memory_wrong(play->lender, ipa, 9), 0, "words that are back");
        return;
    }
    expect_equal(stage->client,
                 party_not_zero(play->lender, ipa + 4 * FFA_PAGE_SIZE, 2) +
                     party_not_zero(play->lender, ipa + FFA_PAGE_SIZE, 1),
                 0, "words that were to be zeroed");
}

static void play_zeroes(struct play *play)
{
    play->kind = MEMORY_LEND;
    play_zero(play, 0, 0, 0);
    play_zero(play, FFA_MEM_RETRIEVE_REQ_ZERO_AFTER, 0, 0);
    play_zero(play, 0, FFA_MEM_RELINQUISH_ZERO, 0);
    play_zero(play, 0, 0, FFA_MEM_RECLAIM_ZERO);
    play->kind = MEMORY_LEND_READ_ONLY;
    play_zero(play, 0, 0, FFA_MEM_RECLAIM_ZERO);
}

/* --- Reclaim -------------------------------------------------------------------------------- */

static int32_t reclaim(const struct play *play, uint64_t change, uint32_t flags)
{
    return party_reclaim(&play->stage->me, play->handle ^ change, flags);
}

/* Ours, which the keeper does not retrieve. */
static void play_reclaim(const struct memory_stage *stage)
{
    struct play play = {.stage = stage, .lender = &stage->me, .kind = MEMORY_LEND};
    struct client *client = stage->client;
    bool is_old = client->version < FFA_VERSION_1_2;

    memory_grant(&play.sent, play.kind, &stage->me, stage->ram, WORLD_KEEPER_1_0, 0);
    expect_status(client, party_send(&stage->me, FFA_MEM_LEND_32, &play.sent, &play.handle), FFA_OK,
                  "FFA_MEM_LEND");
    expect_status(client, reclaim(&play, 8, 0), FFA_INVALID_PARAMETERS, "another place");
    expect_status(client, reclaim(&play, 0x10000, 0), FFA_INVALID_PARAMETERS, "what was");
    expect_status(client, reclaim(&play, FFA_HANDLE_HYPERVISOR_BIT, 0), FFA_INVALID_PARAMETERS,
                  "a handle of the SPMC's");
    expect_status(client, reclaim(&play, play.handle, 0), FFA_INVALID_PARAMETERS, "no handle");
    expect_status(client, reclaim(&play, ~play.handle, 0), FFA_INVALID_PARAMETERS, "none at all");
    expect_status(client, reclaim(&play, 0, FFA_MEM_RECLAIM_TIME_SLICE), FFA_INVALID_PARAMETERS,
                  "time slicing");
    expect_status(client, party_relinquish(&stage->me, play.handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RELINQUISH by the lender");
    expect_status(client, party_reclaim(&stage->keeper[KEEPER_1_0], play.handle, 0),
                  FFA_INVALID_PARAMETERS, "FFA_MEM_RECLAIM by the borrower");
    expect_status(client, reclaim(&play, 0, RESERVED_FLAG), is_old ? INVALID : FFA_OK,
                  "a reserved flag");
    expect_status(client, reclaim(&play, 0, 0), is_old ? FFA_OK : INVALID, "FFA_MEM_RECLAIM");
}

/* --- Without a TX --------------------------------------------------------------------------- */

static void play_without_tx(struct memory_stage *stage)
{
    static const uint32_t fids[] = {
        FFA_MEM_SHARE_32,        FFA_MEM_LEND_32,    FFA_MEM_DONATE_32,
        FFA_MEM_RETRIEVE_REQ_32, FFA_MEM_RELINQUISH,
    };
    struct client *client = stage->client;

    expect_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0), FFA_OK, "FFA_RXTX_UNMAP");
    for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
        expect_status(client, FFA_STATUS(client, fids[i], 96, 96, 0, 0, 0, 0, 0),
                      FFA_INVALID_PARAMETERS, "a call without a TX");
    }
    expect_status(client,
                  FFA_STATUS(client, FFA_RXTX_MAP_32, guest_ipa(stage->buffers.tx),
                             guest_ipa(stage->buffers.rx), stage->buffers.pages),
                  FFA_OK, "FFA_RXTX_MAP");
}

void chapter_memory_returns(struct memory_stage *stage)
{
    struct play play = {.stage = stage};

    stage->client->about = "returns";
    for (unsigned int i = 0; i < KEEPERS; i++) {
        play.lender = &stage->keeper[i];
        for (unsigned int kind = 0; kind < MEMORY_KINDS; kind++) {
            play.kind = kind;
            if (kind != MEMORY_DONATE && kind != MEMORY_SHARE_TWO && kind != MEMORY_LEND_TWO) {
                play_relinquish(&play);
            }
        }
        play_zeroes(&play);
    }
    play_reclaim(stage);
    play_without_tx(stage);
    stage->client->about = NULL;
}
