/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of a few pages, that is shared with all, lent to one, and given away. */
#include "sharer.h"

#include "say.h"
#include "stranger.h"

void sharer_done(struct sharer *sharer, int32_t status, const char *what)
{
    expect_status(&sharer->client, status, FFA_OK, what);
}

void sharer_none(struct sharer *sharer, uint32_t wrong, const char *what)
{
    expect_equal(&sharer->client, wrong, 0, what);
}

/* --- Steps --------------------------------------------------------------------------------- */

/* A grant of PAGES from `ipa` on; others may be added to the borrowers. */
void sharer_describe(const struct party *lender, struct grant *grant, uint32_t attributes)
{
    grant_init(grant, lender->version, lender->id);
    grant->attributes = (uint16_t)attributes;
    grant->tag = TAG;
}

uint64_t sharer_send(struct sharer *sharer, const struct party *lender, uint32_t fid,
                     const struct grant *grant)
{
    uint64_t handle;

    sharer_done(sharer, party_send(lender, fid, grant, &handle), say_fid(fid));
    return handle;
}

/* Where the borrower has it. */
uint64_t sharer_retrieve(struct sharer *sharer, const struct party *borrower,
                         const struct grant *sent, uint64_t handle)
{
    struct grant request;
    struct grant answer;

    grant_request(&request, sent, borrower->version, borrower->id, handle);
    if (grant_borrower(&request, borrower->id)->permissions == 0) {
        grant_borrower(&request, borrower->id)->permissions = RW;
    }
    sharer_done(sharer, party_retrieve(borrower, FFA_MEM_RETRIEVE_REQ_32, &request, &answer),
                "FFA_MEM_RETRIEVE_REQ");
    return answer.range[0].ipa;
}

void sharer_give_back(struct sharer *sharer, const struct party *borrower, uint64_t handle)
{
    sharer_done(sharer, party_relinquish(borrower, handle, 0), "FFA_MEM_RELINQUISH");
}

void sharer_take_back(struct sharer *sharer, const struct party *lender, uint64_t handle)
{
    sharer_done(sharer, party_reclaim(lender, handle, 0), "FFA_MEM_RECLAIM");
}

/* --- A partition --------------------------------------------------------------------------- */

static int32_t ask_echo(struct sharer *sharer, uint32_t command, uint64_t handle, uint32_t third,
                        uint32_t fourth, uint32_t *first)
{
    uint64_t word[PARTITION_WORDS] = {command, ffa_handle_low(handle), ffa_handle_high(handle),
                                      third, fourth};
    int32_t status = partition_ask(&sharer->client, sharer->me.id, ECHO, word);

    *first = (uint32_t)word[1];
    return status;
}

static void have_echo_retrieve(struct sharer *sharer, const struct grant *sent, uint64_t handle)
{
    uint32_t pages;

    sharer_done(sharer,
                PARTITION_ASK(&sharer->client, sharer->me.id, ECHO, COMMAND_MEMORY_PREPARE,
                              COMMAND_PREPARE_TAG, TAG, 0),
                "a tag that is prepared");
    for (unsigned int i = 0; i < sent->borrowers; i++) {
        if (sent->borrower[i].id != ECHO) {
            sharer_done(sharer,
                        PARTITION_ASK(&sharer->client, sharer->me.id, ECHO, COMMAND_MEMORY_PREPARE,
                                      COMMAND_PREPARE_BORROWER, sent->borrower[i].id,
                                      sent->borrower[i].permissions, FFA_MEM_ACCESS_NON_RETRIEVAL),
                        "a borrower that is prepared");
        }
    }
    sharer_done(
        sharer,
        ask_echo(sharer, COMMAND_MEMORY_RETRIEVE, handle, sharer->me.id | RW << 16, 0, &pages),
        "a partition's retrieval");
    expect_equal(&sharer->client, pages, PAGES, "its pages");
}

/* Finds a word in the last page, and replaces it. */
static void have_echo_use(struct sharer *sharer, uint64_t handle, uint32_t expected, uint32_t value)
{
    const uint32_t offset = (PAGES - 1) * FFA_PAGE_SIZE;
    uint32_t found;

    sharer_done(sharer, ask_echo(sharer, COMMAND_MEMORY_READ, handle, offset, 0, &found),
                "a word that a partition reads");
    expect_equal(&sharer->client, found, expected, "a word that a partition finds");
    sharer_done(sharer, ask_echo(sharer, COMMAND_MEMORY_WRITE, handle, offset, value, &found),
                "a word that a partition writes");
}

static void have_echo_give_back(struct sharer *sharer, uint64_t handle)
{
    uint32_t nothing;

    sharer_done(sharer, ask_echo(sharer, COMMAND_MEMORY_RELINQUISH, handle, 0, 0, &nothing),
                "a partition's FFA_MEM_RELINQUISH");
}

/* --- Share --------------------------------------------------------------------------------- */

void sharer_share(struct sharer *sharer)
{
    struct grant grant;
    uint64_t handle;
    uint64_t grace_ipa;
    uint64_t heidi_ipa;

    sharer_none(sharer, touch_fill(sharer->ram, 0, PAGES, SEED), "words of our own");
    sharer_describe(&sharer->me, &grant, FFA_MEM_ATTR_NORMAL_WB_INNER);
    grant_to(&grant, sharer->grace.id, RW);
    grant_to(&grant, sharer->heidi.id, RO);
    if (sharer->has_partition) {
        grant_to(&grant, ECHO, RW);
    }
    grant_add(&grant, sharer->ram, PAGES);
    handle = sharer_send(sharer, &sharer->me, FFA_MEM_SHARE_64, &grant);
    grace_ipa = sharer_retrieve(sharer, &sharer->grace, &grant, handle);
    heidi_ipa = sharer_retrieve(sharer, &sharer->heidi, &grant, handle);
    sharer_none(sharer, party_wrong(&sharer->grace, grace_ipa, PAGES, SEED), "what grace finds");
    sharer_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED), "what heidi finds");
    guest_print("shares %u pages: grace finds what is in them at %#llx, heidi at %#llx", PAGES,
                (unsigned long long)grace_ipa, (unsigned long long)heidi_ipa);

    sharer_none(sharer, party_fill(&sharer->grace, grace_ipa, PAGES, SEED + 1), "grace writes");
    sharer_none(sharer, touch_wrong(sharer->ram, 0, PAGES, SEED + 1), "what grace wrote");
    sharer_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED + 1), "for heidi too");
    party_expect_read_only(&sharer->heidi, heidi_ipa, "what heidi may read only");
    guest_print(
        "grace writes -> frank and heidi read it; heidi, who may only read, writes -> a data "
        "abort");
    if (sharer->has_partition) {
        have_echo_retrieve(sharer, &grant, handle);
        have_echo_use(sharer, handle, touch_value(SEED + 1, PAGES - 1, 0),
                      touch_value(SEED + 1, PAGES - 1, 0));
        have_echo_give_back(sharer, handle);
        guest_print("SP %#x%s retrieves the same pages -> it reads what grace wrote", ECHO,
                    sharer->where);
    }
    expect_status(&sharer->client, party_reclaim(&sharer->me, handle, 0), FFA_DENIED,
                  "FFA_MEM_RECLAIM while others have it");
    sharer_give_back(sharer, &sharer->grace, handle);
    sharer_give_back(sharer, &sharer->heidi, handle);
    sharer_take_back(sharer, &sharer->me, handle);
    guest_print("takes them back: DENIED while one of them has the pages, SUCCESS afterwards");
}

/* --- Lend ---------------------------------------------------------------------------------- */

/* The lender that touches it is told so, and goes on. */
static void touch_lent(struct sharer *sharer)
{
    uint64_t ipa = sharer->ram + FFA_PAGE_SIZE + touch_offset(1);
    uint64_t fault = 0;
    uint32_t value;

    expect(&sharer->client, !guest_load(ipa, &value, &fault), "what is lent");
    expect_equal(&sharer->client, fault, ipa, "where that was");
    guest_print("reads what is lent, at %#llx -> a data abort at %#llx, and goes on",
                (unsigned long long)ipa, (unsigned long long)fault);
}

void sharer_lend(struct sharer *sharer)
{
    struct grant grant;
    uint64_t handle;
    uint64_t ipa;

    sharer_none(sharer, touch_fill(sharer->ram, 0, PAGES, SEED), "words of our own");
    sharer_describe(&sharer->me, &grant, 0);
    grant.flags = FFA_MEM_SEND_ZERO;
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add(&grant, sharer->ram, PAGES);
    handle = sharer_send(sharer, &sharer->me, FFA_MEM_LEND_64, &grant);
    ipa = sharer_retrieve(sharer, &sharer->heidi, &grant, handle);
    sharer_none(sharer, party_not_zero(&sharer->heidi, ipa, PAGES), "what was to be zeroed");
    sharer_none(sharer, party_fill(&sharer->heidi, ipa, PAGES, SEED + 2), "heidi writes");
    guest_print("lends %u pages to heidi, zeroed -> heidi finds zeros, and writes", PAGES);
    touch_lent(sharer);
    sharer_give_back(sharer, &sharer->heidi, handle);
    party_expect_fault(&sharer->heidi, ipa, "what heidi gave back");
    sharer_take_back(sharer, &sharer->me, handle);
    sharer_none(sharer, touch_wrong(sharer->ram, 0, PAGES, SEED + 2), "what heidi wrote");
    guest_print("heidi gives them back -> frank reads what heidi wrote; heidi has a data abort");
}

void sharer_lend_to_echo(struct sharer *sharer)
{
    uint32_t value = 0;
    struct grant grant;
    uint64_t handle;
    uint64_t fault;

    if (!sharer->has_partition) {
        return;
    }
    sharer_describe(&sharer->me, &grant, 0);
    grant_to(&grant, ECHO, RW);
    grant_add(&grant, sharer->ram, PAGES);
    handle = sharer_send(sharer, &sharer->me, FFA_MEM_LEND_64, &grant);
    party_expect_fault(&sharer->me, sharer->ram, "what a partition has");
    have_echo_retrieve(sharer, &grant, handle);
    have_echo_use(sharer, handle, touch_value(SEED + 2, PAGES - 1, 0), TAG);
    have_echo_give_back(sharer, handle);
    sharer_take_back(sharer, &sharer->me, handle);
    expect(&sharer->client,
           guest_load(sharer->ram + (PAGES - 1) * FFA_PAGE_SIZE, &value, &fault) && value == TAG,
           "what the partition wrote");
    guest_print("lends them to SP %#x%s alone -> frank has a data abort until they are back, with "
                "what the SP wrote",
                ECHO, sharer->where);
}

/* --- Strangers ----------------------------------------------------------------------------- */

static int32_t offer(const struct sharer *sharer, uint16_t partition, uint64_t ram,
                     uint64_t *handle)
{
    struct grant grant;

    sharer_describe(&sharer->me, &grant, FFA_MEM_ATTR_NORMAL_WB_INNER);
    grant_to(&grant, partition, RW);
    grant_add(&grant, ram, PAGES);
    return party_send(&sharer->me, FFA_MEM_SHARE_64, &grant, handle);
}

/* Whether it takes memory is its own business; what it does not take, or keep, comes back. */
static void share_with(struct sharer *sharer, uint16_t partition)
{
    uint64_t handle;
    int32_t status = offer(sharer, partition, sharer->ram, &handle);

    if (status == FFA_OK) {
        sharer_take_back(sharer, &sharer->me, handle);
    }
    guest_print("shares %u pages with SP %#x%s -> %s", PAGES, (unsigned int)partition,
                status == FFA_OK ? ", and takes them back" : "", say_status(status));
    sharer_none(sharer, touch_fill(sharer->ram, 0, PAGES, SEED), "words of our own");
}

/* When this life ends, Parley has to take it back: what cannot be had back would keep us in it. */
static void leave_with(struct sharer *sharer, uint16_t partition)
{
    uint64_t handle;

    if (offer(sharer, partition, guest_ram(PAGES), &handle) == FFA_OK) {
        guest_print("shares %u more pages with SP %#x, for the rest of this life", PAGES,
                    (unsigned int)partition);
    }
}

void sharer_share_with_strangers(struct sharer *sharer)
{
    uint16_t id[STRANGERS_MAX];
    unsigned int count;

    if (sharer->world != SECURE_WORLD_FOREIGN) {
        return;
    }
    count = strangers_find(&sharer->client, &sharer->buffers, id);
    for (unsigned int i = 0; i < count; i++) {
        share_with(sharer, id[i]);
        leave_with(sharer, id[i]);
    }
}

/* --- Donate -------------------------------------------------------------------------------- */

/* Grace may do with it what she likes: she lends it on. */
void sharer_donate(struct sharer *sharer)
{
    uint64_t ram = guest_ram(PAGES);
    struct grant grant;
    uint64_t handle;
    uint64_t grace_ipa;
    uint64_t heidi_ipa;

    sharer_none(sharer, touch_fill(ram, 0, PAGES, SEED + 3), "words of our own");
    sharer_describe(&sharer->me, &grant, 0);
    grant_to(&grant, sharer->grace.id, 0);
    grant_add(&grant, ram, PAGES);
    handle = sharer_send(sharer, &sharer->me, FFA_MEM_DONATE_64, &grant);
    grace_ipa = sharer_retrieve(sharer, &sharer->grace, &grant, handle);
    sharer_none(sharer, party_wrong(&sharer->grace, grace_ipa, PAGES, SEED + 3), "the gift");
    expect_status(&sharer->client, party_reclaim(&sharer->me, handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RECLAIM of a gift");
    party_expect_fault(&sharer->me, ram, "what was given");

    sharer_describe(&sharer->grace, &grant, 0);
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add(&grant, grace_ipa, PAGES);
    handle = sharer_send(sharer, &sharer->grace, FFA_MEM_LEND_32, &grant);
    heidi_ipa = sharer_retrieve(sharer, &sharer->heidi, &grant, handle);
    sharer_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED + 3), "the gift, lent");
    sharer_give_back(sharer, &sharer->heidi, handle);
    sharer_take_back(sharer, &sharer->grace, handle);
    guest_print("donates %u pages to grace -> they are no longer frank's; grace lends them to "
                "heidi, who finds what frank wrote",
                PAGES);
}
