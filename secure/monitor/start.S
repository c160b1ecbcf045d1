/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reset. All CPUs come here at once, at EL3 with the MMU off. CPU 0 makes memory ready; the others
 * wait for it, since before that not even a stack of theirs may be relied on.
 */
#include "platform.h"

/* SCTLR_EL3 and SCTLR_EL2 with all off that can be off: the bits that are always one. */
#define SCTLR_OFF 0x30c50830
#define SCTLR_I   (1 << 12)
#define SCTLR_SA  (1 << 3)

#define SPSR_EL2H_ALL_MASKED 0x3c9

/* dst = the top of this CPU's stack; index and dst differ. */
.macro stack_top dst, index
    ldr \dst, =stacks
    add \dst, \dst, \index, lsl #CPU_STACK_SHIFT
    add \dst, \dst, #CPU_STACK_BYTES
.endm

.section .text.reset, "ax"
.global _start
_start:
    ldr x0, =SCTLR_OFF | SCTLR_I | SCTLR_SA
    msr sctlr_el3, x0
    ldr x0, =vectors
    msr vbar_el3, x0
    msr daifset, #0xf
    isb

    mrs x0, mpidr_el1
    ldr x1, =0xff00ffff00           /* Aff3, Aff2, Aff1: this monitor numbers CPUs by Aff0 */
    tst x0, x1
    b.ne sleep_forever
    and x19, x0, #0xff
    cmp x19, #CPUS_MAX
    b.hs sleep_forever
    stack_top x1, x19
    mov sp, x1
    cbnz x19, other_cpu

    ldr x0, =data_start             /* .data from flash, .bss to zero; both in units of 16 bytes */
    ldr x1, =data_end
    ldr x2, =data_load
1:  cmp x0, x1
    b.hs 2f
    ldp x3, x4, [x2], #16
    stp x3, x4, [x0], #16
    b 1b
2:  ldr x0, =bss_start
    ldr x1, =bss_end
3:  cmp x0, x1
    b.hs 4f
    stp xzr, xzr, [x0], #16
    b 3b
4:  dsb sy
    bl monitor_first_cpu

other_cpu:
    ldr x1, =others_released
5:  ldr w2, [x1]
    cbnz w2, 6f
    wfe
    b 5b
6:  dsb sy
    mov x0, x19
    bl monitor_other_cpu

sleep_forever:
    wfi
    b sleep_forever

/*
 * The others look with their caches off, so the flag must go all the way to memory, and after all
 * that was written before it.
 */
.section .text.release_other_cpus, "ax"
.global release_other_cpus
release_other_cpus:
    ldr x0, =others_released
    mov w1, #1
    dsb sy
    str w1, [x0]
    dc civac, x0
    dsb sy
    sev
    ret

.section .text.enter_normal_world, "ax"
.global enter_normal_world
enter_normal_world:
    msr elr_el3, x0
    mov x2, #SPSR_EL2H_ALL_MASKED
    msr spsr_el3, x2
    ldr x2, =SCTLR_OFF
    msr sctlr_el2, x2
    mov x2, #(1 << 31)              /* HCR_EL2: EL1 is AArch64, nothing traps */
    msr hcr_el2, x2

    mrs x2, mpidr_el1
    and x2, x2, #0xff
    stack_top x3, x2
    mov sp, x3

    mov x0, x1
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov x\n, xzr
    .endr
    dsb sy
    eret

/* x28: the vector. The stack may be what is broken, and nobody needs what is on it: start anew. */
.section .text.panic_entry, "ax"
.global panic_entry
panic_entry:
    mrs x0, mpidr_el1
    and x0, x0, #0xff
    stack_top x1, x0
    mov sp, x1
    mov x0, x28
    mrs x1, esr_el3
    mrs x2, elr_el3
    mrs x3, far_el3
    mov x4, x30
    bl panic_exception

.section .bss
.balign 4
others_released:
    .word 0

.section .stacks, "aw", %nobits
.balign 16
stacks:
    .space CPUS_MAX * CPU_STACK_BYTES
