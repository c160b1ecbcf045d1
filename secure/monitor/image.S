/* SPDX-License-Identifier: BSD-3-Clause */
/* The partition at S-EL1, as it is linked for its place in Secure RAM. */
.section .rodata.sel1_image, "a"
.balign 16
.global sel1_image, sel1_image_end
sel1_image:
    .incbin "sel1.bin"
    .balign 8
sel1_image_end:
