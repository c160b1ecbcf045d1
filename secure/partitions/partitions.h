/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Secure Partitions of the reference Secure world, as the monitor and the simulated one in
 * ports/posix both have them. They differ in everything that discovery shows.
 */
#ifndef PARTITIONS_H
#define PARTITIONS_H

#include "../spmc/spmc.h"

#define PARTITION_ECHO_ID     0x8001u
#define PARTITION_NOTIFIER_ID 0x8002u
#define PARTITION_TRIO_ID     0x8003u

#define PARTITION_COUNT      3u
#define PARTITION_TRIO_UUIDS 3u
#define PARTITION_UUID_COUNT 5u /* of all partitions together */

extern const struct spmc_partition secure_partitions[PARTITION_COUNT];

#endif
