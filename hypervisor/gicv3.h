/* SPDX-License-Identifier: BSD-3-Clause */
/* The interrupt controller, as far as EL2 itself needs it. What VMs have is in vgic.h. */
#ifndef GICV3_H
#define GICV3_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_SGI_KICK          0    /* "look at what you run" from another CPU */
#define GIC_PPI_MAINTENANCE   25   /* the list registers have room again */
#define GIC_PPI_TIMER         26   /* EL2's physical timer */
#define GIC_PPI_VIRTUAL_TIMER 27   /* of the vCPU that is loaded */
#define GIC_SPI_UART          33   /* something was received */
#define GIC_SPURIOUS          1020 /* this and above: none */

/* Why the machine's interrupt controller will not do, NULL if it will. */
const char *gic_why_not(void);

/* How many CPUs there are, up to CPUS_MAX, and the affinity of each, as MPIDR_EL1 has it. */
unsigned int gic_cpus(void);
uint64_t gic_affinity(unsigned int cpu);

void gic_init(void);     /* once */
void gic_init_cpu(void); /* on each CPU */

/* An SGI or PPI that is not enabled from the start. False if it is none, or not ours. */
bool gic_enable_on_all(unsigned int interrupt);

/* An SPI, a level, from now on this CPU's. False if it is the Secure world's. */
bool gic_enable_here(unsigned int interrupt);

/* The most urgent pending interrupt, now active, or GIC_SPURIOUS or above. */
unsigned int gic_acknowledge(void);

/* The same, but it stays pending. */
unsigned int gic_pending(void);

/* It is handled; or it stays active, and so silent, until a guest or gic_set_active() ends that. */
void gic_end(unsigned int interrupt);
void gic_keep_active(unsigned int interrupt);

/* This CPU's SGI or PPI. */
void gic_set_active(unsigned int interrupt, bool active);

/* Sends the kick to one CPU, or to all others. */
void gic_kick(unsigned int cpu);
void gic_kick_others(void);

#endif
