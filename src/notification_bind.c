/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_NOTIFICATION_BIND, UNBIND and SET (FF-A 1.2, 16.2 to 16.4): who may signal whom.
 *
 * Bindings to VMs are the receiver's, under its lock; a binding is to one life of the sender.
 * Bindings to Secure Partitions are the SPMC's.
 */
#include "bits.h"
#include "internal.h"

/* --- Binding -------------------------------------------------------------- */

struct bind {
    uint16_t sender;
    uint32_t generation; /* of a VM; 0 for a Secure Partition */
    bool is_per_vcpu;
    uint64_t bitmap;
};

static uint64_t bitmap_of(const struct call *call)
{
    return call_word(call, 3) | (uint64_t)call_word(call, 4) << 32;
}

/* Whether the notification is bound to somebody else, who is still in the life that was bound. */
static bool is_taken(const struct parley_vm *vm, unsigned int notification, const struct bind *bind)
{
    const struct bindings *bindings = &vm->notifications.bindings;
    const struct parley *parley = vm->parley;
    uint16_t sender = bindings->sender[notification];

    if (sender == 0 || sender == bind->sender) {
        return false;
    }
    uint64_t word = parley_load_acquire(&parley->vms[sender - parley->config.vm_id_first].word);
    return !word_is_dying(word) && word_generation(word) == bindings->generation[notification];
}

static bool is_bound_to(const struct bindings *bindings, unsigned int notification,
                        const struct bind *bind)
{
    return bindings->sender[notification] == bind->sender &&
           bindings->generation[notification] == bind->generation;
}

static uint64_t pending_anywhere(const struct parley_vm *vm)
{
    uint64_t pending = vm->notifications.global.vms;

    for (unsigned int i = 0; i < vm->vcpus; i++) {
        pending |= vm->vcpu[i].notifications.vms;
    }
    return pending;
}

/* Under the receiver's lock. */
static int32_t check_bind(const struct parley_vm *vm, const struct bind *bind)
{
    if ((bind->bitmap & pending_anywhere(vm)) != 0) {
        return FFA_DENIED;
    }
    for (uint64_t left = bind->bitmap; left != 0; left = bits_rest(left)) {
        if (is_taken(vm, bits_lowest(left), bind)) {
            return FFA_DENIED;
        }
    }
    return FFA_OK;
}

static int32_t check_unbind(const struct parley_vm *vm, const struct bind *bind)
{
    if ((bind->bitmap & pending_anywhere(vm)) != 0) {
        return FFA_DENIED;
    }
    for (uint64_t left = bind->bitmap; left != 0; left = bits_rest(left)) {
        if (vm->notifications.bindings.sender[bits_lowest(left)] != bind->sender) {
            return FFA_DENIED;
        }
    }
    return FFA_OK;
}

static void set_senders(uint16_t *senders, uint64_t bitmap, uint16_t sender)
{
    for (uint64_t left = bitmap; left != 0; left = bits_rest(left)) {
        senders[bits_lowest(left)] = sender;
    }
}

static void set_bindings(struct bindings *bindings, const struct bind *bind)
{
    set_senders(bindings->sender, bind->bitmap, bind->sender);
    for (uint64_t left = bind->bitmap; left != 0; left = bits_rest(left)) {
        bindings->generation[bits_lowest(left)] = bind->generation;
    }
    bindings->per_vcpu &= ~bind->bitmap;
    bindings->per_vcpu |= bind->is_per_vcpu ? bind->bitmap : 0;
}

static int32_t bind_vm(struct parley_vm *vm, const struct bind *bind)
{
    parley_lock_take(&vm->notifications.lock);
    int32_t status = check_bind(vm, bind);
    if (status == FFA_OK) {
        set_bindings(&vm->notifications.bindings, bind);
    }
    parley_lock_drop(&vm->notifications.lock);
    return status;
}

static int32_t unbind_vm(struct parley_vm *vm, const struct bind *bind)
{
    parley_lock_take(&vm->notifications.lock);
    int32_t status = check_unbind(vm, bind);
    if (status == FFA_OK) {
        set_senders(vm->notifications.bindings.sender, bind->bitmap, 0);
    }
    parley_lock_drop(&vm->notifications.lock);
    return status;
}

/* Relays a call about notifications that the SPMC keeps. Its other words were checked. */
static int32_t relay(const struct call *call, uint32_t flags)
{
    struct parley_regs regs = {
        {call->fid, call_word(call, 1), flags, call_word(call, 3), call_word(call, 4)}};

    parley_port_smc(&regs);
    return parley_spmc_status(&regs);
}

static int32_t relay_bind(const struct call *call, const struct bind *bind)
{
    struct notifications *notifications = &call->vm->notifications;
    parley_lock *lock = &call->vm->parley->spmc.lock;
    int32_t status = parley_secure_allows(call->vm, bind->sender, PARLEY_MAY_NOTIFY);

    if (status != FFA_OK) {
        return status;
    }
    if (!notifications->has_bitmap) {
        return FFA_DENIED;
    }
    /* Of two vCPUs that bind and unbind, the last one at the SPMC is the last one here. */
    parley_lock_take(lock);
    status = relay(call, bind->is_per_vcpu ? FFA_NOTIFICATION_BIND_PER_VCPU : 0);
    if (status == FFA_OK) {
        set_senders(notifications->secure_sender, bind->bitmap,
                    call->fid == FFA_NOTIFICATION_BIND ? bind->sender : 0);
    }
    parley_lock_drop(lock);
    return status;
}

/* What BIND and UNBIND have in common: who, and which. */
static int32_t decode_bind(const struct call *call, uint32_t flags_allowed, struct bind *bind)
{
    uint32_t ids = call_word(call, 1);
    uint32_t flags = call_word(call, 2);

    *bind = (struct bind){
        .sender = ffa_ids_sender(ids),
        .is_per_vcpu =
            call->fid == FFA_NOTIFICATION_BIND && (flags & FFA_NOTIFICATION_BIND_PER_VCPU) != 0,
        .bitmap = bitmap_of(call),
    };
    if (ffa_ids_receiver(ids) != call->vm->id || bind->sender == call->vm->id ||
        (flags & ~flags_allowed) != 0 || bind->bitmap == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

int32_t parley_handle_notification_bind(const struct call *call, struct parley_regs *result)
{
    struct bind bind;
    uint64_t word;
    int32_t status = decode_bind(call, FFA_NOTIFICATION_BIND_PER_VCPU, &bind);

    (void)result;
    if (status != FFA_OK) {
        return status;
    }
    if (ffa_id_is_secure(bind.sender)) {
        return relay_bind(call, &bind);
    }

    struct parley_vm *sender = parley_endpoint_find(call->vm, bind.sender, &word);
    if (sender == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    bind.generation = word_generation(word);
    status = word_version(word) >= VERSION_1_1 ? bind_vm(call->vm, &bind) : FFA_DENIED;
    parley_endpoint_drop(sender);
    return status;
}

int32_t parley_handle_notification_unbind(const struct call *call, struct parley_regs *result)
{
    struct bind bind;
    /* w2 is reserved here, and should be zero: ignored, and not passed on. */
    int32_t status = decode_bind(call, ~0u, &bind);

    (void)result;
    if (status != FFA_OK) {
        return status;
    }
    if (ffa_id_is_secure(bind.sender)) {
        return relay_bind(call, &bind);
    }
    /* A sender that is gone can still be unbound: it is the receiver's own table. */
    return parley_vm_id_is_known(call->vm, bind.sender) ? unbind_vm(call->vm, &bind)
                                                        : FFA_INVALID_PARAMETERS;
}

/* --- Setting -------------------------------------------------------------- */

#define SET_FLAGS (FFA_NOTIFICATION_SET_PER_VCPU | FFA_NOTIFICATION_SET_VCPU_MASK)

/* Under the receiver's lock. */
static int32_t check_set(const struct parley_vm *receiver, const struct bind *bind)
{
    const struct bindings *bindings = &receiver->notifications.bindings;
    uint64_t kind = bind->is_per_vcpu ? bind->bitmap : 0;

    for (uint64_t left = bind->bitmap; left != 0; left = bits_rest(left)) {
        if (!is_bound_to(bindings, bits_lowest(left), bind)) {
            return FFA_DENIED;
        }
    }
    return (bindings->per_vcpu & bind->bitmap) == kind ? FFA_OK : FFA_INVALID_PARAMETERS;
}

static int32_t set_vm(struct parley_vm *receiver, unsigned int vcpu, const struct bind *bind)
{
    unsigned int due = NO_VCPU;

    parley_lock_take(&receiver->notifications.lock);
    int32_t status = check_set(receiver, bind);
    if (status == FFA_OK) {
        due = parley_scope_add(receiver, vcpu, (struct scope){.vms = bind->bitmap});
    }
    parley_lock_drop(&receiver->notifications.lock);
    parley_notifications_raise(receiver, due);
    return status;
}

static int32_t set_to_vm(const struct call *call, uint16_t id, const struct bind *bind,
                         unsigned int vcpu)
{
    uint64_t word;
    struct parley_vm *receiver = parley_endpoint_find(call->vm, id, &word);
    int32_t status = FFA_INVALID_PARAMETERS;

    if (receiver == NULL) {
        return status;
    }
    if (!parley_policy_allows(call->vm, receiver, POLICY_NOTIFY) ||
        (receiver->properties & FFA_PARTITION_NOTIFICATION_RECV) == 0 ||
        word_version(word) < VERSION_1_1) {
        status = FFA_DENIED;
    } else if (!bind->is_per_vcpu) {
        status = set_vm(receiver, EVERY_VCPU, bind);
    } else if (vcpu < receiver->vcpus) {
        status = set_vm(receiver, vcpu, bind);
    }
    parley_endpoint_drop(receiver);
    return status;
}

int32_t parley_handle_notification_set(const struct call *call, struct parley_regs *result)
{
    uint32_t ids = call_word(call, 1);
    uint32_t flags = call_word(call, 2);
    uint16_t receiver = ffa_ids_receiver(ids);
    uint16_t vcpu = ffa_notification_set_vcpu(flags);
    struct bind bind = {
        .sender = call->vm->id,
        .generation = word_generation(parley_load_acquire(&call->vm->word)),
        .is_per_vcpu = (flags & FFA_NOTIFICATION_SET_PER_VCPU) != 0,
        .bitmap = bitmap_of(call),
    };

    (void)result;
    if (ffa_ids_sender(ids) != call->vm->id || receiver == call->vm->id ||
        (flags & ~(uint32_t)SET_FLAGS) != 0 || (vcpu != 0 && !bind.is_per_vcpu) ||
        bind.bitmap == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    if (!ffa_id_is_secure(receiver)) {
        return set_to_vm(call, receiver, &bind, vcpu);
    }

    int32_t status = parley_secure_allows(call->vm, receiver, PARLEY_MAY_NOTIFY);
    return status == FFA_OK ? relay(call, flags) : status;
}
