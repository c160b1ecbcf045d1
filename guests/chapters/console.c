/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_CONSOLE_LOG: from 1 character to as many as registers hold, on the VM's own console. */
#include "stage.h"

static const char text[] =
    "The quick brown fox jumps over the lazy dog, and over everything else "
    "that lies in its way between here and the one hundred and twenty-eighth";

/* As much of the text as `count` says, and a newline behind it if there is room. */
static struct guest_regs print(struct client *client, uint32_t fid, unsigned int from,
                               unsigned int count)
{
    unsigned int bytes = ffa_fid_is_64(fid) ? 8 : 4;
    uint64_t x[FFA_REGS_MAX] = {fid, count};
    unsigned int registers = ffa_fid_is_64(fid) ? FFA_REGS_MAX : FFA_REGS_SMC32;

    for (unsigned int i = 0; i < count && 2 + i / bytes < registers; i++) {
        char c = i + 1 == count ? '\n' : text[(from + i) % (sizeof(text) - 1)];

        x[2 + i / bytes] |= (uint64_t)(uint8_t)c << (8 * (i % bytes));
    }
    return client_call(client, x, registers);
}

/* All of it, in pieces if the console wants to be spared. */
static void expect_printed(struct client *client, uint32_t fid, unsigned int count)
{
    unsigned int done = 0;

    while (done < count) {
        struct guest_regs answer = print(client, fid, done, count - done);

        if (client_status(&answer) != FFA_RETRY) {
            expect_status(client, client_status(&answer), FFA_OK, "a text");
            return;
        }
        expect(client, answer.x[3] < count - done, "RETRY says how much was taken");
        done += (unsigned int)answer.x[3];
        guest_yield();
    }
}

static void expect_limits(struct client *client, uint32_t fid, unsigned int most, bool has)
{
    static const unsigned int too_many[] = {1, 2, 100};
    int32_t expected = has ? FFA_INVALID_PARAMETERS : FFA_NOT_SUPPORTED;
    struct guest_regs answer = print(client, fid, 0, 0);

    expect_status(client, client_status(&answer), expected, "no character");
    for (unsigned int i = 0; i < sizeof(too_many) / sizeof(too_many[0]); i++) {
        answer = print(client, fid, 0, most + too_many[i]);
        expect_status(client, client_status(&answer), expected, "too many characters");
    }
    if (has) {
        expect_printed(client, fid, 1);
        expect_printed(client, fid, most / 2);
        expect_printed(client, fid, most - 1);
        expect_printed(client, fid, most);
    }
}

void chapter_console(struct stage *stage)
{
    struct client *client = stage->client;

    client->about = "FFA_CONSOLE_LOG";
    expect_limits(client, FFA_CONSOLE_LOG_32, FFA_CONSOLE_LOG_32_MAX,
                  stage_has(stage, FFA_CONSOLE_LOG_32));
    expect_limits(client, FFA_CONSOLE_LOG_64, FFA_CONSOLE_LOG_64_MAX,
                  stage_has(stage, FFA_CONSOLE_LOG_64));
    client->about = NULL;
}
