/* SPDX-License-Identifier: BSD-3-Clause */
#include "work.h"
#include "cpu.h"
#include "gicv3.h"
#include "interrupts.h"
#include "lock.h"
#include "scheduler.h"
#include "timer.h"
#include "vm.h"
#include "vms.h"

#define TURN_MS     5   /* of work at once */
#define PATIENCE_MS 500 /* with a vCPU that keeps a partition waiting */

/* Of one CPU. */
struct agenda {
    uint32_t work;          /* bits of enum work; atomic */
    struct lock lock;       /* of: */
    struct vm *vms;         /* that it is to go on with */
    uint64_t left_deadline; /* when to look for vCPUs that stay away; this CPU's alone */
};

static struct agenda agendas[CPUS_MAX];

static struct agenda *own(void)
{
    return &agendas[cpu_self()->index];
}

void work_init_cpu(void)
{
    own()->left_deadline = TIMER_NEVER;
}

void work_add_on(unsigned int cpu, enum work work)
{
    __atomic_fetch_or(&agendas[cpu].work, work, __ATOMIC_RELEASE);
    if (cpu != cpu_self()->index) {
        gic_kick(cpu);
    }
}

void work_add(enum work work)
{
    work_add_on(cpu_self()->index, work);
}

bool work_is_left(void)
{
    return __atomic_load_n(&own()->work, __ATOMIC_RELAXED) != 0;
}

/* --- VMs that begin and end ------------------------------------------------------------------- */

static unsigned int cpu_for(const struct vm *vm)
{
    unsigned int cpu = vm->parley == NULL ? PARLEY_ANY_CPU : parley_vm_cpu(vm->parley);

    return cpu == PARLEY_ANY_CPU ? cpu_self()->index : cpu;
}

void work_go_on_with(struct vm *vm)
{
    unsigned int cpu = cpu_for(vm);
    struct agenda *agenda = &agendas[cpu];

    lock_take(&agenda->lock);
    vm->next_in_work = agenda->vms;
    agenda->vms = vm;
    lock_drop(&agenda->lock);
    work_add_on(cpu, WORK_VMS);
}

/* One step of each VM that is waiting for one. */
static void go_on_with_vms(void)
{
    struct vm *vm;

    lock_take(&own()->lock);
    vm = own()->vms;
    own()->vms = NULL;
    lock_drop(&own()->lock);
    while (vm != NULL) {
        struct vm *next = vm->next_in_work;

        vm_go_on(vm);
        vm = next;
    }
}

/* --- Requests that vCPUs have left ------------------------------------------------------------ */

void work_after_call(struct vcpu *vcpu)
{
    unsigned int cpu = parley_vcpu_cpu(vcpu->vm->parley, vcpu->index);

    if (cpu == VCPU_ANY_CPU && vcpu->only_cpu == VCPU_ANY_CPU) {
        return;
    }
    vcpu->left_until = timer_ticks() + timer_ticks_of_ms(PATIENCE_MS);
    __atomic_store_n(&vcpu->only_cpu, cpu, __ATOMIC_RELAXED);
    if (cpu != VCPU_ANY_CPU && vcpu->left_until < own()->left_deadline) {
        own()->left_deadline = vcpu->left_until;
    }
}

uint64_t work_deadline(void)
{
    return own()->left_deadline;
}

void work_tick(uint64_t now)
{
    if (now >= own()->left_deadline) {
        own()->left_deadline = TIMER_NEVER;
        work_add(WORK_LEFT);
    }
}

/* One step of one vCPU's request. The vCPU is bound to this CPU, so it is in no call. */
static void look_at_left(struct vcpu *vcpu, uint64_t now)
{
    struct agenda *agenda = own();

    if (__atomic_load_n(&vcpu->only_cpu, __ATOMIC_RELAXED) != cpu_self()->index) {
        return;
    }
    if (now < vcpu->left_until) {
        if (vcpu->left_until < agenda->left_deadline) {
            agenda->left_deadline = vcpu->left_until;
        }
    } else if (parley_vcpu_finish(vcpu->vm->parley, vcpu->index) == PARLEY_AGAIN) {
        work_add(WORK_LEFT);
    } else {
        __atomic_store_n(&vcpu->only_cpu, VCPU_ANY_CPU, __ATOMIC_RELAXED);
    }
}

static void finish_left(void)
{
    uint64_t now = timer_ticks();

    for (size_t i = 0; i < table.cast_count; i++) {
        struct vm *vm = vm_at(i);

        for (unsigned int vcpu = 0; vcpu < vm->who->vcpus; vcpu++) {
            look_at_left(&vm->vcpus[vcpu], now);
        }
    }
}

/* --- A turn ----------------------------------------------------------------------------------- */

static void do_some(uint32_t work)
{
    if ((work & WORK_INTERRUPTS) != 0) {
        vgic_tell_moved();
    }
    if ((work & WORK_VMS) != 0) {
        go_on_with_vms();
    }
    if ((work & WORK_LEFT) != 0) {
        finish_left();
    }
    if ((work & WORK_RECEIVERS) != 0) {
        bool more = parley_schedule_receivers(vms_parley()) == PARLEY_AGAIN;

        work_add(more ? WORK_RECEIVERS : WORK_CYCLES);
    }
    if ((work & WORK_CYCLES) != 0 && parley_cpu_work(vms_parley()) == PARLEY_AGAIN) {
        work_add(WORK_CYCLES);
    }
}

void work_run(void)
{
    uint64_t end;

    if (!work_is_left()) {
        return;
    }
    end = timer_ticks() + timer_ticks_of_ms(TURN_MS);
    while (work_is_left() && timer_ticks() < end) {
        do_some(__atomic_exchange_n(&own()->work, 0, __ATOMIC_ACQUIRE));
        interrupts_take();
    }
}
