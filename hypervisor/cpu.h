/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPUs: starting them, and what each knows of itself. */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>

#include "machine.h"
#include "registers.h"

struct vcpu;

struct cpu {
    void *stack; /* its top; vectors.S expects it first */
    unsigned int index;
    struct vcpu *loaded; /* the vCPU whose registers EL1 has, NULL if none */
};

/* The CPU that runs this. */
static inline struct cpu *cpu_self(void)
{
    return (struct cpu *)(uintptr_t)register_read(tpidr_el2);
}

/* Makes this CPU known to cpu_self(). */
void cpu_init(unsigned int index);

/* Whether the first redistributor is this CPU's: the numbers of CPUs start from there. */
bool cpu_is_the_first(void);

/*
 * Turns on every other CPU there is, up to CPUS_MAX, by the names that its redistributor has for
 * it, and waits until each has called cpu_ready(). The first that the firmware refuses ends that.
 */
void cpu_start_others(void);
void cpu_ready(void); /* does not return if it comes too late */

/* How many CPUs run. */
unsigned int cpu_count(void);

/* Whether EL1 can be AArch32. */
bool cpu_has_aarch32(void);

#endif
