/* SPDX-License-Identifier: BSD-3-Clause */
/* The monitor's story: what each CPU does between reset and EL2. */
#include "arch.h"
#include "config.h"
#include "monitor.h"

static void cpu_setup(unsigned int cpu)
{
    mmu_enable();
    el3_setup();
    gic_cpu_init(cpu);
}

static void greet(unsigned int cpu_count)
{
    console_put(SECURE_UART_PA, "monitor: CPUs ");
    console_put_unsigned(SECURE_UART_PA, cpu_count);
    console_put(SECURE_UART_PA, ", SPMC ");
    if (config_ffa_version == 0) {
        console_put(SECURE_UART_PA, "none\n");
        return;
    }
    console_put_unsigned(SECURE_UART_PA, FFA_VERSION_MAJOR(config_ffa_version));
    console_put(SECURE_UART_PA, ".");
    console_put_unsigned(SECURE_UART_PA, FFA_VERSION_MINOR(config_ffa_version));
    console_put(SECURE_UART_PA, "\n");
}

_Noreturn void monitor_first_cpu(void)
{
    unsigned int cpu_count;

    mmu_init();
    mmu_enable();
    tree_init();
    cpu_count = gic_init();
    psci_init(cpu_count);
    secure_world_init();
    greet(cpu_count);
    cpu_setup(0);
    release_other_cpus();
    /* x0: where QEMU left its device tree. */
    enter_normal_world(NORMAL_ENTRY_PA, NORMAL_RAM_PA);
}

_Noreturn void monitor_other_cpu(unsigned int cpu)
{
    cpu_setup(cpu);
    monitor_park(cpu);
}

_Noreturn void monitor_park(unsigned int cpu)
{
    uint64_t entry;
    uint64_t x0;

    gic_sleep();
    gic_cpu_ready();
    psci_arrive(cpu, &entry, &x0);
    enter_normal_world(entry, x0);
}

unsigned int cpu_index(void)
{
    return (unsigned int)(read_sysreg(mpidr_el1) & 0xff);
}
