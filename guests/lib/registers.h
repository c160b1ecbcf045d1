/* SPDX-License-Identifier: BSD-3-Clause */
/* What FF-A and SMCCC say about every register that comes back from a call. Pure functions. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <guest.h>

/* The other end of an FF-A call: who made it, and how. */
struct registers_call {
    const struct guest_regs *sent;
    const struct guest_regs *answer;
    uint32_t version; /* in force for this call; 0 if none */
    bool aarch64;
};

#define REGISTERS_ALL_WELL FFA_REGS_MAX

/* The first register that breaks a rule, or REGISTERS_ALL_WELL. */
unsigned int registers_check(const struct registers_call *call);

#endif
