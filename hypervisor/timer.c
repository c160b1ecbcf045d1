/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer.h"
#include "registers.h"

#define CNTHP_CTL_ENABLE 1

static uint64_t start_ticks;
static uint64_t limit_ms;

static uint64_t ticks(void)
{
    barrier_instructions();
    return register_read(cntpct_el0);
}

void timer_init(unsigned int limit_seconds)
{
    start_ticks = ticks();
    limit_ms = UINT64_C(1000) * limit_seconds;
}

void timer_start_slice(void)
{
    register_write(cnthp_tval_el2, register_read(cntfrq_el0) * TIMER_SLICE_MS / 1000);
    register_write(cnthp_ctl_el2, CNTHP_CTL_ENABLE);
    barrier_instructions();
}

uint64_t timer_now_ms(void)
{
    return (ticks() - start_ticks) * 1000 / register_read(cntfrq_el0);
}

bool timer_limit_reached(void)
{
    return timer_now_ms() >= limit_ms;
}
