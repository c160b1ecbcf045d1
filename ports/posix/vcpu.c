/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs: who is online, who waits and is woken, and the virtual interrupts of each: SGIs, PPIs and
 * a timer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

uint64_t posix_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- With the VM ------------------------------------------------------------------------------ */

void vcpus_prepare(struct posix_vm *vm, unsigned int count)
{
    pthread_condattr_t attributes;

    vcpus_forget(vm);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&vm->lock, NULL);
    pthread_cond_init(&vm->changed, &attributes);
    vm->vcpu = calloc(count != 0 ? count : 1, sizeof(vm->vcpu[0]));
    if (vm->vcpu == NULL) {
        posix_die("no memory for vCPUs");
    }
    vm->vcpus = count;
    vm->is_stopping = false;
}

void vcpus_forget(struct posix_vm *vm)
{
    if (vm->vcpu != NULL) {
        pthread_cond_destroy(&vm->changed);
        pthread_mutex_destroy(&vm->lock);
        free(vm->vcpu);
        vm->vcpu = NULL;
        vm->vcpus = 0;
    }
}

void vcpus_reset(struct posix_vm *vm)
{
    pthread_mutex_lock(&vm->lock);
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        vm->vcpu[i] = (struct posix_vcpu){.is_off = vm->vcpu[i].is_off};
    }
    pthread_mutex_unlock(&vm->lock);
}

static struct posix_vcpu *vcpu_of(struct posix_vm *vm, unsigned int vcpu)
{
    if (vcpu >= vm->vcpus) {
        posix_die("a vCPU that the VM does not have");
    }
    return &vm->vcpu[vcpu];
}

/* --- In Parley and back ----------------------------------------------------------------------- */

static bool set(bool *flag, bool value)
{
    return __atomic_exchange_n(flag, value, __ATOMIC_RELAXED);
}

static bool get(const bool *flag)
{
    return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

void vcpu_enter(struct posix_vm *vm, unsigned int vcpu, bool goes_on)
{
    struct posix_vcpu *self = vcpu_of(vm, vcpu);

    if (set(&self->is_in_call, true)) {
        posix_violation("%s: vCPU %u is in two calls at once", vm->name, vcpu);
    }
    if (get(&self->is_blocked) != goes_on) {
        posix_violation("%s: vCPU %u %s", vm->name, vcpu,
                        goes_on ? "goes on, but was not blocked" : "makes a call while blocked");
    }
}

void vcpu_leave(struct posix_vm *vm, unsigned int vcpu, enum parley_outcome outcome)
{
    struct posix_vcpu *self = vcpu_of(vm, vcpu);

    set(&self->is_blocked, outcome == PARLEY_BLOCK);
    set(&self->is_in_call, false);
}

void vcpus_check_stopped(const struct posix_vm *vm, const char *what)
{
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        if (get(&vm->vcpu[i].is_in_call)) {
            posix_violation("%s: its %s begins while vCPU %u is in a call", vm->name, what, i);
        }
    }
}

/* --- Online ----------------------------------------------------------------------------------- */

bool parley_port_vcpu_is_online(void *context, unsigned int vcpu)
{
    struct posix_vm *vm = context;

    trap_check_hook(__func__, 1);
    return !__atomic_load_n(&vcpu_of(vm, vcpu)->is_off, __ATOMIC_ACQUIRE);
}

bool posix_vcpu_is_online(struct posix_vm *vm, unsigned int vcpu)
{
    return !__atomic_load_n(&vcpu_of(vm, vcpu)->is_off, __ATOMIC_ACQUIRE);
}

/* Whatever it waited for, it does not wait for any more. */
static void go_offline(struct posix_vm *vm, unsigned int vcpu)
{
    struct posix_vcpu *self = vcpu_of(vm, vcpu);
    unsigned int here = parley_port_cpu();
    unsigned int cpu = parley_vcpu_cpu(vm->parley, vcpu);

    if (get(&self->is_in_call)) {
        posix_violation("%s: vCPU %u goes offline in a call", vm->name, vcpu);
    }
    if (cpu != PARLEY_ANY_CPU) {
        posix_cpu_move(cpu);
    }
    while (parley_vcpu_offline(vm->parley, vcpu) == PARLEY_AGAIN) {
        sched_yield();
    }
    posix_cpu_move(here);
    set(&self->is_blocked, false);
}

void posix_vcpu_set_online(struct posix_vm *vm, unsigned int vcpu, bool online)
{
    __atomic_store_n(&vcpu_of(vm, vcpu)->is_off, !online, __ATOMIC_RELEASE);
    if (online) {
        parley_vcpu_online(vm->parley, vcpu);
    } else {
        go_offline(vm, vcpu);
    }
}

/* --- Interrupts ------------------------------------------------------------------------------- */

/* Under the VM's lock, as all that follows but what is called from outside. */
static void pend(struct posix_vm *vm, struct posix_vcpu *vcpu, unsigned int intid)
{
    vcpu->pending |= 1u << intid;
    pthread_cond_broadcast(&vm->changed);
}

static void run_timer(struct posix_vm *vm, struct posix_vcpu *vcpu)
{
    if (vcpu->timer_due != 0 && posix_clock() >= vcpu->timer_due) {
        vcpu->timer_due = 0;
        pend(vm, vcpu, POSIX_INTERRUPT_TIMER);
    }
}

static bool has_interrupt(struct posix_vm *vm, struct posix_vcpu *vcpu)
{
    run_timer(vm, vcpu);
    return (vcpu->pending & vcpu->enabled) != 0;
}

static void take_interrupts(struct posix_vm *vm, struct posix_vcpu *vcpu)
{
    if (!has_interrupt(vm, vcpu)) {
        return;
    }
    for (unsigned int i = 0; i < POSIX_INTERRUPTS; i++) {
        vcpu->taken[i] += (vcpu->pending & vcpu->enabled) >> i & 1;
    }
    if ((vcpu->pending & vcpu->enabled & 1u << POSIX_INTERRUPT_TIMER) != 0 &&
        vcpu->timer_period != 0) {
        vcpu->timer_due = posix_clock() + vcpu->timer_period;
    }
    vcpu->pending &= ~vcpu->enabled;
}

void parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid)
{
    struct posix_vm *vm = context;
    struct posix_vcpu *target = vcpu_of(vm, vcpu);

    trap_check_hook(__func__, 0);
    if (intid >= POSIX_INTERRUPTS) {
        posix_violation("%s: interrupt %u is injected, which is no vCPU's own", vm->name, intid);
        return;
    }
    pthread_mutex_lock(&vm->lock);
    target->injected[intid]++;
    pend(vm, target, intid);
    pthread_mutex_unlock(&vm->lock);
}

unsigned int posix_vcpu_injected(struct posix_vm *vm, unsigned int vcpu, unsigned int intid)
{
    unsigned int injected;

    pthread_mutex_lock(&vm->lock);
    injected = vcpu_of(vm, vcpu)->injected[intid];
    pthread_mutex_unlock(&vm->lock);
    return injected;
}

void posix_interrupt_enable(struct posix_vm *vm, unsigned int vcpu, unsigned int intid)
{
    pthread_mutex_lock(&vm->lock);
    vcpu_of(vm, vcpu)->enabled |= 1u << intid;
    pthread_mutex_unlock(&vm->lock);
}

void posix_interrupt_send(struct posix_vm *vm, unsigned int vcpu, unsigned int intid)
{
    pthread_mutex_lock(&vm->lock);
    pend(vm, vcpu_of(vm, vcpu), intid);
    pthread_mutex_unlock(&vm->lock);
}

uint32_t posix_interrupts_taken(struct posix_vm *vm, unsigned int vcpu, unsigned int intid)
{
    struct posix_vcpu *self = vcpu_of(vm, vcpu);
    uint32_t taken;

    pthread_mutex_lock(&vm->lock);
    take_interrupts(vm, self);
    taken = self->taken[intid];
    pthread_mutex_unlock(&vm->lock);
    return taken;
}

void posix_timer_set(struct posix_vm *vm, unsigned int vcpu, uint64_t microseconds)
{
    struct posix_vcpu *self = vcpu_of(vm, vcpu);

    pthread_mutex_lock(&vm->lock);
    self->pending &= ~(1u << POSIX_INTERRUPT_TIMER); /* its line goes down with it */
    self->timer_period = microseconds;
    self->timer_due = microseconds != 0 ? posix_clock() + microseconds : 0;
    pthread_mutex_unlock(&vm->lock);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

void parley_port_vcpu_wake(void *context, unsigned int vcpu)
{
    struct posix_vm *vm = context;

    trap_check_hook(__func__, 0);
    pthread_mutex_lock(&vm->lock);
    vcpu_of(vm, vcpu)->is_woken = true;
    pthread_cond_broadcast(&vm->changed);
    pthread_mutex_unlock(&vm->lock);
}

bool posix_vcpu_take_wake(struct posix_vm *vm, unsigned int vcpu)
{
    struct posix_vcpu *self = vcpu_of(vm, vcpu);
    bool woken;

    pthread_mutex_lock(&vm->lock);
    woken = self->is_woken;
    self->is_woken = false;
    pthread_mutex_unlock(&vm->lock);
    return woken;
}

/* Until something changes, the timer fires, or `until` (0: never) has come. */
static void sleep_a_while(struct posix_vm *vm, const struct posix_vcpu *vcpu, uint64_t until)
{
    uint64_t end = vcpu->timer_due != 0 ? vcpu->timer_due : until;
    struct timespec at;

    if (until != 0 && until < end) {
        end = until;
    }
    if (end == 0) {
        pthread_cond_wait(&vm->changed, &vm->lock);
        return;
    }
    at.tv_sec = (time_t)(end / 1000000);
    at.tv_nsec = (long)(end % 1000000 * 1000);
    pthread_cond_timedwait(&vm->changed, &vm->lock, &at);
}

enum reason {
    REASON_WAKE,
    REASON_INTERRUPT,
    REASON_STOP,
};

static enum reason sleep_blocked(struct posix_vm *vm, struct posix_vcpu *self)
{
    enum reason reason = REASON_STOP;

    pthread_mutex_lock(&vm->lock);
    while (!vm->is_stopping && !self->is_woken && !has_interrupt(vm, self)) {
        sleep_a_while(vm, self, 0);
    }
    if (!vm->is_stopping) {
        reason = self->is_woken ? REASON_WAKE : REASON_INTERRUPT;
        self->is_woken = false;
    }
    pthread_mutex_unlock(&vm->lock);
    return reason;
}

enum parley_outcome posix_wait(struct posix_vm *vm, unsigned int vcpu, struct parley_regs *regs)
{
    enum parley_outcome outcome = PARLEY_BLOCK;

    while (outcome == PARLEY_BLOCK) {
        switch (sleep_blocked(vm, vcpu_of(vm, vcpu))) {
        case REASON_WAKE:
            outcome = posix_continue(vm, vcpu, regs);
            break;
        case REASON_INTERRUPT:
            outcome = posix_interrupt(vm, vcpu, regs);
            sched_yield(); /* if still blocked: whoever writes its message has to get on */
            break;
        case REASON_STOP:
            return PARLEY_BLOCK;
        }
    }
    return outcome;
}

bool posix_interrupt_await(struct posix_vm *vm, unsigned int vcpu, unsigned int intid,
                           uint32_t count, uint64_t microseconds)
{
    struct posix_vcpu *self = vcpu_of(vm, vcpu);
    uint64_t end = posix_clock() + microseconds;
    bool taken;

    pthread_mutex_lock(&vm->lock);
    take_interrupts(vm, self);
    while (self->taken[intid] < count && !vm->is_stopping && posix_clock() < end) {
        sleep_a_while(vm, self, end);
        take_interrupts(vm, self);
    }
    taken = self->taken[intid] >= count;
    pthread_mutex_unlock(&vm->lock);
    return taken;
}

void posix_vm_stop(struct posix_vm *vm)
{
    pthread_mutex_lock(&vm->lock);
    vm->is_stopping = true;
    pthread_cond_broadcast(&vm->changed);
    pthread_mutex_unlock(&vm->lock);
}

void posix_vm_go(struct posix_vm *vm)
{
    pthread_mutex_lock(&vm->lock);
    vm->is_stopping = false;
    pthread_mutex_unlock(&vm->lock);
}
