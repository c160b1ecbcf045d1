/* SPDX-License-Identifier: BSD-3-Clause */
/* Direct messages, in all of their forms: as they are sent, and as they come. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "client.h"

#define MESSAGE_WORDS_MAX 14u

struct message {
    uint32_t fid; /* FFA_MSG_SEND_DIRECT_... */
    uint16_t from;
    uint16_t to;
    struct ffa_uuid uuid; /* of a REQ2 */
    uint64_t word[MESSAGE_WORDS_MAX];
};

/* How many words the payload has: 5, or 14 in REQ2 and RESP2. */
unsigned int message_words(uint32_t fid);

/* What a word comes to that went by this ID: 32 or 64 bits of it. */
uint64_t message_word(uint32_t fid, uint64_t word);

/* The ID of the response of the same kind. */
uint32_t message_response_to(uint32_t fid);

/* Makes the call. What comes back is what x0 says: a response, the next request, an interrupt... */
struct guest_regs message_send(struct client *client, const struct message *message);

/* Whether a call was completed with a direct message; reads it, in either case. */
bool message_read(const struct guest_regs *answer, struct message *message);

/* Whether a request was completed with an interrupt or a yield, so that FFA_RUN goes on with it. */
bool message_is_under_way(const struct guest_regs *answer);

/* Goes on with a request until it is over. */
struct guest_regs message_finish(struct client *client, struct guest_regs answer);

/*
 * Both; and again for as long as no vCPU of the receiver waits (BUSY), within reason. At the
 * beginning of the world, when the receiver may not be there yet, also while it is not.
 */
struct guest_regs message_exchange(struct client *client, const struct message *message);
struct guest_regs message_exchange_first(struct client *client, const struct message *message);

#endif
