/* SPDX-License-Identifier: BSD-3-Clause */
/* One VM, and the partition `echo`, which reads indirect messages and sends some. */
#ifndef ECHO_H
#define ECHO_H

#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "letter.h"
#include "scripted.h"

#define VM   1u
#define ECHO PARTITION_ECHO_ID

#define GET_ALL                                                                     \
    (FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_SPM | \
     FFA_NOTIFICATION_GET_HYPERVISOR)

static struct posix_vm *vm;
static unsigned int vm_pages;

static inline void start_with(const struct spmc_config *secure, uint32_t version,
                              unsigned int pages)
{
    rig_start(secure);
    vm = rig_friend(VM, version);
    vm_pages = pages;
    if (pages != 0) {
        assert_int_equal(map_buffers(vm, pages).status, FFA_OK);
    }
}

static inline void start(void)
{
    start_with(&posix_spmc_1_2, FFA_VERSION_1_2, 2);
}

/* A request to echo, whose words follow; the first word of its answer. */
#define ASK(...) CALL(vm, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(VM, ECHO), 0, __VA_ARGS__)

static inline int32_t echo_sends(uint32_t bytes, uint32_t seed)
{
    return (int32_t)(uint32_t)ASK(COMMAND_MESSAGE_SEND, VM, bytes, seed).regs.x[3];
}

/* What the interrupts of CPU 0 ask for. */
static inline void let_the_secure_world_run(void)
{
    posix_cpu_work(rig_parley(), 0);
}

/* The SPMCs, and the versions of VMs, that have indirect messages. */
static const struct spmc_config *const secure[] = {&posix_spmc_1_1, &posix_spmc_1_2};
static const uint32_t versions[] = {FFA_VERSION_1_1, FFA_VERSION_1_2};

#endif
