/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AArch64: interrupts are taken, and faults of the two instructions that may fault, and whatever a
 * probe ends with (probe64.S). No other exception is expected: each entry says which one it was.
 */

    .macro entry kind
    .balign 0x80
    ldr x0, =\kind
    b stop
    .endm

    .section .text.vectors, "ax"
    .balign 0x800
    .global el1_vectors
el1_vectors:
    entry synchronous
    entry irq
    entry fiq
    entry serror
    .balign 0x80
    b tried
    .balign 0x80
    b interrupt
    entry fiq
    entry serror
    entry lower
    entry lower
    entry lower
    entry lower
    entry lower
    entry lower
    entry lower
    entry lower
stop:
    mrs x1, esr_el1
    mrs x2, far_el1
    mrs x3, elr_el1
    b el1_fault
    .ltorg

    /*
     * A fault in el1_try_load() or el1_try_store(), which return where that was: it is a call for
     * their caller, so that there is nothing to save.
     */
tried:
    msr tpidr_el0, x0
    mrs x0, tpidrro_el0
    cbnz x0, el1_probed
    mrs x9, elr_el1
    ldr x10, =el1_try_load
    ldr x11, =el1_try_store
    cmp x9, x10
    ccmp x9, x11, #4, ne
    ldr x0, =synchronous
    b.ne stop
    mrs x0, far_el1
    ldr x9, =faulted
    msr elr_el1, x9
    eret

    .global el1_try_load
el1_try_load:
    ldr w2, [x0]
    str w2, [x1]
    mov x0, #0
    ret

    .global el1_try_store
el1_try_store:
    str w1, [x0]
    mov x0, #0
faulted:
    ret
    .ltorg

    /* Masked until the end: ELR and SPSR stay as they are. */
interrupt:
    sub sp, sp, #176
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x29, [sp, #144]
    str x30, [sp, #160]
    bl el1_interrupt
    ldr x30, [sp, #160]
    ldp x18, x29, [sp, #144]
    ldp x16, x17, [sp, #128]
    ldp x14, x15, [sp, #112]
    ldp x12, x13, [sp, #96]
    ldp x10, x11, [sp, #80]
    ldp x8, x9, [sp, #64]
    ldp x6, x7, [sp, #48]
    ldp x4, x5, [sp, #32]
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp]
    add sp, sp, #176
    eret

    .section .rodata.kinds, "a"
synchronous:
    .asciz "synchronous exception"
irq:
    .asciz "IRQ"
fiq:
    .asciz "FIQ"
serror:
    .asciz "SError"
lower:
    .asciz "exception from EL0"
