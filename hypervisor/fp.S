/* SPDX-License-Identifier: BSD-3-Clause */
/* What the compiler is told to keep its hands off: see fp.h. */
#define V 16 /* behind FPSR and FPCR */

    .arch_extension fp
    .arch_extension simd

    .section .text, "ax"
    .global fp_save
fp_save:
    mrs     x1, fpsr
    mrs     x2, fpcr
    stp     x1, x2, [x0]
    stp     q0, q1, [x0, #V + 0 * 16]
    stp     q2, q3, [x0, #V + 2 * 16]
    stp     q4, q5, [x0, #V + 4 * 16]
    stp     q6, q7, [x0, #V + 6 * 16]
    stp     q8, q9, [x0, #V + 8 * 16]
    stp     q10, q11, [x0, #V + 10 * 16]
    stp     q12, q13, [x0, #V + 12 * 16]
    stp     q14, q15, [x0, #V + 14 * 16]
    stp     q16, q17, [x0, #V + 16 * 16]
    stp     q18, q19, [x0, #V + 18 * 16]
    stp     q20, q21, [x0, #V + 20 * 16]
    stp     q22, q23, [x0, #V + 22 * 16]
    stp     q24, q25, [x0, #V + 24 * 16]
    stp     q26, q27, [x0, #V + 26 * 16]
    stp     q28, q29, [x0, #V + 28 * 16]
    stp     q30, q31, [x0, #V + 30 * 16]
    ret

    .global fp_restore
fp_restore:
    ldp     x1, x2, [x0]
    msr     fpsr, x1
    msr     fpcr, x2
    ldp     q0, q1, [x0, #V + 0 * 16]
    ldp     q2, q3, [x0, #V + 2 * 16]
    ldp     q4, q5, [x0, #V + 4 * 16]
    ldp     q6, q7, [x0, #V + 6 * 16]
    ldp     q8, q9, [x0, #V + 8 * 16]
    ldp     q10, q11, [x0, #V + 10 * 16]
    ldp     q12, q13, [x0, #V + 12 * 16]
    ldp     q14, q15, [x0, #V + 14 * 16]
    ldp     q16, q17, [x0, #V + 16 * 16]
    ldp     q18, q19, [x0, #V + 18 * 16]
    ldp     q20, q21, [x0, #V + 20 * 16]
    ldp     q22, q23, [x0, #V + 22 * 16]
    ldp     q24, q25, [x0, #V + 24 * 16]
    ldp     q26, q27, [x0, #V + 26 * 16]
    ldp     q28, q29, [x0, #V + 28 * 16]
    ldp     q30, q31, [x0, #V + 30 * 16]
    ret
