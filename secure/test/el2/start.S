/* SPDX-License-Identifier: BSD-3-Clause */

#define STACK_SHIFT 12
#define REGS_BYTES  144

.section .text.start, "ax"
.global _start
_start:
    adrp x5, entry_state
    add x5, x5, :lo12:entry_state
    stp x0, x1, [x5]
    stp x2, x3, [x5, #16]
    mov x0, xzr
    bl cpu_setup
    bl payload_main
    b .

.global secondary_entry
secondary_entry:
    mov x19, x0
    bl cpu_setup
    mov x0, x19
    bl payload_secondary
    b .

/* x0: the CPU's number */
cpu_setup:
    ldr x1, =stacks
    add x0, x0, #1
    add x1, x1, x0, lsl #STACK_SHIFT
    mov sp, x1
    ldr x1, =vectors
    msr vbar_el2, x1
    isb
    ret

.macro smc_with_immediate immediate
    stp x29, x30, [sp, #-112]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    str x0, [sp, #96]
    .irp n, 18,19,20,21,22,23,24,25,26,27,28,29
    mov x\n, #0x5a00 + \n
    .endr
    ldr x30, [sp, #96]
    ldp x0, x1, [x30]
    ldp x2, x3, [x30, #16]
    ldp x4, x5, [x30, #32]
    ldp x6, x7, [x30, #48]
    ldp x8, x9, [x30, #64]
    ldp x10, x11, [x30, #80]
    ldp x12, x13, [x30, #96]
    ldp x14, x15, [x30, #112]
    ldp x16, x17, [x30, #128]
    smc #\immediate
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
    mov x0, xzr
    .irp n, 18,19,20,21,22,23,24,25,26,27,28,29
    mov x1, #0x5a00 + \n
    eor x1, x1, x\n
    orr x0, x0, x1
    .endr
    ldp x27, x28, [sp, #80]
    ldp x25, x26, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #112
    ret
.endm

.global smc_call
smc_call:
    smc_with_immediate 0

.global smc_call_immediate
smc_call_immediate:
    smc_with_immediate 1

.global el1_run
el1_run:
    stp x29, x30, [sp, #-112]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    str x3, [sp, #96]
    msr elr_el2, x0
    msr spsr_el2, x1
    msr hcr_el2, x2
    isb
    eret

/* From EL1: back to who called el1_run. */
el1_returned:
    ldr x30, [sp, #96]
    mrs x1, esr_el2
    mrs x2, spsr_el2
    stp x0, x1, [x30]
    str x2, [x30, #16]
    ldp x27, x28, [sp, #80]
    ldp x25, x26, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #112
    ret

.global el1_code64
el1_code64:
    ldr w0, =0x84000000
    smc #0
    hvc #0
    .ltorg

.global el1_code32
.balign 4
el1_code32:
    .word 0xe10f0000                /* mrs r0, cpsr */
    .word 0xe1400070                /* hvc #0 */

.macro unexpected
    .balign 128
    mrs x0, esr_el2
    mrs x1, elr_el2
    mrs x2, far_el2
    b payload_exception
.endm

.macro interrupt
    .balign 128
    b irq_entry
.endm

irq_entry:
    stp x29, x30, [sp, #-192]!
    stp x0, x1, [sp, #16]
    stp x2, x3, [sp, #32]
    stp x4, x5, [sp, #48]
    stp x6, x7, [sp, #64]
    stp x8, x9, [sp, #80]
    stp x10, x11, [sp, #96]
    stp x12, x13, [sp, #112]
    stp x14, x15, [sp, #128]
    stp x16, x17, [sp, #144]
    str x18, [sp, #160]
    bl payload_irq
    ldr x18, [sp, #160]
    ldp x16, x17, [sp, #144]
    ldp x14, x15, [sp, #128]
    ldp x12, x13, [sp, #112]
    ldp x10, x11, [sp, #96]
    ldp x8, x9, [sp, #80]
    ldp x6, x7, [sp, #64]
    ldp x4, x5, [sp, #48]
    ldp x2, x3, [sp, #32]
    ldp x0, x1, [sp, #16]
    ldp x29, x30, [sp], #192
    eret

.macro from_el1
    .balign 128
    b el1_returned
.endm

.balign 2048
vectors:
    .rept 5
    unexpected
    .endr
    interrupt
    .rept 2
    unexpected
    .endr
    from_el1
    .rept 3
    unexpected
    .endr
    from_el1
    .rept 3
    unexpected
    .endr

.section .data
.balign 16
.global entry_state
entry_state:
    .quad 0, 0, 0, 0

.section .bss
.balign 16
stacks:
    .space 4 << STACK_SHIFT
