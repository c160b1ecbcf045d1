/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <string.h>

#define TRIO_UUID(n) (&secure_partitions[2].uuids[n])

/* In the order of the list that a caller since 1.2 gets. */
static const uint16_t ids[PARTITION_UUID_COUNT] = {PARTITION_ECHO_ID, PARTITION_NOTIFIER_ID,
                                                   PARTITION_TRIO_ID, PARTITION_TRIO_ID,
                                                   PARTITION_TRIO_ID};

static struct regs info_get(struct world *world, const struct ffa_uuid *uuid, uint32_t flags)
{
    return call(world, FFA_PARTITION_INFO_GET, ffa_uuid_to_u32(uuid, 0), ffa_uuid_to_u32(uuid, 1),
                ffa_uuid_to_u32(uuid, 2), ffa_uuid_to_u32(uuid, 3), flags);
}

static struct regs info_regs(struct world *world, const struct ffa_uuid *uuid, uint16_t start,
                             uint16_t tag)
{
    return call(world, FFA_PARTITION_INFO_GET_REGS, ffa_uuid_to_u64(uuid, 0),
                ffa_uuid_to_u64(uuid, 1), ffa_info_regs_in_make(start, tag), 0, 0);
}

static void map(struct world *world, uint32_t version)
{
    world_agree(world, version);
    assert_int_equal(status(world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
}

static const uint8_t *rx(const struct world *world)
{
    return world->memory + FFA_PAGE_SIZE;
}

static void assert_tail_clear(const struct world *world, size_t used)
{
    for (size_t i = used; i < FFA_PAGE_SIZE; i++) {
        assert_int_equal(rx(world)[i], 0);
    }
    assert_int_equal(rx(world)[FFA_PAGE_SIZE], 0xa5);
    assert_int_equal(world->memory[0], 0xa5);
}

static const struct ffa_uuid nil;

static void test_everything_at_1_2(void **state)
{
    static struct world world;
    struct ffa_partition_info_1_1 info[PARTITION_UUID_COUNT];
    struct regs regs;

    (void)state;
    map(&world, FFA_VERSION_1_2);
    regs = info_get(&world, &nil, 0);
    assert_success(&regs);
    assert_int_equal(regs.x[2], PARTITION_UUID_COUNT);
    assert_int_equal(regs.x[3], 24);
    assert_zero(&regs, 4, 7);
    memcpy(info, rx(&world), sizeof(info));
    for (unsigned int i = 0; i < PARTITION_UUID_COUNT; i++) {
        const unsigned int partition = i < 2 ? i : 2;

        assert_int_equal(info[i].id, ids[i]);
        assert_int_equal(info[i].contexts, secure_partitions[partition].contexts);
        assert_int_equal(info[i].properties, secure_partitions[partition].properties);
        assert_true(ffa_uuid_equal(&info[i].uuid,
                                   i < 2 ? &secure_partitions[i].uuids[0] : TRIO_UUID(i - 2)));
    }
    assert_tail_clear(&world, sizeof(info));
}

static void test_everything_at_1_1(void **state)
{
    static struct world world;
    struct ffa_partition_info_1_1 info[PARTITION_COUNT];
    struct regs regs;

    (void)state;
    map(&world, FFA_VERSION_1_1);
    regs = info_get(&world, &nil, 0);
    assert_int_equal(regs.x[2], PARTITION_COUNT);
    assert_int_equal(regs.x[3], 24);
    memcpy(info, rx(&world), sizeof(info));
    assert_int_equal(info[0].properties & FFA_PARTITION_DIRECT_REQ2_RECV, 0);
    assert_int_equal(info[1].properties, secure_partitions[1].properties);
    assert_true(ffa_uuid_equal(&info[2].uuid, TRIO_UUID(0)));
    assert_tail_clear(&world, sizeof(info));
}

static void test_everything_at_1_0(void **state)
{
    static struct world world;
    struct ffa_partition_info_1_0 info[PARTITION_COUNT];
    struct regs regs;

    (void)state;
    map(&world, FFA_VERSION_1_0);
    assert_int_equal(info_get(&world, &nil, FFA_PARTITION_INFO_GET_COUNT_ONLY).x[2],
                     (uint32_t)FFA_INVALID_PARAMETERS);
    regs = info_get(&world, &nil, 0);
    assert_int_equal(regs.x[2], PARTITION_COUNT);
    assert_int_equal(regs.x[3], 0);
    memcpy(info, rx(&world), sizeof(info));
    for (unsigned int i = 0; i < PARTITION_COUNT; i++) {
        assert_int_equal(info[i].id, secure_partitions[i].id);
        assert_int_equal(info[i].properties, secure_partitions[i].properties & 3);
    }
    assert_tail_clear(&world, sizeof(info));
}

static void test_one_uuid(void **state)
{
    static struct world world;
    struct ffa_partition_info_1_1 info;
    struct ffa_uuid unknown = *TRIO_UUID(2);
    struct regs regs;

    (void)state;
    map(&world, FFA_VERSION_1_1);
    regs = info_get(&world, TRIO_UUID(2), 0);
    assert_int_equal(regs.x[2], 1);
    memcpy(&info, rx(&world), sizeof(info));
    assert_int_equal(info.id, PARTITION_TRIO_ID);
    assert_true(ffa_uuid_is_nil(&info.uuid));
    assert_tail_clear(&world, sizeof(info));
    assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_OK);

    unknown.bytes[15]++;
    regs = info_get(&world, &unknown, 0);
    assert_error(&regs, FFA_INVALID_PARAMETERS);
    assert_int_equal(world.spmc.rx_owner, SPMC_RX_SPMC);
}

static void test_count_only(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = info_get(&world, &nil, FFA_PARTITION_INFO_GET_COUNT_ONLY);
    assert_success(&regs);
    assert_int_equal(regs.x[2], PARTITION_UUID_COUNT);
    assert_zero(&regs, 3, 7);
    assert_int_equal(info_get(&world, TRIO_UUID(1), 1).x[2], 1);
    regs = info_get(&world, &nil, 2);
    assert_error(&regs, FFA_INVALID_PARAMETERS);
    regs = info_get(&world, &nil, 0x80000001);
    assert_error(&regs, FFA_INVALID_PARAMETERS);
}

static void test_does_not_fit(void **state)
{
    static struct spmc_partition many[FFA_PAGE_SIZE / 24 + 1];
    static struct world world;
    struct regs regs;

    (void)state;
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        many[i] = secure_partitions[0];
        many[i].id = (uint16_t)(0x8001 + i);
    }
    map(&world, FFA_VERSION_1_2);
    world.spmc.config.partitions = many;
    world.spmc.config.partition_count = FFA_PAGE_SIZE / 24 + 1;
    regs = info_get(&world, &nil, 0);
    assert_error(&regs, FFA_NO_MEMORY);
    assert_int_equal(rx(&world)[0], 0xa5);
    world.spmc.config.partition_count--;
    assert_int_equal(info_get(&world, &nil, 0).x[2], FFA_PAGE_SIZE / 24);
}

/* Reads a list of `count` entries in as many calls as it takes. */
static void walk_regs(struct world *world, unsigned int count)
{
    uint16_t tag = 0;

    for (unsigned int start = 0; start < count;) {
        struct regs regs = info_regs(world, &nil, (uint16_t)start, tag);
        unsigned int current = ffa_info_regs_out_current(regs.x[2]);
        unsigned int given = current - start + 1;

        assert_int_equal(regs.x[0], FFA_SUCCESS_64);
        assert_int_equal(ffa_info_regs_out_last(regs.x[2]), count - 1);
        assert_int_equal(ffa_info_regs_out_size(regs.x[2]), 24);
        assert_int_equal(given, count - start < 5 ? count - start : 5);
        for (unsigned int i = 0; i < given; i++) {
            assert_int_equal(ffa_info_regs_desc_id(regs.x[3 + 3 * i]), 0x8001 + start + i);
        }
        if (given < 5) {
            assert_zero(&regs, 3 + 3 * given, 17);
        }
        tag = ffa_info_regs_out_tag(regs.x[2]);
        start += given;
    }
}

static void test_regs_in_batches(void **state)
{
    static struct spmc_partition many[12];
    static struct world world;

    (void)state;
    for (unsigned int i = 0; i < 12; i++) {
        many[i] = secure_partitions[0];
        many[i].id = (uint16_t)(0x8001 + i);
    }
    for (unsigned int count = 1; count <= 12; count++) {
        world_agree(&world, FFA_VERSION_1_2);
        world.spmc.config.partitions = many;
        world.spmc.config.partition_count = count;
        walk_regs(&world, count);
    }
}

static void test_regs_content(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = info_regs(&world, &nil, 0, 0);
    assert_int_equal(regs.x[1], 0);
    assert_int_equal(ffa_info_regs_desc_contexts(regs.x[3]), secure_partitions[0].contexts);
    assert_int_equal(ffa_info_regs_desc_properties(regs.x[6]), secure_partitions[1].properties);
    assert_int_equal(regs.x[16], ffa_uuid_to_u64(TRIO_UUID(2), 0));
    assert_int_equal(regs.x[17], ffa_uuid_to_u64(TRIO_UUID(2), 1));
    regs = info_regs(&world, TRIO_UUID(1), 0, 0);
    assert_int_equal(ffa_info_regs_out_last(regs.x[2]), 0);
    assert_int_equal(ffa_info_regs_desc_id(regs.x[3]), PARTITION_TRIO_ID);
    assert_zero(&regs, 4, 17);
}

static void test_regs_refuses(void **state)
{
    static struct world world;
    struct ffa_uuid unknown = *TRIO_UUID(0);
    struct regs regs;
    uint16_t tag;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = info_regs(&world, &nil, 0, 0);
    tag = ffa_info_regs_out_tag(regs.x[2]);
    assert_int_not_equal(tag, 0);
    regs = info_regs(&world, &nil, 1, (uint16_t)(tag + 1));
    assert_error(&regs, FFA_RETRY);
    assert_zero(&regs, 8, 17);
    regs = info_regs(&world, &nil, PARTITION_UUID_COUNT, tag);
    assert_error(&regs, FFA_INVALID_PARAMETERS);
    regs = info_regs(&world, &nil, PARTITION_UUID_COUNT - 1, tag);
    assert_success(&regs);
    unknown.bytes[0]++;
    regs = info_regs(&world, &unknown, 0, 0);
    assert_error(&regs, FFA_INVALID_PARAMETERS);
    world_agree(&world, FFA_VERSION_1_1);
    regs = info_regs(&world, &nil, 0, 0);
    assert_error(&regs, FFA_NOT_SUPPORTED);
    assert_poisoned(&regs, 8);
}

/* What discovery promises of the table itself. */
static void test_default_table(void **state)
{
    unsigned int uuids = 0;

    (void)state;
    for (unsigned int i = 0; i < PARTITION_COUNT; i++) {
        const struct spmc_partition *partition = &secure_partitions[i];

        assert_true(ffa_id_is_secure(partition->id));
        assert_true(partition->uuid_count >= 1);
        if (partition->properties & (FFA_PARTITION_VM_CREATED | FFA_PARTITION_VM_DESTROYED)) {
            assert_true(partition->properties & FFA_PARTITION_DIRECT_REQ_RECV);
        }
        uuids += partition->uuid_count;
    }
    assert_int_equal(uuids, PARTITION_UUID_COUNT);
}

int run_discovery_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_at_1_2), cmocka_unit_test(test_everything_at_1_1),
        cmocka_unit_test(test_everything_at_1_0), cmocka_unit_test(test_one_uuid),
        cmocka_unit_test(test_count_only),        cmocka_unit_test(test_does_not_fit),
        cmocka_unit_test(test_regs_in_batches),   cmocka_unit_test(test_regs_content),
        cmocka_unit_test(test_regs_refuses),      cmocka_unit_test(test_default_table),
    };

    return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
