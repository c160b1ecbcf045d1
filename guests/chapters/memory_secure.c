/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that this VM shares with Secure Partitions, lends and gives to them, alone and together
 * with other VMs: what each finds in it, what each may do, and how it comes back.
 */
#include "memory.h"
#include "partition.h"

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID

#define RO FFA_MEM_ACCESS_DATA_RO
#define RW FFA_MEM_ACCESS_DATA_RW

#define SEED   90u
#define NEW    0x1a5e1f00u /* what partitions write */
#define RANGES 255u        /* of one page each, in fragments of a page */

struct deal {
    const struct memory_stage *stage;
    uint16_t partition;
    enum memory_kind kind;
    struct grant sent;
    uint64_t handle;
};

/* A command about the region. */
static int32_t ask(const struct deal *deal, uint32_t command, uint32_t third, uint32_t fourth,
                   uint32_t *first)
{
    uint64_t word[PARTITION_WORDS] = {command, ffa_handle_low(deal->handle),
                                      ffa_handle_high(deal->handle), third, fourth};
    int32_t status = partition_ask(deal->stage->client, deal->stage->me.id, deal->partition, word);

    *first = (uint32_t)word[1];
    return status;
}

static int32_t retrieve(const struct deal *deal, uint32_t permissions)
{
    struct client *client = deal->stage->client;
    uint32_t pages;
    int32_t status;

    expect_status(client,
                  PARTITION_ASK(client, deal->stage->me.id, deal->partition, COMMAND_MEMORY_PREPARE,
                                COMMAND_PREPARE_TAG, (uint32_t)deal->sent.tag,
                                (uint32_t)(deal->sent.tag >> 32)),
                  FFA_OK, "a tag that is prepared");
    for (unsigned int i = 1; i < deal->sent.borrowers; i++) {
        expect_status(client,
                      PARTITION_ASK(client, deal->stage->me.id, deal->partition,
                                    COMMAND_MEMORY_PREPARE, COMMAND_PREPARE_BORROWER,
                                    deal->sent.borrower[i].id, deal->sent.borrower[i].permissions,
                                    FFA_MEM_ACCESS_NON_RETRIEVAL),
                      FFA_OK, "a borrower that is prepared");
    }
    status = ask(deal, COMMAND_MEMORY_RETRIEVE, deal->stage->me.id | permissions << 16, 0, &pages);
    if (status == FFA_OK) {
        expect_equal(client, pages, deal->sent.pages, "the pages that a partition retrieves");
    }
    return status;
}

static int32_t relinquish(const struct deal *deal)
{
    uint32_t nothing;

    return ask(deal, COMMAND_MEMORY_RELINQUISH, 0, 0, &nothing);
}

static int32_t reclaim(const struct deal *deal)
{
    return party_reclaim(&deal->stage->me, deal->handle, 0);
}

static bool grant(struct deal *deal)
{
    const struct memory_stage *stage = deal->stage;

    expect_equal(stage->client, memory_fill(&stage->me, stage->ram, SEED), 0, "words of our own");
    memory_grant(&deal->sent, deal->kind, &stage->me, stage->ram, deal->partition,
                 WORLD_KEEPER_1_1);
    if (!expect_status(stage->client,
                       party_send(&stage->me, memory_fid(&stage->me, deal->kind, true), &deal->sent,
                                  &deal->handle),
                       FFA_OK, "a grant to a partition")) {
        guest_print("BROKEN: kind %u, to %#x", (unsigned int)deal->kind, deal->partition);
        return false;
    }
    expect_equal(stage->client, deal->handle >> 63, 0, "whose handle it is");
    if (memory_is_taken(deal->kind)) {
        party_expect_fault(&stage->me, stage->ram + 4 * FFA_PAGE_SIZE, "what a partition has");
    }
    return true;
}

/* --- One partition -------------------------------------------------------------------------- */

static bool is_read_only(const struct deal *deal)
{
    return deal->kind == MEMORY_SHARE_READ_ONLY || deal->kind == MEMORY_LEND_READ_ONLY;
}

/* Words in the first and the last page, in the order in which they were granted. */
static void use(const struct deal *deal)
{
    struct client *client = deal->stage->client;
    bool zeroed = deal->kind == MEMORY_LEND_ZEROED;
    uint32_t value = 0;

    expect_status(client, ask(deal, COMMAND_MEMORY_READ, 0, 0, &value), FFA_OK, "its first word");
    expect_equal(client, value, zeroed ? 0 : touch_value(SEED, 0, 0), "its first word");
    expect_status(client, ask(deal, COMMAND_MEMORY_READ, 3 * FFA_PAGE_SIZE - 4, 0, &value), FFA_OK,
                  "its last word");
    expect_equal(client, value, zeroed ? 0 : touch_value(SEED + 1, 0, 2), "its last word");
    expect_status(client, ask(deal, COMMAND_MEMORY_WRITE, FFA_PAGE_SIZE, NEW, &value),
                  is_read_only(deal) ? FFA_DENIED : FFA_OK, "a word that a partition writes");
}

static void expect_back(const struct deal *deal)
{
    const struct memory_stage *stage = deal->stage;
    uint64_t ipa = stage->ram + 5 * FFA_PAGE_SIZE;
    uint32_t value = 0;
    uint64_t fault;

    expect(stage->client, guest_load(ipa, &value, &fault), "what came back");
    expect_equal(stage->client, value, is_read_only(deal) ? touch_value(SEED, 1, 0) : NEW,
                 "the word that a partition wrote");
}

static void play_kind(struct deal *deal)
{
    struct client *client = deal->stage->client;
    uint32_t permissions = is_read_only(deal) ? RO : RW;

    if (!grant(deal)) {
        return;
    }
    expect_status(client, reclaim(deal), FFA_OK, "FFA_MEM_RECLAIM of what no partition has");
    expect_status(client, retrieve(deal, permissions), FFA_INVALID_PARAMETERS,
                  "a partition's retrieval of that");
    if (!grant(deal)) {
        return;
    }
    if (is_read_only(deal)) {
        expect_status(client, retrieve(deal, RW), FFA_DENIED, "a partition that wants to write");
    }
    expect_status(client, retrieve(deal, permissions), FFA_OK, "a partition's retrieval");
    use(deal);
    expect_status(client, reclaim(deal), FFA_DENIED, "FFA_MEM_RECLAIM of what a partition has");
    if (!memory_is_taken(deal->kind)) {
        expect_back(deal);
    }
    expect_status(client, relinquish(deal), FFA_OK, "a partition's FFA_MEM_RELINQUISH");
    expect_status(client, reclaim(deal), FFA_OK, "FFA_MEM_RECLAIM of what it gave back");
    expect_back(deal);
    expect_status(client, reclaim(deal), FFA_INVALID_PARAMETERS, "FFA_MEM_RECLAIM again");
}

/* The reference SPMC does not take memory from a VM for VMs and partitions at once. */
static void be_refused(struct deal *deal)
{
    const struct memory_stage *stage = deal->stage;

    memory_grant(&deal->sent, MEMORY_LEND_TWO, &stage->me, stage->ram, deal->partition,
                 WORLD_KEEPER_1_1);
    expect_status(stage->client,
                  party_send(&stage->me, FFA_MEM_LEND_32, &deal->sent, &deal->handle), FFA_DENIED,
                  "a lend to a VM and a partition");
    expect_equal(stage->client, memory_fill(&stage->me, stage->ram, SEED), 0,
                 "words of what the SPMC has refused");
}

/* --- With another VM ------------------------------------------------------------------------ */

static void play_mixed(struct deal *deal)
{
    const struct memory_stage *stage = deal->stage;
    const struct party *keeper = &stage->keeper[KEEPER_1_1];
    struct client *client = stage->client;
    struct grant request;
    struct grant answer;

    if (!grant(deal)) {
        return;
    }
    memory_request(&request, &deal->sent, keeper, deal->handle);
    expect_status(client, party_retrieve(keeper, FFA_MEM_RETRIEVE_REQ_32, &request, &answer),
                  FFA_OK, "a VM's retrieval beside a partition");
    expect_equal(client, party_wrong(keeper, answer.range[0].ipa, 2, SEED), 0,
                 "words that a VM finds beside a partition");
    expect_status(client, retrieve(deal, RW), FFA_OK, "a partition's retrieval beside a VM");
    use(deal);
    expect_status(client, relinquish(deal), FFA_OK, "a partition's FFA_MEM_RELINQUISH");
    expect_status(client, reclaim(deal), FFA_DENIED, "FFA_MEM_RECLAIM of what a VM still has");
    expect_status(client, party_relinquish(keeper, deal->handle, 0), FFA_OK,
                  "a VM's FFA_MEM_RELINQUISH");
    expect_status(client, reclaim(deal), FFA_OK, "FFA_MEM_RECLAIM of what both gave back");
    expect_back(deal);
}

/* --- In fragments --------------------------------------------------------------------------- */

/* Each page begins with its number; the partition adds one to each. */
static void play_fragments(struct deal *deal, uint64_t ipa)
{
    const struct memory_stage *stage = deal->stage;
    const struct grant_scatter scatter = {
        .ipa = ipa, .pages = 1, .stride = 1, .step = 101, .count = RANGES};
    uint32_t wrong = 0;
    uint32_t sum = 0;
    uint64_t fault;

    grant_init(&deal->sent, stage->me.version, stage->me.id);
    grant_to(&deal->sent, deal->partition, RW);
    grant_add_scattered(&deal->sent, &scatter);
    for (uint32_t i = 0; i < RANGES; i++) {
        wrong += !guest_store(grant_range(&deal->sent, i).ipa, i, &fault);
    }
    expect_status(stage->client,
                  party_send_in(&stage->me, FFA_MEM_LEND_32, &deal->sent, 1024, &deal->handle),
                  FFA_OK, "a grant to a partition in fragments");
    expect_status(stage->client, retrieve(deal, RW), FFA_OK, "a partition's retrieval of many");
    expect_status(stage->client, ask(deal, COMMAND_MEMORY_WALK, 1, 0, &sum), FFA_OK,
                  "a walk through all pages");
    expect_equal(stage->client, sum, RANGES * (RANGES - 1) / 2, "the sum of their numbers");
    expect_status(stage->client, relinquish(deal), FFA_OK, "a partition's FFA_MEM_RELINQUISH");
    expect_status(stage->client, reclaim(deal), FFA_OK, "FFA_MEM_RECLAIM");
    for (uint32_t i = 0; i < RANGES; i++) {
        uint32_t value = 0;

        wrong += !guest_load(grant_range(&deal->sent, i).ipa, &value, &fault) || value != i + 1;
    }
    expect_equal(stage->client, wrong, 0, "words of what a partition walked through");
}

/* The first fragment is with the SPMC when the VM gives up. */
static void give_up(struct deal *deal, uint64_t ipa)
{
    const struct memory_stage *stage = deal->stage;
    struct client *client = stage->client;
    uint32_t sent;
    struct guest_regs answer;

    memory_grant(&deal->sent, MEMORY_LEND, &stage->me, ipa, deal->partition, 0);
    sent = deal->sent.total - (uint32_t)sizeof(struct ffa_mem_constituent);
    grant_write(&deal->sent, 0, stage->buffers.tx, sent);
    answer = FFA(client, FFA_MEM_LEND_32, deal->sent.total, sent, 0, 0, 0, 0, 0);
    expect_equal(client, answer.x[0], FFA_MEM_FRAG_RX, "the first fragment for a partition");
    deal->handle = ffa_handle_make((uint32_t)answer.x[1], (uint32_t)answer.x[2]);
    expect_status(client, reclaim(deal), FFA_OK, "FFA_MEM_RECLAIM between fragments");
    expect_status(client, retrieve(deal, RW), FFA_INVALID_PARAMETERS,
                  "a partition's retrieval of what was given up");
}

/* --- For good ------------------------------------------------------------------------------- */

/* It is the partition's, for as long as there is one, and no VM can have it any more. */
static void donate(const struct memory_stage *stage)
{
    struct deal gift = {.stage = stage, .partition = ECHO, .kind = MEMORY_DONATE};
    struct deal *deal = &gift;
    struct client *client = stage->client;
    uint64_t ipa = guest_ram(1);
    uint32_t value = 0;

    grant_init(&deal->sent, stage->me.version, stage->me.id);
    grant_to(&deal->sent, deal->partition, 0);
    grant_add(&deal->sent, ipa, 1);
    expect_status(client, party_send(&stage->me, FFA_MEM_DONATE_32, &deal->sent, &deal->handle),
                  FFA_OK, "a gift to a partition");
    expect_status(client, retrieve(deal, RW), FFA_OK, "a partition's retrieval of a gift");
    expect_status(client, ask(deal, COMMAND_MEMORY_WRITE, 0, NEW, &value), FFA_OK, "its word");
    expect_status(client, ask(deal, COMMAND_MEMORY_READ, 0, 0, &value), FFA_OK, "its word");
    expect_equal(client, value, NEW, "the word that a partition wrote");
    party_expect_fault(&stage->me, ipa, "what a partition was given");
    expect_status(client, reclaim(deal), FFA_INVALID_PARAMETERS, "FFA_MEM_RECLAIM of a gift");
    party_expect_fault(&stage->me, ipa, "what a partition was given");
}

/* --- A life that ends ------------------------------------------------------------------------- */

/* The partition is told of it, and lets go. */
void memory_secure_leave(struct memory_stage *stage)
{
    struct deal deal = {.stage = stage, .partition = NOTIFIER, .kind = MEMORY_LEND};

    if (secure_world_is_known(stage->world) && grant(&deal)) {
        expect_status(stage->client, retrieve(&deal, RW), FFA_OK, "a partition's retrieval");
    }
}

void memory_secure_return(struct memory_stage *stage)
{
    uint64_t word[PARTITION_WORDS] = {COMMAND_MEMORY_HELD, 0};

    if (secure_world_is_known(stage->world)) {
        expect_status(stage->client, partition_ask(stage->client, stage->me.id, NOTIFIER, word),
                      FFA_NO_DATA, "what a partition still has of another life");
    }
}

/* --- All of it ------------------------------------------------------------------------------ */

static void play_with(struct memory_stage *stage, uint16_t partition, uint64_t many)
{
    struct deal deal = {.stage = stage, .partition = partition};

    for (unsigned int kind = 0; kind < MEMORY_KINDS; kind++) {
        deal.kind = kind;
        if (kind == MEMORY_LEND_TWO) {
            be_refused(&deal);
        } else if (kind == MEMORY_SHARE_TWO) {
            play_mixed(&deal);
        } else if (kind != MEMORY_DONATE) {
            play_kind(&deal);
        }
    }
    play_fragments(&deal, many);
    give_up(&deal, stage->ram);
}

static void expect_nobody(const struct memory_stage *stage)
{
    struct grant grant;
    uint64_t handle;

    memory_grant(&grant, MEMORY_LEND, &stage->me, stage->ram, ECHO, 0);
    expect_status(stage->client, party_send(&stage->me, FFA_MEM_LEND_32, &grant, &handle),
                  FFA_INVALID_PARAMETERS, "a grant to a partition that is not there");
}

void chapter_memory_secure(struct memory_stage *stage)
{
    uint64_t many;

    stage->client->about = "partitions";
    if (stage->world == SECURE_WORLD_NONE) {
        expect_nobody(stage);
    } else if (secure_world_is_known(stage->world)) {
        many = guest_ram(RANGES);
        play_with(stage, ECHO, many);
        donate(stage);
        play_with(stage, NOTIFIER, many);
    }
    stage->client->about = NULL;
}
