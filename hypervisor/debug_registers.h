/* SPDX-License-Identifier: BSD-3-Clause */
/* The debug registers that every CPU must have. A VM has them, and they do nothing. */
#ifndef DEBUG_REGISTERS_H
#define DEBUG_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* Serves a trapped MRS or MSR of one, and goes on behind it. False if it was another register. */
bool debug_register_access(struct vcpu *vcpu, uint64_t esr);

#endif
