/* SPDX-License-Identifier: BSD-3-Clause */
/* The serial port that a VM sees: a PL011 of which the data and the flag register do something. */
#ifndef PL011_H
#define PL011_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/*
 * Serves the data abort on `ipa` if it is an access to the VM's serial port that the CPU has
 * decoded, and goes on behind it. False if it is not.
 */
bool pl011_access(struct vcpu *vcpu, uint64_t ipa, uint64_t esr);

#endif
