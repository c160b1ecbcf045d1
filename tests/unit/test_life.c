/* SPDX-License-Identifier: BSD-3-Clause */
/* Lives: reset, destruction, an ID that is used again, and the steps between. */
#include <string.h>

#include "unit.h"

static const struct parley_peer sees_1[] = {{.id = 1, .rights = PARLEY_MAY_DISCOVER}};

static struct posix_vm *observer(void)
{
    struct posix_vm *vm =
        rig_vm(&(struct parley_vm_config){.id = 2, .peers = sees_1, .peer_count = 1});

    settle(vm, FFA_VERSION_1_2);
    return vm;
}

static bool sees(struct posix_vm *vm, uint16_t id)
{
    struct list list = list_by_registers(vm, &nil_uuid);

    return list_find(&list, id) < list.count;
}

static void test_reset_begins_anew(void **state)
{
    struct parley_vm_status status;
    struct posix_vm *vm;
    uint32_t generation;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1, .vcpus = 3});
    generation = rig_vm_status(vm).generation;
    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(vm, 4).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
    assert_int_equal(posix_vm_pins(vm), 8);

    posix_vm_reset(vm);
    status = rig_vm_status(vm);
    assert_int_equal(status.version, 0);
    assert_int_equal(status.rx, PARLEY_RX_UNMAPPED);
    assert_int_equal(status.generation, generation + 1);
    assert_false(status.dying);
    assert_int_equal(posix_vm_pins(vm), 0);

    /* Nothing is negotiated, not even proposed; the next version may be another. */
    assert_int_equal(CALL(vm, FFA_ID_GET).status, FFA_NOT_SUPPORTED);
    assert_int_equal(rig_vm_status(vm).version, 0);
    settle(vm, FFA_VERSION_1_0);
    assert_int_equal(CALL(vm, FFA_ID_GET).regs.x[2], 1);
    assert_int_equal(map_buffers(vm, 4).status, FFA_OK);
}

/* A proposal does not outlive the life it was made in. */
static void test_reset_forgets_a_proposal(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    ask_version(vm, FFA_VERSION_1_1);
    posix_vm_reset(vm);
    assert_int_equal(CALL(vm, FFA_ID_GET).status, FFA_NOT_SUPPORTED);
    assert_int_equal(rig_vm_status(vm).version, 0);
}

static void test_reset_keeps_configuration(void **state)
{
    struct ffa_uuid uuid = unit_uuid(3);
    struct posix_vm *other;
    struct posix_vm *vm;
    struct list list;

    (void)state;
    rig_start(NULL);
    other = observer();
    vm = rig_vm(&(struct parley_vm_config){
        .id = 1, .vcpus = 3, .rxtx_pages_max = 2, .uuids = &uuid, .uuid_count = 1});
    for (unsigned int life = 0; life < 3; life++) {
        settle(vm, FFA_VERSION_1_2);
        list = list_by_registers(other, &uuid);
        assert_int_equal(list.status, FFA_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.entry[0].id, 1);
        assert_int_equal(list.entry[0].contexts, 3);
        assert_int_equal(map_buffers(vm, 3).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
        assert_false(sees(vm, 2));
        posix_vm_reset(vm);
    }
}

/* The width is asked for in each life: firmware may start the next kernel in another one. */
static void test_width_is_that_of_the_life(void **state)
{
    struct posix_vm *other;
    struct posix_vm *vm;
    struct list list;

    (void)state;
    rig_start(NULL);
    other = observer();
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    posix_vm_set_aarch64(vm, false);
    settle(vm, FFA_VERSION_1_2);
    list = list_by_registers(other, &nil_uuid);
    assert_int_equal(list.entry[list_find(&list, 1)].properties & FFA_PARTITION_AARCH64, 0);
    assert_int_equal(CALL(vm, FFA_RXTX_MAP_64, 0, 0, 0).status, FFA_NOT_SUPPORTED);

    posix_vm_reset(vm);
    posix_vm_set_aarch64(vm, true);
    settle(vm, FFA_VERSION_1_2);
    list = list_by_registers(other, &nil_uuid);
    assert_int_equal(list.entry[list_find(&list, 1)].properties & FFA_PARTITION_AARCH64,
                     FFA_PARTITION_AARCH64);
    assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
}

/* Whoever lists in pieces learns that the list is another one. */
static void test_lives_change_the_tag(void **state)
{
    struct posix_vm *other;
    struct posix_vm *vm;
    uint16_t tag;

    (void)state;
    rig_start(NULL);
    other = observer();
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    settle(vm, FFA_VERSION_1_2);
    tag = list_by_registers(other, &nil_uuid).tag;
    assert_int_equal(list_by_registers(other, &nil_uuid).tag, tag);
    assert_int_equal(
        CALL(other, FFA_PARTITION_INFO_GET_REGS, 0, 0, ffa_info_regs_in_make(1, tag)).status,
        FFA_OK);
    posix_vm_reset(vm);
    assert_int_not_equal(list_by_registers(other, &nil_uuid).tag, tag);
    settle(vm, FFA_VERSION_1_2);
    assert_int_not_equal(list_by_registers(other, &nil_uuid).tag, tag);
    assert_int_equal(
        CALL(other, FFA_PARTITION_INFO_GET_REGS, 0, 0, ffa_info_regs_in_make(1, tag)).status,
        FFA_RETRY);
}

static void test_id_is_used_again(void **state)
{
    struct parley_vm_config config = rig_vm_config(1);
    struct posix_vm *other;
    struct posix_vm *vm;
    uint32_t generation = 0;

    (void)state;
    rig_start(NULL);
    other = observer();
    for (unsigned int life = 0; life < 50; life++) {
        vm = rig_vm(&config);
        assert_int_equal(rig_status().vms, 2);
        if (life > 0) {
            assert_int_equal(rig_vm_status(vm).generation, generation + 1);
        }
        generation = rig_vm_status(vm).generation;
        assert_int_equal(rig_vm_status(vm).counters.calls, 0);
        assert_false(sees(other, 1));
        settle(vm, FFA_VERSION_1_0 + life % 3);
        assert_true(sees(other, 1));
        assert_int_equal(map_buffers(vm, 1 + life % 4).status, FFA_OK);
        rig_vm_end(vm);
        assert_false(sees(other, 1));
        assert_int_equal(rig_status().vms, 1);
        assert_int_equal(posix_pins(), 0);
    }
}

/* Nothing that the last owner of an ID had is left to the next one. */
static void test_next_owner_inherits_nothing(void **state)
{
    static const struct parley_peer sees_2[] = {{.id = 2, .rights = PARLEY_MAY_ALL}};
    struct ffa_uuid uuid = unit_uuid(3);
    struct posix_vm *other;
    struct posix_vm *vm;
    struct list list;

    (void)state;
    rig_start(&posix_spmc_1_2);
    other = observer();
    vm = rig_vm(&(struct parley_vm_config){.id = 1,
                                           .vcpus = 4,
                                           .uuids = &uuid,
                                           .uuid_count = 1,
                                           .peers = sees_2,
                                           .peer_count = 1,
                                           .secure_rights = PARLEY_MAY_ALL,
                                           .rxtx_pages_max = 8});
    settle(vm, FFA_VERSION_1_2);
    rig_vm_end(vm);

    vm = rig_vm(&(struct parley_vm_config){.id = 1, .vcpus = 1, .rxtx_pages_max = 1});
    settle(vm, FFA_VERSION_1_2);
    list = list_by_registers(vm, &nil_uuid);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.entry[0].id, 1);
    assert_int_equal(list.entry[0].contexts, 1);
    assert_true(ffa_uuid_is_nil(&list.entry[0].uuid));
    assert_int_equal(list_by_registers(other, &uuid).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(map_buffers(vm, 2).status, FFA_INVALID_PARAMETERS);
}

/* --- Steps ------------------------------------------------------------------------------------ */

/*
 * Another VM looks at the VM 1 while that is being reset or destroyed. What was begun meanwhile
 * ends with PARLEY_AGAIN, and goes on when nobody looks any more.
 */
struct interruption {
    struct posix_vm *vm;
    bool reset;
    bool destroy;
    unsigned int acts;
};

static void interrupt(void *context)
{
    struct interruption *interruption = context;
    struct parley_vm *vm = posix_vm_parley(interruption->vm);

    interruption->acts++;
    if (interruption->reset) {
        assert_int_equal(parley_vm_reset(vm), PARLEY_AGAIN);
        assert_int_equal(parley_vm_continue(vm), PARLEY_AGAIN);
    }
    if (interruption->destroy) {
        assert_int_equal(parley_vm_destroy(vm), PARLEY_AGAIN);
        assert_int_equal(parley_vm_continue(vm), PARLEY_AGAIN);
    }
    assert_true(rig_vm_status(interruption->vm).dying);
}

/* Lists, and has that happen in the middle of it. */
static void list_interrupted(struct posix_vm *other, struct interruption *interruption)
{
    interruption->acts = 0;
    posix_meanwhile(interrupt, interruption);
    assert_true(sees(other, 1)); /* it was there when it was looked at */
    assert_int_equal(interruption->acts, 1);
}

static struct posix_vm *vm_with_buffers(void)
{
    struct posix_vm *vm = rig_vm(&(struct parley_vm_config){.id = 1, .rxtx_pages_max = 8});

    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(vm, 8).status, FFA_OK);
    assert_int_equal(posix_vm_pins(vm), 16);
    return vm;
}

/* Until the end has come, nobody sees the VM, and nobody may take its place. */
static void assert_ending(struct posix_vm *vm, struct posix_vm *other)
{
    struct parley_vm_config config = rig_vm_config(1);
    struct posix_vm *second = rig_ram(true);

    assert_false(sees(other, 1));
    assert_true(rig_vm_status(vm).dying);
    assert_int_equal(rig_status().vms, 2);
    assert_int_equal(posix_vm_create(second, rig_parley(), &config), PARLEY_REFUSED_ID_USED);
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_REFUSED_VMS_LEFT);
    rig_vm_end(second);
}

static void test_steps_of_a_reset(void **state)
{
    struct posix_vm *other;
    struct posix_vm *vm;
    uint32_t generation;

    (void)state;
    rig_start(NULL);
    other = observer();
    vm = vm_with_buffers();
    generation = rig_vm_status(vm).generation;
    list_interrupted(other, &(struct interruption){.vm = vm, .reset = true});
    assert_ending(vm, other);
    assert_int_equal(parley_vm_continue(posix_vm_parley(vm)), PARLEY_DONE);
    assert_false(rig_vm_status(vm).dying);
    assert_int_equal(rig_vm_status(vm).generation, generation + 1);
    assert_int_equal(posix_pins(), 0);
    assert_int_equal(parley_vm_continue(posix_vm_parley(vm)), PARLEY_DONE);
    settle(vm, FFA_VERSION_1_1);
    assert_true(sees(other, 1));
}

static void test_steps_of_a_destruction(void **state)
{
    struct posix_vm *other;
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    other = observer();
    vm = vm_with_buffers();
    list_interrupted(other, &(struct interruption){.vm = vm, .destroy = true});
    assert_ending(vm, other);
    assert_int_equal(parley_vm_continue(posix_vm_parley(vm)), PARLEY_DONE);
    posix_vm_forget(vm);
    assert_int_equal(rig_status().vms, 1);
    assert_int_equal(posix_pins(), 0);
    assert_false(sees(other, 1));
}

/* A destruction turns the reset that is under way into the end. */
static void test_destruction_during_a_reset(void **state)
{
    struct posix_vm *other;
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    other = observer();
    for (unsigned int late = 0; late < 2; late++) {
        vm = vm_with_buffers();
        list_interrupted(other,
                         &(struct interruption){.vm = vm, .reset = true, .destroy = late == 0});
        assert_ending(vm, other);
        posix_events_clear();
        posix_vm_destroy(vm);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_RESET), 0);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_DESTROYED), 1);
        assert_int_equal(rig_status().vms, 1);
        rig_vm_end(vm);
        settle(rig_vm(&(struct parley_vm_config){.id = 1}), FFA_VERSION_1_2);
        assert_true(sees(other, 1));
        if (late == 0) {
            rig_start(NULL);
            other = observer();
        }
    }
}

static void test_nothing_under_way(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    assert_int_equal(parley_vm_continue(posix_vm_parley(vm)), PARLEY_DONE);
    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(parley_vm_continue(posix_vm_parley(vm)), PARLEY_DONE);
    assert_int_equal(rig_vm_status(vm).version, FFA_VERSION_1_2);
}

/* --- Whatever the VM was doing ---------------------------------------------------------------- */

static void nothing(struct posix_vm *vm)
{
    (void)vm;
}

static void proposed(struct posix_vm *vm)
{
    ask_version(vm, FFA_VERSION_1_1);
}

static void final(struct posix_vm *vm)
{
    settle(vm, FFA_VERSION_1_1);
}

static void mapped(struct posix_vm *vm)
{
    settle(vm, FFA_VERSION_1_1);
    assert_int_equal(map_buffers(vm, 4).status, FFA_OK);
}

static void full(struct posix_vm *vm)
{
    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(vm, 4).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0).status, FFA_OK);
}

static void unmapped(struct posix_vm *vm)
{
    mapped(vm);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
}

static void (*const doings[])(struct posix_vm *vm) = {nothing, proposed, final,
                                                      mapped,  full,     unmapped};

static void test_every_state_can_be_reset_and_ended(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_1);
    for (size_t i = 0; i < COUNT(doings); i++) {
        for (size_t j = 0; j < COUNT(doings); j++) {
            vm = rig_vm(&(struct parley_vm_config){.id = 1});
            doings[i](vm);
            posix_vm_reset(vm);
            doings[j](vm);
            rig_vm_end(vm);
            assert_int_equal(posix_pins(), 0);
        }
    }
}

/* Destroying is telling: one event for each step of a life. */
static void test_lives_are_told(void **state)
{
    struct parley_event event;
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    posix_events_clear();
    vm = rig_vm(&(struct parley_vm_config){.id = 7});
    ask_version(vm, FFA_VERSION_1_1);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VERSION_FINAL), 0);
    CALL_ON(vm, 1, FFA_ID_GET);
    assert_true(posix_event_last(PARLEY_EVENT_VERSION_FINAL, &event));
    assert_int_equal(event.vm_id, 7);
    assert_int_equal(event.vcpu, 1);
    assert_int_equal(event.fid, FFA_ID_GET);
    assert_int_equal(event.value, FFA_VERSION_1_1);
    posix_vm_reset(vm);
    assert_true(posix_event_last(PARLEY_EVENT_VM_RESET, &event));
    assert_int_equal(event.vm_id, 7);
    rig_vm_end(vm);
    assert_true(posix_event_last(PARLEY_EVENT_VM_DESTROYED, &event));
    assert_int_equal(event.vm_id, 7);
    assert_int_equal(posix_event_total(), 4);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_reset_begins_anew),
        RIG_TEST(test_reset_forgets_a_proposal),
        RIG_TEST(test_reset_keeps_configuration),
        RIG_TEST(test_width_is_that_of_the_life),
        RIG_TEST(test_lives_change_the_tag),
        RIG_TEST(test_id_is_used_again),
        RIG_TEST(test_next_owner_inherits_nothing),
        RIG_TEST(test_steps_of_a_reset),
        RIG_TEST(test_steps_of_a_destruction),
        RIG_TEST(test_destruction_during_a_reset),
        RIG_TEST(test_nothing_under_way),
        RIG_TEST(test_every_state_can_be_reset_and_ended),
        RIG_TEST(test_lives_are_told),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
