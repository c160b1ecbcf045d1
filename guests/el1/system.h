/* SPDX-License-Identifier: BSD-3-Clause */
/* System registers that EL1 has in either width: interrupts, and the virtual timer. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <guest.h>

#ifdef __aarch64__
#define REGISTER(name, aarch64, aarch32)                                                 \
    static inline uint32_t read_##name(void)                                             \
    {                                                                                    \
        uint64_t value;                                                                  \
                                                                                         \
        __asm__ volatile("isb\n mrs %0, " aarch64 : "=r"(value)::"memory");              \
        return (uint32_t)value;                                                          \
    }                                                                                    \
    static inline void write_##name(uint32_t value)                                      \
    {                                                                                    \
        __asm__ volatile("msr " aarch64 ", %0\n isb" ::"r"((uint64_t)value) : "memory"); \
    }
#define READ_COUNTER "isb\n mrs %0, cntvct_el0"
#define WRITE_SGI    "dsb ishst\n msr S3_0_C12_C11_5, %0\n isb"
#define MASK         "msr daifset, #2"
#define UNMASK       "msr daifclr, #2"
#else
#define REGISTER(name, aarch64, aarch32)                                               \
    static inline uint32_t read_##name(void)                                           \
    {                                                                                  \
        uint32_t value;                                                                \
                                                                                       \
        __asm__ volatile("isb\n mrc p15, 0, %0, " aarch32 : "=r"(value)::"memory");    \
        return value;                                                                  \
    }                                                                                  \
    static inline void write_##name(uint32_t value)                                    \
    {                                                                                  \
        __asm__ volatile("mcr p15, 0, %0, " aarch32 "\n isb" ::"r"(value) : "memory"); \
    }
#define READ_COUNTER "isb\n mrrc p15, 1, %Q0, %R0, c14"
#define WRITE_SGI    "dsb ishst\n mcrr p15, 0, %Q0, %R0, c12\n isb"
#define MASK         "cpsid i"
#define UNMASK       "cpsie i"
#endif

REGISTER(icc_pmr, "S3_0_C4_C6_0", "c4, c6, 0")
REGISTER(icc_igrpen1, "S3_0_C12_C12_7", "c12, c12, 7")
REGISTER(icc_iar1, "S3_0_C12_C12_0", "c12, c12, 0")
REGISTER(icc_ctlr, "S3_0_C12_C12_4", "c12, c12, 4")
REGISTER(icc_dir, "S3_0_C12_C11_1", "c12, c11, 1")
REGISTER(icc_eoir1, "S3_0_C12_C12_1", "c12, c12, 1")
REGISTER(cntv_tval, "cntv_tval_el0", "c14, c3, 0")
REGISTER(cntv_ctl, "cntv_ctl_el0", "c14, c3, 1")
REGISTER(cntfrq, "cntfrq_el0", "c14, c0, 0")

#undef REGISTER
#endif
