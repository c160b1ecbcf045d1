// SPDX-License-Identifier: BSD-3-Clause
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "test.h"

/* UUIDs are protocols: what the two Linux VMs speak with each other is one. */
#define UUID_ECHO \
    UUID_INIT(0xf2a1c6d0, 0x7b43, 0x4e58, 0x9c, 0x1d, 0x2e, 0x6b, 0x8a, 0x40, 0x5f, 0x11)
#define UUID_NOTIFIER \
    UUID_INIT(0x3d9e0b74, 0x61c8, 0x4a2f, 0xb5, 0xe7, 0x90, 0xd4, 0x13, 0x7f, 0xa8, 0x22)
#define UUID_SERVANT \
    UUID_INIT(0x5e7f3a10, 0x9c42, 0x4d6b, 0x8e, 0x01, 0xb2, 0xa7, 0xc9, 0x4d, 0x1f, 0x36)
#define UUID_LINUX \
    UUID_INIT(0x11a50001, 0x93d7, 0x4c1a, 0xa8, 0x4e, 0x6b, 0x02, 0xf5, 0x9c, 0x3d, 0x71)

#define STILL_RUNNING (60 * HZ)
#define SERVANT_TEXT  "5e7f3a10-9c42-4d6b-8e01-b2a7c94d1f36"

struct partner echo;
struct partner notifier;
struct partner servant;
struct partner peer;
unsigned int self;
unsigned int nobody = 0x7ffe;
unsigned int hidden;
bool is_first;

static unsigned int other;
static unsigned int seconds;
static unsigned int limit_ms = 10000;
static struct completion done;

module_param(self, uint, 0444);
MODULE_PARM_DESC(self, "the ID of this VM");
module_param(hidden, uint, 0444);
MODULE_PARM_DESC(hidden, "the ID of a VM that this one may not see");
module_param_named(peer, other, uint, 0444);
MODULE_PARM_DESC(peer, "the ID of the other VM with this module; 0: there is none");
module_param_named(first, is_first, bool, 0444);
MODULE_PARM_DESC(first, "of the two, the one that goes first");
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long the load lasts; 0: there is none");
module_param(limit_ms, uint, 0444);
MODULE_PARM_DESC(limit_ms, "how long a call under load may take");

struct partner *main_sink(void)
{
    return is_first ? &echo : &notifier;
}

/* --- Partners --------------------------------------------------------------------------------- */

static void alias(struct ffa_device *alias, const struct ffa_device *device, bool is_32)
{
    alias->vm_id = device->vm_id;
    alias->properties = device->properties;
    alias->uuid = device->uuid;
    alias->ops = device->ops;
    alias->mode_32bit = is_32;
}

static void take(struct partner *partner, struct ffa_device *device)
{
    partner->device = device;
    alias(&partner->narrow, device, true);
    alias(&partner->wide, device, false);
}

static const uuid_t uuid_echo = UUID_ECHO;
static const uuid_t uuid_notifier = UUID_NOTIFIER;
static const uuid_t uuid_servant = UUID_SERVANT;

static int probe(struct ffa_device *device)
{
    if (uuid_equal(&device->uuid, &uuid_echo)) {
        take(&echo, device);
    } else if (uuid_equal(&device->uuid, &uuid_notifier)) {
        take(&notifier, device);
    } else if (uuid_equal(&device->uuid, &uuid_servant)) {
        take(&servant, device);
    } else if (device->vm_id == other) {
        take(&peer, device);
    } else {
        return -ENODEV;
    }
    return 0;
}

static const struct ffa_device_id ids[] = {
    {UUID_ECHO}, {UUID_NOTIFIER}, {UUID_SERVANT}, {UUID_LINUX}, {},
};

static struct ffa_driver driver = {
    .name = "parley_test",
    .probe = probe,
    .id_table = ids,
};

/* --- The run ---------------------------------------------------------------------------------- */

static void look_servant_up(void)
{
    struct ffa_partition_info info;
    int error = servant.device->ops->info_ops->partition_info_get(SERVANT_TEXT, &info);

    prove(error == 0 && info.id == servant.device->vm_id,
          "discovery: the driver looks servant up by its UUID (%d)", error);
}

/* It ends when all who have told it so have, and then it does not answer any more. */
static void take_leave(void)
{
    u32 words[TALK_WORDS] = {SERVANT(SERVANT_FAREWELL, other != 0 ? 2 : 1)};
    int error = talk_32(&servant, words);

    prove(error == 0 || error == -ECANCELED, "direct: good-bye to servant (%d)", error);
}

static void show(void)
{
    look_servant_up();
    direct_show();
    letters_show();
    notifications_show();
    loans_show();
    errors_show();
}

static void play(void)
{
    if (other != 0) {
        peer_meet();
    }
    show();
    if (other != 0) {
        peer_hand_over();
        peer_show();
    }
    if (seconds != 0) {
        load_run(seconds, limit_ms);
    }
    if (other != 0) {
        peer_part();
    }
    take_leave();
}

static int run(void *unused)
{
    int error = letters_init();

    if (error == 0) {
        error = notifications_init();
    }
    if (error == 0 && other != 0) {
        error = peer_init();
    }
    if (prove(error == 0, "notifications are bound, and callbacks registered (%d)", error)) {
        play();
    }
    if (other != 0) {
        peer_exit();
    }
    notifications_exit();
    letters_exit();
    expect_report();
    complete(&done);
    return 0;
}

/*
 * A request that was interrupted goes on on the vCPU that made it, so whoever makes requests must
 * stay where it is.
 */
static int start(void)
{
    struct task_struct *task = kthread_create(run, NULL, "parley");

    if (IS_ERR(task)) {
        return PTR_ERR(task);
    }
    kthread_bind(task, 0);
    wake_up_process(task);
    while (wait_for_completion_timeout(&done, STILL_RUNNING) == 0) {
        say("still at work");
    }
    return 0;
}

static int __init test_init(void)
{
    bool all_there;
    int error;

    init_completion(&done);
    error = ffa_register(&driver);
    if (error != 0) {
        return error;
    }
    all_there = echo.device != NULL && notifier.device != NULL && servant.device != NULL &&
                (other == 0 || peer.device != NULL);
    if (prove(all_there, "discovery: the driver has given this module all of its partners")) {
        error = start();
    } else {
        expect_report();
    }
    return error;
}

static void __exit test_exit(void)
{
    ffa_unregister(&driver);
}

module_init(test_init);
module_exit(test_exit);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Test of FF-A through Linux's driver");
