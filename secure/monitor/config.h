/* SPDX-License-Identifier: BSD-3-Clause */
/* What the monitor's images differ in: config.c is compiled once for each. */
#ifndef CONFIG_H
#define CONFIG_H

#include "../spmc/spmc.h"

extern const uint32_t config_ffa_version; /* FFA_VERSION_1_x of the SPMC; 0: there is none */
extern const struct spmc_partition *const config_partitions;
extern const unsigned int config_partition_count;
extern const uint16_t config_entry_bytes; /* as in struct spmc_config */
extern const uint32_t *const config_absent;
extern const unsigned int config_absent_count;
extern const uint16_t config_sel1_partition_id; /* the one that is at S-EL1; 0: none is */

#endif
