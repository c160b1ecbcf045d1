/* SPDX-License-Identifier: BSD-3-Clause */
/* What a VM reads in the ID registers (HCR_EL2.TID3). */
#ifndef ID_REGISTERS_H
#define ID_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/*
 * Serves a trapped read of an ID register, by MRS or by an AArch32 MRC, and goes on behind it.
 * False if it was another access.
 */
bool id_register_access(struct vcpu *vcpu, uint64_t esr);

#endif
