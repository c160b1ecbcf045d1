/* SPDX-License-Identifier: BSD-3-Clause */
/* Partitions that are told of VMs: the messages, and what comes of them. */
#ifndef TOLD_H
#define TOLD_H

#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "scripted.h"

#define VM       1u
#define NOTIFIER PARTITION_NOTIFIER_ID /* wants to be told of both */
#define REFUSER  PARTITION_REFUSER_ID

#define REQUEST  FFA_MSG_SEND_DIRECT_REQ_32
#define RESPONSE FFA_MSG_SEND_DIRECT_RESP_32

#define CREATED        FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_REQ)
#define CREATED_RESP   FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_RESP)
#define DESTROYED      FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_DESTROYED_REQ)
#define DESTROYED_RESP FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_DESTROYED_RESP)

#define PAIR(high, low) ((uint64_t)(high) << 16 | (low))

/* How often a partition was sent a message of this kind, of VM 1. */
static inline unsigned int told(uint16_t partition, uint32_t what)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        const uint64_t *x = posix_smc_at(i)->call.x;

        count += x[0] == REQUEST && x[1] == partition && x[2] == what && x[5] == VM;
    }
    return count;
}

static inline struct parley_regs response(uint32_t what, int32_t status)
{
    return (struct parley_regs){{RESPONSE, PAIR(NOTIFIER, 0), what, (uint32_t)status}};
}

static inline struct script script_of(uint16_t partition)
{
    return (struct script){.fid = REQUEST, .w1 = ffa_ids_make(0, partition)};
}

/* Whether the partition, which has this UUID, is there for the VM, in each ABI that could tell. */
static inline bool is_visible(struct posix_vm *vm, uint16_t partition, struct ffa_uuid uuid)
{
    struct list list = list_by_registers(vm, &nil_uuid);
    bool listed = list_find(&list, partition) < list.count;
    int32_t request = CALL(vm, REQUEST, ffa_ids_make(VM, partition), 0, COMMAND_ECHO).status;
    int32_t run = CALL(vm, FFA_RUN, ffa_target_make(partition, 0)).status;
    int32_t bind = CALL(vm, FFA_NOTIFICATION_BIND, ffa_ids_make(partition, VM), 0, 1, 0).status;
    int32_t set = CALL(vm, FFA_NOTIFICATION_SET, ffa_ids_make(VM, partition), 0, 1, 0).status;

    assert_int_equal(list_count(vm, &nil_uuid), list.count);
    assert_int_equal(list_count(vm, &uuid), listed ? 1 : FFA_INVALID_PARAMETERS);
    assert_int_equal(request == FFA_INVALID_PARAMETERS, !listed);
    assert_int_equal(run == FFA_INVALID_PARAMETERS, !listed);
    assert_int_equal(bind == FFA_INVALID_PARAMETERS, !listed);
    assert_int_equal(set == FFA_INVALID_PARAMETERS, !listed);
    if (bind == FFA_OK) {
        assert_int_equal(
            CALL(vm, FFA_NOTIFICATION_UNBIND, ffa_ids_make(partition, VM), 0, 1, 0).status, FFA_OK);
    }
    return listed;
}

static inline bool is_notifier_visible(struct posix_vm *vm)
{
    return is_visible(vm, NOTIFIER, secure_partitions[1].uuids[0]);
}

#define BOTH (FFA_PARTITION_VM_CREATED | FFA_PARTITION_VM_DESTROYED)

/* As many partitions as there are properties: 0x8001 with unit_uuid(1), and so on. */
static inline struct spmc_config with_partitions(const uint32_t *properties, unsigned int count)
{
    static struct spmc_partition partitions[SPMC_PARTITIONS_MAX];
    static struct ffa_uuid uuids[SPMC_PARTITIONS_MAX];
    struct spmc_config config = posix_spmc_1_2;

    for (unsigned int i = 0; i < count; i++) {
        uuids[i] = unit_uuid((uint8_t)(i + 1));
        partitions[i] = (struct spmc_partition){
            .name = "p",
            .id = (uint16_t)(0x8001 + i),
            .contexts = 1,
            .properties = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_AARCH64 | properties[i],
            .uuids = &uuids[i],
            .uuid_count = 1,
        };
    }
    config.partitions = partitions;
    config.partition_count = count;
    return config;
}

#endif
