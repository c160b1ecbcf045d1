/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The architecture has no way to say that there is no debug: an operating system unlocks it, and
 * clears two breakpoints and two watchpoints, without asking. All of it reads as zero and ignores
 * writes, so a VM can neither debug itself nor leave anything on the CPU.
 */
#include "debug_registers.h"
#include "registers.h"
#include "vcpu.h"

#define ENCODING(op1, crn, crm, op2) \
    ((uint32_t)(op1) << 14 | (uint32_t)(crn) << 10 | (uint32_t)(crm) << 1 | (uint32_t)(op2) << 17)
#define ISS_OP0      20, 2
#define ISS_ENCODING UINT32_C(0xffc1e)

#define MDCCINT_EL1   ENCODING(0, 0, 2, 0)
#define MDSCR_EL1     ENCODING(0, 0, 2, 2)
#define OSLAR_EL1     ENCODING(0, 1, 0, 4)
#define OSLSR_EL1     ENCODING(0, 1, 1, 4)
#define OSDLR_EL1     ENCODING(0, 1, 3, 4)
#define OSECCR_EL1    ENCODING(0, 0, 6, 2)
#define DBGPRCR_EL1   ENCODING(0, 1, 4, 4)
#define DBGCLAIMSET   ENCODING(0, 7, 8, 6)
#define DBGCLAIMCLR   ENCODING(0, 7, 9, 6)
#define DBGAUTHSTATUS ENCODING(0, 7, 14, 6)
#define MDCCSR_EL0    ENCODING(3, 0, 1, 0)

/* DBGBVR, DBGBCR, DBGWVR and DBGWCR, of which ID_AA64DFR0_EL1 shows two each. */
#define PAIRS     ENCODING(0, 0, 0, 4)
#define PAIRS_ALL ENCODING(0, 0, 1, 3)

static bool is_debug_register(uint32_t encoding)
{
    switch (encoding) {
    case MDCCINT_EL1:
    case MDSCR_EL1:
    case OSLAR_EL1:
    case OSLSR_EL1:
    case OSDLR_EL1:
    case OSECCR_EL1:
    case DBGPRCR_EL1:
    case DBGCLAIMSET:
    case DBGCLAIMCLR:
    case DBGAUTHSTATUS:
    case MDCCSR_EL0:
        return true;
    default:
        return (encoding & ~PAIRS_ALL) == PAIRS;
    }
}

bool debug_register_access(struct vcpu *vcpu, uint64_t esr)
{
    bool reads = (esr & 1) != 0;
    unsigned int target = (unsigned int)bits(esr, 5, 5);

    if (bits(esr, ISS_OP0) != 2 || !is_debug_register((uint32_t)esr & ISS_ENCODING)) {
        return false;
    }
    if (reads && target != 31) {
        vcpu->x[target] = 0;
    }
    vcpu_skip_instruction(vcpu, esr);
    return true;
}
