/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pair of buffers that the SPMC has under a VM's ID: Parley's own, there only where it is
 * wanted, and taken back.
 */
#include "../../secure/spmc/hostile.h"
#include "letter.h"
#include "scripted.h"

/* --- Where it is wanted ----------------------------------------------------------------------- */

struct want_row {
    const char *what;
    uint16_t shadow_pages;
    uint32_t properties;
    uint8_t rights;
    bool spmc_takes_messages;
    bool wanted;
};

#define ALL RIG_ALL_PROPERTIES

static const struct want_row want_rows[] = {
    {"everything there", 2, ALL, PARLEY_MAY_ALL, true, true},
    {"just enough", 1, FFA_PARTITION_INDIRECT_MSG, PARLEY_MAY_DISCOVER | PARLEY_MAY_MESSAGE, true,
     true},
    {"no pages for it", 0, ALL, PARLEY_MAY_ALL, true, false},
    {"a VM without indirect messages", 2, ALL & ~(uint32_t)FFA_PARTITION_INDIRECT_MSG,
     PARLEY_MAY_ALL, true, false},
    {"a VM that may not message the Secure world", 2, ALL,
     PARLEY_MAY_DISCOVER | PARLEY_MAY_NOTIFY | PARLEY_MAY_SHARE, true, false},
    {"a VM that may nothing", 2, ALL, 0, true, false},
    {"an SPMC without indirect messages", 2, ALL, PARLEY_MAY_ALL, false, false},
};

static bool is_features_of_send2(const struct parley_regs *regs)
{
    return (uint32_t)regs->x[0] == FFA_FEATURES && (uint32_t)regs->x[1] == FFA_MSG_SEND2;
}

/* An SPMC that has no FFA_MSG_SEND2. */
static void serve_without_send2(void *context, struct parley_regs *regs)
{
    (void)context;
    if (is_features_of_send2(regs)) {
        *regs = script_error(FFA_NOT_SUPPORTED);
        return;
    }
    posix_smc_secure_world(regs);
}

static void start_with(const struct want_row *row)
{
    struct parley_config config = rig_default_config;

    config.shadow_pages = row->shadow_pages;
    if (row->spmc_takes_messages) {
        rig_start_with(&posix_spmc_1_2, &config);
    } else {
        rig_start_served(&posix_spmc_1_2, &config, serve_without_send2);
    }
}

static void test_where_it_is_wanted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(want_rows); i++) {
        const struct want_row *row = &want_rows[i];
        struct parley_vm_config config = rig_friend_config(1);
        struct posix_vm *vm;

        start_with(row);
        config.properties = row->properties;
        config.secure_rights = row->rights;
        vm = rig_vm(&config);
        assert_false(posix_spmc_has_buffers_of(1));
        settle(vm, FFA_VERSION_1_1);
        assert_false(posix_spmc_has_buffers_of(1));
        posix_smc_clear();
        assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
        if (posix_spmc_has_buffers_of(1) != row->wanted) {
            fail_msg("%s", row->what);
        }
        assert_int_equal(posix_smc_count(), row->wanted ? 1 : 0);
        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
        assert_false(posix_spmc_has_buffers_of(1));
        posix_smc_replace(NULL, NULL);
        assert_true(rig_stop());
    }
}

/* It has no indirect messages: a partition must not be able to send it one. */
static void test_a_vm_of_1_0(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(1, FFA_VERSION_1_0);
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    assert_false(posix_spmc_has_buffers_of(1));
}

/* --- What it is ------------------------------------------------------------------------------- */

static bool are_apart(const void *a, const void *b, size_t bytes)
{
    uintptr_t first = (uintptr_t)a;
    uintptr_t second = (uintptr_t)b;

    return first >= second ? first - second >= bytes : second - first >= bytes;
}

static void assert_zero(const uint8_t *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        assert_int_equal(from[i], 0);
    }
}

/* Each VM has its own, of Parley's memory: the Secure world can see no other. */
static void test_a_pair_for_each_vm(void **state)
{
    struct posix_buffers buffers[RIG_IDS];
    const uint8_t *place[2 * RIG_IDS];

    (void)state;
    rig_start(&posix_spmc_1_2);
    for (uint16_t i = 0; i < RIG_IDS; i++) {
        struct posix_vm *vm = rig_friend((uint16_t)(i + 1), FFA_VERSION_1_1);

        assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
        buffers[i] = posix_spmc_buffers_of((uint16_t)(i + 1));
        assert_int_equal(buffers[i].bytes, 2 * FFA_PAGE_SIZE);
        assert_zero(buffers[i].rx, buffers[i].bytes);
        assert_zero(buffers[i].tx, buffers[i].bytes);
        place[2 * i] = buffers[i].rx;
        place[2 * i + 1] = buffers[i].tx;
    }
    for (unsigned int i = 0; i < COUNT(place); i++) {
        for (unsigned int j = 0; j < i; j++) {
            assert_true(are_apart(place[i], place[j], 2 * FFA_PAGE_SIZE));
        }
    }
}

/* As large as the VM's own pair, up to what is configured. */
static void test_its_size(void **state)
{
    static const unsigned int pages[] = {1, 2, 3, 4};

    (void)state;
    for (size_t i = 0; i < COUNT(pages); i++) {
        struct posix_vm *vm;

        rig_start(&posix_spmc_1_2);
        vm = rig_friend(1, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(vm, pages[i]).status, FFA_OK);
        assert_int_equal(posix_spmc_buffers_of(1).bytes,
                         (pages[i] < 2 ? pages[i] : 2) * FFA_PAGE_SIZE);
        assert_true(rig_stop());
    }
}

/* Nothing of the last pair's messages is in the next one, nor of the last life's. */
static void test_it_is_clean(void **state)
{
    struct posix_buffers buffers;
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(1, FFA_VERSION_1_2);
    for (unsigned int i = 0; i < 3; i++) {
        assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
        buffers = posix_spmc_buffers_of(1);
        assert_zero(buffers.rx, buffers.bytes);
        assert_zero(buffers.tx, buffers.bytes);
        assert_int_equal(
            letter_send(vm, 2, &(struct letter){.receiver = 0x8001, .bytes = 5000, .seed = 1}),
            FFA_NO_MEMORY); /* echo has one page */
        memset(buffers.rx, 0x99, buffers.bytes);
        if (i == 1) {
            posix_vm_reset(vm);
            settle(vm, FFA_VERSION_1_2);
        } else {
            assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
        }
    }
}

/* --- Taken back ------------------------------------------------------------------------------- */

static void test_taken_back(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(1, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    assert_true(posix_spmc_has_buffers_of(1));
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_false(posix_spmc_has_buffers_of(1));

    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    posix_vm_reset(vm);
    assert_false(posix_spmc_has_buffers_of(1));

    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    rig_vm_end(vm);
    assert_false(posix_spmc_has_buffers_of(1));
    assert_false(posix_spmc_has_bitmap_of(1));
}

/* A pair that cannot be mapped is not shown to the SPMC. */
static void test_a_map_that_fails(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(1, FFA_VERSION_1_2);
    posix_smc_clear();
    for (unsigned int nth = 1; nth <= 2; nth++) {
        posix_fail_page_map(nth, PARLEY_PORT_NO_MEMORY);
        assert_int_equal(map_buffers(vm, 1).status, FFA_NO_MEMORY);
        assert_false(posix_spmc_has_buffers_of(1));
    }
    assert_int_equal(posix_smc_count(), 0);
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    assert_true(posix_spmc_has_buffers_of(1));
}

/* --- An SPMC that refuses --------------------------------------------------------------------- */

static const struct parley_regs refusals[] = {
    {{FFA_ERROR, 0, (uint32_t)FFA_NOT_SUPPORTED}},
    {{FFA_ERROR, 0, (uint32_t)FFA_NO_MEMORY}},
    {{FFA_ERROR, 0, (uint32_t)FFA_DENIED}},
    {{FFA_ERROR, 0, 0}},
    {{FFA_INTERRUPT}},
    {{UINT64_MAX}},
};

/* The VM has its pair, and no messages with partitions. */
static void test_registration_refused(void **state)
{
    const struct letter to_echo = {.receiver = 0x8001, .bytes = 1};
    const struct letter to_vm = {.sender = 1, .receiver = 2, .bytes = 1};

    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct script script = {.fid = FFA_RXTX_MAP_64};
        struct parley_event event;
        struct posix_vm *vm;
        struct posix_vm *other;

        rig_start(&posix_spmc_1_2);
        vm = rig_friend(1, FFA_VERSION_1_2);
        other = rig_friend(2, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(other, 1).status, FFA_OK);
        script_answer(&script, refusals[i]);
        script_begin(&script);
        posix_events_clear();
        assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
        assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_REFUSED), 1);
        assert_true(posix_event_last(PARLEY_EVENT_SPMC_REFUSED, &event));
        assert_int_equal(event.vm_id, 1);
        assert_int_equal(event.fid, FFA_RXTX_MAP_64);
        posix_smc_clear();
        assert_int_equal(letter_send(vm, 1, &to_echo), FFA_DENIED);
        assert_int_equal(letter_send(vm, 1, &to_vm), FFA_OK);
        letter_assert(other, 1, &to_vm);
        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
        assert_int_equal(posix_smc_count(), 0);
        posix_smc_replace(NULL, NULL);
        assert_true(rig_stop());
    }
}

/* The VM's own pages are free all the same; the shadow serves its next pair. */
static void test_unmapping_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct script script = {.fid = FFA_RXTX_UNMAP, .w1 = ffa_rxtx_unmap_make(1)};
        struct posix_vm *vm;

        rig_start(&posix_spmc_1_2);
        vm = rig_friend(1, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
        script_answer(&script, refusals[i]);
        script_begin(&script);
        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
        assert_int_equal(posix_vm_pins(vm), 0);
        posix_smc_replace(NULL, NULL);
        assert_true(posix_spmc_has_buffers_of(1));
        assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
        assert_int_equal(
            letter_send(vm, 1, &(struct letter){.receiver = 0x8001, .bytes = 7, .seed = 1}),
            FFA_OK);
        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
        assert_false(posix_spmc_has_buffers_of(1));
        assert_true(rig_stop());
    }
}

/* The end of a VM does not end while the SPMC has its shadow: the ID is retired until it does. */
/* The SPMC is asked a number of times each. */
static enum parley_progress retry(struct parley *parley, uint16_t id)
{
    enum parley_progress progress = PARLEY_AGAIN;

    while (progress == PARLEY_AGAIN) {
        progress = parley_quarantine_retry(parley, id);
    }
    return progress;
}

static void test_unmapping_refused_at_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct script script = {.fid = FFA_RXTX_UNMAP, .w1 = ffa_rxtx_unmap_make(1)};
        struct parley_vm_config config = rig_friend_config(1);
        struct parley *parley;
        struct posix_vm *vm;

        rig_start(&posix_spmc_1_2);
        parley = rig_parley();
        vm = rig_friend(1, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
        script_answer(&script, refusals[i]);
        script_begin(&script);
        assert_int_equal(posix_vm_go_on(vm, parley_vm_destroy(posix_vm_parley(vm))),
                         PARLEY_QUARANTINED);
        assert_int_equal(posix_vm_pins(vm), 0);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_QUARANTINED), 1);
        posix_vm_forget(vm);
        assert_int_equal(posix_vm_create(vm, parley, &config), PARLEY_REFUSED_ID_USED);
        assert_int_equal(parley_shutdown(parley), PARLEY_REFUSED_VMS_LEFT);
        assert_int_equal(retry(parley, 1), PARLEY_QUARANTINED);

        posix_smc_replace(NULL, NULL);
        assert_int_equal(retry(parley, 1), PARLEY_DONE);
        assert_false(posix_spmc_has_buffers_of(1));
        assert_int_equal(posix_vm_create(vm, parley, &config), PARLEY_DONE);
        settle(vm, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
        assert_true(rig_stop());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_where_it_is_wanted), RIG_TEST(test_a_vm_of_1_0),
        RIG_TEST(test_a_pair_for_each_vm), RIG_TEST(test_its_size),
        RIG_TEST(test_it_is_clean),        RIG_TEST(test_taken_back),
        RIG_TEST(test_a_map_that_fails),   RIG_TEST(test_registration_refused),
        RIG_TEST(test_unmapping_refused),  RIG_TEST(test_unmapping_refused_at_the_end),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
