/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference Secure Partitions, and what they do when they are asked (commands.h). */
#ifndef PARTITION_H
#define PARTITION_H

#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "message.h"

#define PARTITION_WORDS 5u

/*
 * Asks in 32 bits, until it is answered; leaves the answer's words in `word`, of which the first is
 * its status, and returns that.
 */
int32_t partition_ask(struct client *client, uint16_t self, uint16_t partition,
                      uint64_t word[PARTITION_WORDS]);

/* The call, when only its status matters. */
#define PARTITION_ASK(client, self, partition, ...) \
    partition_ask((client), (self), (partition), (uint64_t[PARTITION_WORDS]){__VA_ARGS__})

/*
 * Whether this partition is at S-EL1, as "echo" is expected to be wherever VMs are at EL1.
 * Elsewhere it is no program of its own: it has no timer, and no CPU that it runs on.
 */
bool partition_is_at_s_el1(struct client *client, uint16_t self, uint16_t partition);

#endif
