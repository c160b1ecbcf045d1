/* SPDX-License-Identifier: BSD-3-Clause */
/* FF-A's numbers in words, for a person who reads the console. */
#ifndef SAY_H
#define SAY_H

#include <guest.h>

/* A short text, returned by value so that vCPUs do not share a buffer. */
struct say {
    char text[80];
};

/* Add to a text; what does not fit is cut. */
void say_add(struct say *say, const char *text);
void say_add_decimal(struct say *say, uint32_t value);
void say_add_hex(struct say *say, uint32_t value); /* without 0x, and without zeros in front */

/* "1.2"; "none" for 0, "NOT_SUPPORTED" for -1, and the number if bit 31 is set otherwise. */
struct say say_version(uint32_t version);

/* The first four bytes of a UUID, "3cf1a2e7", or "nil". */
struct say say_uuid(const struct ffa_uuid *uuid);

/* "FFA_ID_GET", or "an unknown ID". */
const char *say_fid(uint32_t fid);

/* "SUCCESS", "INVALID_PARAMETERS"; "an unknown status". */
const char *say_status(int32_t status);

#endif
