/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL3's exceptions. Those expected are an SMC from below, and an interrupt that is not for the world
 * that runs. From S-EL1 both end the visit there (switch.S). From the Normal world all registers
 * that C may change are saved and restored, x18 among them, which C may use but SMCCC does not give
 * away. ELR_EL3 and SPSR_EL3 stay in place: nothing at EL3 takes another exception, and lives.
 */
#include "sel1.h"

#define FRAME_X18 144
#define FRAME_X30 160

#define ESR_EC_SHIFT 26
#define EC_SMC32     0x13
#define EC_SMC64     0x17

#define SCR_NS_BIT 0

.macro unexpected vector
    .balign 128
    mov x28, #\vector
    b panic_entry
.endm

.macro lower vector, way
    .balign 128
    sub sp, sp, #FRAME_BYTES
    stp x0, x1, [sp, #0]
    mov x1, #\vector
    mrs x0, scr_el3
    tbnz x0, #SCR_NS_BIT, \way
    b sel1_left
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
    lower 8, normal_sync
    lower 9, normal_unexpected
    lower 10, normal_fiq
    lower 11, normal_unexpected
    lower 12, normal_sync
    lower 13, normal_unexpected
    lower 14, normal_fiq
    lower 15, normal_unexpected

normal_unexpected:
    mov x28, x1
    b panic_entry

.macro save_frame
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x29, [sp, #FRAME_X18]
    str x30, [sp, #FRAME_X30]
.endm

normal_fiq:
    save_frame
    bl fiq_handle
    b return_to_normal

normal_sync:
    mrs x0, esr_el3
    lsr x0, x0, #ESR_EC_SHIFT
    cmp x0, #EC_SMC64
    b.eq 1f
    cmp x0, #EC_SMC32
    b.ne normal_unexpected
1:  save_frame

    mov x0, sp
    mrs x1, esr_el3
    mrs x2, spsr_el3
    bl smc_handle

return_to_normal:
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
