/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of notifications share. */
#ifndef MUSEUM_NOTIFY_H
#define MUSEUM_NOTIFY_H

#include "talk.h"

#define GET_ALL       0xfu
#define BITS(x)       (uint32_t)(x), (uint32_t)((uint64_t)(x) >> 32)
#define PER_VCPU      FFA_NOTIFICATION_SET_PER_VCPU
#define SECURE_SENDER PARTITION_ECHO_ID

/* The calls, of vCPU 0 of the VM that has this ID. */
struct parley_regs notif_bind(struct posix_vm *vm, uint16_t id, uint16_t sender, uint32_t flags,
                              uint64_t bits);
struct parley_regs notif_unbind(struct posix_vm *vm, uint16_t id, uint16_t sender, uint64_t bits);
struct parley_regs notif_set(struct posix_vm *vm, uint16_t id, uint16_t receiver, uint32_t flags,
                             uint64_t bits);
struct parley_regs notif_get(struct posix_vm *vm, uint16_t id, uint16_t vcpu, uint32_t flags);

/* The bits that VMs have set, in an answer that must be a success; and what a GET has of them. */
uint64_t vm_bits(const struct parley_regs *answer);
uint64_t get_vm_bits(struct posix_vm *vm, uint16_t id, uint16_t vcpu);

/* VM 1 receives, VM 2 sends; neither bound nor set is anything. */
struct scene {
    struct posix_vm *receiver;
    struct posix_vm *sender;
};

struct scene scene_on(const struct spmc_config *secure);

/* How many interrupts of notifications the VM has got, on all of its vCPUs. */
unsigned int injected(struct posix_vm *vm);

/* Asks echo to make FFA_NOTIFICATION_SET; what that answered. */
int32_t sp_notifies(struct posix_vm *vm, uint16_t vm_id, uint16_t receiver, uint32_t w2,
                    uint64_t bits);

#endif
