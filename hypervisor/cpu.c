/* SPDX-License-Identifier: BSD-3-Clause */
#include "cpu.h"
#include "console.h"
#include "firmware.h"
#include "gicv3.h"
#include "timer.h"

#define START_MS     5000 /* that a CPU may take from CPU_ON to here */
#define NO_MORE_CPUS 0x80000000u

#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

extern char stacks[];
extern char boot_secondary[];

static struct cpu cpus[CPUS_MAX];
static unsigned int cpus_ready; /* and NO_MORE_CPUS, once one has not come in time */

void cpu_init(unsigned int index)
{
    struct cpu *cpu = &cpus[index];

    cpu->index = index;
    cpu->stack = stacks + (index + 1) * (STACK_BYTES + PAGE_BYTES);
    register_write(tpidr_el2, (uintptr_t)cpu);
}

/* From `from` CPUs to one more, or to no more ever. False if the other one came first. */
static bool move_count(unsigned int from, unsigned int to)
{
    return __atomic_compare_exchange_n(&cpus_ready, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

void cpu_ready(void)
{
    unsigned int index = cpu_self()->index;

    if (!move_count(index, index + 1)) {
        firmware_cpu_off();
    }
}

unsigned int cpu_count(void)
{
    return __atomic_load_n(&cpus_ready, __ATOMIC_ACQUIRE) & ~NO_MORE_CPUS;
}

bool cpu_has_aarch32(void)
{
    return bits(register_read(id_aa64pfr0_el1), 4, 4) == 2;
}

bool cpu_is_the_first(void)
{
    return (register_read(mpidr_el1) & MPIDR_AFFINITY) == gic_affinity(0);
}

/*
 * False if it cannot be started. Firmware that is made for fewer CPUs than there are may say that
 * it has started one, which then does not come, or comes when nobody waits any more.
 */
static bool start(unsigned int index)
{
    int64_t status = firmware_cpu_on(gic_affinity(index), (uintptr_t)boot_secondary, index);
    uint64_t end = timer_ticks() + timer_ticks_of_ms(START_MS);

    if (status != 0) {
        console_say("hyp", "CPU %u stays off: PSCI's CPU_ON returns %ld", index, status);
        return false;
    }
    while (cpu_count() <= index) {
        if (timer_ticks() > end && move_count(index, index | NO_MORE_CPUS)) {
            console_say("hyp", "CPU %u stays out: PSCI has started it, and it does not come",
                        index);
            return false;
        }
    }
    return true;
}

void cpu_start_others(void)
{
    for (unsigned int index = 1; index < gic_cpus(); index++) {
        if (!start(index)) {
            return;
        }
    }
}
