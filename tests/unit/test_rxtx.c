/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_RXTX_MAP and _UNMAP, FFA_RX_RELEASE: arguments, quotas, pins, and who owns RX. */
#include "unit.h"

#define PAGE  ((uint64_t)FFA_PAGE_SIZE)
#define RAM   ((uint64_t)RIG_VM_IPA)
#define ABOVE (RAM + RIG_VM_PAGES * PAGE)

static struct posix_vm *settled(const struct spmc_config *secure, uint16_t quota)
{
    struct posix_vm *vm;

    rig_start(secure);
    vm = rig_vm(&(struct parley_vm_config){.id = 3, .rxtx_pages_max = quota});
    settle(vm, FFA_VERSION_1_2);
    return vm;
}

static enum parley_rx_state rx_of(const struct posix_vm *vm)
{
    return rig_vm_status(vm).rx;
}

/* --- Arguments -------------------------------------------------------------------------------- */

struct row {
    const char *what;
    uint64_t tx;
    uint64_t rx;
    uint64_t pages;
    int32_t status;
};

/* The quota is 4 pages. Bits of w3 above the count should be zero, and are ignored. */
static const struct row rows[] = {
    {"one page each", RAM, RAM + PAGE, 1, FFA_OK},
    {"RX below TX", RAM + PAGE, RAM, 1, FFA_OK},
    {"RX right behind TX", RAM, RAM + 4 * PAGE, 4, FFA_OK},
    {"TX right behind RX", RAM + 4 * PAGE, RAM, 4, FFA_OK},
    {"the last pages of RAM", ABOVE - 2 * PAGE, ABOVE - PAGE, 1, FFA_OK},
    {"ignored bits of w3", RAM, RAM + PAGE, 0xffffffc1, FFA_OK},
    {"no page", RAM, RAM + PAGE, 0, FFA_INVALID_PARAMETERS},
    {"no page and ignored bits", RAM, RAM + PAGE, 0xffffffc0, FFA_INVALID_PARAMETERS},
    {"a page above the quota", RAM, RAM + 8 * PAGE, 5, FFA_INVALID_PARAMETERS},
    {"as many pages as can be said", RAM, RAM + 63 * PAGE, 63, FFA_INVALID_PARAMETERS},
    {"TX is not aligned", RAM + 8, RAM + PAGE, 1, FFA_INVALID_PARAMETERS},
    {"TX is off by one", RAM + 1, RAM + 2 * PAGE, 1, FFA_INVALID_PARAMETERS},
    {"RX is not aligned", RAM, RAM + PAGE + 0x800, 1, FFA_INVALID_PARAMETERS},
    {"RX is TX", RAM, RAM, 1, FFA_INVALID_PARAMETERS},
    {"RX begins in TX", RAM, RAM + 3 * PAGE, 4, FFA_INVALID_PARAMETERS},
    {"TX begins in RX", RAM + PAGE, RAM, 2, FFA_INVALID_PARAMETERS},
    {"TX is no memory", ABOVE, RAM, 1, FFA_INVALID_PARAMETERS},
    {"RX is no memory", RAM, ABOVE, 1, FFA_INVALID_PARAMETERS},
    {"TX ends where memory ends too soon", ABOVE - PAGE, RAM, 2, FFA_INVALID_PARAMETERS},
    {"RX ends where memory ends too soon", RAM, ABOVE - PAGE, 2, FFA_INVALID_PARAMETERS},
    {"TX is below memory", 0, RAM, 1, FFA_INVALID_PARAMETERS},
    {"TX wraps", 0xfffffffffffff000, RAM, 2, FFA_INVALID_PARAMETERS},
    {"RX wraps", RAM, 0xfffffffffffff000, 2, FFA_INVALID_PARAMETERS},
    {"both at the end of the world", 0xfffffffffffff000, 0xffffffffffffe000, 1,
     FFA_INVALID_PARAMETERS},
    {"the upper half counts", 0x100000000 + RAM, RAM, 1, FFA_INVALID_PARAMETERS},
};

static void check_row(struct posix_vm *vm, const struct row *row, uint64_t fid, int32_t want)
{
    struct answer answer = CALL(vm, fid, row->tx, row->rx, row->pages);
    bool held = answer.status == FFA_OK;

    if (answer.status != want) {
        fail_msg("%s: status %d", row->what, answer.status);
    }
    assert_int_equal(rx_of(vm), held ? PARLEY_RX_FREE : PARLEY_RX_UNMAPPED);
    assert_int_equal(posix_vm_pins(vm), held ? 2 * (row->pages & 0x3f) : 0);
    if (held) {
        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
        assert_int_equal(posix_vm_pins(vm), 0);
    }
}

static void test_arguments_64(void **state)
{
    struct posix_vm *vm = settled(NULL, 4);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(vm, &rows[i], FFA_RXTX_MAP_64, rows[i].status);
    }
}

/* The same in 32 bits: what is above them does not count, for a guest of either width. */
static void test_arguments_32(void **state)
{
    (void)state;
    for (unsigned int wide = 0; wide < 2; wide++) {
        struct parley_vm_config config = rig_vm_config(3);
        struct posix_vm *vm;

        rig_start(NULL);
        vm = wide ? rig_vm(&config) : rig_vm_32(&config);
        settle(vm, FFA_VERSION_1_2);
        for (size_t i = 0; i < COUNT(rows); i++) {
            if (rows[i].tx >> 32 == 0 && rows[i].rx >> 32 == 0) {
                check_row(vm, &rows[i], FFA_RXTX_MAP_32, rows[i].status);
            }
        }
        check_row(vm, &(struct row){"wraps", 0xfffff000, RAM, 2, 0}, FFA_RXTX_MAP_32,
                  FFA_INVALID_PARAMETERS);
    }
}

/* A wide IPA space is not cut to 32 bits. */
static void test_memory_above_4_gib(void **state)
{
    const uint64_t ipa = 0x8080000000;
    struct parley_vm_config config = rig_vm_config(3);
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = posix_vm_new("high", ipa, 8, true);
    assert_int_equal(posix_vm_create(vm, rig_parley(), &config), PARLEY_DONE);
    settle(vm, FFA_VERSION_1_1);
    assert_int_equal(CALL(vm, FFA_RXTX_MAP_32, ipa, ipa + PAGE, 1).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(vm, FFA_RXTX_MAP_64, ipa, ipa + PAGE, 1).status, FFA_OK);
    posix_vm_destroy(vm);
    posix_vm_free(vm);
}

static void test_pages_that_are_no_ram(void **state)
{
    struct posix_vm *vm = settled(NULL, 4);

    (void)state;
    for (uint64_t page = 0; page < 8; page++) {
        posix_vm_set_page(vm, RAM + page * PAGE, POSIX_PAGE_READ_ONLY);
        assert_int_equal(map_buffers(vm, 4).status, FFA_INVALID_PARAMETERS);
        posix_vm_set_page(vm, RAM + page * PAGE, POSIX_PAGE_HOLE);
        assert_int_equal(map_buffers(vm, 4).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(posix_vm_pins(vm), 0);
        posix_vm_set_page(vm, RAM + page * PAGE, POSIX_PAGE_RAM);
    }
    assert_int_equal(map_buffers(vm, 4).status, FFA_OK);
    /* What is pinned stays, whatever becomes of the map. */
    posix_vm_set_page(vm, rx_ipa(vm, 4), POSIX_PAGE_HOLE);
    assert_int_equal(list_by_buffer(vm, &nil_uuid, 4).count, 1);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(map_buffers(vm, 4).status, FFA_INVALID_PARAMETERS);
}

/* --- Quotas ----------------------------------------------------------------------------------- */

static void test_quota(void **state)
{
    struct parley_config config = rig_default_config;

    (void)state;
    config.rxtx_pages_max = 63;
    for (uint16_t quota = 1; quota <= 32; quota++) {
        struct posix_vm *vm;

        rig_start_with(NULL, &config);
        vm = rig_vm(&(struct parley_vm_config){.id = 3, .rxtx_pages_max = quota});
        settle(vm, FFA_VERSION_1_2);
        assert_int_equal(CALL(vm, FFA_FEATURES, FFA_RXTX_MAP_64).regs.x[2], (uint32_t)quota << 16);
        assert_int_equal(map_buffers(vm, quota + 1u).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(map_buffers(vm, quota).status, FFA_OK);
        assert_int_equal(posix_vm_pins(vm), 2 * quota);
        assert_true(rig_stop());
    }
}

static void test_each_vm_has_its_own_quota(void **state)
{
    struct posix_vm *small;
    struct posix_vm *large;

    (void)state;
    rig_start(NULL);
    small = rig_vm(&(struct parley_vm_config){.id = 1, .rxtx_pages_max = 1});
    large = rig_vm(&(struct parley_vm_config){.id = 2, .rxtx_pages_max = 8});
    settle(small, FFA_VERSION_1_1);
    settle(large, FFA_VERSION_1_1);
    assert_int_equal(CALL(large, FFA_FEATURES, FFA_RXTX_MAP_32).regs.x[2], 0); /* before 1.2 */
    assert_int_equal(map_buffers(small, 2).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(map_buffers(large, 8).status, FFA_OK);
    assert_int_equal(map_buffers(small, 1).status, FFA_OK);
    assert_int_equal(posix_pins(), 18);
}

/* --- Ownership -------------------------------------------------------------------------------- */

static void test_one_pair_at_a_time(void **state)
{
    struct posix_vm *vm = settled(NULL, 4);

    (void)state;
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    assert_int_equal(map_buffers(vm, 1).status, FFA_DENIED);
    /* There being one is said first, whatever else is wrong. */
    assert_int_equal(CALL(vm, FFA_RXTX_MAP_64, 1, 1, 0).status, FFA_DENIED);
    assert_int_equal(CALL_ON(vm, 1, FFA_RXTX_MAP_32, RAM, RAM, 63).status, FFA_DENIED);
    assert_int_equal(posix_vm_pins(vm), 2);
    assert_int_equal(CALL_ON(vm, 1, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(map_buffers(vm, 4).status, FFA_OK);
}

static void test_ids_in_arguments(void **state)
{
    static const uint64_t not_own[] = {0x10000, 0x40000, 0x80010000, 0xffff0000, 4, 0x8003, 0xffff};
    struct posix_vm *vm = settled(NULL, 4);

    (void)state;
    map_buffers(vm, 1);
    for (size_t i = 0; i < COUNT(not_own); i++) {
        uint64_t swapped = (uint32_t)(not_own[i] << 16 | not_own[i] >> 16);

        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, not_own[i]).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(CALL(vm, FFA_RX_RELEASE, swapped).status, FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(rx_of(vm), PARLEY_RX_FREE);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_RX_RELEASE, 3).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 3 << 16).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 3 << 16).status, FFA_INVALID_PARAMETERS);
}

static void test_rx_and_its_owner(void **state)
{
    struct posix_vm *vm = settled(NULL, 4);

    (void)state;
    assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_DENIED);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_BUSY);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 1).status, FFA_OK);

    map_buffers(vm, 1);
    assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_DENIED);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 1).status, FFA_OK);
    assert_int_equal(rx_of(vm), PARLEY_RX_FREE);

    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
    assert_int_equal(rx_of(vm), PARLEY_RX_FULL);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_BUSY);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 1, 2, 3, 4, 0).status, FFA_BUSY);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 1).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_DENIED);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 3 << 16).status, FFA_DENIED);

    assert_int_equal(CALL_ON(vm, 1, FFA_RX_RELEASE, 0).status, FFA_OK);
    assert_int_equal(rx_of(vm), PARLEY_RX_FREE);
    assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_DENIED);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(rx_of(vm), PARLEY_RX_UNMAPPED);
}

/* A list that fails leaves RX free, and what is in it as it was. */
static void test_failed_lists_leave_rx_free(void **state)
{
    struct posix_vm *vm = settled(NULL, 4);
    const uint64_t *rx = posix_vm_at(vm, rx_ipa(vm, 1));

    (void)state;
    map_buffers(vm, 1);
    *(uint64_t *)posix_vm_at(vm, rx_ipa(vm, 1)) = 0x0123456789abcdef;
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 1, 2, 3, 4, 0).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 2).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(rx_of(vm), PARLEY_RX_FREE);
    assert_int_equal(*rx, 0x0123456789abcdef);
}

static bool sibling_has_called;

/* What a sibling vCPU is told while RX is being filled: the buffer stays where it is. */
static void sibling_calls(void *context)
{
    struct posix_vm *vm = context;

    assert_int_equal(rx_of(vm), PARLEY_RX_FILLING);
    assert_int_equal(CALL_ON(vm, 1, FFA_RX_RELEASE, 0).status, FFA_DENIED);
    assert_int_equal(CALL_ON(vm, 1, FFA_RXTX_UNMAP, 0).status, FFA_DENIED);
    assert_int_equal(CALL_ON(vm, 1, FFA_RXTX_MAP_64, RAM, RAM + PAGE, 1).status, FFA_DENIED);
    assert_int_equal(CALL_ON(vm, 1, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_BUSY);
    assert_int_equal(rx_of(vm), PARLEY_RX_FILLING);
    assert_int_equal(posix_vm_pins(vm), 2);
    sibling_has_called = true;
}

static void test_sibling_while_rx_is_filled(void **state)
{
    struct posix_vm *vm = settled(NULL, 4);
    struct list list;

    (void)state;
    map_buffers(vm, 1);
    call_among_others = true;
    posix_meanwhile(sibling_calls, vm);
    list = list_by_buffer(vm, &nil_uuid, 1);
    call_among_others = false;
    assert_true(sibling_has_called);
    assert_int_equal(list.status, FFA_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.entry[0].id, 3);
}

/* The pages are the guest's again, and Parley does not look at them any more. */
static void test_remapped_elsewhere(void **state)
{
    struct posix_vm *vm = settled(NULL, 4);
    const uint8_t *old = posix_vm_at(vm, RAM + PAGE);

    (void)state;
    map_buffers(vm, 1);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_RXTX_MAP_64, RAM + 9 * PAGE, RAM + 12 * PAGE, 2).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
    for (size_t i = 0; i < PAGE; i++) {
        assert_int_equal(old[i], 0);
    }
    assert_int_equal(*(const uint16_t *)posix_vm_at(vm, RAM + 12 * PAGE), 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_arguments_64),
        RIG_TEST(test_arguments_32),
        RIG_TEST(test_memory_above_4_gib),
        RIG_TEST(test_pages_that_are_no_ram),
        RIG_TEST(test_quota),
        RIG_TEST(test_each_vm_has_its_own_quota),
        RIG_TEST(test_one_pair_at_a_time),
        RIG_TEST(test_ids_in_arguments),
        RIG_TEST(test_rx_and_its_owner),
        RIG_TEST(test_failed_lists_leave_rx_free),
        RIG_TEST(test_sibling_while_rx_is_filled),
        RIG_TEST(test_remapped_elsewhere),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
