// SPDX-License-Identifier: BSD-3-Clause
#include <linux/slab.h>

#include "test.h"

#define HANDLE_OF_NOBODY 0x123456789abcull

/* A partition that the driver has not found, for calls that name it all the same. */
static struct ffa_device *stranger(unsigned int id)
{
    struct ffa_device *device = kzalloc(sizeof(*device), GFP_KERNEL);

    if (device != NULL) {
        device->vm_id = id;
        device->properties = echo.device->properties;
        device->ops = echo.device->ops;
    }
    return device;
}

static int ask(struct ffa_device *device)
{
    struct ffa_send_direct_data data = {0};

    return device->ops->msg_ops->sync_send_receive(device, &data);
}

static int write_to(struct ffa_device *device)
{
    u8 letter[16] = {0};

    return device->ops->msg_ops->indirect_send(device, letter, sizeof(letter));
}

static int share_with(struct ffa_device *device)
{
    struct partner to = {.device = device};
    struct loan loan;
    int error = loan_make(&loan, 1, 0);

    if (error == 0) {
        error = loan_grant(&loan, LOAN_SHARE, &to);
        loan_free(&loan);
    }
    return error;
}

static int notify(struct ffa_device *device)
{
    return device->ops->notifier_ops->notify_send(device, 1, false, 0);
}

/* Nobody, and a VM that policy hides: a VM must not be able to tell the one from the other. */
static void show_strangers(void)
{
    static const struct {
        int (*call)(struct ffa_device *device);
        const char *what;
    } calls[] = {
        {ask, "a direct request"},
        {write_to, "an indirect message"},
        {share_with, "a share"},
        {notify, "a notification"},
    };
    struct ffa_device *to_nobody = stranger(nobody);
    struct ffa_device *to_hidden = stranger(hidden);

    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
        int unknown = calls[i].call(to_nobody);
        int secret = calls[i].call(to_hidden);

        prove(unknown == -EINVAL && secret == unknown,
              "errors: %s to nobody is INVALID_PARAMETERS, and so to VM 0x%x, which is hidden (%d, "
              "%d)",
              calls[i].what, hidden, unknown, secret);
    }
    kfree(to_nobody);
    kfree(to_hidden);
}

/* What an FFA_ERROR of the partition becomes. */
static void show_statuses(void)
{
    static const struct {
        int status;
        int error;
    } rows[] = {
        {FFA_RET_NOT_SUPPORTED, -EOPNOTSUPP},
        {FFA_RET_NO_MEMORY, -ENOMEM},
        {FFA_RET_DENIED, -EACCES},
        {FFA_RET_ABORTED, -ECANCELED},
    };

    expect_all_held();
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        u32 words[TALK_WORDS] = {COMMAND_FAIL, (u32)rows[i].status};
        int error = talk_32(&echo, words);

        expect(error == rows[i].error, "a request that ends with status %d: %d", rows[i].status,
               error);
    }
    prove(expect_all_held(), "errors: the statuses that echo ends requests with come through");
}

void errors_show(void)
{
    int error;

    show_strangers();
    show_statuses();
    error = echo.device->ops->mem_ops->memory_reclaim(HANDLE_OF_NOBODY, 0);
    prove(error == -EINVAL, "errors: a handle of nobody is not reclaimed, INVALID_PARAMETERS (%d)",
          error);
    error = echo.device->ops->notifier_ops->notify_send(echo.device, 63, false, 0);
    prove(error == -EACCES, "errors: a notification that echo has not bound is DENIED (%d)", error);
    prove(!ffa_partition_supports_direct_req2_recv(servant.device),
          "errors: servant, at FF-A 1.0, is not shown to take REQ2");
}
