/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What EL3 leaves to EL2: everything that the CPU has. A feature that is not switched on here would
 * trap to EL3 when EL2 touches it, and there is nobody who could say why.
 */
#include "arch.h"
#include "monitor.h"

/* SCR_EL3 */
#define SCR_NS       (1ull << 0)
#define SCR_FIQ      (1ull << 2) /* interrupts that are not for this world come to EL3 */
#define SCR_RES1     (3ull << 4)
#define SCR_HCE      (1ull << 8)  /* HVC works */
#define SCR_SIF      (1ull << 9)  /* no fetch of Non-secure instructions in Secure state */
#define SCR_RW       (1ull << 10) /* EL2, or S-EL1, is AArch64 */
#define SCR_ST       (1ull << 11) /* S-EL1 has the Secure timer */
#define SCR_APK      (1ull << 16) /* pointer authentication: keys, and instructions */
#define SCR_API      (1ull << 17)
#define SCR_ENSCXT   (1ull << 25) /* SCXTNUM_ELx */
#define SCR_ATA      (1ull << 26) /* memory tags */
#define SCR_FGTEN    (1ull << 27) /* fine-grained traps */
#define SCR_ECVEN    (1ull << 28) /* CNTPOFF_EL2 */
#define SCR_AMVOFF   (1ull << 35) /* activity monitors' virtual offsets */
#define SCR_HXEN     (1ull << 38) /* HCRX_EL2 */
#define SCR_ENTP2    (1ull << 41) /* TPIDR2_EL0 */
#define SCR_TCR2EN   (1ull << 43) /* TCR2_ELx */
#define SCR_SCTLR2EN (1ull << 44)
#define SCR_PIEN     (1ull << 45) /* permission indirection and overlay */

/* A partition has general registers, its timer and the GIC; all else is as if it were not. */
#define SCR_SECURE (SCR_FIQ | SCR_RES1 | SCR_SIF | SCR_RW | SCR_ST)

/* CPTR_EL3: zero traps nothing of the old, but keeps SVE and SME off. */
#define CPTR_EZ  (1u << 8)
#define CPTR_ESM (1u << 12)

/* MDCR_EL3: zero traps nothing. Statistical profiling and trace buffers are Non-secure. */
#define MDCR_NSPB (3u << 12)
#define MDCR_SDD  (1u << 16) /* no self-hosted debug in Secure state */
#define MDCR_NSTB (3u << 24)

#define VECTOR_LENGTH_MAX 0xfu
#define SMCR_EZT0         (1u << 30)
#define SMCR_FA64         (1u << 31)

/* A field of an ID register, of 4 bits. */
static uint64_t field(uint64_t id, unsigned int shift)
{
    return (id >> shift) & 0xf;
}

static uint64_t when(bool present, uint64_t bits)
{
    return present ? bits : 0;
}

static uint64_t scr_normal(void)
{
    const uint64_t isar1 = read_sysreg(id_aa64isar1_el1);
    const uint64_t mmfr0 = read_sysreg(id_aa64mmfr0_el1);
    const uint64_t mmfr1 = read_sysreg(id_aa64mmfr1_el1);
    const uint64_t mmfr3 = read_sysreg(ID_AA64MMFR3_EL1);
    const uint64_t pfr0 = read_sysreg(id_aa64pfr0_el1);
    const uint64_t pfr1 = read_sysreg(id_aa64pfr1_el1);
    const uint64_t isar2 = read_sysreg(ID_AA64ISAR2_EL1);
    const bool pauth = field(isar1, 4) + field(isar1, 8) + field(isar2, 12) != 0; /* three kinds */

    return SCR_NS | SCR_FIQ | SCR_RES1 | SCR_HCE | SCR_SIF | SCR_RW |
           when(pauth, SCR_APK | SCR_API) | when(field(pfr0, 56) >= 2, SCR_ENSCXT) |
           when(field(pfr1, 8) >= 2, SCR_ATA) | when(field(mmfr0, 56) != 0, SCR_FGTEN) |
           when(field(mmfr0, 60) >= 2, SCR_ECVEN) | when(field(pfr0, 44) >= 2, SCR_AMVOFF) |
           when(field(mmfr1, 40) != 0, SCR_HXEN) | when(field(pfr1, 24) != 0, SCR_ENTP2) |
           when(field(mmfr3, 0) != 0, SCR_TCR2EN) | when(field(mmfr3, 4) != 0, SCR_SCTLR2EN) |
           when((mmfr3 & 0xffff00) != 0, SCR_PIEN); /* S1PIE, S2PIE, S1POE, S2POE */
}

/* The longest vectors that there are: EL2 may shorten them. */
static void vectors_setup(void)
{
    const bool sve = field(read_sysreg(id_aa64pfr0_el1), 32) != 0;
    const uint64_t sme = field(read_sysreg(id_aa64pfr1_el1), 24);

    write_sysreg(cptr_el3, when(sve, CPTR_EZ) | when(sme != 0, CPTR_ESM));
    isb();
    if (sve) {
        write_sysreg(ZCR_EL3, VECTOR_LENGTH_MAX);
    }
    if (sme != 0) {
        const bool fa64 = (read_sysreg(ID_AA64SMFR0_EL1) >> 63) != 0;

        write_sysreg(SMCR_EL3,
                     VECTOR_LENGTH_MAX | when(fa64, SMCR_FA64) | when(sme >= 2, SMCR_EZT0));
    }
}

/* Of each world; all CPUs are alike. */
static uint64_t scr[WORLDS];

void el3_choose(enum world world)
{
    write_sysreg(scr_el3, scr[world]);
    isb();
}

/* QEMU sets CNTFRQ_EL0 at reset to what its counter runs at, which differs from version to version:
 * it is left alone.
 */
void el3_setup(void)
{
    const uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);

    scr[WORLD_NORMAL] = scr_normal();
    scr[WORLD_SECURE] = SCR_SECURE;
    el3_choose(WORLD_NORMAL);
    vectors_setup();
    write_sysreg(mdcr_el3, MDCR_SDD | when(field(dfr0, 32) != 0, MDCR_NSPB) |
                               when(field(dfr0, 44) != 0, MDCR_NSTB));
    isb();
}
