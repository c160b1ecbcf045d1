/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that shares memory, lends and donates it, with VMs of older versions and with a Secure
 * Partition, at 1.2 in its first life. It is reset in the middle of everything, and comes back at
 * 1.1. The others are servants, which do what it asks them to.
 */
#include "partition.h"
#include "party.h"
#include "say.h"
#include "world.h"

#define ECHO PARTITION_ECHO_ID

#define RO FFA_MEM_ACCESS_DATA_RO
#define RW FFA_MEM_ACCESS_DATA_RW

#define PAGES 3u /* of what is granted at once */
#define SEED  7u
#define TAG   0x1a5ba6e1u

/* The gigabyte: ranges out of order, beside a few pages for all else. */
#define RANGE_PAGES  25u
#define ORDER        7919u
#define SPARE_PAGES  64u
#define GIB_PAGES    0x40000u
#define RANGES_LEAST 10000u

#define PACE_US 20000u

#define BIT       0x00000100u /* is signalled to a life that ends */
#define MOMENT_US 5000u
#define DELAY_US  20000u

struct sharer {
    struct client client;
    struct buffers buffers;
    struct party me;
    struct party grace;
    struct party heidi;
    bool has_partition;
    const char *where; /* the partition is */
    uint64_t ram;      /* PAGES of it */

    /* Grace's own calls, while we do something else. */
    bool is_done;
    uint32_t calls;
    uint32_t longest_us;
};

static void expect_done(struct sharer *sharer, int32_t status, const char *what)
{
    expect_status(&sharer->client, status, FFA_OK, what);
}

static void expect_none(struct sharer *sharer, uint32_t wrong, const char *what)
{
    expect_equal(&sharer->client, wrong, 0, what);
}

static uint32_t milliseconds_since(uint64_t start)
{
    return (uint32_t)(guest_clock() - start) / 1000;
}

/* --- Steps ------------------------------------------------------------------------------------ */

/* A grant of PAGES from `ipa` on; others may be added to the borrowers. */
static void describe(const struct party *lender, struct grant *grant, uint32_t attributes)
{
    grant_init(grant, lender->version, lender->id);
    grant->attributes = (uint16_t)attributes;
    grant->tag = TAG;
}

static uint64_t send(struct sharer *sharer, const struct party *lender, uint32_t fid,
                     const struct grant *grant)
{
    uint64_t handle;

    expect_done(sharer, party_send(lender, fid, grant, &handle), say_fid(fid));
    return handle;
}

/* Where the borrower has it. */
static uint64_t retrieve(struct sharer *sharer, const struct party *borrower,
                         const struct grant *sent, uint64_t handle)
{
    struct grant request;
    struct grant answer;

    grant_request(&request, sent, borrower->version, borrower->id, handle);
    if (grant_borrower(&request, borrower->id)->permissions == 0) {
        grant_borrower(&request, borrower->id)->permissions = RW;
    }
    expect_done(sharer, party_retrieve(borrower, FFA_MEM_RETRIEVE_REQ_32, &request, &answer),
                "FFA_MEM_RETRIEVE_REQ");
    return answer.range[0].ipa;
}

static void give_back(struct sharer *sharer, const struct party *borrower, uint64_t handle)
{
    expect_done(sharer, party_relinquish(borrower, handle, 0), "FFA_MEM_RELINQUISH");
}

static void take_back(struct sharer *sharer, const struct party *lender, uint64_t handle)
{
    expect_done(sharer, party_reclaim(lender, handle, 0), "FFA_MEM_RECLAIM");
}

/* --- A partition ------------------------------------------------------------------------------ */

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

    expect_done(sharer,
                PARTITION_ASK(&sharer->client, sharer->me.id, ECHO, COMMAND_MEMORY_PREPARE,
                              COMMAND_PREPARE_TAG, TAG, 0),
                "a tag that is prepared");
    for (unsigned int i = 0; i < sent->borrowers; i++) {
        if (sent->borrower[i].id != ECHO) {
            expect_done(sharer,
                        PARTITION_ASK(&sharer->client, sharer->me.id, ECHO, COMMAND_MEMORY_PREPARE,
                                      COMMAND_PREPARE_BORROWER, sent->borrower[i].id,
                                      sent->borrower[i].permissions, FFA_MEM_ACCESS_NON_RETRIEVAL),
                        "a borrower that is prepared");
        }
    }
    expect_done(sharer,
                ask_echo(sharer, COMMAND_MEMORY_RETRIEVE, handle, sharer->me.id | RW << 16, 0,
                         &pages),
                "a partition's retrieval");
    expect_equal(&sharer->client, pages, PAGES, "its pages");
}

/* Finds a word in the last page, and replaces it. */
static void have_echo_use(struct sharer *sharer, uint64_t handle, uint32_t expected, uint32_t value)
{
    const uint32_t offset = (PAGES - 1) * FFA_PAGE_SIZE;
    uint32_t found;

    expect_done(sharer, ask_echo(sharer, COMMAND_MEMORY_READ, handle, offset, 0, &found),
                "a word that a partition reads");
    expect_equal(&sharer->client, found, expected, "a word that a partition finds");
    expect_done(sharer, ask_echo(sharer, COMMAND_MEMORY_WRITE, handle, offset, value, &found),
                "a word that a partition writes");
}

static void have_echo_give_back(struct sharer *sharer, uint64_t handle)
{
    uint32_t nothing;

    expect_done(sharer, ask_echo(sharer, COMMAND_MEMORY_RELINQUISH, handle, 0, 0, &nothing),
                "a partition's FFA_MEM_RELINQUISH");
}

/* --- Share ------------------------------------------------------------------------------------ */

static void share_with_all(struct sharer *sharer)
{
    struct grant grant;
    uint64_t handle;
    uint64_t grace_ipa;
    uint64_t heidi_ipa;

    expect_none(sharer, touch_fill(sharer->ram, 0, PAGES, SEED), "words of our own");
    describe(&sharer->me, &grant, FFA_MEM_ATTR_NORMAL_WB_INNER);
    grant_to(&grant, sharer->grace.id, RW);
    grant_to(&grant, sharer->heidi.id, RO);
    if (sharer->has_partition) {
        grant_to(&grant, ECHO, RW);
    }
    grant_add(&grant, sharer->ram, PAGES);
    handle = send(sharer, &sharer->me, FFA_MEM_SHARE_64, &grant);
    grace_ipa = retrieve(sharer, &sharer->grace, &grant, handle);
    heidi_ipa = retrieve(sharer, &sharer->heidi, &grant, handle);
    expect_none(sharer, party_wrong(&sharer->grace, grace_ipa, PAGES, SEED), "what grace finds");
    expect_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED), "what heidi finds");
    guest_print("shares %u pages: grace finds what is in them at %#llx, heidi at %#llx", PAGES,
                (unsigned long long)grace_ipa, (unsigned long long)heidi_ipa);

    expect_none(sharer, party_fill(&sharer->grace, grace_ipa, PAGES, SEED + 1), "grace writes");
    expect_none(sharer, touch_wrong(sharer->ram, 0, PAGES, SEED + 1), "what grace wrote");
    expect_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED + 1), "for heidi too");
    party_expect_read_only(&sharer->heidi, heidi_ipa, "what heidi may read only");
    guest_print("grace writes -> frank and heidi read it; heidi writes -> a data abort, as it may "
                "only read");
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
    give_back(sharer, &sharer->grace, handle);
    give_back(sharer, &sharer->heidi, handle);
    take_back(sharer, &sharer->me, handle);
    guest_print("takes them back: DENIED while one of them has the pages, SUCCESS afterwards");
}

/* --- Lend ------------------------------------------------------------------------------------- */

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

static void lend_to_heidi(struct sharer *sharer)
{
    struct grant grant;
    uint64_t handle;
    uint64_t ipa;

    expect_none(sharer, touch_fill(sharer->ram, 0, PAGES, SEED), "words of our own");
    describe(&sharer->me, &grant, 0);
    grant.flags = FFA_MEM_SEND_ZERO;
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add(&grant, sharer->ram, PAGES);
    handle = send(sharer, &sharer->me, FFA_MEM_LEND_64, &grant);
    ipa = retrieve(sharer, &sharer->heidi, &grant, handle);
    expect_none(sharer, party_not_zero(&sharer->heidi, ipa, PAGES), "what was to be zeroed");
    expect_none(sharer, party_fill(&sharer->heidi, ipa, PAGES, SEED + 2), "heidi writes");
    guest_print("lends %u pages to heidi, zeroed -> heidi finds zeros, and writes", PAGES);
    touch_lent(sharer);
    give_back(sharer, &sharer->heidi, handle);
    party_expect_fault(&sharer->heidi, ipa, "what heidi gave back");
    take_back(sharer, &sharer->me, handle);
    expect_none(sharer, touch_wrong(sharer->ram, 0, PAGES, SEED + 2), "what heidi wrote");
    guest_print("heidi gives them back -> frank reads what heidi wrote; heidi has a data abort");
}

static void lend_to_echo(struct sharer *sharer)
{
    uint32_t value = 0;
    struct grant grant;
    uint64_t handle;
    uint64_t fault;

    if (!sharer->has_partition) {
        return;
    }
    describe(&sharer->me, &grant, 0);
    grant_to(&grant, ECHO, RW);
    grant_add(&grant, sharer->ram, PAGES);
    handle = send(sharer, &sharer->me, FFA_MEM_LEND_64, &grant);
    party_expect_fault(&sharer->me, sharer->ram, "what a partition has");
    have_echo_retrieve(sharer, &grant, handle);
    have_echo_use(sharer, handle, touch_value(SEED + 2, PAGES - 1, 0), TAG);
    have_echo_give_back(sharer, handle);
    take_back(sharer, &sharer->me, handle);
    expect(&sharer->client,
           guest_load(sharer->ram + (PAGES - 1) * FFA_PAGE_SIZE, &value, &fault) && value == TAG,
           "what the partition wrote");
    guest_print("lends them to SP %#x%s alone -> frank has a data abort until they are back, with "
                "what the SP wrote",
                ECHO, sharer->where);
}

/* --- Donate ----------------------------------------------------------------------------------- */

/* Grace may do with it what she likes: she lends it on. */
static void donate_to_grace(struct sharer *sharer)
{
    uint64_t ram = guest_ram(PAGES);
    struct grant grant;
    uint64_t handle;
    uint64_t grace_ipa;
    uint64_t heidi_ipa;

    expect_none(sharer, touch_fill(ram, 0, PAGES, SEED + 3), "words of our own");
    describe(&sharer->me, &grant, 0);
    grant_to(&grant, sharer->grace.id, 0);
    grant_add(&grant, ram, PAGES);
    handle = send(sharer, &sharer->me, FFA_MEM_DONATE_64, &grant);
    grace_ipa = retrieve(sharer, &sharer->grace, &grant, handle);
    expect_none(sharer, party_wrong(&sharer->grace, grace_ipa, PAGES, SEED + 3), "the gift");
    expect_status(&sharer->client, party_reclaim(&sharer->me, handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RECLAIM of a gift");
    party_expect_fault(&sharer->me, ram, "what was given");

    describe(&sharer->grace, &grant, 0);
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add(&grant, grace_ipa, PAGES);
    handle = send(sharer, &sharer->grace, FFA_MEM_LEND_32, &grant);
    heidi_ipa = retrieve(sharer, &sharer->heidi, &grant, handle);
    expect_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED + 3), "the gift, lent");
    give_back(sharer, &sharer->heidi, handle);
    take_back(sharer, &sharer->grace, handle);
    guest_print("donates %u pages to grace -> they are no longer frank's; grace lends them to "
                "heidi, who finds what frank wrote",
                PAGES);
}

/* --- A gigabyte ------------------------------------------------------------------------------- */

static void have_grace_call(void *argument)
{
    struct sharer *sharer = argument;

    while (!__atomic_load_n(&sharer->is_done, __ATOMIC_ACQUIRE)) {
        uint64_t word[ERRAND_WORDS] = {PACE_US};

        errand_run(&sharer->grace.errand, SERVANT(SERVANT_PACE, 0), word, word);
        sharer->calls += (uint32_t)word[0];
        if (word[1] > sharer->longest_us) {
            sharer->longest_us = (uint32_t)word[1];
        }
    }
}

static uint32_t number_ranges(const struct grant *grant, uint32_t more)
{
    uint32_t wrong = 0;
    uint64_t fault;

    for (uint32_t i = 0; i < grant->ranges; i++) {
        wrong += !guest_store(grant_range(grant, i).ipa, i + more, &fault);
    }
    return wrong;
}

static uint32_t wrong_numbers(const struct grant *grant, uint32_t more)
{
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < grant->ranges; i++) {
        uint32_t value = 0;
        uint64_t fault;

        wrong += !guest_load(grant_range(grant, i).ipa, &value, &fault) || value != i + more;
    }
    return wrong;
}

static void tell_size(struct sharer *sharer, const struct grant *grant)
{
    bool is_large = grant->pages >= GIB_PAGES;
    uint32_t fragments = (grant->total + FFA_PAGE_SIZE - 1) / FFA_PAGE_SIZE;

    expect(&sharer->client, !is_large || grant->ranges >= RANGES_LEAST, "how many ranges");
    guest_print("shares %s, %u pages, with heidi as %u ranges, out of order, in %u fragments of a "
                "page",
                is_large ? "a gigabyte" : "what RAM it has", grant->pages, grant->ranges,
                fragments);
}

/* Heidi has it in the order in which it was sent. */
static void have_heidi_use(struct sharer *sharer, const struct grant *grant, uint64_t ipa)
{
    uint64_t word[ERRAND_WORDS] = {(uint32_t)ipa, ipa >> 32, grant->ranges, 1};

    expect_none(sharer,
                (uint32_t)errand_ask(&sharer->heidi.errand, SERVANT(SERVANT_WALK, RANGE_PAGES),
                                     word),
                "ranges that heidi finds elsewhere");
}

static void share_and_use(struct sharer *sharer, const struct grant *grant)
{
    uint64_t start = guest_clock();
    uint64_t handle = send(sharer, &sharer->me, FFA_MEM_SHARE_64, grant);
    uint32_t sent = milliseconds_since(start);
    uint32_t retrieved;
    uint64_t ipa;

    start = guest_clock();
    ipa = retrieve(sharer, &sharer->heidi, grant, handle);
    retrieved = milliseconds_since(start);
    have_heidi_use(sharer, grant, ipa);
    guest_print("it is sent in %u ms, and retrieved in %u ms -> heidi finds each range in its place",
                sent, retrieved);
    start = guest_clock();
    give_back(sharer, &sharer->heidi, handle);
    take_back(sharer, &sharer->me, handle);
    guest_print("it is given back and reclaimed in %u ms -> frank finds in each what heidi wrote",
                milliseconds_since(start));
}

static void share_a_gigabyte(struct sharer *sharer)
{
    uint32_t count = (guest_ram_left() - SPARE_PAGES) / RANGE_PAGES;
    const struct grant_scatter scatter = {
        .ipa = guest_ram(count * RANGE_PAGES),
        .pages = RANGE_PAGES,
        .stride = RANGE_PAGES,
        .step = ORDER,
        .count = count,
    };
    struct grant grant;

    describe(&sharer->me, &grant, FFA_MEM_ATTR_NORMAL_WB_INNER);
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add_scattered(&grant, &scatter);
    expect_none(sharer, number_ranges(&grant, 0), "words of our own");
    tell_size(sharer, &grant);
    expect(&sharer->client, guest_vcpu_start(1, have_grace_call, sharer), "vCPU 1 starts");
    share_and_use(sharer, &grant);
    __atomic_store_n(&sharer->is_done, true, __ATOMIC_RELEASE);
    guest_vcpu_join(1);
    expect_none(sharer, wrong_numbers(&grant, 1), "what heidi wrote");
    expect(&sharer->client, sharer->calls != 0, "calls that grace made meanwhile");
    guest_print("meanwhile grace made %u calls, of which the longest took %u us", sharer->calls,
                sharer->longest_us);
}

/* --- A reset ---------------------------------------------------------------------------------- */

static void ask_in_vain(void *argument)
{
    struct sharer *sharer = argument;
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = sharer->me.id,
        .to = sharer->grace.id,
        .word = {SERVANT(SERVANT_DELAY, 0), DELAY_US},
    };

    message_exchange(&sharer->client, &request);
}

/* A signal of grace's that is not taken. */
static void leave_notification(struct sharer *sharer)
{
    uint32_t ids = ffa_ids_make(sharer->grace.id, sharer->me.id);

    expect_done(sharer, FFA_STATUS(&sharer->client, FFA_NOTIFICATION_BIND, ids, 0, BIT, 0),
                "FFA_NOTIFICATION_BIND");
    expect_done(sharer,
                client_status_of(PARTY_CALL(&sharer->grace, FFA_NOTIFICATION_SET, ids, 0, BIT)),
                "grace's FFA_NOTIFICATION_SET");
}

/* The servant remembers where it has it, and by which handle. */
static void leave_lent(struct sharer *sharer)
{
    struct grant grant;
    uint64_t handle;
    uint64_t ipa;

    expect_none(sharer, touch_fill(sharer->ram, 0, PAGES, SEED + 4), "words of our own");
    describe(&sharer->me, &grant, 0);
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add(&grant, sharer->ram, PAGES);
    handle = send(sharer, &sharer->me, FFA_MEM_LEND_64, &grant);
    ipa = retrieve(sharer, &sharer->heidi, &grant, handle);
    ERRAND(&sharer->heidi.errand, SERVANT_REMEMBER, 0, ffa_handle_low(handle),
           ffa_handle_high(handle), (uint32_t)ipa, ipa >> 32);
}

static void leave_everything(struct sharer *sharer)
{
    uint64_t soon = guest_clock() + MOMENT_US;

    leave_lent(sharer);
    leave_notification(sharer);
    expect_done(sharer, FFA_STATUS(&sharer->client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0),
                "FFA_PARTITION_INFO_GET");
    guest_print("is reset, with RX full, a request to grace under way, memory lent to heidi, and a "
                "notification pending");
    expect(&sharer->client, guest_vcpu_start(1, ask_in_vain, sharer), "vCPU 1 starts");
    while (guest_clock() < soon) {
        guest_yield();
    }
}

static void come_back(struct sharer *sharer)
{
    static const uint64_t none[ERRAND_WORDS];
    struct client *client = &sharer->client;
    uint64_t word[ERRAND_WORDS];
    struct guest_regs got;
    uint64_t handle;
    uint64_t ipa;

    got = FFA(client, FFA_NOTIFICATION_GET, ffa_receiver_info_make(sharer->me.id, 0),
              FFA_NOTIFICATION_GET_VM);
    expect_equal(client, got.x[4] | got.x[5], 0, "what pended for another life");
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_DENIED, "RX is not full");
    expect_none(sharer, touch_not_zero(sharer->ram, PAGES), "a new life begins with zeros");
    guest_print("is back at %s: RX is free, nothing pends, its RAM is zero",
                say_version(client->version).text);

    errand_run(&sharer->heidi.errand, SERVANT(SERVANT_RECALL, 0), none, word);
    handle = ffa_handle_make((uint32_t)word[0], (uint32_t)word[1]);
    ipa = word[3] << 32 | word[2];
    expect_none(sharer, party_wrong(&sharer->heidi, ipa, PAGES, SEED + 4), "what heidi still has");
    expect_status(client, party_reclaim(&sharer->me, handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RECLAIM of what another life lent");
    give_back(sharer, &sharer->heidi, handle);
    party_expect_fault(&sharer->heidi, ipa, "what heidi gave back");
    guest_print("heidi still has what was lent before, with what was in it, and gives it back");
}

/* --- A death ---------------------------------------------------------------------------------- */

/* Grace has answered, and stops; she may be gone when she is asked again. */
static void have_grace_stop(struct sharer *sharer)
{
    int32_t status;

    ERRAND(&sharer->grace.errand, SERVANT_STOP, 0, 0);
    do {
        guest_yield();
        status = FFA_STATUS(&sharer->client, FFA_MSG_SEND_DIRECT_REQ_32,
                            ffa_ids_make(sharer->me.id, sharer->grace.id), 0,
                            SERVANT(SERVANT_NOTHING, 0));
    } while (status == FFA_OK);
}

static void outlive_grace(struct sharer *sharer)
{
    uint64_t ram = party_ram(&sharer->grace, PAGES);
    struct grant grant;
    uint64_t handle;
    uint64_t own_ipa;
    uint64_t heidi_ipa;

    expect_none(sharer, party_fill(&sharer->grace, ram, PAGES, SEED + 5), "grace writes");
    describe(&sharer->grace, &grant, FFA_MEM_ATTR_NORMAL_WB_INNER);
    grant_to(&grant, sharer->me.id, RW);
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add(&grant, ram, PAGES);
    handle = send(sharer, &sharer->grace, FFA_MEM_LEND_32, &grant);
    own_ipa = retrieve(sharer, &sharer->me, &grant, handle);
    heidi_ipa = retrieve(sharer, &sharer->heidi, &grant, handle);
    guest_print("grace lends %u pages to frank and heidi, and dies", PAGES);
    have_grace_stop(sharer);
    expect_none(sharer, touch_wrong(own_ipa, 0, PAGES, SEED + 5), "what grace has left");
    expect_none(sharer, touch_fill(own_ipa, 0, PAGES, SEED + 6), "what grace has left");
    expect_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED + 6), "what we write");
    give_back(sharer, &sharer->me, handle);
    expect_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED + 6), "what is left");
    give_back(sharer, &sharer->heidi, handle);
    party_expect_fault(&sharer->me, own_ipa, "what was given back");
    guest_print("frank and heidi go on with what they borrowed, and give it back, one after the "
                "other");
}

/* --- The VM ----------------------------------------------------------------------------------- */

static struct party servant_party(struct sharer *sharer, uint16_t id)
{
    const struct world_vm *vm = world_find(id);

    return (struct party){
        .client = &sharer->client,
        .errand = {.client = &sharer->client,
                   .self = WORLD_FRANK,
                   .servant = id,
                   .fid = FFA_MSG_SEND_DIRECT_REQ_32},
        .id = id,
        .version = vm->version,
        .is_64 = vm->aarch64,
        .bytes = vm->rxtx_pages_max * FFA_PAGE_SIZE,
    };
}

static void settle(struct sharer *sharer, uint32_t version)
{
    struct client *client = &sharer->client;

    client_init(client);
    client_version(client, version);
    expect_equal(client, FFA(client, FFA_ID_GET).x[2], WORLD_FRANK, "the VM's ID");
    buffers_map(client, &sharer->buffers, FFA_RXTX_MAP_64, 1);
    sharer->me = servant_party(sharer, WORLD_FRANK);
    sharer->me.buffers = &sharer->buffers;
    sharer->me.version = version;
    sharer->grace = servant_party(sharer, WORLD_GRACE);
    sharer->heidi = servant_party(sharer, WORLD_HEIDI);
    errand_await(&sharer->grace.errand);
    errand_await(&sharer->heidi.errand);
    sharer->has_partition = FFA_STATUS(client, FFA_SPM_ID_GET) == FFA_OK;
    if (sharer->has_partition) {
        sharer->where = partition_is_at_s_el1(client, WORLD_FRANK, ECHO) ? " at S-EL1" : "";
    }
    sharer->ram = guest_ram(PAGES);
}

void guest_main(void)
{
    struct sharer sharer = {.is_done = false};

    if (guest_life() == 0) {
        settle(&sharer, FFA_VERSION_1_2);
        share_with_all(&sharer);
        lend_to_heidi(&sharer);
        lend_to_echo(&sharer);
        donate_to_grace(&sharer);
        share_a_gigabyte(&sharer);
        leave_everything(&sharer);
        guest_reset();
    }
    settle(&sharer, FFA_VERSION_1_1);
    come_back(&sharer);
    outlive_grace(&sharer);
    ERRAND(&sharer.heidi.errand, SERVANT_STOP, 0, 0);
}
