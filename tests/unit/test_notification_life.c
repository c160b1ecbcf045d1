/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bitmap that the SPMC keeps for a VM: made before the VM runs, and at its end drained, unbound
 * and taken back.
 */
#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "notify.h"
#include "scripted.h"

#define VM       1u
#define VCPUS    3u
#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID

static struct posix_vm *make(uint32_t properties, uint8_t rights)
{
    struct parley_vm_config config = rig_friend_config(VM);

    config.vcpus = VCPUS;
    config.properties &= properties;
    config.secure_rights = rights;
    return rig_vm(&config);
}

static unsigned int count_of(uint32_t fid)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        count += posix_smc_at(i)->call.x[0] == fid;
    }
    return count;
}

/* --- Made ------------------------------------------------------------------------------------- */

struct need_row {
    uint32_t without; /* this property */
    uint8_t rights;
    bool needs;
};

static const struct need_row need_rows[] = {
    {0, PARLEY_MAY_ALL, true},
    {FFA_PARTITION_NOTIFICATION_RECV, PARLEY_MAY_ALL, false},
    {0, 0, false},
    {FFA_PARTITION_INDIRECT_MSG, PARLEY_MAY_DISCOVER | PARLEY_MAY_NOTIFY, true},
};

static void test_who_needs_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(need_rows); i++) {
        rig_start(&posix_spmc_1_2);
        posix_smc_clear();
        make(~need_rows[i].without, need_rows[i].rights);
        assert_int_equal(posix_spmc_has_bitmap_of(VM), need_rows[i].needs);
        assert_int_equal(count_of(FFA_NOTIFICATION_BITMAP_CREATE), need_rows[i].needs ? 1 : 0);
        assert_true(rig_stop());
        assert_int_equal(count_of(FFA_NOTIFICATION_BITMAP_DESTROY), need_rows[i].needs ? 1 : 0);
    }
}

/* Before the VM runs, and with as many vCPUs as it can have. */
static void test_what_is_asked(void **state)
{
    struct script script = {.fid = FFA_NOTIFICATION_BITMAP_CREATE};

    (void)state;
    rig_start(&posix_spmc_1_2);
    script_answer(&script, (struct parley_regs){{FFA_SUCCESS_32}});
    script_begin(&script);
    posix_events_clear();
    make(~0u, PARLEY_MAY_ALL);
    assert_int_equal(script.asked, 1);
    assert_int_equal(script.call[0].x[1], VM);
    assert_int_equal(script.call[0].x[2], VCPUS);
    for (unsigned int i = 3; i < FFA_REGS_MAX; i++) {
        assert_int_equal(script.call[0].x[i], 0);
    }
    script_answer(&script, (struct parley_regs){{FFA_SUCCESS_32}});
    posix_smc_replace(NULL, NULL);
    /* The SPMC was not asked in truth. */
    struct script end = {.fid = FFA_NOTIFICATION_BITMAP_DESTROY};
    script_answer(&end, (struct parley_regs){{FFA_SUCCESS_32}});
    script_begin(&end);
    assert_true(rig_stop());
    assert_int_equal(end.asked, 1);
    assert_int_equal(end.call[0].x[1], VM);
    for (unsigned int i = 2; i < FFA_REGS_MAX; i++) {
        assert_int_equal(end.call[0].x[i], 0);
    }
}

static const struct parley_regs refusals[] = {
    {{FFA_ERROR, 0, (uint32_t)FFA_NOT_SUPPORTED}},
    {{FFA_ERROR, 0, (uint32_t)FFA_NO_MEMORY}},
    {{FFA_ERROR, 0, (uint32_t)FFA_DENIED}},
    {{FFA_ERROR}},
    {{FFA_INTERRUPT}},
    {{UINT64_MAX}},
};

/* The VM does without: notifications of VMs work, those of partitions do not. */
static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct script script = {.fid = FFA_NOTIFICATION_BITMAP_CREATE, .w1 = VM};
        struct parley_event event;
        struct posix_vm *vm;
        struct posix_vm *other;

        rig_start(&posix_spmc_1_2);
        script_answer(&script, refusals[i]);
        script_begin(&script);
        posix_events_clear();
        vm = make(~0u, PARLEY_MAY_ALL);
        posix_smc_replace(NULL, NULL);
        assert_true(posix_event_last(PARLEY_EVENT_SPMC_REFUSED, &event));
        assert_int_equal(event.vm_id, VM);
        assert_int_equal(event.fid, FFA_NOTIFICATION_BITMAP_CREATE);
        settle(vm, FFA_VERSION_1_1);
        other = rig_friend(2, FFA_VERSION_1_1);
        posix_smc_clear();
        assert_int_equal(bind(vm, NOTIFIER, 0, 1), FFA_DENIED);
        assert_int_equal(bind(vm, 2, 0, 1), FFA_OK);
        assert_int_equal(set(other, VM, 0, 1), FFA_OK);
        assert_true(get(vm, 0, GET_ALL).vms == 1);
        assert_int_equal(posix_smc_count(), 0);
        assert_int_equal(set(vm, ECHO, 0, 1), FFA_DENIED); /* says the SPMC: it is not bound */
        posix_smc_clear();
        rig_vm_end(vm);
        assert_int_equal(count_of(FFA_NOTIFICATION_BITMAP_DESTROY), 0);
        assert_true(rig_stop());
    }
}

/* --- Taken back ------------------------------------------------------------------------------- */

static void sp_sets(struct posix_vm *by, uint16_t partition, uint64_t flags, uint64_t bitmap)
{
    struct answer answer = CALL(by, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(id_of(by), partition),
                                0, COMMAND_NOTIFY, VM, flags, (uint32_t)bitmap, bitmap >> 32);

    assert_int_equal(answer.regs.x[3], FFA_OK);
}

static struct posix_vm *make_with_everything_pending(void)
{
    struct posix_vm *vm = make(~0u, PARLEY_MAY_ALL);

    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    assert_int_equal(bind(vm, NOTIFIER, 0, 0x8000000000000001), FFA_OK);
    assert_int_equal(bind(vm, NOTIFIER, PER_VCPU, 0xf0), FFA_OK);
    assert_int_equal(bind(vm, ECHO, 0, 0x100), FFA_OK);
    sp_sets(vm, NOTIFIER, 0, 1);
    for (unsigned int i = 0; i < VCPUS; i++) {
        sp_sets(vm, NOTIFIER, TO_VCPU(i), 0x10ull << i);
    }
    sp_sets(vm, ECHO, 0, 0x100);
    assert_int_equal(CALL(vm, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(VM, ECHO), 0,
                          COMMAND_MESSAGE_SEND, VM, 10, 1)
                         .regs.x[3],
                     FFA_OK);
    return vm;
}

/* Drained, unbound, and taken back, in steps: the reference SPMC insists on the order. */
static void test_at_the_end(void **state)
{
    (void)state;
    for (unsigned int reset = 0; reset < 2; reset++) {
        struct posix_vm *vm;

        rig_start(&posix_spmc_1_2);
        vm = make_with_everything_pending();
        posix_smc_clear();
        if (reset != 0) {
            posix_vm_reset(vm);
            assert_true(posix_spmc_has_bitmap_of(VM));
            settle(vm, FFA_VERSION_1_2);
            for (unsigned int i = 0; i < VCPUS; i++) {
                assert_true(get(vm, i, GET_ALL).secure == 0);
            }
            assert_int_equal(bind(vm, ECHO, 0, UINT64_MAX), FFA_OK);
        } else {
            rig_vm_end(vm);
            assert_false(posix_spmc_has_bitmap_of(VM));
        }
        assert_int_equal(count_of(FFA_NOTIFICATION_UNBIND), 2); /* one for each partition */
        assert_int_equal(count_of(FFA_NOTIFICATION_BITMAP_DESTROY), 1);
        assert_true(rig_stop());
    }
}

/* What the VM has unbound itself is not unbound again. */
static void test_nothing_bound(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = make(~0u, PARLEY_MAY_ALL);
    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(bind(vm, NOTIFIER, 0, 0xff), FFA_OK);
    assert_int_equal(bind(vm, ECHO, 0, 0xf), FFA_DENIED);
    assert_int_equal(unbind(vm, NOTIFIER, 0xff), FFA_OK);
    assert_int_equal(unbind(vm, NOTIFIER, 1), FFA_DENIED);
    posix_smc_clear();
    rig_vm_end(vm);
    assert_int_equal(count_of(FFA_NOTIFICATION_UNBIND), 0);
    assert_int_equal(count_of(FFA_NOTIFICATION_BITMAP_DESTROY), 1);
}

/* Something is set between draining and unbinding: it is drained once more. */
static void test_set_in_between(void **state)
{
    struct posix_vm *vm;
    struct posix_vm *other;
    enum parley_progress progress;
    bool is_set = false;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = make_with_everything_pending();
    other = rig_friend(2, FFA_VERSION_1_2);
    posix_smc_clear();
    progress = parley_vm_destroy(posix_vm_parley(vm));
    while (progress == PARLEY_AGAIN) {
        if (!is_set && count_of(FFA_NOTIFICATION_GET) == VCPUS) {
            sp_sets(other, NOTIFIER, 0, 1);
            is_set = true;
        }
        progress = parley_vm_continue(posix_vm_parley(vm));
    }
    assert_true(is_set);
    assert_int_equal(progress, PARLEY_DONE);
    posix_vm_forget(vm);
    assert_false(posix_spmc_has_bitmap_of(VM));
}

/* --- Not given back --------------------------------------------------------------------------- */

static void test_not_given_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct script script = {.fid = FFA_NOTIFICATION_BITMAP_DESTROY, .w1 = VM};
        struct parley_vm_config config = rig_friend_config(VM);
        enum parley_progress progress;
        struct parley *parley;
        struct posix_vm *vm;
        unsigned int steps = 0;

        rig_start(&posix_spmc_1_2);
        parley = rig_parley();
        vm = make(~0u, PARLEY_MAY_ALL);
        script_answer(&script, refusals[i]);
        script_begin(&script);
        progress = parley_vm_destroy(posix_vm_parley(vm));
        while (progress == PARLEY_AGAIN) {
            unsigned int smcs = posix_smc_count();

            progress = parley_vm_continue(posix_vm_parley(vm));
            assert_true(posix_smc_count() - smcs <= 1);
            assert_true(++steps < 10000);
        }
        assert_int_equal(progress, PARLEY_QUARANTINED);
        assert_true(script.asked <= 100);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_QUARANTINED), 1);
        posix_vm_forget(vm);
        assert_int_equal(posix_vm_create(vm, parley, &config), PARLEY_REFUSED_ID_USED);
        posix_smc_replace(NULL, NULL);
        do {
            progress = parley_quarantine_retry(parley, VM);
        } while (progress == PARLEY_AGAIN);
        assert_int_equal(progress, PARLEY_DONE);
        assert_false(posix_spmc_has_bitmap_of(VM));
        assert_int_equal(posix_vm_create(vm, parley, &config), PARLEY_DONE);
        assert_true(rig_stop());
    }
}

/* Refused for a while, and then given back. */
static void test_given_back_late(void **state)
{
    struct script script = {.fid = FFA_NOTIFICATION_BITMAP_DESTROY, .w1 = VM};
    enum parley_progress progress;
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = make_with_everything_pending();
    script_answer(&script, script_error(FFA_DENIED));
    script_begin(&script);
    progress = parley_vm_destroy(posix_vm_parley(vm));
    while (progress == PARLEY_AGAIN && script.asked < 20) {
        progress = parley_vm_continue(posix_vm_parley(vm));
    }
    assert_int_equal(progress, PARLEY_AGAIN);
    posix_smc_replace(NULL, NULL);
    assert_int_equal(posix_vm_go_on(vm, progress), PARLEY_DONE);
    posix_vm_forget(vm);
    assert_false(posix_spmc_has_bitmap_of(VM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_who_needs_one),  RIG_TEST(test_what_is_asked),
        RIG_TEST(test_refused),        RIG_TEST(test_at_the_end),
        RIG_TEST(test_nothing_bound),  RIG_TEST(test_set_in_between),
        RIG_TEST(test_not_given_back), RIG_TEST(test_given_back_late),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
