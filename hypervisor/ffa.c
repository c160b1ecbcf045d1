/* SPDX-License-Identifier: BSD-3-Clause */
#include "ffa.h"
#include "gicv3.h"
#include "leak.h"
#include "report.h"
#include "scheduler.h"
#include "vm.h"
#include "work.h"

static enum parley_outcome call_and_check(struct vcpu *vcpu)
{
    struct parley_regs before = vcpu->call;
    enum parley_outcome outcome;

    leak_check_before_call(vcpu);
    outcome = parley_call(vcpu->vm->parley, vcpu->index, &vcpu->call);
    leak_check_after_call(vcpu, &before);
    return outcome;
}

/* Only such a call can leave a request in the Secure world, or end one that was left. */
static bool may_be_bound(const struct vcpu *vcpu)
{
    uint32_t answer = (uint32_t)vcpu->x[0];

    return answer == FFA_INTERRUPT || answer == FFA_YIELD || vcpu->only_cpu != VCPU_ANY_CPU;
}

/* An interrupt that has brought a request back is still pending. Of each VM, one timer's is told.
 */
static void tell_interrupt(struct vcpu *vcpu)
{
    unsigned int interrupt = gic_pending();
    bool timer = interrupt == GIC_PPI_TIMER || interrupt == GIC_PPI_VIRTUAL_TIMER;

    if ((uint32_t)vcpu->x[0] != FFA_INTERRUPT || vcpu->only_cpu == VCPU_ANY_CPU || !timer) {
        return;
    }
    if (!__atomic_exchange_n(&vcpu->vm->told_of_interrupt, true, __ATOMIC_RELAXED)) {
        report_interrupt(vcpu->vm, interrupt);
    }
}

struct vcpu *ffa_call(struct vcpu *vcpu)
{
    bool bare = table.bench || table.any_ipa;
    enum parley_outcome outcome =
        bare ? parley_call(vcpu->vm->parley, vcpu->index, &vcpu->call) : call_and_check(vcpu);

    if (may_be_bound(vcpu)) {
        work_after_call(vcpu);
        tell_interrupt(vcpu);
    }
    switch (outcome) {
    case PARLEY_BLOCK:
        vcpu->is_blocked = true;
        return scheduler_wait(vcpu);
    case PARLEY_PREEMPTED:
        vcpu->is_preempted = true;
        return scheduler_wait(vcpu);
    case PARLEY_YIELD:
        return scheduler_yield(vcpu);
    case PARLEY_RETURN:
    case PARLEY_NOT_FFA:
        break;
    }
    return vcpu;
}

/* A call that waits can be interrupted; one that was preempted cannot. */
static enum parley_outcome go_on(struct vcpu *vcpu)
{
    if (vcpu->is_blocked && vgic_is_interrupted(vcpu)) {
        return parley_vcpu_interrupt(vcpu->vm->parley, vcpu->index, &vcpu->call);
    }
    return parley_continue(vcpu->vm->parley, vcpu->index, &vcpu->call);
}

bool ffa_resume(struct vcpu *vcpu)
{
    struct parley_regs before;
    enum parley_outcome outcome;

    if (!vcpu->is_blocked && !vcpu->is_preempted) {
        return true;
    }
    before = vcpu->call;
    outcome = go_on(vcpu);
    vcpu->is_blocked = outcome == PARLEY_BLOCK;
    vcpu->is_preempted = outcome == PARLEY_PREEMPTED;
    if (vcpu->is_blocked || vcpu->is_preempted) {
        return false;
    }
    if (!table.any_ipa) {
        leak_check_after_call(vcpu, &before);
    }
    return true;
}
