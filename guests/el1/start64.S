/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AArch64 start-up. Entered at the image's first byte, wherever below 4 GiB that is: EL1, MMU off,
 * x1 life, x2 number of vCPUs, x3 conduit, x4 pages of RAM. Turns the MMU on with a Normal
 * write-back map of the image at its linked address, because exclusive accesses are only sure to
 * work on such memory, and goes on in C.
 */
#include "el1.h"

#define TABLE        0x3   /* points to a table of the next level */
#define BLOCK_NORMAL 0x705 /* block, access flag, inner shareable, attribute 1 */
#define BLOCK_DEVICE ((3 << 53) | 0x401) /* block, access flag, attribute 0, never executed */
#define GIB_SHIFT    30
#define BLOCK_SHIFT  21 /* 2 MiB */
#define UART         0x09000000
#define GIC          0x08000000

#define LINE_BYTES   16 /* of any cache, at least */

#define MAIR 0xff00 /* 0: Device-nGnRnE, 1: Normal write-back */
/* 512 GiB of VA, walks write-back inner shareable, 4 KiB granule, no second range, 36-bit IPAs. */
#define TCR   ((1 << 32) | (1 << 23) | (3 << 12) | (1 << 10) | (1 << 8) | 25)
#define SCTLR 0x30d0180d /* MMU, caches, stack alignment; the rest as architected */

    /* The address of a symbol as the program counter has it: the IPA while the MMU is off. */
    .macro here register, symbol
    adrp \register, \symbol
    add \register, \register, :lo12:\symbol
    .endm

    .section .start, "ax"
    .global start
start:
    adr x10, start
    here x11, el1_boot
    stp x1, x2, [x11]
    stp x3, x10, [x11, #16]
    str x4, [x11, #32]

    /* The first GiB of VA is a table of blocks; the one that runs now is mapped to itself. */
    here x12, root_table
    here x13, block_table
    orr x0, x13, #TABLE
    str x0, [x12]
    lsr x0, x10, #GIB_SHIFT
    lsl x1, x0, #GIB_SHIFT
    mov x2, #BLOCK_NORMAL
    orr x1, x1, x2
    str x1, [x12, x0, lsl #3]

    /* In it: the image where it is linked, the UART, and the interrupt controller. */
    ldr x0, =image_base
    lsr x0, x0, #BLOCK_SHIFT
    orr x1, x10, x2
    add x14, x13, x0, lsl #3
    str x1, [x14]
    ldr x1, =(UART | BLOCK_DEVICE)
    add x15, x13, #((UART >> BLOCK_SHIFT) << 3)
    str x1, [x15]
    ldr x1, =(GIC | BLOCK_DEVICE)
    add x16, x13, #((GIC >> BLOCK_SHIFT) << 3)
    str x1, [x16]

    /* All IPAs, once more, far away. */
    mov x0, #0
    add x17, x12, #((EL1_FAR >> GIB_SHIFT) << 3)
far:
    lsl x1, x0, #GIB_SHIFT
    orr x1, x1, x2
    str x1, [x17, x0, lsl #3]
    add x0, x0, #1
    cmp x0, #EL1_FAR_GIBS
    b.ne far

    /* These were written past the caches: no stale line may hide them. */
    dmb sy
    dc ivac, x11
    dc ivac, x12
    dc ivac, x14
    dc ivac, x15
    dc ivac, x16
    add x0, x11, #32
    dc ivac, x0
    mov x0, #0
clean:
    add x1, x17, x0
    dc ivac, x1
    add x0, x0, #LINE_BYTES
    cmp x0, #(EL1_FAR_GIBS * 8)
    b.lo clean
    dsb sy

    mov x0, #0
    ldr x1, =el1_main
    b enter

    .global el1_secondary_start
el1_secondary_start:
    mrs x0, mpidr_el1
    and x0, x0, #0xff
    ldr x1, =el1_secondary

    /* x0: the vCPU, x1: where to go on with the MMU on and that vCPU's stack. */
enter:
    ldr x2, =el1_vectors
    msr vbar_el1, x2
    mov x2, #MAIR
    msr mair_el1, x2
    ldr x2, =TCR
    msr tcr_el1, x2
    here x2, root_table
    msr ttbr0_el1, x2
    dsb ishst
    tlbi vmalle1
    dsb nsh
    isb
    ldr x2, =SCTLR
    msr sctlr_el1, x2
    isb
    ic iallu
    dsb nsh
    isb

    ldr x2, =(stacks + EL1_STACK_BYTES)
    mov x3, #EL1_STACK_BYTES
    madd x2, x0, x3, x2
    mov sp, x2
    br x1

    .ltorg

    .section .bss.tables, "aw", %nobits
    .balign 4096
block_table:
    .skip 4096
    .global root_table
root_table:
    .skip 4096

    .section .bss.stacks, "aw", %nobits
    .balign 16
stacks:
    .skip EL1_STACK_BYTES * EL1_VCPUS_MAX
