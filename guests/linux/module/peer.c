// SPDX-License-Identifier: BSD-3-Clause
#include <linux/mutex.h>
#include <linux/slab.h>

#include "test.h"

#define RX_FULL         0
#define SIGNAL          3 /* notifications between the two */
#define SIGNAL_PER_VCPU 4
#define VCPU            1
#define ANOTHER_TRY     (HZ / 4)
#define PATIENCE        (120 * HZ)

/* Letters between the two Linux VMs. */
enum kind {
    READY, /* sent until the other's turn comes */
    TURN,
    NUMBERED,
    DONE, /* with how many of the numbered there were */
    BYE,
    KINDS
};

#define MAGIC 0x1e77e12

struct letter {
    u32 magic;
    u32 kind;
    u32 number;
    u32 bytes; /* in all */
    u8 text[];
};

static DEFINE_MUTEX(writing);
static DECLARE_WAIT_QUEUE_HEAD(arrival);
static u32 sent; /* of the numbered ones */
static unsigned int came[KINDS];
static unsigned int wrong;
static u32 announced; /* by DONE */
static struct bell bell;
static struct bell bell_per_vcpu;

/* --- Letters ---------------------------------------------------------------------------------- */

static bool is_right(const struct letter *letter)
{
    if (letter->magic != MAGIC || letter->kind >= KINDS || letter->bytes > LETTER_BYTES_MAX) {
        return false;
    }
    if (letter->kind == NUMBERED && letter->number != came[NUMBERED] + 1) {
        return false;
    }
    for (u32 i = 0; i < letter->bytes - sizeof(*letter); i++) {
        if (letter->text[i] != COMMAND_PATTERN(letter->number, i)) {
            return false;
        }
    }
    return true;
}

static void receive(int id, void *data, void *buffer)
{
    const struct letter *letter = buffer;

    if (!is_right(letter)) {
        wrong++;
        return;
    }
    if (letter->kind == DONE) {
        announced = letter->number;
    }
    smp_store_release(&came[letter->kind], came[letter->kind] + 1);
    wake_up(&arrival);
}

static int write(enum kind kind, u32 number, u32 bytes)
{
    struct letter *letter = kmalloc(bytes, GFP_KERNEL);
    int error;

    if (letter == NULL) {
        return -ENOMEM;
    }
    *letter = (struct letter){.magic = MAGIC, .kind = kind, .number = number, .bytes = bytes};
    for (u32 i = 0; i < bytes - sizeof(*letter); i++) {
        letter->text[i] = COMMAND_PATTERN(number, i);
    }
    error = letter_send(&peer, letter, bytes);
    kfree(letter);
    return error;
}

static bool await(enum kind kind, unsigned int count, unsigned long patience)
{
    return wait_event_timeout(arrival, smp_load_acquire(&came[kind]) >= count, patience) != 0;
}

int peer_send_next(u32 bytes)
{
    int error;

    mutex_lock(&writing);
    error = write(NUMBERED, sent + 1, max_t(u32, bytes, sizeof(struct letter)));
    sent += error == 0;
    mutex_unlock(&writing);
    return error;
}

int peer_ring(void)
{
    return peer.device->ops->notifier_ops->notify_send(peer.device, SIGNAL, false, 0);
}

/* --- From the beginning to the end ------------------------------------------------------------ */

int peer_init(void)
{
    const struct ffa_notifier_ops *ops = peer.device->ops->notifier_ops;
    int error = bell_hang(&bell, &peer, false, SIGNAL);

    if (error == 0) {
        error = bell_hang(&bell_per_vcpu, &peer, true, SIGNAL_PER_VCPU);
    }
    return error != 0 ? error : ops->fwk_notify_request(peer.device, receive, NULL, RX_FULL);
}

void peer_exit(void)
{
    bell_take_down(&peer, SIGNAL);
    bell_take_down(&peer, SIGNAL_PER_VCPU);
    peer.device->ops->notifier_ops->fwk_notify_relinquish(peer.device, RX_FULL);
}

/* The first one goes first. */
void peer_meet(void)
{
    unsigned long end = jiffies + PATIENCE;
    bool came_in_time;

    if (is_first) {
        came_in_time = await(READY, 1, PATIENCE);
    } else {
        do {
            write(READY, 0, sizeof(struct letter));
            came_in_time = await(TURN, 1, ANOTHER_TRY);
        } while (!came_in_time && time_before(jiffies, end));
    }
    prove(came_in_time, "peer: the other Linux is there");
}

void peer_hand_over(void)
{
    int error = write(TURN, 0, sizeof(struct letter));

    expect(error == 0, "the other's turn: %d", error);
    if (is_first) {
        expect(await(TURN, 1, PATIENCE), "the other one is not ready in time");
    }
}

void peer_show(void)
{
    static const u32 bytes[] = {16, 17, 500, 3000, LETTER_BYTES_MAX};
    const struct ffa_notifier_ops *ops = peer.device->ops->notifier_ops;
    int error;

    expect_all_held();
    for (unsigned int i = 0; i < ARRAY_SIZE(bytes); i++) {
        error = peer_send_next(bytes[i]);
        expect(error == 0, "%u bytes to the other Linux: %d", bytes[i], error);
    }
    expect(await(NUMBERED, ARRAY_SIZE(bytes), PATIENCE), "letters of the other Linux: %u",
           came[NUMBERED]);
    expect(wrong == 0, "%u letters of the other Linux are wrong", wrong);
    prove(expect_all_held(), "peer: messages of 16 to %u bytes each way", LETTER_BYTES_MAX);

    error = peer_ring();
    prove(error == 0 && bell_await(&bell, 1), "peer: a notification each way (%d)", error);
    error = ops->notify_send(peer.device, SIGNAL_PER_VCPU, true, VCPU);
    prove(error == 0 && bell_await(&bell_per_vcpu, 1) && bell_per_vcpu.cpu == VCPU,
          "peer: a notification for vCPU %d each way (%d, CPU %d)", VCPU, error, bell_per_vcpu.cpu);
}

void peer_part(void)
{
    int error;

    error = write(DONE, sent, sizeof(struct letter));
    expect(error == 0, "the end of the letters: %d", error);
    prove(await(DONE, 1, PATIENCE) && announced == came[NUMBERED] && wrong == 0,
          "peer: all letters came, in order and whole (%u of %u, %u wrong)", came[NUMBERED],
          announced, wrong);
    say("peer: %u letters sent, %u came; %d notifications came", sent, came[NUMBERED],
        atomic_read(&bell.rings));
    /* Neither goes before the other has read its letters. */
    error = write(BYE, 0, sizeof(struct letter));
    expect(error == 0, "a good-bye: %d", error);
    expect(await(BYE, 1, PATIENCE), "the other one does not come to its end");
}
