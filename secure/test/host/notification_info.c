/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_NOTIFICATION_INFO_GET: how its lists are packed. And the lies about them. */
#include "world.h"

#define ECHO     PARTITION_ECHO_ID
#define PER_VCPU FFA_NOTIFICATION_SET_PER_VCPU
#define VCPUS    8u

/* Gives a VM a bitmap with one global and one per-vCPU notification of echo's. */
static void add_vm(struct world *world, uint16_t vm)
{
    const uint32_t ids = ffa_ids_make(ECHO, vm);

    status(world, FFA_NOTIFICATION_BITMAP_CREATE, vm, VCPUS, 0);
    call(world, FFA_NOTIFICATION_BIND, ids, 0, 1, 0, 0);
    call(world, FFA_NOTIFICATION_BIND, ids, PER_VCPU, 2, 0, 0);
}

static void signal_vcpus(struct world *world, uint16_t vm, uint32_t vcpus)
{
    for (uint16_t i = 0; i < VCPUS; i++) {
        if ((vcpus & (1u << i)) != 0) {
            command(world, ECHO, COMMAND_NOTIFY, vm, ffa_notification_set_make(PER_VCPU, i), 2, 0);
        }
    }
}

static struct regs info(struct world *world, uint32_t fid)
{
    return call(world, fid, 0, 0, 0, 0, 0);
}

static uint16_t id_64(const struct regs *regs, unsigned int i)
{
    return (uint16_t)(regs->x[3 + i / 4] >> (16 * (i % 4)));
}

/* The example of the specification, but for the order. */
static void test_example(void **state)
{
    static const uint16_t expected[] = {0, 0, 2, 3, 0, 4, 6, 2, 3, 1};
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    add_vm(&world, 0);
    add_vm(&world, 2);
    add_vm(&world, 3);
    signal_vcpus(&world, 0, 0x5d);
    signal_vcpus(&world, 3, 2);
    command(&world, ECHO, COMMAND_NOTIFY, 2, 0, 1, 0);
    regs = info(&world, FFA_NOTIFICATION_INFO_GET_64);
    assert_int_equal(regs.x[0], FFA_SUCCESS_64);
    assert_int_equal(regs.x[1], 0);
    assert_int_equal(regs.x[2], 4u << 7 | 3u << 12 | 2u << 14 | 1u << 18);
    for (unsigned int i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(id_64(&regs, i), expected[i]);
    }
    assert_int_equal(regs.x[5], 0x10003);
    assert_zero(&regs, 6, 17);
    /* Each is told once, and told again when something new comes. */
    assert_int_equal(status(&world, FFA_NOTIFICATION_INFO_GET_64, 0, 0, 0), FFA_NO_DATA);
    command(&world, ECHO, COMMAND_NOTIFY, 2, 0, 1, 0);
    assert_int_equal(status(&world, FFA_NOTIFICATION_INFO_GET_64, 0, 0, 0), FFA_NO_DATA);
}

static void test_in_32_bits(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_1);
    for (uint16_t vm = 1; vm <= 12; vm++) {
        add_vm(&world, vm);
        command(&world, ECHO, COMMAND_NOTIFY, vm, 0, 1, 0);
    }
    regs = info(&world, FFA_NOTIFICATION_INFO_GET_32);
    assert_int_equal(regs.x[0], FFA_SUCCESS_32);
    assert_int_equal(regs.x[2], 1 | 10u << 7);
    for (unsigned int i = 0; i < 10; i++) {
        assert_int_equal((uint16_t)(regs.x[3 + i / 2] >> (16 * (i % 2))), i + 1);
    }
    assert_poisoned(&regs, 8);
    regs = info(&world, FFA_NOTIFICATION_INFO_GET_32);
    assert_int_equal(regs.x[2], 2u << 7);
    assert_int_equal(regs.x[3], 12u << 16 | 11);
    assert_zero(&regs, 4, 7);
    assert_int_equal(status(&world, FFA_NOTIFICATION_INFO_GET_32, 0, 0, 0), FFA_NO_DATA);
}

/* A list goes into the answer as a whole, or waits for the next. */
static void test_more(void **state)
{
    static struct world world;
    unsigned int vcpus = 0;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    for (uint16_t vm = 1; vm <= 4; vm++) {
        add_vm(&world, vm);
        signal_vcpus(&world, vm, 0xff);
    }
    do {
        unsigned int ids = 0;

        regs = info(&world, FFA_NOTIFICATION_INFO_GET_64);
        assert_int_equal(regs.x[0], FFA_SUCCESS_64);
        for (unsigned int i = 0; i < ffa_notification_info_lists(regs.x[2]); i++) {
            vcpus += ffa_notification_info_vcpus(regs.x[2], i);
            ids += 1 + ffa_notification_info_vcpus(regs.x[2], i);
        }
        assert_in_range(ids, 1, FFA_NOTIFICATION_INFO_GET_64_MAX);
    } while (ffa_notification_info_more(regs.x[2]));
    assert_int_equal(vcpus, 4 * VCPUS);
    assert_int_equal(status(&world, FFA_NOTIFICATION_INFO_GET_64, 0, 0, 0), FFA_NO_DATA);
}

/* What was got before the scheduler asked is no news. */
static void test_got_before(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    add_vm(&world, 1);
    signal_vcpus(&world, 1, 1);
    command(&world, ECHO, COMMAND_NOTIFY, 1, 0, 1, 0);
    call(&world, FFA_NOTIFICATION_GET, 1, FFA_NOTIFICATION_GET_SP, 0, 0, 0);
    assert_int_equal(status(&world, FFA_NOTIFICATION_INFO_GET_64, 0, 0, 0), FFA_NO_DATA);
}

static void test_lies(void **state)
{
    const struct spmc_lie lies[] = {
        spmc_lie_answer(FFA_MSG_SEND_DIRECT_REQ_32, FFA_INTERRUPT),
        spmc_lie_target(FFA_MSG_SEND_DIRECT_REQ_32, 0x8009, 7),
        spmc_lie_answer(FFA_RUN, FFA_YIELD),
        spmc_lie_answer(FFA_NOTIFICATION_INFO_GET_64, FFA_SUCCESS_64),
        spmc_lie_info_lists(ffa_notification_info_make(true, 31) | 0xfffffffff000),
        spmc_lie_info_list_id(5, 0x1234),
        spmc_lie_status(FFA_NOTIFICATION_GET, FFA_RETRY),
    };
    static struct world world;
    struct regs regs;

    (void)state;
    world_start(&world, FFA_VERSION_1_2, lies, sizeof(lies) / sizeof(lies[0]));
    answer(&world, FFA_VERSION, FFA_VERSION_1_2, 0, 0);
    regs = ask(&world, ECHO, COMMAND_ECHO, 0, 0, 0, 0);
    assert_target(&regs, FFA_INTERRUPT, 0x8009, 7);
    for (int i = 0; i < 10; i++) {
        regs = run(&world, ECHO, 0);
        assert_target(&regs, FFA_YIELD, 0, 0);
        regs = info(&world, FFA_NOTIFICATION_INFO_GET_64);
        assert_true(ffa_notification_info_more(regs.x[2]));
        assert_int_equal(ffa_notification_info_lists(regs.x[2]), 31);
        assert_int_equal(id_64(&regs, 5), 0x1234);
        assert_int_equal(status(&world, FFA_NOTIFICATION_GET, VM, 1, 0), FFA_RETRY);
    }
}

int run_notification_info_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example), cmocka_unit_test(test_in_32_bits),
        cmocka_unit_test(test_more),    cmocka_unit_test(test_got_before),
        cmocka_unit_test(test_lies),
    };

    return cmocka_run_group_tests_name("who has notifications", tests, NULL, NULL);
}
