/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Indirect messages to and from a Secure Partition: "echo", which reads what it gets when it is
 * given cycles, and says so when it is asked.
 */
#include "mail.h"
#include "partition.h"
#include "pattern.h"
#include "stage.h"

#define ECHO        PARTITION_ECHO_ID
#define NPI         WORLD_NPI_INTID
#define PATIENCE_US 10000000u
#define QUIET_US    3000u

/* The partition has buffers of one page, and the header of the version of its manager. */
#define LIMIT(stage) \
    (FFA_PAGE_SIZE - \
     mail_header_bytes((stage)->world == SECURE_WORLD_1_2 ? FFA_VERSION_1_2 : FFA_VERSION_1_1))

/* --- To the partition ------------------------------------------------------------------------- */

struct parcel {
    uint16_t to;
    uint32_t bytes;
    const struct ffa_uuid *uuid;
};

static int32_t send_parcel(const struct stage *stage, const struct parcel *parcel)
{
    uint32_t version = stage->client->version;
    struct mail mail = {
        .offset = mail_header_bytes(version),
        .from = ME,
        .to = parcel->to,
        .bytes = parcel->bytes,
        .uuid = parcel->uuid != NULL ? *parcel->uuid : members_nil_uuid,
    };

    mail_write(stage->buffers.tx, version, &mail);
    pattern_fill(stage->buffers.tx + mail.offset, parcel->bytes, parcel->bytes);
    return FFA_STATUS(stage->client, FFA_MSG_SEND2, 0, 0);
}

static uint32_t checksum_of(const struct parcel *parcel)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < parcel->bytes; i++) {
        sum = COMMAND_CHECKSUM(sum, pattern_byte(parcel->bytes, i));
    }
    return sum;
}

static uint64_t messages_read(const struct stage *stage)
{
    uint64_t word[PARTITION_WORDS] = {COMMAND_MESSAGES};

    partition_ask(stage->client, ME, ECHO, word);
    return word[1];
}

/* Once it has been given cycles. */
static void expect_read(const struct stage *stage, const struct parcel *parcel, uint64_t count)
{
    uint64_t end = guest_clock() + PATIENCE_US;
    uint64_t word[PARTITION_WORDS] = {COMMAND_MESSAGES};

    while (messages_read(stage) != count && guest_clock() < end) {
        guest_yield();
    }
    partition_ask(stage->client, ME, ECHO, word);
    expect_equal(stage->client, word[1], count, "messages that a partition has read");
    expect_equal(stage->client, word[2], ME, "their sender");
    expect_equal(stage->client, word[3], parcel->bytes, "their bytes");
    expect_equal(stage->client, word[4], checksum_of(parcel), "their checksum");
}

/* It has read the last message a moment before its buffer is free again. */
static int32_t send_once_free(const struct stage *stage, const struct parcel *parcel)
{
    uint64_t end = guest_clock() + PATIENCE_US;
    int32_t status = send_parcel(stage, parcel);

    while (status == FFA_BUSY && guest_clock() < end) {
        guest_yield();
        status = send_parcel(stage, parcel);
    }
    return status;
}

static void send_to_partitions(const struct stage *stage)
{
    static const struct ffa_uuid nobody = WORLD_UUID_NOBODY;
    const uint32_t sizes[] = {0, 1, 100, LIMIT(stage)};
    const struct {
        struct parcel parcel;
        int32_t status;
    } refused[] = {
        {{PARTITION_NOTIFIER_ID, 16, NULL}, FFA_DENIED},
        {{PARTITION_TRIO_ID, 16, NULL}, FFA_DENIED},
        {{NOBODY_SP, 16, NULL}, FFA_INVALID_PARAMETERS},
        {{FFA_ID_SPMC, 16, NULL}, FFA_INVALID_PARAMETERS},
        {{ECHO, LIMIT(stage) + 1, NULL}, FFA_NO_MEMORY},
        {{ECHO, 2 * FFA_PAGE_SIZE, NULL}, FFA_NO_MEMORY},
        {{ECHO, 16, &nobody}, FFA_INVALID_PARAMETERS},
    };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct parcel parcel = {ECHO, sizes[i], NULL};
        uint64_t before = messages_read(stage);

        expect_status(stage->client, send_once_free(stage, &parcel), FFA_OK, "to a partition");
        expect_read(stage, &parcel, before + 1);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const struct parcel *parcel = &refused[i].parcel;

        if (parcel->uuid == NULL || stage->client->version >= FFA_VERSION_1_2) {
            expect_status(stage->client, send_parcel(stage, parcel), refused[i].status,
                          "to a partition that does not take it");
        }
    }
}

/* --- From the partition ----------------------------------------------------------------------- */

static int32_t have_sent(const struct stage *stage, uint32_t bytes, uint32_t seed)
{
    return PARTITION_ASK(stage->client, ME, ECHO, COMMAND_MESSAGE_SEND, ME, bytes, seed);
}

static struct guest_regs get_framework(const struct stage *stage)
{
    return FFA(stage->client, FFA_NOTIFICATION_GET, ffa_receiver_info_make(ME, 0),
               FFA_NOTIFICATION_GET_SPM | FFA_NOTIFICATION_GET_HYPERVISOR);
}

static void expect_received(const struct stage *stage, uint32_t bytes, uint32_t seed)
{
    struct client *client = stage->client;
    const uint8_t *rx = stage->buffers.rx;
    uint32_t header_bytes = mail_header_bytes(client->version);
    struct guest_regs got = get_framework(stage);
    uint32_t wrong = 0;
    struct mail mail;

    expect_equal(client, got.x[6], FFA_NOTIFICATION_RX_FULL, "RX is full, says the SPM");
    expect_equal(client, got.x[7], 0, "and not the hypervisor");
    expect_equal(client, get_framework(stage).x[6], 0, "once");
    mail_read(rx, client->version, &mail);
    expect_equal(client, mail.flags | mail.reserved | mail.reserved2, 0, "reserved words");
    expect_equal(client, mail.offset, header_bytes, "where the payload is");
    expect_equal(client, ffa_ids_make(mail.from, mail.to), ffa_ids_make(ECHO, ME), "who wrote");
    expect_equal(client, mail.bytes, bytes, "how much");
    for (uint32_t i = 0; i < bytes; i++) {
        wrong += rx[header_bytes + i] != COMMAND_PATTERN(seed, i);
    }
    expect_equal(client, wrong, 0, "wrong bytes");
    expect_equal(client,
                 pattern_not_zero(rx + header_bytes + bytes,
                                  stage->buffers.pages * FFA_PAGE_SIZE - header_bytes - bytes),
                 0, "bytes behind that are not zero");
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK, "RX_RELEASE");
}

static void receive_from_partition(const struct stage *stage)
{
    const uint32_t sizes[] = {1, 100, LIMIT(stage)};

    guest_interrupt_enable(NPI);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint32_t told = guest_interrupt_count(NPI);

        pattern_paint(stage->buffers.rx, stage->buffers.pages * FFA_PAGE_SIZE);
        expect_status(stage->client, have_sent(stage, sizes[i], 3), FFA_OK, "from a partition");
        expect(stage->client, guest_interrupt_await(NPI, told + 1), "told of a message");
        expect_received(stage, sizes[i], 3);
    }
}

/* RX is ours, with a list in it: the message waits for it, and the partition with its next one. */
static void receive_later(const struct stage *stage)
{
    struct client *client = stage->client;
    uint32_t told = guest_interrupt_count(NPI);

    expect_status(client, FFA_STATUS(client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0), FFA_OK,
                  "a list in RX");
    expect_status(client, have_sent(stage, 50, 7), FFA_OK, "from a partition, with RX full");
    expect_status(client, have_sent(stage, 60, 9), FFA_BUSY, "a second one");
    expect_equal(client, get_framework(stage).x[6], 0, "nothing is said of it yet");
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK, "RX_RELEASE of the list");
    expect(client, guest_interrupt_await(NPI, told + 1), "told of it now");
    expect_received(stage, 50, 7);
}

/* A VM of 1.0 has no indirect messages: whatever the partition is told, RX stays free. */
static void receive_nothing(const struct stage *stage)
{
    uint64_t end = guest_clock() + QUIET_US;

    have_sent(stage, 16, 1);
    while (guest_clock() < end) {
        guest_yield();
    }
    expect_status(stage->client, FFA_STATUS(stage->client, FFA_RX_RELEASE, 0), FFA_DENIED,
                  "RX of a VM that has no indirect messages");
}

void chapter_partition_mail(struct stage *stage)
{
    if (!secure_world_is_known(stage->world)) {
        return;
    }
    if (stage->client->version < FFA_VERSION_1_1) {
        receive_nothing(stage);
        return;
    }
    send_to_partitions(stage);
    receive_from_partition(stage);
    receive_later(stage);
}
