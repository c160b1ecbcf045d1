/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first instructions of each CPU: from "MMU off, nothing known" to C with MMU and caches on.
 * CPU 0 is entered by the firmware, with the address of a device tree in x0 or none, the others by
 * PSCI CPU_ON with their index in x0.
 *
 * Firmware may enter the image where it has loaded it. Until it runs where it was linked, the code
 * here must not care where it is, and x20 keeps the tree.
 */
#include "machine.h"

#define MAIR_VALUE   0xff04     /* 0: device nGnRE, 1: normal write-back (mmu.c) */
#define TCR_VALUE    0x80823519 /* RES1, PS 40 bits, 4 KiB, inner shareable, write-back, T0SZ 25 */
#define HCR_VALUE    0x80000038 /* EL1 is AArch64; FIQ, IRQ, SError are ours; not VHE (registers.h) */
#define SCTLR_VALUE  0x30cd183d /* RES1, WXN, I, SA, C, M */
#define SCTLR_OFF    0x30c50830 /* RES1 alone: no MMU, no caches */

#define CURRENT_EL2 (2 << 2)
#define CACHE_LINE  64 /* or less: more steps than needed */

#define SEMIHOSTING_EXIT  0x18
#define SEMIHOSTING_ERROR 0x20023 /* ADP_Stopped_RunTimeErrorUnknown */

    .section .text.boot, "ax"
    .global boot
boot:
    mov     x20, x0
    mrs     x1, currentel
    cmp     x1, #CURRENT_EL2
    b.ne    not_at_el2
    msr     daifset, #15
    adr     x21, boot               /* where we are */
    ldr     x22, =image_start       /* where we belong */
    ldr     x23, =image_loaded_end
    sub     x23, x23, x22           /* how much of us there is */
    tst     x21, #(PAGE_BYTES - 1)
    b.ne    not_on_a_page
    bl      leave_caches
    cmp     x21, x22
    b.eq    at_home
    b.lo    move_up

/*
 * What we copy may overwrite what runs. Moving down, the first page goes ahead, and its copy, which
 * nothing overwrites any more, moves the rest. Moving up, we go backwards, and our own page is read
 * last; nothing is written to it.
 */
move_down:
    mov     x0, x22
    mov     x1, x21
    add     x2, x21, #PAGE_BYTES
1:  ldp     x3, x4, [x1], #16
    stp     x3, x4, [x0], #16
    cmp     x1, x2
    b.lo    1b
    bl      forget_instructions
    ldr     x3, =move_rest
    br      x3
move_rest:
    add     x2, x21, x23
2:  cmp     x1, x2
    b.hs    moved
    ldp     x3, x4, [x1], #16
    stp     x3, x4, [x0], #16
    b       2b

move_up:
    add     x0, x22, x23
    add     x1, x21, x23
3:  ldp     x3, x4, [x1, #-16]!
    stp     x3, x4, [x0, #-16]!
    cmp     x1, x21
    b.hi    3b

moved:
    bl      forget_instructions
    ldr     x3, =at_home
    br      x3

at_home:
    adrp    x2, image_end
    adrp    x1, image_loaded_end
1:  stp     xzr, xzr, [x1], #16
    cmp     x1, x2
    b.lo    1b

    mov     x19, #0
    bl      cpu_prepare
    mov     x0, x20
    bl      tree_read
    bl      mmu_build
    bl      mmu_on
    b       main

/*
 * The MMU and the caches are off when this returns, what the caches alone held of the image is in
 * memory, and they hold nothing of where we belong: that would come back when they are on again.
 * Firmware that leaves them on has mapped every address to itself.
 */
leave_caches:
    mov     x24, x30
    mov     x1, x21
    add     x2, x21, x23
    bl      clean
    bl      clean_home
    ldr     x1, =SCTLR_OFF
    msr     sctlr_el2, x1
    isb
    bl      clean_home
    ret     x24

clean_home:
    mov     x1, x22
    ldr     x2, =image_end
/* From x1 up to x2: written back, and forgotten. */
clean:
    dc      civac, x1
    add     x1, x1, #CACHE_LINE
    cmp     x1, x2
    b.lo    clean
    dsb     sy
    ret

/* Instructions were written. Data caches are off, so that they are in memory already. */
forget_instructions:
    dsb     sy
    ic      iallu
    dsb     sy
    isb
    ret

/* The places that nothing can be done about: say so, and stop. */
not_at_el2:
    adr     x1, not_at_el2_text
    b       give_up
not_on_a_page:
    adr     x1, not_on_a_page_text
give_up:
    movz    x2, #(UART_BASE >> 16), lsl #16
    mov     w3, #UART_TRANSMITS
    str     w3, [x2, #UART_CONTROL]
1:  ldrb    w3, [x1], #1
    cbz     w3, 2f
    str     w3, [x2]
    b       1b
2:  mov     x0, #SEMIHOSTING_EXIT
    adr     x1, give_up_reason
    hlt     #0xf000
3:  wfi
    b       3b

    .balign 8
give_up_reason:
    .quad   SEMIHOSTING_ERROR, 1
not_at_el2_text:
    .asciz "[hyp]     PANIC: entered at another exception level than EL2\n"
not_on_a_page_text:
    .asciz "[hyp]     PANIC: loaded at an address that is no multiple of 4 KiB\n"
    .balign 8

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

    .ltorg
    .global boot_end
boot_end:

    /* For each CPU: a page that mmu.c leaves unmapped, then the stack, which grows towards it. */
    .section .stacks, "aw", @nobits
    .balign PAGE_BYTES
    .global stacks
stacks:
    .space CPUS_MAX * (STACK_BYTES + PAGE_BYTES)
