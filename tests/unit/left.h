/* SPDX-License-Identifier: BSD-3-Clause */
/* Two VMs and the reference partitions, for requests that are left in the middle. */
#ifndef LEFT_H
#define LEFT_H

#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "scripted.h"

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define TRIO     PARTITION_TRIO_ID

#define REQ_32  FFA_MSG_SEND_DIRECT_REQ_32
#define REQ_64  FFA_MSG_SEND_DIRECT_REQ_64
#define REQ2    FFA_MSG_SEND_DIRECT_REQ2
#define RESP_32 FFA_MSG_SEND_DIRECT_RESP_32

static struct posix_vm *a; /* 1 */
static struct posix_vm *b; /* 2 */

static inline void start(void)
{
    rig_start(&posix_spmc_1_2);
    a = rig_friend(1, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
}

static inline void stop(void)
{
    posix_smc_replace(NULL, NULL);
    posix_cpu_move(0);
    assert_true(rig_stop());
}

/* A partition that spins for so many milliseconds, and is interrupted in each. */
static inline struct answer spin(struct posix_vm *vm, unsigned int vcpu, uint16_t partition,
                                 uint64_t milliseconds)
{
    return CALL_ON(vm, vcpu, REQ_32, ffa_ids_make(rig_vm_status(vm).id, partition), 0, COMMAND_SPIN,
                   milliseconds * 1000);
}

static inline void assert_left(const struct answer *answer, uint32_t fid, uint16_t partition,
                               uint16_t context)
{
    assert_int_equal(answer->fid, fid);
    assert_int_equal(answer->regs.x[1], ffa_target_make(partition, context));
}

static inline unsigned int cpu_of(struct posix_vm *vm, unsigned int vcpu)
{
    return parley_vcpu_cpu(posix_vm_parley(vm), vcpu);
}

/* Two IDs, or an ID and a vCPU, in one word: a constant. */
#define PAIR(high, low) ((uint64_t)(high) << 16 | (low))

#endif
