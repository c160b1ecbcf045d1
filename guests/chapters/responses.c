/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests that are answered: rightly, with every word of the payload, and wrongly (responses.def).
 */
#include "stage.h"

struct row {
    uint32_t ids;
    uint32_t w2;
    int32_t status;
    const char *why;
};

#define ANSWER(from, to, w2, status, why) {(uint32_t)(from) << 16 | (to), w2, FFA_##status, why},

static const struct row rows[] = {
#include "responses.def"
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const uint32_t answers[] = {
    FFA_MSG_SEND_DIRECT_RESP_32,
    FFA_MSG_SEND_DIRECT_RESP_64,
    FFA_MSG_SEND_DIRECT_RESP2,
};

#define ANSWER_COUNT (sizeof(answers) / sizeof(answers[0]))

/* For the other side to make the same call. */
static uint32_t swap_roles(uint32_t ids)
{
    uint32_t swapped = 0;

    for (unsigned int shift = 0; shift < 32; shift += 16) {
        uint32_t id = (ids >> shift) & FFA_ID_MASK;

        swapped |= (id == ME ? PEER : id == PEER ? ME : id) << shift;
    }
    return swapped;
}

/* --- Rightly ---------------------------------------------------------------------------------- */

static void expect_echo(const struct stage *stage, const struct message *request,
                        const struct message *response)
{
    struct client *client = stage->client;

    expect_equal(client, response->from, stage->peer->id, "who answers");
    expect_equal(client, response->to, ME, "whom it answers");
    expect_equal(client, response->word[0], SERVANT_ANSWER(SERVANT_ECHO, guest_vcpu()),
                 "the vCPU of the same index answers");
    for (unsigned int i = 1; i < message_words(response->fid); i++) {
        uint64_t seen = message_word(request->fid, request->word[i]);

        expect_equal(client, response->word[i], message_word(response->fid, ~seen),
                     "a word of the payload");
    }
}

static void exchange(const struct stage *stage, uint32_t fid, bool in_32_bits)
{
    struct message request = stage_request(stage, fid, SERVANT(SERVANT_ECHO, in_32_bits));
    struct guest_regs answer = message_exchange(stage->client, &request);
    struct message response;

    expect_status(stage->client, client_status(&answer), FFA_OK, "a request");
    if (expect(stage->client, message_read(&answer, &response), "a response")) {
        expect_equal(stage->client, response.fid,
                     in_32_bits ? FFA_MSG_SEND_DIRECT_RESP_32 : message_response_to(fid),
                     "the kind of a response");
        expect_echo(stage, &request, &response);
    }
}

/* --- Wrongly ---------------------------------------------------------------------------------- */

static bool answers_kind(uint32_t response, uint32_t request)
{
    return response == message_response_to(request) ||
           (response == FFA_MSG_SEND_DIRECT_RESP_32 && request == FFA_MSG_SEND_DIRECT_REQ_64);
}

static bool is_played(const struct row *row, uint32_t fid)
{
    return row->w2 == 0 || fid != FFA_MSG_SEND_DIRECT_RESP2;
}

/* The servant tries, in the course of the request that tells it to. */
static void answer_there(const struct stage *stage, uint32_t request_fid, uint32_t fid)
{
    bool has = stage_peer_has(stage, fid);

    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (is_played(&rows[i], fid)) {
            expect_status(stage->client,
                          THERE(stage, fid, stage_ids(stage, rows[i].ids), rows[i].w2),
                          has ? rows[i].status : FFA_NOT_SUPPORTED, rows[i].why);
        }
    }
    if (!answers_kind(fid, request_fid)) {
        expect_status(stage->client, THERE(stage, fid, ffa_ids_make(stage->peer->id, ME)),
                      has ? FFA_DENIED : FFA_NOT_SUPPORTED, "the right answer of another kind");
    }
}

/* This VM tries, and has nothing to answer. */
static void answer_here(const struct stage *stage, uint32_t fid)
{
    uint16_t peer = stage->peer->id;
    bool has = stage_has(stage, fid);

    for (size_t i = 0; i < ROW_COUNT; i++) {
        uint32_t ids = stage_ids(stage, swap_roles(rows[i].ids));

        if (is_played(&rows[i], fid)) {
            expect_status(stage->client, FFA_STATUS(stage->client, fid, ids, rows[i].w2),
                          has ? rows[i].status : FFA_NOT_SUPPORTED, rows[i].why);
        }
    }
    expect_status(stage->client, FFA_STATUS(stage->client, fid, ffa_ids_make(ME, peer), 0),
                  has ? FFA_DENIED : FFA_NOT_SUPPORTED, "an answer to nothing");
}

/* Reserved bits do not matter in RESP2, and the call that is made is the answer. */
static void answer_with_reserved_bits(const struct stage *stage)
{
    struct message request =
        stage_request(stage, FFA_MSG_SEND_DIRECT_REQ2,
                      SERVANT(SERVANT_CALL, SERVANT_FID(FFA_MSG_SEND_DIRECT_RESP2)));
    struct guest_regs answer;

    request.word[1] = ffa_ids_make(stage->peer->id, ME);
    answer = message_exchange(stage->client, &request);
    expect_equal(stage->client, answer.x[0], FFA_MSG_SEND_DIRECT_RESP2, "RESP2 with x2 and x3");
    expect_equal(stage->client, answer.x[4], request.word[4], "x4 of RESP2 with x2 and x3");
}

void chapter_responses(struct stage *stage)
{
    struct client *client = stage->client;
    struct errand errand = stage->errand;

    for (unsigned int kind = 0; kind < STAGE_KINDS; kind++) {
        uint32_t fid = stage_kinds[kind];

        client->row = kind + 1;
        client->about = "responses.def";
        answer_here(stage, message_response_to(fid));
        if (!stage_has(stage, fid) || !stage_peer_has(stage, fid)) {
            continue;
        }
        exchange(stage, fid, false);
        stage->errand.fid = fid;
        for (size_t i = 0; i < ANSWER_COUNT; i++) {
            answer_there(stage, fid, answers[i]);
        }
        stage->errand = errand;
        if (fid == FFA_MSG_SEND_DIRECT_REQ_64) {
            exchange(stage, fid, true);
        }
        if (fid == FFA_MSG_SEND_DIRECT_REQ2) {
            answer_with_reserved_bits(stage);
        }
    }
    client->about = NULL;
}
