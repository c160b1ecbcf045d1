/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer.h"
#include "registers.h"

#define CNTHP_CTL_ENABLE 1

static uint64_t start_ticks;
static uint64_t limit_ticks;

uint64_t timer_ticks(void)
{
    barrier_instructions();
    return register_read(cntpct_el0);
}

uint64_t timer_ticks_of_ms(uint64_t milliseconds)
{
    return register_read(cntfrq_el0) * milliseconds / 1000;
}

void timer_init(unsigned int limit_seconds)
{
    start_ticks = timer_ticks();
    limit_ticks = limit_seconds == 0
                      ? TIMER_NEVER
                      : start_ticks + timer_ticks_of_ms(UINT64_C(1000) * limit_seconds);
}

void timer_set(uint64_t ticks)
{
    register_write(cnthp_cval_el2, ticks < limit_ticks ? ticks : limit_ticks);
    register_write(cnthp_ctl_el2, CNTHP_CTL_ENABLE);
    barrier_instructions();
}

uint64_t timer_now_ms(void)
{
    return (timer_ticks() - start_ticks) * 1000 / register_read(cntfrq_el0);
}

bool timer_limit_reached(void)
{
    return timer_ticks() >= limit_ticks;
}
