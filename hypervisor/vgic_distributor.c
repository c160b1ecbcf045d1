/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of SPIs. With affinity routing, which is always on, those of SGIs and PPIs are the
 * redistributors' alone: here they read as zero and ignore writes, as does all that is not named.
 */
#include "vgic_distributor.h"
#include "mmio.h"
#include "registers.h"
#include "vgic_frames.h"
#include "vgic_spi.h"
#include "vm.h"

#define GICD_CTLR       0x0000u
#define GICD_TYPER      0x0004u
#define GICD_IIDR       0x0008u
#define CTLR_GROUP1     0x02u
#define CTLR_AFFINITY   0x10u
#define CTLR_ONE_STATE  0x40u
#define CTLR_PENDING    (1u << 31)
#define TYPER_LINES     1u         /* 32 times so many SPIs */
#define TYPER_ID_BITS   (9u << 19) /* 10 bits of interrupt ID */
#define TYPER_NO_1_OF_N (1u << 25)

/* The second register of each kind: one bit for each of the SPIs from 32 to 63. */
#define GICD_IGROUPR1   0x0084u
#define GICD_ISENABLER1 0x0104u
#define GICD_ICENABLER1 0x0184u
#define GICD_ISPENDR1   0x0204u
#define GICD_ICPENDR1   0x0284u
#define GICD_ISACTIVER1 0x0304u
#define GICD_ICACTIVER1 0x0384u
/* Two bits for each, of which the upper one says that it is an edge. */
#define GICD_ICFGR2 0x0c08u
#define GICD_ICFGR3 0x0c0cu
/* Bytes, and 64 bits. */
#define GICD_IPRIORITYR     (0x0400u + VGIC_SPI)
#define GICD_IPRIORITYR_END (GICD_IPRIORITYR + VGIC_SPIS)
#define GICD_IROUTER        (0x6000u + 8 * VGIC_SPI)
#define GICD_IROUTER_END    (GICD_IROUTER + 8 * VGIC_SPIS)

#define ROUTE_AFFINITY UINT64_C(0xff00ffffff) /* without "any", which TYPER says there is not */

/* --- Control ---------------------------------------------------------------------------------- */

/* Whether something that was switched off may still reach a vCPU. */
static bool is_write_pending(const struct vm *vm)
{
    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        if (vgic_is_stale(&vm->vcpus[i])) {
            return true;
        }
    }
    return vm->distributor.recalled != 0;
}

static uint32_t control_read(const struct vm *vm)
{
    bool is_on = __atomic_load_n(&vm->distributor.is_on, __ATOMIC_RELAXED);

    return CTLR_AFFINITY | CTLR_ONE_STATE | (is_on ? CTLR_GROUP1 : 0) |
           (is_write_pending(vm) ? CTLR_PENDING : 0);
}

/* It matters to every interrupt of every vCPU. */
static void control_write(struct vm *vm, uint32_t value)
{
    __atomic_store_n(&vm->distributor.is_on, (value & CTLR_GROUP1) != 0, __ATOMIC_RELAXED);
    for (unsigned int i = 0; i < vm->who->vcpus; i++) {
        vgic_open(&vm->vcpus[i]);
        vgic_close(&vm->vcpus[i]);
    }
}

/* --- SPIs, between vgic_open() and vgic_close() ----------------------------------------------- */

static uint32_t edges_read(uint32_t edges)
{
    uint32_t value = 0;

    for (unsigned int i = 0; i < 16; i++) {
        value |= (edges >> i & 1) << (2 * i + 1);
    }
    return value;
}

static uint32_t edges_of(uint32_t value)
{
    uint32_t edges = 0;

    for (unsigned int i = 0; i < 16; i++) {
        edges |= (value >> (2 * i + 1) & 1) << i;
    }
    return edges;
}

static uint32_t spis_read(const struct vm *vm, unsigned int offset)
{
    const struct vgic_distributor *distributor = &vm->distributor;

    switch (offset) {
    case GICD_CTLR:
        return control_read(vm);
    case GICD_TYPER:
        return TYPER_LINES | TYPER_ID_BITS | TYPER_NO_1_OF_N;
    case GICD_IIDR:
        return VGIC_IIDR;
    case GICD_IGROUPR1:
        return UINT32_MAX;
    case GICD_ISENABLER1:
    case GICD_ICENABLER1:
        return distributor->enabled;
    case GICD_ISPENDR1:
    case GICD_ICPENDR1:
        return vgic_spis_pending(distributor) | (distributor->lent & ~distributor->unlatched);
    case GICD_ISACTIVER1:
    case GICD_ICACTIVER1:
        return distributor->active | (distributor->listed_active & ~distributor->deactivated);
    case GICD_ICFGR2:
        return edges_read(distributor->edges);
    case GICD_ICFGR3:
        return edges_read(distributor->edges >> 16);
    case VGIC_PIDR2:
        return VGIC_PIDR2_GICV3;
    default:
        return 0;
    }
}

/* The SPIs that have changed. */
static uint32_t spis_write(struct vm *vm, unsigned int offset, uint32_t value)
{
    struct vgic_distributor *distributor = &vm->distributor;

    switch (offset) {
    case GICD_ISENABLER1:
        distributor->enabled |= value;
        return value;
    case GICD_ICENABLER1:
        distributor->enabled &= ~value;
        distributor->recalled |= value & distributor->listed;
        return value;
    case GICD_ISPENDR1:
        distributor->latched |= value;
        return value;
    case GICD_ICPENDR1:
        distributor->latched &= ~value;
        distributor->unlatched |= value & distributor->listed;
        return value;
    case GICD_ISACTIVER1:
        distributor->active |= value;
        return value;
    case GICD_ICACTIVER1:
        vgic_spis_end(vm, value);
        return value;
    case GICD_ICFGR2:
        distributor->edges = (distributor->edges & 0xffff0000u) | edges_of(value);
        return 0xffffu;
    case GICD_ICFGR3:
        distributor->edges = (distributor->edges & 0xffffu) | edges_of(value) << 16;
        return 0xffff0000u;
    default:
        return 0;
    }
}

static uint32_t priorities_write(struct vm *vm, unsigned int first, const struct mmio *access)
{
    uint32_t changed = 0;

    for (unsigned int i = first; i < first + access->bytes; i++) {
        vm->distributor.priority[i] =
            (uint8_t)(access->value >> (8 * (i - first)) & VGIC_PRIORITY_MASK);
        changed |= 1u << i;
    }
    return changed;
}

/* All of an affinity, or one half of it. */
static uint32_t route_write(struct vm *vm, unsigned int offset, const struct mmio *access)
{
    unsigned int spi = offset / 8;
    uint64_t part = access->bytes == 8 ? UINT64_MAX : UINT64_C(0xffffffff) << 8 * (offset % 8);
    uint64_t route = vm->distributor.route[spi] & ~part;

    route |= access->value << 8 * (offset % 8) & part;
    vgic_spi_route(vm, spi, route & ROUTE_AFFINITY);
    return 1u << spi;
}

static bool is_priority(unsigned int offset)
{
    return offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR_END;
}

static bool is_route(unsigned int offset)
{
    return offset >= GICD_IROUTER && offset < GICD_IROUTER_END;
}

static uint64_t read(const struct vm *vm, unsigned int offset)
{
    if (is_priority(offset)) {
        return vgic_priorities_read(vm->distributor.priority, offset - GICD_IPRIORITYR);
    }
    if (is_route(offset)) {
        return vm->distributor.route[(offset - GICD_IROUTER) / 8] >> 8 * (offset % 8);
    }
    return spis_read(vm, offset);
}

static uint32_t write(struct vm *vm, unsigned int offset, const struct mmio *access)
{
    if (is_priority(offset)) {
        return priorities_write(vm, offset - GICD_IPRIORITYR, access);
    }
    if (is_route(offset)) {
        return route_write(vm, offset - GICD_IROUTER, access);
    }
    return spis_write(vm, offset, (uint32_t)access->value);
}

/* --- Accesses --------------------------------------------------------------------------------- */

static bool is_possible(unsigned int offset, unsigned int bytes)
{
    switch (bytes) {
    case 1:
        return offset >= VGIC_IPRIORITYR && offset < VGIC_IPRIORITYR_END;
    case 4:
        return true;
    case 8:
        return offset >= VGIC_IROUTER && offset < VGIC_IROUTER_END;
    default:
        return false;
    }
}

/* Whether it depends on what has become of SPIs in list registers. */
static bool looks_at_lists(unsigned int offset)
{
    return offset == GICD_ISPENDR1 || offset == GICD_ICPENDR1 || offset == GICD_ISACTIVER1 ||
           offset == GICD_ICACTIVER1;
}

bool vgic_distributor_access(struct vcpu *vcpu, unsigned int offset, struct mmio *access)
{
    struct vm *vm = vcpu->vm;
    uint32_t vcpus = 0;

    if (!is_possible(offset, access->bytes)) {
        return false;
    }
    if (access->is_write && offset == GICD_CTLR) {
        control_write(vm, (uint32_t)access->value);
        return true;
    }
    vgic_open(vcpu);
    if (access->is_write) {
        vcpus = vgic_spis_concern(vm, write(vm, offset, access));
    } else if (looks_at_lists(offset) && !vgic_spis_are_known(vcpu, &vcpus)) {
        access->is_early = true;
    } else {
        access->value = read(vm, offset);
    }
    vgic_close(vcpu);
    vgic_tell(vm, vcpus & ~(uint32_t)BIT(vcpu->index));
    return true;
}
