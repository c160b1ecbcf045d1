/* SPDX-License-Identifier: BSD-3-Clause */
#include "mail.h"

#define OFFSET(member) offsetof(struct ffa_msg_header_1_2, member)

static void put(uint8_t *to, uint32_t word)
{
    for (unsigned int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(word >> (8 * i));
    }
}

static uint32_t get(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

uint32_t mail_header_bytes(uint32_t version)
{
    return version >= FFA_VERSION_1_2 ? sizeof(struct ffa_msg_header_1_2)
                                      : sizeof(struct ffa_msg_header_1_1);
}

void mail_write(uint8_t *tx, uint32_t version, const struct mail *mail)
{
    put(tx + OFFSET(flags), mail->flags);
    put(tx + OFFSET(reserved), mail->reserved);
    put(tx + OFFSET(payload_offset), mail->offset);
    put(tx + OFFSET(ids), ffa_ids_make(mail->from, mail->to));
    put(tx + OFFSET(payload_size), mail->bytes);
    if (version < FFA_VERSION_1_2) {
        return;
    }
    put(tx + OFFSET(reserved2), mail->reserved2);
    for (unsigned int i = 0; i < sizeof(mail->uuid.bytes); i++) {
        tx[OFFSET(uuid) + i] = mail->uuid.bytes[i];
    }
}

void mail_read(const uint8_t *rx, uint32_t version, struct mail *mail)
{
    *mail = (struct mail){
        .flags = get(rx + OFFSET(flags)),
        .reserved = get(rx + OFFSET(reserved)),
        .offset = get(rx + OFFSET(payload_offset)),
        .from = ffa_ids_sender(get(rx + OFFSET(ids))),
        .to = ffa_ids_receiver(get(rx + OFFSET(ids))),
        .bytes = get(rx + OFFSET(payload_size)),
    };
    if (version < FFA_VERSION_1_2) {
        return;
    }
    mail->reserved2 = get(rx + OFFSET(reserved2));
    for (unsigned int i = 0; i < sizeof(mail->uuid.bytes); i++) {
        mail->uuid.bytes[i] = rx[OFFSET(uuid) + i];
    }
}
