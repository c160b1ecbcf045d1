/* SPDX-License-Identifier: BSD-3-Clause */
#include "message.h"

#define FIRST_WORD  3u /* payload in x3 to x7 */
#define FIRST_WORD2 4u /* or, in REQ2 and RESP2, in x4 to x17 */
#define WORDS       5u

#define PATIENCE_US 10000000u

static bool is_2(uint32_t fid)
{
    return fid == FFA_MSG_SEND_DIRECT_REQ2 || fid == FFA_MSG_SEND_DIRECT_RESP2;
}

static unsigned int first_word(uint32_t fid)
{
    return is_2(fid) ? FIRST_WORD2 : FIRST_WORD;
}

unsigned int message_words(uint32_t fid)
{
    return is_2(fid) ? MESSAGE_WORDS_MAX : WORDS;
}

uint64_t message_word(uint32_t fid, uint64_t word)
{
    return ffa_fid_is_64(fid) ? word : (uint32_t)word;
}

uint32_t message_response_to(uint32_t fid)
{
    switch (fid) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
        return FFA_MSG_SEND_DIRECT_RESP_32;
    case FFA_MSG_SEND_DIRECT_REQ_64:
        return FFA_MSG_SEND_DIRECT_RESP_64;
    default:
        return FFA_MSG_SEND_DIRECT_RESP2;
    }
}

struct guest_regs message_send(struct client *client, const struct message *message)
{
    unsigned int first = first_word(message->fid);
    unsigned int words = message_words(message->fid);
    uint64_t x[FFA_REGS_MAX] = {message->fid, ffa_ids_make(message->from, message->to)};

    if (message->fid == FFA_MSG_SEND_DIRECT_REQ2) {
        x[2] = ffa_uuid_to_u64(&message->uuid, 0);
        x[3] = ffa_uuid_to_u64(&message->uuid, 1);
    }
    for (unsigned int i = 0; i < words; i++) {
        x[first + i] = message->word[i];
    }
    return client_call(client, x, first + words);
}

bool message_read(const struct guest_regs *answer, struct message *message)
{
    uint32_t fid = (uint32_t)answer->x[0];
    unsigned int first = first_word(fid);

    *message = (struct message){
        .fid = fid,
        .from = ffa_ids_sender((uint32_t)answer->x[1]),
        .to = ffa_ids_receiver((uint32_t)answer->x[1]),
        .uuid = ffa_uuid_from_u64(answer->x[2], answer->x[3]),
    };
    for (unsigned int i = 0; i < message_words(fid); i++) {
        message->word[i] = answer->x[first + i];
    }
    switch (fid) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
    case FFA_MSG_SEND_DIRECT_REQ_64:
    case FFA_MSG_SEND_DIRECT_REQ2:
    case FFA_MSG_SEND_DIRECT_RESP_32:
    case FFA_MSG_SEND_DIRECT_RESP_64:
    case FFA_MSG_SEND_DIRECT_RESP2:
        return true;
    default:
        return false;
    }
}

bool message_is_under_way(const struct guest_regs *answer)
{
    return answer->x[0] == FFA_INTERRUPT || answer->x[0] == FFA_YIELD;
}

struct guest_regs message_finish(struct client *client, struct guest_regs answer)
{
    while (message_is_under_way(&answer)) {
        answer = FFA(client, FFA_RUN, answer.x[1]);
    }
    return answer;
}

static struct guest_regs exchange(struct client *client, const struct message *message,
                                  int32_t other_reason)
{
    uint64_t end = guest_clock() + PATIENCE_US;

    for (;;) {
        struct guest_regs answer = message_finish(client, message_send(client, message));
        int32_t status = client_status(&answer);

        if ((status != FFA_BUSY && status != other_reason) || guest_clock() > end) {
            return answer;
        }
        guest_yield();
    }
}

struct guest_regs message_exchange(struct client *client, const struct message *message)
{
    return exchange(client, message, FFA_BUSY);
}

struct guest_regs message_exchange_first(struct client *client, const struct message *message)
{
    return exchange(client, message, FFA_INVALID_PARAMETERS);
}
