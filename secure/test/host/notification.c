/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define TRIO     PARTITION_TRIO_ID
#define VCPUS    3u

#define FROM_ECHO ffa_ids_make(ECHO, VM)
#define TO_ECHO   ffa_ids_make(VM, ECHO)
#define PER_VCPU  FFA_NOTIFICATION_SET_PER_VCPU

static int32_t does(struct world *world, uint32_t fid, uint32_t w1, uint32_t w2, uint64_t bits)
{
    const struct regs regs =
        call(world, fid, w1, w2, ffa_handle_low(bits), ffa_handle_high(bits), 0);

    return regs.x[0] == FFA_ERROR ? (int32_t)regs.x[2] : FFA_OK;
}

static int32_t notify(struct world *world, uint32_t w2, uint64_t bits)
{
    return command(world, ECHO, COMMAND_NOTIFY, VM, w2, ffa_handle_low(bits),
                   ffa_handle_high(bits));
}

/* What a vCPU of VM gets from partitions. */
static uint64_t got(struct world *world, uint16_t vcpu)
{
    const struct regs regs = call(world, FFA_NOTIFICATION_GET, ffa_receiver_info_make(VM, vcpu),
                                  FFA_NOTIFICATION_GET_SP, 0, 0, 0);

    assert_success(&regs);
    assert_zero(&regs, 4, 7);
    return ffa_handle_make((uint32_t)regs.x[2], (uint32_t)regs.x[3]);
}

static void test_bitmap_life(void **state)
{
    static struct world world;
    static const uint32_t create = FFA_NOTIFICATION_BITMAP_CREATE;
    static const uint32_t destroy = FFA_NOTIFICATION_BITMAP_DESTROY;

    (void)state;
    world_agree(&world, FFA_VERSION_1_1);
    assert_int_equal(status(&world, create, 0x10001, 1, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, create, ECHO, 1, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, create, VM, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, create, VM, SPMC_VCPUS_MAX + 1, 0), FFA_NO_MEMORY);
    assert_int_equal(status(&world, destroy, VM, 0, 0), FFA_DENIED);
    assert_int_equal(status(&world, destroy, ECHO, 0, 0), FFA_INVALID_PARAMETERS);
    for (uint16_t vm = 0; vm < SPMC_VMS_MAX; vm++) {
        assert_int_equal(status(&world, create, vm, SPMC_VCPUS_MAX, 0), FFA_OK);
        assert_int_equal(status(&world, create, vm, 1, 0), FFA_DENIED);
    }
    assert_int_equal(status(&world, create, SPMC_VMS_MAX, 1, 0), FFA_NO_MEMORY);
    assert_int_equal(status(&world, destroy, VM, 0, 0), FFA_OK);
    assert_int_equal(status(&world, create, SPMC_VMS_MAX, 1, 0), FFA_OK);
}

static void test_quiet_before_destroy(void **state)
{
    static struct world world;
    static const uint32_t destroy = FFA_NOTIFICATION_BITMAP_DESTROY;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    world_give_bitmap(&world, VCPUS);
    assert_int_equal(does(&world, FFA_NOTIFICATION_BIND, FROM_ECHO, 1, 4), FFA_OK);
    assert_int_equal(status(&world, destroy, VM, 0, 0), FFA_DENIED);
    assert_int_equal(notify(&world, ffa_notification_set_make(PER_VCPU, 2), 4), FFA_OK);
    assert_int_equal(does(&world, FFA_NOTIFICATION_UNBIND, FROM_ECHO, 0, 4), FFA_DENIED);
    assert_int_equal(got(&world, 1), 0);
    assert_int_equal(got(&world, 2), 4);
    assert_int_equal(does(&world, FFA_NOTIFICATION_UNBIND, FROM_ECHO, 0, 4), FFA_OK);
    assert_int_equal(status(&world, destroy, VM, 0, 0), FFA_OK);
}

static void test_bind_refused(void **state)
{
    static struct world world;
    const uint32_t bind = FFA_NOTIFICATION_BIND;

    (void)state;
    world_agree(&world, FFA_VERSION_1_1);
    assert_int_equal(does(&world, bind, FROM_ECHO, 0, 1), FFA_INVALID_PARAMETERS);
    world_give_bitmap(&world, VCPUS);
    assert_int_equal(does(&world, bind, ffa_ids_make(0x8009, VM), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, bind, ffa_ids_make(OTHER_VM, VM), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, bind, ffa_ids_make(ECHO, NOTIFIER), 0, 1),
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, bind, FROM_ECHO, 2, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, bind, FROM_ECHO, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, bind, FROM_ECHO, 0, 7), FFA_OK);
    assert_int_equal(does(&world, bind, FROM_ECHO, 1, 1), FFA_OK);
    /* All or nothing */
    assert_int_equal(does(&world, bind, ffa_ids_make(TRIO, VM), 0, 12), FFA_DENIED);
    assert_int_equal(does(&world, bind, ffa_ids_make(TRIO, VM), 0, 8), FFA_OK);
    assert_int_equal(does(&world, FFA_NOTIFICATION_UNBIND, FROM_ECHO, 0, 12), FFA_DENIED);
    assert_int_equal(does(&world, FFA_NOTIFICATION_UNBIND, FROM_ECHO, 0, 16), FFA_DENIED);
    assert_int_equal(notify(&world, 0, 4), FFA_OK);
    assert_int_equal(does(&world, bind, FROM_ECHO, 1, 4), FFA_DENIED);
    assert_int_equal(does(&world, FFA_NOTIFICATION_UNBIND, FROM_ECHO, 0, 3), FFA_OK);
}

static void test_global(void **state)
{
    static struct world world;
    const uint64_t bits = 0x8000000100000001ull;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    world_give_bitmap(&world, VCPUS);
    assert_int_equal(does(&world, FFA_NOTIFICATION_BIND, FROM_ECHO, 0, bits), FFA_OK);
    assert_int_equal(notify(&world, 0, 1), FFA_OK);
    assert_int_equal(notify(&world, 0, bits), FFA_OK);
    assert_int_equal(world.sri_count, 2);
    assert_int_equal(notify(&world, 0, bits), FFA_OK); /* pending already */
    assert_int_equal(world.sri_count, 2);
    assert_int_equal(got(&world, 1), bits);
    assert_int_equal(got(&world, 0), 0);
    assert_int_equal(notify(&world, FFA_NOTIFICATION_SET_DELAY_SRI, 1), FFA_OK);
    assert_int_equal(world.sri_count, 3);
}

static void test_per_vcpu(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    world_give_bitmap(&world, VCPUS);
    assert_int_equal(does(&world, FFA_NOTIFICATION_BIND, FROM_ECHO, PER_VCPU, 6), FFA_OK);
    assert_int_equal(notify(&world, ffa_notification_set_make(PER_VCPU, 0), 2), FFA_OK);
    assert_int_equal(notify(&world, ffa_notification_set_make(PER_VCPU, 2), 6), FFA_OK);
    assert_int_equal(got(&world, 1), 0);
    assert_int_equal(got(&world, 2), 6);
    assert_int_equal(got(&world, 0), 2);
    assert_int_equal(got(&world, 2), 0);
}

static void test_set_refused(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(notify(&world, 0, 1), FFA_INVALID_PARAMETERS);
    world_give_bitmap(&world, VCPUS);
    assert_int_equal(notify(&world, 0, 1), FFA_DENIED);
    assert_int_equal(does(&world, FFA_NOTIFICATION_BIND, FROM_ECHO, 0, 1), FFA_OK);
    assert_int_equal(does(&world, FFA_NOTIFICATION_BIND, FROM_ECHO, PER_VCPU, 2), FFA_OK);
    assert_int_equal(notify(&world, 0, 5), FFA_DENIED);
    assert_int_equal(notify(&world, 0, 2), FFA_INVALID_PARAMETERS);
    assert_int_equal(notify(&world, PER_VCPU, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(notify(&world, ffa_notification_set_make(0, 1), 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(notify(&world, ffa_notification_set_make(PER_VCPU, VCPUS), 2),
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(notify(&world, 4, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(notify(&world, 0, 0), FFA_INVALID_PARAMETERS);
}

static void test_get_refused(void **state)
{
    static struct world world;
    const uint32_t get = FFA_NOTIFICATION_GET;

    (void)state;
    world_agree(&world, FFA_VERSION_1_1);
    assert_int_equal(status(&world, get, VM, 1, 0), FFA_INVALID_PARAMETERS);
    world_give_bitmap(&world, VCPUS);
    assert_int_equal(status(&world, get, ffa_receiver_info_make(VM, VCPUS), 1, 0),
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, get, NOTIFIER, 1, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, get, VM, 2, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, get, VM, 0x10, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, get, VM, 0, 0), FFA_OK);
    world_agree(&world, FFA_VERSION_1_2);
    world_give_bitmap(&world, VCPUS);
    assert_int_equal(status(&world, get, VM, 0xf, 0), FFA_OK);
    assert_int_equal(world.hostile.reserved_inputs, 1);
}

/* A VM's notification for a partition that waits: FFA_RUN lets it look. */
static void test_vm_to_partition(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(does(&world, FFA_NOTIFICATION_SET, TO_ECHO, 0, 1), FFA_DENIED);
    assert_int_equal(command(&world, ECHO, COMMAND_BIND, VM, 0, 3, 0x80000000), FFA_OK);
    assert_int_equal(command(&world, ECHO, COMMAND_BIND, OTHER_VM, PER_VCPU, 4, 0), FFA_OK);
    assert_int_equal(does(&world, FFA_NOTIFICATION_SET, TO_ECHO, 0, 0x8000000000000001), FFA_OK);
    assert_int_equal(world.sri_count, 1);
    regs = run(&world, ECHO, 0);
    assert_target(&regs, FFA_MSG_WAIT, ECHO, 0);
    regs = ask(&world, ECHO, COMMAND_NOTIFICATIONS, 0, 0, 0, 0);
    assert_int_equal(word(&regs, 1), 2);
    assert_int_equal(word(&regs, 2), 1);
    assert_int_equal(word(&regs, 3), 0x80000000);
    assert_int_equal(word(&regs, 4), 0);
    regs = ask(&world, ECHO, COMMAND_NOTIFICATIONS, 0, 0, 0, 0);
    assert_int_equal(word(&regs, 1), 0);
    assert_int_equal(command(&world, ECHO, COMMAND_UNBIND, VM, 0, 3, 0), FFA_OK);
    assert_int_equal(does(&world, FFA_NOTIFICATION_SET, TO_ECHO, 0, 1), FFA_DENIED);

    /* One context's */
    assert_int_equal(does(&world, FFA_NOTIFICATION_SET, ffa_ids_make(OTHER_VM, ECHO),
                          ffa_notification_set_make(PER_VCPU, 1), 4),
                     FFA_OK);
    run(&world, ECHO, 0);
    world_on_cpu(1);
    run(&world, ECHO, 1);
    regs = ask(&world, ECHO, COMMAND_NOTIFICATIONS, 0, 0, 0, 0);
    assert_int_equal(word(&regs, 1), 1);
    assert_int_equal(word(&regs, 2), 4);
}

static void test_vm_sets_refused(void **state)
{
    static struct world world;
    const uint32_t set = FFA_NOTIFICATION_SET;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    world_give_bitmap(&world, 1);
    assert_int_equal(command(&world, ECHO, COMMAND_BIND, VM, 0, 1, 0), FFA_OK);
    assert_int_equal(command(&world, ECHO, COMMAND_BIND, ECHO, 0, 2, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(command(&world, TRIO, COMMAND_BIND, VM, 0, 1, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, set, TO_ECHO, FFA_NOTIFICATION_SET_DELAY_SRI, 1),
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, set, ffa_ids_make(NOTIFIER, ECHO), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, set, ffa_ids_make(OTHER_VM, VM), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, set, ffa_ids_make(VM, 0x8009), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(does(&world, set, ffa_ids_make(VM, TRIO), 0, 1), FFA_DENIED);
    assert_int_equal(does(&world, set, ffa_ids_make(OTHER_VM, ECHO), 0, 1), FFA_DENIED);
    assert_int_equal(does(&world, set, TO_ECHO, 0, 1), FFA_OK);
}

int run_notification_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bitmap_life),     cmocka_unit_test(test_quiet_before_destroy),
        cmocka_unit_test(test_bind_refused),    cmocka_unit_test(test_global),
        cmocka_unit_test(test_per_vcpu),        cmocka_unit_test(test_set_refused),
        cmocka_unit_test(test_get_refused),     cmocka_unit_test(test_vm_to_partition),
        cmocka_unit_test(test_vm_sets_refused),
    };

    return cmocka_run_group_tests_name("notifications", tests, NULL, NULL);
}
