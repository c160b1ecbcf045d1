/* SPDX-License-Identifier: BSD-3-Clause */
#include "story.h"

#include "say.h"

void story_version(struct client *client, uint32_t asked, uint32_t expected)
{
    uint32_t answer = client_version(client, asked);

    guest_print("asks for %s, is told %s", say_version(asked).text, say_version(answer).text);
    expect_version(client, answer, expected, "FFA_VERSION");
}

uint16_t story_id(struct client *client)
{
    struct guest_regs answer = FFA(client, FFA_ID_GET);

    guest_print("FFA_ID_GET -> ID %#x; the version is final now: %s", (unsigned int)answer.x[2],
                say_version(client->version).text);
    expect_status(client, client_status(&answer), FFA_OK, "FFA_ID_GET");
    return (uint16_t)answer.x[2];
}

void story_spm_id(struct client *client)
{
    struct guest_regs answer = FFA(client, FFA_SPM_ID_GET);

    if (client_status(&answer) == FFA_OK) {
        guest_print("FFA_SPM_ID_GET -> the Secure world's manager is %#x",
                    (unsigned int)answer.x[2]);
        expect(client, ffa_id_is_secure((uint16_t)answer.x[2]), "the SPMC's ID is a Secure one");
    } else {
        story_status(client, client_status(&answer), FFA_NOT_SUPPORTED,
                     "FFA_SPM_ID_GET, with no Secure world");
    }
}

void story_status(const struct client *client, int32_t status, int32_t expected, const char *text)
{
    guest_print("%s -> %s", text, say_status(status));
    expect_status(client, status, expected, text);
}

static void find_members(struct client *client, const struct buffers *buffers, uint16_t self,
                         struct members *found)
{
    enum secure_world world = members_secure_world(client, buffers);
    struct members expected;

    members_expected(client, self, world, &members_nil_uuid, &expected);
    members_await(client, buffers, &expected, found);
    members_expect_equal(client, found, &expected, "the partitions that are shown");
}

void story_members(struct client *client, const struct buffers *buffers, uint16_t self)
{
    struct members found;

    find_members(client, buffers, self, &found);
    members_tell_briefly(&found, self);
}

void story_members_in_detail(struct client *client, const struct buffers *buffers, uint16_t self)
{
    struct members found;

    find_members(client, buffers, self, &found);
    members_tell(&found, self);
}
