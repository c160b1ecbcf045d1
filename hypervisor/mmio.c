/* SPDX-License-Identifier: BSD-3-Clause */
#include "mmio.h"
#include "pl011.h"
#include "registers.h"
#include "vcpu.h"
#include "vgic_access.h"

#define ZERO_REGISTER 31

static uint64_t low_bytes(uint64_t value, unsigned int bytes)
{
    return bytes == 8 ? value : value & (BIT(8 * bytes) - 1);
}

/*
 * The register that is loaded or stored. A mode of AArch32 that has one of its own in the place of
 * user mode's: the syndrome names it as AArch64 sees it. QEMU names it as the mode does, which
 * would be user mode's, and cannot be meant.
 */
static unsigned int target_of(const struct vcpu *vcpu, uint64_t esr)
{
    unsigned int target = (unsigned int)bits(esr, 16, 5);
    bool is_stack_or_link = target == 13 || target == 14;

    switch (vcpu->pstate & (PSTATE_AARCH32 | PSTATE_MODE)) {
    case PSTATE_A32_FIQ:
        return target >= 8 && target <= 14 ? target + 16 : target;
    case PSTATE_A32_IRQ:
        return is_stack_or_link ? 30 - target : target;
    case PSTATE_A32_SVC:
        return is_stack_or_link ? 32 - target : target;
    case PSTATE_A32_ABT:
        return is_stack_or_link ? 34 - target : target;
    case PSTATE_A32_UND:
        return is_stack_or_link ? 36 - target : target;
    default:
        return target;
    }
}

bool mmio_access(struct vcpu *vcpu, uint64_t ipa, uint64_t esr)
{
    unsigned int target = target_of(vcpu, esr);
    struct mmio access = {
        .ipa = ipa,
        .bytes = 1u << bits(esr, 22, 2),
        .is_write = (esr & ESR_ABORT_WRITE) != 0,
    };

    /* No device of ours has a register that could be signed. */
    if ((esr & ESR_ABORT_VALID) == 0 || (esr & (ESR_ABORT_WALK | ESR_ABORT_SIGNS)) != 0) {
        return false;
    }
    if (access.is_write && target != ZERO_REGISTER) {
        access.value = low_bytes(vcpu->x[target], access.bytes);
    }
    if (!pl011_access(vcpu, &access) && !vgic_access(vcpu, &access)) {
        return false;
    }
    if (access.is_early) {
        return true;
    }
    if (!access.is_write && target != ZERO_REGISTER) {
        vcpu->x[target] = low_bytes(access.value, access.bytes);
    }
    vcpu_skip_instruction(vcpu, esr);
    return true;
}
