/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiled once for each image of the monitor. */
#include "../partitions/partitions.h"
#include "monitor.h"

const uint32_t config_ffa_version = MONITOR_FFA_VERSION;
const unsigned int config_partition_count = MONITOR_PARTITION_COUNT;
