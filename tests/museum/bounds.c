/* SPDX-License-Identifier: BSD-3-Clause */
/* Section E of docs/museum.md, on the guest's and the operator's side: ends, overlaps, counts. */
#include "support.h"

#include <string.h>

/* An address that is not a page's, or a range that wraps, is refused before any page is looked up.
 */
static void E1_shm_page_addr_wrap(void **state)
{
    static const uint64_t bad[] = {
        IPA(TX_PAGE) + 1,      IPA(TX_PAGE) + 8,      IPA(TX_PAGE) + 0x800,  IPA(TX_PAGE) + 0xfff,
        0xfffffffffffff000ull, 0xffffffffffffe000ull, 0xfffffffffffff001ull, UINT64_MAX,
    };
    struct posix_vm *vm;
    unsigned int maps;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2});
    maps = posix_page_maps();
    for (size_t i = 0; i < COUNT(bad); i++) {
        const unsigned int pages = 3;

        assert_status(call_map(vm, 0, bad[i], IPA(RX_PAGE), pages), FFA_INVALID_PARAMETERS);
        assert_int_equal(posix_page_maps(), maps);
        assert_status(call_map(vm, 0, IPA(TX_PAGE), bad[i], pages), FFA_INVALID_PARAMETERS);
        assert_int_equal(posix_page_maps(), maps);
    }
    /* The last page of all: no RAM of this VM's, whoever finds out. */
    assert_status(call_map(vm, 0, 0xfffffffffffff000ull, IPA(RX_PAGE), 1), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(TX_PAGE), 0xfffffffffffff000ull, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_vm_pins(vm), 0);
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_UNMAPPED);

    /* For a 32-bit call there is no address above 4 GiB, only poison that does not count. */
    assert_status(CALL(vm, 0, FFA_RXTX_MAP_32, IPA(TX_PAGE), IPA(RX_PAGE), 1), FFA_OK);
}

/* Whether two ranges of pages share one, page by page. */
static bool share_a_page(unsigned int one, unsigned int other, unsigned int pages)
{
    bool used[RAM_PAGES] = {false};
    bool shared = false;

    for (unsigned int i = 0; i < pages; i++) {
        used[one + i] = true;
    }
    for (unsigned int i = 0; i < pages; i++) {
        shared |= used[other + i];
    }
    return shared;
}

/* Exactly the pairs that share a page are refused: equal, partial, not those that only touch. */
static void E4_overlap_test_incomplete(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1});
    for (unsigned int pages = 1; pages <= QUOTA; pages++) {
        for (unsigned int tx = 0; tx + pages <= 12; tx++) {
            for (unsigned int rx = 0; rx + pages <= 12; rx++) {
                const struct parley_regs answer = call_map(vm, 0, IPA(tx), IPA(rx), pages);

                if (share_a_page(tx, rx, pages)) {
                    assert_int_equal(status_of(&answer), FFA_INVALID_PARAMETERS);
                    assert_int_equal(posix_vm_pins(vm), 0);
                } else {
                    assert_int_equal(status_of(&answer), FFA_OK);
                    assert_int_equal(posix_vm_pins(vm), 2 * pages);
                    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
                }
            }
        }
    }
}

/* Lists of one, two, three and many entries are the same however they are asked for. */
static void E10_double_index(void **state)
{
    (void)state;
    for (unsigned int others = 0; others <= 24; others++) {
        struct entry entries[ENTRIES_MAX];
        struct posix_vm *vm;
        unsigned int count;

        machine_on(NULL);
        crowd_on(10, others);
        vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_all = true});
        assert_true(is_listed(vm, 1));
        count = list_regs(vm, NULL, entries);
        assert_int_equal(count, others + 1);
        assert_int_equal(entries[0].id, 1); /* VMs come in the order of their IDs */
        for (unsigned int i = 0; i < others; i++) {
            const uint16_t id = (uint16_t)(10 + i / PARLEY_UUIDS_PER_VM);
            const struct ffa_uuid uuid =
                ffa_uuid_from_u32(id, i % PARLEY_UUIDS_PER_VM, 0xc0ffee00u, 1);

            assert_int_equal(entries[i + 1].id, id);
            assert_true(ffa_uuid_equal(&entries[i + 1].uuid, &uuid));
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* A VM's list of UUIDs has an end that is checked. */
static void E15_uuid_list_length(void **state)
{
    struct ffa_uuid uuids[PARLEY_UUIDS_PER_VM + 1];
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    for (uint32_t i = 0; i < COUNT(uuids); i++) {
        uuids[i] = ffa_uuid_from_u32(i + 1, 0, 0, 0);
    }
    vm = posix_vm_new("uuids", RAM_IPA, 4, true);
    for (unsigned int count = 0; count <= COUNT(uuids); count++) {
        const struct vm_setup setup = {.id = 1, .uuids = uuids, .uuid_count = count};
        const bool fits = count <= PARLEY_UUIDS_PER_VM;

        assert_int_equal(vm_create(vm, &setup), fits ? PARLEY_DONE : PARLEY_REFUSED_CONFIG);
        if (fits) {
            posix_vm_destroy(vm);
        }
    }
    assert_int_equal(vm_create(vm, &(struct vm_setup){.id = 1, .uuids = uuids, .uuid_count = ~0u}),
                     PARLEY_REFUSED_CONFIG);
    posix_vm_free(vm);
}

/* A line for the operator is cut to the room it has, with its end inside. */
static void E16_log_terminator_oob(void **state)
{
    const struct parley_event events[] = {
        {.kind = PARLEY_EVENT_CONFIG_REFUSED, .vm_id = 0xffff, .text = "a rule of some length"},
        {.kind = PARLEY_EVENT_SPMC_FOUND, .value = UINT64_MAX},
        {.kind = PARLEY_EVENT_SPMC_ABSENT, .value = UINT64_MAX, .text = "why"},
        {.kind = PARLEY_EVENT_PARTITION_IGNORED, .value = 0xffff, .text = "why"},
        {.kind = PARLEY_EVENT_SPMC_REFUSED, .status = INT32_MIN, .text = "what"},
        {.kind = PARLEY_EVENT_VM_CREATED, .vm_id = 0x7fff},
        {.kind = PARLEY_EVENT_VM_RESET, .vm_id = 0x7fff},
        {.kind = PARLEY_EVENT_VM_DESTROYED, .vm_id = 0x7fff},
        {.kind = PARLEY_EVENT_VERSION_FINAL,
         .vm_id = 1,
         .vcpu = 0xffff,
         .fid = FFA_ID_GET,
         .value = FFA_VERSION_1_2},
        {.kind = PARLEY_EVENT_CALL_REFUSED,
         .vm_id = 1,
         .vcpu = 0xffff,
         .status = FFA_NO_DATA,
         .fid = FFA_NOTIFICATION_BITMAP_DESTROY,
         .value = UINT64_MAX},
        {.kind = PARLEY_EVENT_CALL_REFUSED, .fid = 0x840000ef, .status = INT32_MIN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(events); i++) {
        char whole[PARLEY_EVENT_TEXT_BYTES];
        size_t length;

        parley_event_text(&events[i], whole, sizeof(whole));
        length = strlen(whole);
        assert_in_range(length, 1, sizeof(whole) - 2); /* nothing was cut */
        assert_null(strchr(whole, '\n'));
        for (size_t bytes = 1; bytes <= length + 2; bytes++) {
            char line[PARLEY_EVENT_TEXT_BYTES + 2];
            const size_t kept = bytes - 1 < length ? bytes - 1 : length;

            memset(line, 0x7e, sizeof(line));
            parley_event_text(&events[i], line, bytes);
            assert_int_equal(strlen(line), kept);
            assert_memory_equal(line, whole, kept);
            assert_int_equal(line[bytes], 0x7e);
        }
    }
}

/* IDs with bit 15 set are only numbers: nothing overflows where they are shifted into a word. */
static void E20_packing_shift_ub(void **state)
{
    static const struct ffa_uuid uuid = {{1}};
    static const struct spmc_partition high[] = {
        {.name = "low", .id = 0x8001, .contexts = 0xffff, .uuids = &uuid, .uuid_count = 1},
        {.name = "high",
         .id = 0xfffe,
         .contexts = 0x8000,
         .properties = FFA_PARTITION_AARCH64,
         .uuids = &uuid,
         .uuid_count = 1},
    };
    const struct spmc_config secure = {
        .version = FFA_VERSION_1_2, .partitions = high, .partition_count = COUNT(high)};
    struct parley_config config = usual_config;
    struct entry entries[ENTRIES_MAX];
    struct posix_vm *vm;

    (void)state;
    config.vm_id_first = 0x7ff0;
    config.vms_max = 16;
    machine_on_with(&secure, &config);
    vm = vm_on(&(struct vm_setup){.id = 0x7fff, .version = FFA_VERSION_1_2, .sees_secure = true});
    assert_true(is_listed(vm, 0xfffe));
    assert_int_equal(list_buffer(vm, NULL, entries), 3);
    assert_int_equal(entries[0].contexts, 0xffff);
    assert_int_equal(entries[1].contexts, 0x8000);
    assert_int_equal(entries[2].id, 0x7fff);
    vm_map(vm, 1);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0xffffu << 16), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0xffff), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0x7fffu << 16), FFA_OK);
}

SECTION(museum_bounds, TEST(E1_shm_page_addr_wrap), TEST(E4_overlap_test_incomplete),
        TEST(E10_double_index), TEST(E15_uuid_list_length), TEST(E16_log_terminator_oob),
        TEST(E20_packing_shift_ub))
