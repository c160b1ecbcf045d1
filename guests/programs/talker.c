/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that talks with others and with a Secure Partition, at TALKER_VERSION: in direct messages,
 * from 1.1 on also in indirect ones. Its vCPU 1 answers what others ask it. At 1.2 it also tries
 * how long the others can be.
 */
#include "mail.h"
#include "partition.h"
#include "pattern.h"
#include "say.h"
#include "servant.h"
#include "stranger.h"
#include "world.h"

#define ECHO        PARTITION_ECHO_ID
#define MAIL_BYTES  100u
#define SEED        11u
#define SPIN_US     12000u
#define SPINS_MAX   50u
#define ROUNDS      8u
#define YIELDS      3u
#define SILENCE_US  20000u
#define TICK_US     1000u
#define IPI         5u
#define TIMERS      3u
#define PATIENCE_US 10000000u
#define TIMER_US    2000u

struct talker {
    struct servant own;
    struct client *client;
    const struct world_vm *self;
    enum secure_world world;
    bool at_s_el1; /* "echo" is */
};

static const char *plural(unsigned int count)
{
    return count == 1 ? "" : "s";
}

static const char *where(const struct talker *talker)
{
    return talker->at_s_el1 ? " at S-EL1" : "";
}

/* --- Words ------------------------------------------------------------------------------------ */

/* The first word says what to do; a partition inverts it too. Goes on on another CPU each time. */
static void exchange(const struct talker *talker, uint16_t to, uint32_t fid,
                     const struct ffa_uuid *uuid)
{
    struct message request = {.fid = fid, .from = talker->self->id, .to = to, .uuid = *uuid};
    struct message response;
    struct guest_regs answer;
    unsigned int wrong = 0;

    request.word[0] = ffa_id_is_secure(to) ? COMMAND_ECHO : SERVANT(SERVANT_ECHO, 0);
    for (unsigned int i = 1; i < MESSAGE_WORDS_MAX; i++) {
        request.word[i] = FFA_U64(0x1a0000001a000000) + FFA_U64(0x10001000) * i + to;
    }
    guest_yield();
    answer = message_exchange_first(talker->client, &request);
    expect(talker->client, message_read(&answer, &response), "an answer");
    expect_equal(talker->client, response.fid, message_response_to(fid), "its kind");
    for (unsigned int i = 1; i < message_words(fid); i++) {
        wrong += response.word[i] != message_word(fid, ~request.word[i]);
    }
    expect_equal(talker->client, wrong, 0, "wrong words");
}

static void talk_to(const struct talker *talker, uint16_t to, const char *name, bool long_ones,
                    const struct ffa_uuid *uuid)
{
    exchange(talker, to, FFA_MSG_SEND_DIRECT_REQ_32, uuid);
    exchange(talker, to, FFA_MSG_SEND_DIRECT_REQ_64, uuid);
    if (long_ones) {
        exchange(talker, to, FFA_MSG_SEND_DIRECT_REQ2, uuid);
    }
    guest_print("asks %s in 32 and 64 bits%s -> every word comes back inverted", name,
                long_ones ? ", and in 14 words by its UUID" : "");
}

/* --- Letters ---------------------------------------------------------------------------------- */

static struct errand errand_to(const struct talker *talker, uint16_t to)
{
    return (struct errand){
        .client = talker->client,
        .self = talker->self->id,
        .servant = to,
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
    };
}

static void send_mail(const struct talker *talker, uint16_t to)
{
    struct mail mail = {
        .offset = mail_header_bytes(talker->self->version),
        .from = talker->self->id,
        .to = to,
        .bytes = MAIL_BYTES,
    };
    uint8_t *tx = talker->own.buffers.tx;
    int32_t status;

    mail_write(tx, talker->self->version, &mail);
    pattern_fill(tx + mail.offset, MAIL_BYTES, SEED);
    while ((status = FFA_STATUS(talker->client, FFA_MSG_SEND2, 0, 0)) == FFA_BUSY) {
        guest_yield();
    }
    expect_status(talker->client, status, FFA_OK, "FFA_MSG_SEND2");
}

/* RX of the receiver is ours until it releases it: we ask it what it finds there. */
static void write_to(const struct talker *talker, const struct world_vm *to)
{
    struct errand errand = errand_to(talker, to->id);
    uint32_t header_bytes = mail_header_bytes(to->version);
    uint64_t wrong;

    send_mail(talker, to->id);
    wrong = ERRAND(&errand, SERVANT_CHECK, header_bytes, MAIL_BYTES, SEED);
    expect_equal(talker->client, wrong, 0, "wrong bytes in the receiver's RX");
    errand_call(&errand, FFA_RX_RELEASE, (const uint64_t[ERRAND_WORDS]){0});
    guest_print("writes %s %u bytes behind a header of %u -> it finds them behind one of %u",
                to->name, MAIL_BYTES, mail_header_bytes(talker->self->version), header_bytes);
}

/* "echo" reads when it is given cycles; nobody else writes to it. */
static void write_to_echo(const struct talker *talker)
{
    uint64_t word[PARTITION_WORDS] = {0};
    uint32_t sum = 0;

    for (uint32_t i = 0; i < MAIL_BYTES; i++) {
        sum = COMMAND_CHECKSUM(sum, pattern_byte(SEED, i));
    }
    send_mail(talker, ECHO);
    for (uint64_t end = guest_clock() + PATIENCE_US; word[1] == 0 && guest_clock() < end;) {
        word[0] = COMMAND_MESSAGES;
        partition_ask(talker->client, talker->self->id, ECHO, word);
    }
    expect_equal(talker->client, word[2], talker->self->id, "the sender that a partition found");
    expect_equal(talker->client, word[3], MAIL_BYTES, "the bytes that a partition found");
    expect_equal(talker->client, word[4], sum, "the checksum that a partition found");
    guest_print("writes SP %#x %u bytes -> it is run, and has read them", ECHO, MAIL_BYTES);
}

static unsigned int wrong_in_rx(const struct talker *talker)
{
    const uint8_t *payload = talker->own.buffers.rx + mail_header_bytes(talker->self->version);
    unsigned int wrong = 0;

    for (uint32_t i = 0; i < MAIL_BYTES; i++) {
        wrong += payload[i] != COMMAND_PATTERN(SEED, i);
    }
    return wrong;
}

static void be_written_to(const struct talker *talker)
{
    struct client *client = talker->client;
    uint16_t self = talker->self->id;
    struct guest_regs got;

    guest_interrupt_enable(WORLD_NPI_INTID);
    expect_status(client,
                  PARTITION_ASK(client, self, ECHO, COMMAND_MESSAGE_SEND, self, MAIL_BYTES, SEED),
                  FFA_OK, "a partition's FFA_MSG_SEND2");
    do {
        uint32_t told = guest_interrupt_count(WORLD_NPI_INTID);

        got = FFA(client, FFA_NOTIFICATION_GET, ffa_receiver_info_make(self, 0),
                  FFA_NOTIFICATION_GET_SPM);
        if (got.x[6] == 0 && !guest_interrupt_await(WORLD_NPI_INTID, told + 1)) {
            break;
        }
    } while (got.x[6] == 0);
    expect_equal(client, got.x[6], FFA_NOTIFICATION_RX_FULL, "RX is full, says the SPM");
    expect_equal(client, wrong_in_rx(talker), 0, "wrong bytes from a partition");
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK, "RX_RELEASE");
    guest_print("has SP %#x write to it -> reads %u bytes in RX", ECHO, MAIL_BYTES);
}

/* --- Time ------------------------------------------------------------------------------------- */

/* What came of a request that the partition needs long for. */
struct stay {
    unsigned int interrupts; /* that left it */
    unsigned int ticks;      /* of this vCPU's timer among them */
    unsigned int yields;
};

static struct guest_regs begin_stay(const struct talker *talker, uint32_t command,
                                    uint64_t argument)
{
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = talker->self->id,
        .to = ECHO,
        .word = {command, argument},
    };
    struct guest_regs answer = message_send(talker->client, &request);

    while (client_status(&answer) == FFA_BUSY) {
        guest_yield();
        answer = message_send(talker->client, &request);
    }
    return answer;
}

/* An interrupt that leaves it is taken before this vCPU's next instruction. */
static struct stay stay(const struct talker *talker, uint32_t command, uint64_t argument)
{
    uint32_t ticks = guest_interrupt_count(GUEST_INTERRUPT_TIMER);
    struct guest_regs answer = begin_stay(talker, command, argument);
    struct stay stay = {0};

    while (message_is_under_way(&answer)) {
        bool interrupted = answer.x[0] == FFA_INTERRUPT;

        expect_equal(talker->client, ffa_target_endpoint((uint32_t)answer.x[1]), ECHO,
                     "whom FFA_RUN goes on with");
        stay.interrupts += interrupted;
        stay.yields += !interrupted;
        stay.ticks += interrupted && guest_interrupt_count(GUEST_INTERRUPT_TIMER) != ticks;
        ticks = guest_interrupt_count(GUEST_INTERRUPT_TIMER);
        answer = FFA(talker->client, FFA_RUN, answer.x[1]);
    }
    expect_status(talker->client, client_status(&answer), FFA_OK, "a long request");
    return stay;
}

/* Where the partition takes real time, the timer of this vCPU fires in it. */
static bool misses_ticks(const struct talker *talker, const struct stay *stay)
{
    return talker->at_s_el1 && stay->ticks == 0;
}

/* On a busy machine the partition may be done before its interrupts get there: then once more. */
static void be_interrupted(const struct talker *talker)
{
    struct stay found = {0};

    guest_timer(SPIN_US / 4);
    for (unsigned int i = 0;
         i < SPINS_MAX && (found.interrupts == 0 || misses_ticks(talker, &found)); i++) {
        found = stay(talker, COMMAND_SPIN, SPIN_US);
    }
    guest_timer(0);
    expect(talker->client, found.interrupts > 0, "an interrupt in a long request");
    expect(talker->client, !misses_ticks(talker, &found), "one of this vCPU's timer");
    guest_print("keeps SP %#x%s busy for %u ms -> %u interrupt%s left it, %u of its own timer; "
                "FFA_RUN went on",
                ECHO, where(talker), SPIN_US / 1000, found.interrupts, plural(found.interrupts),
                found.ticks);
}

static void be_yielded_to(const struct talker *talker)
{
    struct stay found = stay(talker, COMMAND_YIELD, YIELDS);

    expect_equal(talker->client, found.yields, YIELDS, "yields");
    guest_print("asks it to yield %u times -> it does, and FFA_RUN goes on", found.yields);
}

/* The partition has a context on each CPU, which says where this vCPU is. */
static void go_round(const struct talker *talker)
{
    struct say said = {{0}};
    uint32_t met = 0;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t word[PARTITION_WORDS] = {COMMAND_WHERE};

        guest_yield();
        partition_ask(talker->client, talker->self->id, ECHO, word);
        if ((met >> word[2] & 1) == 0) {
            say_add(&said, " ");
            say_add_decimal(&said, (uint32_t)word[2]);
        }
        met |= 1u << word[2];
    }
    expect(talker->client, (met & (met - 1)) != 0, "requests on more than one CPU");
    guest_print("asks SP %#x from one CPU after the other -> it answers on CPUs%s", ECHO,
                said.text);
}

static unsigned int count_timers(const struct talker *talker)
{
    uint64_t word[PARTITION_WORDS] = {COMMAND_TIMER_COUNT};

    partition_ask(talker->client, talker->self->id, ECHO, word);
    return (unsigned int)word[1];
}

/* A Secure interrupt comes while all registers of this VM hold something: whether they still do. */
static bool hold_through_interrupt(const struct talker *talker)
{
    struct client *client = talker->client;
    unsigned int before = count_timers(talker);
    uint64_t end = guest_clock() + PATIENCE_US;
    bool held = true;

    expect_status(client,
                  PARTITION_ASK(client, talker->self->id, ECHO, COMMAND_TIMER_ARM, TIMER_US),
                  FFA_OK, "the Secure timer is armed");
    do {
        held &= guest_hold_registers(4 * TIMER_US);
    } while (count_timers(talker) == before && guest_clock() < end);
    return held;
}

static void be_interrupted_by_secure_world(const struct talker *talker)
{
    unsigned int before = count_timers(talker);
    unsigned int fired;
    bool held = true;

    for (unsigned int i = 0; i < TIMERS; i++) {
        held &= hold_through_interrupt(talker);
    }
    fired = count_timers(talker) - before;
    expect_equal(talker->client, fired, TIMERS, "Secure interrupts");
    expect(talker->client, held, "every register is as it was after a Secure interrupt");
    guest_print("has the Secure timer fire %u times in its own code -> SP %#x took them, all "
                "registers are as they were",
                fired, ECHO);
}

static void interrupt_vcpu_0(void *argument)
{
    (void)argument;
    for (uint64_t end = guest_clock() + SILENCE_US / 2; guest_clock() < end;) {
        guest_yield();
    }
    guest_interrupt_send(0, IPI);
}

/* Another VM says nothing for a while, and we take our interrupts. */
static void be_patient(const struct talker *talker, const struct world_vm *other)
{
    struct client *client = talker->client;
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = talker->self->id,
        .to = other->id,
        .word = {SERVANT(SERVANT_DELAY, 0), SILENCE_US},
    };
    uint32_t ticks = guest_interrupt_count(GUEST_INTERRUPT_TIMER);
    struct message response;
    struct guest_regs answer;

    guest_interrupt_enable(IPI);
    expect(client, guest_vcpu_start(2, interrupt_vcpu_0, NULL), "vCPU 2 starts");
    guest_timer(TICK_US);
    answer = message_exchange(client, &request);
    guest_timer(0);
    guest_vcpu_join(2);
    ticks = guest_interrupt_count(GUEST_INTERRUPT_TIMER) - ticks;
    expect(client, message_read(&answer, &response), "an answer in the end");
    expect(client, ticks > 0, "ticks while it waits");
    expect_equal(client, guest_interrupt_count(IPI), 1, "an interrupt from vCPU 2");
    guest_print("waits while %s says nothing for %u ms -> takes %u ticks and an interrupt of its "
                "vCPU 2, then the answer",
                other->name, SILENCE_US / 1000, (unsigned int)ticks);
}

/* --- The talk --------------------------------------------------------------------------------- */

static void talk_with(const struct talker *talker, const struct world_vm *other)
{
    bool both_1_1 = talker->self->version >= FFA_VERSION_1_1 && other->version >= FFA_VERSION_1_1;
    bool both_1_2 = talker->self->version >= FFA_VERSION_1_2 && other->version >= FFA_VERSION_1_2;

    talk_to(talker, other->id, other->name, both_1_2, &other->uuids[0]);
    if (both_1_1) {
        write_to(talker, other);
    }
}

static void talk_with_echo(struct talker *talker)
{
    bool is_1_2 = talker->self->version >= FFA_VERSION_1_2;
    struct say name = {{0}};

    if (!secure_world_is_known(talker->world)) {
        return;
    }
    talker->at_s_el1 = partition_is_at_s_el1(talker->client, talker->self->id, ECHO);
    say_add(&name, "SP 0x8001");
    say_add(&name, where(talker));
    talk_to(talker, ECHO, name.text, is_1_2 && talker->world == SECURE_WORLD_1_2,
            &secure_partitions[0].uuids[0]);
    if (talker->self->version == FFA_VERSION_1_1) {
        write_to_echo(talker);
    }
    if (is_1_2) {
        be_written_to(talker);
        be_interrupted(talker);
        be_yielded_to(talker);
    }
    if (talker->at_s_el1 && is_1_2) {
        go_round(talker);
        be_interrupted_by_secure_world(talker);
    }
}

/* Until all are done who may still ask something. */
static void take_leave(struct talker *talker)
{
    for (unsigned int i = 0; i < talker->self->peer_count; i++) {
        struct errand errand = errand_to(talker, talker->self->peers[i]);

        errand_farewell(&errand);
    }
    while (__atomic_load_n(&talker->own.farewells, __ATOMIC_ACQUIRE) < talker->self->peer_count) {
        guest_yield();
    }
}

static void become_member(struct talker *talker)
{
    struct client *client = &talker->own.client;

    client_init(client);
    client_version(client, TALKER_VERSION);
    talker->client = client;
    talker->own.self = (uint16_t)FFA(client, FFA_ID_GET).x[2];
    talker->self = world_find(talker->own.self);
    buffers_map(client, &talker->own.buffers, FFA_RXTX_MAP_64, talker->self->rxtx_pages_max);
    talker->world = members_secure_world(client, &talker->own.buffers);
    /* Before anybody can write to us: RX is needed for a list. */
    if (talker->world == SECURE_WORLD_FOREIGN) {
        strangers_meet(client, &talker->own.buffers, talker->own.self);
    }
    expect(client, guest_vcpu_start(1, servant_serve, &talker->own), "vCPU 1 starts");
}

void guest_main(void)
{
    struct talker talker = {.self = NULL};

    become_member(&talker);
    for (unsigned int i = 0; i < talker.self->peer_count; i++) {
        talk_with(&talker, world_find(talker.self->peers[i]));
    }
    talk_with_echo(&talker);
    if (TALKER_VERSION >= FFA_VERSION_1_2) {
        be_patient(&talker, world_find(WORLD_BOB));
    }
    take_leave(&talker);
}
