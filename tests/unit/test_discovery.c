/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_PARTITION_INFO_GET and _GET_REGS: entries, order, size, index and tag. */
#include <string.h>

#include "unit.h"

#define CROWD_MAX  60u
#define PAGE_FITS  (FFA_PAGE_SIZE / 24u)
#define CALLER     100u
#define FIRST_PEER 10u

/* --- A crowd ---------------------------------------------------------------------------------- */

static struct posix_vm *crowd[CROWD_MAX];
static unsigned int crowd_count;

static const struct parley_config big_directory = {.vm_id_first = 1,
                                                   .vms_max = 128,
                                                   .vcpus_max = 4,
                                                   .cpus_max = 4,
                                                   .partitions_max = 16,
                                                   .rxtx_pages_max = 8};

/* Another final VM of 1.2, with so many UUIDs, at the next ID. */
static void crowd_add(unsigned int uuid_count)
{
    struct ffa_uuid uuids[PARLEY_UUIDS_PER_VM];
    struct parley_vm_config config = rig_vm_config((uint16_t)(FIRST_PEER + crowd_count));
    struct posix_vm *vm = posix_vm_new("crowd", RIG_VM_IPA, 1, true);

    for (unsigned int i = 0; i < uuid_count; i++) {
        uuids[i] = unit_uuid((uint8_t)i);
        uuids[i].bytes[0] = (uint8_t)crowd_count;
    }
    config.uuids = uuids;
    config.uuid_count = uuid_count;
    assert_int_equal(posix_vm_create(vm, rig_parley(), &config), PARLEY_DONE);
    settle(vm, FFA_VERSION_1_2);
    crowd[crowd_count++] = vm;
}

static void crowd_end(void)
{
    while (crowd_count > 0) {
        crowd_count--;
        posix_vm_destroy(crowd[crowd_count]);
        posix_vm_free(crowd[crowd_count]);
    }
}

/* Who sees them all, and has the highest ID. */
static struct posix_vm *seer(uint32_t version)
{
    struct parley_peer peers[CROWD_MAX];
    struct parley_vm_config config = {.id = CALLER, .rxtx_pages_max = 8};
    struct posix_vm *vm;

    for (unsigned int i = 0; i < CROWD_MAX; i++) {
        peers[i] =
            (struct parley_peer){.id = (uint16_t)(FIRST_PEER + i), .rights = PARLEY_MAY_DISCOVER};
    }
    config.peers = peers;
    config.peer_count = CROWD_MAX;
    vm = rig_vm(&config);
    settle(vm, version);
    return vm;
}

/* --- Size ------------------------------------------------------------------------------------- */

/* As many entries as a page of RX takes, one fewer, and one more. */
static void test_edge_of_a_page(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start_with(NULL, &big_directory);
    vm = seer(FFA_VERSION_1_2);
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    for (unsigned int i = 0; i < 42; i++) {
        crowd_add(4);
    }
    assert_int_equal(list_by_buffer(vm, &nil_uuid, 1).count, PAGE_FITS - 1);
    crowd_add(0);
    assert_int_equal(list_by_buffer(vm, &nil_uuid, 1).count, PAGE_FITS);
    crowd_add(0);
    assert_int_equal(list_by_buffer(vm, &nil_uuid, 1).status, FFA_NO_MEMORY);
    assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_FREE);
    assert_int_equal(list_count(vm, &nil_uuid), PAGE_FITS + 1);

    /* The registered size counts, not that of a page. */
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
    assert_int_equal(list_by_buffer(vm, &nil_uuid, 2).count, PAGE_FITS + 1);
    crowd_end();
}

/* Entries that straddle the pages of RX, which are neighbours for the guest only. */
static void test_both_ways_of_a_long_list(void **state)
{
    static struct list by_registers;
    static struct list by_buffer;
    struct posix_vm *vm;

    (void)state;
    rig_start_with(&posix_spmc_1_2, &big_directory);
    vm = seer(FFA_VERSION_1_2);
    for (unsigned int i = 0; i < CROWD_MAX; i++) {
        crowd_add(4 - i % 5);
    }
    for (unsigned int pages = 1; pages <= 8; pages++) {
        assert_int_equal(map_buffers(vm, pages).status, FFA_OK);
        by_buffer = list_by_buffer(vm, &nil_uuid, pages);
        by_registers = list_by_registers(vm, &nil_uuid);
        assert_int_equal(by_registers.status, FFA_OK);
        if (pages * FFA_PAGE_SIZE / 24 >= by_registers.count) {
            assert_int_equal(by_buffer.status, FFA_OK);
            assert_int_equal(by_buffer.count, by_registers.count);
            assert_memory_equal(by_buffer.entry, by_registers.entry,
                                by_buffer.count * sizeof(by_buffer.entry[0]));
        }
        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    }
    crowd_end();
}

static void test_layouts(void **state)
{
    (void)state;
    rig_start_with(NULL, &big_directory);
    for (uint32_t minor = 0; minor <= 2; minor++) {
        struct posix_vm *vm = seer(FFA_VERSION_1_0 + minor);
        struct list list;

        map_buffers(vm, 1);
        crowd_add(3);
        list = list_by_buffer(vm, &nil_uuid, 1);
        assert_int_equal(list.count, minor == 2 ? 4 : 1);
        assert_int_equal(list.entry[0].id, FIRST_PEER);
        assert_int_equal(list.entry[0].contexts, 2);
        assert_int_equal(list.entry[0].properties, minor == 0 ? 0 : FFA_PARTITION_AARCH64);
        assert_int_equal(list.entry[0].uuid.bytes[15], minor == 0 ? 0 : 15);
        crowd_end();
        rig_vm_end(vm);
    }
}

/* --- Arguments -------------------------------------------------------------------------------- */

static void test_flags(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start_with(NULL, &big_directory);
    crowd_add(1);
    for (uint32_t minor = 0; minor <= 2; minor++) {
        vm = seer(FFA_VERSION_1_0 + minor);
        map_buffers(vm, 1);
        for (unsigned int bit = 0; bit < 32; bit++) {
            bool known = bit == 0 && minor > 0;

            assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 1u << bit).status,
                             known ? FFA_OK : FFA_INVALID_PARAMETERS);
        }
        /* They are looked at before RX is. */
        assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
        assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 2).status,
                         FFA_INVALID_PARAMETERS);
        rig_vm_end(vm);
    }
    crowd_end();
}

static struct answer by_index(struct posix_vm *vm, uint16_t index, uint16_t tag)
{
    return CALL(vm, FFA_PARTITION_INFO_GET_REGS, 0, 0, ffa_info_regs_in_make(index, tag));
}

static void test_index_and_tag(void **state)
{
    struct posix_vm *vm;
    uint16_t count;
    uint16_t tag;

    (void)state;
    rig_start_with(NULL, &big_directory);
    for (unsigned int i = 0; i < 12; i++) {
        crowd_add(1);
    }
    vm = seer(FFA_VERSION_1_2);
    tag = ffa_info_regs_out_tag(by_index(vm, 0, 0).regs.x[2]);
    count = 13;
    for (uint16_t index = 0; index < count; index++) {
        struct answer answer = by_index(vm, index, tag);

        assert_int_equal(answer.status, FFA_OK);
        assert_int_equal(ffa_info_regs_out_last(answer.regs.x[2]), count - 1);
        assert_int_equal(ffa_info_regs_out_tag(answer.regs.x[2]), tag);
        assert_int_equal(ffa_info_regs_desc_id(answer.regs.x[3]),
                         index < 12 ? FIRST_PEER + index : CALLER);
        assert_int_equal(by_index(vm, index, (uint16_t)(tag ^ 1)).status,
                         index == 0 ? FFA_OK : FFA_RETRY);
    }
    assert_int_equal(by_index(vm, count, tag).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(by_index(vm, 0xffff, tag).status, FFA_INVALID_PARAMETERS);
    /* The tag is looked at first, but for index 0. */
    assert_int_equal(by_index(vm, count, (uint16_t)(tag ^ 1)).status, FFA_RETRY);
    assert_int_equal(by_index(vm, 0xffff, (uint16_t)(tag ^ 0x8000)).status, FFA_RETRY);

    crowd_add(0);
    assert_int_equal(by_index(vm, 5, tag).status, FFA_RETRY);
    assert_int_equal(by_index(vm, 0, tag).status, FFA_OK);
    /* Bits of x3 above the tag should be zero, and are ignored. */
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET_REGS, 0, 0, 0xbad1bad200000000).status,
                     FFA_OK);
    crowd_end();
}

static void test_uuid_of_several(void **state)
{
    struct ffa_uuid uuid;
    struct posix_vm *vm;

    (void)state;
    rig_start_with(NULL, &big_directory);
    crowd_add(4);
    crowd_add(4);
    vm = seer(FFA_VERSION_1_2);
    map_buffers(vm, 1);
    for (uint8_t i = 0; i < 4; i++) {
        struct list list;

        uuid = unit_uuid(i);
        uuid.bytes[0] = 1;
        list = list_by_registers(vm, &uuid);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.entry[0].id, FIRST_PEER + 1);
        assert_true(ffa_uuid_is_nil(&list.entry[0].uuid));
        assert_int_equal(list_by_buffer(vm, &uuid, 1).count, 1);
        assert_int_equal(list_count(vm, &uuid), 1);
        for (unsigned int byte = 0; byte < 16; byte++) {
            uuid.bytes[byte] ^= 0x80;
            assert_int_equal(list_by_registers(vm, &uuid).status, FFA_INVALID_PARAMETERS);
            assert_int_equal(list_by_buffer(vm, &uuid, 1).status, FFA_INVALID_PARAMETERS);
            assert_int_equal(list_count(vm, &uuid), FFA_INVALID_PARAMETERS);
            uuid.bytes[byte] ^= 0x80;
        }
    }
    crowd_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_edge_of_a_page), RIG_TEST(test_both_ways_of_a_long_list),
        RIG_TEST(test_layouts),        RIG_TEST(test_flags),
        RIG_TEST(test_index_and_tag),  RIG_TEST(test_uuid_of_several),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
