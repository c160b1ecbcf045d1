/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of vCPUs. The state of each lives in `struct vgic`; while the vCPU is loaded, the most
 * urgent part of it is in the list registers, from which the CPU interrupts the guest by itself.
 * fold() takes it out of them, and fill() puts it in.
 *
 * The lock of a vCPU's vgic is taken with the scheduler's lock held, never the other way round.
 */
#include "vgic.h"
#include "cpu.h"
#include "gicv3.h"
#include "registers.h"
#include "scheduler.h"
#include "timer.h"
#include "vm.h"

#define LIST_REGISTERS 4u /* that are used, of those that a CPU has */

#define LR_PRIORITY 48
#define LR_PHYSICAL 32 /* the interrupt that the guest's end of it deactivates, if LR_HARDWARE */
#define LR_GROUP1   BIT(60)
#define LR_HARDWARE BIT(61)
#define LR_PENDING  BIT(62)
#define LR_ACTIVE   BIT(63)

#define HCR_ENABLE BIT(0)
/* GIC_PPI_MAINTENANCE when at most one list register is in use, or an end is not found in any. */
#define HCR_UNDERFLOW BIT(1)
#define HCR_NOT_FOUND BIT(2)
#define HCR_ENDS      27, 5 /* how many were not found */

#define VMCR_GROUP1 BIT(1) /* enabled at the CPU interface */
#define VMCR_MASK   24

/* 5 bits of priority, all of which preempt: one active priorities register. */
#define VTR_LIST_REGISTERS(vtr)  (bits(vtr, 0, 5) + 1)
#define VTR_PREEMPTION_BITS(vtr) (bits(vtr, 26, 3) + 1)
#define PREEMPTION_BITS          5u
#define PRIORITY_SHIFT           3u

#define PRIORITY_RESET 0xa0
#define PRIORITY_IDLE  0x100u /* less urgent than any */

#define SRE_EL1_VALUE 0x7 /* system registers, no bypass */

#define CNTV_CTL_ENABLE 1u
#define CNTV_CTL_MASK   2u
#define CNTV_CTL_FIRED  4u

#define TIMER_BIT ((uint32_t)BIT(VGIC_TIMER))

bool vgic_is_possible(void)
{
    uint64_t vtr = register_read(ICH_VTR_EL2);

    return VTR_LIST_REGISTERS(vtr) >= LIST_REGISTERS && VTR_PREEMPTION_BITS(vtr) == PREEMPTION_BITS;
}

/* --- List registers --------------------------------------------------------------------------- */

static uint64_t list_read(unsigned int index)
{
    switch (index) {
    case 0:
        return register_read(ICH_LR0_EL2);
    case 1:
        return register_read(ICH_LR1_EL2);
    case 2:
        return register_read(ICH_LR2_EL2);
    default:
        return register_read(ICH_LR3_EL2);
    }
}

static void list_write(unsigned int index, uint64_t value)
{
    switch (index) {
    case 0:
        register_write(ICH_LR0_EL2, value);
        break;
    case 1:
        register_write(ICH_LR1_EL2, value);
        break;
    case 2:
        register_write(ICH_LR2_EL2, value);
        break;
    default:
        register_write(ICH_LR3_EL2, value);
        break;
    }
}

void vgic_init_cpu(void)
{
    register_write(ICH_HCR_EL2, 0);
    for (unsigned int i = 0; i < LIST_REGISTERS; i++) {
        list_write(i, 0);
    }
}

/* --- With the lock held ----------------------------------------------------------------------- */

/* The smaller, the more urgent. What is active was so already when its equals came. */
static unsigned int rank(const struct vgic *vgic, unsigned int interrupt)
{
    return 2u * vgic->priority[interrupt] + ((vgic->active >> interrupt & 1) == 0 ? 1 : 0);
}

/* The most urgent one of a set that is not empty. */
static unsigned int most_urgent(const struct vgic *vgic, uint32_t set)
{
    unsigned int best = (unsigned int)__builtin_ctz(set);

    for (uint32_t left = set; left != 0; left &= left - 1) {
        unsigned int next = (unsigned int)__builtin_ctz(left);

        if (rank(vgic, next) < rank(vgic, best)) {
            best = next;
        }
    }
    return best;
}

/* What the distributor lets through, whether or not it pends. */
static uint32_t forwarded(const struct vcpu *vcpu)
{
    bool is_on = __atomic_load_n(&vcpu->vm->distributor.is_on, __ATOMIC_RELAXED);

    return is_on ? vcpu->vgic.enabled : 0;
}

/* The timer's line: of the loaded vCPU, and of one that is not. */
static bool loaded_timer_fires(void)
{
    uint64_t control = register_read(cntv_ctl_el0);

    return (control & (CNTV_CTL_ENABLE | CNTV_CTL_MASK | CNTV_CTL_FIRED)) ==
           (CNTV_CTL_ENABLE | CNTV_CTL_FIRED);
}

static bool timer_counts(const struct vcpu *vcpu)
{
    return (vcpu->el1.cntv_ctl_el0 & (CNTV_CTL_ENABLE | CNTV_CTL_MASK)) == CNTV_CTL_ENABLE;
}

static void hold_timer(struct vgic *vgic, bool hold)
{
    if (vgic->holds_timer != hold) {
        vgic->holds_timer = hold;
        gic_set_active(VGIC_TIMER, hold);
    }
}

/* A guest ends its handlers from the inside to the outside: first what is the most urgent. */
static void end_innermost(struct vgic *vgic)
{
    if (vgic->active != 0) {
        vgic->active &= ~(uint32_t)BIT(most_urgent(vgic, vgic->active));
    }
}

static void fold(struct vgic *vgic)
{
    /* What was not found in a list register is here, and was active before what is there. */
    for (uint64_t ends = bits(register_read(ICH_HCR_EL2), HCR_ENDS); ends > 0; ends--) {
        end_innermost(vgic);
    }
    for (unsigned int i = 0; i < LIST_REGISTERS; i++) {
        uint64_t list = list_read(i);
        uint32_t bit = (uint32_t)BIT(list % VGIC_INTERRUPTS);

        if ((list & LR_PENDING) != 0) {
            vgic->pending |= bit;
        }
        if ((list & LR_ACTIVE) != 0) {
            vgic->active |= bit;
        }
        if ((list & (LR_HARDWARE | LR_PENDING | LR_ACTIVE)) == LR_HARDWARE) {
            vgic->holds_timer = false; /* the guest has ended it, and by that the physical one */
        }
        list_write(i, 0);
    }
}

/* The timer pends while its line is high, and holds the physical interrupt until the guest ends it.
 */
static void settle_timer(struct vgic *vgic)
{
    if ((vgic->active & TIMER_BIT) != 0 || !loaded_timer_fires()) {
        vgic->pending &= ~TIMER_BIT;
    }
    hold_timer(vgic, ((vgic->pending | vgic->active) & TIMER_BIT) != 0);
}

/* Moves one interrupt from the sets to a list register. */
static uint64_t take(struct vgic *vgic, unsigned int interrupt)
{
    uint32_t bit = (uint32_t)BIT(interrupt);
    uint64_t list = interrupt | (uint64_t)vgic->priority[interrupt] << LR_PRIORITY | LR_GROUP1;

    list |= (vgic->pending & bit) != 0 ? LR_PENDING : 0;
    list |= (vgic->active & bit) != 0 ? LR_ACTIVE : 0;
    if (interrupt == VGIC_TIMER) {
        list |= LR_HARDWARE | (uint64_t)VGIC_TIMER << LR_PHYSICAL;
    }
    vgic->pending &= ~bit;
    vgic->active &= ~bit;
    return list;
}

static void fill(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;
    uint32_t passing = forwarded(vcpu);
    uint32_t left;
    unsigned int index = 0;

    settle_timer(vgic);
    left = vgic->active | (vgic->pending & passing);
    while (index < LIST_REGISTERS && left != 0) {
        list_write(index++, take(vgic, most_urgent(vgic, left)));
        left = vgic->active | (vgic->pending & passing);
    }
    vgic->is_changed = false;
    register_write(ICH_HCR_EL2, HCR_ENABLE | (left != 0 ? HCR_UNDERFLOW | HCR_NOT_FOUND : 0));
}

/* The priority that an interrupt must beat: that of the innermost active one, or the mask. */
static unsigned int threshold(const struct vgic *vgic)
{
    unsigned int mask = (unsigned int)bits(vgic->vmcr, VMCR_MASK, 8);
    unsigned int running = PRIORITY_IDLE;

    if (vgic->ap1r != 0) {
        running = (unsigned int)__builtin_ctzll(vgic->ap1r) << PRIORITY_SHIFT;
    }
    return mask < running ? mask : running;
}

/* What would be signalled to the vCPU if it pended, but for its priority. */
static uint32_t signalled(const struct vcpu *vcpu)
{
    bool is_on = (vcpu->vgic.vmcr & VMCR_GROUP1) != 0;

    return is_on ? forwarded(vcpu) & ~vcpu->vgic.active : 0;
}

/* --- Loading and saving ----------------------------------------------------------------------- */

void vgic_reset_interface(struct vgic *vgic)
{
    lock_take(&vgic->lock);
    vgic->active = 0;
    lock_drop(&vgic->lock);
    vgic->vmcr = 0;
    vgic->ap1r = 0;
}

void vgic_reset(struct vm *vm)
{
    __atomic_store_n(&vm->distributor.is_on, false, __ATOMIC_RELAXED);
    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        struct vgic *vgic = &vm->vcpus[i].vgic;

        *vgic = (struct vgic){.sleeps = true};
        for (unsigned int interrupt = 0; interrupt < VGIC_INTERRUPTS; interrupt++) {
            vgic->priority[interrupt] = PRIORITY_RESET;
        }
    }
}

void vgic_load(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;

    register_write(ICC_SRE_EL1, SRE_EL1_VALUE);
    register_write(ICH_VMCR_EL2, vgic->vmcr);
    register_write(ICH_AP1R0_EL2, vgic->ap1r);
    lock_take(&vgic->lock);
    fill(vcpu);
    lock_drop(&vgic->lock);
}

void vgic_save(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;

    lock_take(&vgic->lock);
    fold(vgic);
    /* The line says the same again, when the vCPU is loaded next. */
    vgic->pending &= ~TIMER_BIT;
    hold_timer(vgic, false);
    lock_drop(&vgic->lock);
    register_write(ICH_HCR_EL2, 0);
    vgic->vmcr = register_read(ICH_VMCR_EL2);
    vgic->ap1r = register_read(ICH_AP1R0_EL2);
}

/* --- Changes ---------------------------------------------------------------------------------- */

void vgic_refill(struct vcpu *vcpu)
{
    lock_take(&vcpu->vgic.lock);
    fold(&vcpu->vgic);
    fill(vcpu);
    lock_drop(&vcpu->vgic.lock);
}

void vgic_sync(struct vcpu *vcpu)
{
    if (__atomic_load_n(&vcpu->vgic.is_changed, __ATOMIC_RELAXED)) {
        vgic_refill(vcpu);
    }
}

void vgic_raise(struct vcpu *vcpu, unsigned int interrupt)
{
    struct vgic *vgic = &vcpu->vgic;

    lock_take(&vgic->lock);
    vgic->pending |= (uint32_t)BIT(interrupt);
    vgic->is_changed = true;
    lock_drop(&vgic->lock);
    scheduler_interrupt(vcpu);
}

void vgic_timer_fired(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;

    lock_take(&vgic->lock);
    fold(vgic);
    vgic->holds_timer = true;
    vgic->pending |= TIMER_BIT;
    fill(vcpu);
    lock_drop(&vgic->lock);
}

static bool is_loaded_here(const struct vgic *vgic)
{
    const struct vcpu *loaded = cpu_self()->loaded;

    return loaded != NULL && &loaded->vgic == vgic;
}

void vgic_open(struct vgic *vgic)
{
    lock_take(&vgic->lock);
    if (is_loaded_here(vgic)) {
        fold(vgic);
    }
}

void vgic_close(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;

    if (is_loaded_here(vgic)) {
        fill(vcpu);
        lock_drop(&vgic->lock);
        return;
    }
    vgic->is_changed = true;
    lock_drop(&vgic->lock);
    scheduler_interrupt(vcpu);
}

/* --- Of a vCPU that is not loaded ------------------------------------------------------------- */

bool vgic_is_interrupted(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;
    uint32_t pending;
    bool interrupted;

    lock_take(&vgic->lock);
    pending = vgic->pending & ~TIMER_BIT;
    if (timer_counts(vcpu) && timer_ticks() >= vcpu->el1.cntv_cval_el0) {
        pending |= TIMER_BIT;
    }
    pending &= signalled(vcpu);
    interrupted = pending != 0 && vgic->priority[most_urgent(vgic, pending)] < threshold(vgic);
    lock_drop(&vgic->lock);
    return interrupted;
}

uint64_t vgic_deadline(struct vcpu *vcpu)
{
    uint64_t deadline = TIMER_NEVER;

    lock_take(&vcpu->vgic.lock);
    if (timer_counts(vcpu) && (signalled(vcpu) & TIMER_BIT) != 0 &&
        vcpu->vgic.priority[VGIC_TIMER] < threshold(&vcpu->vgic)) {
        deadline = vcpu->el1.cntv_cval_el0;
    }
    lock_drop(&vcpu->vgic.lock);
    return deadline;
}
