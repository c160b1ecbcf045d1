/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Secure Partitions of the reference Secure world, as the monitor and the simulated one in
 * ports/posix both have them. They differ in everything that discovery shows. This is data alone;
 * agent.h has the code that runs them.
 */
#ifndef PARTITIONS_H
#define PARTITIONS_H

#include "../spmc/spmc.h"

#define PARTITION_ECHO_ID     0x8001u
#define PARTITION_NOTIFIER_ID 0x8002u
#define PARTITION_TRIO_ID     0x8003u

#define PARTITION_REFUSER_ID 0x8004u

/* The table's first ones are the usual ones; who asks for one more gets the refuser too. */
#define PARTITION_COUNT      3u
#define PARTITION_COUNT_MORE 4u
#define PARTITION_TRIO_UUIDS 3u
#define PARTITION_UUID_COUNT 5u /* of all partitions together */

extern const struct spmc_partition secure_partitions[PARTITION_COUNT_MORE];

/* The VM that the refuser refuses, and how often it answers FFA_RETRY before it says anything. */
#define PARTITION_REFUSED_VM     0x66u
#define PARTITION_REFUSER_STALLS 2u

/*
 * The one of an SPMC that is like others' firmware: nobody in the Normal world knows its UUID.
 * There are two of it: the first wants to hear of VMs, and takes no more than two at a time.
 */
#define PARTITION_STRANGER_ID  0x8001u
#define PARTITION_STRANGER_VMS 2u

extern const struct spmc_partition stranger_partitions[2];

#endif
