/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications at the SPMC over the life of a VM (FF-A 1.2, 16.7 and 16.8): the bitmap is made
 * before the VM runs, and at its end is emptied and taken back, one SMC a step.
 */
#include "internal.h"

void parley_notifications_create(struct parley_vm *vm)
{
    struct parley_regs regs = {{FFA_NOTIFICATION_BITMAP_CREATE, vm->id, vm->vcpus}};

    if (vm->parley->spmc.sri_intid == 0 || vm->secure_rights == 0 ||
        (vm->properties & FFA_PARTITION_NOTIFICATION_RECV) == 0) {
        return;
    }
    parley_port_smc(&regs);

    int32_t status = parley_spmc_status(&regs);
    vm->notifications.has_bitmap = status == FFA_OK;
    if (status != FFA_OK) {
        parley_port_event(&(struct parley_event){.kind = PARLEY_EVENT_SPMC_REFUSED,
                                                 .vm_id = vm->id,
                                                 .fid = FFA_NOTIFICATION_BITMAP_CREATE,
                                                 .status = status});
    }
}

/* Unbinds what one partition was bound for. True if there was nothing. */
static bool unbind_one(struct parley_vm *vm)
{
    uint16_t *senders = vm->notifications.secure_sender;
    uint16_t sender = 0;
    uint64_t bitmap = 0;

    for (unsigned int i = 0; i < FFA_NOTIFICATION_COUNT; i++) {
        if (sender == 0) {
            sender = senders[i];
        }
        if (sender != 0 && senders[i] == sender) {
            bitmap |= 1ull << i;
            senders[i] = 0;
        }
    }
    if (sender == 0) {
        return true;
    }

    struct parley_regs regs = {{FFA_NOTIFICATION_UNBIND, ffa_ids_make(sender, vm->id), 0,
                                (uint32_t)bitmap, (uint32_t)(bitmap >> 32)}};
    parley_port_smc(&regs);
    return false;
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

enum parley_progress parley_notifications_destroy(struct parley_vm *vm)
{
    struct notifications *notifications = &vm->notifications;
    struct parley_regs regs = {{FFA_NOTIFICATION_BITMAP_DESTROY, vm->id}};

    if (!notifications->has_bitmap) {
        return PARLEY_DONE;
    }
    /* First what pends, since what pends cannot be unbound. */
    if (!drain_one(vm) || !unbind_one(vm)) {
        return PARLEY_AGAIN;
    }
    parley_port_smc(&regs);
    if (parley_spmc_status(&regs) == FFA_OK) {
        notifications->has_bitmap = false;
        return PARLEY_DONE;
    }
    /* Something was signalled in between. */
    notifications->drained = 0;
    notifications->tries++;
    return notifications->tries < NOTIFICATION_TRIES_MAX ? PARLEY_AGAIN : PARLEY_QUARANTINED;
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
