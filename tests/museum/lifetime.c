/* SPDX-License-Identifier: BSD-3-Clause */
/* Section C of docs/museum.md: VMs come, are reset and go, while others look. */
#include "talk.h"

#include <string.h>

static const struct ffa_uuid uuid_old = {{0x11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
static const struct ffa_uuid uuid_new = {{0x22, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};

/* A refused creation leaves no trace: not in the directory, not at the SPMC, not in its ID. */
static void C3_ctx_freed_before_undo_on_create_fail(void **state)
{
    static const struct ffa_uuid twins[] = {{{1}}, {{1}}};
    static const struct vm_setup refused[] = {
        {.id = 5, .quota = QUOTA_MAX + 1},
        {.id = 5, .vcpus = VCPUS + 1},
        {.id = 5, .sees = {5}},
        {.id = 5, .sees = {2, 2}},
        {.id = 5, .sees = {VMS_MAX + 1}},
        {.id = 5, .sees = {0x8001}},
        {.id = 5, .properties = FFA_PARTITION_VM_CREATED},
        {.id = 5, .properties = FFA_PARTITION_AARCH64},
        {.id = 5, .properties = 1u << 31},
        {.id = 5, .uuids = &nil_uuid, .uuid_count = 1},
        {.id = 5, .uuids = twins, .uuid_count = 2},
        {.id = 0},
        {.id = VMS_MAX + 1},
        {.id = 0x8005},
    };
    struct parley_status before;
    struct parley_status after;
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    parley_status(the_parley(), &before);
    posix_smc_clear();
    for (size_t i = 0; i < COUNT(refused); i++) {
        posix_events_clear();
        vm = posix_vm_new("refused", RAM_IPA, 4, true);
        assert_int_equal(vm_create(vm, &refused[i]), PARLEY_REFUSED_CONFIG);
        assert_null(posix_vm_parley(vm));
        assert_int_equal(posix_event_count(PARLEY_EVENT_CONFIG_REFUSED), 1);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_CREATED), 0);
        posix_vm_free(vm);
        parley_status(the_parley(), &after);
        assert_int_equal(after.vms, before.vms);
        assert_int_equal(after.partition_count, before.partition_count);
    }
    vm = vm_on(&(struct vm_setup){.id = 5, .version = FFA_VERSION_1_2});
    assert_true(is_listed(vm, 5));
    assert_int_equal(posix_smc_count(), 0);

    /* An ID that is taken is taken; who has it does not notice. */
    vm = posix_vm_new("second", RAM_IPA, 4, true);
    assert_int_equal(vm_create(vm, &(struct vm_setup){.id = 5}), PARLEY_REFUSED_ID_USED);
    assert_null(posix_vm_parley(vm));
    posix_vm_free(vm);
    assert_int_equal(machine_off(NULL), 0);
    expect_spoilt_creation_leaves_nothing();
}

/* An SPMC that keeps Parley's buffers is asked again, and until it gives them back nobody else is
 * told that they are free. */
static void C5_teardown_unmap_failure_no_retry(void **state)
{
    const struct spmc_hostile *journal;
    struct parley *parley;

    (void)state;
    journal = lying_power_on(FFA_VERSION_1_1,
                             LIES(spmc_lie_only(spmc_lie_status(FFA_RXTX_UNMAP, FFA_BUSY), 1, 2)));
    parley = parley_start(&usual_config);
    assert_non_null(parley);
    assert_int_equal(parley_stop(), PARLEY_REFUSED_BY_SPMC);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_REFUSED), 1);
    assert_int_equal(parley_shutdown(parley), PARLEY_REFUSED_BY_SPMC);
    assert_int_equal(parley_shutdown(parley), PARLEY_DONE);
    assert_int_equal(spmc_journal_calls(journal, FFA_RXTX_UNMAP), 3);
    assert_false(posix_spmc_has_buffers());
}

/* --- C7, C11: somebody goes while somebody looks ---------------------------------------------- */

static const struct vm_setup old_setup = {
    .id = 2, .version = FFA_VERSION_1_1, .uuids = &uuid_old, .uuid_count = 1, .vcpus = 3};
static const struct vm_setup new_setup = {
    .id = 2, .version = FFA_VERSION_1_1, .uuids = &uuid_new, .uuid_count = 1, .vcpus = 2};

/* An entry is of one life: what it shows of one does not go with what it shows of another. */
static void expect_whole(const struct entry *entry)
{
    assert_int_equal(entry->id, 2);
    if (entry->contexts == old_setup.vcpus) {
        assert_true(ffa_uuid_equal(&entry->uuid, &uuid_old));
    } else {
        assert_int_equal(entry->contexts, new_setup.vcpus);
        assert_true(ffa_uuid_equal(&entry->uuid, &uuid_new));
    }
}

static void replace_the_vm(void *argument)
{
    struct posix_vm **vm = argument;

    posix_vm_destroy(*vm);
    assert_int_equal(vm_create(*vm, &new_setup), PARLEY_DONE);
    vm_negotiate(*vm, new_setup.version);
}

/* A list that is being written when a VM goes and its ID comes back is still a list. */
static void C7_ctx_freed_under_lookup(void **state)
{
    struct posix_vm *viewer;
    struct posix_vm *other;
    struct parley_regs answer;
    struct ffa_partition_info_1_1 info;
    struct entry entry;
    bool finished;

    (void)state;
    machine_on(NULL);
    other = vm_on(&old_setup);
    viewer = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1, .sees = {2}});
    vm_map(viewer, 1);
    meanwhile_at_touch(viewer, RX_PAGE, replace_the_vm, &other, &finished);
    answer = call_info(viewer, 0, &nil_uuid, 0);
    assert_int_equal(status_of(&answer), FFA_OK);
    assert_int_equal(w(&answer, 2), 1);
    memcpy(&info, vm_rx(viewer), sizeof(info));
    entry = (struct entry){info.id, info.contexts, info.properties, info.uuid};
    expect_whole(&entry);
    assert_status(CALL(viewer, 0, FFA_RX_RELEASE, 0), FFA_OK);

    meanwhile_forget();
    assert_int_equal(list_buffer(viewer, NULL, &entry), 1);
    assert_int_equal(entry.contexts, new_setup.vcpus);
    expect_whole(&entry);
}

struct churn {
    struct posix_vm *viewer;
    struct posix_vm *other;
};

static void look_often(void *argument)
{
    struct churn *churn = argument;

    for (unsigned int i = 0; i < 200; i++) {
        struct entry entries[2];
        const unsigned int count = list_buffer(churn->viewer, NULL, entries);

        assert_in_range(count, 1, 2); /* itself always */
        if (count == 2) {
            expect_whole(entries[0].id == 2 ? &entries[0] : &entries[1]);
        }
    }
}

static void come_and_go(void *argument)
{
    struct churn *churn = argument;

    for (unsigned int i = 0; i < 100; i++) {
        const struct vm_setup *setup = i % 2 == 0 ? &new_setup : &old_setup;

        posix_vm_destroy(churn->other);
        assert_int_equal(vm_create(churn->other, setup), PARLEY_DONE);
        vm_negotiate(churn->other, setup->version);
    }
}

/* Whoever looks while a VM ends finds it or does not; it ends once, and all of it. */
static void C11_refcount_resurrect(void **state)
{
    struct churn churn;
    const struct deed deeds[] = {{look_often, &churn}, {come_and_go, &churn}};
    uint32_t generation;

    (void)state;
    machine_on(NULL);
    churn.other = vm_on(&old_setup);
    churn.viewer = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees = {2}});
    vm_map(churn.viewer, 1);
    generation = vm_status(churn.other).generation;
    at_once(deeds, COUNT(deeds));
    assert_int_equal(vm_status(churn.other).generation, generation + 100);
    assert_true(is_listed(churn.viewer, 2));
    vm_off(churn.other);
    assert_false(is_listed(churn.viewer, 2));
}

/* --- C9 --------------------------------------------------------------------------------------- */

/* A VM is found if it exists, has a version that is final, and is not about to end. */
static void C9_lookup_needs_live_and_negotiated(void **state)
{
    struct posix_vm *viewer;
    struct posix_vm *other;

    (void)state;
    machine_on(NULL);
    viewer = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees = {2}});
    assert_false(is_listed(viewer, 2)); /* not there */
    other = vm_on(&(struct vm_setup){.id = 2});
    assert_false(is_listed(viewer, 2)); /* has said nothing */
    assert_status(CALL(other, 0, FFA_ID_GET), FFA_NOT_SUPPORTED);
    assert_false(is_listed(viewer, 2));
    CALL(other, 0, FFA_VERSION, FFA_VERSION_1_0);
    assert_false(is_listed(viewer, 2)); /* may still change its mind */
    assert_status(CALL(other, 0, FFA_ID_GET), FFA_OK);
    assert_true(is_listed(viewer, 2));

    /* From the first step of its reset on it is gone, however long that takes. */
    vm_map(other, 1);
    if (parley_vm_reset(posix_vm_parley(other)) == PARLEY_AGAIN) {
        assert_false(is_listed(viewer, 2));
        while (parley_vm_continue(posix_vm_parley(other)) == PARLEY_AGAIN) {
            assert_false(is_listed(viewer, 2));
        }
    }
    assert_false(is_listed(viewer, 2));
    vm_negotiate(other, FFA_VERSION_1_2);
    assert_true(is_listed(viewer, 2));
    posix_vm_destroy(other);
    assert_false(is_listed(viewer, 2));
    assert_false(is_listed(viewer, 0));
}

/* --- C12 -------------------------------------------------------------------------------------- */

struct caller {
    struct posix_vm *vm;
    unsigned int vcpu;
    struct parley_regs answer;
};

static void first_call(void *argument)
{
    struct caller *caller = argument;

    caller->answer = CALL(caller->vm, caller->vcpu, FFA_ID_GET);
}

/* Several vCPUs make the first call at once: all are served, one made it final, nothing is left. */
static void C12_inc_map_skipped(void **state)
{
    (void)state;
    machine_on(NULL);
    for (unsigned int round = 0; round < 200; round++) {
        struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1});
        struct caller callers[4];
        struct deed deeds[4];

        CALL(vm, 0, FFA_VERSION, FFA_VERSION_1_1);
        posix_events_clear();
        for (unsigned int i = 0; i < COUNT(callers); i++) {
            callers[i] = (struct caller){.vm = vm, .vcpu = i};
            deeds[i] = (struct deed){first_call, &callers[i]};
        }
        at_once(deeds, COUNT(deeds));
        for (unsigned int i = 0; i < COUNT(callers); i++) {
            assert_status(callers[i].answer, FFA_OK);
        }
        assert_int_equal(posix_event_count(PARLEY_EVENT_VERSION_FINAL), 1);
        vm_off(vm); /* which ends only when nobody holds on to it */
    }
}

/* --- C15, C17, C18 ---------------------------------------------------------------------------- */

/* It knows nothing of the buffers of the life before, and leaves what is there now alone. */
static void expect_new_life(struct posix_vm *vm, uint32_t generation)
{
    assert_int_equal(vm_status(vm).generation, generation);
    assert_int_equal(vm_status(vm).version, 0);
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_UNMAPPED);
    assert_int_equal(posix_vm_pins(vm), 0);
    vm_paint(vm, 0, RAM_PAGES, 0xa5);
    vm_negotiate(vm, FFA_VERSION_1_2);
    assert_status(call_map(vm, 0, IPA(2), IPA(3), 1), FFA_OK);
    assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
    assert_int_equal(vm_rx(vm)[0], 0xa5);
    assert_memory_equal(vm_rx(vm), vm_rx(vm) + 1, FFA_PAGE_SIZE - 1);
    assert_int_not_equal(vm_page(vm, 3)[0], 0xa5);
}

/* A life that is over writes to nothing any more, though its memory is in use again at once. */
static void C15_vcpu_struct_reused(void **state)
{
    static const struct vm_setup setup = {.id = 1, .sees_secure = true};
    struct posix_vm *vm;
    uint32_t generation;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = vm_on(&setup);
    generation = vm_status(vm).generation;
    for (unsigned int round = 0; round < 4; round++) {
        vm_negotiate(vm, FFA_VERSION_1_2);
        vm_map(vm, 1);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
        posix_events_clear();
        posix_vm_reset(vm);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_RESET), 1);
        expect_new_life(vm, ++generation);

        posix_vm_destroy(vm);
        assert_int_equal(vm_create(vm, &setup), PARLEY_DONE);
        expect_new_life(vm, ++generation);
        posix_vm_reset(vm);
        generation++;
    }
}

/* A page that was unmapped is not touched again: the machine takes it away, so that it would show.
 */
static void C17_tlbi_before_reuse(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_secure = true});
    for (unsigned int round = 0; round < 3; round++) {
        vm_map(vm, 2);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
        assert_int_equal(posix_vm_pins(vm), 0);
        vm_paint(vm, 0, RAM_PAGES, 0x5a);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_BUSY);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_DENIED);
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(list_count(vm, NULL), 1 + PARTITION_UUID_COUNT);
        for (unsigned int page = 0; page < RAM_PAGES; page++) {
            assert_int_equal(vm_page(vm, page)[0], 0x5a);
            assert_memory_equal(vm_page(vm, page), vm_page(vm, page) + 1, FFA_PAGE_SIZE - 1);
        }
    }
}

/* However far a VM's negotiation has got when it ends, it is in no list and no count afterwards. */
static void C18_teardown_vs_negotiation(void **state)
{
    struct posix_vm *viewer;

    (void)state;
    machine_on(NULL);
    viewer = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees = {2}});
    for (unsigned int how_far = 0; how_far < 4; how_far++) {
        struct posix_vm *other = vm_on(&(struct vm_setup){.id = 2});
        struct parley_status status;

        if (how_far > 0) {
            CALL(other, 0, FFA_VERSION, FFA_VERSION_1_1);
        }
        if (how_far > 1) {
            CALL(other, 0, FFA_ID_GET);
        }
        if (how_far > 2) {
            vm_map(other, 1);
        }
        assert_int_equal(list_count(viewer, NULL), how_far > 1 ? 2 : 1);
        parley_status(the_parley(), &status);
        assert_int_equal(status.vms, 2);
        posix_events_clear();
        vm_off(other);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_DESTROYED), 1);
        assert_int_equal(list_count(viewer, NULL), 1);
        assert_false(is_listed(viewer, 2));
        parley_status(the_parley(), &status);
        assert_int_equal(status.vms, 1);
    }
}

SECTION(museum_lifetime, TEST(C3_ctx_freed_before_undo_on_create_fail),
        TEST(C5_teardown_unmap_failure_no_retry), TEST(C7_ctx_freed_under_lookup),
        TEST(C9_lookup_needs_live_and_negotiated), TEST(C11_refcount_resurrect),
        TEST(C12_inc_map_skipped), TEST(C15_vcpu_struct_reused), TEST(C17_tlbi_before_reuse),
        TEST(C18_teardown_vs_negotiation))
