/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A partition that is a function of the SPMC's host: it has no clock and no interrupts, so that it
 * says itself when it is preempted, and everything repeats.
 */
#include "agent.h"

#define PREEMPTED_EACH 1000u /* microseconds */

_Static_assert(sizeof(struct agent) <= SPMC_PARTITION_BYTES, "a partition's memory");

bool agent_port_spin(struct agent *agent, struct agent_context *context)
{
    (void)agent;
    if (context->left == 0) {
        return true;
    }
    if (context->left != UINT64_MAX) {
        context->left -= context->left < PREEMPTED_EACH ? context->left : PREEMPTED_EACH;
    }
    return false;
}

unsigned int agent_port_level(void)
{
#if __STDC_HOSTED__
    return 0;
#else
    uint64_t level;

    __asm__ volatile("mrs %0, CurrentEL" : "=r"(level));
    return (unsigned int)level >> 2;
#endif
}

int32_t agent_port_timer_arm(uint64_t microseconds)
{
    (void)microseconds;
    return FFA_NOT_SUPPORTED;
}

void agent_port_interrupt(struct agent *agent, struct agent_context *context)
{
    (void)agent;
    __atomic_fetch_add(&context->timers, 1, __ATOMIC_RELAXED);
}

enum spmc_exit agent_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    struct agent *agent = entry->memory;

    if (entry->partition->settings != NULL) {
        agent->settings = entry->partition->settings;
    }
    return agent_step(agent, entry->context, regs) == AGENT_CALLS ? SPMC_EXIT_CALL
                                                                  : SPMC_EXIT_PREEMPTED;
}
