/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcpu.h"
#include "cpu.h"
#include "registers.h"
#include "vcpu_layout.h"
#include "vm.h"

_Static_assert(offsetof(struct vcpu, x) == VCPU_X, "vectors.S");
_Static_assert(offsetof(struct vcpu, pc) == VCPU_PC, "vectors.S");
_Static_assert(offsetof(struct vcpu, pstate) == VCPU_PSTATE, "vectors.S");
_Static_assert(offsetof(struct vcpu, stack) == VCPU_STACK, "vectors.S");
_Static_assert(_Alignof(struct vcpu) == 16, "SP_EL2 points to a vCPU");

#define HCR_COMMON                                                                        \
    (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_INNER | \
     HCR_TWI | HCR_TWE | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TLOR | HCR_TERR | HCR_FWB)

#define MPIDR_RES1 BIT(31)

#define CPTR_COMMON (CPTR_RES1 | CPTR_TZ | CPTR_TSM | CPTR_TTA | CPTR_TAM)

/*
 * PAuth, MTE and the rest that HCR_EL2 can open stay closed, as do SVE, SME, trace and activity
 * monitors (CPTR_EL2), debug and performance monitors (MDCR_EL2), and FP/SIMD for VMs that do not
 * ask for it: a vCPU's context stays small. The ID registers say so (id_registers.c).
 */
void vcpu_init_cpu(void)
{
    register_write(cptr_el2, CPTR_COMMON | CPTR_TFP);
    register_write(mdcr_el2, (register_read(mdcr_el2) & MDCR_HPMN) | MDCR_TPMCR | MDCR_TPM |
                                 MDCR_TDA | MDCR_TDOSA | MDCR_TDRA | MDCR_TTRF);
    register_write(hstr_el2, 0);
    register_write(cnthctl_el2, CNTHCTL_EL1PCTEN);
    register_write(cntvoff_el2, 0);
    register_write(vpidr_el2, register_read(midr_el1));
    barrier_instructions();
}

void vcpu_reset(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
    bool aarch64 = vcpu->vm->who->aarch64;

    el1_reset(&vcpu->el1, aarch64);
    vcpu->fp = (struct fp){0};
    for (size_t i = 0; i < 31; i++) {
        vcpu->x[i] = 0;
    }
    vcpu->x[0] = context;
    vcpu->is_blocked = false;
    vcpu->is_preempted = false;
    vcpu->line.used = 0;
    vgic_reset_interface(&vcpu->vgic);
    if (aarch64) {
        vcpu->pc = entry;
        vcpu->pstate = PSTATE_EL1H | PSTATE_MASK_DBG;
    } else {
        vcpu->pc = entry & ~UINT64_C(1);
        vcpu->pstate = PSTATE_A32_SVC | ((entry & 1) != 0 ? PSTATE_THUMB : 0);
    }
    vcpu->pstate |= PSTATE_MASK_ABT | PSTATE_MASK_IRQ | PSTATE_MASK_FIQ;
}

/*
 * A Thumb IT block makes the following instructions conditional; its state is in PSTATE and moves
 * on with each of them (Arm ARM, AArch32 ITAdvance).
 */
static uint64_t advance_it_block(uint64_t pstate)
{
    uint64_t it = bits(pstate, 10, 6) << 2 | bits(pstate, 25, 2);

    it = (it & 7) == 0 ? 0 : (it & 0xe0) | (it << 1 & 0x1f);
    pstate &= ~(UINT64_C(0x3f) << 10 | UINT64_C(3) << 25);
    return pstate | (it >> 2) << 10 | (it & 3) << 25;
}

void vcpu_skip_instruction(struct vcpu *vcpu, uint64_t esr)
{
    vcpu->pc += (esr & ESR_LONG_INSTRUCTION) != 0 ? 4 : 2;
    if ((vcpu->pstate & (PSTATE_AARCH32 | PSTATE_THUMB)) == (PSTATE_AARCH32 | PSTATE_THUMB)) {
        vcpu->pstate = advance_it_block(vcpu->pstate);
    }
}

/*
 * TLB entries carry the VM's number and the guest's ASID, but not the vCPU's: another vCPU of the
 * same VM, which may use the same ASID differently, must not meet what its predecessor left here.
 */
static void forget_predecessor(const struct vcpu *vcpu)
{
    const struct vcpu **last = &vcpu->vm->last_vcpu[cpu_self()->index];

    if (*last != vcpu) {
        *last = vcpu;
        __asm__ volatile("tlbi vmalle1; dsb nsh; isb" ::: "memory");
    }
}

void vcpu_load(struct vcpu *vcpu)
{
    bool has_fp = vcpu->vm->place->has_fp;

    vcpu->stack = cpu_self()->stack;
    register_write(cptr_el2, CPTR_COMMON | (has_fp ? 0 : CPTR_TFP));
    register_write(hcr_el2, HCR_COMMON | (vcpu->vm->who->aarch64 ? HCR_RW : 0));
    register_write(vttbr_el2, vcpu->vm->stage2.vttbr);
    register_write(vmpidr_el2, MPIDR_RES1 | vcpu->index);
    register_write(VDISR_EL2, 0); /* hidden, but a guest can write it */
    el1_restore(&vcpu->el1);
    vgic_load(vcpu);
    barrier_instructions();
    if (has_fp) {
        fp_restore(&vcpu->fp);
    }
    forget_predecessor(vcpu);
    __asm__ volatile("clrex");
    cpu_self()->loaded = vcpu;
}

void vcpu_save(struct vcpu *vcpu)
{
    if (vcpu->vm->place->has_fp) {
        fp_save(&vcpu->fp);
    }
    el1_save(&vcpu->el1);
    register_write(cntv_ctl_el0, 0); /* from here on its timer is the scheduler's to watch */
    barrier_instructions();
    vgic_save(vcpu);
    cpu_self()->loaded = NULL;
}
