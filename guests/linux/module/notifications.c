// SPDX-License-Identifier: BSD-3-Clause
#include <linux/mutex.h>
#include <linux/smp.h>

#include "test.h"

#define FROM_ECHO          1 /* notifications of echo's */
#define FROM_ECHO_PER_VCPU 2
#define VCPU               1 /* that the latter is for */
#define PATIENCE           (10 * HZ)
#define LOOKS_MAX          2000

static DEFINE_MUTEX(one_at_a_time);
static struct bell bell;
static struct bell bell_per_vcpu;

/* --- Bells ------------------------------------------------------------------------------------ */

static void ring(int id, void *data)
{
    struct bell *bell = data;

    bell->cpu = raw_smp_processor_id();
    atomic_inc_return_release(&bell->rings);
    wake_up(&bell->waiting);
}

int bell_hang(struct bell *bell, struct partner *from, bool per_vcpu, int id)
{
    atomic_set(&bell->rings, 0);
    init_waitqueue_head(&bell->waiting);
    return from->device->ops->notifier_ops->notify_request(from->device, per_vcpu, ring, bell, id);
}

void bell_take_down(struct partner *from, int id)
{
    from->device->ops->notifier_ops->notify_relinquish(from->device, id);
}

bool bell_await(struct bell *bell, int rings)
{
    return wait_event_timeout(bell->waiting, atomic_read_acquire(&bell->rings) >= rings,
                              PATIENCE) != 0;
}

/* --- With Secure Partitions ------------------------------------------------------------------- */

/* Each VM has one of its own at each partition. */
static u64 to_partition(void)
{
    return BIT_ULL(is_first ? 40 : 41);
}

static int bind_at_partition(u32 command)
{
    return TALK_COMMAND(main_sink(), command, self, 0, lower_32_bits(to_partition()),
                        upper_32_bits(to_partition()));
}

int notifications_init(void)
{
    int error = bell_hang(&bell, &echo, false, FROM_ECHO);

    if (error == 0) {
        error = bell_hang(&bell_per_vcpu, &echo, true, FROM_ECHO_PER_VCPU);
    }
    return error != 0 ? error : bind_at_partition(COMMAND_BIND);
}

void notifications_exit(void)
{
    bell_take_down(&echo, FROM_ECHO);
    bell_take_down(&echo, FROM_ECHO_PER_VCPU);
    expect(bind_at_partition(COMMAND_UNBIND) == 0, "a notification that is unbound");
}

static int have_echo_notify(struct bell *bell, u32 flags, int id)
{
    int before = atomic_read(&bell->rings);
    int status = TALK_COMMAND(&echo, COMMAND_NOTIFY, self, flags, BIT(id));

    if (status != 0) {
        return status;
    }
    return bell_await(bell, before + 1) ? 0 : -ETIMEDOUT;
}

int notification_from_partition(void)
{
    int error;

    mutex_lock(&one_at_a_time);
    error = have_echo_notify(&bell, 0, FROM_ECHO);
    mutex_unlock(&one_at_a_time);
    return error;
}

/* The sink looks when it is woken; it is asked until then. */
static bool was_seen(u64 bits)
{
    unsigned int looks = 0;
    u64 seen = 0;

    do {
        u32 words[4] = {0};

        if (talk_command(main_sink(), COMMAND_NOTIFICATIONS, words) == 0) {
            seen |= (u64)words[2] << 32 | words[1];
        }
    } while ((seen & bits) != bits && looks < LOOKS_MAX && talk_patience(&looks));
    return seen == bits;
}

int notification_to_partition(void)
{
    struct ffa_device *device = main_sink()->device;
    int error;

    mutex_lock(&one_at_a_time);
    error = device->ops->notifier_ops->notify_send(device, __ffs64(to_partition()), false, 0);
    if (error == 0 && !was_seen(to_partition())) {
        error = -EIO;
    }
    mutex_unlock(&one_at_a_time);
    return error;
}

void notifications_show(void)
{
    int error = notification_from_partition();

    prove(error == 0, "notifications: echo sets one, the driver's callback runs (%d)", error);
    error = have_echo_notify(&bell_per_vcpu, VCPU << 16 | 1, FROM_ECHO_PER_VCPU);
    prove(error == 0 && bell_per_vcpu.cpu == VCPU,
          "notifications: echo sets one for vCPU %d, the driver's callback runs there (%d, CPU %d)",
          VCPU, error, bell_per_vcpu.cpu);
    error = notification_to_partition();
    prove(error == 0, "notifications: Linux sets one, the partition has seen it (%d)", error);
}
