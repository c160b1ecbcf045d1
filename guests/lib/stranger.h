/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Secure Partitions that are not those of secure/: under another's firmware, nobody knows
 * beforehand which there are. They are listed, and asked no more than their protocol, if it is a
 * public one, says is harmless.
 */
#ifndef STRANGER_H
#define STRANGER_H

#include "members.h"

#define STRANGERS_MAX 8u

/* The IDs of those that this VM is shown, each once. Returns how many there are. */
unsigned int strangers_find(struct client *client, const struct buffers *buffers,
                            uint16_t id[STRANGERS_MAX]);

/* Prints which there are. OP-TEE is asked for its versions. */
void strangers_meet(struct client *client, const struct buffers *buffers, uint16_t self);

#endif
