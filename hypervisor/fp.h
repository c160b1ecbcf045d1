/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The FP/SIMD registers of a vCPU. The hypervisor has no use for them itself, so they stay on the
 * CPU until another vCPU is loaded.
 */
#ifndef FP_H
#define FP_H

#include <stdint.h>

struct fp {
    uint64_t fpsr; /* fp.S knows the order */
    uint64_t fpcr;
    uint64_t v[2 * 32];
} __attribute__((aligned(16)));

/* CPTR_EL2 must let them be used. */
void fp_save(struct fp *fp);
void fp_restore(const struct fp *fp);

#endif
