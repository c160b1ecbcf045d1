/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#define NONE     0xffffffffu /* FFA_VERSION's NOT_SUPPORTED */
#define V1_3     0x00010003u
#define V2_0     0x00020000u
#define V0_9     0x00000009u
#define BIT31    0x80000000u
#define ASKS_MAX 4

/* FFA_VERSION several times, then another call, then FFA_VERSION again. */
struct row {
    uint32_t ours;
    struct {
        uint32_t asked; /* 0 ends the list */
        uint32_t answered;
    } before[ASKS_MAX];
    uint32_t in_force; /* 0: the other call is refused */
    struct {
        uint32_t asked;
        uint32_t answered;
    } after[ASKS_MAX];
};

#define V1_0 FFA_VERSION_1_0
#define V1_1 FFA_VERSION_1_1
#define V1_2 FFA_VERSION_1_2

static const struct row rows[] = {
    {V1_2, {{V1_2, V1_2}}, V1_2, {{V1_2, V1_2}, {V1_1, NONE}, {V1_3, V1_2}, {V2_0, V1_2}}},
    {V1_2, {{V1_1, V1_2}}, V1_1, {{V1_1, V1_1}, {V1_0, NONE}, {V1_2, V1_1}, {V0_9, NONE}}},
    {V1_2, {{V1_0, V1_2}}, V1_0, {{V1_0, V1_0}, {V1_2 | BIT31, NONE}}},
    {V1_2, {{V1_3, V1_2}}, V1_2, {{V1_2, V1_2}}},
    {V1_2, {{V1_2, V1_2}, {V1_1, V1_2}}, V1_1, {{V1_1, V1_1}}},
    {V1_2, {{V1_1, V1_2}, {V2_0, V1_2}}, V1_1, {{V1_1, V1_1}}},
    {V1_2, {{V1_1, V1_2}, {V1_2 | BIT31, NONE}, {V0_9, NONE}}, V1_1, {{V1_1, V1_1}}},
    {V1_2, {{V1_1 | BIT31, NONE}}, 0, {{V1_2, V1_2}}},
    {V1_2, {{V0_9, NONE}}, 0, {{V1_2, V1_2}}},
    {V1_2, {{V2_0, V1_2}}, 0, {{V1_1, V1_2}}},
    {V1_2, {{0}}, 0, {{V1_2, V1_2}}},
    {V1_1, {{V1_2, V1_1}}, V1_1, {{V1_2, V1_1}, {V1_1, V1_1}, {V1_0, NONE}}},
    {V1_1, {{V1_1, V1_1}}, V1_1, {{V1_1, V1_1}}},
    {V1_1, {{V1_2, V1_1}, {V1_0, V1_1}}, V1_0, {{V1_0, V1_0}}},
    {V1_0, {{V1_2, V1_0}}, V1_0, {{V1_0, V1_0}, {V1_1, V1_0}}},
};

static void test_rows(void **state)
{
    static struct world world;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];

        world_start(&world, row->ours, NULL, 0);
        for (int ask = 0; ask < ASKS_MAX && row->before[ask].asked != 0; ask++) {
            assert_int_equal(answer(&world, FFA_VERSION, row->before[ask].asked, 0, 0),
                             row->before[ask].answered);
        }
        assert_int_equal(status(&world, FFA_ID_GET, 0, 0, 0),
                         row->in_force != 0 ? FFA_OK : FFA_NOT_SUPPORTED);
        assert_int_equal(world.spmc.version, row->in_force);
        for (int ask = 0; ask < ASKS_MAX && row->after[ask].asked != 0; ask++) {
            assert_int_equal(answer(&world, FFA_VERSION, row->after[ask].asked, 0, 0),
                             row->after[ask].answered);
        }
    }
}

static void test_any_call_makes_final(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, V1_2);
    assert_int_equal(status(&world, FFA_FN32(0xef), 0, 0, 0), FFA_NOT_SUPPORTED);
    assert_int_equal(answer(&world, FFA_VERSION, V1_1, 0, 0), NONE);
}

static void test_version_keeps_high_registers(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_start(&world, V1_2, NULL, 0);
    regs = call(&world, FFA_VERSION, V1_2, 2, 3, 4, 5);
    assert_int_equal(regs.x[0], V1_2);
    assert_zero(&regs, 1, 7);
    assert_poisoned(&regs, 8);
}

/* What there is, and since when. */
static const struct {
    uint32_t fid;
    uint32_t since;
} offers[] = {
    {FFA_ERROR, V1_0},
    {FFA_SUCCESS_32, V1_0},
    {FFA_SUCCESS_64, V1_0},
    {FFA_VERSION, V1_0},
    {FFA_FEATURES, V1_0},
    {FFA_RX_RELEASE, V1_0},
    {FFA_RXTX_MAP_32, V1_0},
    {FFA_RXTX_MAP_64, V1_0},
    {FFA_RXTX_UNMAP, V1_0},
    {FFA_ID_GET, V1_0},
    {FFA_SPM_ID_GET, V1_1},
    {FFA_PARTITION_INFO_GET, V1_0},
    {FFA_PARTITION_INFO_GET_REGS, V1_2},
    {FFA_INTERRUPT, V1_0},
    {FFA_MSG_WAIT, V1_0},
    {FFA_YIELD, V1_0},
    {FFA_RUN, V1_0},
    {FFA_MSG_SEND_DIRECT_REQ_32, V1_0},
    {FFA_MSG_SEND_DIRECT_REQ_64, V1_0},
    {FFA_MSG_SEND_DIRECT_RESP_32, V1_0},
    {FFA_MSG_SEND_DIRECT_RESP_64, V1_0},
    {FFA_MSG_SEND_DIRECT_REQ2, V1_2},
    {FFA_MSG_SEND_DIRECT_RESP2, V1_2},
    {FFA_MSG_SEND2, V1_1},
    {FFA_RX_ACQUIRE, V1_1},
    {FFA_NOTIFICATION_BITMAP_CREATE, V1_1},
    {FFA_NOTIFICATION_BITMAP_DESTROY, V1_1},
    {FFA_NOTIFICATION_BIND, V1_1},
    {FFA_NOTIFICATION_UNBIND, V1_1},
    {FFA_NOTIFICATION_SET, V1_1},
    {FFA_NOTIFICATION_GET, V1_1},
    {FFA_NOTIFICATION_INFO_GET_32, V1_1},
    {FFA_NOTIFICATION_INFO_GET_64, V1_1},
    {FFA_MEM_DONATE_32, V1_0},
    {FFA_MEM_DONATE_64, V1_0},
    {FFA_MEM_LEND_32, V1_0},
    {FFA_MEM_LEND_64, V1_0},
    {FFA_MEM_SHARE_32, V1_0},
    {FFA_MEM_SHARE_64, V1_0},
    {FFA_MEM_RETRIEVE_REQ_32, V1_0},
    {FFA_MEM_RETRIEVE_REQ_64, V1_0},
    {FFA_MEM_RETRIEVE_RESP, V1_0},
    {FFA_MEM_RELINQUISH, V1_0},
    {FFA_MEM_RECLAIM, V1_0},
    {FFA_MEM_FRAG_RX, V1_0},
    {FFA_MEM_FRAG_TX, V1_0},
};

/* Which IDs a caller of each version finds, in FFA_FEATURES and by calling. */
static void test_features(void **state)
{
    static const uint32_t answers[] = {FFA_ERROR,
                                       FFA_SUCCESS_64,
                                       FFA_INTERRUPT,
                                       FFA_MSG_WAIT,
                                       FFA_YIELD,
                                       FFA_MSG_SEND_DIRECT_RESP_32,
                                       FFA_MSG_SEND_DIRECT_RESP_64,
                                       FFA_MSG_SEND_DIRECT_RESP2,
                                       FFA_MEM_RETRIEVE_RESP};
    static struct world world;

    (void)state;
    for (uint32_t version = V1_0; version <= V1_2; version++) {
        world_agree(&world, version);
        for (uint32_t number = FFA_NUMBER_FIRST; number <= 0xff; number++) {
            for (int wide = 0; wide < 2; wide++) {
                const uint32_t fid = wide ? FFA_FN64(number) : FFA_FN32(number);
                int32_t expected = FFA_NOT_SUPPORTED;

                for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
                    if (offers[i].fid == fid && offers[i].since <= version) {
                        expected = FFA_OK;
                    }
                }
                assert_int_equal(status(&world, FFA_FEATURES, fid, 0, 0), expected);
                if (expected != FFA_OK && number <= FFA_NUMBER_LAST) {
                    assert_int_equal(status(&world, fid, 0, 0, 0), FFA_NOT_SUPPORTED);
                }
            }
        }
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
            assert_int_equal(status(&world, answers[i], 0, 0, 0), FFA_NOT_SUPPORTED);
        }
    }
}

static void test_feature_details(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, V1_2);
    regs = call(&world, FFA_FEATURES, FFA_RXTX_MAP_64, 0, 0, 0, 0);
    assert_int_equal(regs.x[2], ffa_features_rxtx_map_make(0, 63));
    assert_zero(&regs, 3, 7);
    regs = call(&world, FFA_FEATURES, FFA_FEATURE_SRI, 0, 0, 0, 0);
    assert_success(&regs);
    assert_int_equal(regs.x[2], SPMC_SRI_INTID);
    assert_zero(&regs, 3, 7);
    assert_int_equal(status(&world, FFA_FEATURES, FFA_FEATURE_NPI, 0, 0), FFA_NOT_SUPPORTED);
    assert_int_equal(status(&world, FFA_FEATURES, FFA_FEATURE_MEI, 0, 0), FFA_NOT_SUPPORTED);
    assert_int_equal(status(&world, FFA_FEATURES, FFA_ID_GET, 2, 0), FFA_OK);
    assert_int_equal(world.hostile.reserved_inputs, 1);

    world_agree(&world, V1_1);
    regs = call(&world, FFA_FEATURES, FFA_RXTX_MAP_64, 0, 0, 0, 0);
    assert_zero(&regs, 1, 7);
    assert_int_equal(status(&world, FFA_FEATURES, FFA_ID_GET, 2, 0), FFA_NOT_SUPPORTED);
}

static void test_memory_features(void **state)
{
    static const uint32_t properties[] = {0, 2, 6};
    static struct world world;
    struct regs regs;

    (void)state;
    for (uint32_t version = V1_0; version <= V1_2; version++) {
        const uint32_t fids[] = {FFA_MEM_SHARE_32, FFA_MEM_LEND_64, FFA_MEM_DONATE_32,
                                 FFA_MEM_RECLAIM, FFA_MEM_FRAG_TX};

        world_agree(&world, version);
        for (int i = 0; i < 5; i++) {
            regs = call(&world, FFA_FEATURES, fids[i], 0, 0, 0, 0);
            assert_success(&regs);
            assert_zero(&regs, 2, 7);
        }
        for (uint32_t ns = 0; ns <= 2; ns += 2) {
            regs = call(&world, FFA_FEATURES, FFA_MEM_RETRIEVE_REQ_64, ns, 0, 0, 0);
            assert_success(&regs);
            assert_int_equal(regs.x[2], properties[version - V1_0]);
            assert_zero(&regs, 3, 7);
        }
        assert_int_equal(call(&world, FFA_FEATURES, FFA_MEM_RETRIEVE_REQ_32, 4, 0, 0, 0).x[0],
                         version < V1_2 ? FFA_ERROR : FFA_SUCCESS_32);
    }
}

static void test_identity(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, V1_1);
    regs = call(&world, FFA_ID_GET, 0, 0, 0, 0, 0);
    assert_success(&regs);
    assert_zero(&regs, 1, 7);
    assert_poisoned(&regs, 8);
    regs = call(&world, FFA_SPM_ID_GET, 0, 0, 0, 0, 0);
    assert_success(&regs);
    assert_int_equal(regs.x[2], 0x8000);
    assert_zero(&regs, 3, 7);
    assert_int_equal(status(&world, FFA_ID_GET, 1, 0, 0), FFA_INVALID_PARAMETERS);
}

int run_version_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_any_call_makes_final),
        cmocka_unit_test(test_version_keeps_high_registers),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_feature_details),
        cmocka_unit_test(test_memory_features),
        cmocka_unit_test(test_identity),
    };

    return cmocka_run_group_tests_name("version and features", tests, NULL, NULL);
}
