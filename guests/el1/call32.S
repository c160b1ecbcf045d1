/* SPDX-License-Identifier: BSD-3-Clause */
/* uint64_t el1_call(uint64_t *x, uint32_t way) for AArch32; see el1.h. r0 to r7 are x0 to x7. */
#include "el1.h"

#define PATTERN 0xE100 /* plus the register's number */

    .syntax unified
    .arm
    .arch_extension sec
    .arch_extension virt
    .text
    .global el1_call
    .type el1_call, %function
el1_call:
    push {r0, r4-r12, lr}

    .irp n, 8, 9, 10, 11, 12, 14
    movw r\n, #(PATTERN + \n)
    .endr

    msr apsr_nzcvq, r1
    ldr r1, [r0, #8]
    ldr r2, [r0, #16]
    ldr r3, [r0, #24]
    ldr r4, [r0, #32]
    ldr r5, [r0, #40]
    ldr r6, [r0, #48]
    ldr r7, [r0, #56]
    ldr r0, [r0]

    bmi 1f
    beq 2f
    bcs 3f
    smc #0
    b 4f
1:  hvc #0
    b 4f
2:  smc #1
    b 4f
3:  hvc #1
4:
    push {lr}
    ldr lr, [sp, #4]
    str r0, [lr]
    str r1, [lr, #8]
    str r2, [lr, #16]
    str r3, [lr, #24]
    str r4, [lr, #32]
    str r5, [lr, #40]
    str r6, [lr, #48]
    str r7, [lr, #56]
    mov r0, #0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    str r0, [lr, #(8 * \n + 4)]
    .endr
    pop {lr}

    .irp n, 8, 9, 10, 11, 12, 14
    movw r1, #(PATTERN + \n)
    eor r1, r1, r\n
    orr r0, r0, r1
    .endr
    mov r1, #0

    add sp, sp, #4
    pop {r4-r12, pc}
