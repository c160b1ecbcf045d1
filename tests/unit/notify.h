/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls about notifications. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include "unit.h"

#define GET_ALL                                                                     \
    (FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_SPM | \
     FFA_NOTIFICATION_GET_HYPERVISOR)

#define PER_VCPU FFA_NOTIFICATION_BIND_PER_VCPU

/* The flags of a set for one vCPU. */
#define TO_VCPU(vcpu) (FFA_NOTIFICATION_SET_PER_VCPU | (uint64_t)(vcpu) << 16)

static inline uint16_t id_of(const struct posix_vm *vm)
{
    return rig_vm_status(vm).id;
}

static inline int32_t bind(struct posix_vm *receiver, uint16_t sender, uint64_t flags,
                           uint64_t bitmap)
{
    return CALL(receiver, FFA_NOTIFICATION_BIND, ffa_ids_make(sender, id_of(receiver)), flags,
                (uint32_t)bitmap, bitmap >> 32)
        .status;
}

static inline int32_t unbind(struct posix_vm *receiver, uint16_t sender, uint64_t bitmap)
{
    return CALL(receiver, FFA_NOTIFICATION_UNBIND, ffa_ids_make(sender, id_of(receiver)), 0,
                (uint32_t)bitmap, bitmap >> 32)
        .status;
}

static inline int32_t set(struct posix_vm *sender, uint16_t receiver, uint64_t flags,
                          uint64_t bitmap)
{
    return CALL(sender, FFA_NOTIFICATION_SET, ffa_ids_make(id_of(sender), receiver), flags,
                (uint32_t)bitmap, bitmap >> 32)
        .status;
}

struct pending {
    int32_t status;
    uint64_t secure;
    uint64_t vms;
    uint32_t spm;
    uint32_t hypervisor;
};

static inline struct pending get(struct posix_vm *receiver, unsigned int vcpu, uint64_t flags)
{
    struct answer answer = CALL_ON(receiver, vcpu, FFA_NOTIFICATION_GET,
                                   ffa_receiver_info_make(id_of(receiver), (uint16_t)vcpu), flags);
    const uint64_t *x = answer.regs.x;

    if (answer.status != FFA_OK) {
        return (struct pending){.status = answer.status};
    }
    return (struct pending){
        .secure = x[2] | x[3] << 32,
        .vms = x[4] | x[5] << 32,
        .spm = (uint32_t)x[6],
        .hypervisor = (uint32_t)x[7],
    };
}

/* How often the VM was interrupted, on all of its vCPUs. */
static inline unsigned int interrupts(struct posix_vm *vm, unsigned int vcpus)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < vcpus; i++) {
        count += posix_vcpu_injected(vm, i, RIG_NPI);
    }
    return count;
}

#endif
