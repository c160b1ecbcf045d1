/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"

#include "registers.h"
#include "say.h"

#define SPOKEN FFA_VERSION_1_2 /* the highest version of the other side */

void client_init(struct client *client)
{
    *client = (struct client){0};
}

/*
 * Something else in each register and each call, in both halves. It is no address of RAM, no
 * status, no ID and no version. In each fourth call the upper halves are zero, as a decent guest
 * has them; AArch32 has none.
 */
static uint64_t pattern(unsigned int i, uint32_t call)
{
    uint64_t half = 0xe5000000u | ((call & 0xff) << 16) | (i << 8) | 0xa5u;

    if (!guest_is_aarch64() || call % 4 == 0) {
        return half;
    }
    return ((half ^ 0x3c0000u) << 32) | half;
}

struct guest_regs client_prepare(struct client *client, const uint64_t *x, unsigned int count)
{
    uint32_t call = __atomic_add_fetch(&client->calls, 1, __ATOMIC_RELAXED);
    struct guest_regs regs;

    bool wide = ffa_fid_is_64((uint32_t)x[0]) && guest_is_aarch64();

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        regs.x[i] = pattern(i, call);
        if (i > 0 && i < count && wide) {
            regs.x[i] = x[i];
        } else if (i < count) {
            regs.x[i] = (regs.x[i] & ~(uint64_t)UINT32_MAX) | (uint32_t)x[i];
        }
    }
    return regs;
}

uint32_t client_normalise(uint32_t asked)
{
    if ((asked & FFA_VERSION_BIT31) != 0) {
        return 0;
    }
    if (FFA_VERSION_MAJOR(asked) == FFA_VERSION_MAJOR(SPOKEN) && asked <= SPOKEN) {
        return asked;
    }
    return SPOKEN;
}

/* What a call does to the negotiation. */
static void follow(struct client *client, uint32_t fid, uint32_t argument)
{
    if (client->racing || client->version != 0 || !ffa_fid_is_ffa(fid)) {
        return;
    }
    if (fid != FFA_VERSION) {
        client->version = client->proposed;
    } else if (client_normalise(argument) != 0) {
        client->proposed = client_normalise(argument);
    }
}

static unsigned int first_wrong(const struct client *client, const struct guest_regs *sent,
                                const struct guest_regs *answer)
{
    struct registers_call call = {
        .sent = sent,
        .answer = answer,
        .version = client->version,
        .aarch64 = guest_is_aarch64(),
    };
    unsigned int wrong = registers_check(&call);

    if (wrong != REGISTERS_ALL_WELL && client->racing) {
        call.version = 0;
        wrong = registers_check(&call);
    }
    return wrong;
}

static void expect_registers(const struct client *client, const struct guest_regs *sent,
                             const struct guest_regs *answer)
{
    unsigned int wrong = first_wrong(client, sent, answer);

    if (!expect(client, wrong == REGISTERS_ALL_WELL, "a register after a call")) {
        guest_print("BROKEN: %s (%#x) at %s answered x0 %#llx and left x%u = %#llx; it was %#llx",
                    say_fid((uint32_t)sent->x[0]), (uint32_t)sent->x[0],
                    say_version(client->version).text, (unsigned long long)answer->x[0], wrong,
                    (unsigned long long)answer->x[wrong], (unsigned long long)sent->x[wrong]);
    }
}

struct guest_regs client_call_exact(struct client *client, const struct guest_regs *sent)
{
    struct guest_regs answer = *sent;
    uint32_t fid = (uint32_t)sent->x[0];

    follow(client, fid, (uint32_t)sent->x[1]);
    ffa_call(&answer);
    if (ffa_fid_is_ffa(fid)) {
        expect_registers(client, sent, &answer);
    }
    return answer;
}

struct guest_regs client_call(struct client *client, const uint64_t *x, unsigned int count)
{
    struct guest_regs sent = client_prepare(client, x, count);

    return client_call_exact(client, &sent);
}

uint32_t client_version(struct client *client, uint32_t asked)
{
    return (uint32_t)FFA(client, FFA_VERSION, asked).x[0];
}

uint32_t client_version_exact(struct client *client, uint64_t asked)
{
    const uint64_t x[] = {FFA_VERSION, 0};
    struct guest_regs sent = client_prepare(client, x, 2);

    sent.x[1] = guest_is_aarch64() ? asked : (uint32_t)asked;
    return (uint32_t)client_call_exact(client, &sent).x[0];
}

void client_unknown(struct client *client, uint32_t fid, const char *what)
{
    const uint64_t x[] = {fid};
    struct guest_regs sent = client_prepare(client, x, 1);
    struct guest_regs answer = client_call_exact(client, &sent);

    client_expect_unknown(client, &sent, &answer, what);
}

void client_expect_unknown(const struct client *client, const struct guest_regs *sent,
                           const struct guest_regs *answer, const char *what)
{
    uint64_t all = guest_is_aarch64() ? UINT64_MAX : UINT32_MAX;

    expect_equal(client, answer->x[0] & all, all, what);
    for (unsigned int i = 4; i < FFA_REGS_MAX; i++) {
        expect_equal(client, answer->x[i], sent->x[i], "x4 to x17 after an unknown call");
    }
}

int32_t client_status(const struct guest_regs *answer)
{
    return (uint32_t)answer->x[0] == FFA_ERROR ? (int32_t)(uint32_t)answer->x[2] : FFA_OK;
}

int32_t client_status_of(struct guest_regs answer)
{
    return client_status(&answer);
}
