/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Indirect messages between VMs: send, receive, unmap, reset and end, at once. Whatever is accepted
 * arrives once, whole and in order, with an interrupt; and no page is touched after its mapping.
 */
#include "mailbox.h"
#include "tests.h"

#include <string.h>

#define SENDER   1u
#define RECEIVER 2u
#define OTHER    3u /* sends, too */

/* Tokens. */
#define FIRST  0x1111u
#define SECOND 0x2222u
#define OTHERS 0x3333u

static struct world_vm *vm(uint16_t id)
{
    return &world.vms[id];
}

static void set_up(void)
{
    world_begin();
    memset(world.pages, 0xaa, sizeof(world.pages));
    for (uint16_t id = SENDER; id <= OTHER; id++) {
        struct parley_regs reply;

        world_create_open(id, 2);
        reply = mailbox_map(vm(id), 0);
        EXPECT(succeeded(&reply), "VM %u gets no buffers", id);
    }
    mailbox_write(world.pages[0], SENDER, RECEIVER, FIRST);
}

/* --- Threads -------------------------------------------------------------- */

/* Replies of thread 0 are those of who sends, of thread 1 of who else sends, of 2 of who unmaps. */
static void send(void)
{
    world.replies[0][0] = mailbox_send_again(vm(SENDER), 0);
}

static void send_twice(void)
{
    send();
    world.replies[0][1] = mailbox_send(vm(SENDER), 0, RECEIVER, SECOND);
}

static void send_and_leave(void)
{
    send();
    world_vcpu_leaves(0);
}

static void other_sends(void)
{
    world.replies[1][0] = mailbox_send(vm(OTHER), 0, RECEIVER, OTHERS);
}

static void receive(void)
{
    mailbox_receive(vm(RECEIVER), 0);
}

static void receive_twice(void)
{
    receive();
    receive();
}

static void sender_unmaps(void)
{
    world.replies[2][0] = mailbox_unmap(vm(SENDER), 1);
}

static void receiver_unmaps(void)
{
    world.replies[2][0] = mailbox_unmap(vm(RECEIVER), 1);
}

static void receiver_unmaps_and_maps(void)
{
    receiver_unmaps();
    if (succeeded(&world.replies[2][0])) {
        world.replies[2][1] = mailbox_map(vm(RECEIVER), 1);
    }
}

static void destroy_sender_when_left(void)
{
    world_await_vcpus_left(1);
    world_destroy(vm(SENDER));
}

static void destroy_receiver(void)
{
    world_destroy(vm(RECEIVER));
}

static void reset_receiver(void)
{
    world_reset(vm(RECEIVER));
    world_negotiate(RECEIVER, FFA_VERSION_1_2);
    world.replies[2][0] = mailbox_map(vm(RECEIVER), 0);
}

/* Each vCPU goes as far as it gets until it is told to stop, and is out of the guest then. */
static bool goes_on(unsigned int vcpu)
{
    return !world_is_stopped(vm(RECEIVER), vcpu);
}

static void receive_until_stopped(void)
{
    if (goes_on(0) && mailbox_look(vm(RECEIVER), 0) && goes_on(0)) {
        mailbox_take(vm(RECEIVER), 0);
    }
    world_vcpu_leaves(0);
}

static void unmap_until_stopped(void)
{
    if (goes_on(1)) {
        receiver_unmaps();
    }
    world_vcpu_leaves(1);
}

static void stop_and_destroy_receiver(void)
{
    world_signal(vm(RECEIVER), 0, WORLD_STOP);
    world_signal(vm(RECEIVER), 1, WORLD_STOP);
    world_await_vcpus_left(2);
    destroy_receiver();
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[3][2];
        uint32_t token[WORLD_RECEIVED_MAX];
        uint64_t rx; /* no padding: it is compared, too */
    } outcome = {.rx = vm(RECEIVER)->is_gone ? PARLEY_RX_UNMAPPED : world_status(vm(RECEIVER)).rx};

    for (unsigned int i = 0; i < 3; i++) {
        memcpy(outcome.replies[i], world.replies[i], sizeof(outcome.replies[i]));
    }
    memcpy(outcome.token, world.token, sizeof(outcome.token));
    explore_outcome(&outcome, sizeof(outcome));
}

/* Takes what has arrived and was not taken yet. Its receiver was interrupted for it. */
static void receive_rest(void)
{
    bool is_interrupted = (vm(RECEIVER)->vcpu[0].signals & WORLD_NPI) != 0;
    unsigned int received = world.received;

    receive();
    EXPECT(world.received == received || is_interrupted, "a message arrives without an interrupt");
    received = world.received;
    receive();
    EXPECT(world.received == received, "one buffer holds two messages");
    EXPECT(world_status(vm(RECEIVER)).rx != PARLEY_RX_FULL, "the RX buffer is full of nothing");
}

/* Arrived if and only if the sender was told so. */
static void expect_arrival(const struct parley_regs *sent, uint32_t token)
{
    EXPECT(mailbox_received(token) == succeeded(sent), "message %#x arrives %u times, and %s",
           token, mailbox_received(token), succeeded(sent) ? "was accepted" : "was refused");
    EXPECT(succeeded(sent) || sent->x[0] == 0 || refused(sent, FFA_BUSY) ||
               refused(sent, FFA_DENIED) || refused(sent, FFA_INVALID_PARAMETERS),
           "message %#x is refused with %d", token, (int32_t)sent->x[2]);
}

static void expect_all(void)
{
    receive_rest();
    expect_arrival(&world.replies[0][0], FIRST);
    expect_arrival(&world.replies[0][1], SECOND);
    expect_arrival(&world.replies[1][0], OTHERS);
    EXPECT(mailbox_received(FIRST) + mailbox_received(SECOND) + mailbox_received(OTHERS) ==
               world.received,
           "a message arrives that nobody sent");
}

static void check_in_order(void)
{
    tell_outcome();
    expect_all();
    EXPECT(succeeded(&world.replies[0][0]), "the buffer is free, and busy");
    EXPECT(world.token[0] == FIRST, "the second message arrives first");
}

static void check_two_senders(void)
{
    tell_outcome();
    expect_all();
    EXPECT(world.received >= 1, "the buffer is free, and nobody may send");
}

static void check_sender_unmaps(void)
{
    const struct parley_regs *unmapped = &world.replies[2][0];

    tell_outcome();
    expect_all();
    EXPECT(succeeded(unmapped) || refused(unmapped, FFA_BUSY), "the pair is not unmapped: %d",
           (int32_t)unmapped->x[2]);
    EXPECT(succeeded(&world.replies[0][0]) || refused(&world.replies[0][0], FFA_DENIED),
           "the message is refused with %d", (int32_t)world.replies[0][0].x[2]);
    expect_pins((succeeded(unmapped) ? 0 : MAILBOX_PAGES(SENDER)) | MAILBOX_PAGES(RECEIVER) |
                MAILBOX_PAGES(OTHER));
}

/* A message that was accepted keeps the pair where it is until it is taken. */
static void check_receiver_unmaps(void)
{
    const struct parley_regs *unmapped = &world.replies[2][0];
    bool is_unmapped = succeeded(unmapped) && !succeeded(&world.replies[2][1]);

    tell_outcome();
    expect_all();
    EXPECT(succeeded(unmapped) || refused(unmapped, FFA_DENIED), "the pair is not unmapped: %d",
           (int32_t)unmapped->x[2]);
    for (unsigned int i = 0; i < 2; i++) {
        const struct parley_regs *sent = &world.replies[i][0];

        EXPECT(sent->x[0] == 0 || succeeded(sent) || refused(sent, FFA_BUSY),
               "the message is refused with %d", (int32_t)sent->x[2]);
    }
    expect_pins(MAILBOX_PAGES(SENDER) | (is_unmapped ? 0 : MAILBOX_PAGES(RECEIVER)) |
                MAILBOX_PAGES(OTHER));
}

static void check_destroyed_sender(void)
{
    tell_outcome();
    EXPECT(vm(SENDER)->is_gone, "the sender does not end");
    expect_all();
    EXPECT(succeeded(&world.replies[0][0]), "the buffer is free, and busy");
    expect_pins(MAILBOX_PAGES(RECEIVER) | MAILBOX_PAGES(OTHER));
}

static void check_destroyed_receiver(void)
{
    tell_outcome();
    EXPECT(vm(RECEIVER)->is_gone, "the receiver does not end");
    for (unsigned int i = 0; i < 2; i++) {
        const struct parley_regs *sent = &world.replies[i][0];

        EXPECT(succeeded(sent) || refused(sent, FFA_BUSY) || refused(sent, FFA_INVALID_PARAMETERS),
               "the message is refused with %d", (int32_t)sent->x[2]);
    }
    expect_pins(MAILBOX_PAGES(SENDER) | MAILBOX_PAGES(OTHER));
}

/* What was accepted is received, or goes with the VM. */
static void check_ended_receiver(void)
{
    tell_outcome();
    EXPECT(vm(RECEIVER)->is_gone, "the receiver does not end");
    EXPECT(mailbox_received(FIRST) <= succeeded(&world.replies[0][0]) &&
               mailbox_received(SECOND) <= succeeded(&world.replies[0][1]),
           "a message arrives that was refused, or twice");
    for (unsigned int i = 0; i < 2; i++) {
        const struct parley_regs *sent = &world.replies[0][i];

        EXPECT(succeeded(sent) || refused(sent, FFA_BUSY) || refused(sent, FFA_INVALID_PARAMETERS),
               "the message is refused with %d", (int32_t)sent->x[2]);
    }
    expect_pins(MAILBOX_PAGES(SENDER) | MAILBOX_PAGES(OTHER));
}

/* What was accepted went to the last life, and with it, or to the next one. */
static void check_reset_receiver(void)
{
    const struct parley_regs *sent = &world.replies[0][0];

    tell_outcome();
    EXPECT(succeeded(&world.replies[2][0]), "the next life gets no buffers");
    receive_rest();
    EXPECT(world.received <= succeeded(sent), "a message arrives that was refused");
    EXPECT(succeeded(sent) || refused(sent, FFA_BUSY) || refused(sent, FFA_INVALID_PARAMETERS),
           "the message is refused with %d", (int32_t)sent->x[2]);
    expect_pins(MAILBOX_PAGES(SENDER) | MAILBOX_PAGES(RECEIVER) | MAILBOX_PAGES(OTHER));
}

/* --- The suite ------------------------------------------------------------ */

#define INDIRECT_TEST(title, rule, more, ...) \
    {                                         \
        .explore = {.name = (title),          \
                    .threads = {__VA_ARGS__}, \
                    .set_up = set_up,         \
                    .check = (rule),          \
                    WORLD_STATE},             \
        .also = (more),                       \
    }

static const struct interleave_test tests[] = {
    INDIRECT_TEST("indirect_in_order", check_in_order, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                  {"send twice", send_twice}, {"receive twice", receive_twice}),
    INDIRECT_TEST("indirect_two_senders", check_two_senders, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                  {"send", send}, {"other sends", other_sends}, {"receive", receive}),
    INDIRECT_TEST("indirect_sender_unmaps", check_sender_unmaps, ALSO_SLEEP_SETS, {"send", send},
                  {"sender unmaps", sender_unmaps}, {"receive", receive}),
    INDIRECT_TEST("indirect_receiver_unmaps", check_receiver_unmaps, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                  {"send", send}, {"receive", receive}, {"receiver unmaps", receiver_unmaps}),
    INDIRECT_TEST("indirect_receiver_remaps", check_receiver_unmaps, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                  {"send", send}, {"unmap, map", receiver_unmaps_and_maps}),
    INDIRECT_TEST("indirect_all", check_receiver_unmaps, ALSO_BY_CALL, {"send", send},
                  {"other sends", other_sends}, {"receive", receive},
                  {"unmap, map", receiver_unmaps_and_maps}),
    INDIRECT_TEST("indirect_destroy_sender", check_destroyed_sender, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                  {"send", send_and_leave}, {"destroy sender", destroy_sender_when_left},
                  {"receive", receive}),
    INDIRECT_TEST("indirect_destroy_receiver", check_destroyed_receiver,
                  ALSO_BY_CALL | ALSO_SLEEP_SETS, {"send", send}, {"other sends", other_sends},
                  {"destroy receiver", destroy_receiver}),
    INDIRECT_TEST("indirect_end", check_ended_receiver, ALSO_BY_CALL, {"send twice", send_twice},
                  {"receive", receive_until_stopped}, {"unmap", unmap_until_stopped},
                  {"destroy receiver", stop_and_destroy_receiver}),
    INDIRECT_TEST("indirect_reset_receiver", check_reset_receiver, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                  {"send", send}, {"reset receiver", reset_receiver}),
};

const struct interleave_suite indirect_suite = {tests, sizeof(tests) / sizeof(tests[0])};
