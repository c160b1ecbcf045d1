// SPDX-License-Identifier: BSD-3-Clause
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/ktime.h>

#include "test.h"

#define TRIES_MAX 20000 /* of half a millisecond at least */

/*
 * A request that was interrupted, or yielded, is run to its end by the hypervisor if the CPU that
 * should go on with it does not come back for so long, and it is ABORTED then. That may well be on
 * an emulated machine whose host has other things to do. Sooner it may not.
 */
#define GIVEN_UP_US 500000

static atomic64_t busy;
static atomic64_t given_up;

u64 talk_busy(void)
{
    return atomic64_read(&busy);
}

u64 talk_given_up(void)
{
    return atomic64_read(&given_up);
}

bool talk_patience(unsigned int *tries)
{
    atomic64_inc(&busy);
    usleep_range(500, 1000);
    return ++*tries < TRIES_MAX;
}

static bool was_given_up(int error, ktime_t start)
{
    bool is = error == -ECANCELED && ktime_us_delta(ktime_get(), start) >= GIVEN_UP_US;

    if (is) {
        atomic64_inc(&given_up);
    }
    return is;
}

static int send(struct ffa_device *device, unsigned long words[TALK_WORDS])
{
    struct ffa_send_direct_data data;
    unsigned int tries = 0;
    ktime_t start;
    int error;

    do {
        data = (struct ffa_send_direct_data){words[0], words[1], words[2], words[3], words[4]};
        start = ktime_get();
        error = device->ops->msg_ops->sync_send_receive(device, &data);
    } while ((error == -EBUSY || was_given_up(error, start)) && talk_patience(&tries));
    words[0] = data.data0;
    words[1] = data.data1;
    words[2] = data.data2;
    words[3] = data.data3;
    words[4] = data.data4;
    return error;
}

int talk_64(struct partner *to, unsigned long words[TALK_WORDS])
{
    return send(&to->wide, words);
}

/* What a 32-bit response has in its upper halves is no part of it. */
int talk_32(struct partner *to, u32 words[TALK_WORDS])
{
    unsigned long wide[TALK_WORDS];
    int error;

    for (unsigned int i = 0; i < TALK_WORDS; i++) {
        wide[i] = words[i];
    }
    error = send(&to->narrow, wide);
    for (unsigned int i = 0; i < TALK_WORDS; i++) {
        words[i] = (u32)wide[i];
    }
    return error;
}

int talk_2(struct partner *to, unsigned long words[TALK_WORDS2])
{
    struct ffa_send_direct_data2 data;
    unsigned int tries = 0;
    ktime_t start;
    int error;

    do {
        memcpy(data.data, words, sizeof(data.data));
        start = ktime_get();
        error = to->device->ops->msg_ops->sync_send_receive2(to->device, &data);
    } while ((error == -EBUSY || was_given_up(error, start)) && talk_patience(&tries));
    memcpy(words, data.data, sizeof(data.data));
    return error;
}

int talk_command(struct partner *to, u32 command, u32 words[4])
{
    u32 all[TALK_WORDS] = {command, words[0], words[1], words[2], words[3]};
    int error = talk_32(to, all);

    if (!expect(error == 0, "command %u of a partition: %d", command, error)) {
        return TALK_BROKEN;
    }
    memcpy(words, &all[1], 4 * sizeof(u32));
    return (int)all[0];
}

bool talk_servant(u32 command, u32 words[4])
{
    u32 all[TALK_WORDS] = {command, words[0], words[1], words[2], words[3]};
    int error = talk_32(&servant, all);

    memcpy(words, &all[1], 4 * sizeof(u32));
    return expect(error == 0, "command %u of the servant: %d", SERVANT_COMMAND(command), error) &&
           expect(SERVANT_COMMAND(all[0]) == SERVANT_COMMAND(command),
                  "the servant answers 0x%x when asked 0x%x", all[0], command);
}
