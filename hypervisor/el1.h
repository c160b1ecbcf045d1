/* SPDX-License-Identifier: BSD-3-Clause */
/* The system registers of EL1 and EL0 that belong to a vCPU while others use the CPU. */
#ifndef EL1_H
#define EL1_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One list for the structure, for saving and for restoring. The last group is used by AArch32 only;
 * the rest of that state's registers are views of AArch64 ones, or of x0 to x30.
 */
#define EL1_REGISTERS(X) \
    X(sctlr_el1)         \
    X(cpacr_el1)         \
    X(ttbr0_el1)         \
    X(ttbr1_el1)         \
    X(tcr_el1)           \
    X(mair_el1)          \
    X(amair_el1)         \
    X(contextidr_el1)    \
    X(vbar_el1)          \
    X(esr_el1)           \
    X(far_el1)           \
    X(afsr0_el1)         \
    X(afsr1_el1)         \
    X(elr_el1)           \
    X(spsr_el1)          \
    X(sp_el0)            \
    X(sp_el1)            \
    X(tpidr_el0)         \
    X(tpidrro_el0)       \
    X(tpidr_el1)         \
    X(par_el1)           \
    X(csselr_el1)        \
    X(cntkctl_el1)       \
    X(cntv_cval_el0)     \
    X(cntv_ctl_el0)      \
    X(spsr_abt)          \
    X(spsr_und)          \
    X(spsr_irq)          \
    X(spsr_fiq)          \
    X(dacr32_el2)        \
    X(ifsr32_el2)

#define EL1_FIELD(name) uint64_t name;
struct el1 {
    EL1_REGISTERS(EL1_FIELD)
};
#undef EL1_FIELD

/* As after a reset: MMU and caches off. */
void el1_reset(struct el1 *el1, bool aarch64);

void el1_save(struct el1 *el1);
void el1_restore(const struct el1 *el1);

#endif
