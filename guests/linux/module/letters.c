// SPDX-License-Identifier: BSD-3-Clause
#include <linux/mutex.h>
#include <linux/slab.h>

#include "test.h"

#define RX_FULL    0 /* the framework's only notification for a VM */
#define PATIENCE   (10 * HZ)
#define LOOKS_MAX  10 /* before another copy is sent */
#define COPIES_MAX 100

/* So that this VM's own messages are the last ones of this VM. */
static DEFINE_MUTEX(one_out);

/* What echo is asked to send, and what came of it. */
static DEFINE_MUTEX(one_in);
static DECLARE_WAIT_QUEUE_HEAD(arrival);
static u32 awaited_bytes;
static u32 awaited_seed;
static unsigned int arrived;
static unsigned int arrived_wrong;

/* The driver calls this with a copy of the message, whose length it does not tell. */
static void receive(int id, void *data, void *buffer)
{
    const u8 *bytes = buffer;
    unsigned int wrong = 0;

    for (u32 i = 0; i < awaited_bytes; i++) {
        wrong += bytes[i] != COMMAND_PATTERN(awaited_seed, i);
    }
    arrived_wrong = wrong;
    smp_store_release(&arrived, arrived + 1);
    wake_up(&arrival);
}

int letters_init(void)
{
    return echo.device->ops->notifier_ops->fwk_notify_request(echo.device, receive, NULL, RX_FULL);
}

void letters_exit(void)
{
    echo.device->ops->notifier_ops->fwk_notify_relinquish(echo.device, RX_FULL);
}

int letter_send(struct partner *to, void *letter, size_t bytes)
{
    unsigned int tries = 0;
    int error;

    do {
        error = to->device->ops->msg_ops->indirect_send(to->device, letter, bytes);
    } while (error == -EBUSY && talk_patience(&tries));
    return error;
}

static u32 fill(u8 *letter, u32 bytes, u32 seed)
{
    u32 sum = 0;

    for (u32 i = 0; i < bytes; i++) {
        letter[i] = COMMAND_PATTERN(seed, i);
        sum = COMMAND_CHECKSUM(sum, letter[i]);
    }
    return sum;
}

/*
 * Whether echo has read a message of this VM that looks so. It reads when it is woken, which takes
 * a while, and tells of the last one only: another VM's may have come after it.
 */
static bool was_read(u32 bytes, u32 sum)
{
    unsigned int looks = 0;

    do {
        u32 words[4] = {0};

        if (talk_command(&echo, COMMAND_MESSAGES, words) == 0 && words[1] == self &&
            words[2] == bytes && words[3] == sum) {
            return true;
        }
    } while (looks < LOOKS_MAX && talk_patience(&looks));
    return false;
}

static int write_to_echo(u8 *letter, u32 bytes, u32 sum)
{
    int error = -EIO;

    for (unsigned int copies = 0; error == -EIO && copies < COPIES_MAX; copies++) {
        error = letter_send(&echo, letter, bytes);
        if (error == 0 && !was_read(bytes, sum)) {
            error = -EIO;
        }
    }
    return error;
}

int letter_to_partition(u32 bytes, u32 seed)
{
    u8 *letter = kmalloc(bytes, GFP_KERNEL);
    u32 sum;
    int error;

    if (letter == NULL) {
        return -ENOMEM;
    }
    sum = fill(letter, bytes, seed);
    mutex_lock(&one_out);
    error = write_to_echo(letter, bytes, sum);
    mutex_unlock(&one_out);
    kfree(letter);
    return error;
}

static int have_echo_send(u32 bytes, u32 seed)
{
    unsigned int tries = 0;
    int status;

    do {
        status = TALK_COMMAND(&echo, COMMAND_MESSAGE_SEND, self, bytes, seed);
    } while (status == FFA_RET_BUSY && talk_patience(&tries));
    return status;
}

int letter_from_partition(u32 bytes, u32 seed)
{
    unsigned int before;
    int error;

    mutex_lock(&one_in);
    awaited_bytes = bytes;
    awaited_seed = seed;
    before = smp_load_acquire(&arrived);
    error = have_echo_send(bytes, seed);
    if (error == 0 &&
        wait_event_timeout(arrival, smp_load_acquire(&arrived) != before, PATIENCE) == 0) {
        error = -ETIMEDOUT;
    }
    if (error == 0 && arrived_wrong != 0) {
        error = -EIO;
    }
    mutex_unlock(&one_in);
    return error;
}

void letters_show(void)
{
    static const u32 bytes[] = {1, 16, 333, 2048, LETTER_BYTES_MAX};
    int error;

    expect_all_held();
    for (unsigned int i = 0; i < ARRAY_SIZE(bytes); i++) {
        error = letter_to_partition(bytes[i], 3 + i);
        expect(error == 0, "%u bytes to echo: %d", bytes[i], error);
    }
    prove(expect_all_held(), "indirect: messages of 1 to %u bytes to echo, which read them",
          LETTER_BYTES_MAX);
    for (unsigned int i = 0; i < ARRAY_SIZE(bytes); i++) {
        error = letter_from_partition(bytes[i], 77 + i);
        expect(error == 0, "%u bytes from echo: %d", bytes[i], error);
    }
    prove(expect_all_held(),
          "indirect: messages of 1 to %u bytes from echo, to the driver's callback",
          LETTER_BYTES_MAX);
}
