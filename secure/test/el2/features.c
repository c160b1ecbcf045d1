/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers of EL2 and EL1 that trap to EL3 unless the monitor opened them. Each is read and
 * written back, if the CPU has it. A trap ends the run in the monitor's panic.
 */
#include "payload.h"

#define TOUCH(name)                                           \
    do {                                                      \
        uint64_t value_;                                      \
        __asm__ volatile("mrs %0, " name : "=r"(value_));     \
        __asm__ volatile("msr " name ", %0" : : "r"(value_)); \
        touched++;                                            \
    } while (0)

static uint64_t field(uint64_t id, unsigned int shift)
{
    return (id >> shift) & 0xf;
}

#define ID(name)                                       \
    ({                                                 \
        uint64_t id_;                                  \
        __asm__ volatile("mrs %0, " name : "=r"(id_)); \
        id_;                                           \
    })

/* EL2 must let itself use SVE and SME before it can; FPEN, ZEN and SMEN are CPTR_EL2's. */
static void open_cptr(void)
{
    __asm__ volatile("msr cptr_el2, %0\n\tisb" : : "r"(0x22ffull));
}

static unsigned int touch_vectors(void)
{
    unsigned int touched = 0;

    open_cptr();
    if (field(ID("id_aa64pfr0_el1"), 32) != 0) {
        TOUCH("s3_4_c1_c2_0"); /* ZCR_EL2 */
    }
    if (field(ID("id_aa64pfr1_el1"), 24) != 0) {
        TOUCH("s3_4_c1_c2_6");  /* SMCR_EL2 */
        TOUCH("s3_3_c13_c0_5"); /* TPIDR2_EL0 */
    }
    return touched;
}

static unsigned int touch_pauth(void)
{
    unsigned int touched = 0;
    uint64_t isar1 = ID("id_aa64isar1_el1");

    if (field(isar1, 4) != 0 || field(isar1, 8) != 0) {
        TOUCH("s3_0_c2_c1_0"); /* APIAKeyLo_EL1 */
        TOUCH("s3_0_c2_c3_1"); /* APGAKeyHi_EL1 */
    }
    return touched;
}

static unsigned int touch_traps(void)
{
    unsigned int touched = 0;
    uint64_t mmfr0 = ID("id_aa64mmfr0_el1");

    if (field(mmfr0, 56) != 0) {
        TOUCH("s3_4_c1_c1_4"); /* HFGRTR_EL2 */
        TOUCH("s3_4_c1_c1_6"); /* HFGITR_EL2 */
    }
    if (field(mmfr0, 60) >= 2) {
        TOUCH("s3_4_c14_c0_6"); /* CNTPOFF_EL2 */
    }
    if (field(ID("id_aa64mmfr1_el1"), 40) != 0) {
        TOUCH("s3_4_c1_c2_2"); /* HCRX_EL2 */
    }
    return touched;
}

static unsigned int touch_rest(void)
{
    unsigned int touched = 0;

    if (field(ID("id_aa64pfr1_el1"), 8) >= 2) {
        TOUCH("s3_0_c1_c0_6"); /* GCR_EL1 */
    }
    if (field(ID("id_aa64pfr0_el1"), 56) >= 2) {
        TOUCH("s3_4_c13_c0_7"); /* SCXTNUM_EL2 */
    }
    TOUCH("mdcr_el2");
    TOUCH("mdscr_el1");
    TOUCH("osdlr_el1");
    TOUCH("pmcr_el0");
    TOUCH("pmccntr_el0");
    TOUCH("cntvoff_el2");
    TOUCH("cnthp_ctl_el2");
    TOUCH("cpacr_el1");
    return touched;
}

unsigned int features_touch(void)
{
    return touch_vectors() + touch_pauth() + touch_traps() + touch_rest();
}

#define GICR_SGI_FRAME(cpu) (0x080b0000ull + (cpu)*0x20000ull)
#define TEST_SGI            3
#define NO_INTERRUPT        1023

static void gic_write(uint64_t pa, uint32_t value)
{
    *(volatile uint32_t *)pa = value;
}

/* As a hypervisor does: the interrupt stays masked, and is taken by reading IAR1. */
bool gic_try_sgi(unsigned int cpu)
{
    uint64_t intid = NO_INTERRUPT;

    __asm__ volatile("msr s3_4_c12_c9_5, %0\n\tisb" : : "r"(0xfull)); /* ICC_SRE_EL2 */
    __asm__ volatile("msr s3_0_c4_c6_0, %0" : : "r"(0xf0ull));        /* ICC_PMR_EL1 */
    __asm__ volatile("msr s3_0_c12_c12_7, %0\n\tisb" : : "r"(1ull));  /* ICC_IGRPEN1_EL1 */
    *(volatile uint8_t *)(GICR_SGI_FRAME(cpu) + 0x400 + TEST_SGI) = 0x80;
    gic_write(GICR_SGI_FRAME(cpu) + 0x100, 1u << TEST_SGI);
    __asm__ volatile("dsb sy\n\tmsr s3_0_c12_c11_5, %0\n\tisb" /* ICC_SGI1R_EL1 */
                     :
                     : "r"((uint64_t)TEST_SGI << 24 | 1ull << cpu));
    for (unsigned int i = 0; i < 100000 && intid == NO_INTERRUPT; i++) {
        __asm__ volatile("mrs %0, s3_0_c12_c12_0" : "=r"(intid)); /* ICC_IAR1_EL1 */
    }
    if (intid == TEST_SGI) {
        __asm__ volatile("msr s3_0_c12_c12_1, %0" : : "r"(intid)); /* ICC_EOIR1_EL1 */
    }
    return intid == TEST_SGI;
}
