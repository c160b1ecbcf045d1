/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VM availability messages: who is told of a VM's beginning and end, with what; and that a VM does
 * not see who refuses it.
 */
#include "told.h"

/* --- What is sent ----------------------------------------------------------------------------- */

static void test_the_messages(void **state)
{
    struct script script = script_of(NOTIFIER);
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    script_answer(&script, response(CREATED_RESP, FFA_OK));
    script_answer(&script, response(DESTROYED_RESP, FFA_OK));
    script_begin(&script);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    assert_true(is_notifier_visible(vm));
    rig_vm_end(vm);
    assert_int_equal(script.asked, 2);
    for (unsigned int i = 0; i < 2; i++) {
        const uint64_t *x = script.call[i].x;

        assert_int_equal(x[0], REQUEST);
        assert_int_equal(x[1], NOTIFIER);
        assert_int_equal(x[2], i == 0 ? CREATED : DESTROYED);
        assert_int_equal(x[3], 0xffffffff);
        assert_int_equal(x[4], 0xffffffff);
        assert_int_equal(x[5], VM);
        for (unsigned int j = 6; j < FFA_REGS_MAX; j++) {
            assert_int_equal(x[j], 0);
        }
    }
    posix_smc_replace(NULL, NULL);
}

/* The partition itself agrees, through resets and more lives. */
static void test_in_truth(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    for (unsigned int i = 1; i < 5; i++) {
        struct answer answer =
            CALL(vm, REQUEST, ffa_ids_make(VM, NOTIFIER), 0, COMMAND_VM_STATE, VM);

        assert_int_equal(answer.regs.x[4], COMMAND_VM_AVAILABLE);
        assert_int_equal(told(NOTIFIER, CREATED), i);
        assert_int_equal(told(NOTIFIER, DESTROYED), i - 1);
        if (i % 2 == 0) {
            posix_vm_reset(vm);
            settle(vm, FFA_VERSION_1_2);
        } else {
            rig_vm_end(vm);
            vm = rig_friend(VM, FFA_VERSION_1_2);
        }
    }
    assert_int_equal(told(PARTITION_ECHO_ID, CREATED), 0);
    assert_int_equal(told(PARTITION_TRIO_ID, CREATED), 0);
}

/* A VM to which the Secure world is closed is none of its business. */
static void test_vm_without_rights(void **state)
{
    struct parley_vm_config config = rig_friend_config(VM);

    (void)state;
    rig_start(&posix_spmc_1_2);
    posix_smc_clear();
    config.secure_rights = 0;
    rig_vm_end(rig_vm(&config));
    assert_int_equal(posix_smc_count(), 0);
}

/* --- Who is told ------------------------------------------------------------------------------ */

/* Once for a partition, however many UUIDs it has. */
static void test_three_uuids(void **state)
{
    static const uint32_t properties[] = {BOTH};
    static struct ffa_uuid uuids[3];
    static struct spmc_partition partition;
    struct spmc_config secure = with_partitions(properties, 1);
    struct posix_vm *vm;

    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        uuids[i] = unit_uuid(i);
    }
    uuids[0].bytes[0] = 1;
    partition = secure.partitions[0];
    partition.uuids = uuids;
    partition.uuid_count = 3;
    secure.partitions = &partition;
    rig_start(&secure);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    assert_int_equal(told(0x8001, CREATED), 1);
    assert_int_equal(list_count(vm, &nil_uuid), 4);
    rig_vm_end(vm);
    assert_int_equal(told(0x8001, DESTROYED), 1);
}

/* Partitions that take note of whatever they are told. */
static void acknowledge(void *context, struct parley_regs *regs)
{
    (void)context;
    if (regs->x[0] == REQUEST && regs->x[1] >> 16 == 0) {
        *regs = (struct parley_regs){{RESPONSE, regs->x[1] << 16, regs->x[2] + 1}};
        return;
    }
    posix_smc_secure_world(regs);
}

/* Each of those that subscribed, of what it subscribed to. */
static void test_subscriptions(void **state)
{
    static const uint32_t properties[] = {BOTH, FFA_PARTITION_VM_CREATED, 0,
                                          FFA_PARTITION_VM_DESTROYED, BOTH};
    struct spmc_config secure = with_partitions(properties, COUNT(properties));
    struct posix_vm *vm;

    (void)state;
    rig_start(&secure);
    posix_smc_replace(acknowledge, NULL);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    for (uint16_t i = 0; i < COUNT(properties); i++) {
        bool wants = (properties[i] & FFA_PARTITION_VM_CREATED) != 0;

        assert_int_equal(told((uint16_t)(0x8001 + i), CREATED), wants ? 1 : 0);
        assert_int_equal(told((uint16_t)(0x8001 + i), DESTROYED), 0);
    }
    assert_int_equal(list_count(vm, &nil_uuid), COUNT(properties) + 1);
    rig_vm_end(vm);
    for (uint16_t i = 0; i < COUNT(properties); i++) {
        bool wants = (properties[i] & FFA_PARTITION_VM_DESTROYED) != 0;

        assert_int_equal(told((uint16_t)(0x8001 + i), DESTROYED), wants ? 1 : 0);
    }
}

/* --- A partition that refuses ----------------------------------------------------------------- */

struct refusal_row {
    const char *what;
    struct parley_regs answer;
    int32_t status; /* that the operator is told */
};

static const struct refusal_row refusal_rows[] = {
    {"DENIED", {{RESPONSE, PAIR(NOTIFIER, 0), CREATED_RESP, (uint32_t)FFA_DENIED}}, FFA_DENIED},
    {"INVALID_PARAMETERS",
     {{RESPONSE, PAIR(NOTIFIER, 0), CREATED_RESP, (uint32_t)FFA_INVALID_PARAMETERS}},
     FFA_INVALID_PARAMETERS},
    {"NO_MEMORY",
     {{RESPONSE, PAIR(NOTIFIER, 0), CREATED_RESP, (uint32_t)FFA_NO_MEMORY}},
     FFA_NO_MEMORY},
    {"a status that is none", {{RESPONSE, PAIR(NOTIFIER, 0), CREATED_RESP, 1}}, FFA_ABORTED},
    {"another that is none",
     {{RESPONSE, PAIR(NOTIFIER, 0), CREATED_RESP, 0x80000000}},
     FFA_ABORTED},
    {"FFA_ERROR", {{FFA_ERROR, 0, (uint32_t)FFA_DENIED}}, FFA_DENIED},
    {"FFA_ERROR with nothing", {{FFA_ERROR}}, FFA_ABORTED},
    {"another response", {{RESPONSE, PAIR(NOTIFIER, 0), DESTROYED_RESP, 0}}, FFA_ABORTED},
    {"a partition message", {{RESPONSE, PAIR(NOTIFIER, 0), 0, 0}}, FFA_ABORTED},
    {"the message itself", {{RESPONSE, PAIR(NOTIFIER, 0), CREATED, 0}}, FFA_ABORTED},
    {"another's response", {{RESPONSE, PAIR(0x8001, 0), CREATED_RESP, 0}}, FFA_ABORTED},
    {"a response to a VM", {{RESPONSE, PAIR(NOTIFIER, VM), CREATED_RESP, 0}}, FFA_ABORTED},
    {"a response of 64 bits",
     {{FFA_MSG_SEND_DIRECT_RESP_64, PAIR(NOTIFIER, 0), CREATED_RESP, 0}},
     FFA_ABORTED},
    {"FFA_SUCCESS", {{FFA_SUCCESS_32}}, FFA_ABORTED},
    {"FFA_MSG_WAIT", {{FFA_MSG_WAIT, PAIR(NOTIFIER, 0)}}, FFA_ABORTED},
    {"not known", {{UINT64_MAX}}, FFA_ABORTED},
    {"interrupt of another", {{FFA_INTERRUPT, PAIR(0x8001, 0)}}, FFA_ABORTED},
    {"yield of a context that is none", {{FFA_YIELD, PAIR(NOTIFIER, 1)}}, FFA_ABORTED},
};

/* The VM runs, does not see it in any ABI, and it is not told of the end. */
static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusal_rows); i++) {
        struct script script = script_of(NOTIFIER);
        struct parley_event event;
        struct posix_vm *vm;

        rig_start(&posix_spmc_1_2);
        script_answer(&script, refusal_rows[i].answer);
        script_begin(&script);
        posix_events_clear();
        vm = rig_friend(VM, FFA_VERSION_1_2);
        assert_int_equal(script.asked, 1);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_REFUSED_BY_PARTITION), 1);
        assert_true(posix_event_last(PARLEY_EVENT_VM_REFUSED_BY_PARTITION, &event));
        assert_int_equal(event.vm_id, VM);
        assert_int_equal(event.value, NOTIFIER);
        if (event.status != refusal_rows[i].status) {
            fail_msg("%s: %d", refusal_rows[i].what, event.status);
        }
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_CREATED), 1);
        posix_smc_replace(NULL, NULL);
        assert_false(is_notifier_visible(vm));
        assert_true(is_visible(vm, PARTITION_ECHO_ID, secure_partitions[0].uuids[0]));
        rig_vm_end(vm);
        assert_int_equal(told(NOTIFIER, DESTROYED), 0);
        assert_true(rig_stop());
    }
}

/* In its next life the VM is another one. */
static void test_refused_once(void **state)
{
    struct script script = script_of(NOTIFIER);
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    script_answer(&script, response(CREATED_RESP, FFA_DENIED));
    script_begin(&script);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    posix_smc_replace(NULL, NULL);
    assert_false(is_notifier_visible(vm));
    posix_vm_reset(vm);
    settle(vm, FFA_VERSION_1_2);
    assert_true(is_notifier_visible(vm));
}

/* A partition that refuses one VM, after it has asked for patience in each way there is. */
static void test_refuser(void **state)
{
    struct spmc_config secure = posix_spmc_1_2;
    struct parley_config config = rig_default_config;
    struct posix_vm *other;
    struct list list;

    (void)state;
    secure.partition_count = PARTITION_COUNT_MORE;
    config.vms_max = PARTITION_REFUSED_VM;
    rig_start_with(&secure, &config);
    other = rig_vm(&(struct parley_vm_config){.id = VM, .secure_rights = PARLEY_MAY_ALL});
    settle(other, FFA_VERSION_1_2);
    list = list_by_registers(other, &nil_uuid);
    assert_true(list_find(&list, REFUSER) < list.count);
    other = rig_vm(
        &(struct parley_vm_config){.id = PARTITION_REFUSED_VM, .secure_rights = PARLEY_MAY_ALL});
    settle(other, FFA_VERSION_1_2);
    list = list_by_registers(other, &nil_uuid);
    assert_int_equal(list_find(&list, REFUSER), list.count);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VM_REFUSED_BY_PARTITION), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_the_messages), RIG_TEST(test_in_truth),      RIG_TEST(test_vm_without_rights),
        RIG_TEST(test_three_uuids),  RIG_TEST(test_subscriptions), RIG_TEST(test_refusals),
        RIG_TEST(test_refused_once), RIG_TEST(test_refuser),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
