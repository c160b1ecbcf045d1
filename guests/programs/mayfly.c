/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that does not live long, for a table that has it made again and again. It becomes a member
 * at one of the versions, shares memory with a servant (role.h), serves others itself, and ends, as
 * the clock will have it, with everything tidied up, or in the middle of something. Its servant may
 * end first, so none of its calls to that may be taken for granted.
 */
#include "partition.h"
#include "party.h"
#include "role.h"

#define PAGES       2u
#define LIFE_US     1500u /* in which it serves */
#define PENDING     1u    /* a notification */
#define MOMENT_US   200u
#define PATIENCE_US 500000u

enum death {
    DEATH_TIDY,
    DEATH_KEPT,      /* the servant still has its memory */
    DEATH_RETRIEVED, /* a partition has */
    DEATH_ASKING,    /* a request of it is under way */
    DEATH_NOTIFIED,  /* a notification pends */
    DEATH_SENDING,   /* between two fragments */
    DEATH_RESET,     /* it is reset first, with its memory shared */
    DEATHS,
};

struct mayfly {
    struct servant servant;
    struct party me;
    enum death death;
    uint16_t neighbour; /* 0: there is none */
    bool has_notifier;
    uint64_t ram;
    uint64_t handle;
};

/* --- Its birth -------------------------------------------------------------------------------- */

static void wait_for(uint32_t microseconds)
{
    uint64_t end = guest_clock() + microseconds;

    while (guest_clock() < end) {
        guest_yield();
    }
}

/* Of the time's bits, those that differ from life to life. */
static uint32_t chance(void)
{
    uint32_t time = (uint32_t)guest_clock();

    time *= 0x9e3779b1u;
    time ^= time >> 15;
    time *= 0x85ebca77u;
    return time >> 16;
}

static void become_member(struct mayfly *mayfly)
{
    static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};
    struct servant *servant = &mayfly->servant;
    struct client *client = &servant->client;
    uint32_t version = versions[chance() % 3];

    client_init(client);
    expect_version(client, client_version(client, version), FFA_VERSION_1_2, "FFA_VERSION");
    servant->self = (uint16_t)FFA(client, FFA_ID_GET).x[2];
    buffers_map(client, &servant->buffers, FFA_RXTX_MAP_32, 1);
    mayfly->me = (struct party){
        .client = client,
        .buffers = &servant->buffers,
        .id = servant->self,
        .version = version,
        .bytes = FFA_PAGE_SIZE,
    };
    mayfly->ram = guest_ram(PAGES);
    expect_equal(client, touch_not_zero(mayfly->ram, PAGES), 0, "words that are left of others");
}

/* Any that has the UUID; 0 if nobody has. */
static uint16_t find(struct mayfly *mayfly, const struct ffa_uuid *uuid)
{
    struct members found;
    int32_t status = members_list(&mayfly->servant.client, &mayfly->servant.buffers, uuid, &found);

    if (status != FFA_OK) {
        expect_status(&mayfly->servant.client, status, FFA_INVALID_PARAMETERS, "a list of nobody");
        return 0;
    }
    return found.member[chance() % found.count].id;
}

/* --- Its neighbour ---------------------------------------------------------------------------- */

/* Leaves the answer's words behind the first in `word`. */
static int32_t ask(struct mayfly *mayfly, uint32_t command_word, uint64_t word[ERRAND_WORDS])
{
    struct client *client = &mayfly->servant.client;
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = mayfly->me.id,
        .to = mayfly->neighbour,
        .word = {command_word, word[0], word[1], word[2], word[3]},
    };
    uint64_t end = guest_clock() + PATIENCE_US;
    struct message response;
    struct guest_regs answer;
    int32_t status;

    for (;;) {
        answer = message_finish(client, message_send(client, &request));
        status = client_status(&answer);
        if (status != FFA_BUSY || guest_clock() >= end) {
            break;
        }
        wait_for(MOMENT_US);
    }
    expect(client,
           status == FFA_OK || status == FFA_BUSY || status == FFA_INVALID_PARAMETERS ||
               status == FFA_ABORTED,
           "what comes of a request");
    if (message_read(&answer, &response)) {
        for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
            word[i] = response.word[1 + i];
        }
    }
    return status;
}

static int32_t grant_to_one(struct mayfly *mayfly, uint16_t id, uint32_t fid)
{
    struct grant grant;

    grant_init(&grant, mayfly->me.version, mayfly->me.id);
    grant.attributes = fid == FFA_MEM_SHARE_32 ? FFA_MEM_ATTR_NORMAL_WB_INNER : 0;
    grant_to(&grant, id, FFA_MEM_ACCESS_DATA_RW);
    grant_add(&grant, mayfly->ram, PAGES);
    return party_send(&mayfly->me, fid, &grant, &mayfly->handle);
}

static void write_pages(struct mayfly *mayfly, uint32_t seed)
{
    uint64_t fault;

    for (uint32_t i = 0; i < PAGES; i++) {
        expect(&mayfly->servant.client,
               guest_store(mayfly->ram + (uint64_t)i * FFA_PAGE_SIZE, seed + i, &fault),
               "its own RAM can be written");
    }
}

/* False if the servant has ended. */
static bool share_with_neighbour(struct mayfly *mayfly, bool keep)
{
    struct client *client = &mayfly->servant.client;
    uint32_t seed = chance();
    uint64_t word[ERRAND_WORDS] = {0};
    int32_t status;

    write_pages(mayfly, seed);
    status = grant_to_one(mayfly, mayfly->neighbour, FFA_MEM_SHARE_32);
    if (status != FFA_OK) {
        expect_status(client, status, FFA_INVALID_PARAMETERS, "FFA_MEM_SHARE with a servant");
        return false;
    }
    word[0] = ffa_handle_low(mayfly->handle);
    word[1] = ffa_handle_high(mayfly->handle);
    word[2] = seed;
    if (ask(mayfly, SERVANT(SERVANT_BORROW, keep), word) != FFA_OK) {
        return false;
    }
    expect_equal(client, word[0], FFA_OK, "the status of who borrows");
    expect_equal(client, word[1], 0, "pages that are wrong at the borrower");
    return true;
}

static void live_with_neighbour(struct mayfly *mayfly)
{
    struct client *client = &mayfly->servant.client;
    bool keeps = mayfly->death == DEATH_KEPT || mayfly->death == DEATH_RESET;
    uint64_t none[ERRAND_WORDS] = {0};

    if (guest_life() == 0) {
        (void)ask(mayfly, SERVANT(SERVANT_GREETING, 0), none);
    }
    if (share_with_neighbour(mayfly, keeps) && !keeps) {
        expect_status(client, party_reclaim(&mayfly->me, mayfly->handle, 0), FFA_OK,
                      "FFA_MEM_RECLAIM");
    }
}

/* --- Its end ---------------------------------------------------------------------------------- */

/* A partition that gives back what it has of a VM when it is told that the VM is gone. */
static void be_retrieved(struct mayfly *mayfly)
{
    struct client *client = &mayfly->servant.client;

    mayfly->ram = guest_ram(PAGES);
    if (expect_status(client, grant_to_one(mayfly, PARTITION_NOTIFIER_ID, FFA_MEM_LEND_32), FFA_OK,
                      "FFA_MEM_LEND to a partition")) {
        expect_status(client,
                      PARTITION_ASK(client, mayfly->me.id, PARTITION_NOTIFIER_ID,
                                    COMMAND_MEMORY_RETRIEVE, ffa_handle_low(mayfly->handle),
                                    ffa_handle_high(mayfly->handle),
                                    mayfly->me.id | FFA_MEM_ACCESS_DATA_RW << 16),
                      FFA_OK, "what a partition retrieves");
    }
}

static void be_notified(struct mayfly *mayfly)
{
    struct client *client = &mayfly->servant.client;

    expect_status(client,
                  FFA_STATUS(client, FFA_NOTIFICATION_BIND,
                             ffa_ids_make(PARTITION_NOTIFIER_ID, mayfly->me.id), 0, PENDING, 0),
                  FFA_OK, "FFA_NOTIFICATION_BIND");
    expect_status(client,
                  PARTITION_ASK(client, mayfly->me.id, PARTITION_NOTIFIER_ID, COMMAND_NOTIFY,
                                mayfly->me.id, 0, PENDING, 0),
                  FFA_OK, "a notification by a partition");
}

/* The first fragment of two. */
static void send_half(struct mayfly *mayfly)
{
    struct client *client = &mayfly->servant.client;
    uint16_t receiver = mayfly->has_notifier ? PARTITION_NOTIFIER_ID : mayfly->neighbour;
    struct guest_regs answer;
    struct grant grant;
    uint32_t first;

    mayfly->ram = guest_ram(4);
    grant_init(&grant, mayfly->me.version, mayfly->me.id);
    grant_to(&grant, receiver, FFA_MEM_ACCESS_DATA_RW);
    grant_add(&grant, mayfly->ram, 1);
    grant_add(&grant, mayfly->ram + UINT64_C(2) * FFA_PAGE_SIZE, 1);
    first = grant.total - (uint32_t)sizeof(struct ffa_mem_constituent);
    grant_write(&grant, 0, mayfly->servant.buffers.tx, first);
    answer = FFA(client, FFA_MEM_LEND_32, grant.total, first, 0, 0, 0, 0, 0);
    if (client_status(&answer) != FFA_INVALID_PARAMETERS) {
        expect_equal(client, answer.x[0], FFA_MEM_FRAG_RX, "FFA_MEM_LEND of one fragment of two");
    }
}

/* vCPU 1: the answer is not there before it ends. */
static void ask_in_vain(void *argument)
{
    struct mayfly *mayfly = argument;
    struct client *client = &mayfly->servant.client;
    uint32_t ids = ffa_ids_make(mayfly->me.id, mayfly->neighbour);

    for (;;) {
        struct guest_regs answer = FFA(client, FFA_MSG_SEND_DIRECT_REQ_32, ids, 0,
                                       SERVANT(SERVANT_DELAY, 0), 20 * LIFE_US, 0, 0, 0);

        (void)message_finish(client, answer);
        wait_for(MOMENT_US);
    }
}

static void live_on_vcpu_1(struct mayfly *mayfly)
{
    struct client *client = &mayfly->servant.client;
    bool asks = mayfly->death == DEATH_ASKING && mayfly->neighbour != 0;

    expect(client,
           asks ? guest_vcpu_start(1, ask_in_vain, mayfly)
                : guest_vcpu_start(1, servant_serve, &mayfly->servant),
           "vCPU 1 starts");
}

static void meet_death(struct mayfly *mayfly)
{
    switch (mayfly->death) {
    case DEATH_RETRIEVED:
        if (mayfly->has_notifier) {
            be_retrieved(mayfly);
        }
        break;
    case DEATH_NOTIFIED:
        if (mayfly->has_notifier && mayfly->me.version >= FFA_VERSION_1_1) {
            be_notified(mayfly);
        }
        break;
    case DEATH_SENDING:
        if (mayfly->has_notifier || mayfly->neighbour != 0) {
            send_half(mayfly);
        }
        break;
    case DEATH_RESET:
        guest_reset();
    case DEATH_TIDY:
    case DEATH_KEPT:
    case DEATH_ASKING:
    case DEATHS:
        break;
    }
}

void guest_main(void)
{
    static const struct ffa_uuid servant = ROLE_SERVANT;
    struct mayfly mayfly = {.death = DEATH_TIDY};

    become_member(&mayfly);
    if (guest_life() == 0) {
        mayfly.death = chance() % DEATHS;
    }
    mayfly.neighbour = find(&mayfly, &servant);
    mayfly.has_notifier = find(&mayfly, &secure_partitions[1].uuids[0]) != 0;
    if (mayfly.neighbour != 0) {
        live_with_neighbour(&mayfly);
    }
    servant_hold_buffers(&mayfly.servant);
    meet_death(&mayfly);
    servant_drop_buffers(&mayfly.servant);
    live_on_vcpu_1(&mayfly);
    wait_for(LIFE_US);
}
