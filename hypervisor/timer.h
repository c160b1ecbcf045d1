/* SPDX-License-Identifier: BSD-3-Clause */
/* EL2's physical timer and clock. Ticks are those of the system counter, which VMs see, too. */
#ifndef TIMER_H
#define TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

/* The run may take this long from now on; 0: for ever. */
void timer_init(unsigned int limit_seconds);

uint64_t timer_ticks(void);
uint64_t timer_ticks_of_ms(uint64_t milliseconds);

/* Interrupts this CPU (GIC_PPI_TIMER) at `ticks`, or when the run has taken too long. */
void timer_set(uint64_t ticks);

bool timer_limit_reached(void);

/* Milliseconds since timer_init(). */
uint64_t timer_now_ms(void);

#endif
