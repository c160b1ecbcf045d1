/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiled once for each image of the monitor. */
#include "config.h"

#include "../partitions/partitions.h"

#ifndef MONITOR_ENTRY_BYTES
#define MONITOR_ENTRY_BYTES 0
#endif

const uint32_t config_ffa_version = MONITOR_FFA_VERSION;
const uint16_t config_entry_bytes = MONITOR_ENTRY_BYTES;

#ifdef MONITOR_STRANGER

/* What a manager may do without that is a Trusted OS in the first place. */
static const uint32_t absent[] = {
    FFA_RX_ACQUIRE,
    FFA_MSG_SEND2,
    FFA_RUN,
    FFA_MSG_SEND_DIRECT_REQ2,
    FFA_NOTIFICATION_BITMAP_CREATE,
    FFA_PARTITION_INFO_GET_REGS,
    FFA_MEM_LEND_32,
    FFA_MEM_DONATE_32,
};

const struct spmc_partition *const config_partitions = &stranger_partitions[MONITOR_STRANGER];
const unsigned int config_partition_count = 1;
const uint32_t *const config_absent = absent;
const unsigned int config_absent_count = sizeof(absent) / sizeof(absent[0]);
const uint16_t config_sel1_partition_id = 0;

#else

const struct spmc_partition *const config_partitions = secure_partitions;
const unsigned int config_partition_count = MONITOR_PARTITION_COUNT;
const uint32_t *const config_absent = NULL;
const unsigned int config_absent_count = 0;
const uint16_t config_sel1_partition_id = PARTITION_ECHO_ID;

#endif
