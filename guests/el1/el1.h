/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the EL1 platform know of each other. For assembly and C. */
#ifndef EL1_H
#define EL1_H

#define EL1_VCPUS_MAX   8
#define EL1_STACK_BYTES 0x4000

/*
 * Where a program finds memory that is not its image, so that again no virtual address can pass for
 * an IPA: AArch64 has the IPAs from 0 to EL1_FAR_GIBS GiB there, AArch32 those of one GiB.
 */
#ifdef __aarch64__
#define EL1_FAR      0x4000000000
#define EL1_FAR_IPA  0
#define EL1_FAR_GIBS 64
#else
#define EL1_FAR      0x40000000
#define EL1_FAR_IPA  0x80000000
#define EL1_FAR_GIBS 1
#endif

/* What the start-up code maps of the image, and of the VM's RAM leaves to guest_ram(). */
#define EL1_IMAGE_BYTES 0x200000

/*
 * How a call leaves the VM. The values are condition flags (N, Z, C), because these are the only
 * state that is left to tell the instructions apart once all registers hold arguments.
 */
#define EL1_SMC           0x00000000
#define EL1_HVC           0x80000000
#define EL1_SMC_IMMEDIATE 0x40000000 /* with an immediate other than 0 */
#define EL1_HVC_IMMEDIATE 0x20000000

#ifndef __ASSEMBLER__
#include <guest.h>

/*
 * Makes the call, with x0 to x17 (r0 to r7) in and out. All other registers are filled with a
 * pattern before; the result is 0 if they still hold it afterwards.
 */
uint64_t el1_call(uint64_t *x, uint32_t way);

/* A call to PSCI or to the hypervisor itself; returns w0. */
uint32_t el1_service(uint32_t fid, uint64_t arg1, uint64_t arg2, uint64_t arg3);

/* Vendor specific calls of the reference hypervisor. */
#define EL1_REPORT  0x86000001u /* w1 expectations held, w2 broken */
#define EL1_MIGRATE 0x86000002u

/* What the start-up code was told, and found: written by it before any C runs. */
struct el1_boot {
    uint64_t life;
    uint64_t vcpus;
    uint64_t hvc;   /* whether calls are made by HVC */
    uint64_t ipa;   /* of the image's first byte */
    uint64_t pages; /* of RAM, from there on */
};

extern struct el1_boot el1_boot;

/* From the start-up code, with a stack and the MMU on. */
_Noreturn void el1_main(void);
_Noreturn void el1_secondary(void);

/* The start-up code of the other vCPUs. */
extern const unsigned char el1_secondary_start[];

/*
 * Loads or stores 32 bits. Returns where that faulted, or 0. The vectors know the two instructions
 * that may fault, and go on behind them.
 */
uintptr_t el1_try_load(uintptr_t address, uint32_t *value);
uintptr_t el1_try_store(uintptr_t address, uint32_t value);

/* From the exception vectors. */
_Noreturn void el1_fault(const char *kind, uint64_t syndrome, uint64_t address, uint64_t pc);

/* From the exception vectors, with all registers saved that C may change: takes an interrupt. */
void el1_interrupt(void);

/*
 * Fills all registers but two (three in AArch32) with patterns and reads the counter until so many
 * ticks have passed. Returns 0 if they still hold their patterns then.
 */
uint64_t el1_hold(uint32_t ticks);

/* Divides in place and returns the rest: AArch32 has no division of 64 bits. Divisor: 16 bits. */
uint32_t el1_divide(uint64_t *value, uint32_t divisor);

/* Stops the VM, whatever vCPU this is. */
_Noreturn void el1_stop(void);

/* Sends the expectations that were counted since the last time to the hypervisor. */
void el1_report(void);
#endif

#endif
