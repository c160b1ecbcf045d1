/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AArch32 start-up, as start64.S: entered at the image's first byte, in SVC mode and ARM state, MMU
 * off, r1 life, r2 number of vCPUs, r3 conduit, r4 pages of RAM.
 */
#include "el1.h"

#define SECTION_NORMAL 0x00011c0e /* write-back write-allocate, shareable, EL1 read and write */
#define SECTION_DEVICE 0x00000c16 /* shareable device, never executed */
#define SECTION_SHIFT  20
#define UART           0x09000000
#define GIC            0x08000000 /* two sections */

#define FAR_SECTIONS (EL1_FAR_GIBS << 10)
#define LINE_BYTES   16 /* of any cache, at least */

#define TTBR_ATTRIBUTES 0x6a /* walks write-back, inner shareable */
#define DACR_CLIENT     0x1  /* domain 0 obeys the permissions */
#define SCTLR_SET       0x1005                                       /* MMU, caches */
#define SCTLR_CLEAR     ((1 << 30) | (1 << 29) | (1 << 28) | (1 << 19) | (1 << 13) | 2)
                        /* TE, AFE, TRE, WXN, V, A */

    /* Where the image lies (r10), and how far that is from where it is linked (r9). */
    .macro locate
    adr r10, start
    ldr r9, =start
    sub r9, r10, r9
    .endm

    /* The IPA of a symbol. */
    .macro here register, symbol
    ldr \register, =\symbol
    add \register, \register, r9
    .endm

    .syntax unified
    .arm
    .section .start, "ax"
    .global start
start:
    locate
    here r11, el1_boot
    mov r5, #0
    str r4, [r11, #32]
    str r5, [r11, #36]
    mov r4, #0
    str r1, [r11]
    str r4, [r11, #4]
    str r2, [r11, #8]
    str r4, [r11, #12]
    str r3, [r11, #16]
    str r4, [r11, #20]
    str r10, [r11, #24]
    str r4, [r11, #28]

    /*
     * The section that runs now is mapped to itself and to where it is linked; then the UART, and
     * the interrupt controller.
     */
    here r12, section_table
    ldr r2, =SECTION_NORMAL
    lsr r0, r10, #SECTION_SHIFT
    orr r1, r2, r0, lsl #SECTION_SHIFT
    str r1, [r12, r0, lsl #2]
    ldr r0, =image_base
    lsr r0, r0, #SECTION_SHIFT
    str r1, [r12, r0, lsl #2]
    ldr r1, =(UART | SECTION_DEVICE)
    ldr r0, =(UART >> SECTION_SHIFT)
    str r1, [r12, r0, lsl #2]
    ldr r1, =(GIC | SECTION_DEVICE)
    add r2, r1, #(1 << SECTION_SHIFT)
    ldr r0, =(GIC >> SECTION_SHIFT)
    add r0, r12, r0, lsl #2
    stm r0, {r1, r2}

    /* All other memory, far away. */
    add r5, r12, #(EL1_FAR >> SECTION_SHIFT << 2)
    ldr r2, =(SECTION_NORMAL | EL1_FAR_IPA)
    mov r0, #0
far:
    add r1, r2, r0, lsl #SECTION_SHIFT
    str r1, [r5, r0, lsl #2]
    add r0, r0, #1
    cmp r0, #FAR_SECTIONS
    bne far

    /* These were written past the caches: no stale line may hide them. */
    dmb sy
    mcr p15, 0, r11, c7, c6, 1 /* DCIMVAC */
    lsr r0, r10, #SECTION_SHIFT
    add r0, r12, r0, lsl #2
    mcr p15, 0, r0, c7, c6, 1
    ldr r0, =image_base
    add r0, r12, r0, lsr #(SECTION_SHIFT - 2)
    mcr p15, 0, r0, c7, c6, 1
    add r0, r12, #((UART >> SECTION_SHIFT) << 2)
    mcr p15, 0, r0, c7, c6, 1
    add r0, r12, #((GIC >> SECTION_SHIFT) << 2)
    mcr p15, 0, r0, c7, c6, 1
    add r0, r11, #32
    mcr p15, 0, r0, c7, c6, 1
    add r1, r5, #(FAR_SECTIONS << 2)
clean:
    mcr p15, 0, r5, c7, c6, 1
    add r5, r5, #LINE_BYTES
    cmp r5, r1
    bne clean
    dsb sy

    mov r0, #0
    ldr r1, =el1_main
    b enter

    .global el1_secondary_start
el1_secondary_start:
    locate
    mrc p15, 0, r0, c0, c0, 5 /* MPIDR */
    and r0, r0, #0xff
    ldr r1, =el1_secondary

    /* r0: the vCPU, r1: where to go on with the MMU on and that vCPU's stack. */
enter:
    ldr r2, =el1_vectors
    mcr p15, 0, r2, c12, c0, 0 /* VBAR */
    here r2, section_table
    orr r2, r2, #TTBR_ATTRIBUTES
    mcr p15, 0, r2, c2, c0, 0 /* TTBR0 */
    mov r2, #0
    mcr p15, 0, r2, c2, c0, 2 /* TTBCR */
    mov r2, #DACR_CLIENT
    mcr p15, 0, r2, c3, c0, 0 /* DACR */
    dsb ishst
    mcr p15, 0, r2, c8, c7, 0 /* TLBIALL */
    dsb nsh
    isb
    mrc p15, 0, r2, c1, c0, 0 /* SCTLR */
    ldr r3, =SCTLR_CLEAR
    bic r2, r2, r3
    ldr r3, =SCTLR_SET
    orr r2, r2, r3
    mcr p15, 0, r2, c1, c0, 0
    isb
    mcr p15, 0, r2, c7, c5, 0 /* ICIALLU */
    dsb nsh
    isb

    ldr r2, =(stacks + EL1_STACK_BYTES)
    ldr r3, =EL1_STACK_BYTES
    mla r2, r0, r3, r2
    mov sp, r2
    bx r1

    .ltorg

    .section .bss.tables, "aw", %nobits
    .balign 16384
section_table:
    .skip 16384

    .section .bss.stacks, "aw", %nobits
    .balign 16
stacks:
    .skip EL1_STACK_BYTES * EL1_VCPUS_MAX
