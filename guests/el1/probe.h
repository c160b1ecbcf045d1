/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One instruction that may be a fault, at AArch64: executed with all registers known, and what came
 * of it. The vectors (vectors64.S) take what it ends with.
 */
#ifndef PROBE_H
#define PROBE_H

#define PROBE_X      0
#define PROBE_ENTRY  248
#define PROBE_SPSR   256
#define PROBE_SP     264
#define PROBE_ELR    272
#define PROBE_ESR    280
#define PROBE_FAR    288
#define PROBE_CALLER 296

#define PROBE_SVC 0xd4000001

#ifndef __ASSEMBLER__
#include <guest.h>

#define PROBE_REGISTERS 31u

struct probe {
    uint64_t x[PROBE_REGISTERS]; /* before, and then as the exception found them */
    uint64_t entry;              /* where to go; what is there ends in an exception, such as SVC */
    uint64_t spsr;               /* before: the flags */
    uint64_t sp;
    uint64_t elr;
    uint64_t esr;
    uint64_t far;
    uint64_t caller_sp; /* that `sp` must be */
};

void el1_probe(struct probe *probe);

/* One instruction, and then SVC, for a probe to go to. */
void el1_probe_instruction(uint32_t code[2], uint32_t instruction);

/* Where a probe finds the IPA, as data and as instructions. */
uint64_t el1_probe_address(uint64_t ipa);

/* An address whose translation leads through a table that is to be at this IPA. */
uint64_t el1_probe_walk(uint64_t ipa);

/* So that no trap of EL1's own comes before that of EL2: FP/SIMD, SVE and SME are EL1's to use. */
void el1_open_extensions(void);

/* What EL1 has set up and a fault must leave as it is. */
#define EL1_STATE_WORDS 8u
void el1_state(uint64_t state[EL1_STATE_WORDS]);
#endif

#endif
