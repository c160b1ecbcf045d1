/* SPDX-License-Identifier: BSD-3-Clause */
/* This VM is reset in the middle of everything, and another one dies. */
#include "sharer.h"

#include "say.h"

#define BIT       0x00000100u /* is signalled to a life that ends */
#define MOMENT_US 5000u
#define DELAY_US  20000u

/* --- A reset ------------------------------------------------------------------------------- */

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

    sharer_done(sharer, FFA_STATUS(&sharer->client, FFA_NOTIFICATION_BIND, ids, 0, BIT, 0),
                "FFA_NOTIFICATION_BIND");
    sharer_done(sharer,
                client_status_of(PARTY_CALL(&sharer->grace, FFA_NOTIFICATION_SET, ids, 0, BIT)),
                "grace's FFA_NOTIFICATION_SET");
}

/* The servant remembers where it has it, and by which handle. */
static void leave_lent(struct sharer *sharer)
{
    struct grant grant;
    uint64_t handle;
    uint64_t ipa;

    sharer_none(sharer, touch_fill(sharer->ram, 0, PAGES, SEED + 4), "words of our own");
    sharer_describe(&sharer->me, &grant, 0);
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add(&grant, sharer->ram, PAGES);
    handle = sharer_send(sharer, &sharer->me, FFA_MEM_LEND_64, &grant);
    ipa = sharer_retrieve(sharer, &sharer->heidi, &grant, handle);
    ERRAND(&sharer->heidi.errand, SERVANT_REMEMBER, 0, ffa_handle_low(handle),
           ffa_handle_high(handle), (uint32_t)ipa, ipa >> 32);
}

void sharer_leave(struct sharer *sharer)
{
    uint64_t soon = guest_clock() + MOMENT_US;

    leave_lent(sharer);
    leave_notification(sharer);
    sharer_done(sharer, FFA_STATUS(&sharer->client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0),
                "FFA_PARTITION_INFO_GET");
    guest_print("is reset, with RX full, a request to grace under way, memory lent to heidi, and a "
                "notification pending");
    expect(&sharer->client, guest_vcpu_start(1, ask_in_vain, sharer), "vCPU 1 starts");
    while (guest_clock() < soon) {
        guest_yield();
    }
}

void sharer_come_back(struct sharer *sharer)
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
    sharer_none(sharer, touch_not_zero(sharer->ram, PAGES), "a new life begins with zeros");
    guest_print("is back at %s: RX is free, nothing pends, its RAM is zero",
                say_version(client->version).text);

    errand_run(&sharer->heidi.errand, SERVANT(SERVANT_RECALL, 0), none, word);
    handle = ffa_handle_make((uint32_t)word[0], (uint32_t)word[1]);
    ipa = word[3] << 32 | word[2];
    sharer_none(sharer, party_wrong(&sharer->heidi, ipa, PAGES, SEED + 4), "what heidi still has");
    expect_status(client, party_reclaim(&sharer->me, handle, 0), FFA_INVALID_PARAMETERS,
                  "FFA_MEM_RECLAIM of what another life lent");
    sharer_give_back(sharer, &sharer->heidi, handle);
    party_expect_fault(&sharer->heidi, ipa, "what heidi gave back");
    guest_print("heidi still has what was lent before, with what was in it, and gives it back");
}

/* --- A death ------------------------------------------------------------------------------- */

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

void sharer_outlive(struct sharer *sharer)
{
    uint64_t ram = party_ram(&sharer->grace, PAGES);
    struct grant grant;
    uint64_t handle;
    uint64_t own_ipa;
    uint64_t heidi_ipa;

    sharer_none(sharer, party_fill(&sharer->grace, ram, PAGES, SEED + 5), "grace writes");
    sharer_describe(&sharer->grace, &grant, FFA_MEM_ATTR_NORMAL_WB_INNER);
    grant_to(&grant, sharer->me.id, RW);
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add(&grant, ram, PAGES);
    handle = sharer_send(sharer, &sharer->grace, FFA_MEM_LEND_32, &grant);
    own_ipa = sharer_retrieve(sharer, &sharer->me, &grant, handle);
    heidi_ipa = sharer_retrieve(sharer, &sharer->heidi, &grant, handle);
    guest_print("grace lends %u pages to frank and heidi, and dies", PAGES);
    have_grace_stop(sharer);
    sharer_none(sharer, touch_wrong(own_ipa, 0, PAGES, SEED + 5), "what grace has left");
    sharer_none(sharer, touch_fill(own_ipa, 0, PAGES, SEED + 6), "what grace has left");
    sharer_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED + 6), "what we write");
    sharer_give_back(sharer, &sharer->me, handle);
    sharer_none(sharer, party_wrong(&sharer->heidi, heidi_ipa, PAGES, SEED + 6), "what is left");
    sharer_give_back(sharer, &sharer->heidi, handle);
    party_expect_fault(&sharer->me, own_ipa, "what was given back");
    guest_print("frank and heidi go on with what they borrowed, and give it back, one after the "
                "other");
}
