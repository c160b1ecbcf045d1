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

bool mmio_access(struct vcpu *vcpu, uint64_t ipa, uint64_t esr)
{
    uint64_t target = bits(esr, 16, 5);
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
    if (!access.is_write && target != ZERO_REGISTER) {
        vcpu->x[target] = low_bytes(access.value, access.bytes);
    }
    vcpu_skip_instruction(vcpu, esr);
    return true;
}
