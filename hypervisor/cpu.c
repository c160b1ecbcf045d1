/* SPDX-License-Identifier: BSD-3-Clause */
#include "cpu.h"
#include "firmware.h"

extern char stacks[];
extern char boot_secondary[];

static struct cpu cpus[CPUS_MAX];
static unsigned int cpus_ready;

void cpu_init(unsigned int index)
{
    struct cpu *cpu = &cpus[index];

    cpu->index = index;
    cpu->stack = stacks + (index + 1) * (STACK_BYTES + PAGE_BYTES);
    register_write(tpidr_el2, (uintptr_t)cpu);
}

void cpu_ready(void)
{
    __atomic_add_fetch(&cpus_ready, 1, __ATOMIC_RELEASE);
}

unsigned int cpu_count(void)
{
    return __atomic_load_n(&cpus_ready, __ATOMIC_ACQUIRE);
}

bool cpu_has_aarch32(void)
{
    return bits(register_read(id_aa64pfr0_el1), 4, 4) == 2;
}

void cpu_start_others(void)
{
    for (unsigned int index = 1; index < CPUS_MAX; index++) {
        /* On this machine a CPU's affinity is its index; the first that is refused ends the list.
         */
        if (firmware_cpu_on(index, (uintptr_t)boot_secondary, index) != 0) {
            return;
        }
        while (cpu_count() <= index) {
        }
    }
}
