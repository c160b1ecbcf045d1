/* SPDX-License-Identifier: BSD-3-Clause */
/* The interrupt controller, as far as EL2 itself needs it: one timer and one kick per CPU. */
#ifndef GICV3_H
#define GICV3_H

#define GIC_SGI_KICK  0    /* "look at what you run" from another CPU */
#define GIC_PPI_TIMER 26   /* EL2's physical timer */
#define GIC_SPURIOUS  1020 /* this and above: none */

void gic_init(void);     /* once */
void gic_init_cpu(void); /* on each CPU */

/* The most urgent pending interrupt, now active, or GIC_SPURIOUS or above. */
unsigned int gic_acknowledge(void);
void gic_end(unsigned int interrupt);

/* Sends the kick to one CPU, or to all others. */
void gic_kick(unsigned int cpu);
void gic_kick_others(void);

#endif
