/* SPDX-License-Identifier: BSD-3-Clause */
/* Plays memory_sends.def, in this VM's version. */
#include "memory.h"

/* What is not in the description. */
struct send_call {
    uint64_t x3;
    uint32_t w4;
    uint32_t sent; /* bytes in the first fragment; 0: all */
    uint64_t tx;
    uint64_t rx;
    uint64_t granted;  /* a page in the middle of free ones */
    uint64_t borrowed; /* a page */
};

struct play {
    struct memory_stage *stage;
    enum memory_kind kind;
    bool wide; /* in turn */
    struct grant grant;
    struct send_call call;
    uint64_t ipa;
};

/* Attributes that the lender has to say. */
#define HAS_ATTRIBUTES (ALL_SHARES | KIND(LEND_TWO))

/* Statuses, and a change, that depend on the version. */
#define IS_1_0(g)           ((g)->version == FFA_VERSION_1_0)
#define BELOW_1_2(old, new) (g->version < FFA_VERSION_1_2 ? (old) : (new))
#define FROM_1_1(status)    (IS_1_0(g) ? FFA_OK : (status))
#define NEW(change)         ((void)(IS_1_0(g) ? (void)0 : (change)))

/* There is no NS bit at 1.0: it is as if it were not said. */
#define AT_1_0(g, otherwise) (IS_1_0(g) ? FFA_OK : (otherwise))

static void prepare(struct play *play)
{
    const struct memory_stage *stage = play->stage;

    memory_grant(&play->grant, play->kind, &stage->me, play->ipa, WORLD_KEEPER_1_1,
                 WORLD_KEEPER_1_2);
    play->call.x3 = 0;
    play->call.w4 = 0;
    play->call.sent = 0;
    play->wide = !play->wide;
}

static int32_t send(struct play *play, uint64_t *handle)
{
    const struct party *me = &play->stage->me;
    uint32_t sent = play->call.sent != 0 ? play->call.sent : play->grant.total;
    uint32_t bytes = sent < me->bytes ? sent : me->bytes;
    struct guest_regs answer;

    grant_write(&play->grant, 0, play->stage->buffers.tx, bytes);
    answer = PARTY_CALL(me, memory_fid(me, play->kind, play->wide), play->grant.total, sent,
                        play->call.x3, play->call.w4);
    *handle = ffa_handle_make((uint32_t)answer.x[2], (uint32_t)answer.x[3]);
    return client_status(&answer);
}

static void reclaim(const struct play *play, uint64_t handle)
{
    expect_status(play->stage->client, party_reclaim(&play->stage->me, handle, 0), FFA_OK,
                  "a reclaim of what nobody has retrieved");
}

static void judge(struct play *play, int32_t expected, const char *why)
{
    struct client *client = play->stage->client;
    uint64_t handle;
    int32_t status = send(play, &handle);

    if (!expect_status(client, status, expected, why)) {
        guest_print("BROKEN: %s, kind %u, %s", why, (unsigned int)play->kind,
                    play->wide ? "64 bits" : "32 bits");
    }
    if (status == FFA_OK) {
        reclaim(play, handle);
        return;
    }
    prepare(play);
    if (expect_status(client, send(play, &handle), FFA_OK, "a grant after one that was refused")) {
        reclaim(play, handle);
    }
}

/* Whether the row is about this kind, with the grant for it to change. */
static bool begin(struct play *play, uint32_t kinds)
{
    if ((kinds >> play->kind & 1) != 0) {
        prepare(play);
        return true;
    }
    return false;
}

#define SEND(kinds, status, why, change) \
    if (begin(play, (kinds))) {          \
        (void)(change);                  \
        judge(play, (status), (why));    \
    }

static void play_rows(struct play *play)
{
    struct grant *g = &play->grant;
    struct send_call *call = &play->call;
    uint64_t ipa = play->ipa;

#include "memory_sends.def"
}

/* --- Who may not ---------------------------------------------------------------------------- */

/* Policy forbids it; it is asked in the same version as the keeper of 1.1. */
static void send_as_aloof(const struct memory_stage *stage)
{
    const struct party *aloof = &stage->aloof;
    uint64_t ipa = party_ram(aloof, MEMORY_PAGES);

    for (unsigned int kind = 0; kind < MEMORY_KINDS; kind++) {
        struct grant grant;
        uint64_t handle;

        memory_grant(&grant, kind, aloof, ipa, stage->me.id, stage->me.id);
        expect_status(stage->client,
                      party_send(aloof, memory_fid(aloof, kind, false), &grant, &handle),
                      FFA_DENIED, "a grant that policy forbids");
    }
}

/* --- All of it ------------------------------------------------------------------------------ */

#define SPARE_PAGES 3u /* of which the one in the middle is shared */

/* A page that is shared, and one that is borrowed, for rows about such. */
static void set_scene(struct play *play, struct grant *shared, uint64_t handles[2])
{
    struct memory_stage *stage = play->stage;
    const struct party *keeper = &stage->keeper[KEEPER_1_1];
    uint64_t spare = guest_ram(SPARE_PAGES);
    struct grant request;
    struct grant answer;

    play->call.tx = guest_ipa(stage->buffers.tx);
    play->call.rx = guest_ipa(stage->buffers.rx);
    play->call.granted = spare + FFA_PAGE_SIZE;
    grant_init(shared, stage->me.version, stage->me.id);
    shared->attributes = FFA_MEM_ATTR_NORMAL_WB_INNER;
    grant_to(shared, keeper->id, FFA_MEM_ACCESS_DATA_RW);
    grant_add(shared, play->call.granted, 1);
    expect_status(stage->client, party_send(&stage->me, FFA_MEM_SHARE_32, shared, &handles[0]),
                  FFA_OK, "a page that is shared");

    memory_grant(shared, MEMORY_SHARE, keeper, memory_ram(stage, keeper), stage->me.id, 0);
    expect_status(stage->client, party_send(keeper, FFA_MEM_SHARE_32, shared, &handles[1]), FFA_OK,
                  "what a keeper shares");
    memory_request(&request, shared, &stage->me, handles[1]);
    expect_status(stage->client,
                  party_retrieve(&stage->me, FFA_MEM_RETRIEVE_REQ_32, &request, &answer), FFA_OK,
                  "what a keeper shares");
    play->call.borrowed = answer.range[0].ipa;
}

static void clear_scene(const struct play *play, const uint64_t handles[2])
{
    const struct memory_stage *stage = play->stage;

    reclaim(play, handles[0]);
    expect_status(stage->client, party_relinquish(&stage->me, handles[1], 0), FFA_OK,
                  "what was borrowed");
    expect_status(stage->client, party_reclaim(&stage->keeper[KEEPER_1_1], handles[1], 0), FFA_OK,
                  "what a keeper shared");
}

void chapter_memory_sends(struct memory_stage *stage)
{
    struct play play = {.stage = stage, .ipa = stage->ram};
    struct grant shared;
    uint64_t handles[2];

    stage->client->about = "grants of memory";
    set_scene(&play, &shared, handles);
    expect_equal(stage->client, memory_fill(&stage->me, stage->ram, 1), 0, "words of our own");
    for (unsigned int kind = 0; kind < MEMORY_KINDS; kind++) {
        play.kind = kind;
        play_rows(&play);
    }
    clear_scene(&play, handles);
    send_as_aloof(stage);
    stage->client->about = NULL;
}
