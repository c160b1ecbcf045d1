/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AArch32: interrupts are taken, and faults of the two instructions that may fault. No other
 * exception is expected: each entry says which one it was.
 */

#define MODE_SVC 0x13

    .syntax unified
    .arm

    /* Names the exception, with the program counter in r3 and the stack of the mode that failed. */
    .macro entry name, kind, status, address
\name:
    mov r3, lr
    cps #MODE_SVC
    ldr r0, =\kind
    b \status
    .endm

    .section .text.vectors, "ax"
    .balign 32
    .global el1_vectors
el1_vectors:
    b unexpected_reset
    b unexpected_undefined
    b unexpected_svc
    b unexpected_prefetch
    b tried
    b unexpected_hyp
    b interrupt
    b unexpected_fiq

    entry unexpected_reset, reset, no_status
    entry unexpected_undefined, undefined, no_status
    entry unexpected_svc, svc, no_status
    entry unexpected_prefetch, prefetch, instruction_status
    entry unexpected_data, data, data_status
    entry unexpected_hyp, reset, no_status
    entry unexpected_fiq, fiq, no_status

    /* el1_fault(kind, syndrome, address, pc): 64-bit arguments in r2:r3 and on the stack. */
no_status:
    mov r1, #0
    mov r2, #0
    b stop
instruction_status:
    mrc p15, 0, r1, c5, c0, 1 /* IFSR */
    mrc p15, 0, r2, c6, c0, 2 /* IFAR */
    b stop
data_status:
    mrc p15, 0, r1, c5, c0, 0 /* DFSR */
    mrc p15, 0, r2, c6, c0, 0 /* DFAR */
stop:
    mov r4, #0
    sub sp, sp, #16
    bic sp, sp, #7
    str r2, [sp]
    str r4, [sp, #4]
    str r3, [sp, #8]
    str r4, [sp, #12]
    mov r2, r1
    mov r3, #0
    b el1_fault
    .ltorg

    /*
     * A fault in el1_try_load() or el1_try_store(), which return where that was: it is a call for
     * their caller, so that there is nothing to save but the state, which they keep in r12.
     */
tried:
    sub lr, lr, #8
    ldr r2, =try_load
    cmp lr, r2
    ldrne r2, =try_store
    cmpne lr, r2
    addne lr, lr, #8
    bne unexpected_data
    mrc p15, 0, r0, c6, c0, 0 /* DFAR */
    cps #MODE_SVC
    msr cpsr_cxsf, r12
    bx lr

    .global el1_try_load
el1_try_load:
    mrs r12, cpsr
try_load:
    ldr r2, [r0]
    str r2, [r1]
    mov r0, #0
    bx lr

    .global el1_try_store
el1_try_store:
    mrs r12, cpsr
try_store:
    str r1, [r0]
    mov r0, #0
    bx lr
    .ltorg

    /* Masked until the end, on the stack of SVC mode. */
interrupt:
    sub lr, lr, #4
    srsdb sp!, #MODE_SVC
    cps #MODE_SVC
    push {r0-r3, r12, lr}
    and r0, sp, #4 /* 8-byte alignment, which an interrupt may come without */
    sub sp, sp, r0
    push {r0, r1}
    bl el1_interrupt
    pop {r0, r1}
    add sp, sp, r0
    pop {r0-r3, r12, lr}
    rfeia sp!

    .section .rodata.kinds, "a"
reset:
    .asciz "reset"
undefined:
    .asciz "undefined instruction"
svc:
    .asciz "SVC"
prefetch:
    .asciz "prefetch abort"
data:
    .asciz "data abort"
fiq:
    .asciz "FIQ"
