/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A partition that is a function of the SPMC's host: it has no clock and no interrupts, so that it
 * says itself when it is preempted, and everything repeats.
 */
#include "agent.h"

#if __STDC_HOSTED__
#include <sched.h>
#endif

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

/* Lets the other go on where CPUs, or the threads that stand for them, share one. */
void agent_port_relax(void)
{
#if __STDC_HOSTED__
    sched_yield();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Behind the agent, in what memory it was given. */
struct agent_range *agent_port_ranges(struct agent *agent, uint32_t *count)
{
    const size_t bytes = __atomic_load_n(&agent->memory_bytes, __ATOMIC_RELAXED);

    *count = (uint32_t)((bytes - sizeof(*agent)) / sizeof(struct agent_range));
    return (struct agent_range *)(void *)(agent + 1);
}

/* The host has all of memory, and its partitions with it. */
bool agent_port_map(struct agent *agent, const struct agent_range *range, bool writes)
{
    (void)agent;
    (void)range;
    (void)writes;
    return true;
}

void agent_port_unmap(struct agent *agent, const struct agent_range *ranges, uint32_t count)
{
    (void)agent;
    (void)ranges;
    (void)count;
}

uint8_t *agent_port_page(struct agent *agent, uint64_t pa)
{
    return spmc_port_map(__atomic_load_n(&agent->spmc, __ATOMIC_RELAXED), pa, FFA_PAGE_SIZE);
}

enum spmc_exit agent_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    struct agent *agent = entry->memory;

    __atomic_store_n(&agent->spmc, entry->spmc, __ATOMIC_RELAXED);
    __atomic_store_n(&agent->memory_bytes, entry->memory_bytes, __ATOMIC_RELAXED);
    if (entry->partition->settings != NULL) {
        agent->settings = entry->partition->settings;
    }
    return agent_step(agent, entry->context, regs) == AGENT_CALLS ? SPMC_EXIT_CALL
                                                                  : SPMC_EXIT_PREEMPTED;
}
