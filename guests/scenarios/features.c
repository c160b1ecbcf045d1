/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asks for every ID that there is, and calls it, at each version: 1.0 in the first life, 1.1 in the
 * second, 1.2 in the third. What FFA_FEATURES says and what a call does are two views of one table.
 */
#include "abi.h"
#include "client.h"
#include "say.h"
#include "world.h"

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define VERSION_COUNT (sizeof(versions) / sizeof(versions[0]))

/* The row of an ID, if this VM has it. */
static const struct abi *find(const struct client *client, uint32_t fid)
{
    return abi_find(client->version, guest_is_aarch64(), fid);
}

static uint32_t properties_of(const struct client *client, const struct abi *feature,
                              uint32_t pages_max)
{
    if (feature->w2 != ABI_MAX_PAGES) {
        return feature->w2;
    }
    return client->version >= FFA_VERSION_1_2 ? pages_max << 16 : 0;
}

static void expect_feature(struct client *client, uint32_t fid, uint32_t pages_max)
{
    const struct abi *feature = find(client, fid);
    struct guest_regs answer = FFA(client, FFA_FEATURES, fid);

    if (feature != NULL && feature->answer == ABI_IF_SECURE_WORLD) {
        expect_status(client, client_status(&answer), FFA_STATUS(client, fid), say_fid(fid));
        return;
    }
    if (expect_status(client, client_status(&answer), feature != NULL ? FFA_OK : FFA_NOT_SUPPORTED,
                      "FFA_FEATURES of an ID") &&
        feature != NULL) {
        expect_equal(client, answer.x[2], properties_of(client, feature, pages_max),
                     "its properties in w2");
        expect_equal(client, answer.x[3], 0, "its properties in w3");
    }
}

static void expect_call(struct client *client, uint32_t fid)
{
    const struct abi *feature = find(client, fid);

    if (feature == NULL) {
        expect_status(client, FFA_STATUS(client, fid, 0, 0, 0, 0, 0, 0, 0), FFA_NOT_SUPPORTED,
                      "a call that is not there");
    } else if (feature->answer == ABI_STATUS) {
        expect_status(client, FFA_STATUS(client, fid, 0, 0, 0, 0, 0, 0, 0), feature->status,
                      say_fid(fid));
    }
}

/* IDs outside the range are no features, whoever serves them. */
static void expect_others(struct client *client)
{
    static const uint32_t others[] = {
        0x8400005f, 0x840000f0, 0xc400005f, 0xc40000f0, 0x84010069, 0xc4010066, 0x80000000,
        0x84000000, 0x84000160, 0x85000069, 0xc5000066, 0xffffffff, 0xa4000069,
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        expect_status(client, FFA_STATUS(client, FFA_FEATURES, others[i]), FFA_NOT_SUPPORTED,
                      "FFA_FEATURES of an ID that is not FF-A's");
    }
}

/* The interrupt that a feature ID stands for, or 0. */
static uint32_t interrupt_of(const struct client *client, uint32_t id)
{
    if (client->version < FFA_VERSION_1_1) {
        return 0;
    }
    return id == FFA_FEATURE_NPI ? WORLD_NPI_INTID : id == FFA_FEATURE_SRI ? WORLD_SRI_INTID : 0;
}

static void expect_feature_ids(struct client *client)
{
    for (uint32_t id = 0; id <= FFA_FEATURES_FEATURE_MASK; id++) {
        uint32_t intid = interrupt_of(client, id);
        struct guest_regs answer = FFA(client, FFA_FEATURES, id);

        expect_status(client, client_status(&answer), intid != 0 ? FFA_OK : FFA_NOT_SUPPORTED,
                      "FFA_FEATURES of a feature ID");
        if (intid != 0) {
            expect_equal(client, answer.x[2], intid, "the interrupt of a feature");
            expect_equal(client, answer.x[3], 0, "w3 of a feature ID");
        }
    }
    for (unsigned int bit = 8; bit < 31; bit++) {
        expect_status(client, FFA_STATUS(client, FFA_FEATURES, FFA_FEATURE_NPI | 1u << bit),
                      FFA_NOT_SUPPORTED, "FFA_FEATURES of a feature ID with a reserved bit");
        expect_status(client, FFA_STATUS(client, FFA_FEATURES, FFA_FEATURE_SRI | 1u << bit),
                      FFA_NOT_SUPPORTED, "FFA_FEATURES of a feature ID with a reserved bit");
    }
}

void guest_main(void)
{
    unsigned int life = guest_life();
    struct client client;
    uint32_t pages_max;

    client_init(&client);
    if (life == VERSION_COUNT) {
        guest_print("asked for all IDs, and called them, at 1.0, 1.1 and 1.2");
        return;
    }
    client.about = "the features of a version";
    client.row = life + 1;
    client_version(&client, versions[life]);
    expect_equal(&client, FFA(&client, FFA_ID_GET).x[2], WORLD_FEATURES, "the VM's ID");
    pages_max = world_find(WORLD_FEATURES)->rxtx_pages_max;

    for (uint32_t number = FFA_NUMBER_FIRST; number <= FFA_NUMBER_LAST; number++) {
        expect_feature(&client, FFA_FN32(number), pages_max);
        expect_feature(&client, FFA_FN64(number), pages_max);
        expect_call(&client, FFA_FN32(number));
        expect_call(&client, FFA_FN64(number));
    }
    expect_others(&client);
    expect_feature_ids(&client);
    guest_reset();
}
