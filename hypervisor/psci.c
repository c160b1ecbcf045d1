/* SPDX-License-Identifier: BSD-3-Clause */
#include "psci.h"
#include "registers.h"
#include "scheduler.h"
#include "smccc.h"
#include "vm.h"

#define PSCI_1_1 0x00010001

#define PSCI_SUCCESS            0
#define PSCI_NOT_SUPPORTED      (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON         (-4)
#define PSCI_ON_PENDING         (-5)
#define PSCI_INTERNAL_FAILURE   (-6)
#define PSCI_INVALID_ADDRESS    (-9)

#define MIGRATION_NOT_NEEDED 2 /* no Trusted OS that is bound to a CPU */

#define AFFINITY_ON         0
#define AFFINITY_OFF        1
#define AFFINITY_ON_PENDING 2

#define FID_64 0x40000000u

static bool is_64(const struct vcpu *vcpu)
{
    return (vcpu->x[0] & FID_64) != 0;
}

static uint64_t argument(const struct vcpu *vcpu, unsigned int number)
{
    return is_64(vcpu) ? vcpu->x[number] : (uint32_t)vcpu->x[number];
}

static struct vcpu *answer(struct vcpu *vcpu, int64_t result)
{
    vcpu->x[0] = (uint64_t)result;
    return vcpu;
}

/* The vCPU of the caller's VM with this affinity, NULL if there is none. */
static struct vcpu *vcpu_named(const struct vcpu *caller, uint64_t affinity)
{
    return affinity < caller->vm->who->vcpus ? &caller->vm->vcpus[affinity] : NULL;
}

static int64_t cpu_on(struct vcpu *caller)
{
    struct vcpu *target = vcpu_named(caller, argument(caller, 1));
    uint64_t entry = argument(caller, 2);
    uint64_t pa;

    if (target == NULL) {
        return PSCI_INVALID_PARAMETERS;
    }
    if (!stage2_translate(&caller->vm->stage2, entry, &pa)) {
        return PSCI_INVALID_ADDRESS;
    }
    if (!scheduler_claim(target)) {
        return scheduler_vcpu_state(target) == VCPU_STARTING ? PSCI_ON_PENDING : PSCI_ALREADY_ON;
    }
    vcpu_reset(target, entry, argument(caller, 3));
    scheduler_ready(target);
    return PSCI_SUCCESS;
}

static int64_t affinity_info(const struct vcpu *caller)
{
    const struct vcpu *target = vcpu_named(caller, argument(caller, 1));

    /* Only level 0 has something to tell: there are no clusters. */
    if (target == NULL || argument(caller, 2) != 0) {
        return PSCI_INVALID_PARAMETERS;
    }
    switch (scheduler_vcpu_state(target)) {
    case VCPU_OFF:
        return AFFINITY_OFF;
    case VCPU_STARTING:
        return AFFINITY_ON_PENDING;
    case VCPU_READY:
    case VCPU_RUNNING:
    case VCPU_WAITING:
        return AFFINITY_ON;
    }
    return PSCI_INTERNAL_FAILURE;
}

bool psci_is_implemented(uint32_t fid, bool aarch64)
{
    switch (fid) {
    case PSCI_VERSION:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON_32:
    case PSCI_AFFINITY_INFO_32:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
    case PSCI_MIGRATE_INFO_TYPE:
        return true;
    case PSCI_CPU_ON_64:
    case PSCI_AFFINITY_INFO_64:
        return aarch64;
    default:
        return false;
    }
}

static int64_t features(const struct vcpu *caller)
{
    uint32_t fid = (uint32_t)caller->x[1];

    if (fid == SMCCC_VERSION || psci_is_implemented(fid, caller->vm->who->aarch64)) {
        return PSCI_SUCCESS;
    }
    return PSCI_NOT_SUPPORTED;
}

struct vcpu *psci_call(struct vcpu *vcpu)
{
    switch ((uint32_t)vcpu->x[0]) {
    case PSCI_VERSION:
        return answer(vcpu, PSCI_1_1);
    case PSCI_CPU_ON_32:
    case PSCI_CPU_ON_64:
        return answer(vcpu, cpu_on(vcpu));
    case PSCI_AFFINITY_INFO_32:
    case PSCI_AFFINITY_INFO_64:
        return answer(vcpu, affinity_info(vcpu));
    case PSCI_FEATURES:
        return answer(vcpu, features(vcpu));
    case PSCI_MIGRATE_INFO_TYPE:
        return answer(vcpu, MIGRATION_NOT_NEEDED);
    case PSCI_CPU_OFF:
        return scheduler_leave(vcpu);
    case PSCI_SYSTEM_OFF:
        vm_request_stop(vcpu->vm, VM_END_OFF);
        return scheduler_leave(vcpu);
    case PSCI_SYSTEM_RESET:
        vm_request_reset(vcpu->vm);
        return scheduler_leave(vcpu);
    default:
        return answer(vcpu, PSCI_NOT_SUPPORTED);
    }
}
