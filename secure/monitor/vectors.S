/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL3's exceptions. One kind is expected: an SMC from below. All registers that C may change are
 * saved and restored, x18 among them, which C may use but SMCCC does not give away. ELR_EL3 and
 * SPSR_EL3 stay in place: nothing at EL3 takes another exception, and lives.
 */
#include "platform.h"

#define FRAME_BYTES 176             /* struct smc_frame */
#define FRAME_X18   144
#define FRAME_X30   160

#define ESR_EC_SHIFT 26
#define EC_SMC32     0x13
#define EC_SMC64     0x17

.macro unexpected vector
    .balign 128
    mov x28, #\vector
    b panic_entry
.endm

.macro lower vector
    .balign 128
    sub sp, sp, #FRAME_BYTES
    stp x0, x1, [sp, #0]
    mov x1, #\vector
    b lower_sync
.endm

.section .text.vectors, "ax"
.balign 2048
.global vectors
vectors:
    /* from EL3 with SP_EL0, then with SP_EL3: sync, IRQ, FIQ, SError */
    unexpected 0
    unexpected 1
    unexpected 2
    unexpected 3
    unexpected 4
    unexpected 5
    unexpected 6
    unexpected 7
    /* from a lower level in AArch64, then in AArch32 */
    lower 8
    unexpected 9
    unexpected 10
    unexpected 11
    lower 12
    unexpected 13
    unexpected 14
    unexpected 15

lower_sync:
    mrs x0, esr_el3
    lsr x0, x0, #ESR_EC_SHIFT
    cmp x0, #EC_SMC64
    b.eq 1f
    cmp x0, #EC_SMC32
    b.eq 1f
    mov x28, x1
    b panic_entry

1:  stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x29, [sp, #FRAME_X18]
    str x30, [sp, #FRAME_X30]

    mov x0, sp
    mrs x1, esr_el3
    mrs x2, spsr_el3
    bl smc_handle

    ldr x30, [sp, #FRAME_X30]
    ldp x18, x29, [sp, #FRAME_X18]
    ldp x16, x17, [sp, #128]
    ldp x14, x15, [sp, #112]
    ldp x12, x13, [sp, #96]
    ldp x10, x11, [sp, #80]
    ldp x8, x9, [sp, #64]
    ldp x6, x7, [sp, #48]
    ldp x4, x5, [sp, #32]
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp, #0]
    add sp, sp, #FRAME_BYTES
    eret
