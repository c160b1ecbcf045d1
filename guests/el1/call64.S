/* SPDX-License-Identifier: BSD-3-Clause */
/* uint64_t el1_call(uint64_t *x, uint32_t way) for AArch64; see el1.h. */
#include "el1.h"

#define PATTERN 0xE100 /* plus the register's number */

    .text
    .global el1_call
el1_call:
    stp x29, x30, [sp, #-128]!
    stp x27, x28, [sp, #16]
    stp x25, x26, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x21, x22, [sp, #64]
    stp x19, x20, [sp, #80]
    stp x0, x18, [sp, #96]

    .irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mov x\n, #(PATTERN + \n)
    .endr

    msr nzcv, x1
    mov x17, x0
    ldp x0, x1, [x17]
    ldp x2, x3, [x17, #16]
    ldp x4, x5, [x17, #32]
    ldp x6, x7, [x17, #48]
    ldp x8, x9, [x17, #64]
    ldp x10, x11, [x17, #80]
    ldp x12, x13, [x17, #96]
    ldp x14, x15, [x17, #112]
    ldp x16, x17, [x17, #128]

    b.mi 1f
    b.eq 2f
    b.cs 3f
    smc #0
    b 4f
1:  hvc #0
    b 4f
2:  smc #1
    b 4f
3:  hvc #1
4:
    str x30, [sp, #112]
    ldr x30, [sp, #96]
    stp x0, x1, [x30]
    stp x2, x3, [x30, #16]
    stp x4, x5, [x30, #32]
    stp x6, x7, [x30, #48]
    stp x8, x9, [x30, #64]
    stp x10, x11, [x30, #80]
    stp x12, x13, [x30, #96]
    stp x14, x15, [x30, #112]
    stp x16, x17, [x30, #128]
    ldr x30, [sp, #112]

    mov x0, #0
    .irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mov x1, #(PATTERN + \n)
    eor x1, x1, x\n
    orr x0, x0, x1
    .endr

    ldr x18, [sp, #104]
    ldp x19, x20, [sp, #80]
    ldp x21, x22, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #32]
    ldp x27, x28, [sp, #16]
    ldp x29, x30, [sp], #128
    ret
