/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays memory_retrievals.def, in this VM's version, with lenders of each version; and what is to
 * be found in the answer.
 */
#include "memory.h"

/* Kinds: with one borrower, and with two; which it gives back; which it can only read. */
#define TWO       (KIND(SHARE_TWO) | KIND(LEND_TWO))
#define ONE       (ALL_KINDS & ~TWO)
#define BORROWED  (ALL_KINDS & ~KIND(DONATE))
#define READ_ONLY (KIND(SHARE_READ_ONLY) | KIND(LEND_READ_ONLY))
#define ALONE     (ALL_LENDS & ~TWO)

#define BELOW_1_2(old, new)    (r->version < FFA_VERSION_1_2 ? (old) : (new))
#define AT_1_0(old, otherwise) (r->version == FFA_VERSION_1_0 ? (old) : (otherwise))

#define MARK_PAGES 3u /* what lies at the top of the window meanwhile */

/* What is not in the request. */
struct retrieve_call {
    uint64_t x3;
    uint32_t w4;
    uint32_t sent; /* bytes in the first fragment; 0: all */
    uint32_t type;
    uint64_t ram; /* of the VM's own */
};

struct play {
    struct memory_stage *stage;
    const struct party *lender;
    enum memory_kind kind;
    bool wide; /* in turn */
    struct grant sent;
    uint64_t handle;
    struct grant request;
    struct retrieve_call call;
    uint64_t window;
};

/* A borrower beside us, which is not the lender. */
static uint16_t other_of(const struct play *play)
{
    return play->lender->id == WORLD_KEEPER_1_2 ? WORLD_KEEPER_1_0 : WORLD_KEEPER_1_2;
}

static void prepare(struct play *play)
{
    const struct memory_stage *stage = play->stage;

    memory_request(&play->request, &play->sent, &stage->me, play->handle);
    play->call = (struct retrieve_call){.type = memory_type(play->kind), .ram = stage->ram};
    play->wide = !play->wide;
}

static struct guest_regs ask(const struct play *play)
{
    const struct party *me = &play->stage->me;
    const struct grant *request = &play->request;
    uint32_t bytes = request->total < me->bytes ? request->total : me->bytes;

    grant_write(request, 0, play->stage->buffers.tx, bytes);
    return PARTY_CALL(me, memory_retrieve_fid(me, play->wide), request->total,
                      play->call.sent != 0 ? play->call.sent : request->total, play->call.x3,
                      play->call.w4);
}

/* --- The answer ----------------------------------------------------------------------------- */

static uint32_t expected_permissions(const struct play *play)
{
    uint32_t asked = play->request.borrower[0].permissions;

    return (asked & FFA_MEM_ACCESS_INSTR_MASK) != 0 ? asked : asked | FFA_MEM_ACCESS_INSTR_XN;
}

/* Where the memory is: where it was to be, on a boundary that was to be, right under the rest. */
static void expect_place(const struct play *play, const struct grant *answer)
{
    struct client *client = play->stage->client;
    const struct grant *request = &play->request;
    uint32_t hint =
        (request->flags & FFA_MEM_RETRIEVE_REQ_ALIGN_MASK) >> FFA_MEM_RETRIEVE_REQ_ALIGN_SHIFT;
    uint64_t boundary = (uint64_t)FFA_PAGE_SIZE << hint;
    uint64_t place = play->window - (uint64_t)MEMORY_GRANT_PAGES * FFA_PAGE_SIZE;

    expect_equal(client, answer->pages, MEMORY_GRANT_PAGES, "pages of an answer");
    if (request->ranges_listed == 0) {
        expect_equal(client, answer->ranges, 1, "ranges of an answer");
        expect_equal(client, answer->range[0].ipa, place & ~(boundary - 1), "where memory is");
        return;
    }
    expect_equal(client, answer->ranges, request->ranges_listed, "ranges of an answer");
    for (uint32_t i = 0; i < request->ranges_listed; i++) {
        expect_equal(client, answer->range[i].ipa, request->range[i].ipa, "where a range is");
        expect_equal(client, answer->range[i].pages, request->range[i].pages, "its pages");
    }
}

static void expect_answer(const struct play *play, const struct guest_regs *regs)
{
    const struct memory_stage *stage = play->stage;
    struct client *client = stage->client;
    uint32_t ns = client->version == FFA_VERSION_1_0 ? 0 : FFA_MEM_ATTR_NS;
    uint32_t zeroed = play->kind == MEMORY_LEND_ZEROED ? FFA_MEM_RETRIEVE_RESP_ZEROED : 0;
    struct grant answer;

    expect_equal(client, regs->x[0], FFA_MEM_RETRIEVE_RESP, "the answer to a retrieval");
    expect_equal(client, regs->x[2], regs->x[1], "the length of its only fragment");
    expect(client, grant_read(&answer, client->version, stage->buffers.rx, (uint32_t)regs->x[1]),
           "the layout of an answer");
    expect_equal(client, answer.sender, play->lender->id, "the lender in an answer");
    expect_equal(client, answer.attributes, FFA_MEM_ATTR_NORMAL_WB_INNER | ns, "attributes");
    expect_equal(client, answer.flags, memory_type(play->kind) | zeroed, "flags of an answer");
    expect_equal(client, answer.handle, play->handle, "the handle in an answer");
    expect_equal(client, answer.tag, play->sent.tag, "the tag in an answer");
    expect_equal(client, answer.borrower[0].id, stage->me.id, "the borrower in an answer");
    expect_equal(client, answer.borrower[0].permissions, expected_permissions(play), "permissions");
    expect_equal(client, answer.borrower[0].flags, 0, "flags of a borrower");
    expect_place(play, &answer);
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK, "FFA_RX_RELEASE");
}

/* --- One row -------------------------------------------------------------------------------- */

static void retrieve_well(struct play *play)
{
    struct client *client = play->stage->client;
    struct guest_regs again;
    struct guest_regs regs;

    prepare(play);
    regs = ask(play);
    if (expect_status(client, client_status(&regs), FFA_OK, "a retrieval after others")) {
        expect_answer(play, &regs);
        again = ask(play);
        expect_status(client, client_status(&again), FFA_DENIED, "a second retrieval");
        expect_status(client, party_relinquish(&play->stage->me, play->handle, 0), FFA_OK,
                      "FFA_MEM_RELINQUISH");
    }
}

static void judge(struct play *play, int32_t expected, const char *why)
{
    struct client *client = play->stage->client;
    struct guest_regs regs = ask(play);

    if (!expect_status(client, client_status(&regs), expected, why)) {
        guest_print("BROKEN: %s, kind %u, from %#x, %s", why, (unsigned int)play->kind,
                    play->lender->id, play->wide ? "64 bits" : "32 bits");
    }
    if (client_status(&regs) != FFA_OK) {
        return;
    }
    expect_answer(play, &regs);
    expect_status(client, party_relinquish(&play->stage->me, play->handle, 0), FFA_OK,
                  "FFA_MEM_RELINQUISH");
}

static bool begin(struct play *play, uint32_t kinds)
{
    if ((kinds >> play->kind & 1) != 0) {
        prepare(play);
        return true;
    }
    return false;
}

#define RETRIEVE(kinds, status, why, change) \
    if (begin(play, (kinds))) {              \
        (void)(change);                      \
        judge(play, (status), (why));        \
    }

static void play_rows(struct play *play)
{
    struct grant *r = &play->request;
    struct grant_borrower *own = &r->borrower[0];
    struct grant_borrower *other = &r->borrower[1];
    struct retrieve_call *call = &play->call;
    uint64_t window = play->window;

#include "memory_retrievals.def"
}

/* --- All of it ------------------------------------------------------------------------------ */

static void play_kind(struct play *play)
{
    struct memory_stage *stage = play->stage;
    const struct party *lender = play->lender;

    memory_grant(&play->sent, play->kind, lender, memory_ram(stage, lender), stage->me.id,
                 other_of(play));
    if (!expect_status(
            stage->client,
            party_send(lender, memory_fid(lender, play->kind, false), &play->sent, &play->handle),
            FFA_OK, "what a keeper grants")) {
        return;
    }
    play_rows(play);
    if (play->kind != MEMORY_DONATE) {
        retrieve_well(play);
    }
    expect_status(stage->client, party_reclaim(lender, play->handle, 0), FFA_OK,
                  "what a keeper has granted");
}

/* Something at the top of the window, so that it can be seen how others come to lie under it. */
static void retrieve_mark(struct play *play)
{
    struct memory_stage *stage = play->stage;
    const struct party *keeper = &stage->keeper[KEEPER_1_1];
    uint64_t ram = party_ram(keeper, MEMORY_PAGES);
    struct grant request;
    struct grant answer;

    memory_grant(&play->sent, MEMORY_SHARE, keeper, ram, stage->me.id, 0);
    expect_status(stage->client, party_send(keeper, FFA_MEM_SHARE_32, &play->sent, &play->handle),
                  FFA_OK, "what a keeper shares");
    memory_request(&request, &play->sent, &stage->me, play->handle);
    expect_status(stage->client,
                  party_retrieve(&stage->me, FFA_MEM_RETRIEVE_REQ_32, &request, &answer), FFA_OK,
                  "what a keeper shares");
    play->window = answer.range[0].ipa;
}

static void return_mark(const struct play *play, uint64_t handle)
{
    const struct memory_stage *stage = play->stage;

    expect_status(stage->client, party_relinquish(&stage->me, handle, 0), FFA_OK,
                  "FFA_MEM_RELINQUISH");
    expect_status(stage->client, party_reclaim(&stage->keeper[KEEPER_1_1], handle, 0), FFA_OK,
                  "FFA_MEM_RECLAIM");
}

/* With RX full, of something else. */
static void retrieve_with_full_rx(struct play *play)
{
    struct memory_stage *stage = play->stage;
    struct client *client = stage->client;
    struct guest_regs regs;

    prepare(play);
    expect_status(client, FFA_STATUS(client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0), FFA_OK,
                  "FFA_PARTITION_INFO_GET");
    regs = ask(play);
    expect_status(client, client_status(&regs), FFA_BUSY, "a retrieval when RX is full");
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK, "FFA_RX_RELEASE");
}

void chapter_memory_retrievals(struct memory_stage *stage)
{
    struct play play = {.stage = stage};
    uint64_t mark;

    stage->client->about = "retrievals";
    retrieve_mark(&play);
    mark = play.handle;
    retrieve_with_full_rx(&play);
    for (unsigned int i = 0; i < KEEPERS; i++) {
        play.lender = &stage->keeper[i];
        for (unsigned int kind = 0; kind < MEMORY_KINDS; kind++) {
            play.kind = kind;
            play_kind(&play);
        }
    }
    return_mark(&play, mark);
    stage->client->about = NULL;
}
