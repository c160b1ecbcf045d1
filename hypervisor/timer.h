/* SPDX-License-Identifier: BSD-3-Clause */
/* EL2's physical timer: the time slice of a vCPU, and the limit of the whole run. */
#ifndef TIMER_H
#define TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_SLICE_MS 5

/* The run may take this long from now on. */
void timer_init(unsigned int limit_seconds);

/* Starts a new slice on this CPU; its end is GIC_PPI_TIMER. */
void timer_start_slice(void);

bool timer_limit_reached(void);

/* Milliseconds since timer_init(). */
uint64_t timer_now_ms(void);

#endif
