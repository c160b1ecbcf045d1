/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An SPI that is in a list register cannot be seen by other vCPUs, and not be changed by them. What
 * they want of it is noted, its owner is told to take it out again, and then it is done. Until then
 * the owner may still acknowledge it, as it might have done before. Only for what is disabled does
 * the architecture say when this is over: GICD_CTLR.RWP. Who wants to know whether it pends or is
 * active repeats the load until the owner has had it out.
 */
#include "vgic_spi.h"
#include "registers.h"
#include "vm.h"

#define PRIORITY_RESET 0xa0

void vgic_spis_reset(struct vm *vm)
{
    struct vgic_distributor *distributor = &vm->distributor;

    lock_take(&distributor->lock);
    *distributor = (struct vgic_distributor){.lock = {.taken = true}};
    for (unsigned int spi = 0; spi < VGIC_SPIS; spi++) {
        distributor->priority[spi] = PRIORITY_RESET;
    }
    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        vm->vcpus[i].vgic.owns = 0;
        vm->vcpus[i].vgic.gets = i == 0 ? UINT32_MAX : 0;
    }
    lock_drop(&distributor->lock);
}

uint32_t vgic_spis_pending(const struct vgic_distributor *distributor)
{
    return distributor->latched | (distributor->lines & ~distributor->edges);
}

/* That pend and are let through, whoever gets them. */
static uint32_t deliverable(const struct vgic_distributor *distributor)
{
    bool is_on = __atomic_load_n(&distributor->is_on, __ATOMIC_RELAXED);

    return is_on ? vgic_spis_pending(distributor) & distributor->enabled : 0;
}

uint32_t vgic_spis_waiting(const struct vcpu *vcpu)
{
    const struct vgic_distributor *distributor = &vcpu->vm->distributor;

    return deliverable(distributor) & vcpu->vgic.gets & ~distributor->active & ~distributor->owned;
}

uint32_t vgic_spis_active(const struct vcpu *vcpu)
{
    return vcpu->vm->distributor.active & vcpu->vgic.owns;
}

/*
 * A level that is active pends again when it is ended and the line is still high, which only then
 * is looked at: the handler makes the line go low.
 */
struct vgic_listed vgic_spi_list(struct vcpu *vcpu, uint32_t bit)
{
    struct vgic_distributor *distributor = &vcpu->vm->distributor;
    struct vgic_listed listed = {.active = (distributor->active & bit) != 0};

    listed.pending = (deliverable(distributor) & vcpu->vgic.gets & bit) != 0 &&
                     (!listed.active || (distributor->edges & bit) != 0);
    distributor->active &= ~bit;
    distributor->listed_active |= listed.active ? bit : 0;
    if (listed.pending) {
        distributor->lent |= distributor->latched & bit;
        distributor->latched &= ~bit;
    }
    distributor->listed |= bit;
    distributor->owned |= bit;
    vcpu->vgic.owns |= bit;
    return listed;
}

static void disown(struct vcpu *vcpu, uint32_t spis)
{
    vcpu->vgic.owns &= ~spis;
    vcpu->vm->distributor.owned &= ~spis;
}

uint32_t vgic_spis_concern(const struct vm *vm, uint32_t spis)
{
    uint32_t nobodys = ~vm->distributor.owned;
    uint32_t vcpus = 0;

    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        const struct vgic *vgic = &vm->vcpus[i].vgic;

        if ((spis & (vgic->owns | (vgic->gets & nobodys))) != 0) {
            vcpus |= (uint32_t)BIT(i);
        }
    }
    return vcpus;
}

static void answer(struct vm *vm, uint32_t bit)
{
    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        vm->vcpus[i].vgic.asks &= ~bit;
    }
}

bool vgic_spis_are_known(struct vcpu *vcpu, uint32_t *to_tell)
{
    struct vgic *vgic = &vcpu->vgic;

    *to_tell = 0;
    if (!vgic->is_asking || vgic->asks_at != vcpu->pc) {
        vgic->asks_at = vcpu->pc;
        vgic->asks = vcpu->vm->distributor.listed;
        *to_tell = vgic_spis_concern(vcpu->vm, vgic->asks);
    }
    vgic->is_asking = vgic->asks != 0;
    return !vgic->is_asking;
}

void vgic_spi_unlist(struct vcpu *vcpu, uint32_t bit, struct vgic_listed listed)
{
    struct vgic_distributor *distributor = &vcpu->vm->distributor;

    if (listed.pending) {
        distributor->latched |= bit & distributor->lent & ~distributor->unlatched;
    }
    if (listed.active) {
        distributor->active |= bit & ~distributor->deactivated;
    }
    answer(vcpu->vm, bit);
    distributor->listed &= ~bit;
    distributor->lent &= ~bit;
    distributor->listed_active &= ~bit;
    distributor->unlatched &= ~bit;
    distributor->deactivated &= ~bit;
    distributor->recalled &= ~bit;
    if ((distributor->active & bit) == 0) {
        disown(vcpu, bit);
        distributor->moved |= deliverable(distributor) & ~vcpu->vgic.gets & bit;
    }
}

void vgic_spis_end(struct vm *vm, uint32_t spis)
{
    struct vgic_distributor *distributor = &vm->distributor;

    distributor->active &= ~spis;
    distributor->deactivated |= spis & distributor->listed;
    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        disown(&vm->vcpus[i], spis & ~distributor->listed);
    }
}

void vgic_spi_route(struct vm *vm, unsigned int spi, uint64_t affinity)
{
    vm->distributor.route[spi] = affinity;
    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        struct vgic *vgic = &vm->vcpus[i].vgic;

        vgic->gets &= ~(uint32_t)BIT(spi);
        vgic->gets |= affinity == i ? (uint32_t)BIT(spi) : 0;
    }
}
