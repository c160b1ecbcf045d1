/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two VMs, of 1.2 and of 1.1, make MESSAGES requests of each other at the same time, and then send
 * each other as many indirect messages. All are numbered: none is lost, doubled or overtaken.
 *
 * Both run this program. First vCPU 0 asks and vCPU 1 answers the other VM; then vCPU 1 posts and
 * vCPU 0 collects, for which it sleeps until it is told that RX is full.
 */
#include "mail.h"
#include "members.h"
#include "message.h"
#include "pattern.h"
#include "world.h"

#define MESSAGES     10000u
#define MAIL_BYTES   72u
#define NUMBER_BYTES 4u
#define POKE         6u /* the SGI that ends vCPU 1's wait for requests */

struct office {
    struct client client;
    const struct world_vm *self;
    uint16_t other;
    struct buffers buffers;
    uint32_t answered; /* of the other's requests; they come in order */
    bool asks_no_more;
    bool left; /* vCPU 1 has left its wait for requests */
};

/* --- Direct ----------------------------------------------------------------------------------- */

/* What request and answer say behind the number. */
static uint64_t word_of(uint32_t number, unsigned int i, bool answer)
{
    return FFA_U64(0x1a0000001a000000) | (uint64_t)number << 32 | (number & 0xff) << 12 | i << 4 |
           answer;
}

static struct message numbered(const struct office *office, uint32_t fid, uint32_t number)
{
    struct message message = {
        .fid = fid,
        .from = office->self->id,
        .to = office->other,
        .word = {number},
    };

    for (unsigned int i = 1; i < message_words(fid); i++) {
        message.word[i] = word_of(number, i, fid == FFA_MSG_SEND_DIRECT_RESP_64);
    }
    return message;
}

static void expect_numbered(const struct office *office, const struct message *message,
                            uint32_t number)
{
    bool answer = message->fid == FFA_MSG_SEND_DIRECT_RESP_64;
    unsigned int wrong = 0;

    expect_equal(&office->client, message->word[0], number, answer ? "an answer" : "a request");
    for (unsigned int i = 1; i < message_words(message->fid); i++) {
        wrong += message->word[i] != word_of(number, i, answer);
    }
    expect_equal(&office->client, wrong, 0, "wrong words");
}

/* vCPU 0, while nobody may be there yet. */
static void ask(struct office *office)
{
    for (uint32_t number = 0; number < MESSAGES; number++) {
        struct message request = numbered(office, FFA_MSG_SEND_DIRECT_REQ_64, number);
        struct guest_regs answer =
            number == 0 ? message_exchange_first(&office->client, &request)
                        : message_finish(&office->client, message_send(&office->client, &request));
        struct message response;

        if (!message_read(&answer, &response)) {
            expect_status(&office->client, client_status(&answer), FFA_OK, "a request");
            return;
        }
        expect_numbered(office, &response, number);
    }
}

/* vCPU 1, until all have been answered and it is told so. */
static void answer_all(struct office *office)
{
    struct guest_regs came = FFA(&office->client, FFA_MSG_WAIT, 0, 0);
    struct message request;

    while (!__atomic_load_n(&office->asks_no_more, __ATOMIC_ACQUIRE)) {
        if (message_read(&came, &request)) {
            struct message response =
                numbered(office, FFA_MSG_SEND_DIRECT_RESP_64, office->answered);

            expect_numbered(office, &request, office->answered);
            __atomic_add_fetch(&office->answered, 1, __ATOMIC_RELEASE);
            came = message_send(&office->client, &response);
        } else if (came.x[0] == FFA_INTERRUPT) {
            came = FFA(&office->client, FFA_MSG_WAIT, 0, 0);
        } else {
            expect_status(&office->client, client_status(&came), FFA_OK, "a wait");
            break;
        }
    }
    __atomic_store_n(&office->left, true, __ATOMIC_RELEASE);
}

/* --- Indirect --------------------------------------------------------------------------------- */

/* The payload: its number, and a pattern. */
static void write_mail(const struct office *office, uint32_t number)
{
    uint32_t version = office->self->version;
    struct mail mail = {
        .offset = mail_header_bytes(version),
        .from = office->self->id,
        .to = office->other,
        .bytes = MAIL_BYTES,
    };
    uint8_t *payload = office->buffers.tx + mail.offset;

    mail_write(office->buffers.tx, version, &mail);
    for (unsigned int i = 0; i < NUMBER_BYTES; i++) {
        payload[i] = (uint8_t)(number >> (8 * i));
    }
    pattern_fill(payload + NUMBER_BYTES, MAIL_BYTES - NUMBER_BYTES, number);
}

static void post(struct office *office)
{
    for (uint32_t number = 0; number < MESSAGES; number++) {
        int32_t status;

        write_mail(office, number);
        while ((status = FFA_STATUS(&office->client, FFA_MSG_SEND2, 0, 0)) == FFA_BUSY) {
            guest_yield();
        }
        expect_status(&office->client, status, FFA_OK, "a message that is posted");
    }
}

static void read_mail(const struct office *office, uint32_t number)
{
    const struct client *client = &office->client;
    const uint8_t *payload = office->buffers.rx + mail_header_bytes(office->self->version);
    uint32_t found = 0;
    struct mail mail;

    mail_read(office->buffers.rx, office->self->version, &mail);
    for (unsigned int i = 0; i < NUMBER_BYTES; i++) {
        found |= (uint32_t)payload[i] << (8 * i);
    }
    expect_equal(client, mail.from, office->other, "the sender of a message");
    expect_equal(client, mail.bytes, MAIL_BYTES, "the bytes of a message");
    expect_equal(client, found, number, "the number of a message");
    expect_equal(client, pattern_wrong(payload + NUMBER_BYTES, MAIL_BYTES - NUMBER_BYTES, number),
                 0, "wrong bytes of a message");
}

/* vCPU 0: it sleeps whenever RX is not full, and is woken when it is. */
static void collect(struct office *office)
{
    struct client *client = &office->client;
    uint32_t own = ffa_receiver_info_make(office->self->id, 0);
    uint32_t number = 0;

    guest_interrupt_enable(WORLD_NPI_INTID);
    while (number < MESSAGES) {
        uint32_t told = guest_interrupt_count(WORLD_NPI_INTID);
        struct guest_regs got =
            FFA(client, FFA_NOTIFICATION_GET, own, FFA_NOTIFICATION_GET_HYPERVISOR);

        if (got.x[7] == FFA_NOTIFICATION_RX_FULL) {
            read_mail(office, number++);
            expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK, "RX_RELEASE");
        } else if (!expect(client, guest_interrupt_await(WORLD_NPI_INTID, told + 1),
                           "who sleeps is told that RX is full")) {
            return;
        }
    }
}

/* --- Both ------------------------------------------------------------------------------------- */

static void run_vcpu_1(void *argument)
{
    struct office *office = argument;

    guest_interrupt_enable(POKE);
    answer_all(office);
    post(office);
}

/* vCPU 1 has answered all; it is in its wait, or on its way there. */
static void end_answering(struct office *office)
{
    while (__atomic_load_n(&office->answered, __ATOMIC_ACQUIRE) < MESSAGES) {
        guest_yield();
    }
    __atomic_store_n(&office->asks_no_more, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&office->left, __ATOMIC_ACQUIRE)) {
        guest_interrupt_send(1, POKE);
        guest_yield();
    }
}

static void open_office(struct office *office)
{
    struct client *client = &office->client;

    client_init(client);
    client_version(client, TRAFFIC_VERSION);
    office->self = world_find((uint16_t)FFA(client, FFA_ID_GET).x[2]);
    office->other = office->self->peers[0];
    expect_equal(client, office->self->version, TRAFFIC_VERSION, "the VM's version");
    buffers_map(client, &office->buffers, FFA_RXTX_MAP_64, 1);
}

void guest_main(void)
{
    struct office office = {.answered = 0};

    open_office(&office);
    expect(&office.client, guest_vcpu_start(1, run_vcpu_1, &office), "vCPU 1 starts");
    ask(&office);
    end_answering(&office);
    guest_print("made %u requests, and answered %u", MESSAGES, office.answered);
    collect(&office);
    guest_vcpu_join(1);
    guest_print("sent %u messages, and read as many", MESSAGES);
}
