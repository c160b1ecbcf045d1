/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI 1.1, as far as a hypervisor on this machine needs it: CPUs go on and off, and all goes off.
 */
#include "monitor.h"

#define PSCI_VERSION          0x84000000u
#define PSCI_CPU_OFF          0x84000002u
#define PSCI_CPU_ON_32        0x84000003u
#define PSCI_CPU_ON_64        0xc4000003u
#define PSCI_AFFINITY_INFO_32 0x84000004u
#define PSCI_AFFINITY_INFO_64 0xc4000004u
#define PSCI_MIGRATE_INFO     0x84000006u
#define PSCI_SYSTEM_OFF       0x84000008u
#define PSCI_SYSTEM_RESET     0x84000009u
#define PSCI_FEATURES         0x8400000au
#define SMCCC_VERSION         0x80000000u

#define PSCI_VERSION_1_1 0x10001

#define PSCI_SUCCESS            0
#define PSCI_NOT_SUPPORTED      (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON         (-4)
#define PSCI_ON_PENDING         (-5)
#define PSCI_INVALID_ADDRESS    (-9)

#define PSCI_NO_MIGRATION 2 /* there is no Trusted OS that would have to move */

/* The values are those of AFFINITY_INFO. */
enum power {
    POWER_ON = 0,
    POWER_OFF = 1,
    POWER_ON_PENDING = 2, /* CPU_ON was called; the CPU is on its way */
};

struct cpu_power {
    uint32_t state;
    uint64_t entry; /* written while ON_PENDING, by the one who made it so */
    uint64_t x0;
};

static struct cpu_power cpus[CPUS_MAX];
static unsigned int cpu_count;

/* The only way from one state to another. Returns false if the CPU was not in `from`. */
static bool move(unsigned int cpu, uint32_t from, enum power to)
{
    return __atomic_compare_exchange_n(&cpus[cpu].state, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

static enum power state_of(unsigned int cpu)
{
    return (enum power)__atomic_load_n(&cpus[cpu].state, __ATOMIC_ACQUIRE);
}

void psci_init(unsigned int count)
{
    cpu_count = count;
    cpus[0].state = POWER_ON;
    for (unsigned int cpu = 1; cpu < count; cpu++) {
        cpus[cpu].state = POWER_OFF;
    }
}

static int64_t cpu_on(uint64_t target, uint64_t entry, uint64_t x0)
{
    if (target >= cpu_count) {
        return PSCI_INVALID_PARAMETERS;
    }
    if (entry % 4 != 0 || !tree_has_ram(entry, 4)) {
        return PSCI_INVALID_ADDRESS;
    }
    if (!move((unsigned int)target, POWER_OFF, POWER_ON_PENDING)) {
        return state_of((unsigned int)target) == POWER_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
    }
    cpus[target].entry = entry;
    cpus[target].x0 = x0;
    gic_wake((unsigned int)target);
    return PSCI_SUCCESS;
}

void psci_arrive(unsigned int cpu, uint64_t *entry, uint64_t *x0)
{
    *entry = cpus[cpu].entry;
    *x0 = cpus[cpu].x0;
    move(cpu, POWER_ON_PENDING, POWER_ON);
}

/* Whoever turns this CPU on again may do so from the move on: its wake-up stays pending. */
static _Noreturn void cpu_off(unsigned int cpu)
{
    gic_cpu_quiet();
    move(cpu, POWER_ON, POWER_OFF);
    monitor_park(cpu);
}

static int64_t affinity_info(uint64_t target, uint64_t lowest_level)
{
    if (target >= cpu_count || lowest_level != 0) {
        return PSCI_INVALID_PARAMETERS;
    }
    return state_of((unsigned int)target);
}

bool psci_has(uint32_t fid)
{
    switch (fid) {
    case PSCI_VERSION:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON_32:
    case PSCI_CPU_ON_64:
    case PSCI_AFFINITY_INFO_32:
    case PSCI_AFFINITY_INFO_64:
    case PSCI_MIGRATE_INFO:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
        return true;
    default:
        return false;
    }
}

int64_t psci_call(unsigned int cpu, uint32_t fid, const uint64_t args[3])
{
    const uint64_t width = ffa_fid_is_64(fid) ? UINT64_MAX : UINT32_MAX;

    switch (fid) {
    case PSCI_VERSION:
        return PSCI_VERSION_1_1;
    case PSCI_CPU_OFF:
        cpu_off(cpu);
    case PSCI_CPU_ON_32:
    case PSCI_CPU_ON_64:
        return cpu_on(args[0] & width, args[1] & width, args[2] & width);
    case PSCI_AFFINITY_INFO_32:
    case PSCI_AFFINITY_INFO_64:
        return affinity_info(args[0] & width, args[1] & width);
    case PSCI_MIGRATE_INFO:
        return PSCI_NO_MIGRATION;
    case PSCI_SYSTEM_OFF:
        monitor_exit(EXIT_SYSTEM_OFF);
    case PSCI_SYSTEM_RESET:
        monitor_exit(EXIT_SYSTEM_RESET);
    case PSCI_FEATURES:
        return psci_has((uint32_t)args[0]) || (uint32_t)args[0] == SMCCC_VERSION
                   ? PSCI_SUCCESS
                   : PSCI_NOT_SUPPORTED;
    default:
        return SMCCC_UNKNOWN;
    }
}
