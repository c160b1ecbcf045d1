/* SPDX-License-Identifier: BSD-3-Clause */
#include "partitions.h"
#include "agent.h"

/* f2a1c6d0-7b43-4e58-9c1d-2e6b8a405f11 */
static const struct ffa_uuid echo_uuids[] = {
    {{0xf2, 0xa1, 0xc6, 0xd0, 0x7b, 0x43, 0x4e, 0x58, 0x9c, 0x1d, 0x2e, 0x6b, 0x8a, 0x40, 0x5f,
      0x11}},
};

/* 3d9e0b74-61c8-4a2f-b5e7-90d4137fa822 */
static const struct ffa_uuid notifier_uuids[] = {
    {{0x3d, 0x9e, 0x0b, 0x74, 0x61, 0xc8, 0x4a, 0x2f, 0xb5, 0xe7, 0x90, 0xd4, 0x13, 0x7f, 0xa8,
      0x22}},
};

/*
 * Three protocols of one partition:
 * 5c0d8e13-a497-4f60-8b2c-64f1de9703a1, ...a2 and ...a3, which differ in their last byte only, so
 * that whoever compares less than the whole UUID is found out.
 */
static const struct ffa_uuid trio_uuids[PARTITION_TRIO_UUIDS] = {
    {{0x5c, 0x0d, 0x8e, 0x13, 0xa4, 0x97, 0x4f, 0x60, 0x8b, 0x2c, 0x64, 0xf1, 0xde, 0x97, 0x03,
      0xa1}},
    {{0x5c, 0x0d, 0x8e, 0x13, 0xa4, 0x97, 0x4f, 0x60, 0x8b, 0x2c, 0x64, 0xf1, 0xde, 0x97, 0x03,
      0xa2}},
    {{0x5c, 0x0d, 0x8e, 0x13, 0xa4, 0x97, 0x4f, 0x60, 0x8b, 0x2c, 0x64, 0xf1, 0xde, 0x97, 0x03,
      0xa3}},
};

/* 96b5f2c8-0d7e-4c31-a84f-5be6719d2e07 */
static const struct ffa_uuid refuser_uuids[] = {
    {{0x96, 0xb5, 0xf2, 0xc8, 0x0d, 0x7e, 0x4c, 0x31, 0xa8, 0x4f, 0x5b, 0xe6, 0x71, 0x9d, 0x2e,
      0x07}},
};

/* Gets in the way of the creation of VMs in each way that FF-A allows. */
static const struct agent_settings refuser_settings = {
    .refused_vm = PARTITION_REFUSED_VM,
    .stalls = PARTITION_REFUSER_STALLS,
    .stall_status = FFA_RETRY,
    .yields = 1,
    .preemptions = 1,
};

const struct spmc_partition secure_partitions[PARTITION_COUNT_MORE] = {
    {
        .name = "echo",
        .id = PARTITION_ECHO_ID,
        .contexts = 4, /* one on each CPU */
        .properties = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ2_RECV |
                      FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV |
                      FFA_PARTITION_AARCH64,
        .uuids = echo_uuids,
        .uuid_count = 1,
    },
    {
        .name = "notifier",
        .id = PARTITION_NOTIFIER_ID,
        .contexts = 1, /* may run on any CPU */
        .properties = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND |
                      FFA_PARTITION_NOTIFICATION_RECV | FFA_PARTITION_VM_CREATED |
                      FFA_PARTITION_VM_DESTROYED | FFA_PARTITION_AARCH64,
        .uuids = notifier_uuids,
        .uuid_count = 1,
    },
    {
        .name = "trio",
        .id = PARTITION_TRIO_ID,
        .contexts = 4,
        .properties = FFA_PARTITION_DIRECT_REQ_RECV, /* an AArch32 one: bit 8 is clear */
        .uuids = trio_uuids,
        .uuid_count = PARTITION_TRIO_UUIDS,
    },
    {
        .name = "refuser",
        .id = PARTITION_REFUSER_ID,
        .contexts = 1,
        .properties = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_VM_CREATED |
                      FFA_PARTITION_VM_DESTROYED | FFA_PARTITION_AARCH64,
        .uuids = refuser_uuids,
        .uuid_count = 1,
        .settings = &refuser_settings,
    },
};

/* e7b0913c-52d4-4a86-8f0e-c96d15a3487f */
static const struct ffa_uuid stranger_uuids[] = {
    {{0xe7, 0xb0, 0x91, 0x3c, 0x52, 0xd4, 0x4a, 0x86, 0x8f, 0x0e, 0xc9, 0x6d, 0x15, 0xa3, 0x48,
      0x7f}},
};

static const struct agent_settings stranger_settings = {.vms_max = PARTITION_STRANGER_VMS};

const struct spmc_partition stranger_partitions[2] = {
    {
        .name = "stranger",
        .id = PARTITION_STRANGER_ID,
        .contexts = 1,
        .properties = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_VM_CREATED |
                      FFA_PARTITION_VM_DESTROYED | FFA_PARTITION_AARCH64,
        .uuids = stranger_uuids,
        .uuid_count = 1,
        .settings = &stranger_settings,
    },
    {
        .name = "stranger",
        .id = PARTITION_STRANGER_ID,
        .contexts = 4,
        .properties = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_AARCH64,
        .uuids = stranger_uuids,
        .uuid_count = 1,
    },
};
