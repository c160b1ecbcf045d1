/* SPDX-License-Identifier: BSD-3-Clause */
#include "smccc.h"
#include "ffa.h"
#include "psci.h"
#include "scheduler.h"
#include "vm.h"

static struct vcpu *answer(struct vcpu *vcpu, uint64_t x0)
{
    vcpu->x[0] = x0;
    return vcpu;
}

static uint64_t arch_features(const struct vcpu *vcpu)
{
    uint32_t fid = (uint32_t)vcpu->x[1];

    return fid == SMCCC_VERSION || fid == SMCCC_ARCH_FEATURES ? 0 : SMCCC_UNKNOWN;
}

static uint64_t report(struct vcpu *vcpu)
{
    struct vm_tally *tally = &vcpu->vm->tally;

    __atomic_add_fetch(&tally->held.value, (uint32_t)vcpu->x[1], __ATOMIC_RELAXED);
    __atomic_add_fetch(&tally->broken.value, (uint32_t)vcpu->x[2], __ATOMIC_RELAXED);
    return 0;
}

struct vcpu *smccc_call(struct vcpu *vcpu, unsigned int immediate)
{
    uint32_t fid = (uint32_t)vcpu->x[0];

    if (immediate != 0) {
        return answer(vcpu, SMCCC_UNKNOWN);
    }
    if (ffa_owns(fid)) {
        return ffa_call(vcpu);
    }
    switch (fid) {
    case SMCCC_VERSION:
        return answer(vcpu, SMCCC_VERSION_1_2);
    case SMCCC_ARCH_FEATURES:
        return answer(vcpu, arch_features(vcpu));
    case PRIVATE_REPORT:
        return answer(vcpu, report(vcpu));
    case PRIVATE_MIGRATE:
        return scheduler_migrate(answer(vcpu, 0));
    case PRIVATE_BENCH_MARK:
        return answer(vcpu, 0);
    default:
        break;
    }
    if (psci_is_implemented(fid, vcpu->vm->who->aarch64)) {
        return psci_call(vcpu);
    }
    return answer(vcpu, SMCCC_UNKNOWN);
}
