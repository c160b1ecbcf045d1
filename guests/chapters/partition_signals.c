/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications between this VM and a Secure Partition: "notifier", which sets what it is asked to,
 * and looks at its own when it is given cycles.
 */
#include "partition.h"
#include "stage.h"

#define NOTIFIER    PARTITION_NOTIFIER_ID
#define ECHO        PARTITION_ECHO_ID
#define TRIO        PARTITION_TRIO_ID
#define NPI         WORLD_NPI_INTID
#define SP          FFA_NOTIFICATION_GET_SP
#define HELPER      2u
#define PATIENCE_US 10000000u

/* Notifications of the partition: globally, and of each vCPU. */
#define GLOBAL_LOW  0x00000011u
#define GLOBAL_HIGH 0x80000000u
#define OWN_LOW     0x00000100u

static int32_t command(const struct stage *stage, uint32_t what, uint32_t w2, uint32_t low,
                       uint32_t high)
{
    return PARTITION_ASK(stage->client, ME, NOTIFIER, what, ME, w2, low, high);
}

/* --- From the partition ----------------------------------------------------------------------- */

struct row {
    uint32_t fid;
    uint32_t w1;
    uint32_t w2;
    uint32_t low;
    uint32_t high;
    int32_t status;
    const char *why;
};

#define IDS(from, to) ((uint32_t)(from) << 16 | (to))

/* Before anything is bound; then with the partition's notifications bound, and pending. */
static const struct row unbound_rows[] = {
    {FFA_NOTIFICATION_BIND, IDS(NOTIFIER, ME), 2, 1, 0, FFA_INVALID_PARAMETERS, "a reserved flag"},
    {FFA_NOTIFICATION_BIND, IDS(NOTIFIER, ME), 0, 0, 0, FFA_INVALID_PARAMETERS, "no notification"},
    {FFA_NOTIFICATION_BIND, IDS(NOTIFIER, NOBODY), 0, 1, 0, FFA_INVALID_PARAMETERS, "for another"},
    {FFA_NOTIFICATION_BIND, IDS(NOBODY_SP, ME), 0, 1, 0, FFA_INVALID_PARAMETERS, "to nobody"},
    {FFA_NOTIFICATION_BIND, IDS(0x8000, ME), 0, 1, 0, FFA_INVALID_PARAMETERS, "to the SPMC"},
    {FFA_NOTIFICATION_UNBIND, IDS(NOTIFIER, ME), 0, 1, 0, FFA_DENIED, "what is not bound"},
    {FFA_NOTIFICATION_BIND, IDS(NOTIFIER, ME), 0, GLOBAL_LOW, GLOBAL_HIGH, FFA_OK, "global ones"},
    {FFA_NOTIFICATION_BIND, IDS(NOTIFIER, ME), 1, OWN_LOW, 0, FFA_OK, "each vCPU's"},
    {FFA_NOTIFICATION_BIND, IDS(ECHO, ME), 0, 1, 0, FFA_DENIED, "what is another's"},
    {FFA_NOTIFICATION_UNBIND, IDS(ECHO, ME), 0, 1, 0, FFA_DENIED, "what is another's"},
};

static const struct row pending_rows[] = {
    {FFA_NOTIFICATION_BIND, IDS(NOTIFIER, ME), 0, 1, 0, FFA_DENIED, "what pends"},
    {FFA_NOTIFICATION_UNBIND, IDS(NOTIFIER, ME), 0, 1, 0, FFA_DENIED, "what pends"},
    {FFA_NOTIFICATION_GET, IDS(0, NOBODY), SP, 0, 0, FFA_INVALID_PARAMETERS, "another's"},
    {FFA_NOTIFICATION_GET, IDS(99, ME), SP, 0, 0, FFA_INVALID_PARAMETERS, "of no vCPU"},
    {FFA_NOTIFICATION_GET, IDS(0, ME), SP | 0x10, 0, 0, FFA_INVALID_PARAMETERS, "a reserved flag"},
};

static const struct row last_rows[] = {
    {FFA_NOTIFICATION_UNBIND, IDS(NOTIFIER, ME), 0, 3, 0, FFA_DENIED, "one of two is not bound"},
    {FFA_NOTIFICATION_UNBIND, IDS(NOTIFIER, ME), 0, GLOBAL_LOW | OWN_LOW, GLOBAL_HIGH, FFA_OK,
     "all"},
    {FFA_NOTIFICATION_UNBIND, IDS(NOTIFIER, ME), 0, 1, 0, FFA_DENIED, "what is bound no more"},
};

static void play(const struct stage *stage, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];

        stage->client->row = (unsigned int)i + 1;
        expect_status(stage->client,
                      FFA_STATUS(stage->client, row->fid, row->w1, row->w2, row->low, row->high),
                      row->status, row->why);
    }
}

#define PLAY(stage, rows) play((stage), (rows), sizeof(rows) / sizeof((rows)[0]))

static int32_t notify(const struct stage *stage, uint32_t w2, uint32_t low, uint32_t high)
{
    return command(stage, COMMAND_NOTIFY, w2, low, high);
}

static void expect_got(const struct stage *stage, unsigned int vcpu, uint32_t low, uint32_t high)
{
    struct client *client = stage->client;
    struct guest_regs got = FFA(
        client, FFA_NOTIFICATION_GET, ffa_receiver_info_make(ME, (uint16_t)vcpu),
        SP | FFA_NOTIFICATION_GET_SPM | FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_HYPERVISOR);

    expect_status(client, client_status(&got), FFA_OK, "NOTIFICATION_GET");
    expect_equal(client, got.x[2], low, "notifications of partitions, low");
    expect_equal(client, got.x[3], high, "notifications of partitions, high");
    expect_equal(client, got.x[4] | got.x[5] | got.x[6] | got.x[7], 0, "no others");
}

/* vCPU 2 sleeps until the partition signals it. */
static void sleep_and_get(void *argument)
{
    struct stage *stage = argument;
    uint32_t told = guest_interrupt_count(NPI);

    guest_interrupt_enable(NPI);
    __atomic_store_n(&stage->asleep, true, __ATOMIC_RELEASE);
    expect(stage->client, guest_interrupt_await(NPI, told + 1), "vCPU 2 is woken");
    expect_got(stage, HELPER, OWN_LOW, 0);
}

static void wake_vcpu_2(struct stage *stage)
{
    __atomic_store_n(&stage->asleep, false, __ATOMIC_RELAXED);
    expect(stage->client, guest_vcpu_start(HELPER, sleep_and_get, stage), "a vCPU starts");
    while (!__atomic_load_n(&stage->asleep, __ATOMIC_ACQUIRE)) {
        guest_yield();
    }
    expect_status(
        stage->client,
        notify(stage, ffa_notification_set_make(FFA_NOTIFICATION_SET_PER_VCPU, HELPER), OWN_LOW, 0),
        FFA_OK, "the partition's SET for vCPU 2");
    guest_vcpu_join(HELPER);
}

static void receive(struct stage *stage)
{
    struct client *client = stage->client;
    uint32_t told;

    guest_interrupt_enable(NPI);
    told = guest_interrupt_count(NPI);
    expect_status(client, notify(stage, 0, 1, 0), FFA_DENIED, "what is not bound");
    PLAY(stage, unbound_rows);
    expect_status(client, notify(stage, 0, 3, 0), FFA_DENIED, "one of two is not bound");
    expect_got(stage, 0, 0, 0);

    expect_status(client, notify(stage, 0, GLOBAL_LOW, GLOBAL_HIGH), FFA_OK, "the partition's SET");
    expect(client, guest_interrupt_await(NPI, told + 1), "told of it");
    PLAY(stage, pending_rows);
    expect_got(stage, 1, GLOBAL_LOW, GLOBAL_HIGH);
    expect_got(stage, 0, 0, 0);
    expect_equal(client, guest_interrupt_count(NPI), told + 1, "told of it once");
    wake_vcpu_2(stage);
    PLAY(stage, last_rows);
}

/* --- To the partition ------------------------------------------------------------------------- */

static int32_t set(const struct stage *stage, uint16_t receiver, uint32_t w2, uint32_t low)
{
    return FFA_STATUS(stage->client, FFA_NOTIFICATION_SET, ffa_ids_make(ME, receiver), w2, low, 0);
}

/* What it got, once it has been given cycles: nobody asks it to look. */
static void expect_noticed(const struct stage *stage, uint32_t low)
{
    uint64_t end = guest_clock() + PATIENCE_US;
    bool noticed = false;

    while (!noticed && guest_clock() < end) {
        uint64_t word[PARTITION_WORDS] = {COMMAND_NOTIFICATIONS};

        partition_ask(stage->client, ME, NOTIFIER, word);
        noticed = word[1] != 0;
        if (noticed) {
            expect_equal(stage->client, word[2], low, "what a partition got");
            expect_equal(stage->client, word[3] | word[4], 0, "and nothing else");
        }
        guest_yield();
    }
    expect(stage->client, noticed, "a partition that is signalled is run");
}

static void signal(const struct stage *stage)
{
    struct client *client = stage->client;

    /* Whatever others have sent it. */
    PARTITION_ASK(client, ME, NOTIFIER, COMMAND_NOTIFICATIONS);
    expect_status(client, set(stage, NOTIFIER, 0, 0x40), FFA_DENIED, "SET of what is not bound");
    expect_status(client, set(stage, TRIO, 0, 0x40), FFA_DENIED, "SET for who receives none");
    expect_status(client, set(stage, NOBODY_SP, 0, 1), FFA_INVALID_PARAMETERS, "SET for nobody");
    expect_status(client, set(stage, NOTIFIER, 2, 1), FFA_INVALID_PARAMETERS, "SET, delayed");
    expect_status(client, set(stage, NOTIFIER, 0, 0), FFA_INVALID_PARAMETERS, "SET of nothing");
    expect_status(client, command(stage, COMMAND_BIND, 0, 0xc0, 0), FFA_OK, "a partition's BIND");
    expect_status(client, set(stage, NOTIFIER, 1, 0x40), FFA_INVALID_PARAMETERS, "as a vCPU's");
    expect_status(client, set(stage, NOTIFIER, 0, 0x140), FFA_DENIED, "one of two is not bound");
    expect_status(client, set(stage, NOTIFIER, 0, 0x40), FFA_OK, "SET");
    expect_noticed(stage, 0x40);
    expect_status(client, set(stage, NOTIFIER, 0, 0xc0), FFA_OK, "SET of two");
    expect_noticed(stage, 0xc0);
    expect_status(client, command(stage, COMMAND_UNBIND, 0, 0xc0, 0), FFA_OK, "its UNBIND");
    expect_status(client, set(stage, NOTIFIER, 0, 0x40), FFA_DENIED, "what is bound no more");
}

void chapter_partition_signals(struct stage *stage)
{
    if (!secure_world_is_known(stage->world) || stage->client->version < FFA_VERSION_1_1) {
        return;
    }
    stage->client->about = "notifications and a partition";
    receive(stage);
    signal(stage);
    stage->client->about = NULL;
}
