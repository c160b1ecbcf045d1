/* SPDX-License-Identifier: BSD-3-Clause */
/* The physical interrupts of a CPU, which are masked but where they are taken. */
#ifndef INTERRUPTS_H
#define INTERRUPTS_H

/* Takes all that pend on this CPU; what they ask for is done later, as work (work.h). */
void interrupts_take(void);

#endif
