/* SPDX-License-Identifier: BSD-3-Clause */
/* Where an SMC from the Normal world goes, and an interrupt that is not for it. */
#include "arch.h"
#include "monitor.h"

#define SMCCC_VERSION       0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_VERSION_1_2   0x10002

#define ESR_IMMEDIATE_MASK 0xffffu
#define SPSR_FROM_MASK     0x1fu /* width, exception level, and which stack */
#define SPSR_FROM_EL2H     0x09u
#define SPSR_FROM_EL2T     0x08u

static int64_t arch_features(uint32_t fid)
{
    return fid == SMCCC_VERSION || fid == SMCCC_ARCH_FEATURES ? 0 : SMCCC_UNKNOWN;
}

/* All calls but FF-A's have one result, and leave the other registers alone. */
static int64_t plain_call(uint32_t fid, const uint64_t args[3])
{
    switch (fid) {
    case SMCCC_VERSION:
        return SMCCC_VERSION_1_2;
    case SMCCC_ARCH_FEATURES:
        return arch_features((uint32_t)args[0]);
    default:
        return psci_call(cpu_index(), fid, args);
    }
}

/*
 * Only EL2 is served. An SMC of a guest gets this far if the hypervisor forgot to trap it, and must
 * not be taken for the hypervisor's own.
 */
static bool from_el2(uint64_t spsr)
{
    return (spsr & SPSR_FROM_MASK) == SPSR_FROM_EL2H || (spsr & SPSR_FROM_MASK) == SPSR_FROM_EL2T;
}

void smc_handle(struct smc_frame *frame, uint64_t esr, uint64_t spsr)
{
    const uint32_t fid = (uint32_t)frame->x[0];

    if (!from_el2(spsr) || (esr & ESR_IMMEDIATE_MASK) != 0) {
        frame->x[0] = (uint64_t)SMCCC_UNKNOWN;
        return;
    }
    if (ffa_fid_is_ffa(fid) && secure_world_call(frame->x)) {
        return;
    }
    frame->x[0] = (uint64_t)plain_call(fid, &frame->x[1]);
}

/* Whatever else it was is gone, or is for EL2 once it runs again. */
void fiq_handle(void)
{
    if (gic_pending() == GIC_PENDING_SECURE) {
        secure_world_interrupt();
    }
}
