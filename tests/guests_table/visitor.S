/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start of a visitor: entered at its first byte, at whatever address, with the MMU off. With
 * LINUX, it passes for an arm64 Linux Image, which takes more memory than its file.
 */
    .section .start, "ax"
    .global visitor_start
visitor_start:
    b enter
#ifdef LINUX
    .long 0
    .quad LINUX_OFFSET /* from a multiple of 2 MiB */
    .quad LINUX_BYTES
    .quad 0xa /* little-endian, pages of 4 KiB, anywhere in memory */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0
#endif

enter:
    adrp x9, stack_end
    add x9, x9, :lo12:stack_end
    mov sp, x9
    stp x2, x3, [sp, #-16]!
    stp x0, x1, [sp, #-16]!
    mrs x10, CurrentEL
    mrs x11, DAIF
    stp x10, x11, [sp, #-16]!
    mrs x10, SCTLR_EL1
    adr x11, visitor_start
    stp x10, x11, [sp, #-16]!
    mov x0, sp
    bl visitor_main
stay:
    wfi
    b stay

    .bss
    .balign 16
    .skip 4096
stack_end:
