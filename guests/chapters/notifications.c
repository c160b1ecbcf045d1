/* SPDX-License-Identifier: BSD-3-Clause */
/* Plays notifications.def, from both sides; then what wakes whom, and the news of a receiver. */
#include "stage.h"

#define NPI    WORLD_NPI_INTID
#define HELPER 2u

enum row_kind {
    ROW_RECEIVER,
    ROW_SENDER,
    ROW_GET,
    ROW_TOLD,
};

struct row {
    enum row_kind kind;
    uint32_t fid;
    uint32_t w[ERRAND_WORDS]; /* w1 to w4; of ROW_GET, w3 and w4 are what is got */
    int32_t status;
    unsigned int interrupts;
    const char *why;
};

#define FFA_NOTIFICATION_INFO FFA_NOTIFICATION_INFO_GET_32
#define FFA_SUCCESS           FFA_OK
#define OTHER                 0x7f02u /* a third VM, that the receiver sees */
#define VM                    FFA_NOTIFICATION_GET_VM
#define HYPERVISOR            FFA_NOTIFICATION_GET_HYPERVISOR
#define IDS(from, to)         ((uint32_t)(from) << 16 | (to))
#define RECEIVER(id, vcpu)    IDS(vcpu, id)

#define CALL(kind, fid, w1, w2, w3, w4, status, why) \
    {kind, FFA_NOTIFICATION_##fid, {w1, w2, w3, w4}, FFA_##status, 0, why},
#define R(...) CALL(ROW_RECEIVER, __VA_ARGS__)
#define S(...) CALL(ROW_SENDER, __VA_ARGS__)
#define GET(vcpu, flags, low, high, why) \
    {ROW_GET, FFA_NOTIFICATION_GET, {RECEIVER(ME, vcpu), flags, low, high}, FFA_OK, 0, why},
#define TOLD(interrupts, why) {ROW_TOLD, 0, {0}, FFA_OK, interrupts, why},

static const struct row rows[] = {
#include "notifications.def"
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* One receiver and one sender: this VM and the servant, or the other way round. */
struct pair {
    const struct stage *stage;
    bool peer_receives;
    uint32_t taken; /* the receiver's interrupts up to the last look */
};

/* --- Calls of either side --------------------------------------------------------------------- */

static uint32_t id_of(const struct pair *pair, uint32_t id)
{
    if (id == OTHER) {
        return pair->peer_receives ? pair->stage->peer->peers[1] : WORLD_BARRED;
    }
    if (pair->peer_receives && (id == ME || id == PEER)) {
        id = id == ME ? PEER : ME;
    }
    return stage_id(pair->stage, id);
}

static uint32_t ids_of(const struct pair *pair, uint32_t ids)
{
    return id_of(pair, ids >> 16) << 16 | id_of(pair, ids & FFA_ID_MASK);
}

static struct guest_regs make(const struct pair *pair, bool by_peer, const struct row *row)
{
    uint32_t w1 = ids_of(pair, row->w[0]);

    if (by_peer) {
        return errand_call(&pair->stage->errand, row->fid,
                           (const uint64_t[ERRAND_WORDS]){w1, row->w[1], row->w[2], row->w[3]});
    }
    return FFA(pair->stage->client, row->fid, w1, row->w[1], row->w[2], row->w[3]);
}

/* The servant cannot name whom it does not see. */
static int32_t expected_of(const struct pair *pair, bool by_peer, const struct row *row)
{
    uint32_t ids = ids_of(pair, row->w[0]);
    uint16_t whom = row->kind == ROW_SENDER ? ffa_ids_receiver(ids) : ffa_ids_sender(ids);

    if (by_peer && row->status == FFA_DENIED && whom != ME && !stage_peer_sees(pair->stage, whom)) {
        return FFA_INVALID_PARAMETERS;
    }
    return row->status;
}

static void expect_call(const struct pair *pair, const struct row *row)
{
    bool by_peer = (row->kind == ROW_SENDER) != pair->peer_receives;
    struct guest_regs answer = make(pair, by_peer, row);

    expect_status(pair->stage->client, client_status(&answer), expected_of(pair, by_peer, row),
                  row->why);
}

static void expect_got(const struct pair *pair, const struct row *row)
{
    struct client *client = pair->stage->client;
    struct guest_regs answer = make(pair, pair->peer_receives, row);

    expect_status(client, client_status(&answer), FFA_OK, row->why);
    expect_equal(client, answer.x[2] | answer.x[3], 0, "notifications of partitions");
    expect_equal(client, answer.x[4], row->w[2], row->why);
    expect_equal(client, answer.x[5], row->w[3], row->why);
    expect_equal(client, answer.x[6] | answer.x[7], 0, "the framework's notifications");
}

/* What vCPU 0 of the receiver has taken. The servant's other vCPU counts its own. */
static uint32_t taken_by(const struct pair *pair)
{
    uint64_t words[ERRAND_WORDS] = {0};

    if (!pair->peer_receives) {
        return guest_interrupt_count(NPI);
    }
    while (errand_run(&pair->stage->errand, SERVANT(SERVANT_COUNT, NPI), words, words) != 0) {
        guest_yield();
    }
    return (uint32_t)words[0];
}

static void expect_told(struct pair *pair, const struct row *row)
{
    uint32_t taken = taken_by(pair);

    expect_equal(pair->stage->client, taken - pair->taken, row->interrupts, row->why);
    pair->taken = taken;
}

static void enable_interrupt(const struct pair *pair)
{
    uint64_t words[ERRAND_WORDS] = {0};

    if (!pair->peer_receives) {
        guest_interrupt_enable(NPI);
        return;
    }
    while (errand_run(&pair->stage->errand, SERVANT(SERVANT_ENABLE, NPI), words, words) != 0) {
        guest_yield();
    }
}

static void play(const struct stage *stage, bool peer_receives)
{
    struct pair pair = {stage, peer_receives, 0};

    enable_interrupt(&pair);
    pair.taken = taken_by(&pair);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        stage->client->row = (unsigned int)i + 1;
        switch (rows[i].kind) {
        case ROW_GET:
            expect_got(&pair, &rows[i]);
            break;
        case ROW_TOLD:
            expect_told(&pair, &rows[i]);
            break;
        default:
            expect_call(&pair, &rows[i]);
            break;
        }
    }
}

/* --- One of the two is of 1.0 ----------------------------------------------------------------- */

static void expect_none(const struct stage *stage)
{
    struct client *client = stage->client;
    uint16_t peer = stage->peer->id;
    bool here = client->version >= FFA_VERSION_1_1;
    bool there = stage->peer->version >= FFA_VERSION_1_1;
    int32_t status_here = here ? FFA_DENIED : FFA_NOT_SUPPORTED;
    int32_t status_there = there ? FFA_DENIED : FFA_NOT_SUPPORTED;

    expect_status(client,
                  FFA_STATUS(client, FFA_NOTIFICATION_BIND, ffa_ids_make(peer, ME), 0, 1, 0),
                  status_here, "BIND, with 1.0 on one side");
    expect_status(client,
                  FFA_STATUS(client, FFA_NOTIFICATION_UNBIND, ffa_ids_make(peer, ME), 0, 1, 0),
                  status_here, "UNBIND, with 1.0 on one side");
    expect_status(client, FFA_STATUS(client, FFA_NOTIFICATION_SET, ffa_ids_make(ME, peer), 0, 1, 0),
                  status_here, "SET, with 1.0 on one side");
    expect_status(client, THERE(stage, FFA_NOTIFICATION_BIND, ffa_ids_make(ME, peer), 0, 1, 0),
                  status_there, "the servant's BIND, with 1.0 on one side");
    expect_status(client, THERE(stage, FFA_NOTIFICATION_SET, ffa_ids_make(peer, ME), 0, 1, 0),
                  status_there, "the servant's SET, with 1.0 on one side");
}

/* --- Who is woken, and the news --------------------------------------------------------------- */

#define BIT_GLOBAL   0x00000004u
#define BIT_PER_VCPU 0x00000008u

static int32_t set_there(const struct stage *stage, uint32_t w2, uint32_t bits)
{
    return THERE(stage, FFA_NOTIFICATION_SET, ffa_ids_make(stage->peer->id, ME), w2, bits, 0);
}

static uint64_t get_here(const struct stage *stage, unsigned int vcpu)
{
    struct guest_regs answer =
        FFA(stage->client, FFA_NOTIFICATION_GET, ffa_receiver_info_make(ME, (uint16_t)vcpu), VM);

    expect_status(stage->client, client_status(&answer), FFA_OK, "NOTIFICATION_GET");
    return answer.x[4];
}

/* vCPU 2 sleeps until it is told of its own, and gets it and nothing else. */
static void sleep_and_get(void *argument)
{
    struct stage *stage = argument;
    uint32_t taken = guest_interrupt_count(NPI);

    guest_interrupt_enable(NPI);
    __atomic_store_n(&stage->asleep, true, __ATOMIC_RELEASE);
    expect(stage->client, guest_interrupt_await(NPI, taken + 1), "vCPU 2 is woken");
    expect_equal(stage->client, get_here(stage, HELPER), BIT_PER_VCPU, "what it was woken for");
    expect_equal(stage->client, get_here(stage, HELPER), 0, "and nothing else");
}

static void wake_one_vcpu(struct stage *stage)
{
    uint32_t taken = guest_interrupt_count(NPI);

    __atomic_store_n(&stage->asleep, false, __ATOMIC_RELAXED);
    expect(stage->client, guest_vcpu_start(HELPER, sleep_and_get, stage), "a vCPU starts");
    while (!__atomic_load_n(&stage->asleep, __ATOMIC_ACQUIRE)) {
        guest_yield();
    }
    expect_status(stage->client,
                  set_there(stage, ffa_notification_set_make(FFA_NOTIFICATION_SET_PER_VCPU, HELPER),
                            BIT_PER_VCPU),
                  FFA_OK, "SET for vCPU 2");
    guest_vcpu_join(HELPER);
    expect_equal(stage->client, guest_interrupt_count(NPI), taken, "vCPU 0 was left alone");
}

/* What FFA_NOTIFICATION_INFO_GET says: only of this VM, and which vCPUs have news of their own. */
static unsigned int vcpus_with_news(const struct stage *stage, const struct guest_regs *answer)
{
    unsigned int lists = ffa_notification_info_lists(answer->x[2]);
    unsigned int id_bits = answer->x[0] == FFA_SUCCESS_64 ? 64 : 32;
    unsigned int vcpus = 0;
    unsigned int at = 0;

    expect(stage->client, lists > 0, "there is a list");
    for (unsigned int list = 0; list < lists; list++) {
        unsigned int count = ffa_notification_info_vcpus(answer->x[2], list);

        for (unsigned int i = 0; i <= count; i++, at += 16) {
            uint32_t id = (uint16_t)(answer->x[3 + at / id_bits] >> (at % id_bits));

            if (i == 0) {
                expect_equal(stage->client, id, ME, "whose news it is");
            } else {
                vcpus |= 1u << id;
            }
        }
    }
    expect(stage->client, !ffa_notification_info_more(answer->x[2]), "there is no more");
    return vcpus;
}

static void expect_news(const struct stage *stage, uint32_t fid, unsigned int vcpus)
{
    struct guest_regs answer = FFA(stage->client, fid);

    expect_status(stage->client, client_status(&answer), FFA_OK, "INFO_GET");
    if (client_status(&answer) == FFA_OK) {
        expect_equal(stage->client, vcpus_with_news(stage, &answer), vcpus, "vCPUs with news");
    }
    expect_status(stage->client, FFA_STATUS(stage->client, FFA_NOTIFICATION_INFO_GET_32),
                  FFA_NO_DATA, "news that was told");
}

static void tell_news(const struct stage *stage, uint32_t fid)
{
    expect_status(stage->client, set_there(stage, 0, BIT_GLOBAL), FFA_OK, "SET");
    expect_news(stage, fid, 0);
    expect_equal(stage->client, get_here(stage, 0), BIT_GLOBAL, "what the news was about");
    for (unsigned int vcpu = 0; vcpu < guest_vcpus(); vcpu++) {
        expect_status(
            stage->client,
            set_there(stage,
                      ffa_notification_set_make(FFA_NOTIFICATION_SET_PER_VCPU, (uint16_t)vcpu),
                      BIT_PER_VCPU),
            FFA_OK, "SET for a vCPU");
    }
    expect_news(stage, fid, (1u << guest_vcpus()) - 1);
    for (unsigned int vcpu = 0; vcpu < guest_vcpus(); vcpu++) {
        expect_equal(stage->client, get_here(stage, vcpu), BIT_PER_VCPU, "a vCPU's own");
    }
}

static void wake_and_tell(struct stage *stage)
{
    struct client *client = stage->client;
    uint32_t ids = ffa_ids_make(stage->peer->id, ME);

    expect_status(client, FFA_STATUS(client, FFA_NOTIFICATION_BIND, ids, 0, BIT_GLOBAL, 0), FFA_OK,
                  "BIND");
    expect_status(client, FFA_STATUS(client, FFA_NOTIFICATION_BIND, ids, 1, BIT_PER_VCPU, 0),
                  FFA_OK, "BIND of each vCPU's");
    wake_one_vcpu(stage);
    tell_news(stage, FFA_NOTIFICATION_INFO_GET_32);
    if (guest_is_aarch64()) {
        tell_news(stage, FFA_NOTIFICATION_INFO_GET_64);
    }
    expect_status(client,
                  FFA_STATUS(client, FFA_NOTIFICATION_UNBIND, ids, 0, BIT_GLOBAL | BIT_PER_VCPU, 0),
                  FFA_OK, "UNBIND");
}

void chapter_notifications(struct stage *stage)
{
    struct client *client = stage->client;

    if (client->version < FFA_VERSION_1_1 || stage->peer->version < FFA_VERSION_1_1) {
        expect_none(stage);
        return;
    }
    client->about = "notifications.def";
    play(stage, false);
    client->about = "notifications.def, with the servant as the receiver";
    play(stage, true);
    client->about = NULL;
    wake_and_tell(stage);
}
