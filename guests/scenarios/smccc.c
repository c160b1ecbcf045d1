/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SMCCC around FF-A: calls that are nobody's, immediates that make a call nobody's, and the two
 * instructions for calls, which are alike.
 */
#include "client.h"
#include "world.h"

static const uint32_t unknown[] = {
    0x00000000, 0x00000069, 0x04000069, 0x8000ffff, 0x8400005f, 0x840000f0, 0x840000ff,
    0x84000163, 0x84010063, 0x84010069, 0x85000069, 0x83000069, 0x8600ffff, 0xb2000069,
    0xbf00ffff, 0xc400005f, 0xc40000f0, 0xc4010066, 0xc5000066, 0xffffffff, 0x7fffffff,
};

#define UNKNOWN_COUNT (sizeof(unknown) / sizeof(unknown[0]))

static void call_unknown(struct client *client)
{
    for (size_t i = 0; i < UNKNOWN_COUNT; i++) {
        client->row = (unsigned int)i + 1;
        client_unknown(client, unknown[i], "a call that is nobody's");
    }
}

/*
 * A call in another way than the VM's own; false if there is none. The client does not follow what
 * it does to the negotiation.
 */
static bool call_otherwise(struct client *client, enum guest_conduit conduit, uint32_t fid,
                           uint32_t argument, struct guest_regs *sent, struct guest_regs *answer)
{
    const uint64_t x[] = {fid, argument};

    *sent = client_prepare(client, x, 2);
    *answer = *sent;
    return guest_call_other(answer, conduit);
}

/*
 * An FF-A call with an immediate is no FF-A call: it is unknown, and it changes nothing. An SMC of
 * AArch32 is an exception: the architecture tells EL2 that it was made, but not with what immediate
 * (ESR_EL2, exception class 0x13).
 */
static void expect_immediate_unknown(struct client *client, enum guest_conduit conduit,
                                     uint32_t fid, uint32_t argument)
{
    struct guest_regs sent;
    struct guest_regs answer;

    if (conduit == GUEST_SMC_IMMEDIATE && !guest_is_aarch64()) {
        return;
    }
    if (call_otherwise(client, conduit, fid, argument, &sent, &answer)) {
        client_expect_unknown(client, &sent, &answer, "a call with an immediate");
    }
}

static void use_immediates(struct client *client)
{
    expect_immediate_unknown(client, GUEST_SMC_IMMEDIATE, FFA_VERSION, FFA_VERSION_1_2);
    expect_immediate_unknown(client, GUEST_HVC_IMMEDIATE, FFA_VERSION, FFA_VERSION_1_2);
    expect_status(client, FFA_STATUS(client, FFA_ID_GET), FFA_NOT_SUPPORTED,
                  "FFA_ID_GET after FFA_VERSION with an immediate");
    expect_version(client, client_version(client, FFA_VERSION_1_0), FFA_VERSION_1_2, "1.0");
    expect_immediate_unknown(client, GUEST_SMC_IMMEDIATE, FFA_ID_GET, 0);
    expect_immediate_unknown(client, GUEST_HVC_IMMEDIATE, FFA_RXTX_MAP_64, 0);
    expect_immediate_unknown(client, GUEST_HVC_IMMEDIATE, 0x80000000, 0);
}

/* Nothing was made final by what is nobody's: the version can still change. */
static void use_the_other_conduit(struct client *client)
{
    struct guest_regs sent;
    struct guest_regs answer;

    if (!call_otherwise(client, GUEST_OTHER_CONDUIT, FFA_VERSION, FFA_VERSION_1_1, &sent,
                        &answer)) {
        expect_version(client, client_version(client, FFA_VERSION_1_1), FFA_VERSION_1_2, "1.1");
        return;
    }
    expect_equal(client, answer.x[0], FFA_VERSION_1_2, "FFA_VERSION by the other conduit");
    client->proposed = FFA_VERSION_1_1;
    call_otherwise(client, GUEST_OTHER_CONDUIT, FFA_ID_GET, 0, &sent, &answer);
    client->version = FFA_VERSION_1_1;
    expect_equal(client, answer.x[0], FFA_SUCCESS_32, "FFA_ID_GET by the other conduit");
    expect_equal(client, answer.x[2], WORLD_SMCCC, "the ID by the other conduit");
}

void guest_main(void)
{
    struct client client;

    client_init(&client);
    client.about = "calls that are nobody's";
    expect_equal(&client, (uint32_t)FFA(&client, 0x80000000).x[0], 0x00010002, "SMCCC_VERSION");
    call_unknown(&client);
    use_immediates(&client);
    call_unknown(&client);
    use_the_other_conduit(&client);

    client.about = NULL;
    expect_equal(&client, FFA(&client, FFA_ID_GET).x[2], WORLD_SMCCC, "the VM's ID");
    expect_version(&client, client_version(&client, FFA_VERSION_1_1), FFA_VERSION_1_2,
                   "the version in force");
    call_unknown(&client);
    guest_print("made %u calls that are nobody's, before and after finality",
                (unsigned int)UNKNOWN_COUNT);
}
