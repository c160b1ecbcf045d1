/* SPDX-License-Identifier: BSD-3-Clause */
/* The SPMC's list of partitions: what Parley keeps of it and shows, and which lies it lives with.
 */
#include "lying.h"

/* --- Lists ------------------------------------------------------------------------------------ */

static struct posix_vm *seer(uint16_t id, uint32_t version)
{
    struct posix_vm *vm =
        rig_vm(&(struct parley_vm_config){.id = id, .secure_rights = PARLEY_MAY_DISCOVER});

    settle(vm, version);
    map_buffers(vm, 1);
    return vm;
}

/* One row for each entry that a caller of 1.2 sees; `first` marks those for callers of 1.1. */
struct listed {
    uint16_t id;
    uint16_t contexts;
    uint32_t properties;
    uint8_t uuid_first;
    uint8_t uuid_last;
    bool first;
};

static const struct listed honest[] = {
    {0x8001, 4,
     FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV |
         FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_AARCH64,
     0xf2, 0x11, true},
    /* It says that it can send requests, too; but not to VMs. */
    {0x8002, 1,
     FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_NOTIFICATION_RECV | FFA_PARTITION_AARCH64, 0x3d,
     0x22, true},
    {0x8003, 4, FFA_PARTITION_DIRECT_REQ_RECV, 0x5c, 0xa1, true},
    {0x8003, 4, FFA_PARTITION_DIRECT_REQ_RECV, 0x5c, 0xa2, false},
    {0x8003, 4, FFA_PARTITION_DIRECT_REQ_RECV, 0x5c, 0xa3, false},
};

/* What a caller of this version, of 1.0 to 1.2, is shown through an SPMC of that version. */
static uint32_t shown(uint32_t properties, uint32_t version, uint32_t spmc_version)
{
    /* Indirect messages of 1.0 were for VMs only. */
    const uint32_t since_1_1 =
        FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV | FFA_PARTITION_AARCH64;
    const uint32_t since_1_2 = FFA_PARTITION_DIRECT_REQ2_RECV;

    if (version < FFA_VERSION_1_1) {
        properties &= ~since_1_1;
    }
    if (version < FFA_VERSION_1_2 || spmc_version < FFA_VERSION_1_2) {
        properties &= ~since_1_2;
    }
    return properties;
}

static void assert_listed(const struct list *list, uint32_t version, uint32_t spmc_version)
{
    unsigned int at = 0;

    assert_int_equal(list->status, FFA_OK);
    for (size_t i = 0; i < COUNT(honest); i++) {
        const struct ffa_partition_info_1_1 *entry = &list->entry[at];

        if (version < FFA_VERSION_1_2 && !honest[i].first) {
            continue;
        }
        assert_true(at < list->count);
        assert_int_equal(entry->id, honest[i].id);
        assert_int_equal(entry->contexts, honest[i].contexts);
        assert_int_equal(entry->properties, shown(honest[i].properties, version, spmc_version));
        if (version >= FFA_VERSION_1_1) {
            assert_int_equal(entry->uuid.bytes[0], honest[i].uuid_first);
            assert_int_equal(entry->uuid.bytes[15], honest[i].uuid_last);
        }
        at++;
    }
    assert_int_equal(list->count, at + (version >= FFA_VERSION_1_2)); /* and the caller */
}

static void test_partitions_by_version(void **state)
{
    const struct spmc_config *const secure[] = {&posix_spmc_1_1, &posix_spmc_1_2};

    (void)state;
    for (size_t i = 0; i < COUNT(secure); i++) {
        rig_start(secure[i]);
        for (uint16_t minor = 0; minor <= 2; minor++) {
            struct posix_vm *vm = seer((uint16_t)(minor + 1), FFA_VERSION_1_0 + minor);
            struct list list = list_by_buffer(vm, &nil_uuid, 1);

            /* An SPMC of 1.1 names one UUID of a partition that has several. */
            if (secure[i] == &posix_spmc_1_2 || minor < 2) {
                assert_listed(&list, FFA_VERSION_1_0 + minor, secure[i]->version);
                assert_int_equal(list_count(vm, &nil_uuid),
                                 minor > 0 ? (int)list.count : FFA_INVALID_PARAMETERS);
            }
        }
        assert_true(rig_stop());
    }
}

static void test_partition_by_uuid(void **state)
{
    const struct ffa_uuid second = {{0x5c, 0x0d, 0x8e, 0x13, 0xa4, 0x97, 0x4f, 0x60, 0x8b, 0x2c,
                                     0x64, 0xf1, 0xde, 0x97, 0x03, 0xa2}};

    (void)state;
    rig_start(&posix_spmc_1_2);
    for (uint16_t minor = 0; minor <= 2; minor++) {
        struct posix_vm *vm = seer((uint16_t)(minor + 1), FFA_VERSION_1_0 + minor);
        struct list list = list_by_buffer(vm, &second, 1);

        assert_int_equal(list.status, FFA_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.entry[0].id, 0x8003);
        assert_true(ffa_uuid_is_nil(&list.entry[0].uuid));
    }
}

static void test_spmc_id(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_1);
    vm = seer(1, FFA_VERSION_1_1);
    assert_int_equal(CALL(vm, FFA_SPM_ID_GET).regs.x[2], SPMC_ID);
    assert_int_equal(CALL(vm, FFA_FEATURES, FFA_SPM_ID_GET).status, FFA_OK);
    assert_int_equal(rig_status().spmc_id, SPMC_ID);
    vm = seer(2, FFA_VERSION_1_0);
    assert_int_equal(CALL(vm, FFA_SPM_ID_GET).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(vm, FFA_FEATURES, FFA_SPM_ID_GET).status, FFA_NOT_SUPPORTED);
    rig_start(NULL);
    vm = seer(1, FFA_VERSION_1_2);
    assert_int_equal(CALL(vm, FFA_SPM_ID_GET).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(vm, FFA_FEATURES, FFA_SPM_ID_GET).status, FFA_NOT_SUPPORTED);
}

/* --- Lies about lists ------------------------------------------------------------------------- */

/* What is kept is sane: IDs of the Secure world, no pair of ID and UUID twice, in bounds. */
static void assert_sane_list(void)
{
    struct posix_vm *vm = seer(9, FFA_VERSION_1_2);
    struct list list = list_by_registers(vm, &nil_uuid);

    assert_int_equal(list.status, FFA_OK);
    assert_int_equal(list.count, rig_status().partition_count + 1);
    assert_true(rig_status().partition_count <= rig_default_config.partitions_max);
    for (unsigned int i = 0; i + 1 < list.count; i++) {
        assert_true(ffa_id_is_secure(list.entry[i].id));
        for (unsigned int j = 0; j < i; j++) {
            assert_false(list.entry[i].id == list.entry[j].id &&
                         ffa_uuid_equal(&list.entry[i].uuid, &list.entry[j].uuid));
        }
    }
}

static void test_ids_that_are_not_secure(void **state)
{
    static const uint16_t ids[] = {0, 1, 9, 0x7fff};
    struct parley_event event;

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        const struct spmc_lie lies[] = {spmc_lie_info_id(1, ids[i]), spmc_lie_regs_id(1, ids[i])};

        start_with_lies(lies, COUNT(lies));
        assert_int_equal(rig_status().partition_count, PARTITIONS_LISTED - 1);
        assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED), 1);
        assert_true(posix_event_last(PARLEY_EVENT_PARTITION_IGNORED, &event));
        assert_int_equal(event.value, ids[i]);
        assert_non_null(event.text);
        assert_sane_list();
        assert_true(rig_stop());
    }
}

/* The SPMC itself is no partition of its own. */
static void test_id_of_the_spmc(void **state)
{
    const struct spmc_lie lies[] = {spmc_lie_info_id(1, SPMC_ID), spmc_lie_regs_id(1, SPMC_ID)};

    (void)state;
    start_with_lies(lies, COUNT(lies));
    assert_sane_list();
}

/* The same partition and UUID twice: entries 2 and 3 are made equal. */
static void test_entry_twice(void **state)
{
    struct spmc_lie lies[] = {
        {.kind = SPMC_LIE_RX, .fid = FFA_PARTITION_INFO_GET, .where = 3 * 24 + 16, .mask = ~0ull},
        {.kind = SPMC_LIE_REGISTER,
         .fid = FFA_PARTITION_INFO_GET_REGS,
         .where = 3 + 3 * 3 + 2,
         .mask = ~0ull},
    };
    const struct ffa_uuid first = {{0x5c, 0x0d, 0x8e, 0x13, 0xa4, 0x97, 0x4f, 0x60, 0x8b, 0x2c,
                                    0x64, 0xf1, 0xde, 0x97, 0x03, 0xa1}};

    (void)state;
    lies[0].value = ffa_uuid_to_u64(&first, 1);
    lies[1].value = ffa_uuid_to_u64(&first, 1);
    start_with_lies(lies, COUNT(lies));
    assert_int_equal(rig_status().partition_count, PARTITIONS_LISTED - 1);
    assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED), 1);
    assert_sane_list();
}

static void test_counts_and_sizes(void **state)
{
    static const uint32_t words[] = {0,       1,          2,          6,          8,
                                     23,      25,         170,        171,        4096,
                                     0x10000, 0x0aaaaaab, 0x10000000, 0x80000000, 0xffffffff};

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        const struct spmc_lie lies[] = {spmc_lie_info_count(words[i]),
                                        spmc_lie_info_size(words[i])};

        for (unsigned int which = 1; which <= 3; which++) {
            start_with_lies(&lies[which == 2], which == 3 ? 2 : 1);
            assert_vms_work();
            assert_sane_list();
            if (!rig_stop()) {
                fail_msg("a count or a size of %#x: rules are broken", words[i]);
            }
        }
    }
}

static void test_registers_of_lists(void **state)
{
    static const uint64_t x2[] = {0,
                                  ~0ull,
                                  0x0018000000000004,
                                  0x0018000000040000,
                                  0x001800000005ffff,
                                  0x00180000ffffffff,
                                  0x0018000000020001,
                                  0x0000000000040004,
                                  0xffff000000040004,
                                  0x0017000000040004,
                                  0x0030000000040004};

    (void)state;
    for (size_t i = 0; i < COUNT(x2); i++) {
        const struct spmc_lie lie = spmc_lie_regs_x2(x2[i]);

        start_with_lies(&lie, 1);
        assert_true(posix_smc_count() < 100);
        assert_vms_work();
        assert_sane_list();
        assert_true(rig_stop());
    }
}

/* More partitions than there is room for: the first ones are kept, the operator is told. */
static void test_more_partitions_than_room(void **state)
{
    struct parley_config config = rig_default_config;

    (void)state;
    for (uint16_t room = 0; room <= PARTITIONS_LISTED; room++) {
        struct list list;

        config.partitions_max = room;
        rig_start_with(&posix_spmc_1_2, &config);
        assert_int_equal(rig_status().partition_count, room);
        assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED) > 0,
                         room < PARTITIONS_LISTED);
        list = list_by_registers(seer(1, FFA_VERSION_1_2), &nil_uuid);
        assert_int_equal(list.count, room + 1);
        for (uint16_t i = 0; i < room; i++) {
            assert_int_equal(list.entry[i].id, honest[i].id);
        }
        assert_true(rig_stop());
    }
}

/* An SMC may leave anything in x8 to x17, and in the halves that a 32-bit answer does not have. */
static void test_clobbered_registers(void **state)
{
    struct spmc_lie lies[FFA_REGS_MAX];
    unsigned int count = 0;

    (void)state;
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        lies[count] = spmc_lie_register(0, i, 0xbad1bad25eed5eed);
        if (i < FFA_REGS_SMC32) {
            lies[count].mask = 0xffffffff00000000;
            lies[count].value &= lies[count].mask;
        }
        /* Of answers by registers, all 64 bits count. */
        lies[count].fid = FFA_PARTITION_INFO_GET;
        count++;
    }
    start_with_lies(lies, count);
    assert_found("clobbered registers", FFA_VERSION_1_2);
    assert_int_equal(rig_status().partition_count, PARTITIONS_LISTED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_partitions_by_version),
        RIG_TEST(test_partition_by_uuid),
        RIG_TEST(test_spmc_id),
        RIG_TEST(test_ids_that_are_not_secure),
        RIG_TEST(test_id_of_the_spmc),
        RIG_TEST(test_entry_twice),
        RIG_TEST(test_counts_and_sizes),
        RIG_TEST(test_registers_of_lists),
        RIG_TEST(test_more_partitions_than_room),
        RIG_TEST(test_clobbered_registers),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
