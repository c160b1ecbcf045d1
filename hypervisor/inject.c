/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU keeps the SPSR of the AArch32 mode that runs elsewhere than in SPSR_abt, and does not look
 * there on the way into abort mode: a guest of AArch32 that returns from a fault must know by
 * itself what mode it came from.
 */
#include "inject.h"
#include "registers.h"
#include "vm.h"

static bool is_instruction(uint64_t esr)
{
    return esr_class(esr) == EC_INSTRUCTION_ABORT;
}

/* --- AArch64 ---------------------------------------------------------------------------------- */

#define ESR_CLASS_SHIFT      26
#define ESR_CLASS_SAME_LEVEL 1 /* is added to the class */
#define ESR_STATUS_EXTERNAL  0x10
#define VECTOR_SP_EL0        0x000
#define VECTOR_SP_EL1        0x200
#define VECTOR_LOWER_AARCH64 0x400
#define VECTOR_LOWER_AARCH32 0x600
#define SCTLR_SPAN           BIT(23)
#define SCTLR_DSSBS          BIT(44)
#define PSTATE_PAN           BIT(22)
#define PSTATE_DIT           BIT(24)
#define PSTATE_NZCV          (UINT64_C(0xf) << 28)
#define PSTATE_SSBS          BIT(12)
#define PSTATE_SP_EL0        UINT64_C(0x4) /* EL1, with that stack */
#define PSTATE_ALL_MASKED    (PSTATE_MASK_DBG | PSTATE_MASK_ABT | PSTATE_MASK_IRQ | PSTATE_MASK_FIQ)

static bool comes_from_el1(const struct vcpu *vcpu)
{
    uint64_t mode = vcpu->pstate & PSTATE_MODE;

    return mode == PSTATE_EL1H || mode == PSTATE_SP_EL0;
}

static uint64_t vector64(const struct vcpu *vcpu)
{
    if (comes_from_el1(vcpu)) {
        return (vcpu->pstate & PSTATE_MODE) == PSTATE_EL1H ? VECTOR_SP_EL1 : VECTOR_SP_EL0;
    }
    return (vcpu->pstate & PSTATE_AARCH32) != 0 ? VECTOR_LOWER_AARCH32 : VECTOR_LOWER_AARCH64;
}

static uint64_t syndrome64(const struct vcpu *vcpu, uint64_t esr)
{
    uint64_t kept = ESR_LONG_INSTRUCTION;
    uint64_t class = esr_class(esr) + (comes_from_el1(vcpu) ? ESR_CLASS_SAME_LEVEL : 0);

    if (!is_instruction(esr)) {
        kept |= ESR_ABORT_WRITE | ESR_ABORT_CACHE;
    }
    return class << ESR_CLASS_SHIFT | (esr & kept) | ESR_STATUS_EXTERNAL;
}

/* The state in which the architecture takes exceptions to EL1. */
static uint64_t pstate64(const struct vcpu *vcpu)
{
    uint64_t sctlr = register_read(sctlr_el1);
    uint64_t kept = PSTATE_NZCV | PSTATE_DIT | PSTATE_PAN;
    uint64_t pstate = (vcpu->pstate & kept) | PSTATE_ALL_MASKED | PSTATE_EL1H;

    pstate |= (sctlr & SCTLR_SPAN) == 0 ? PSTATE_PAN : 0;
    return pstate | ((sctlr & SCTLR_DSSBS) != 0 ? PSTATE_SSBS : 0);
}

static void take64(struct vcpu *vcpu, uint64_t syndrome)
{
    register_write(esr_el1, syndrome);
    register_write(elr_el1, vcpu->pc);
    register_write(spsr_el1, vcpu->pstate);
    vcpu->pc = register_read(vbar_el1) + vector64(vcpu);
    vcpu->pstate = pstate64(vcpu);
}

/* --- AArch32 ---------------------------------------------------------------------------------- */

#define LR_ABT              20 /* x20 is r14_abt */
#define LR_UND              22
#define TTBCR_EAE           BIT(31)
#define SCTLR32_V           BIT(13)
#define SCTLR32_EE          BIT(25)
#define SCTLR32_TE          BIT(30)
#define SCTLR32_DSSBS       BIT(31)
#define FSR_LPAE            BIT(9)
#define FSR_STATUS_LPAE     0x10
#define FSR_STATUS_SHORT    0x08
#define FSR_WRITE           BIT(11)
#define FSR_CACHE           BIT(13)
#define VECTOR32_UNDEFINED  0x04
#define VECTOR32_PREFETCH   0x0c
#define VECTOR32_DATA       0x10
#define VECTORS32_HIGH      UINT64_C(0xffff0000)
#define PSTATE32_NZCVQ      (UINT64_C(0x1f) << 27)
#define PSTATE32_GE         (UINT64_C(0xf) << 16)
#define PSTATE32_BIG_ENDIAN BIT(9)
#define PSTATE32_DIT        BIT(21)
#define PSTATE32_SSBS       BIT(23)

/* `mode`: and what it masks beside interrupts. */
static uint64_t pstate32(const struct vcpu *vcpu, uint64_t mode)
{
    uint64_t sctlr = register_read(sctlr_el1);
    uint64_t kept = PSTATE32_NZCVQ | PSTATE32_GE | PSTATE32_DIT | PSTATE_PAN | PSTATE_MASK_FIQ;
    uint64_t pstate = vcpu->pstate & kept;

    pstate |= mode | PSTATE_MASK_IRQ;
    pstate |= (sctlr & SCTLR32_TE) != 0 ? PSTATE_THUMB : 0;
    pstate |= (sctlr & SCTLR32_EE) != 0 ? PSTATE32_BIG_ENDIAN : 0;
    pstate |= (sctlr & SCTLR_SPAN) == 0 ? PSTATE_PAN : 0;
    return pstate | ((sctlr & SCTLR32_DSSBS) != 0 ? PSTATE32_SSBS : 0);
}

static uint64_t status32(uint64_t esr)
{
    bool lpae = (register_read(tcr_el1) & TTBCR_EAE) != 0;
    uint64_t status = lpae ? FSR_LPAE | FSR_STATUS_LPAE : FSR_STATUS_SHORT;

    if (!is_instruction(esr)) {
        status |= (esr & ESR_ABORT_WRITE) != 0 ? FSR_WRITE : 0;
        status |= (esr & ESR_ABORT_CACHE) != 0 ? FSR_CACHE : 0;
    }
    return status;
}

/* DFSR, DFAR and IFAR are views of ESR_EL1, and the low and high half of FAR_EL1. */
static void report32(uint64_t esr)
{
    uint64_t address = (uint32_t)register_read(far_el2);
    uint64_t far = register_read(far_el1);

    if (is_instruction(esr)) {
        register_write(ifsr32_el2, status32(esr));
        register_write(far_el1, (uint32_t)far | address << 32);
    } else {
        register_write(esr_el1, status32(esr));
        register_write(far_el1, (far & ~UINT64_C(0xffffffff)) | address);
    }
}

static uint64_t vector_base32(void)
{
    bool high = (register_read(sctlr_el1) & SCTLR32_V) != 0;

    return high ? VECTORS32_HIGH : register_read(vbar_el1) & ~UINT64_C(0x1f);
}

static void take_abort32(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t vector = is_instruction(esr) ? VECTOR32_PREFETCH : VECTOR32_DATA;

    report32(esr);
    vcpu->x[LR_ABT] = (uint32_t)(vcpu->pc + (is_instruction(esr) ? 4 : 8));
    register_write(spsr_abt, vcpu->pstate);
    vcpu->pc = (uint32_t)vector_base32() + vector;
    vcpu->pstate = pstate32(vcpu, PSTATE_A32_ABT | PSTATE_MASK_ABT);
}

static void take_undefined32(struct vcpu *vcpu)
{
    vcpu->x[LR_UND] = (uint32_t)(vcpu->pc + ((vcpu->pstate & PSTATE_THUMB) != 0 ? 2 : 4));
    register_write(spsr_und, vcpu->pstate);
    vcpu->pc = (uint32_t)vector_base32() + VECTOR32_UNDEFINED;
    vcpu->pstate = pstate32(vcpu, PSTATE_A32_UND | (vcpu->pstate & PSTATE_MASK_ABT));
}

/* --- Which ------------------------------------------------------------------------------------ */

void inject_abort(struct vcpu *vcpu, uint64_t esr)
{
    if (!vcpu->vm->who->aarch64) {
        take_abort32(vcpu, esr);
        return;
    }
    register_write(far_el1, register_read(far_el2));
    take64(vcpu, syndrome64(vcpu, esr));
}

void inject_undefined(struct vcpu *vcpu)
{
    if (vcpu->vm->who->aarch64) {
        take64(vcpu, ESR_LONG_INSTRUCTION); /* class 0: no reason is given */
    } else {
        take_undefined32(vcpu);
    }
}
