/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames of the VM's GICv3, and the registers that send SGIs. What is not named here reads as
 * zero and ignores writes, as the architecture has it for what is not implemented. So do, in the
 * redistributors, the registers of LPIs.
 */
#include "vgic_access.h"
#include "machine.h"
#include "mmio.h"
#include "registers.h"
#include "vgic_distributor.h"
#include "vgic_frames.h"
#include "vm.h"

#define FRAME_BYTES 0x10000u

#define GICR_CTLR       0x0000u
#define GICR_IIDR       0x0004u
#define GICR_TYPER      0x0008u
#define GICR_TYPER_HIGH 0x000cu
#define GICR_WAKER      0x0014u
#define GICR_SETLPIR    0x0040u
#define GICR_PENDBASER  0x0078u
#define GICR_INVLPIR    0x00a0u
#define GICR_INVALLR    0x00b0u
#define CTLR_PENDING    0x8u
#define TYPER_LAST      0x10u
#define TYPER_NUMBER    8
#define WAKER_SLEEP     0x2u
#define WAKER_ASLEEP    0x4u

/* The SGI frame of a redistributor. All PPIs are levels, which GICR_ICFGR1 says with zero. */
#define GICR_IGROUPR0       0x0080u
#define GICR_ISENABLER0     0x0100u
#define GICR_ICENABLER0     0x0180u
#define GICR_ISPENDR0       0x0200u
#define GICR_ICPENDR0       0x0280u
#define GICR_ISACTIVER0     0x0300u
#define GICR_ICACTIVER0     0x0380u
#define GICR_IPRIORITYR_END (VGIC_IPRIORITYR + VGIC_INTERRUPTS)
#define GICR_ICFGR0         0x0c00u
#define ICFGR0_EDGES        0xaaaaaaaau

/* --- The redistributors ----------------------------------------------------------------------- */

static uint32_t redistributor_read(const struct vcpu *owner, unsigned int offset)
{
    bool is_last = owner->index + 1u == owner->vm->who->vcpus;

    switch (offset) {
    case GICR_CTLR:
        return vgic_is_stale(owner) ? CTLR_PENDING : 0;
    case GICR_IIDR:
        return VGIC_IIDR;
    case GICR_TYPER:
        return owner->index << TYPER_NUMBER | (is_last ? TYPER_LAST : 0);
    case GICR_TYPER_HIGH:
        return owner->index; /* the affinity, as in MPIDR */
    case GICR_WAKER:
        return owner->vgic.sleeps ? WAKER_SLEEP | WAKER_ASLEEP : 0;
    case VGIC_PIDR2:
        return VGIC_PIDR2_GICV3;
    default:
        return 0;
    }
}

static uint32_t sgi_frame_read(const struct vgic *vgic, unsigned int offset)
{
    if (offset >= VGIC_IPRIORITYR && offset < GICR_IPRIORITYR_END) {
        return vgic_priorities_read(vgic->priority, offset - VGIC_IPRIORITYR);
    }
    switch (offset) {
    case GICR_IGROUPR0:
        return UINT32_MAX;
    case GICR_ISENABLER0:
    case GICR_ICENABLER0:
        return vgic->enabled;
    case GICR_ISPENDR0:
    case GICR_ICPENDR0:
        return vgic->pending;
    case GICR_ISACTIVER0:
    case GICR_ICACTIVER0:
        return vgic->active;
    case GICR_ICFGR0:
        return ICFGR0_EDGES;
    case VGIC_PIDR2:
        return VGIC_PIDR2_GICV3;
    default:
        return 0;
    }
}

static void priorities_write(struct vgic *vgic, unsigned int first, const struct mmio *access)
{
    for (unsigned int i = 0; i < access->bytes; i++) {
        vgic->priority[first + i] = (uint8_t)(access->value >> (8 * i) & VGIC_PRIORITY_MASK);
    }
}

/* `reach`: the interrupts of which the writer can change whether they pend or are active. */
static void sgi_frame_write(struct vgic *vgic, unsigned int offset, uint32_t value, uint32_t reach)
{
    switch (offset) {
    case GICR_ISENABLER0:
        vgic->enabled |= value;
        break;
    case GICR_ICENABLER0:
        vgic->enabled &= ~value;
        break;
    case GICR_ISPENDR0:
        vgic->pending |= value & reach;
        break;
    case GICR_ICPENDR0:
        vgic->pending &= ~(value & reach);
        break;
    case GICR_ISACTIVER0:
        vgic->active |= value & reach;
        break;
    case GICR_ICACTIVER0:
        vgic->active &= ~(value & reach);
        break;
    default:
        break;
    }
}

static bool sgi_frame_is_possible(unsigned int offset, unsigned int bytes)
{
    return bytes == 4 || (bytes == 1 && offset >= VGIC_IPRIORITYR && offset < VGIC_IPRIORITYR_END);
}

/*
 * `vcpu` accesses the SGI frame of `owner`, mostly its own. What another one's list registers hold
 * is not seen; the timer's interrupt is bound to the CPU that its owner runs on.
 */
static bool sgi_frame_access(const struct vcpu *vcpu, struct vcpu *owner, unsigned int offset,
                             struct mmio *access)
{
    struct vgic *vgic = &owner->vgic;
    uint32_t reach = vcpu == owner ? UINT32_MAX : ~(uint32_t)BIT(VGIC_TIMER);

    if (!sgi_frame_is_possible(offset, access->bytes)) {
        return false;
    }
    vgic_open(owner);
    if (!access->is_write) {
        access->value = sgi_frame_read(vgic, offset);
    } else if (offset >= VGIC_IPRIORITYR && offset < GICR_IPRIORITYR_END) {
        priorities_write(vgic, offset - VGIC_IPRIORITYR, access);
    } else {
        sgi_frame_write(vgic, offset, (uint32_t)access->value, reach);
    }
    vgic_close(owner);
    return true;
}

static bool redistributor_is_possible(unsigned int offset, unsigned int bytes)
{
    return bytes == 4 || (bytes == 8 && (offset == GICR_TYPER ||
                                         (offset >= GICR_SETLPIR && offset <= GICR_PENDBASER) ||
                                         offset == GICR_INVLPIR || offset == GICR_INVALLR));
}

static bool redistributor_access(struct vcpu *owner, unsigned int offset, struct mmio *access)
{
    if (!redistributor_is_possible(offset, access->bytes)) {
        return false;
    }
    if (access->is_write) {
        if (offset == GICR_WAKER) {
            owner->vgic.sleeps = (access->value & WAKER_SLEEP) != 0;
        }
        return true;
    }
    access->value = redistributor_read(owner, offset);
    if (access->bytes == 8) {
        access->value |= (uint64_t)redistributor_read(owner, offset + 4) << 32;
    }
    return true;
}

bool vgic_access(struct vcpu *vcpu, struct mmio *access)
{
    struct vm *vm = vcpu->vm;
    uint64_t in_distributor = access->ipa - vm->devices.gicd_ipa;
    uint64_t in_redistributors = access->ipa - vm->devices.gicr_ipa;
    uint64_t index = in_redistributors / VM_GICR_STRIDE;
    unsigned int offset = (unsigned int)(access->ipa % FRAME_BYTES);

    if (access->ipa % access->bytes != 0) {
        return false;
    }
    if (in_distributor < FRAME_BYTES) {
        return vgic_distributor_access(vcpu, offset, access);
    }
    if (index >= vm->who->vcpus) {
        return false;
    }
    if (in_redistributors % VM_GICR_STRIDE < FRAME_BYTES) {
        return redistributor_access(&vm->vcpus[index], offset, access);
    }
    return sgi_frame_access(vcpu, &vm->vcpus[index], offset, access);
}

/* --- Registers of the CPU interface ----------------------------------------------------------- */

#define SGI_TARGETS    0, 16
#define SGI_AFFINITY_1 16, 8
#define SGI_INTERRUPT  24, 4
#define SGI_AFFINITY_2 32, 8
#define SGI_ALL_OTHERS BIT(40)
#define SGI_RANGE      44, 4
#define SGI_AFFINITY_3 48, 8

#define INTERRUPT 0, 24

#define ISS_IS_READ UINT64_C(1)
/* Both are op0 3, op1 0, CRn 12, CRm 11; ICC_DIR op2 1, ICC_SGI1R op2 5. */
#define ISS_REGISTER  UINT64_C(0x3ffc1e)
#define ISS_ICC_DIR   UINT64_C(0x323016)
#define ISS_ICC_SGI1R UINT64_C(0x3a3016)
/* In AArch32 there is no op0, and the latter is CRm 12 with opc1 0. */
#define ISS_REGISTER_32   UINT64_C(0x0ffc1e)
#define ISS_ICC_DIR_32    UINT64_C(0x023016)
#define ISS_REGISTER_PAIR UINT64_C(0x0f001e)
#define ISS_ICC_SGI1R_32  UINT64_C(0x000018)

static bool names_cluster_0(uint64_t value)
{
    return bits(value, SGI_AFFINITY_1) == 0 && bits(value, SGI_AFFINITY_2) == 0 &&
           bits(value, SGI_AFFINITY_3) == 0 && bits(value, SGI_RANGE) == 0;
}

static bool is_target(const struct vcpu *sender, const struct vcpu *target, uint64_t value)
{
    if ((value & SGI_ALL_OTHERS) != 0) {
        return target != sender;
    }
    return names_cluster_0(value) && (bits(value, SGI_TARGETS) >> target->index & 1) != 0;
}

static void send_sgi(const struct vcpu *sender, uint64_t value)
{
    struct vm *vm = sender->vm;

    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        if (is_target(sender, &vm->vcpus[i], value)) {
            vgic_raise(&vm->vcpus[i], (unsigned int)bits(value, SGI_INTERRUPT));
        }
    }
}

static uint64_t register_value(const struct vcpu *vcpu, unsigned int number)
{
    return number == 31 ? 0 : vcpu->x[number];
}

bool vgic_write(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t value = register_value(vcpu, (unsigned int)bits(esr, 5, 5));
    uint64_t which = esr & (ISS_REGISTER | ISS_IS_READ);

    if (which != ISS_ICC_SGI1R && which != ISS_ICC_DIR) {
        return false;
    }
    vcpu_skip_instruction(vcpu, esr);
    if (which == ISS_ICC_SGI1R) {
        send_sgi(vcpu, value);
    } else {
        vgic_deactivate(vcpu, (unsigned int)bits(value, INTERRUPT));
    }
    return true;
}

bool vgic_write32(struct vcpu *vcpu, uint64_t esr)
{
    if ((esr & (ISS_REGISTER_32 | ISS_IS_READ)) != ISS_ICC_DIR_32) {
        return false;
    }
    vcpu_skip_instruction(vcpu, esr);
    vgic_deactivate(vcpu, (unsigned int)bits(vcpu->x[bits(esr, 5, 5)], INTERRUPT));
    return true;
}

bool vgic_write32_pair(struct vcpu *vcpu, uint64_t esr)
{
    uint32_t low = (uint32_t)vcpu->x[bits(esr, 5, 5)];
    uint32_t high = (uint32_t)vcpu->x[bits(esr, 10, 5)];

    if ((esr & (ISS_REGISTER_PAIR | ISS_IS_READ)) != ISS_ICC_SGI1R_32) {
        return false;
    }
    vcpu_skip_instruction(vcpu, esr);
    send_sgi(vcpu, (uint64_t)high << 32 | low);
    return true;
}
