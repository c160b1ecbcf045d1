/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * void el1_probe(struct probe *probe) for AArch64; see probe.h. While TPIDRRO_EL0 is not zero, it
 * is the probe that is under way on this vCPU, and the next synchronous exception ends it.
 */
#include "probe.h"

#define MODE_EL1H 5

    .text
    .global el1_probe
el1_probe:
    stp x29, x30, [sp, #-112]!
    stp x27, x28, [sp, #16]
    stp x25, x26, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x21, x22, [sp, #64]
    stp x19, x20, [sp, #80]
    mrs x1, daif
    stp x18, x1, [sp, #96]
    mov x2, sp
    str x2, [x0, #PROBE_CALLER]

    /* An interrupt would change where ERET goes. It is taken behind that. */
    msr daifset, #2
    ldr x2, [x0, #PROBE_SPSR]
    orr x1, x1, x2
    mov x2, #MODE_EL1H
    orr x1, x1, x2
    msr spsr_el1, x1
    ldr x1, [x0, #PROBE_ENTRY]
    msr elr_el1, x1
    msr tpidrro_el0, x0
    ldp x29, x30, [x0, #232]
    ldp x27, x28, [x0, #216]
    ldp x25, x26, [x0, #200]
    ldp x23, x24, [x0, #184]
    ldp x21, x22, [x0, #168]
    ldp x19, x20, [x0, #152]
    ldp x17, x18, [x0, #136]
    ldp x15, x16, [x0, #120]
    ldp x13, x14, [x0, #104]
    ldp x11, x12, [x0, #88]
    ldp x9, x10, [x0, #72]
    ldp x7, x8, [x0, #56]
    ldp x5, x6, [x0, #40]
    ldp x3, x4, [x0, #24]
    ldp x1, x2, [x0, #8]
    ldr x0, [x0]
    eret

    /* From the vectors: x0 is the probe, TPIDR_EL0 what was in x0. */
    .global el1_probed
el1_probed:
    stp x1, x2, [x0, #8]
    stp x3, x4, [x0, #24]
    stp x5, x6, [x0, #40]
    stp x7, x8, [x0, #56]
    stp x9, x10, [x0, #72]
    stp x11, x12, [x0, #88]
    stp x13, x14, [x0, #104]
    stp x15, x16, [x0, #120]
    stp x17, x18, [x0, #136]
    stp x19, x20, [x0, #152]
    stp x21, x22, [x0, #168]
    stp x23, x24, [x0, #184]
    stp x25, x26, [x0, #200]
    stp x27, x28, [x0, #216]
    stp x29, x30, [x0, #232]
    mrs x1, tpidr_el0
    str x1, [x0]
    mov x1, sp
    str x1, [x0, #PROBE_SP]
    mrs x1, spsr_el1
    str x1, [x0, #PROBE_SPSR]
    mrs x1, elr_el1
    str x1, [x0, #PROBE_ELR]
    mrs x1, esr_el1
    str x1, [x0, #PROBE_ESR]
    mrs x1, far_el1
    str x1, [x0, #PROBE_FAR]
    msr tpidrro_el0, xzr

    ldr x1, [x0, #PROBE_CALLER]
    mov sp, x1
    ldp x18, x1, [sp, #96]
    ldp x19, x20, [sp, #80]
    ldp x21, x22, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #32]
    ldp x27, x28, [sp, #16]
    ldp x29, x30, [sp], #112
    msr daif, x1
    ret

/* void el1_probe_instruction(uint32_t code[2], uint32_t instruction): to memory, and from there. */
    .global el1_probe_instruction
el1_probe_instruction:
    ldr w2, =PROBE_SVC
    stp w1, w2, [x0]
    dc cvau, x0
    dsb ish
    ic ivau, x0
    dsb ish
    isb
    ret

/* uint64_t el1_probe_walk(uint64_t ipa): the next to last GiB is nobody's. */
#define WALKED_GIB 510
#define TABLE      3
    .global el1_probe_walk
el1_probe_walk:
    ldr x1, =root_table
    orr x0, x0, #TABLE
    str x0, [x1, #(WALKED_GIB * 8)]
    dsb ishst
    tlbi vmalle1is
    dsb ish
    isb
    mov x0, #WALKED_GIB
    lsl x0, x0, #30
    ret

/* void el1_open_extensions(void): CPACR_EL1.FPEN, ZEN and SMEN. */
    .global el1_open_extensions
el1_open_extensions:
    mov x0, #0x3330000
    msr cpacr_el1, x0
    isb
    ret

/* void el1_state(uint64_t state[]) */
    .global el1_state
el1_state:
    mrs x1, vbar_el1
    mrs x2, sctlr_el1
    stp x1, x2, [x0]
    mrs x1, tcr_el1
    mrs x2, ttbr0_el1
    stp x1, x2, [x0, #16]
    mrs x1, mair_el1
    mrs x2, cpacr_el1
    stp x1, x2, [x0, #32]
    mrs x1, contextidr_el1
    mrs x2, tpidr_el1
    stp x1, x2, [x0, #48]
    ret
