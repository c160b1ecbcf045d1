/* SPDX-License-Identifier: BSD-3-Clause */
/* A context at S-EL1 while it does not run, as switch.S knows it. */
#ifndef SEL1_H
#define SEL1_H

/* Where sel1_switch() keeps the context's address, above SP_EL3 while S-EL1 runs. */
#define SWITCH_CONTEXT 96
#define SWITCH_BYTES   112

/* struct smc_frame, which vectors.S makes before it knows who is coming. x0 and x1 are in it. */
#define FRAME_BYTES 176

#ifndef __ASSEMBLER__

#include "monitor.h"

/*
 * What EL1 is, but for x0 to x30. NS-EL1 and S-EL1 share these registers, so that one's are put
 * away while the other runs. What is missing is not used at S-EL1: SIMD, debug, the timers of the
 * Normal world, pointer authentication.
 */
#define SEL1_SYSREGS(X)                                                                     \
    X(sctlr_el1)                                                                            \
    X(actlr_el1) X(cpacr_el1) X(ttbr0_el1) X(ttbr1_el1) X(tcr_el1) X(mair_el1) X(amair_el1) \
        X(vbar_el1) X(esr_el1) X(far_el1) X(afsr0_el1) X(afsr1_el1) X(elr_el1) X(spsr_el1)  \
            X(sp_el0) X(sp_el1) X(tpidr_el0) X(tpidrro_el0) X(tpidr_el1) X(contextidr_el1)  \
                X(par_el1) X(cntkctl_el1) X(csselr_el1) X(elr_el3) X(spsr_el3) X(ICC_PMR_EL1)

#define SEL1_MEMBER(name) uint64_t r_##name;

struct sel1_sysregs {
    SEL1_SYSREGS(SEL1_MEMBER)
};

struct sel1_context {
    uint64_t x[31]; /* first: switch.S */
    struct sel1_sysregs sysregs;
};

/*
 * Goes on at S-EL1, as the EL3 and EL1 registers say, with the context's x0 to x30, until something
 * brings this CPU back to EL3. Returns the vector; x0 to x30 are in the context again.
 */
unsigned int sel1_switch(struct sel1_context *context);

#endif
#endif
