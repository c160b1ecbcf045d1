/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls: FF-A for the program, PSCI and the hypervisor's own for the platform. */
#include "el1.h"

static uint32_t conduit(void)
{
    return el1_boot.hvc != 0 ? EL1_HVC : EL1_SMC;
}

/* No program may see a register change that no call may touch. */
static void call(uint64_t *x, uint32_t way)
{
    uint64_t difference = el1_call(x, way);

    if (difference != 0) {
        guest_print("BROKEN: a call changed a register above x17 (r7): %#llx",
                    (unsigned long long)difference);
        guest_expect(false);
    }
}

void ffa_call(struct guest_regs *regs)
{
    call(regs->x, conduit());
}

bool guest_call_other(struct guest_regs *regs, enum guest_conduit other)
{
    switch (other) {
    case GUEST_OTHER_CONDUIT:
        call(regs->x, conduit() ^ EL1_HVC);
        break;
    case GUEST_SMC_IMMEDIATE:
        call(regs->x, EL1_SMC_IMMEDIATE);
        break;
    case GUEST_HVC_IMMEDIATE:
        call(regs->x, EL1_HVC_IMMEDIATE);
        break;
    }
    return true;
}

bool guest_is_aarch64(void)
{
    return sizeof(void *) == 8;
}

uint32_t el1_service(uint32_t fid, uint64_t arg1, uint64_t arg2, uint64_t arg3)
{
    uint64_t x[FFA_REGS_MAX] = {fid, arg1, arg2, arg3};

    el1_call(x, conduit());
    return (uint32_t)x[0];
}
