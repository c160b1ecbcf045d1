/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2 runs with interrupts masked and takes them in one place, so that a CPU in here is never
 * interrupted. One lock covers the queue and every vCPU's and VM's state; nothing is called with it
 * held but the saving of registers, and what tells whether a vCPU has an interrupt.
 */
#include <stddef.h>

#include "scheduler.h"
#include "table.h"
#include "cpu.h"
#include "ffa.h"
#include "gicv3.h"
#include "interrupts.h"
#include "lock.h"
#include "report.h"
#include "timer.h"
#include "vcpu.h"
#include "vm.h"
#include "work.h"

/* A bench has the CPU for itself until it yields. */
#define SLICE_MS (table.bench ? 500u : 5u)

/* Of one CPU. */
struct schedule {
    struct vcpu *sleepers; /* that waited here, with a timer; the next to fire first; locked */
    uint64_t slice_end;    /* also while nothing runs: there may be other work */
    bool slice_is_over;
};

static struct lock lock;
static struct vcpu *queue_head, **queue_tail;
static uint64_t idle_cpus; /* one bit each: sleeping, or about to */
static struct schedule schedules[CPUS_MAX];

void scheduler_init(void)
{
    queue_tail = &queue_head;
}

static struct schedule *own(void)
{
    return &schedules[cpu_self()->index];
}

bool scheduler_vm_runs(const struct vm *vm)
{
    return __atomic_load_n(&vm->state, __ATOMIC_ACQUIRE) == VM_RUNNING;
}

bool scheduler_vcpu_is_online(const struct vcpu *vcpu)
{
    return scheduler_vm_runs(vcpu->vm) && __atomic_load_n(&vcpu->is_online, __ATOMIC_ACQUIRE);
}

static void vm_move(struct vm *vm, enum vm_state to)
{
    __atomic_store_n(&vm->state, to, __ATOMIC_RELEASE);
}

/* --- With the lock held ----------------------------------------------------------------------- */

static void vcpu_move(struct vcpu *vcpu, enum vcpu_state to)
{
    if (to == VCPU_STARTING) {
        vcpu->vm->vcpus_on++;
    }
    if (to == VCPU_OFF) {
        vcpu->vm->vcpus_on--;
    }
    vcpu->state = to;
}

static void mark_idle(bool idle)
{
    uint64_t self = BIT(cpu_self()->index);

    idle_cpus = idle ? idle_cpus | self : idle_cpus & ~self;
}

/* Wakes a CPU that sleeps and may run this vCPU. */
static void wake_a_cpu_for(const struct vcpu *vcpu)
{
    uint64_t candidates = idle_cpus;
    unsigned int chosen;

    if (vcpu->unwanted_cpu != VCPU_ANY_CPU) {
        candidates &= ~BIT(vcpu->unwanted_cpu);
    }
    if (vcpu->only_cpu != VCPU_ANY_CPU) {
        candidates &= BIT(vcpu->only_cpu);
    }
    if (candidates == 0) {
        return; /* all are busy: one will come by when a slice ends */
    }
    chosen = (unsigned int)__builtin_ctzll(candidates);
    idle_cpus &= ~BIT(chosen);
    gic_kick(chosen);
}

static void enqueue(struct vcpu *vcpu)
{
    vcpu_move(vcpu, VCPU_READY);
    vcpu->next = NULL;
    *queue_tail = vcpu;
    queue_tail = &vcpu->next;
    wake_a_cpu_for(vcpu);
}

/* A vCPU of a VM that ends is taken by anyone: it only goes off. */
static bool may_run_here(const struct vcpu *vcpu)
{
    unsigned int self = cpu_self()->index;

    if (!scheduler_vm_runs(vcpu->vm)) {
        return true;
    }
    return vcpu->unwanted_cpu != self && (vcpu->only_cpu == VCPU_ANY_CPU || vcpu->only_cpu == self);
}

/* The link to the first vCPU in the queue that may run here; it points to NULL if none may. */
static struct vcpu **first_for_this_cpu(void)
{
    struct vcpu **link = &queue_head;

    while (*link != NULL && !may_run_here(*link)) {
        link = &(*link)->next;
    }
    return link;
}

static struct vcpu *dequeue(void)
{
    struct vcpu **link = first_for_this_cpu();
    struct vcpu *vcpu = *link;

    if (vcpu == NULL) {
        return NULL;
    }
    *link = vcpu->next;
    if (queue_tail == &vcpu->next) {
        queue_tail = link;
    }
    vcpu->unwanted_cpu = VCPU_ANY_CPU;
    vcpu->cpu = cpu_self()->index;
    vcpu_move(vcpu, VCPU_RUNNING);
    return vcpu;
}

/* --- Waiting, with the lock held -------------------------------------------------------------- */

static void add_sleeper(struct vcpu *vcpu, uint64_t deadline)
{
    struct vcpu **link = &own()->sleepers;

    vcpu->deadline = deadline;
    if (deadline == TIMER_NEVER) {
        return;
    }
    while (*link != NULL && (*link)->deadline <= deadline) {
        link = &(*link)->next;
    }
    vcpu->next = *link;
    *link = vcpu;
}

static void remove_sleeper(struct vcpu *vcpu)
{
    struct vcpu **link = &schedules[vcpu->cpu].sleepers;

    if (vcpu->deadline == TIMER_NEVER) {
        return;
    }
    while (*link != vcpu) {
        link = &(*link)->next;
    }
    *link = vcpu->next;
}

static void end_wait(struct vcpu *vcpu)
{
    remove_sleeper(vcpu);
    enqueue(vcpu);
}

/* --- Time ------------------------------------------------------------------------------------- */

/* When this CPU has to wake somebody. Others take sleepers away, so it may be too early. */
static uint64_t first_deadline(void)
{
    uint64_t deadline;

    lock_take(&lock);
    deadline = own()->sleepers != NULL ? own()->sleepers->deadline : TIMER_NEVER;
    lock_drop(&lock);
    return deadline;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void set_timer(void)
{
    timer_set(earlier(own()->slice_end, earlier(first_deadline(), work_deadline())));
}

static void start_slice(void)
{
    own()->slice_end = timer_ticks() + timer_ticks_of_ms(SLICE_MS);
    own()->slice_is_over = false;
    set_timer();
}

bool scheduler_slice_is_over(void)
{
    return own()->slice_is_over;
}

static void wake_sleepers(uint64_t now)
{
    lock_take(&lock);
    while (own()->sleepers != NULL && own()->sleepers->deadline <= now) {
        end_wait(own()->sleepers);
    }
    lock_drop(&lock);
}

void scheduler_tick(void)
{
    uint64_t now = timer_ticks();

    if (timer_limit_reached()) {
        report_out_of_time();
    }
    wake_sleepers(now);
    work_tick(now);
    if (now >= own()->slice_end) {
        own()->slice_end = now + timer_ticks_of_ms(SLICE_MS);
        own()->slice_is_over = true;
        work_add(WORK_CYCLES);
    }
    set_timer();
}

/* --- Choosing --------------------------------------------------------------------------------- */

/*
 * Sleeps until an interrupt. A kick for what became ready since this CPU was marked as idle is
 * pending then, and ends the WFI at once.
 */
static void sleep(void)
{
    start_slice();
    __asm__ volatile("dsb sy; wfi" ::: "memory");
    interrupts_take();
}

static struct vcpu *dequeue_or_be_idle(void)
{
    struct vcpu *vcpu;

    lock_take(&lock);
    vcpu = dequeue();
    mark_idle(vcpu == NULL);
    lock_drop(&lock);
    return vcpu;
}

/* The vCPU is saved. As soon as it is in the queue, another CPU may load it. */
static void put_back(struct vcpu *vcpu)
{
    lock_take(&lock);
    enqueue(vcpu);
    lock_drop(&lock);
}

/*
 * While it is not off yet, its VM cannot end, and nobody turns it on again. What it has left
 * unfinished in Parley may take a while, in which others have their turns.
 */
static void go_off(struct vcpu *vcpu)
{
    bool last;

    __atomic_store_n(&vcpu->is_online, false, __ATOMIC_RELEASE);
    vcpu->is_leaving = parley_vcpu_offline(vcpu->vm->parley, vcpu->index) == PARLEY_AGAIN;
    if (vcpu->is_leaving) {
        interrupts_take();
        put_back(vcpu);
        return;
    }
    work_after_call(vcpu);
    console_flush(&vcpu->line, vcpu->vm->who->name);
    lock_take(&lock);
    vcpu_move(vcpu, VCPU_OFF);
    last = vcpu->vm->vcpus_on == 0;
    lock_drop(&lock);
    if (last) {
        vm_last_vcpu_out(vcpu->vm);
    }
}

/* The vCPU is saved. What came for it before the lock was taken is seen here, and ends the wait. */
static void begin_wait(struct vcpu *vcpu)
{
    lock_take(&lock);
    if (vcpu->is_preempted) {
        enqueue(vcpu); /* what it was woken for is for the next time that it waits */
        lock_drop(&lock);
        return;
    }
    if (vcpu->is_woken || !scheduler_vm_runs(vcpu->vm) || vgic_is_interrupted(vcpu)) {
        enqueue(vcpu);
    } else {
        vcpu_move(vcpu, VCPU_WAITING);
        add_sleeper(vcpu, vgic_deadline(vcpu));
    }
    vcpu->is_woken = false;
    lock_drop(&lock);
}

/* Whether it can enter its guest. A call that it goes on with is part of its turn. */
static bool begin_turn(struct vcpu *vcpu)
{
    start_slice();
    return ffa_resume(vcpu);
}

struct vcpu *scheduler_next(void)
{
    for (;;) {
        struct vcpu *vcpu;

        work_run();
        vcpu = dequeue_or_be_idle();
        if (vcpu == NULL) {
            if (!work_is_left()) {
                sleep();
            }
        } else if (vcpu->is_leaving || !scheduler_vm_runs(vcpu->vm)) {
            go_off(vcpu);
        } else if (begin_turn(vcpu)) {
            vcpu_load(vcpu);
            return vcpu;
        } else {
            interrupts_take(); /* for one of which it may have been preempted */
            begin_wait(vcpu);
        }
    }
}

struct vcpu *scheduler_leave(struct vcpu *vcpu)
{
    vcpu_save(vcpu);
    go_off(vcpu);
    return scheduler_next();
}

struct vcpu *scheduler_yield(struct vcpu *vcpu)
{
    if (!scheduler_vm_runs(vcpu->vm)) {
        return scheduler_leave(vcpu);
    }
    own()->slice_is_over = false;
    lock_take(&lock);
    mark_idle(false);
    if (*first_for_this_cpu() == NULL) {
        lock_drop(&lock);
        return vcpu;
    }
    /* As soon as it is in the queue, another CPU may load it. */
    vcpu_save(vcpu);
    enqueue(vcpu);
    lock_drop(&lock);
    return scheduler_next();
}

struct vcpu *scheduler_wait(struct vcpu *vcpu)
{
    vcpu_save(vcpu);
    begin_wait(vcpu);
    return scheduler_next();
}

struct vcpu *scheduler_migrate(struct vcpu *vcpu)
{
    if (cpu_count() == 1 || vcpu->only_cpu != VCPU_ANY_CPU) {
        return scheduler_yield(vcpu);
    }
    lock_take(&lock);
    vcpu_save(vcpu);
    vcpu->unwanted_cpu = cpu_self()->index;
    enqueue(vcpu);
    lock_drop(&lock);
    return scheduler_next();
}

/* --- The life of vCPUs and VMs ---------------------------------------------------------------- */

void scheduler_wake(struct vcpu *vcpu)
{
    lock_take(&lock);
    if (vcpu->state == VCPU_WAITING) {
        end_wait(vcpu);
    } else {
        vcpu->is_woken = true;
    }
    lock_drop(&lock);
}

void scheduler_interrupt(struct vcpu *vcpu)
{
    unsigned int runs_on = VCPU_ANY_CPU;

    lock_take(&lock);
    if (vcpu->state == VCPU_WAITING) {
        end_wait(vcpu);
    } else if (vcpu->state == VCPU_RUNNING) {
        runs_on = vcpu->cpu;
    }
    lock_drop(&lock);
    if (cpu_self()->loaded == vcpu) {
        vgic_sync(vcpu);
    } else if (runs_on != VCPU_ANY_CPU) {
        gic_kick(runs_on);
    }
}

bool scheduler_claim(struct vcpu *vcpu)
{
    bool claimed;

    lock_take(&lock);
    claimed = vcpu->state == VCPU_OFF && vcpu->vm->state == VM_RUNNING;
    if (claimed) {
        vcpu_move(vcpu, VCPU_STARTING);
        vcpu->is_woken = false;
    }
    lock_drop(&lock);
    return claimed;
}

void scheduler_ready(struct vcpu *vcpu)
{
    /* First on: what is told to Parley, and what it has to say, must find the vCPU so. */
    __atomic_store_n(&vcpu->is_online, true, __ATOMIC_RELEASE);
    parley_vcpu_online(vcpu->vm->parley, vcpu->index);
    lock_take(&lock);
    vcpu->unwanted_cpu = VCPU_ANY_CPU;
    enqueue(vcpu);
    lock_drop(&lock);
}

enum vcpu_state scheduler_vcpu_state(const struct vcpu *vcpu)
{
    enum vcpu_state state;

    lock_take(&lock);
    state = vcpu->state;
    lock_drop(&lock);
    return state;
}

bool scheduler_end_life(struct vm *vm, bool reset)
{
    bool first;

    lock_take(&lock);
    first = vm->state == VM_RUNNING;
    if (first) {
        vm_move(vm, reset ? VM_RESETTING : VM_STOPPING);
    }
    for (unsigned int i = 0; first && i < vm->who->vcpus; i++) {
        if (vm->vcpus[i].state == VCPU_WAITING) {
            end_wait(&vm->vcpus[i]);
        }
    }
    lock_drop(&lock);
    if (first) {
        gic_kick_others();
    }
    return first;
}

void scheduler_begin_life(struct vm *vm)
{
    lock_take(&lock);
    vm_move(vm, VM_RUNNING);
    lock_drop(&lock);
}

void scheduler_stopped(struct vm *vm)
{
    lock_take(&lock);
    vm_move(vm, VM_STOPPED);
    lock_drop(&lock);
}
