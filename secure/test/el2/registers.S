/* SPDX-License-Identifier: BSD-3-Clause */
/* Code that does nothing, and finds out whether somebody else did something to its registers. */
.arch_extension fp
.arch_extension simd

#define PATTERN(n) (0x6b00 + (n))

.macro fill_vector n
    mov x1, #PATTERN(0x80 + \n)
    dup v\n\().2d, x1
.endm

.macro compare_vector n
    mov x1, #PATTERN(0x80 + \n)
    umov x2, v\n\().d[0]
    eor x2, x2, x1
    orr x0, x0, x2
    umov x2, v\n\().d[1]
    eor x2, x2, x1
    orr x0, x0, x2
.endm

/* x2 to x30 and v0 to v31 are filled; x0 is when to stop. */
.macro fill_registers
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fill_vector \n
    .endr
    .irp n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov x\n, #PATTERN(\n)
    .endr
.endm

.macro wait_until
1:  isb
    mrs x1, cntpct_el0
    cmp x1, x0
    b.lo 1b
.endm

/* x0: the sum of all differences */
.macro compare_registers
    mov x0, xzr
    .irp n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov x1, #PATTERN(\n)
    eor x1, x1, x\n
    orr x0, x0, x1
    .endr
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    compare_vector \n
    .endr
.endm

.section .text.registers_hold, "ax"
.global registers_hold
registers_hold:
    stp x29, x30, [sp, #-112]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    str x0, [sp, #96]
    fill_registers
    wait_until
    ldr x1, [sp, #96]
    eor x1, x1, x0
    str x1, [sp, #96]
    compare_registers
    ldr x1, [sp, #96]
    orr x0, x0, x1
    ldp x27, x28, [sp, #80]
    ldp x25, x26, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #112
    ret

.section .text.el1_hold64, "ax"
.global el1_hold64
el1_hold64:
    mrs x0, tpidr_el1
    fill_registers
    wait_until
    mrs x1, tpidr_el1
    eor x1, x1, x0
    msr tpidr_el0, x1
    compare_registers
    mrs x1, tpidr_el0
    orr x0, x0, x1
    hvc #0

/* r2 to r12 are filled, with r3 left out; r1 counts down; their sum is in r0 at the end. */
.section .text.el1_hold32, "ax"
.global el1_hold32
.balign 4
el1_hold32:
    .word 0xe3a02012                /* mov r2, #0x12 */
    .word 0xe3a04044                /* mov r4, #0x44, and so on */
    .word 0xe3a05055
    .word 0xe3a06066
    .word 0xe3a07077
    .word 0xe3a08088
    .word 0xe3a09099
    .word 0xe3a0a0aa
    .word 0xe3a0b0bb
    .word 0xe3a0c0cc
    .word 0xe3a01502                /* mov r1, #0x800000 */
    .word 0xe2511001                /* subs r1, r1, #1 */
    .word 0x1afffffd                /* bne the line above */
    .word 0xe0820004                /* add r0, r2, r4 */
    .word 0xe0800005                /* add r0, r0, r5, and so on */
    .word 0xe0800006
    .word 0xe0800007
    .word 0xe0800008
    .word 0xe0800009
    .word 0xe080000a
    .word 0xe080000b
    .word 0xe080000c
    .word 0xe1400070                /* hvc #0 */
