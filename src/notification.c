/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications that a VM binds, sets and gets (FF-A 1.2, chapter 10 and 16.1 to 16.6).
 *
 * What VMs signal to a VM is kept here, under the receiver's lock; what Secure Partitions signal to
 * it is kept by the SPMC, and here is only known that there is something (`secure`). Each VM has
 * one scope for global notifications and one for each vCPU. A scope raises the interrupt when a bit
 * appears that was not there, once until the VM has looked: that is should_raise(), and nothing
 * else decides it.
 */
#include "bits.h"
#include "internal.h"

/* --- Scopes --------------------------------------------------------------- */

static bool is_pending(const struct scope *scope)
{
    return scope->vms != 0 || scope->framework != 0 || scope->secure;
}

/* Adds what is new. Whether an interrupt is due for it. */
static bool add(struct scope *scope, struct scope news)
{
    bool is_new = (news.vms & ~scope->vms) != 0 || (news.framework & ~scope->framework) != 0 ||
                  (news.secure && !scope->secure);

    scope->vms |= news.vms;
    scope->framework |= news.framework;
    scope->secure = scope->secure || news.secure;
    if (is_new) {
        scope->is_told = false;
    }
    return is_new && !scope->is_armed;
}

static bool online_vcpu(const struct parley_vm *vm, unsigned int *vcpu)
{
    for (*vcpu = 0; *vcpu < vm->vcpus; ++*vcpu) {
        if (parley_port_vcpu_is_online(vm->context, *vcpu)) {
            return true;
        }
    }
    return false;
}

/* Under the lock: who gets the interrupt of this scope. None, and not armed, if nobody could take
 * it. */
static bool arm(struct parley_vm *vm, struct scope *scope, unsigned int *vcpu)
{
    if (scope == &vm->notifications.global && !online_vcpu(vm, vcpu)) {
        return false;
    }
    scope->is_armed = true;
    return true;
}

/* `vcpu` is PARLEY_EVERY_VCPU for a global one. */
static struct scope *scope_of(struct parley_vm *vm, unsigned int vcpu)
{
    return vcpu == PARLEY_EVERY_VCPU ? &vm->notifications.global : &vm->vcpu[vcpu].notifications;
}

static void raise(struct parley_vm *vm, unsigned int vcpu)
{
    parley_port_interrupt(vm->context, vcpu, vm->parley->config.npi_intid);
}

void parley_notify(struct parley_vm *vm, unsigned int vcpu, struct scope news)
{
    struct scope *scope = scope_of(vm, vcpu);

    parley_lock_take(&vm->notifications.lock);
    /* A VM that is not final is told at finality: see parley_notifications_start(). */
    bool due =
        add(scope, news) && word_is_member(parley_load_acquire(&vm->word)) && arm(vm, scope, &vcpu);
    parley_lock_drop(&vm->notifications.lock);
    if (due) {
        raise(vm, vcpu);
    }
}

/* Raises, for one scope, what pends and nobody was interrupted for. */
static void catch_up(struct parley_vm *vm, unsigned int vcpu)
{
    struct scope *scope = scope_of(vm, vcpu);

    parley_lock_take(&vm->notifications.lock);
    bool due = is_pending(scope) && !scope->is_armed && arm(vm, scope, &vcpu);
    parley_lock_drop(&vm->notifications.lock);
    if (due) {
        raise(vm, vcpu);
    }
}

void parley_notifications_start(struct parley_vm *vm)
{
    catch_up(vm, PARLEY_EVERY_VCPU);
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        catch_up(vm, i);
    }
}

void parley_vcpu_online(struct parley_vm *vm, unsigned int vcpu)
{
    if (!word_is_member(parley_load_acquire(&vm->word))) {
        return;
    }
    catch_up(vm, PARLEY_EVERY_VCPU);
    catch_up(vm, vcpu);
}

void parley_vcpu_offline(struct parley_vm *vm, unsigned int vcpu)
{
    /* What it was interrupted for, it may not have looked at. */
    parley_lock_take(&vm->notifications.lock);
    vm->notifications.global.is_armed = false;
    vm->vcpu[vcpu].notifications.is_armed = false;
    parley_lock_drop(&vm->notifications.lock);
    if (word_is_member(parley_load_acquire(&vm->word))) {
        catch_up(vm, PARLEY_EVERY_VCPU);
    }
}

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

/* Whether the life that was bound is over: then the notification is as good as unbound. */
static bool is_stale(const struct parley *parley, const struct binding *binding)
{
    const struct parley_vm *sender = &parley->vms[binding->sender - parley->config.vm_id_first];
    uint64_t word = parley_load_acquire(&sender->word);

    return word_is_dying(word) || word_generation(word) != binding->generation;
}

static bool is_bound_to(const struct binding *binding, const struct bind *bind)
{
    return binding->sender == bind->sender && binding->generation == bind->generation;
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
        const struct binding *binding = &vm->notifications.bindings[bits_lowest(left)];

        if (binding->sender != 0 && !is_bound_to(binding, bind) && !is_stale(vm->parley, binding)) {
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
        if (vm->notifications.bindings[bits_lowest(left)].sender != bind->sender) {
            return FFA_DENIED;
        }
    }
    return FFA_OK;
}

static void set_bindings(struct binding *bindings, uint64_t bitmap, struct binding value)
{
    for (uint64_t left = bitmap; left != 0; left = bits_rest(left)) {
        bindings[bits_lowest(left)] = value;
    }
}

static int32_t bind_vm(struct parley_vm *vm, const struct bind *bind)
{
    parley_lock_take(&vm->notifications.lock);
    int32_t status = check_bind(vm, bind);
    if (status == FFA_OK) {
        set_bindings(vm->notifications.bindings, bind->bitmap,
                     (struct binding){bind->sender, bind->generation, bind->is_per_vcpu});
    }
    parley_lock_drop(&vm->notifications.lock);
    return status;
}

static int32_t unbind_vm(struct parley_vm *vm, const struct bind *bind)
{
    parley_lock_take(&vm->notifications.lock);
    int32_t status = check_unbind(vm, bind);
    if (status == FFA_OK) {
        set_bindings(vm->notifications.bindings, bind->bitmap, (struct binding){0});
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
    int32_t status = parley_secure_allows(call->vm, bind->sender, PARLEY_MAY_NOTIFY);

    if (status == FFA_OK) {
        status = notifications->has_bitmap
                     ? relay(call, bind->is_per_vcpu ? FFA_NOTIFICATION_BIND_PER_VCPU : 0)
                     : FFA_DENIED;
    }
    if (status == FFA_OK) {
        /* Kept for the end of the VM, when all is to be unbound. */
        parley_lock_take(&notifications->lock);
        set_bindings(notifications->secure_bindings, bind->bitmap,
                     call->fid == FFA_NOTIFICATION_BIND ? (struct binding){.sender = bind->sender}
                                                        : (struct binding){0});
        parley_lock_drop(&notifications->lock);
    }
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
    int32_t status = FFA_OK;

    for (uint64_t left = bind->bitmap; left != 0; left = bits_rest(left)) {
        const struct binding *binding = &receiver->notifications.bindings[bits_lowest(left)];

        if (binding->sender == 0 || !is_bound_to(binding, bind)) {
            return FFA_DENIED;
        }
        if (binding->is_per_vcpu != bind->is_per_vcpu) {
            status = FFA_INVALID_PARAMETERS;
        }
    }
    return status;
}

static int32_t set_vm(struct parley_vm *receiver, unsigned int vcpu, const struct bind *bind)
{
    bool due = false;
    struct scope *scope = scope_of(receiver, vcpu);

    parley_lock_take(&receiver->notifications.lock);
    int32_t status = check_set(receiver, bind);
    if (status == FFA_OK) {
        due = add(scope, (struct scope){.vms = bind->bitmap}) && arm(receiver, scope, &vcpu);
    }
    parley_lock_drop(&receiver->notifications.lock);
    if (due) {
        raise(receiver, vcpu);
    }
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
        status = set_vm(receiver, PARLEY_EVERY_VCPU, bind);
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

/* --- Getting -------------------------------------------------------------- */

#define GET_SECURE (FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_SPM)
#define GET_FLAGS  (GET_SECURE | FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_HYPERVISOR)

/* The hint, taken before the SPMC is asked: what it gets from then on is a hint of its own. */
static bool take_secure_hint(struct scope *scope)
{
    bool was = scope->secure;

    scope->secure = false;
    return was;
}

static int32_t get_secure(const struct call *call, unsigned int vcpu, uint32_t flags,
                          struct parley_regs *result)
{
    struct parley_vm *vm = call->vm;
    struct scope *own = &vm->vcpu[vcpu].notifications;
    struct parley_regs regs = {
        {FFA_NOTIFICATION_GET, ffa_receiver_info_make(vm->id, (uint16_t)vcpu), flags}};

    if (!vm->notifications.has_bitmap) {
        return FFA_OK;
    }
    parley_lock_take(&vm->notifications.lock);
    bool global_hint = take_secure_hint(&vm->notifications.global);
    bool own_hint = take_secure_hint(own);
    parley_lock_drop(&vm->notifications.lock);

    parley_port_smc(&regs);
    int32_t status = parley_spmc_status(&regs);
    if (status != FFA_OK) {
        parley_lock_take(&vm->notifications.lock);
        vm->notifications.global.secure |= global_hint;
        own->secure |= own_hint;
        parley_lock_drop(&vm->notifications.lock);
        return status;
    }
    result->x[2] = (uint32_t)regs.x[2];
    result->x[3] = (uint32_t)regs.x[3];
    if (((uint32_t)regs.x[6] & FFA_NOTIFICATION_RX_FULL) != 0) {
        parley_shadow_receive(vm);
    }
    return FFA_OK;
}

static uint64_t take_bits(uint64_t *bits, bool is_wanted)
{
    uint64_t taken = is_wanted ? *bits : 0;

    *bits &= ~taken;
    return taken;
}

/* The framework bits of the wanted kinds, out of a scope. */
static uint32_t take_framework(struct scope *scope, uint32_t bit, bool is_wanted)
{
    uint32_t taken = is_wanted ? scope->framework & bit : 0;

    scope->framework &= ~taken;
    return taken != 0 ? FFA_NOTIFICATION_RX_FULL : 0;
}

static void get_own(struct parley_vm *vm, unsigned int vcpu, uint32_t flags,
                    struct parley_regs *result)
{
    struct scope *global = &vm->notifications.global;
    struct scope *own = &vm->vcpu[vcpu].notifications;
    bool wants_vms = (flags & FFA_NOTIFICATION_GET_VM) != 0;

    parley_lock_take(&vm->notifications.lock);
    uint64_t bits = take_bits(&global->vms, wants_vms) | take_bits(&own->vms, wants_vms);
    result->x[4] = (uint32_t)bits;
    result->x[5] = (uint32_t)(bits >> 32);
    result->x[6] = take_framework(global, FRAMEWORK_SPM, (flags & FFA_NOTIFICATION_GET_SPM) != 0);
    result->x[7] = take_framework(global, FRAMEWORK_HYPERVISOR,
                                  (flags & FFA_NOTIFICATION_GET_HYPERVISOR) != 0);
    /* It has looked: what comes from now on is worth an interrupt again. */
    global->is_armed = false;
    own->is_armed = false;
    parley_lock_drop(&vm->notifications.lock);
}

int32_t parley_handle_notification_get(const struct call *call, struct parley_regs *result)
{
    uint32_t who = call_word(call, 1);
    uint32_t flags = call_word(call, 2);
    uint16_t vcpu = ffa_receiver_info_vcpu(who);
    int32_t status = FFA_OK;

    if (ffa_receiver_info_endpoint(who) != call->vm->id || vcpu >= call->vm->vcpus ||
        (flags & ~(uint32_t)GET_FLAGS) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    /* First what can fail: then nothing has been taken yet. */
    if ((flags & GET_SECURE) != 0) {
        status = get_secure(call, vcpu, flags & GET_SECURE, result);
    }
    if (status == FFA_OK) {
        get_own(call->vm, vcpu, flags, result);
    }
    return status;
}

/* --- Asking what there is ------------------------------------------------- */

static bool take_news(struct scope *scope)
{
    bool is_news = is_pending(scope) && !scope->is_told;

    scope->is_told = scope->is_told || is_news;
    return is_news;
}

/* Packs the VM's own lists: one for what is global, then its vCPUs, three to a list. */
struct info {
    unsigned int lists;
    unsigned int ids;
    unsigned int ids_max;
    unsigned int vcpus_in_list; /* of the last one; a global list takes none */
    bool more;
    uint64_t counts;
    uint16_t id[FFA_NOTIFICATION_INFO_GET_64_MAX];
};

static bool info_begin_list(struct info *info, uint16_t vm)
{
    if (info->ids == info->ids_max) {
        info->more = true;
        return false;
    }
    info->id[info->ids++] = vm;
    info->lists++;
    info->vcpus_in_list = 0;
    return true;
}

static bool info_add_vcpu(struct info *info, uint16_t vm, uint16_t vcpu, bool is_first)
{
    bool needs_list = is_first || info->vcpus_in_list == FFA_NOTIFICATION_INFO_GET_VCPUS_MAX;
    unsigned int needed = needs_list ? 2 : 1;

    if (info->ids + needed > info->ids_max) {
        info->more = true;
        return false;
    }
    if (needs_list) {
        (void)info_begin_list(info, vm);
    }
    info->id[info->ids++] = vcpu;
    info->vcpus_in_list++;
    info->counts += ffa_notification_info_list(info->lists - 1, 1);
    return true;
}

/* Under the lock. What does not fit stays news. */
static void info_collect(struct info *info, struct parley_vm *vm)
{
    bool is_first = true;

    if (take_news(&vm->notifications.global)) {
        (void)info_begin_list(info, vm->id);
    }
    for (unsigned int i = 0; i < vm->vcpus && !info->more; i++) {
        struct scope *scope = &vm->vcpu[i].notifications;

        if (!take_news(scope)) {
            continue;
        }
        if (info_add_vcpu(info, vm->id, (uint16_t)i, is_first)) {
            is_first = false;
        } else {
            scope->is_told = false;
        }
    }
}

int32_t parley_handle_notification_info_get(const struct call *call, struct parley_regs *result)
{
    bool is_64 = ffa_fid_is_64(call->fid);
    unsigned int ids_per_register = is_64 ? 4 : 2;
    struct info info = {.ids_max = is_64 ? FFA_NOTIFICATION_INFO_GET_64_MAX
                                         : FFA_NOTIFICATION_INFO_GET_32_MAX};

    parley_lock_take(&call->vm->notifications.lock);
    info_collect(&info, call->vm);
    parley_lock_drop(&call->vm->notifications.lock);
    if (info.lists == 0) {
        return FFA_NO_DATA;
    }
    result->x[0] = is_64 ? FFA_SUCCESS_64 : FFA_SUCCESS_32;
    result->x[2] = ffa_notification_info_make(info.more, info.lists) | info.counts;
    for (unsigned int i = 0; i < info.ids; i++) {
        result->x[3 + i / ids_per_register] |= (uint64_t)info.id[i]
                                               << (16 * (i % ids_per_register));
    }
    return FFA_OK;
}
