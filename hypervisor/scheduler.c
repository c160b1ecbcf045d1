/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2 runs with interrupts masked and takes them in one place, so that a CPU in here is never
 * interrupted. One lock covers the queue and every vCPU's and VM's state; nothing is called with it
 * held but the saving of registers.
 */
#include <stddef.h>

#include "scheduler.h"
#include "cpu.h"
#include "gicv3.h"
#include "lock.h"
#include "report.h"
#include "timer.h"
#include "vcpu.h"
#include "vm.h"

static struct lock lock;
static struct vcpu *queue_head, **queue_tail;
static uint64_t idle_cpus; /* one bit each: sleeping, or about to */

void scheduler_init(void)
{
    queue_tail = &queue_head;
}

bool scheduler_vm_runs(const struct vm *vm)
{
    return __atomic_load_n(&vm->state, __ATOMIC_ACQUIRE) == VM_RUNNING;
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
    return vcpu->unwanted_cpu != (int)cpu_self()->index || !scheduler_vm_runs(vcpu->vm);
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
    vcpu_move(vcpu, VCPU_RUNNING);
    return vcpu;
}

/* --- Choosing --------------------------------------------------------------------------------- */

bool scheduler_take_interrupts(void)
{
    bool slice_over = false;

    for (;;) {
        unsigned int interrupt = gic_acknowledge();

        if (interrupt >= GIC_SPURIOUS) {
            return slice_over;
        }
        if (interrupt == GIC_PPI_TIMER) {
            slice_over = true;
            timer_start_slice();
            if (timer_limit_reached()) {
                report_out_of_time();
            }
        }
        gic_end(interrupt);
    }
}

/*
 * Sleeps until an interrupt. A kick for what became ready since this CPU was marked as idle is
 * pending then, and ends the WFI at once.
 */
static void sleep(void)
{
    __asm__ volatile("dsb sy; wfi" ::: "memory");
    scheduler_take_interrupts();
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

static void go_off(struct vcpu *vcpu)
{
    bool last;

    console_flush(&vcpu->line, vcpu->vm->who->name);
    lock_take(&lock);
    vcpu_move(vcpu, VCPU_OFF);
    last = vcpu->vm->vcpus_on == 0;
    lock_drop(&lock);
    if (last) {
        vm_last_vcpu_out(vcpu->vm);
    }
}

struct vcpu *scheduler_next(void)
{
    for (;;) {
        struct vcpu *vcpu = dequeue_or_be_idle();

        if (vcpu == NULL) {
            sleep();
        } else if (scheduler_vm_runs(vcpu->vm)) {
            timer_start_slice();
            vcpu_load(vcpu);
            return vcpu;
        } else {
            go_off(vcpu);
        }
    }
}

struct vcpu *scheduler_leave(struct vcpu *vcpu)
{
    go_off(vcpu);
    return scheduler_next();
}

struct vcpu *scheduler_yield(struct vcpu *vcpu)
{
    if (!scheduler_vm_runs(vcpu->vm)) {
        return scheduler_leave(vcpu);
    }
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
    bool alone;

    lock_take(&lock);
    alone = *first_for_this_cpu() == NULL;
    mark_idle(alone);
    lock_drop(&lock);
    if (alone) {
        sleep();
    }
    return scheduler_yield(vcpu);
}

struct vcpu *scheduler_migrate(struct vcpu *vcpu)
{
    if (cpu_count() == 1) {
        return scheduler_yield(vcpu);
    }
    lock_take(&lock);
    vcpu_save(vcpu);
    vcpu->unwanted_cpu = (int)cpu_self()->index;
    enqueue(vcpu);
    lock_drop(&lock);
    return scheduler_next();
}

/* --- The life of vCPUs and VMs ---------------------------------------------------------------- */

bool scheduler_claim(struct vcpu *vcpu)
{
    bool claimed;

    lock_take(&lock);
    claimed = vcpu->state == VCPU_OFF && vcpu->vm->state == VM_RUNNING;
    if (claimed) {
        vcpu_move(vcpu, VCPU_STARTING);
    }
    lock_drop(&lock);
    return claimed;
}

void scheduler_ready(struct vcpu *vcpu)
{
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
