/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first instructions of each CPU: from "MMU off, nothing known" to C with MMU and caches on.
 * CPU 0 is entered by the monitor, the others by PSCI CPU_ON with their index in x0.
 */
#include "machine.h"

#define MAIR_VALUE   0xff04     /* 0: device nGnRE, 1: normal write-back (mmu.c) */
#define TCR_VALUE    0x80823519 /* RES1, PS 40 bits, 4 KiB, inner shareable, write-back, T0SZ 25 */
#define HCR_VALUE    0x80000038 /* EL1 is AArch64; FIQ, IRQ, SError are ours; not VHE (registers.h) */
#define SCTLR_VALUE  0x30cd183d /* RES1, WXN, I, SA, C, M */

    .section .text.boot, "ax"
    .global boot
boot:
    /* What the caches hold of our memory is from before the image was loaded. */
    adrp    x1, image_start
    adrp    x2, image_end
1:  dc      ivac, x1
    add     x1, x1, #64
    cmp     x1, x2
    b.lo    1b
    dsb     sy

    adrp    x1, image_loaded_end
1:  stp     xzr, xzr, [x1], #16
    cmp     x1, x2
    b.lo    1b

    mov     x19, #0
    bl      cpu_prepare
    bl      mmu_build
    bl      mmu_on
    b       main

    .global boot_secondary
boot_secondary:
    mov     x19, x0
    bl      cpu_prepare
    bl      mmu_on
    mov     x0, x19
    b       main_secondary

/* Gives CPU x19 its vectors and its stack, and EL2 the shape that the rest relies on. */
cpu_prepare:
    msr     daifset, #15
    ldr     x1, =HCR_VALUE
    msr     hcr_el2, x1
    isb
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el2, x1
    msr     spsel, #1
    adrp    x1, stacks
    add     x1, x1, :lo12:stacks
    mov     x2, #(STACK_BYTES + PAGE_BYTES)
    madd    x1, x19, x2, x1
    add     sp, x1, x2
    ret

mmu_on:
    ldr     x1, =MAIR_VALUE
    msr     mair_el2, x1
    ldr     x1, =TCR_VALUE
    msr     tcr_el2, x1
    adrp    x1, mmu_root
    add     x1, x1, :lo12:mmu_root
    msr     ttbr0_el2, x1
    dsb     sy
    tlbi    alle2
    ic      iallu
    dsb     sy
    isb
    ldr     x1, =SCTLR_VALUE
    msr     sctlr_el2, x1
    isb
    ret

    /* For each CPU: a page that mmu.c leaves unmapped, then the stack, which grows towards it. */
    .section .stacks, "aw", @nobits
    .balign PAGE_BYTES
    .global stacks
stacks:
    .space CPUS_MAX * (STACK_BYTES + PAGE_BYTES)
