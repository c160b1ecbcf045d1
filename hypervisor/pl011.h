/* SPDX-License-Identifier: BSD-3-Clause */
/* The serial port that a VM sees: a PL011 of which the data and the flag register do something. */
#ifndef PL011_H
#define PL011_H

#include <stdbool.h>

struct mmio;
struct vcpu;

/* False if the access is to something else. */
bool pl011_access(struct vcpu *vcpu, struct mmio *access);

#endif
