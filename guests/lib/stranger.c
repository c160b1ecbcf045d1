/* SPDX-License-Identifier: BSD-3-Clause */
#include "stranger.h"

#include "message.h"

/* OP-TEE's UUID, and what w3 says of a request that blocks; its answer is in w3 and w4. */
static const struct ffa_uuid optee_uuid = {{0x48, 0x61, 0x78, 0xe0, 0xe7, 0xf8, 0x11, 0xe3, 0xbc,
                                            0x5e, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b}};

#define OPTEE_GET_API_VERSION 0u
#define OPTEE_GET_OS_VERSION  1u

unsigned int strangers_find(struct client *client, const struct buffers *buffers,
                            uint16_t id[STRANGERS_MAX])
{
    unsigned int count = 0;
    struct members found;

    if (members_list(client, buffers, &members_nil_uuid, &found) != FFA_OK) {
        return 0;
    }
    for (unsigned int i = 0; i < found.count && i < MEMBERS_MAX && count < STRANGERS_MAX; i++) {
        uint16_t next = found.member[i].id;

        if (ffa_id_is_secure(next) && (count == 0 || id[count - 1] != next)) {
            id[count++] = next;
        }
    }
    return count;
}

/* False if it has answered with anything but its versions. */
static bool ask(struct client *client, uint16_t self, uint16_t optee, uint64_t what,
                struct message *answer)
{
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = self,
        .to = optee,
        .word = {what},
    };
    struct guest_regs result = message_exchange(client, &request);

    return expect(client, message_read(&result, answer), "OP-TEE answers");
}

static void ask_optee(struct client *client, uint16_t self, uint16_t optee)
{
    struct message api;
    struct message os;

    if (ask(client, self, optee, OPTEE_GET_API_VERSION, &api) &&
        ask(client, self, optee, OPTEE_GET_OS_VERSION, &os)) {
        guest_print("asks SP %#x, which is OP-TEE, who it is -> version %u.%u, protocol %u.%u",
                    (unsigned int)optee, (unsigned int)os.word[0], (unsigned int)os.word[1],
                    (unsigned int)api.word[0], (unsigned int)api.word[1]);
        expect_equal(client, api.word[0], 1, "the protocol that OP-TEE has always had");
    }
}

void strangers_meet(struct client *client, const struct buffers *buffers, uint16_t self)
{
    uint16_t id[STRANGERS_MAX];
    unsigned int count = strangers_find(client, buffers, id);
    struct members optee;

    if (count == 0) {
        guest_print("is shown no Secure Partition");
    }
    for (unsigned int i = 0; i < count; i++) {
        guest_print("is shown SP %#x, which is none of those that this program knows",
                    (unsigned int)id[i]);
    }
    if (members_list(client, buffers, &optee_uuid, &optee) == FFA_OK && optee.count == 1) {
        ask_optee(client, self, optee.member[0].id);
    }
}
