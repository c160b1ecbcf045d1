/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications at the SPMC over the life of a VM (FF-A 1.2, 16.7 and 16.8): the bitmap is made
 * before the VM runs, and at its end is emptied and taken back, one SMC a step.
 *
 * It is made before partitions are told of the VM, so that they can signal from then on. A manager
 * that knows VMs from those messages alone refuses it then, and is asked again afterwards; and it
 * has forgotten the bitmap once it was told of the VM's end.
 */
#include "internal.h"

void parley_notifications_create(struct parley_vm *vm, bool is_last_try)
{
    struct parley_regs regs = {{FFA_NOTIFICATION_BITMAP_CREATE, vm->id, vm->vcpus}};

    if (vm->notifications.has_bitmap || vm->parley->spmc.sri_intid == 0 || vm->secure_rights == 0 ||
        (vm->properties & FFA_PARTITION_NOTIFICATION_RECV) == 0) {
        return;
    }
    parley_port_smc(&regs);

    int32_t status = parley_spmc_status(&regs);
    vm->notifications.has_bitmap = status == FFA_OK;
    if (status != FFA_OK && is_last_try) {
        parley_port_event(&(struct parley_event){.kind = PARLEY_EVENT_SPMC_REFUSED,
                                                 .vm_id = vm->id,
                                                 .fid = FFA_NOTIFICATION_BITMAP_CREATE,
                                                 .status = status});
    }
}

/* A partition that is still bound, with all of its notifications. False if there is none. */
static bool find_bound(const struct parley_vm *vm, uint16_t *sender, uint64_t *bitmap)
{
    const uint16_t *senders = vm->notifications.secure_sender;

    *sender = 0;
    *bitmap = 0;
    for (unsigned int i = 0; i < FFA_NOTIFICATION_COUNT; i++) {
        if (*sender == 0) {
            *sender = senders[i];
        }
        if (*sender != 0 && senders[i] == *sender) {
            *bitmap |= 1ull << i;
        }
    }
    return *sender != 0;
}

static void forget_bound(struct parley_vm *vm, uint16_t sender)
{
    uint16_t *senders = vm->notifications.secure_sender;

    for (unsigned int i = 0; i < FFA_NOTIFICATION_COUNT; i++) {
        senders[i] = senders[i] == sender ? 0 : senders[i];
    }
}

/* Asks for something to be undone. What the manager does not know is not there. */
static bool undo(struct parley_regs *regs)
{
    parley_port_smc(regs);

    int32_t status = parley_spmc_status(regs);
    return status == FFA_OK || status == FFA_INVALID_PARAMETERS;
}

static bool unbind(struct parley_vm *vm, uint16_t sender, uint64_t bitmap)
{
    struct parley_regs regs = {{FFA_NOTIFICATION_UNBIND, ffa_ids_make(sender, vm->id), 0,
                                (uint32_t)bitmap, (uint32_t)(bitmap >> 32)}};

    return undo(&regs);
}

static bool destroy_bitmap(struct parley_vm *vm)
{
    struct parley_regs regs = {{FFA_NOTIFICATION_BITMAP_DESTROY, vm->id}};

    return undo(&regs);
}

/* Takes, and forgets, what pends for one vCPU. True if all were asked for. */
static bool drain_one(struct parley_vm *vm)
{
    struct notifications *notifications = &vm->notifications;

    if (notifications->drained == vm->vcpus) {
        return true;
    }

    struct parley_regs regs = {{FFA_NOTIFICATION_GET,
                                ffa_receiver_info_make(vm->id, notifications->drained),
                                FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_SPM}};
    parley_port_smc(&regs);
    notifications->drained++;
    return false;
}

/* Something was signalled in between: it has to be taken before the rest can be undone. */
static enum parley_progress drain_again(struct notifications *notifications)
{
    notifications->drained = 0;
    notifications->tries++;
    return notifications->tries < NOTIFICATION_TRIES_MAX ? PARLEY_AGAIN : PARLEY_QUARANTINED;
}

enum parley_progress parley_notifications_destroy(struct parley_vm *vm)
{
    struct notifications *notifications = &vm->notifications;
    uint16_t sender;
    uint64_t bitmap;

    if (!notifications->has_bitmap) {
        return PARLEY_DONE;
    }
    /* First what pends, since what pends cannot be unbound. */
    if (!drain_one(vm)) {
        return PARLEY_AGAIN;
    }
    if (find_bound(vm, &sender, &bitmap)) {
        if (!unbind(vm, sender, bitmap)) {
            return drain_again(notifications);
        }
        forget_bound(vm, sender);
        return PARLEY_AGAIN;
    }
    if (!destroy_bitmap(vm)) {
        return drain_again(notifications);
    }
    notifications->has_bitmap = false;
    return PARLEY_DONE;
}

/* The receiver's own state as it is at the start of a life. Nobody refers to the VM. */
void parley_notifications_reset(struct parley_vm *vm)
{
    struct notifications *notifications = &vm->notifications;

    parley_zero(&notifications->global, sizeof(notifications->global));
    parley_zero(&notifications->bindings, sizeof(notifications->bindings));
    parley_zero(notifications->secure_sender, sizeof(notifications->secure_sender));
    notifications->drained = 0;
    notifications->tries = 0;
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        vm->vcpu[i].notifications = (struct scope){0};
    }
}
