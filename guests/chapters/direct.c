/* SPDX-License-Identifier: BSD-3-Clause */
/* Plays direct.def, from both sides. */
#include "stage.h"

struct row {
    uint32_t ids;
    uint32_t w2;
    const struct ffa_uuid *uuid; /* NULL: a row for all kinds of requests */
    const char *why;
    int32_t status;
    bool if_taken; /* if the receiver can get such a request, else FFA_DENIED */
};

static const struct ffa_uuid nobody_uuid = WORLD_UUID_NOBODY;
static const struct ffa_uuid receivers_uuid; /* these two stand for what a VM has */
static const struct ffa_uuid senders_uuid;

#define UUID_NIL    &members_nil_uuid
#define UUID_NOBODY &nobody_uuid
#define UUID_OWN    &receivers_uuid
#define UUID_OTHER  &senders_uuid

#define SUCCESS                    FFA_OK, false
#define INVALID_PARAMETERS         FFA_INVALID_PARAMETERS, false
#define DENIED                     FFA_DENIED, false
#define BUSY                       FFA_BUSY, false
#define IF_TAKEN(...)              ONLY_IF_TAKEN(__VA_ARGS__)
#define ONLY_IF_TAKEN(status, any) status, true

#define IDS(from, to)                     ((uint32_t)(from) << 16 | (to))
#define ASK(from, to, w2, status, why)    {IDS(from, to), w2, NULL, why, status},
#define ASK2(from, to, uuid, status, why) {IDS(from, to), 0, uuid, why, status},

static const struct row rows[] = {
#include "direct.def"
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* One request, from this VM or from the servant. */
struct attempt {
    const struct stage *stage;
    const struct row *row;
    uint32_t fid;
    bool from_peer;
};

static uint16_t id_of(const struct attempt *attempt, uint16_t id)
{
    if (attempt->from_peer && (id == ME || id == PEER)) {
        id = id == ME ? PEER : ME;
    }
    return stage_id(attempt->stage, id);
}

static uint32_t ids_of(const struct attempt *attempt)
{
    uint32_t ids = attempt->row->ids;

    return ffa_ids_make(id_of(attempt, ffa_ids_sender(ids)), id_of(attempt, ffa_ids_receiver(ids)));
}

static const struct ffa_uuid *uuid_of(const struct attempt *attempt)
{
    const struct ffa_uuid *uuid = attempt->row->uuid;
    const struct world_vm *me = world_find(ME);

    if (uuid == &receivers_uuid || uuid == &senders_uuid) {
        return (uuid == &receivers_uuid) == attempt->from_peer ? &me->uuids[0]
                                                               : &attempt->stage->peer->uuids[0];
    }
    return uuid != NULL ? uuid : &members_nil_uuid;
}

static int32_t expected_of(const struct attempt *attempt)
{
    const struct stage *stage = attempt->stage;
    const struct row *row = attempt->row;
    uint16_t receiver = ffa_ids_receiver(ids_of(attempt));
    bool has =
        attempt->from_peer ? stage_peer_has(stage, attempt->fid) : stage_has(stage, attempt->fid);
    bool taken =
        attempt->from_peer ? stage_has(stage, attempt->fid) : stage_peer_has(stage, attempt->fid);

    if (!has) {
        return FFA_NOT_SUPPORTED;
    }
    if (attempt->from_peer && !stage_peer_sees(stage, receiver)) {
        return FFA_INVALID_PARAMETERS;
    }
    return row->if_taken && !taken ? FFA_DENIED : row->status;
}

static int32_t make(const struct attempt *attempt)
{
    const struct ffa_uuid *uuid = uuid_of(attempt);
    uint64_t w[ERRAND_WORDS] = {ids_of(attempt), attempt->row->w2, SERVANT(SERVANT_ECHO, 0)};

    if (attempt->fid == FFA_MSG_SEND_DIRECT_REQ2) {
        w[1] = ffa_uuid_to_u64(uuid, 0);
        w[2] = ffa_uuid_to_u64(uuid, 1);
        w[3] = SERVANT(SERVANT_ECHO, 0);
    }
    if (attempt->from_peer) {
        return stage_call_there(attempt->stage, attempt->fid, w);
    }
    return FFA_STATUS(attempt->stage->client, attempt->fid, w[0], w[1], w[2], w[3]);
}

/* Some rows have no such request, and some of them cannot be told to the servant. */
static bool is_played(const struct attempt *attempt)
{
    const struct row *row = attempt->row;
    bool is_2 = attempt->fid == FFA_MSG_SEND_DIRECT_REQ2;
    bool fits = ffa_fid_is_64(attempt->stage->errand.fid) || ffa_uuid_is_nil(uuid_of(attempt));

    return is_2 ? row->w2 == 0 && (fits || !attempt->from_peer) : row->uuid == NULL;
}

static void play(const struct stage *stage, bool from_peer)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        stage->client->row = (unsigned int)i + 1;
        for (unsigned int kind = 0; kind < STAGE_KINDS; kind++) {
            struct attempt attempt = {stage, &rows[i], stage_kinds[kind], from_peer};

            if (is_played(&attempt)) {
                expect_status(stage->client, make(&attempt), expected_of(&attempt), rows[i].why);
            }
        }
    }
}

/* With nobody on our side to wait for a message. */
static void expect_busy(const struct stage *stage)
{
    for (unsigned int kind = 0; kind < STAGE_KINDS; kind++) {
        uint32_t fid = stage_kinds[kind];
        int32_t expected = stage_has(stage, fid) ? FFA_BUSY : FFA_DENIED;

        expect_status(stage->client, THERE(stage, fid, ffa_ids_make(stage->peer->id, ME), 0, 0, 0),
                      stage_peer_has(stage, fid) ? expected : FFA_NOT_SUPPORTED,
                      "the servant's request, while nobody waits for it");
    }
}

void chapter_direct(struct stage *stage)
{
    struct client *client = stage->client;

    client->about = "direct.def";
    play(stage, false);
    if (!stage->serving) {
        expect_busy(stage);
        stage_serve(stage);
    }
    client->about = "direct.def, from the servant";
    play(stage, true);
    client->about = NULL;
}
