/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A partition at S-EL1: from the monitor's first entry of a context to C, its calls, and what must
 * not happen. Contexts start on several CPUs at once, so that what they share is ready in the image.
 */
#include "layout.h"

/* MAIR: 0 is Normal memory, write-back. There is no other: devices are the monitor's. */
#define MAIR_VALUE 0xff

/* 39 bits of address below, none above; 4 KiB granule; walks as the memory is; 40 bits out. */
#define TCR_VALUE ((2 << 32) | (1 << 23) | (3 << 12) | (1 << 10) | (1 << 8) | (64 - 39))

#define SCTLR_RES1 0x30d00980
#define SCTLR_VALUE (SCTLR_RES1 | (1 << 19) | (1 << 12) | (1 << 3) | (1 << 2) | (1 << 0))

.section .text.start, "ax"
.global _start
_start:                             /* x0: the context's number */
    ldr x1, =MAIR_VALUE
    msr mair_el1, x1
    ldr x1, =TCR_VALUE
    msr tcr_el1, x1
    ldr x1, =level1
    msr ttbr0_el1, x1
    ldr x1, =vectors
    msr vbar_el1, x1
    isb
    tlbi vmalle1
    ic iallu
    dsb sy
    isb
    ldr x1, =SCTLR_VALUE
    msr sctlr_el1, x1
    isb
    ldr x1, =stacks
    add x2, x0, #1
    add x1, x1, x2, lsl #SEL1_STACK_SHIFT
    mov sp, x1
    bl partition_main

/* smc_call(regs): SMC #0 with x0 to x17 in and out. x18 and up survive. */
.section .text.smc_call, "ax"
.global smc_call
smc_call:
    stp x29, x30, [sp, #-32]!
    str x0, [sp, #16]
    mov x30, x0
    ldp x0, x1, [x30]
    ldp x2, x3, [x30, #16]
    ldp x4, x5, [x30, #32]
    ldp x6, x7, [x30, #48]
    ldp x8, x9, [x30, #64]
    ldp x10, x11, [x30, #80]
    ldp x12, x13, [x30, #96]
    ldp x14, x15, [x30, #112]
    ldp x16, x17, [x30, #128]
    smc #0
    ldr x30, [sp, #16]
    stp x0, x1, [x30]
    stp x2, x3, [x30, #16]
    stp x4, x5, [x30, #32]
    stp x6, x7, [x30, #48]
    stp x8, x9, [x30, #64]
    stp x10, x11, [x30, #80]
    stp x12, x13, [x30, #96]
    stp x14, x15, [x30, #112]
    stp x16, x17, [x30, #128]
    ldp x29, x30, [sp], #32
    ret

/* Interrupts stay masked here and are looked for, so that every exception is a mistake. */
.section .text.vectors, "ax"
.balign 2048
vectors:
    .rept 16
    .balign 128
    mrs x0, esr_el1
    mrs x1, elr_el1
    mrs x2, far_el1
    smc #SEL1_PANIC_IMMEDIATE
    b .
    .endr

/*
 * Translation tables: each page is itself, code cannot be written, data not executed. memory.c adds
 * what VMs share, so that the first level can be written.
 */
#define ENTRY_TABLE 3
#define ENTRY_BLOCK (1 | (3 << 8) | (1 << 10))
#define ENTRY_PAGE  (3 | (3 << 8) | (1 << 10)) /* inner shareable, accessed */
#define ENTRY_RO    (1 << 7)
#define ENTRY_UXN   (1 << 54)
#define ENTRY_PXN   (1 << 53)

#define PAGE_BYTES  4096
#define L2_INDEX    ((SEL1_CODE_PA >> SEL1_BLOCK_SHIFT) & 511)
#define L3_INDEX    ((SEL1_CODE_PA >> 12) & 511)
#define CODE_PAGES  (SEL1_CODE_BYTES / PAGE_BYTES)
#define DATA_PAGES  (SEL1_DATA_BYTES / PAGE_BYTES)

.section .data.tables, "aw"
.balign PAGE_BYTES
.global level1
level1:
    .quad level2 + ENTRY_TABLE
    .fill 511, 8, 0

.section .rodata.tables, "a"
.balign PAGE_BYTES
level2:
    .fill L2_INDEX, 8, 0
    .quad level3 + ENTRY_TABLE
    .set block, SEL1_POOL_PA
    .rept SEL1_POOL_BLOCKS
    .quad block | ENTRY_BLOCK | ENTRY_UXN | ENTRY_PXN
    .set block, block + (1 << SEL1_BLOCK_SHIFT)
    .endr
    .fill 511 - L2_INDEX - SEL1_POOL_BLOCKS, 8, 0
level3:
    .fill L3_INDEX, 8, 0
    .set page, SEL1_CODE_PA
    .rept CODE_PAGES
    .quad page | ENTRY_PAGE | ENTRY_RO | ENTRY_UXN
    .set page, page + PAGE_BYTES
    .endr
    .rept DATA_PAGES
    .quad page | ENTRY_PAGE | ENTRY_UXN | ENTRY_PXN
    .set page, page + PAGE_BYTES
    .endr
    .fill 512 - L3_INDEX - CODE_PAGES - DATA_PAGES, 8, 0

.section .bss.stacks, "aw", %nobits
.balign 16
stacks:
    .space CPUS_MAX << SEL1_STACK_SHIFT
