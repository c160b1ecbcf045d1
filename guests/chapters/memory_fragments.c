/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors that come in fragments: of each size, with something else in between, with one that
 * is not right; and of thousands of ranges, out of order.
 */
#include "memory.h"
#include "pattern.h"

#define RANGE_BYTES ((uint32_t)sizeof(struct ffa_mem_constituent))

#define RANGES 7u /* of one page each, with one between them */
#define SEED   70u

/* A send that is not complete. */
struct partial {
    const struct memory_stage *stage;
    struct grant grant;
    uint64_t ipa;
    uint64_t handle;
    uint32_t sent;
};

static void describe(struct partial *partial)
{
    const struct memory_stage *stage = partial->stage;

    grant_init(&partial->grant, stage->me.version, stage->me.id);
    grant_to(&partial->grant, WORLD_KEEPER_1_1, FFA_MEM_ACCESS_DATA_RW);
    for (unsigned int i = RANGES; i-- > 0;) {
        grant_add(&partial->grant, partial->ipa + 2 * i * FFA_PAGE_SIZE, 1);
    }
}

static uint32_t head_bytes(const struct grant *grant)
{
    return grant->composite_at + (uint32_t)sizeof(struct ffa_mem_composite);
}

/* The first one, with so many ranges, in a description that may have been changed. */
static void start(struct partial *partial, uint32_t ranges)
{
    const struct memory_stage *stage = partial->stage;
    struct guest_regs answer;

    partial->sent = head_bytes(&partial->grant) + ranges * RANGE_BYTES;
    grant_write(&partial->grant, 0, stage->buffers.tx, partial->sent);
    answer =
        FFA(stage->client, FFA_MEM_LEND_32, partial->grant.total, partial->sent, 0, 0, 0, 0, 0);
    expect_equal(stage->client, answer.x[0], FFA_MEM_FRAG_RX, "the answer to a first fragment");
    expect_equal(stage->client, answer.x[3], partial->sent, "what is wanted next");
    partial->handle = ffa_handle_make((uint32_t)answer.x[1], (uint32_t)answer.x[2]);
}

static struct guest_regs go_on(struct partial *partial, uint32_t bytes, uint32_t w4)
{
    const struct memory_stage *stage = partial->stage;
    uint32_t written = bytes < stage->me.bytes ? bytes : stage->me.bytes;

    grant_write(&partial->grant, partial->sent, stage->buffers.tx, written);
    return FFA(stage->client, FFA_MEM_FRAG_TX, ffa_handle_low(partial->handle),
               ffa_handle_high(partial->handle), bytes, w4, 0, 0, 0);
}

static int32_t send_rest(struct partial *partial)
{
    return client_status_of(go_on(partial, partial->grant.total - partial->sent, 0));
}

static void take_back(const struct partial *partial, const char *what)
{
    expect_status(partial->stage->client, party_reclaim(&partial->stage->me, partial->handle, 0),
                  FFA_OK, what);
}

/* All pages are ours, as they were. */
static void expect_untouched(const struct partial *partial)
{
    expect_equal(partial->stage->client, touch_wrong(partial->ipa, 0, 2 * RANGES, SEED), 0,
                 "words of what is not lent");
}

/* --- Sizes ---------------------------------------------------------------------------------- */

static void send_in_all_sizes(struct partial *partial)
{
    const struct memory_stage *stage = partial->stage;

    describe(partial);
    for (uint32_t bytes = head_bytes(&partial->grant); bytes <= partial->grant.total;
         bytes += RANGE_BYTES) {
        expect_status(
            stage->client,
            party_send_in(&stage->me, FFA_MEM_LEND_32, &partial->grant, bytes, &partial->handle),
            FFA_OK, "a grant in fragments");
        party_expect_fault(&stage->me, partial->ipa, "what is lent in fragments");
        take_back(partial, "FFA_MEM_RECLAIM of it");
        expect_untouched(partial);
    }
}

static void send_one_by_one(struct partial *partial)
{
    struct guest_regs answer = {{0}};

    start(partial, 0);
    for (unsigned int i = 0; i < RANGES; i++) {
        answer = go_on(partial, RANGE_BYTES, 0);
        partial->sent += RANGE_BYTES;
        if (i + 1 < RANGES) {
            expect_equal(partial->stage->client, answer.x[0], FFA_MEM_FRAG_RX, "more is wanted");
            expect_equal(partial->stage->client, answer.x[3], partial->sent, "from there on");
        }
    }
    expect_equal(partial->stage->client, answer.x[0], FFA_SUCCESS_32, "one range at a time");
    take_back(partial, "FFA_MEM_RECLAIM of it");
}

/* --- Something else in between -------------------------------------------------------------- */

static void interfere(struct partial *partial)
{
    const struct memory_stage *stage = partial->stage;
    struct client *client = stage->client;
    struct grant request;
    struct grant answer;

    start(partial, 3);
    expect_untouched(partial); /* nothing is granted before the last fragment */
    expect_status(client, FFA_STATUS(client, FFA_MEM_SHARE_32, 128, 128, 0, 0, 0, 0, 0), FFA_BUSY,
                  "another grant between fragments");
    expect_status(client, FFA_STATUS(client, FFA_MEM_RETRIEVE_REQ_32, 96, 96, 0, 0, 0, 0, 0),
                  FFA_BUSY, "a retrieval between fragments");
    expect_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0), FFA_BUSY,
                  "FFA_RXTX_UNMAP between fragments");
    if (client->version >= FFA_VERSION_1_1) {
        expect_status(client, FFA_STATUS(client, FFA_MSG_SEND2, 0, 0), FFA_BUSY,
                      "FFA_MSG_SEND2 between fragments");
    }
    memory_request(&request, &partial->grant, &stage->keeper[KEEPER_1_1], partial->handle);
    expect_status(
        client,
        party_retrieve(&stage->keeper[KEEPER_1_1], FFA_MEM_RETRIEVE_REQ_32, &request, &answer),
        FFA_INVALID_PARAMETERS, "a retrieval of what is not complete");
    expect_status(client, client_status_of(go_on(partial, RANGE_BYTES, 1)), FFA_INVALID_PARAMETERS,
                  "a fragment with w4");
    partial->handle ^= 8;
    expect_status(client, send_rest(partial), FFA_INVALID_PARAMETERS, "a fragment of another one");
    partial->handle ^= 8;
    expect_status(client, send_rest(partial), FFA_OK, "the rest, after all that");
    take_back(partial, "FFA_MEM_RECLAIM of it");
}

/* --- Fragments that are not right ------------------------------------------------------------- */

/* Where it ends nothing is left of it. */
static void expect_ended(struct partial *partial, struct guest_regs answer, int32_t expected,
                         const char *why)
{
    struct client *client = partial->stage->client;

    expect_status(client, client_status(&answer), expected, why);
    expect_status(client, send_rest(partial), FFA_INVALID_PARAMETERS,
                  "a fragment after one that was refused");
    expect_status(client, party_reclaim(&partial->stage->me, partial->handle, 0),
                  FFA_INVALID_PARAMETERS, "FFA_MEM_RECLAIM of what was refused");
    expect_untouched(partial);
}

static void send_lengths(struct partial *partial)
{
    static const uint32_t lengths[] = {0, 8, RANGE_BYTES + 1, 2 * FFA_PAGE_SIZE, 0xfffffff0};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        describe(partial);
        start(partial, 2);
        expect_ended(partial, go_on(partial, lengths[i], 0), FFA_INVALID_PARAMETERS,
                     "a fragment of a length that cannot be");
    }
    describe(partial);
    start(partial, 2);
    expect_ended(partial, go_on(partial, (RANGES - 1) * RANGE_BYTES, 0), FFA_INVALID_PARAMETERS,
                 "more ranges than were announced");
}

/* The last of the ranges is wrong, when all others have been sent. */
static void send_range(struct partial *partial, uint64_t ipa, uint32_t pages, int32_t expected,
                       const char *why)
{
    describe(partial);
    start(partial, RANGES - 1);
    partial->grant.range[RANGES - 1] = (struct grant_range){.ipa = ipa, .pages = pages};
    expect_ended(partial, go_on(partial, RANGE_BYTES, 0), expected, why);
}

static void send_ranges(struct partial *partial)
{
    const struct memory_stage *stage = partial->stage;

    send_range(partial, guest_ipa_below_ram(), 1, FFA_DENIED, "a page that is no RAM");
    send_range(partial, guest_ipa(stage->buffers.rx), 1, FFA_DENIED, "the RX buffer");
    send_range(partial, partial->ipa + 2 * FFA_PAGE_SIZE, 1, FFA_INVALID_PARAMETERS,
               "a page that was sent before");
    send_range(partial, partial->ipa + 8, 1, FFA_INVALID_PARAMETERS, "an address not aligned");
    send_range(partial, partial->ipa, 0, FFA_INVALID_PARAMETERS, "a range of no pages");
    send_range(partial, partial->ipa, 2, FFA_INVALID_PARAMETERS, "more pages than announced");
    describe(partial);
    partial->grant.pages++;
    start(partial, RANGES - 1);
    expect_ended(partial, go_on(partial, RANGE_BYTES, 0), FFA_INVALID_PARAMETERS,
                 "fewer pages than announced");
}

static void give_up(struct partial *partial)
{
    describe(partial);
    start(partial, 4);
    take_back(partial, "FFA_MEM_RECLAIM between fragments");
    expect_status(partial->stage->client, send_rest(partial), FFA_INVALID_PARAMETERS,
                  "a fragment of what was given up");
    expect_untouched(partial);
}

/* --- Thousands ------------------------------------------------------------------------------ */

#define STRIDE    1u
#define RANGE_MAX 4096u

#define SPARE_PAGES 256u /* for other chapters */

/* Words of each range, which the borrower has in the order in which they were sent. */
static void use_many(const struct memory_stage *stage, const struct grant *sent,
                     const struct party *keeper, uint64_t there)
{
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < sent->ranges; i += 97) {
        uint32_t value;
        uint64_t fault;

        wrong +=
            !party_load(keeper, there + (uint64_t)i * FFA_PAGE_SIZE, &value, &fault) || value != i;
        wrong += !party_store(keeper, there + (uint64_t)i * FFA_PAGE_SIZE, ~i, &fault);
    }
    expect_equal(stage->client, wrong, 0, "words in thousands of ranges");
}

static uint32_t wrong_here(const struct grant *sent, bool used)
{
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < sent->ranges; i++) {
        uint32_t expected = used && i % 97 == 0 ? ~i : i;
        uint32_t value;
        uint64_t fault;

        wrong += !guest_load(grant_range(sent, i).ipa, &value, &fault) || value != expected;
    }
    return wrong;
}

static uint32_t fill_here(const struct grant *sent)
{
    uint32_t wrong = 0;
    uint64_t fault;

    for (uint32_t i = 0; i < sent->ranges; i++) {
        wrong += !guest_store(grant_range(sent, i).ipa, i, &fault);
    }
    return wrong;
}

static void lend_many(const struct memory_stage *stage, const struct party *keeper, uint64_t ipa,
                      uint32_t count)
{
    const struct grant_scatter scatter = {
        .ipa = ipa, .pages = 1, .stride = STRIDE, .step = 7919, .count = count};
    struct grant request;
    struct grant answer;
    struct grant sent;
    uint64_t handle;

    grant_init(&sent, stage->me.version, stage->me.id);
    grant_to(&sent, keeper->id, FFA_MEM_ACCESS_DATA_RW);
    grant_add_scattered(&sent, &scatter);
    expect_equal(stage->client, fill_here(&sent), 0, "words of our own");
    expect_status(stage->client, party_send(&stage->me, FFA_MEM_LEND_32, &sent, &handle), FFA_OK,
                  "many ranges");
    party_expect_fault(&stage->me, grant_range(&sent, count / 2).ipa, "one of many");
    memory_request(&request, &sent, keeper, handle);
    if (expect_status(stage->client,
                      party_retrieve(keeper, FFA_MEM_RETRIEVE_REQ_32, &request, &answer), FFA_OK,
                      "a retrieval of many ranges")) {
        expect_equal(stage->client, answer.ranges, 1, "how many ranges the borrower has");
        use_many(stage, &sent, keeper, answer.range[0].ipa);
        expect_status(stage->client, party_relinquish(keeper, handle, 0), FFA_OK,
                      "FFA_MEM_RELINQUISH");
    }
    expect_status(stage->client, party_reclaim(&stage->me, handle, 0), FFA_OK, "FFA_MEM_RECLAIM");
    expect_equal(stage->client, wrong_here(&sent, true), 0, "words that came back");
}

/* As many as other chapters leave; an odd number, so that they can be put out of order. */
static void send_many(const struct memory_stage *stage)
{
    uint32_t count = (guest_ram_left() - SPARE_PAGES) / STRIDE;
    uint64_t ipa;

    count = (count < RANGE_MAX ? count : RANGE_MAX) - 2;
    count |= 1;
    ipa = guest_ram(count * STRIDE);
    for (unsigned int i = 0; i < KEEPERS; i++) {
        lend_many(stage, &stage->keeper[i], ipa, count);
    }
}

void chapter_memory_fragments(struct memory_stage *stage)
{
    struct partial partial = {.stage = stage, .ipa = guest_ram(2 * RANGES)};

    stage->client->about = "fragments";
    expect_equal(stage->client, touch_fill(partial.ipa, 0, 2 * RANGES, SEED), 0, "our own words");
    send_in_all_sizes(&partial);
    send_one_by_one(&partial);
    interfere(&partial);
    send_lengths(&partial);
    send_ranges(&partial);
    give_up(&partial);
    send_many(stage);
    stage->client->about = NULL;
}
