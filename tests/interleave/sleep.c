/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the hypervisor of the tests does with a vCPU whose call blocks: keeps it out of the guest
 * until it is woken, and interrupts it when it has an interrupt to take.
 */
#include "world.h"

#include <string.h>

bool world_enter(struct world_vm *of, unsigned int vcpu, const uint64_t x0_to_x7[8])
{
    struct parley_regs *regs = &of->vcpu[vcpu].regs;

    memset(regs, 0x5a, sizeof(*regs));
    memcpy(regs->x, x0_to_x7, 8 * sizeof(uint64_t));
    explore_call();
    return parley_call(of->vm, vcpu, regs) == PARLEY_RETURN;
}

static bool are_stopped(uint64_t signals, const struct world_vcpu *sleeper)
{
    return (signals & sleeper->stops) == sleeper->stops;
}

static enum parley_outcome go_on(struct world_vm *of, unsigned int vcpu)
{
    struct world_vcpu *sleeper = &of->vcpu[vcpu];

    explore_port_clear(&sleeper->signals, WORLD_WAKE);
    explore_call();
    return parley_continue(of->vm, vcpu, &sleeper->regs);
}

static enum parley_outcome interrupt(struct world_vm *of, unsigned int vcpu)
{
    explore_call();
    return parley_vcpu_interrupt(of->vm, vcpu, &of->vcpu[vcpu].regs);
}

/*
 * A vCPU that stays blocked although it was interrupted will be woken, so it is not interrupted
 * again before its signals change: `seen` are those for which all was done.
 */
bool world_sleep(struct world_vm *of, unsigned int vcpu)
{
    struct world_vcpu *sleeper = &of->vcpu[vcpu];
    enum parley_outcome outcome = PARLEY_BLOCK;
    uint64_t seen = 0;

    while (outcome == PARLEY_BLOCK) {
        uint64_t signals = explore_await_change(&sleeper->signals, seen);

        if (are_stopped(signals, sleeper)) {
            return false;
        }
        seen = signals & ~(uint64_t)WORLD_WAKE;
        if ((signals & WORLD_WAKE) != 0) {
            outcome = go_on(of, vcpu);
        }
        if (outcome == PARLEY_BLOCK && (signals & WORLD_INTERRUPTS) != 0) {
            outcome = interrupt(of, vcpu);
        }
    }
    return true;
}

void world_signal(struct world_vm *of, unsigned int vcpu, uint64_t signals)
{
    explore_call();
    explore_port_set(&of->vcpu[vcpu].signals, signals);
}

bool world_take_interrupts(struct world_vm *of, unsigned int vcpu)
{
    explore_call();
    return (explore_port_clear(&of->vcpu[vcpu].signals, WORLD_INTERRUPTS) & WORLD_INTERRUPTS) != 0;
}

bool world_is_stopped(const struct world_vm *of, unsigned int vcpu)
{
    explore_call();
    return are_stopped(explore_port_load(&of->vcpu[vcpu].signals), &of->vcpu[vcpu]);
}

bool has_message(struct world_vm *of, unsigned int vcpu)
{
    struct world_vcpu *sleeper = &of->vcpu[vcpu];
    bool has = parley_continue(of->vm, vcpu, &sleeper->regs) == PARLEY_RETURN;

    EXPECT(!has || (sleeper->signals & WORLD_WAKE) != 0,
           "vCPU %u of VM %u has a message, and sleeps on", vcpu, of->id);
    return has;
}
