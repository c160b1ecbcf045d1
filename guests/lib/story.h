/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that a program makes and tells of in one line: who asked what, and what was answered. */
#ifndef STORY_H
#define STORY_H

#include "client.h"
#include "members.h"

/* "asks for 1.1, is told 1.2" by FFA_VERSION; expects the answer. */
void story_version(struct client *client, uint32_t asked, uint32_t expected);

/* "FFA_ID_GET -> ID 0x3"; makes a proposed version final. Returns the ID. */
uint16_t story_id(struct client *client);

/* "FFA_SPM_ID_GET -> 0x8000", or that there is no Secure world. */
void story_spm_id(struct client *client);

/* "TEXT -> STATUS"; expects the status. */
void story_status(const struct client *client, int32_t status, int32_t expected, const char *text);

/*
 * Waits until all are there that this VM may see, tells of them, and expects them to be as the
 * world says: in registers if `buffers` is NULL.
 */
void story_members(struct client *client, const struct buffers *buffers, uint16_t self);
void story_members_in_detail(struct client *client, const struct buffers *buffers, uint16_t self);

#endif
