/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM has lent or given away, or never had, is for it as if no memory answered: a synchronous
 * external abort at EL1, at the address of the access. The vCPU's registers of EL1 are loaded.
 *
 * QEMU keeps the SPSR of the AArch32 mode that runs elsewhere than in SPSR_abt, and does not look
 * there on the way into abort mode: a guest of AArch32 that returns from such an abort must know by
 * itself what mode it came from.
 */
#include "abort.h"
#include "machine.h"
#include "mmio.h"
#include "registers.h"
#include "vm.h"

uint64_t abort_ipa(void)
{
    uint64_t page = bits(register_read(hpfar_el2), 4, 40) << PAGE_SHIFT;

    return page | register_read(far_el2) % PAGE_BYTES;
}

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

static void inject64(struct vcpu *vcpu, uint64_t esr)
{
    register_write(esr_el1, syndrome64(vcpu, esr));
    register_write(far_el1, register_read(far_el2));
    register_write(elr_el1, vcpu->pc);
    register_write(spsr_el1, vcpu->pstate);
    vcpu->pc = register_read(vbar_el1) + vector64(vcpu);
    vcpu->pstate = pstate64(vcpu);
}

/* --- AArch32 ---------------------------------------------------------------------------------- */

#define LR_ABT              20 /* x20 is r14_abt */
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
#define VECTOR32_PREFETCH   0x0c
#define VECTOR32_DATA       0x10
#define VECTORS32_HIGH      UINT64_C(0xffff0000)
#define PSTATE32_NZCVQ      (UINT64_C(0x1f) << 27)
#define PSTATE32_GE         (UINT64_C(0xf) << 16)
#define PSTATE32_BIG_ENDIAN BIT(9)
#define PSTATE32_DIT        BIT(21)
#define PSTATE32_SSBS       BIT(23)

static uint64_t pstate32(const struct vcpu *vcpu)
{
    uint64_t sctlr = register_read(sctlr_el1);
    uint64_t kept = PSTATE32_NZCVQ | PSTATE32_GE | PSTATE32_DIT | PSTATE_PAN | PSTATE_MASK_FIQ;
    uint64_t pstate = vcpu->pstate & kept;

    pstate |= PSTATE_A32_ABT | PSTATE_MASK_ABT | PSTATE_MASK_IRQ;
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

static void inject32(struct vcpu *vcpu, uint64_t esr)
{
    bool high = (register_read(sctlr_el1) & SCTLR32_V) != 0;
    uint64_t base = high ? VECTORS32_HIGH : register_read(vbar_el1) & ~UINT64_C(0x1f);

    report32(esr);
    vcpu->x[LR_ABT] = (uint32_t)(vcpu->pc + (is_instruction(esr) ? 4 : 8));
    register_write(spsr_abt, vcpu->pstate);
    vcpu->pc = (uint32_t)base + (is_instruction(esr) ? VECTOR32_PREFETCH : VECTOR32_DATA);
    vcpu->pstate = pstate32(vcpu);
}

/* --- Which --------------------------------------------------------------------------------- */

static bool lies_in(uint64_t ipa, uint64_t start, uint64_t pages)
{
    return ipa >= start && ipa - start < pages * PAGE_BYTES;
}

static bool is_ram(const struct vm_place *place, uint64_t ipa)
{
    return lies_in(ipa, place->ipa, place->pages) ||
           lies_in(ipa, place->window_ipa, place->window_pages);
}

/* A table of the guest's own that hardware reads, or also writes, needs other rights. */
static unsigned int rights_of(uint64_t esr)
{
    if ((esr & ESR_ABORT_WALK) != 0) {
        return 0;
    }
    if (is_instruction(esr)) {
        return STAGE2_MAY_EXECUTE;
    }
    return (esr & ESR_ABORT_WRITE) != 0 ? STAGE2_MAY_WRITE : 0;
}

static bool inject_if_wanted(struct vcpu *vcpu, uint64_t esr)
{
    if (!vcpu->vm->place->takes_faults) {
        return false;
    }
    if (vcpu->vm->who->aarch64) {
        inject64(vcpu, esr);
    } else {
        inject32(vcpu, esr);
    }
    return true;
}

/*
 * Only RAM is ever mapped, so a permission fault, of which the CPU does not tell the IPA, is one of
 * RAM. A page that was absent when the guest came by, and is there now, is none of its business: a
 * block was being cut, or another vCPU has got the page back.
 */
bool abort_take(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t kind = esr & ESR_ABORT_KIND;
    uint64_t ipa = abort_ipa();

    if (kind == ESR_ABORT_PERMISSION) {
        return inject_if_wanted(vcpu, esr);
    }
    if (kind != ESR_ABORT_TRANSLATION) {
        return false;
    }
    if (!is_ram(vcpu->vm->place, ipa)) {
        return !is_instruction(esr) && mmio_access(vcpu, ipa, esr);
    }
    return stage2_allows(&vcpu->vm->stage2, ipa, rights_of(esr)) || inject_if_wanted(vcpu, esr);
}
