/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Enters the hypervisor's image elsewhere than where it belongs. The monitor enters this here where
 * the image belongs; it goes on in a copy of itself that is out of the way, copies the image from
 * where QEMU has put it to the address in TARGET, and enters it there. x0 stays as it was.
 */
#include "machine.h"

#define COPY        0x70000000 /* of this here */
#define TARGET      0x70001000
#define IMAGE       0x60000000
#define IMAGE_BYTES 0x100000 /* or less */

    .section .text, "ax"
    .global start
start:
    adr     x1, start
    ldr     x2, =COPY
    cmp     x1, x2
    b.eq    1f
    br      x2
1:  ldr     x1, =TARGET
    ldr     x1, [x1]
    ldr     x2, =IMAGE
    ldr     x3, =IMAGE_BYTES
    add     x3, x3, x2
    mov     x4, x1
2:  ldr     x5, [x2], #8
    str     x5, [x4], #8
    cmp     x2, x3
    b.lo    2b
    dsb     sy
    ic      iallu
    dsb     sy
    isb
    br      x1
