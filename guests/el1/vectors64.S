/* SPDX-License-Identifier: BSD-3-Clause */
/* AArch64: no exception is expected. Each entry says which one it was. */

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
    entry synchronous
    entry irq
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
