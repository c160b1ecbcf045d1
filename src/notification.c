/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What pends for a VM, when it is interrupted, and FFA_NOTIFICATION_GET (FF-A 1.2, 10 and 16.5).
 *
 * What VMs signal to a VM is kept here, under the receiver's lock; what Secure Partitions signal to
 * it is kept by the SPMC, and here is only known that there is something (`secure`). Each VM has
 * one scope for global notifications and one for each vCPU. A scope raises the interrupt when a bit
 * appears that was not there, once until the VM has looked: add() and arm() decide that, and
 * nothing else.
 */
#include "internal.h"

/* --- Scopes --------------------------------------------------------------- */

bool parley_scope_is_pending(const struct scope *scope)
{
    return scope->vms != 0 || scope->framework != 0 || scope->secure != 0;
}

static struct scope *scope_of(struct parley_vm *vm, unsigned int vcpu)
{
    return vcpu == EVERY_VCPU ? &vm->notifications.global : &vm->vcpu[vcpu].notifications;
}

/* Adds what is new. Whether there was anything. The SPMC tells of each signal once, so what it
 * tells is new even where something of it pends already. */
static bool add(struct scope *scope, struct scope news)
{
    bool is_new = (news.vms & ~scope->vms) != 0 || (news.framework & ~scope->framework) != 0 ||
                  news.secure != 0;

    scope->vms |= news.vms;
    scope->framework |= news.framework;
    scope->secure |= news.secure;
    if (is_new) {
        scope->is_told = false;
    }
    return is_new;
}

/* Whom to interrupt for a scope: the vCPU itself, or for the VM as a whole one that is online. */
static unsigned int choose_vcpu(const struct parley_vm *vm, unsigned int vcpu)
{
    if (vcpu != EVERY_VCPU) {
        return parley_port_vcpu_is_online(vm->context, vcpu) ? vcpu : NO_VCPU;
    }
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        if (parley_port_vcpu_is_online(vm->context, i)) {
            return i;
        }
    }
    return NO_VCPU;
}

/* Under the lock: whom to interrupt. A VM that is not final is interrupted at finality, not before.
 */
static unsigned int arm(struct parley_vm *vm, unsigned int vcpu)
{
    struct scope *scope = scope_of(vm, vcpu);

    /* Not final yet, or of 1.0, which has no notifications: what pends may wait for ever. */
    if (scope->is_armed || word_version(parley_load_acquire(&vm->word)) < VERSION_1_1) {
        return NO_VCPU;
    }

    unsigned int chosen = choose_vcpu(vm, vcpu);
    scope->is_armed = chosen != NO_VCPU;
    return chosen;
}

unsigned int parley_scope_add(struct parley_vm *vm, unsigned int vcpu, struct scope news)
{
    return add(scope_of(vm, vcpu), news) ? arm(vm, vcpu) : NO_VCPU;
}

void parley_notifications_raise(struct parley_vm *vm, unsigned int vcpu)
{
    if (vcpu != NO_VCPU) {
        parley_port_interrupt(vm->context, vcpu, vm->parley->config.npi_intid);
    }
}

void parley_notify(struct parley_vm *vm, unsigned int vcpu, struct scope news)
{
    parley_lock_take(&vm->notifications.lock);
    unsigned int due = parley_scope_add(vm, vcpu, news);
    parley_lock_drop(&vm->notifications.lock);
    parley_notifications_raise(vm, due);
}

/* --- Vcpus that come and go ----------------------------------------------- */

/* Interrupts for what pends in a scope, if nobody was interrupted for it yet. */
static void catch_up(struct parley_vm *vm, unsigned int vcpu)
{
    parley_lock_take(&vm->notifications.lock);
    unsigned int due = parley_scope_is_pending(scope_of(vm, vcpu)) ? arm(vm, vcpu) : NO_VCPU;
    parley_lock_drop(&vm->notifications.lock);
    parley_notifications_raise(vm, due);
}

void parley_notifications_remind(struct parley_vm *vm)
{
    if (parley_shadow_is_wanted(vm) && parley_pair_is_mapped(vm)) {
        catch_up(vm, EVERY_VCPU);
    }
}

void parley_notifications_start(struct parley_vm *vm)
{
    catch_up(vm, EVERY_VCPU);
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        catch_up(vm, i);
    }
}

void parley_vcpu_online(struct parley_vm *vm, unsigned int vcpu)
{
    catch_up(vm, EVERY_VCPU);
    catch_up(vm, vcpu);
}

enum parley_progress parley_vcpu_offline(struct parley_vm *vm, unsigned int vcpu)
{
    (void)parley_vcpu_finish(vm, vcpu);
    if (!parley_direct_leave(vm, vcpu)) {
        return PARLEY_AGAIN;
    }
    /* What it was interrupted for, it may not have looked at. */
    parley_lock_take(&vm->notifications.lock);
    vm->notifications.global.is_armed = false;
    vm->vcpu[vcpu].notifications.is_armed = false;
    parley_lock_drop(&vm->notifications.lock);
    catch_up(vm, EVERY_VCPU);
    return PARLEY_DONE;
}

/* --- Getting -------------------------------------------------------------- */

#define GET_FLAGS (SECURE_KINDS | FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_HYPERVISOR)

/*
 * The hint of these kinds, taken before the SPMC is asked for them: what comes from then on is a
 * hint of its own, and worth an interrupt of its own.
 */
static struct scope take_hint(struct scope *scope, uint32_t kinds)
{
    struct scope was = {.secure = scope->secure & kinds, .is_armed = scope->is_armed};

    scope->secure &= ~kinds;
    scope->is_armed = false;
    return was;
}

/* The SPMC did not answer: the hint is as it was. */
static void put_hint_back(struct scope *scope, struct scope was)
{
    scope->secure |= was.secure;
    scope->is_armed = scope->is_armed || was.is_armed;
}

/* Asks the SPMC. If it fails, everything is as it was. */
static int32_t ask_secure(struct parley_vm *vm, unsigned int vcpu, uint32_t flags,
                          struct parley_regs *regs)
{
    struct scope *own = &vm->vcpu[vcpu].notifications;

    *regs = (struct parley_regs){
        {FFA_NOTIFICATION_GET, ffa_receiver_info_make(vm->id, (uint16_t)vcpu), flags}};
    parley_lock_take(&vm->notifications.lock);
    struct scope global_hint = take_hint(&vm->notifications.global, flags);
    struct scope own_hint = take_hint(own, flags);
    parley_lock_drop(&vm->notifications.lock);

    parley_port_smc(regs);
    int32_t status = parley_spmc_status(regs);
    if (status != FFA_OK) {
        parley_lock_take(&vm->notifications.lock);
        put_hint_back(&vm->notifications.global, global_hint);
        put_hint_back(own, own_hint);
        parley_lock_drop(&vm->notifications.lock);
    }
    return status;
}

/* With the pair held if SPM is among the kinds. */
static int32_t get_secure(struct parley_vm *vm, unsigned int vcpu, uint32_t flags,
                          struct parley_regs *result)
{
    struct parley_regs regs;
    int32_t status = ask_secure(vm, vcpu, flags, &regs);

    if (status != FFA_OK) {
        return status;
    }
    if ((flags & FFA_NOTIFICATION_GET_SP) != 0) {
        result->x[2] = (uint32_t)regs.x[2];
        result->x[3] = (uint32_t)regs.x[3];
    }
    if ((flags & FFA_NOTIFICATION_GET_SPM) != 0 &&
        ((uint32_t)regs.x[6] & FFA_NOTIFICATION_RX_FULL) != 0 && parley_shadow_receive(vm)) {
        result->x[6] = FFA_NOTIFICATION_RX_FULL;
    }
    return FFA_OK;
}

/*
 * The kinds that the SPMC keeps. What it says of RX is about the pair that the VM has while it is
 * asked, so that stays until it is written down; a VM that has none is not told of RX. *is_told:
 * whether all was asked that the VM wanted to know.
 */
static int32_t get_secure_kinds(const struct call *call, unsigned int vcpu, uint32_t flags,
                                struct parley_regs *result, bool *is_told)
{
    struct parley_vm *vm = call->vm;
    uint32_t kinds = flags & SECURE_KINDS;
    bool wants_rx = (kinds & FFA_NOTIFICATION_GET_SPM) != 0;
    int32_t status = FFA_OK;

    *is_told = true;
    if (!vm->notifications.has_bitmap) {
        return FFA_OK;
    }
    bool is_held = wants_rx && parley_pair_hold(vm);
    if (!is_held) {
        kinds &= ~(uint32_t)FFA_NOTIFICATION_GET_SPM;
        *is_told = !wants_rx;
    }
    if (kinds != 0) {
        status = get_secure(vm, vcpu, kinds, result);
    }
    if (is_held) {
        parley_pair_drop(vm);
    }
    return status;
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
    result->x[6] |= take_framework(global, FRAMEWORK_SPM, (flags & FFA_NOTIFICATION_GET_SPM) != 0);
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
    int32_t status;
    bool is_told;

    if (ffa_receiver_info_endpoint(who) != call->vm->id || vcpu >= call->vm->vcpus ||
        (flags & ~(uint32_t)GET_FLAGS) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    /* First what can fail: then nothing has been taken yet. */
    status = get_secure_kinds(call, vcpu, flags, result, &is_told);
    if (status == FFA_OK) {
        get_own(call->vm, vcpu, flags, result);
    }
    if (!is_told) {
        parley_notifications_remind(call->vm); /* a sibling may have mapped a pair meanwhile */
    }
    return status;
}
