/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM is shown what this hypervisor saves and restores for it, and nothing else: no SVE, SME,
 * PAuth, MTE, RAS, performance or activity monitors, whatever the CPU has, and FP/SIMD only if the
 * table says so. A field that is not named here reads as "not implemented".
 */
#include "id_registers.h"
#include "registers.h"
#include "vm.h"

#define FIELD(low) (UINT64_C(0xf) << (low))

/* ID_AA64PFR0_EL1: the exception levels, GICv3, no speculation into what others trained or faulted
 * on (above 1, CSV2 is about a register that VMs do not have); no FP and no SIMD is all ones. */
#define AA64PFR0_SHOWN (FIELD(0) | FIELD(4) | FIELD(8) | FIELD(12) | FIELD(24) | FIELD(60))
#define AA64PFR0_CSV2  56
#define AA64PFR0_NO_FP (FIELD(16) | FIELD(20))
#define AA64PFR0_FP    (FIELD(16) | FIELD(20))
#define AA64PFR1_SHOWN (FIELD(0) | FIELD(4)) /* BTI, SSBS */
/* The architecture allows no less: version 6, two breakpoints, two watchpoints. */
#define AA64DFR0_VALUE UINT64_C(0x101006)
/* CRC32, atomics, flag manipulation, TLB maintenance by range, random numbers */
#define AA64ISAR0_SHOWN (FIELD(16) | FIELD(20) | FIELD(52) | FIELD(56) | FIELD(60))
/* What has FP/SIMD registers: cryptography and dot products; conversions, complex numbers, BF16,
 * I8MM
 */
#define AA64ISAR0_FP                                                                               \
    (FIELD(4) | FIELD(8) | FIELD(12) | FIELD(28) | FIELD(32) | FIELD(36) | FIELD(40) | FIELD(44) | \
     FIELD(48))
#define AA64ISAR1_FP (FIELD(12) | FIELD(16) | FIELD(32) | FIELD(44) | FIELD(52))
/* DC CVAP, LRCPC, SB, speculation restrictions */
#define AA64ISAR1_SHOWN (FIELD(0) | FIELD(20) | FIELD(36) | FIELD(40))
/* Physical addresses, ASIDs, endianness, granules at stage 1 */
#define AA64MMFR0_SHOWN \
    (FIELD(0) | FIELD(4) | FIELD(8) | FIELD(16) | FIELD(20) | FIELD(24) | FIELD(28))
/* Access flag by hardware, HPDS, PAN, XNX */
#define AA64MMFR1_SHOWN (FIELD(0) | FIELD(12) | FIELD(20) | FIELD(28))
/* CnP, UAO, LSM, large VAs, small tables, unaligned atomics, E0PD */
#define AA64MMFR2_SHOWN \
    (FIELD(0) | FIELD(4) | FIELD(8) | FIELD(16) | FIELD(28) | FIELD(32) | FIELD(60))
/* AArch32: the states; no cryptographic instructions */
#define PFR0_SHOWN  (FIELD(0) | FIELD(4) | FIELD(8) | FIELD(12))
#define ISAR5_SHOWN (FIELD(0) | FIELD(16))
#define ISAR5_FP    (FIELD(4) | FIELD(8) | FIELD(12) | FIELD(24) | FIELD(28))

#define REGISTER(crm, op2) ((crm) << 3 | (op2))

static uint64_t aa64pfr0(bool has_fp)
{
    uint64_t value = register_read(id_aa64pfr0_el1);
    uint64_t shown = value & AA64PFR0_SHOWN;

    shown |= bits(value, AA64PFR0_CSV2, 4) != 0 ? BIT(AA64PFR0_CSV2) : 0;
    return shown | (has_fp ? value & AA64PFR0_FP : AA64PFR0_NO_FP);
}

/* A register of op0 3, op1 0, CRn 0, or coprocessor 15's of the same numbers. */
static uint64_t id_register(bool has_fp, unsigned int crm, unsigned int op2)
{
    switch (REGISTER(crm, op2)) {
    case REGISTER(1, 0):
        return register_read(id_pfr0_el1) & PFR0_SHOWN;
    case REGISTER(1, 1):
        return register_read(id_pfr1_el1);
    case REGISTER(1, 4):
        return register_read(id_mmfr0_el1);
    case REGISTER(1, 5):
        return register_read(id_mmfr1_el1);
    case REGISTER(1, 6):
        return register_read(id_mmfr2_el1);
    case REGISTER(1, 7):
        return register_read(id_mmfr3_el1);
    case REGISTER(2, 0):
        return register_read(id_isar0_el1);
    case REGISTER(2, 1):
        return register_read(id_isar1_el1);
    case REGISTER(2, 2):
        return register_read(id_isar2_el1);
    case REGISTER(2, 3):
        return register_read(id_isar3_el1);
    case REGISTER(2, 4):
        return register_read(id_isar4_el1);
    case REGISTER(2, 5):
        return register_read(id_isar5_el1) & (ISAR5_SHOWN | (has_fp ? ISAR5_FP : 0));
    case REGISTER(2, 6):
        return register_read(id_mmfr4_el1);
    case REGISTER(3, 0):
        return has_fp ? register_read(mvfr0_el1) : 0;
    case REGISTER(3, 1):
        return has_fp ? register_read(mvfr1_el1) : 0;
    case REGISTER(3, 2):
        return has_fp ? register_read(mvfr2_el1) : 0;
    case REGISTER(4, 0):
        return aa64pfr0(has_fp);
    case REGISTER(4, 1):
        return register_read(id_aa64pfr1_el1) & AA64PFR1_SHOWN;
    case REGISTER(5, 0):
        return AA64DFR0_VALUE;
    case REGISTER(6, 0):
        return register_read(id_aa64isar0_el1) & (AA64ISAR0_SHOWN | (has_fp ? AA64ISAR0_FP : 0));
    case REGISTER(6, 1):
        return register_read(id_aa64isar1_el1) & (AA64ISAR1_SHOWN | (has_fp ? AA64ISAR1_FP : 0));
    case REGISTER(7, 0):
        return register_read(id_aa64mmfr0_el1) & AA64MMFR0_SHOWN;
    case REGISTER(7, 1):
        return register_read(id_aa64mmfr1_el1) & AA64MMFR1_SHOWN;
    case REGISTER(7, 2):
        return register_read(id_aa64mmfr2_el1) & AA64MMFR2_SHOWN;
    default:
        return 0;
    }
}

bool id_register_access(struct vcpu *vcpu, uint64_t esr)
{
    unsigned int crm = (unsigned int)bits(esr, 1, 4);
    unsigned int op2 = (unsigned int)bits(esr, 17, 3);
    unsigned int target = (unsigned int)bits(esr, 5, 5);
    bool reads = (esr & 1) != 0;
    bool op1_crn_are_0 = bits(esr, 14, 3) == 0 && bits(esr, 10, 4) == 0;
    bool op0_is_3 = esr_class(esr) == EC_CP15 || bits(esr, 20, 2) == 3;

    if (!reads || !op1_crn_are_0 || !op0_is_3 || crm == 0 || crm > 7) {
        return false;
    }
    if (target != 31) {
        uint64_t value = id_register(vcpu->vm->place->has_fp, crm, op2);

        vcpu->x[target] = esr_class(esr) == EC_CP15 ? (uint32_t)value : value;
    }
    vcpu_skip_instruction(vcpu, esr);
    return true;
}
