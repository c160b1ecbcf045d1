/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uint64_t el1_hold(uint32_t ticks) for AArch32; see el1.h. r12 and r14 count, in 32 bits, which a
 * difference of ticks fits in.
 */

#define PATTERN 0xE200 /* plus the register's number */

    .syntax unified
    .arm
    .text
    .global el1_hold
    .type el1_hold, %function
el1_hold:
    push {r4-r12, lr}
    isb
    mrrc p15, 1, r12, r14, c14
    add r12, r12, r0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    movw r\n, #(PATTERN + \n)
    movt r\n, #(PATTERN ^ (\n << 8))
    .endr
1:  isb
    mrrc p15, 1, r14, r11, c14
    subs r14, r14, r12
    bmi 1b

    mov r12, #0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    movw r14, #(PATTERN + \n)
    movt r14, #(PATTERN ^ (\n << 8))
    eor r14, r14, r\n
    orr r12, r12, r14
    .endr
    mov r0, r12
    mov r1, #0
    pop {r4-r12, pc}
