/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs: which are online, which are woken, and what interrupts they have; the CPUs that they run
 * on; and the consoles of their VMs.
 */
#include <stdlib.h>

#include "internal.h"

/* --- Hooks ------------------------------------------------------------------------------------ */

void parley_port_vcpu_wake(void *context, unsigned int vcpu)
{
    (void)context;
    (void)vcpu;
    trap_check_hook(__func__, 0);
}

bool parley_port_vcpu_is_online(void *context, unsigned int vcpu)
{
    (void)context;
    (void)vcpu;
    trap_check_hook(__func__, 1);
    return true;
}

unsigned int parley_port_cpu(void)
{
    return 0;
}

void parley_port_cpu_kick(unsigned int cpu)
{
    (void)cpu;
    trap_check_hook(__func__, 0);
}

void parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid)
{
    (void)context;
    (void)vcpu;
    (void)intid;
    trap_check_hook(__func__, 0);
}

unsigned int parley_port_console(void *context, const char *text, unsigned int count)
{
    (void)context;
    (void)text;
    trap_check_hook(__func__, 0);
    return count;
}
