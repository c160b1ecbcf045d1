/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way into EL2 and back. While a guest runs, SP_EL2 points to its struct vcpu, so that its
 * registers have a place without any other being needed first. The handler, a C function, runs on
 * the CPU's stack from the top, gets the vCPU that trapped and returns the vCPU to go on with,
 * which may be another one. EL1's system registers are not touched on this way: scheduler.c moves
 * them when another vCPU takes the CPU.
 */
#include "vcpu_layout.h"

    .macro save_guest handler
    .balign 128
    stp     x0, x1, [sp, #VCPU_X + 0 * 8]
    stp     x2, x3, [sp, #VCPU_X + 2 * 8]
    stp     x4, x5, [sp, #VCPU_X + 4 * 8]
    stp     x6, x7, [sp, #VCPU_X + 6 * 8]
    stp     x8, x9, [sp, #VCPU_X + 8 * 8]
    stp     x10, x11, [sp, #VCPU_X + 10 * 8]
    stp     x12, x13, [sp, #VCPU_X + 12 * 8]
    stp     x14, x15, [sp, #VCPU_X + 14 * 8]
    stp     x16, x17, [sp, #VCPU_X + 16 * 8]
    stp     x18, x19, [sp, #VCPU_X + 18 * 8]
    stp     x20, x21, [sp, #VCPU_X + 20 * 8]
    stp     x22, x23, [sp, #VCPU_X + 22 * 8]
    stp     x24, x25, [sp, #VCPU_X + 24 * 8]
    stp     x26, x27, [sp, #VCPU_X + 26 * 8]
    stp     x28, x29, [sp, #VCPU_X + 28 * 8]
    mrs     x1, elr_el2
    mrs     x2, spsr_el2
    ldr     x3, [sp, #VCPU_STACK]
    stp     x30, x1, [sp, #VCPU_X + 30 * 8]     /* VCPU_PC follows x30 */
    str     x2, [sp, #VCPU_PSTATE]
    mov     x0, sp
    mov     sp, x3
    bl      \handler
    b       guest_enter
    .endm

    .macro from_el2 what
    .balign 128
    mov     x0, #\what
    b       from_hypervisor
    .endm

    .section .text, "ax"
    .balign 2048
    .global vectors
vectors:
    from_el2 0
    from_el2 1
    from_el2 2
    from_el2 3
    from_el2 4
    from_el2 5
    from_el2 6
    from_el2 7
    save_guest trap_synchronous     /* from AArch64 */
    save_guest trap_interrupt
    save_guest trap_unexpected
    save_guest trap_unexpected
    save_guest trap_synchronous     /* from AArch32 */
    save_guest trap_interrupt
    save_guest trap_unexpected
    save_guest trap_unexpected

/* Enters the guest of the struct vcpu in x0. Does not return: the guest comes back as a trap. */
    .global guest_enter
guest_enter:
    ldp     x30, x1, [x0, #VCPU_X + 30 * 8]
    ldr     x2, [x0, #VCPU_PSTATE]
    msr     elr_el2, x1
    msr     spsr_el2, x2
    mov     sp, x0
    ldp     x2, x3, [x0, #VCPU_X + 2 * 8]
    ldp     x4, x5, [x0, #VCPU_X + 4 * 8]
    ldp     x6, x7, [x0, #VCPU_X + 6 * 8]
    ldp     x8, x9, [x0, #VCPU_X + 8 * 8]
    ldp     x10, x11, [x0, #VCPU_X + 10 * 8]
    ldp     x12, x13, [x0, #VCPU_X + 12 * 8]
    ldp     x14, x15, [x0, #VCPU_X + 14 * 8]
    ldp     x16, x17, [x0, #VCPU_X + 16 * 8]
    ldp     x18, x19, [x0, #VCPU_X + 18 * 8]
    ldp     x20, x21, [x0, #VCPU_X + 20 * 8]
    ldp     x22, x23, [x0, #VCPU_X + 22 * 8]
    ldp     x24, x25, [x0, #VCPU_X + 24 * 8]
    ldp     x26, x27, [x0, #VCPU_X + 26 * 8]
    ldp     x28, x29, [x0, #VCPU_X + 28 * 8]
    ldp     x0, x1, [x0, #VCPU_X]
    eret
    dsb     nsh         /* nothing is speculated past the ERET */
    isb

/* The hypervisor itself has faulted: x0 says by which vector. Nothing is kept of its stack. */
from_hypervisor:
    mrs     x1, tpidr_el2
    ldr     x1, [x1]    /* struct cpu begins with its stack */
    mov     sp, x1
    mrs     x1, esr_el2
    mrs     x2, elr_el2
    mrs     x3, far_el2
    b       trap_in_hypervisor

/* void smc(uint64_t x[18]): an SMC with x0 to x17 in and out. The rest is kept by the callee. */
    .global smc
smc:
    stp     x0, x30, [sp, #-16]!
    mov     x30, x0
    ldp     x0, x1, [x30, #0 * 8]
    ldp     x2, x3, [x30, #2 * 8]
    ldp     x4, x5, [x30, #4 * 8]
    ldp     x6, x7, [x30, #6 * 8]
    ldp     x8, x9, [x30, #8 * 8]
    ldp     x10, x11, [x30, #10 * 8]
    ldp     x12, x13, [x30, #12 * 8]
    ldp     x14, x15, [x30, #14 * 8]
    ldp     x16, x17, [x30, #16 * 8]
    smc     #0
    ldr     x30, [sp]
    stp     x0, x1, [x30, #0 * 8]
    stp     x2, x3, [x30, #2 * 8]
    stp     x4, x5, [x30, #4 * 8]
    stp     x6, x7, [x30, #6 * 8]
    stp     x8, x9, [x30, #8 * 8]
    stp     x10, x11, [x30, #10 * 8]
    stp     x12, x13, [x30, #12 * 8]
    stp     x14, x15, [x30, #14 * 8]
    stp     x16, x17, [x30, #16 * 8]
    ldp     x0, x30, [sp], #16
    ret

/* int64_t semihosting(int operation, void *parameters) */
    .global semihosting
semihosting:
    hlt     #0xf000
    ret
