/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls to the firmware at EL3. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stdint.h>

/* An SMC with x0 to x17 in and out (vectors.S). */
void smc(uint64_t x[18]);

/* PSCI: 0, or a negative error. */
int64_t firmware_cpu_on(uint64_t target, uint64_t entry, uint64_t context);
_Noreturn void firmware_cpu_off(void);

/* PSCI and SMCCC versions as major << 16 | minor. SMCCC 1.0 if the firmware does not say. */
uint32_t firmware_psci_version(void);
uint32_t firmware_smccc_version(void);

/*
 * Ends the emulation with this exit status (semihosting). Where there is no semihosting, the
 * instruction of it faults, and trap.c has the firmware switch off instead: with no status.
 */
_Noreturn void machine_exit(int status);
_Noreturn void firmware_power_off(void);
int64_t semihosting(int operation, void *parameters); /* vectors.S */

#endif
