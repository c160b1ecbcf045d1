/* SPDX-License-Identifier: BSD-3-Clause */
/* uint64_t el1_hold(uint32_t ticks) for AArch64; see el1.h. x29 and x30 are the two that count. */

#define PATTERN 0xE200 /* plus the register's number */

    .macro pattern register, n
    mov \register, #(PATTERN + \n)
    movk \register, #(PATTERN ^ (\n << 8)), lsl #48
    .endm

    .text
    .global el1_hold
el1_hold:
    stp x29, x30, [sp, #-112]!
    stp x27, x28, [sp, #16]
    stp x25, x26, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x21, x22, [sp, #64]
    stp x19, x20, [sp, #80]
    str x18, [sp, #96]

    isb
    mrs x29, cntvct_el0
    add x29, x29, w0, uxtw
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    pattern x\n, \n
    .endr
    msr tpidr_el0, x27
    msr tpidr_el1, x28
1:  isb
    mrs x30, cntvct_el0
    cmp x30, x29
    b.lo 1b

    mov x29, #0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    pattern x30, \n
    eor x30, x30, x\n
    orr x29, x29, x30
    .endr
    mrs x30, tpidr_el0
    eor x30, x30, x27
    orr x29, x29, x30
    mrs x30, tpidr_el1
    eor x30, x30, x28
    orr x0, x29, x30

    ldr x18, [sp, #96]
    ldp x19, x20, [sp, #80]
    ldp x21, x22, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #32]
    ldp x27, x28, [sp, #16]
    ldp x29, x30, [sp], #112
    ret
