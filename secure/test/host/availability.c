/* SPDX-License-Identifier: BSD-3-Clause */
/* VM_CREATED and VM_DESTROYED. */
#include "world.h"

#define NOTIFIER PARTITION_NOTIFIER_ID
#define REFUSER  PARTITION_REFUSER_ID

#define CREATED   FFA_FRAMEWORK_VM_CREATED_REQ
#define DESTROYED FFA_FRAMEWORK_VM_DESTROYED_REQ

static struct regs tell(struct world *world, uint32_t fid, uint16_t partition, uint32_t type,
                        uint16_t vm)
{
    return call_with(world,
                     (struct regs){{fid, ffa_ids_make(0, partition), FFA_DIRECT_FRAMEWORK(type),
                                    0xffffffff, 0xffffffff, vm}});
}

/* The status that a partition answers with, when it comes to an end. */
static int32_t told(struct world *world, uint16_t partition, uint32_t type, uint16_t vm)
{
    const struct regs regs =
        insist(world, tell(world, FFA_MSG_SEND_DIRECT_REQ_32, partition, type, vm));

    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(regs.x[1], ffa_ids_make(partition, 0));
    assert_int_equal(regs.x[2], FFA_DIRECT_FRAMEWORK(type + 1));
    assert_zero(&regs, 4, 7);
    return (int32_t)regs.x[3];
}

static uint32_t vm_state(struct world *world, uint16_t partition, uint16_t vm)
{
    const struct regs regs = ask(world, partition, COMMAND_VM_STATE, vm, 0, 0, 0);

    return word(&regs, 1);
}

static void test_life(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_1);
    for (int life = 0; life < 3; life++) {
        assert_int_equal(vm_state(&world, NOTIFIER, VM), COMMAND_VM_UNAVAILABLE);
        assert_int_equal(told(&world, NOTIFIER, CREATED, VM), FFA_OK);
        assert_int_equal(told(&world, NOTIFIER, CREATED, OTHER_VM), FFA_OK);
        assert_int_equal(vm_state(&world, NOTIFIER, VM), COMMAND_VM_AVAILABLE);
        assert_int_equal(told(&world, NOTIFIER, DESTROYED, VM), FFA_OK);
        assert_int_equal(vm_state(&world, NOTIFIER, OTHER_VM), COMMAND_VM_AVAILABLE);
        assert_int_equal(told(&world, NOTIFIER, DESTROYED, OTHER_VM), FFA_OK);
    }
}

static void test_error_is_for_ever(void **state)
{
    static const uint32_t second[] = {CREATED, DESTROYED};
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(told(&world, NOTIFIER, CREATED, VM), FFA_OK);
    assert_int_equal(told(&world, NOTIFIER, CREATED, VM), FFA_INVALID_PARAMETERS);
    assert_int_equal(told(&world, NOTIFIER, DESTROYED, OTHER_VM), FFA_INVALID_PARAMETERS);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(told(&world, NOTIFIER, second[i], VM), FFA_INVALID_PARAMETERS);
        assert_int_equal(told(&world, NOTIFIER, second[i], OTHER_VM), FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(vm_state(&world, NOTIFIER, VM), COMMAND_VM_ERROR);
    assert_int_equal(told(&world, NOTIFIER, CREATED, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(told(&world, NOTIFIER, CREATED, 0x8001), FFA_INVALID_PARAMETERS);
}

static void test_in_64_bits(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = tell(&world, FFA_MSG_SEND_DIRECT_REQ_64, NOTIFIER, CREATED, VM);
    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_64);
    assert_int_equal(regs.x[2], FFA_DIRECT_FRAMEWORK(CREATED + 1));
    assert_int_equal(regs.x[3], FFA_OK);
}

static void test_many_vms(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    for (uint16_t vm = 1; vm <= AGENT_VMS_MAX; vm++) {
        assert_int_equal(told(&world, NOTIFIER, CREATED, vm), FFA_OK);
    }
    assert_int_equal(told(&world, NOTIFIER, CREATED, AGENT_VMS_MAX + 1), FFA_DENIED);
    assert_int_equal(told(&world, NOTIFIER, DESTROYED, 5), FFA_OK);
    assert_int_equal(told(&world, NOTIFIER, CREATED, AGENT_VMS_MAX + 1), FFA_OK);
}

/* It is interrupted, it yields, it asks for patience, and in the end it refuses one VM. */
static void test_refuser(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree_with(&world, FFA_VERSION_1_2, secure_partitions, PARTITION_COUNT_MORE);
    regs = tell(&world, FFA_MSG_SEND_DIRECT_REQ_32, REFUSER, CREATED, VM);
    assert_target(&regs, FFA_INTERRUPT, REFUSER, 0);
    regs = run(&world, REFUSER, 0);
    assert_target(&regs, FFA_YIELD, REFUSER, 0);
    regs = run(&world, REFUSER, 0);
    assert_int_equal(regs.x[3], (uint32_t)FFA_RETRY);
    assert_int_equal(vm_state(&world, REFUSER, VM), COMMAND_VM_UNAVAILABLE);
    assert_int_equal(told(&world, REFUSER, CREATED, VM), FFA_RETRY);
    assert_int_equal(told(&world, REFUSER, CREATED, VM), FFA_OK);
    assert_int_equal(told(&world, REFUSER, CREATED, PARTITION_REFUSED_VM), FFA_DENIED);
    assert_int_equal(vm_state(&world, REFUSER, PARTITION_REFUSED_VM), COMMAND_VM_UNAVAILABLE);
    assert_int_equal(told(&world, REFUSER, DESTROYED, VM), FFA_OK);
}

static void test_stalls_for_ever(void **state)
{
    static const struct agent_settings settings = {.stalls = AGENT_FOR_EVER,
                                                   .stall_status = FFA_INTERRUPTED};
    struct spmc_partition partition = secure_partitions[1];
    static struct world world;

    (void)state;
    partition.settings = &settings;
    world_agree_with(&world, FFA_VERSION_1_2, &partition, 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(told(&world, NOTIFIER, CREATED, VM), FFA_INTERRUPTED);
    }
}

int run_availability_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),       cmocka_unit_test(test_error_is_for_ever),
        cmocka_unit_test(test_in_64_bits), cmocka_unit_test(test_many_vms),
        cmocka_unit_test(test_refuser),    cmocka_unit_test(test_stalls_for_ever),
    };

    return cmocka_run_group_tests_name("availability of VMs", tests, NULL, NULL);
}
