/* SPDX-License-Identifier: BSD-3-Clause */
#include "vgic_lists.h"
#include "cpu.h"
#include "gicv3.h"
#include "registers.h"
#include "vgic_spi.h"
#include "vm.h"

#define LIST_REGISTERS 4u /* that are used, of those that a CPU has */

#define LR_INTERRUPT 0, 10
#define LR_PHYSICAL  32 /* the interrupt that the guest's end of it deactivates, if LR_HARDWARE */
#define LR_TELL_END  BIT(41) /* by GIC_PPI_MAINTENANCE, if not LR_HARDWARE */
#define LR_PRIORITY  48
#define LR_GROUP1    BIT(60)
#define LR_HARDWARE  BIT(61)
#define LR_PENDING   BIT(62)
#define LR_ACTIVE    BIT(63)

#define HCR_ENABLE BIT(0)
/* GIC_PPI_MAINTENANCE when at most one list register is in use, or an end is not found in any. */
#define HCR_UNDERFLOW BIT(1)
#define HCR_NOT_FOUND BIT(2)
/* The same when none in a list register pends. */
#define HCR_NONE_PENDING BIT(3)
#define HCR_ENDS         27, 5 /* how many were not found */
#define HCR_TRAP_DIR     BIT(14)

/* 5 bits of priority, all of which preempt: one active priorities register. */
#define VTR_LIST_REGISTERS(vtr)  (bits(vtr, 0, 5) + 1)
#define VTR_PREEMPTION_BITS(vtr) (bits(vtr, 26, 3) + 1)
#define PREEMPTION_BITS          5u
#define VTR_CAN_TRAP_DIR(vtr)    (bits(vtr, 19, 1) != 0)

#define CNTV_CTL_ENABLE 1u
#define CNTV_CTL_MASK   2u
#define CNTV_CTL_FIRED  4u

bool vgic_is_possible(void)
{
    uint64_t vtr = register_read(ICH_VTR_EL2);

    return VTR_LIST_REGISTERS(vtr) >= LIST_REGISTERS &&
           VTR_PREEMPTION_BITS(vtr) == PREEMPTION_BITS && VTR_CAN_TRAP_DIR(vtr);
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

/* --- Sets ------------------------------------------------------------------------------------- */

/* That are not in a list register. */
static uint64_t active_ones(const struct vcpu *vcpu)
{
    return vcpu->vgic.active | VGIC_SET_OF_SPIS(vgic_spis_active(vcpu));
}

unsigned int vgic_priority(const struct vcpu *vcpu, unsigned int interrupt)
{
    return interrupt < VGIC_SPI ? vcpu->vgic.priority[interrupt]
                                : vcpu->vm->distributor.priority[interrupt - VGIC_SPI];
}

/* The smaller, the more urgent. What is active was so already when its equals came. */
static unsigned int rank(const struct vcpu *vcpu, unsigned int interrupt)
{
    bool is_active = (active_ones(vcpu) >> interrupt & 1) != 0;

    return 2u * vgic_priority(vcpu, interrupt) + (is_active ? 0 : 1);
}

unsigned int vgic_most_urgent(const struct vcpu *vcpu, uint64_t set)
{
    unsigned int best = (unsigned int)__builtin_ctzll(set);

    for (uint64_t left = set; left != 0; left &= left - 1) {
        unsigned int next = (unsigned int)__builtin_ctzll(left);

        if (rank(vcpu, next) < rank(vcpu, best)) {
            best = next;
        }
    }
    return best;
}

uint32_t vgic_forwarded(const struct vcpu *vcpu)
{
    bool is_on = __atomic_load_n(&vcpu->vm->distributor.is_on, __ATOMIC_RELAXED);

    return is_on ? vcpu->vgic.enabled : 0;
}

/* The loaded vCPU ends interrupts by EOIR and then DIR. The latter traps. */
static bool ends_in_two_steps(void)
{
    return (register_read(ICH_VMCR_EL2) & VGIC_VMCR_EOI_DROPS) != 0;
}

/* What is for the list registers: active ones only if they are ended there. */
static uint64_t left_over(const struct vcpu *vcpu)
{
    uint64_t waiting =
        (vcpu->vgic.pending & vgic_forwarded(vcpu)) | VGIC_SET_OF_SPIS(vgic_spis_waiting(vcpu));
    uint64_t active = active_ones(vcpu);

    return ends_in_two_steps() ? waiting & ~active : waiting | active;
}

/* What tells that there is room for the rest. */
static uint64_t room_interrupt(void)
{
    return ends_in_two_steps() ? HCR_NONE_PENDING : HCR_UNDERFLOW | HCR_NOT_FOUND;
}

/* --- The timer -------------------------------------------------------------------------------- */

static bool loaded_timer_fires(void)
{
    uint64_t control = register_read(cntv_ctl_el0);

    return (control & (CNTV_CTL_ENABLE | CNTV_CTL_MASK | CNTV_CTL_FIRED)) ==
           (CNTV_CTL_ENABLE | CNTV_CTL_FIRED);
}

void vgic_hold_timer(struct vgic *vgic, bool hold)
{
    if (vgic->holds_timer != hold) {
        vgic->holds_timer = hold;
        gic_set_active(VGIC_TIMER, hold);
    }
}

/* The timer pends while its line is high, and holds the physical interrupt until the guest ends it.
 */
static void settle_timer(struct vgic *vgic)
{
    if ((vgic->active & VGIC_TIMER_BIT) != 0 || !loaded_timer_fires()) {
        vgic->pending &= ~VGIC_TIMER_BIT;
    }
    vgic_hold_timer(vgic, ((vgic->pending | vgic->active) & VGIC_TIMER_BIT) != 0);
}

/* --- Out, and in ------------------------------------------------------------------------------ */

/* A guest ends its handlers from the inside to the outside: first what is the most urgent. */
static void end_innermost(struct vcpu *vcpu)
{
    uint64_t active = active_ones(vcpu);
    unsigned int interrupt;

    if (active == 0 || ends_in_two_steps()) {
        return;
    }
    interrupt = vgic_most_urgent(vcpu, active);
    if (interrupt < VGIC_SPI) {
        vcpu->vgic.active &= ~(uint32_t)BIT(interrupt);
    } else {
        vgic_spis_end(vcpu->vm, VGIC_SPI_BIT(interrupt));
    }
}

static void unlist(struct vgic *vgic, uint64_t list)
{
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
}

void vgic_fold(struct vcpu *vcpu)
{
    /* What was not found in a list register is here, and was active before what is there. */
    for (uint64_t ends = bits(register_read(ICH_HCR_EL2), HCR_ENDS); ends > 0; ends--) {
        end_innermost(vcpu);
    }
    for (unsigned int i = 0; i < LIST_REGISTERS; i++) {
        uint64_t list = list_read(i);
        unsigned int interrupt = (unsigned int)bits(list, LR_INTERRUPT);

        if (interrupt < VGIC_SPI) {
            unlist(&vcpu->vgic, list);
        } else {
            struct vgic_listed listed = {(list & LR_PENDING) != 0, (list & LR_ACTIVE) != 0};

            vgic_spi_unlist(vcpu, VGIC_SPI_BIT(interrupt), listed);
        }
        list_write(i, 0);
    }
}

/* Moves one interrupt from the sets to a list register. */
static uint64_t list_private(struct vgic *vgic, unsigned int interrupt, uint32_t passing)
{
    uint32_t bit = (uint32_t)BIT(interrupt);
    uint64_t list = (vgic->active & bit) != 0 ? LR_ACTIVE : 0;

    list |= (vgic->pending & passing & bit) != 0 ? LR_PENDING : 0;
    if (interrupt == VGIC_TIMER) {
        list |= LR_HARDWARE | (uint64_t)VGIC_TIMER << LR_PHYSICAL;
    }
    vgic->pending &= ~(passing & bit);
    vgic->active &= ~bit;
    return list;
}

static uint64_t list_spi(struct vcpu *vcpu, unsigned int interrupt)
{
    struct vgic_listed listed = vgic_spi_list(vcpu, VGIC_SPI_BIT(interrupt));

    return LR_TELL_END | (listed.pending ? LR_PENDING : 0) | (listed.active ? LR_ACTIVE : 0);
}

static uint64_t take(struct vcpu *vcpu, unsigned int interrupt)
{
    uint64_t list = interrupt < VGIC_SPI
                        ? list_private(&vcpu->vgic, interrupt, vgic_forwarded(vcpu))
                        : list_spi(vcpu, interrupt);

    return list | interrupt | (uint64_t)vgic_priority(vcpu, interrupt) << LR_PRIORITY | LR_GROUP1;
}

void vgic_fill(struct vcpu *vcpu)
{
    struct vgic *vgic = &vcpu->vgic;
    uint64_t left;
    unsigned int index = 0;

    __atomic_store_n(&vgic->is_stale, false, __ATOMIC_RELAXED);
    settle_timer(vgic);
    left = left_over(vcpu);
    while (index < LIST_REGISTERS && left != 0) {
        list_write(index++, take(vcpu, vgic_most_urgent(vcpu, left)));
        left = left_over(vcpu);
    }
    register_write(ICH_HCR_EL2, HCR_ENABLE | HCR_TRAP_DIR | (left != 0 ? room_interrupt() : 0));
}
