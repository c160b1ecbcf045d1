/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world switch, as far as C cannot write it. While S-EL1 runs, SP_EL3 stays where sel1_switch()
 * left it: what C expects to survive is there, and the context's address.
 */
#include "sel1.h"

.macro each_pair op, base
    \op x2, x3, [\base, #16]
    \op x4, x5, [\base, #32]
    \op x6, x7, [\base, #48]
    \op x8, x9, [\base, #64]
    \op x10, x11, [\base, #80]
    \op x12, x13, [\base, #96]
    \op x14, x15, [\base, #112]
    \op x16, x17, [\base, #128]
    \op x18, x19, [\base, #144]
    \op x20, x21, [\base, #160]
    \op x22, x23, [\base, #176]
    \op x24, x25, [\base, #192]
    \op x26, x27, [\base, #208]
    \op x28, x29, [\base, #224]
.endm

.section .text.sel1_switch, "ax"
.global sel1_switch
sel1_switch:
    stp x29, x30, [sp, #-SWITCH_BYTES]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    str x0, [sp, #SWITCH_CONTEXT]
    each_pair ldp, x0
    ldr x30, [x0, #240]
    ldp x0, x1, [x0]
    eret

/* x1: the vector. On the stack is a frame with nothing in it but the partition's x0 and x1. */
.section .text.sel1_left, "ax"
.global sel1_left
sel1_left:
    ldr x0, [sp, #(FRAME_BYTES + SWITCH_CONTEXT)]
    each_pair stp, x0
    str x30, [x0, #240]
    ldp x2, x3, [sp], #FRAME_BYTES
    stp x2, x3, [x0]
    mov x0, x1
    ldp x27, x28, [sp, #80]
    ldp x25, x26, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #SWITCH_BYTES
    ret
