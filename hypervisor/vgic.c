/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of vCPUs. The state of SGIs and PPIs lives in `struct vgic`, that of SPIs in `struct
 * vgic_distributor`; while the vCPU is loaded, the most urgent part of it is in the list registers,
 * from which the CPU interrupts the guest by itself. vgic_lists.c
 * moves it.
 *
 * The lock of a vCPU's vgic is taken with the scheduler's lock held, never the other way round, and
 * the distributor's with that of one vgic held.
 */
#include "vgic.h"
#include "cpu.h"
#include "gicv3.h"
#include "registers.h"
#include "scheduler.h"
#include "timer.h"
#include "vgic_lists.h"
#include "vgic_spi.h"
#include "vm.h"
#include "vms.h"
#include "work.h"

#define VMCR_GROUP1 BIT(1) /* enabled at the CPU interface */
#define VMCR_MASK   24

#define PRIORITY_SHIFT 3u

#define PRIORITY_RESET 0xa0
#define PRIORITY_IDLE  0x100u /* less urgent than any */

#define SRE_EL1_VALUE 0x7 /* system registers, no bypass */

#define CNTV_CTL_ENABLE 1u
#define CNTV_CTL_MASK   2u

static void take_locks(struct vcpu *vcpu)
{
    lock_take(&vcpu->vgic.lock);
    lock_take(&vcpu->vm->distributor.lock);
}

/*
 * An SPI that has come back, and that another vCPU should take, is told to that one when no lock is
 * held any more: the scheduler's may be, here. A kick takes care that this CPU comes by.
 */
static void drop_locks(struct vcpu *vcpu)
{
    bool moved = vcpu->vm->distributor.moved != 0;

    lock_drop(&vcpu->vm->distributor.lock);
    lock_drop(&vcpu->vgic.lock);
    if (moved) {
        work_add(WORK_INTERRUPTS);
        gic_kick(cpu_self()->index);
    }
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
    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        struct vgic *vgic = &vm->vcpus[i].vgic;

        *vgic = (struct vgic){.sleeps = true};
        for (unsigned int interrupt = 0; interrupt < VGIC_INTERRUPTS; interrupt++) {
            vgic->priority[interrupt] = PRIORITY_RESET;
        }
    }
    vgic_spis_reset(vm);
}

void vgic_load(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;

    register_write(ICC_SRE_EL1, SRE_EL1_VALUE);
    register_write(ICH_VMCR_EL2, vgic->vmcr);
    register_write(ICH_AP1R0_EL2, vgic->ap1r);
    __atomic_store_n(&vgic->is_changed, false, __ATOMIC_RELAXED);
    take_locks(vcpu);
    vgic->is_loaded = true;
    vgic_fill(vcpu);
    drop_locks(vcpu);
}

void vgic_save(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;

    take_locks(vcpu);
    vgic_fold(vcpu);
    /* The line says the same again, when the vCPU is loaded next. */
    vgic->pending &= ~VGIC_TIMER_BIT;
    vgic_hold_timer(vgic, false);
    vgic->is_loaded = false;
    __atomic_store_n(&vgic->is_stale, false, __ATOMIC_RELAXED);
    drop_locks(vcpu);
    register_write(ICH_HCR_EL2, 0);
    vgic->vmcr = register_read(ICH_VMCR_EL2);
    vgic->ap1r = register_read(ICH_AP1R0_EL2);
}

/* --- Changes ---------------------------------------------------------------------------------- */

/* What is changed from here on is told anew. */
void vgic_refill(struct vcpu *vcpu)
{
    __atomic_store_n(&vcpu->vgic.is_changed, false, __ATOMIC_RELAXED);
    take_locks(vcpu);
    vgic_fold(vcpu);
    vgic_fill(vcpu);
    drop_locks(vcpu);
}

void vgic_sync(struct vcpu *vcpu)
{
    if (__atomic_load_n(&vcpu->vgic.is_changed, __ATOMIC_RELAXED)) {
        vgic_refill(vcpu);
    }
}

static void mark_changed(struct vcpu *vcpu)
{
    __atomic_store_n(&vcpu->vgic.is_changed, true, __ATOMIC_RELEASE);
}

void vgic_raise(struct vcpu *vcpu, unsigned int interrupt)
{
    struct vgic *vgic = &vcpu->vgic;

    lock_take(&vgic->lock);
    vgic->pending |= (uint32_t)BIT(interrupt);
    lock_drop(&vgic->lock);
    mark_changed(vcpu);
    scheduler_interrupt(vcpu);
}

void vgic_tell(struct vm *vm, uint32_t vcpus)
{
    for (uint32_t left = vcpus; left != 0; left &= left - 1) {
        struct vcpu *vcpu = &vm->vcpus[__builtin_ctz(left)];

        mark_changed(vcpu);
        scheduler_interrupt(vcpu);
    }
}

static void tell_moved_of(struct vm *vm)
{
    struct vgic_distributor *distributor = &vm->distributor;
    uint32_t vcpus;

    lock_take(&distributor->lock);
    vcpus = vgic_spis_concern(vm, distributor->moved);
    distributor->moved = 0;
    lock_drop(&distributor->lock);
    vgic_tell(vm, vcpus);
}

void vgic_tell_moved(void)
{
    for (size_t i = 0; i < table.cast_count; i++) {
        tell_moved_of(vm_at(i));
    }
}

void vgic_set_line(struct vm *vm, unsigned int interrupt, bool high)
{
    struct vgic_distributor *distributor = &vm->distributor;
    uint32_t bit = VGIC_SPI_BIT(interrupt);
    uint32_t vcpus = 0;

    lock_take(&distributor->lock);
    if (((distributor->lines & bit) != 0) != high) {
        distributor->lines ^= bit;
        distributor->latched |= high ? distributor->edges & bit : 0;
        vcpus = vgic_spis_concern(vm, bit);
    }
    lock_drop(&distributor->lock);
    vgic_tell(vm, vcpus);
}

void vgic_timer_fired(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;

    take_locks(vcpu);
    vgic_fold(vcpu);
    vgic->holds_timer = true;
    vgic->pending |= VGIC_TIMER_BIT;
    vgic_fill(vcpu);
    drop_locks(vcpu);
}

static bool is_loaded_here(const struct vcpu *vcpu)
{
    return cpu_self()->loaded == vcpu;
}

void vgic_open(struct vcpu *vcpu)
{
    take_locks(vcpu);
    if (is_loaded_here(vcpu)) {
        vgic_fold(vcpu);
    }
}

void vgic_close(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;

    if (is_loaded_here(vcpu)) {
        vgic_fill(vcpu);
        drop_locks(vcpu);
        return;
    }
    __atomic_store_n(&vgic->is_stale, vgic->is_loaded, __ATOMIC_RELAXED);
    drop_locks(vcpu);
    mark_changed(vcpu);
    scheduler_interrupt(vcpu);
}

/* EOIR ends what is innermost, and can be left to the hardware; this may end any, in any order. */
void vgic_deactivate(struct vcpu *vcpu, unsigned int interrupt)
{
    uint32_t vcpus = 0;

    if ((register_read(ICH_VMCR_EL2) & VGIC_VMCR_EOI_DROPS) == 0) {
        return;
    }
    vgic_open(vcpu);
    if (interrupt < VGIC_SPI) {
        vcpu->vgic.active &= ~(uint32_t)BIT(interrupt);
    } else if (interrupt < VGIC_SPI + VGIC_SPIS) {
        vgic_spis_end(vcpu->vm, VGIC_SPI_BIT(interrupt));
        vcpus = vgic_spis_concern(vcpu->vm, VGIC_SPI_BIT(interrupt));
    }
    vgic_close(vcpu);
    vgic_tell(vcpu->vm, vcpus & ~(uint32_t)BIT(vcpu->index));
}

bool vgic_is_stale(const struct vcpu *vcpu)
{
    return __atomic_load_n(&vcpu->vgic.is_stale, __ATOMIC_RELAXED);
}

/* --- Of a vCPU that is not loaded ------------------------------------------------------------- */

static bool timer_counts(const struct vcpu *vcpu)
{
    return (vcpu->el1.cntv_ctl_el0 & (CNTV_CTL_ENABLE | CNTV_CTL_MASK)) == CNTV_CTL_ENABLE;
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

    return is_on ? vgic_forwarded(vcpu) & ~vcpu->vgic.active : 0;
}

/* The set of what pends and would be signalled, but for its priority. */
static uint64_t candidates(const struct vcpu *vcpu)
{
    uint32_t pending = vcpu->vgic.pending & ~VGIC_TIMER_BIT;

    if ((vcpu->vgic.vmcr & VMCR_GROUP1) == 0) {
        return 0;
    }
    if (timer_counts(vcpu) && timer_ticks() >= vcpu->el1.cntv_cval_el0) {
        pending |= VGIC_TIMER_BIT;
    }
    return (pending & signalled(vcpu)) | VGIC_SET_OF_SPIS(vgic_spis_waiting(vcpu));
}

bool vgic_is_interrupted(struct vcpu *vcpu)
{
    uint64_t pending;
    bool interrupted;

    take_locks(vcpu);
    pending = candidates(vcpu);
    interrupted = pending != 0 &&
                  vgic_priority(vcpu, vgic_most_urgent(vcpu, pending)) < threshold(&vcpu->vgic);
    drop_locks(vcpu);
    return interrupted;
}

uint64_t vgic_deadline(struct vcpu *vcpu)
{
    uint64_t deadline = TIMER_NEVER;

    lock_take(&vcpu->vgic.lock);
    if (timer_counts(vcpu) && (signalled(vcpu) & VGIC_TIMER_BIT) != 0 &&
        vcpu->vgic.priority[VGIC_TIMER] < threshold(&vcpu->vgic)) {
        deadline = vcpu->el1.cntv_cval_el0;
    }
    lock_drop(&vcpu->vgic.lock);
    return deadline;
}
