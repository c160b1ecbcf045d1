/* SPDX-License-Identifier: BSD-3-Clause */
/* A context at S-EL1 while it does not run, as switch.S knows it. */
#ifndef SEL1_H
#define SEL1_H

/* Where sel1_switch() keeps the context's address, above SP_EL3 while S-EL1 runs. */
#define SWITCH_CONTEXT 96
#define SWITCH_BYTES   112

/* struct smc_frame, which vectors.S makes before it knows who is coming. x0 and x1 are in it. */
#define FRAME_BYTES 176

#ifndef __ASSEMBLER__

#include "monitor.h"

struct sel1_sysregs {
#define X(name) uint64_t r_##name;
#include "sel1_sysregs.def"
#undef X
};

struct sel1_context {
    uint64_t x[31]; /* first: switch.S */
    struct sel1_sysregs sysregs;
};

/*
 * Goes on at S-EL1, as the EL3 and EL1 registers say, with the context's x0 to x30, until something
 * brings this CPU back to EL3. Returns the vector; x0 to x30 are in the context again.
 */
unsigned int sel1_switch(struct sel1_context *context);

#endif
#endif
