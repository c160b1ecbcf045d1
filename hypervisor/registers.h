/* SPDX-License-Identifier: BSD-3-Clause */
/* System registers: how to reach them, and the bits that are used here. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

/* Registers that the assembler may not know by name. */
#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_HPPIR1_EL1  S3_0_C12_C12_2
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_DIR_EL1     S3_0_C12_C11_1
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SGI1R_EL1   S3_0_C12_C11_5
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_SRE_EL2     S3_4_C12_C9_5
#define ICH_AP1R0_EL2   S3_4_C12_C9_0
#define ICH_HCR_EL2     S3_4_C12_C11_0
#define ICH_VTR_EL2     S3_4_C12_C11_1
#define ICH_VMCR_EL2    S3_4_C12_C11_7
#define ICH_LR0_EL2     S3_4_C12_C12_0
#define ICH_LR1_EL2     S3_4_C12_C12_1
#define ICH_LR2_EL2     S3_4_C12_C12_2
#define ICH_LR3_EL2     S3_4_C12_C12_3
#define VDISR_EL2       S3_4_C12_C1_1

#define ID_AA64MMFR4_EL1 S3_0_C0_C7_4

#define REGISTER_STRING(name) #name

#define register_read(name)                                                          \
    __extension__({                                                                  \
        uint64_t value_;                                                             \
        __asm__ volatile("mrs %0, " REGISTER_STRING(name) : "=r"(value_)::"memory"); \
        value_;                                                                      \
    })

#define register_write(name, value) \
    __asm__ volatile("msr " REGISTER_STRING(name) ", %0" ::"r"((uint64_t)(value)) : "memory")

static inline void barrier_instructions(void)
{
    __asm__ volatile("isb" ::: "memory");
}

#define BIT(n) (UINT64_C(1) << (n))

/* `count` bits of `word`, from bit `low` up. */
static inline uint64_t bits(uint64_t word, unsigned int low, unsigned int count)
{
    return (word >> low) & (BIT(count) - 1);
}

/* HCR_EL2 */
#define HCR_VM        BIT(0) /* stage 2 on */
#define HCR_SWIO      BIT(1) /* set/way invalidation also cleans */
#define HCR_PTW       BIT(2) /* a guest's walk through device memory faults */
#define HCR_FMO       BIT(3) /* FIQ, IRQ and SError are EL2's */
#define HCR_IMO       BIT(4)
#define HCR_AMO       BIT(5)
#define HCR_FB        BIT(9)  /* a guest's local TLB maintenance reaches all CPUs: vCPUs migrate */
#define HCR_BSU_INNER BIT(10) /* and so do its barriers */
#define HCR_TWI       BIT(13)
#define HCR_TWE       BIT(14)
#define HCR_TID3      BIT(18) /* ID registers: see id_registers.c */
#define HCR_TSC       BIT(19)
#define HCR_TIDCP     BIT(20)
#define HCR_RW        BIT(31) /* EL1 is AArch64 */
#define HCR_TLOR      BIT(35) /* limited ordering regions and error records */
#define HCR_TERR      BIT(36)
#define HCR_FWB       BIT(46) /* stage 2 alone decides how RAM is cached */

/* CPTR_EL2: what is hidden from VMs traps. */
#define CPTR_RES1 UINT64_C(0x22ff)
#define CPTR_TZ   BIT(8)
#define CPTR_TFP  BIT(10)
#define CPTR_TSM  BIT(12)
#define CPTR_TTA  BIT(20)
#define CPTR_TAM  BIT(30)

/* MDCR_EL2 */
#define MDCR_HPMN  UINT64_C(0x1f) /* how many event counters are not EL2's; it resets to all */
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM   BIT(6)
#define MDCR_TDA   BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA  BIT(11)
#define MDCR_TTRF  BIT(19)

#define CNTHCTL_EL1PCTEN BIT(0) /* a VM may read the physical counter, but not set its timer */

/* SPSR: the state that an exception returns to. */
#define PSTATE_EL1H     UINT64_C(0x05)
#define PSTATE_MODE     UINT64_C(0x1f)
#define PSTATE_A32_FIQ  UINT64_C(0x11)
#define PSTATE_A32_IRQ  UINT64_C(0x12)
#define PSTATE_A32_SVC  UINT64_C(0x13)
#define PSTATE_A32_ABT  UINT64_C(0x17)
#define PSTATE_A32_UND  UINT64_C(0x1b)
#define PSTATE_AARCH32  BIT(4)
#define PSTATE_THUMB    BIT(5)
#define PSTATE_MASK_FIQ BIT(6)
#define PSTATE_MASK_IRQ BIT(7)
#define PSTATE_MASK_ABT BIT(8)
#define PSTATE_MASK_DBG BIT(9) /* AArch64 */

/* ESR_EL2: exception classes. */
enum exception_class {
    EC_WFX = 0x01,
    EC_CP15 = 0x03,
    EC_CP15_PAIR = 0x04, /* MCRR, MRRC */
    EC_CP14 = 0x05,
    EC_CP14_MEMORY = 0x06, /* LDC, STC */
    EC_FP = 0x07,
    EC_FP_ID = 0x08, /* VMRS */
    EC_PAUTH = 0x09,
    EC_CP14_PAIR = 0x0c,
    EC_ILLEGAL_STATE = 0x0e,
    EC_HVC32 = 0x12,
    EC_SMC32 = 0x13,
    EC_HVC64 = 0x16,
    EC_SMC64 = 0x17,
    EC_SYSTEM = 0x18,
    EC_SVE = 0x19,
    EC_SME = 0x1d,
    EC_INSTRUCTION_ABORT = 0x20,
    EC_DATA_ABORT = 0x24,
};

static inline unsigned int esr_class(uint64_t esr)
{
    return (unsigned int)bits(esr, 26, 6);
}

#define ESR_LONG_INSTRUCTION BIT(25) /* 4 bytes, not 2 */

/* Data aborts that the CPU decoded, and both kinds of abort. */
#define ESR_ABORT_VALID BIT(24)
#define ESR_ABORT_SIGNS BIT(21) /* a load that extends the sign */
#define ESR_ABORT_WRITE BIT(6)
#define ESR_ABORT_WALK  BIT(7) /* on a stage 1 table walk */
#define ESR_ABORT_CACHE BIT(8) /* by a cache maintenance instruction */

/* The status of an abort, without its level. */
#define ESR_ABORT_KIND        UINT64_C(0x3c)
#define ESR_ABORT_TRANSLATION UINT64_C(0x04)
#define ESR_ABORT_PERMISSION  UINT64_C(0x0c)

#endif
