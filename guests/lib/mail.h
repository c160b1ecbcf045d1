/* SPDX-License-Identifier: BSD-3-Clause */
/* Indirect messages: the header in front of them, in the layout of each version. */
#ifndef MAIL_H
#define MAIL_H

#include <guest.h>

#define MAIL_HEADER_BYTES_MAX 40u

struct mail {
    uint32_t flags;
    uint32_t reserved;
    uint32_t offset; /* of the payload */
    uint16_t from;
    uint16_t to;
    uint32_t bytes; /* of the payload */
    uint32_t reserved2;
    struct ffa_uuid uuid; /* from 1.2 on, as the word before it */
};

uint32_t mail_header_bytes(uint32_t version);

void mail_write(uint8_t *tx, uint32_t version, const struct mail *mail);
void mail_read(const uint8_t *rx, uint32_t version, struct mail *mail);

#endif
