/* SPDX-License-Identifier: BSD-3-Clause */
/* AArch64 in C: system registers, barriers, and registers of devices. */
#ifndef ARCH_H
#define ARCH_H

#include <stdint.h>

/* In two steps, so that a register may be named by a macro. */
#define SYSREG_TEXT(name) #name
#define SYSREG_NAME(name) SYSREG_TEXT(name)

#define read_sysreg(name)                                              \
    ({                                                                 \
        uint64_t value_;                                               \
        __asm__ volatile("mrs %0, " SYSREG_NAME(name) : "=r"(value_)); \
        value_;                                                        \
    })

#define write_sysreg(name, value) \
    __asm__ volatile("msr " SYSREG_NAME(name) ", %0" : : "r"((uint64_t)(value)) : "memory")

/* Registers that the assembler may not know by name. */
#define ZCR_EL3          s3_6_c1_c2_0
#define SMCR_EL3         s3_6_c1_c2_6
#define ICC_PMR_EL1      s3_0_c4_c6_0
#define ICC_IAR0_EL1     s3_0_c12_c8_0
#define ICC_EOIR0_EL1    s3_0_c12_c8_1
#define ICC_HPPIR0_EL1   s3_0_c12_c8_2
#define ICC_ASGI1R_EL1   s3_0_c12_c11_6
#define ICC_SGI0R_EL1    s3_0_c12_c11_7
#define ICC_SRE_EL1      s3_0_c12_c12_5
#define ICC_IGRPEN0_EL1  s3_0_c12_c12_6
#define ICC_IGRPEN1_EL3  s3_6_c12_c12_7
#define ICC_SRE_EL3      s3_6_c12_c12_5
#define ID_AA64SMFR0_EL1 s3_0_c0_c4_5
#define ID_AA64ISAR2_EL1 s3_0_c0_c6_2
#define ID_AA64MMFR3_EL1 s3_0_c0_c7_3

#define CACHE_LINE_BYTES 64u /* no CPU of this machine has shorter ones */

static inline void isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

/* Completes all accesses, on every kind of memory. */
static inline void dsb(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
}

static inline void wait_for_interrupt(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

static inline uint32_t mmio_read32(uintptr_t pa)
{
    return *(volatile uint32_t *)pa;
}

static inline uint64_t mmio_read64(uintptr_t pa)
{
    return *(volatile uint64_t *)pa;
}

static inline void mmio_write32(uintptr_t pa, uint32_t value)
{
    *(volatile uint32_t *)pa = value;
}

static inline void mmio_write8(uintptr_t pa, uint8_t value)
{
    *(volatile uint8_t *)pa = value;
}

#endif
