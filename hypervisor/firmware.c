/* SPDX-License-Identifier: BSD-3-Clause */
#include "firmware.h"
#include "smccc.h"

#define SEMIHOSTING_EXIT_EXTENDED 0x20
#define SEMIHOSTING_STOPPED       0x20026 /* ADP_Stopped_ApplicationExit */

static int64_t call(uint64_t fid, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x[18] = {fid, a, b, c};

    smc(x);
    return (int64_t)x[0];
}

int64_t firmware_cpu_on(uint64_t target, uint64_t entry, uint64_t context)
{
    return call(PSCI_CPU_ON_64, target, entry, context);
}

static _Noreturn void leave(uint64_t fid)
{
    call(fid, 0, 0, 0);
    for (;;) {
        __asm__ volatile("wfi");
    }
}

void firmware_cpu_off(void)
{
    leave(PSCI_CPU_OFF);
}

uint32_t firmware_psci_version(void)
{
    return (uint32_t)call(PSCI_VERSION, 0, 0, 0);
}

uint32_t firmware_smccc_version(void)
{
    /* Only a PSCI that has FEATURES, 1.0 and later, can be asked whether SMCCC_VERSION exists. */
    if (firmware_psci_version() < 0x10000 || call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) != 0) {
        return 0x10000;
    }
    return (uint32_t)call(SMCCC_VERSION, 0, 0, 0);
}

void firmware_power_off(void)
{
    leave(PSCI_SYSTEM_OFF);
}

void machine_exit(int status)
{
    uint64_t parameters[2] = {SEMIHOSTING_STOPPED, (uint64_t)status};

    for (;;) {
        semihosting(SEMIHOSTING_EXIT_EXTENDED, parameters);
    }
}
