/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Indirect messages of a partition: the SPMC has one in the VM's shadow buffer, and one vCPU hears
 * of it as another gives the RX buffer back, fills it, or unmaps it. Each message is delivered
 * once.
 */
#include "mailbox.h"
#include "spmc.h"
#include "tests.h"

#include <string.h>

#define RECEIVER SPMC_VM
#define SENDER   2u /* a VM */

/* Tokens. */
#define FIRST  0x1111u
#define SECOND 0x2222u
#define OF_VM  0x3333u

static struct world_vm *vm(uint16_t id)
{
    return &world.vms[id];
}

static void set_up(void)
{
    world_begin_secure();
    memset(world.pages, 0xaa, sizeof(world.pages));
    for (uint16_t id = RECEIVER; id <= SENDER; id++) {
        struct parley_regs reply;

        world_create_open(id, 2);
        reply = mailbox_map(vm(id), 0);
        EXPECT(succeeded(&reply), "VM %u gets no buffers", id);
    }
    EXPECT(world.spmc.vm_rx != NULL, "the SPMC gets no buffers");
}

/* A message to the partition is ready to be sent. */
static void set_up_written(void)
{
    set_up();
    mailbox_write(world.pages[0], RECEIVER, SPMC_PARTITION, FIRST);
}

static void arrive(unsigned int n, uint32_t token)
{
    world.counted[n] = spmc_send(token);
    spmc_interrupt();
}

/* The first message is there, and the VM is interrupted. */
static void set_up_sent(void)
{
    set_up();
    arrive(0, FIRST);
}

/* The same, as the RX buffer is full of something else. */
static void set_up_full(void)
{
    struct parley_regs reply;

    set_up_sent();
    reply = world_list(vm(RECEIVER)->vm, 0);
    EXPECT(succeeded(&reply), "nothing is listed");
}

/* --- Threads -------------------------------------------------------------- */

static void receive(void)
{
    mailbox_receive(vm(RECEIVER), 0);
}

static void receive_twice(void)
{
    receive();
    receive();
}

static void second_vcpu_receives(void)
{
    mailbox_receive(vm(RECEIVER), 1);
}

static void release(void)
{
    world.replies[1][0] = WORLD_CALL(vm(RECEIVER)->vm, 1, FFA_RX_RELEASE);
}

/* If it gets the buffer, it gives it back. */
static void list_and_release(void)
{
    world.replies[1][0] = world_list(vm(RECEIVER)->vm, 1);
    if (succeeded(&world.replies[1][0])) {
        release();
    }
}

/* The buffer is taken, and given back unfilled. */
static void list_nobody(void)
{
    world.replies[1][0] = WORLD_CALL(vm(RECEIVER)->vm, 1, FFA_PARTITION_INFO_GET, 1, 2, 3, 4);
}

static void unmap_and_map(void)
{
    world.replies[1][0] = mailbox_unmap(vm(RECEIVER), 1);
    if (succeeded(&world.replies[1][0])) {
        world.replies[1][1] = mailbox_map(vm(RECEIVER), 1);
    }
}

static void send_first(void)
{
    arrive(0, FIRST);
}

static void send_second(void)
{
    arrive(1, SECOND);
}

static void send_both(void)
{
    send_first();
    send_second();
}

static void vm_sends(void)
{
    world.replies[2][0] = mailbox_send(vm(SENDER), 0, RECEIVER, OF_VM);
}

static void send_to_partition(void)
{
    world.replies[0][0] = mailbox_send_again(vm(RECEIVER), 0);
}

static void second_vcpu_sends_to_partition(void)
{
    world.replies[2][0] = mailbox_send_again(vm(RECEIVER), 1);
}

static void reset_receiver(void)
{
    world_reset(vm(RECEIVER));
    world_negotiate(RECEIVER, FFA_VERSION_1_2);
    world.replies[1][0] = mailbox_map(vm(RECEIVER), 0);
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[2][WORLD_REPLIES_MAX];
        uint32_t token[WORLD_RECEIVED_MAX];
        unsigned int sent[2];
    } outcome;

    memcpy(outcome.replies, &world.replies[1], sizeof(outcome.replies));
    memcpy(outcome.token, world.token, sizeof(outcome.token));
    memcpy(outcome.sent, world.counted, sizeof(outcome.sent));
    explore_outcome(&outcome, sizeof(outcome));
}

static bool is_interrupted(void)
{
    return ((vm(RECEIVER)->vcpu[0].signals | vm(RECEIVER)->vcpu[1].signals) & WORLD_NPI) != 0;
}

/* Takes what was not taken yet; the VM was interrupted for each message. */
static void receive_rest(void)
{
    unsigned int received;

    do {
        bool was_interrupted = is_interrupted();

        received = world.received;
        receive();
        EXPECT(world.received == received || was_interrupted,
               "a message arrives without an interrupt");
    } while (world.received != received);
    EXPECT(world_status(vm(RECEIVER)).rx != PARLEY_RX_FULL, "the RX buffer is full of nothing");
}

static void expect_arrival(uint32_t token, unsigned int sent)
{
    EXPECT(mailbox_received(token) == sent, "message %#x was sent %u times, and arrives %u times",
           token, sent, mailbox_received(token));
}

/* Each message of the partition's is delivered once, in order, and the SPMC has its buffer back. */
static void check(void)
{
    tell_outcome();
    receive_rest();
    expect_arrival(FIRST, world.counted[0]);
    expect_arrival(SECOND, world.counted[1]);
    expect_arrival(OF_VM, succeeded(&world.replies[2][0]));
    EXPECT(!world.spmc.vm_rx_is_full, "the SPMC does not get its buffer back");
}

static void check_released(void)
{
    EXPECT(succeeded(&world.replies[1][0]), "a full buffer is not released");
    check();
}

/* What is there when the buffers are unmapped may be lost with them. */
static void check_remapped(void)
{
    struct parley_regs reply;

    tell_outcome();
    /* Not while the other vCPU asks what there is: what it is told is about this pair. */
    EXPECT(succeeded(&world.replies[1][0]) || refused(&world.replies[1][0], FFA_BUSY) ||
               refused(&world.replies[1][0], FFA_DENIED) || world.replies[1][0].x[0] == 0,
           "the pair is not unmapped");
    receive_rest();
    EXPECT(
        mailbox_received(FIRST) <= world.counted[0] && mailbox_received(SECOND) <= world.counted[1],
        "a message is delivered twice: %u, %u", mailbox_received(FIRST), mailbox_received(SECOND));
    EXPECT(!world.spmc.vm_rx_is_full, "the SPMC does not get its buffer back");
    world.received = 0;
    arrive(0, SECOND);
    receive_rest();
    EXPECT(world.received == 1 && world.token[0] == SECOND, "what comes later does not arrive");
    reply = mailbox_unmap(vm(RECEIVER), 0);
    EXPECT(succeeded(&reply), "the pair is not unmapped");
}

/* Whatever is accepted arrives, and nothing else. */
static void check_to_partition(void)
{
    unsigned int accepted = succeeded(&world.replies[0][0]) + succeeded(&world.replies[2][0]);

    tell_outcome();
    EXPECT(world.spmc.received == accepted, "%u messages are accepted, and %u arrive", accepted,
           world.spmc.received);
    for (unsigned int i = 0; i < world.spmc.received; i++) {
        EXPECT(world.spmc.token[i] == FIRST, "another message arrives");
    }
    EXPECT(!succeeded(&world.replies[1][0]) || succeeded(&world.replies[1][1]),
           "no pair can be mapped again");
}

/* --- The suite ------------------------------------------------------------ */

#define SHADOW_TEST(title, start, rule, more, ...) \
    {                                              \
        .explore = {.name = (title),               \
                    .threads = {__VA_ARGS__},      \
                    .set_up = (start),             \
                    .check = (rule),               \
                    WORLD_STATE_SECURE},           \
        .also = (more),                            \
    }

static const struct interleave_test tests[] = {
    SHADOW_TEST("shadow_release", set_up_full, check_released, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"receive", receive}, {"release", release}),
    SHADOW_TEST("shadow_release_next", set_up_full, check_released, ALSO_BY_CALL,
                {"receive twice", receive_twice}, {"release", release},
                {"second arrives", send_second}),
    SHADOW_TEST("shadow_two_receive", set_up, check, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"receive", receive}, {"second vCPU receives", second_vcpu_receives},
                {"first arrives", send_first}),
    SHADOW_TEST("shadow_list", set_up_sent, check, ALSO_SLEEP_SETS, {"receive", receive},
                {"list, release", list_and_release}, {"second arrives", send_second}),
    SHADOW_TEST("shadow_list_nobody", set_up, check, ALSO_SLEEP_SETS, {"receive", receive},
                {"list nobody", list_nobody}, {"first arrives", send_first}),
    SHADOW_TEST("shadow_send", set_up, check, ALSO_SLEEP_SETS, {"receive", receive},
                {"VM sends", vm_sends}, {"first arrives", send_first}),
    SHADOW_TEST("shadow_to_partition", set_up_written, check_to_partition, ALSO_SLEEP_SETS,
                {"send", send_to_partition}, {"unmap, map", unmap_and_map},
                {"second vCPU sends", second_vcpu_sends_to_partition}),
    SHADOW_TEST("shadow_remap", set_up, check_remapped, ALSO_SLEEP_SETS, {"receive", receive},
                {"unmap, map", unmap_and_map}, {"first arrives", send_first}),
    SHADOW_TEST("shadow_remap_next", set_up_sent, check_remapped, ALSO_SLEEP_SETS,
                {"receive", receive}, {"unmap, map", unmap_and_map},
                {"second arrives", send_second}),
    SHADOW_TEST("shadow_remap_two", set_up, check_remapped, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"unmap, map", unmap_and_map}, {"both arrive", send_both}),
    SHADOW_TEST("shadow_reset", set_up, check_remapped, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"reset", reset_receiver}, {"both arrive", send_both}),
};

const struct interleave_suite shadow_suite = {tests, sizeof(tests) / sizeof(tests[0])};
