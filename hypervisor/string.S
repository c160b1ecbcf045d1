/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memcpy and memset, for the compiler and for Parley: 64 bytes at a time, then 16, then the rest.
 * A message clears what it leaves of a buffer, so most of what comes here is pages.
 */

    .section .text, "ax"

/* void *memset(void *to, int byte, size_t bytes) */
    .global memset
memset:
    and     x1, x1, #0xff
    orr     x1, x1, x1, lsl #8
    orr     x1, x1, x1, lsl #16
    orr     x1, x1, x1, lsl #32
    mov     x3, x0
    subs    x2, x2, #64
    b.lo    7f
8:  stp     x1, x1, [x3]
    stp     x1, x1, [x3, #16]
    stp     x1, x1, [x3, #32]
    stp     x1, x1, [x3, #48]
    add     x3, x3, #64
    subs    x2, x2, #64
    b.hs    8b
7:  add     x2, x2, #64
1:  subs    x2, x2, #16
    b.lo    2f
    stp     x1, x1, [x3], #16
    b       1b
2:  tbz     x2, #3, 3f          /* below 16, and the low bits of x2 are what is left */
    str     x1, [x3], #8
3:  tbz     x2, #2, 4f
    str     w1, [x3], #4
4:  tbz     x2, #1, 5f
    strh    w1, [x3], #2
5:  tbz     x2, #0, 6f
    strb    w1, [x3]
6:  ret

/* void *memcpy(void *restrict to, const void *restrict from, size_t bytes) */
    .global memcpy
memcpy:
    mov     x3, x0
    subs    x2, x2, #64
    b.lo    7f
8:  ldp     x4, x5, [x1]
    ldp     x6, x7, [x1, #16]
    ldp     x8, x9, [x1, #32]
    ldp     x10, x11, [x1, #48]
    stp     x4, x5, [x3]
    stp     x6, x7, [x3, #16]
    stp     x8, x9, [x3, #32]
    stp     x10, x11, [x3, #48]
    add     x1, x1, #64
    add     x3, x3, #64
    subs    x2, x2, #64
    b.hs    8b
7:  add     x2, x2, #64
1:  subs    x2, x2, #16
    b.lo    2f
    ldp     x4, x5, [x1], #16
    stp     x4, x5, [x3], #16
    b       1b
2:  tbz     x2, #3, 3f
    ldr     x4, [x1], #8
    str     x4, [x3], #8
3:  tbz     x2, #2, 4f
    ldr     w4, [x1], #4
    str     w4, [x3], #4
4:  tbz     x2, #1, 5f
    ldrh    w4, [x1], #2
    strh    w4, [x3], #2
5:  tbz     x2, #0, 6f
    ldrb    w4, [x1]
    strb    w4, [x3]
6:  ret
