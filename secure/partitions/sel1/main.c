/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent at S-EL1: each of its steps ends in an SMC. It runs with interrupts of the Normal world
 * masked by priority, but where it takes long; there they lead to EL3 in the middle of its code.
 * Secure interrupts are masked in PSTATE, and looked for.
 */
#include "../../monitor/arch.h"
#include "../../monitor/platform.h"
#include "../agent.h"

#define ICC_IAR1_EL1  s3_0_c12_c12_0
#define ICC_EOIR1_EL1 s3_0_c12_c12_1

#define ISR_IRQ       (1u << 7)
#define INTID_MASK    0xffffffu
#define TIMER_ENABLE  1u
#define MICROS_SECOND 1000000u

void partition_main(unsigned int context);
void smc_call(uint64_t regs[FFA_REGS_MAX]); /* start.S */

static struct agent agent;

static uint64_t now(void)
{
    isb();
    return read_sysreg(cntpct_el0);
}

static uint64_t ticks(uint64_t microseconds)
{
    return microseconds * read_sysreg(cntfrq_el0) / MICROS_SECOND;
}

unsigned int agent_port_level(void)
{
    return (unsigned int)read_sysreg(CurrentEL) >> 2;
}

int32_t agent_port_timer_arm(uint64_t microseconds)
{
    write_sysreg(cntps_cval_el1, now() + ticks(microseconds));
    write_sysreg(cntps_ctl_el1, TIMER_ENABLE);
    isb();
    return FFA_OK;
}

/* The timer is the only one that there is. */
void agent_port_interrupt(struct agent *self, struct agent_context *context)
{
    const uint64_t intid = read_sysreg(ICC_IAR1_EL1) & INTID_MASK;

    (void)self;
    if (intid != SECURE_TIMER_INTID) {
        return;
    }
    write_sysreg(cntps_ctl_el1, 0);
    isb();
    __atomic_fetch_add(&context->timers, 1, __ATOMIC_RELAXED);
    write_sysreg(ICC_EOIR1_EL1, intid);
    isb();
}

bool agent_port_spin(struct agent *self, struct agent_context *context)
{
    const bool for_ever = context->left == UINT64_MAX;
    const uint64_t start = now();

    if (context->left == 0) {
        return true;
    }
    write_sysreg(ICC_PMR_EL1, PRIORITY_ALL);
    do {
        if ((read_sysreg(isr_el1) & ISR_IRQ) != 0) {
            agent_port_interrupt(self, context);
        }
    } while (for_ever || now() - start < ticks(context->left));
    write_sysreg(ICC_PMR_EL1, PRIORITY_SECURE);
    isb();
    context->left = 0;
    return true;
}

void partition_main(unsigned int context)
{
    uint64_t regs[FFA_REGS_MAX] = {0};

    for (;;) {
        agent_step(&agent, context, regs);
        smc_call(regs);
    }
}
