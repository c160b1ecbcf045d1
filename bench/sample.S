/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uint64_t sample_smc(uint64_t x[18], uint64_t phase)
 * uint64_t sample_nop(uint64_t x[18], uint64_t phase)
 *
 * Makes one SMC with x0 to x17 in and out, and returns the ticks that the virtual counter went on
 * meanwhile; sample_nop() is the same with a NOP for the SMC. `phase` is 0 to 15: so many NOPs less
 * before the first look at the counter, and so many more after the last. The whole takes the same
 * number of instructions whatever the phase, but meets the counter at another place between two
 * ticks.
 */
    .macro sample name, instruction
    .global \name
\name:
    stp     x29, x30, [sp, #-48]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    mov     x19, x0
    mov     x20, x1
    ldp     x0, x1, [x19]
    ldp     x2, x3, [x19, #16]
    ldp     x4, x5, [x19, #32]
    ldp     x6, x7, [x19, #48]
    ldp     x8, x9, [x19, #64]
    ldp     x10, x11, [x19, #80]
    ldp     x12, x13, [x19, #96]
    ldp     x14, x15, [x19, #112]
    ldp     x16, x17, [x19, #128]

    adr     x21, 1f
    add     x21, x21, x20, lsl #2
    br      x21
1:
    .rept 16
    nop
    .endr
    isb
    mrs     x21, cntvct_el0
    \instruction
    mrs     x22, cntvct_el0
    isb
    sub     x22, x22, x21
    adr     x21, 2f
    sub     x21, x21, x20, lsl #2
    br      x21
    .rept 16
    nop
    .endr
2:
    stp     x0, x1, [x19]
    stp     x2, x3, [x19, #16]
    stp     x4, x5, [x19, #32]
    stp     x6, x7, [x19, #48]
    stp     x8, x9, [x19, #64]
    stp     x10, x11, [x19, #80]
    stp     x12, x13, [x19, #96]
    stp     x14, x15, [x19, #112]
    stp     x16, x17, [x19, #128]
    mov     x0, x22
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x29, x30, [sp], #48
    ret
    .endm

    .text
    .balign 64
    sample  sample_smc, "smc #0"
    .balign 64
    sample  sample_nop, "nop"
