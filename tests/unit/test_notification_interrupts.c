/* SPDX-License-Identifier: BSD-3-Clause */
/* When a VM is interrupted for what pends for it, and where: once for each time that it looks. */
#include "notify.h"

#define VCPUS 4u

static struct posix_vm *a; /* 1, receives; four vCPUs */
static struct posix_vm *b; /* 2, sends */

static void start(void)
{
    struct parley_vm_config config = rig_friend_config(1);

    rig_start(NULL);
    config.vcpus = VCPUS;
    a = rig_vm(&config);
    settle(a, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_2);
    assert_int_equal(bind(a, 2, 0, 0xffff), FFA_OK);
    assert_int_equal(bind(a, 2, PER_VCPU, 0xffff0000), FFA_OK);
}

static void set_global(uint64_t bits)
{
    assert_int_equal(set(b, 1, 0, bits), FFA_OK);
}

static void set_for(unsigned int vcpu, uint64_t bits)
{
    assert_int_equal(set(b, 1, TO_VCPU(vcpu), bits << 16), FFA_OK);
}

static void assert_interrupts(unsigned int first, unsigned int second, unsigned int third,
                              unsigned int fourth)
{
    assert_int_equal(posix_vcpu_injected(a, 0, RIG_NPI), first);
    assert_int_equal(posix_vcpu_injected(a, 1, RIG_NPI), second);
    assert_int_equal(posix_vcpu_injected(a, 2, RIG_NPI), third);
    assert_int_equal(posix_vcpu_injected(a, 3, RIG_NPI), fourth);
}

/* --- How often -------------------------------------------------------------------------------- */

static void test_once_until_it_looks(void **state)
{
    (void)state;
    start();
    set_global(1);
    assert_interrupts(1, 0, 0, 0);
    set_global(1);
    set_global(2);
    set_global(4);
    assert_interrupts(1, 0, 0, 0);
    assert_true(get(a, 0, GET_ALL).vms == 7);
    set_global(1);
    assert_interrupts(2, 0, 0, 0);
    get(a, 0, GET_ALL);
    get(a, 0, GET_ALL);
    assert_interrupts(2, 0, 0, 0);
}

/* Whoever looks: global notifications are the VM's. */
static void test_any_vcpu_may_look(void **state)
{
    (void)state;
    start();
    for (unsigned int i = 0; i < VCPUS; i++) {
        set_global(1);
        assert_interrupts(i + 1, 0, 0, 0);
        get(a, i, GET_ALL);
    }
}

/* What is there already is not worth an interrupt, though the VM has looked for something else. */
static void test_a_bit_that_is_there(void **state)
{
    (void)state;
    start();
    set_global(1);
    get(a, 0, FFA_NOTIFICATION_GET_HYPERVISOR);
    set_global(1);
    assert_interrupts(1, 0, 0, 0);
    set_global(2);
    assert_interrupts(2, 0, 0, 0);
    assert_true(get(a, 0, GET_ALL).vms == 3);
}

static void test_a_set_that_fails(void **state)
{
    (void)state;
    start();
    assert_int_equal(set(b, 1, 0, 0x100000001), FFA_DENIED);
    assert_interrupts(0, 0, 0, 0);
    set_global(1);
    assert_interrupts(1, 0, 0, 0);
}

static void test_a_get_that_fails(void **state)
{
    (void)state;
    start();
    set_global(1);
    assert_int_equal(get(a, 0, 0x10).status, FFA_INVALID_PARAMETERS);
    set_global(2);
    assert_interrupts(1, 0, 0, 0);
}

/* --- Where ------------------------------------------------------------------------------------ */

static void test_per_vcpu(void **state)
{
    (void)state;
    start();
    for (unsigned int i = VCPUS; i-- > 0;) {
        set_for(i, 1);
        set_for(i, 2);
    }
    assert_interrupts(1, 1, 1, 1);
    get(a, 2, GET_ALL);
    for (unsigned int i = 0; i < VCPUS; i++) {
        set_for(i, 4);
    }
    assert_interrupts(1, 1, 2, 1);
    /* Global ones are told apart from those of the vCPU. */
    set_global(1);
    assert_interrupts(2, 1, 2, 1);
}

static void test_lowest_that_is_online(void **state)
{
    (void)state;
    for (unsigned int offline = 0; offline < 15; offline++) {
        unsigned int lowest = 0;

        start();
        for (unsigned int i = 0; i < VCPUS; i++) {
            posix_vcpu_set_online(a, i, (offline >> i & 1) == 0);
        }
        set_global(1);
        while ((offline >> lowest & 1) != 0) {
            lowest++;
        }
        for (unsigned int i = 0; i < VCPUS; i++) {
            assert_int_equal(posix_vcpu_injected(a, i, RIG_NPI), i == lowest ? 1 : 0);
        }
        assert_true(rig_stop());
    }
}

/* --- vCPUs that come and go ------------------------------------------------------------------- */

static void set_all_offline(void)
{
    for (unsigned int i = 0; i < VCPUS; i++) {
        posix_vcpu_set_online(a, i, false);
    }
}

static void test_nobody_is_online(void **state)
{
    (void)state;
    start();
    set_all_offline();
    set_global(1);
    set_global(2);
    assert_interrupts(0, 0, 0, 0);
    posix_vcpu_set_online(a, 2, true);
    assert_interrupts(0, 0, 1, 0);
    posix_vcpu_set_online(a, 0, true); /* somebody has been told */
    assert_interrupts(0, 0, 1, 0);
    assert_true(get(a, 2, GET_ALL).vms == 3);
    posix_vcpu_set_online(a, 1, true); /* and nothing pends */
    assert_interrupts(0, 0, 1, 0);
}

/* A vCPU that is off would not take an interrupt: it gets it when it is on. */
static void test_its_own_while_it_is_off(void **state)
{
    (void)state;
    start();
    posix_vcpu_set_online(a, 1, false);
    set_for(1, 1);
    assert_interrupts(0, 0, 0, 0);
    posix_vcpu_set_online(a, 1, true);
    assert_interrupts(0, 1, 0, 0);
    assert_true(get(a, 1, GET_ALL).vms == 1ull << 16);
}

/* Interrupted, and off before it looked: another is told; of its own, it is, when it is back. */
static void test_off_before_it_looked(void **state)
{
    (void)state;
    start();
    set_global(1);
    set_for(0, 1);
    assert_interrupts(2, 0, 0, 0);
    posix_vcpu_set_online(a, 0, false);
    assert_interrupts(2, 1, 0, 0);
    posix_vcpu_set_online(a, 0, true);
    assert_interrupts(3, 1, 0, 0);
    assert_true(get(a, 0, GET_ALL).vms == (1 | 1ull << 16));
}

static void test_off_with_nothing_pending(void **state)
{
    (void)state;
    start();
    set_global(1);
    get(a, 0, GET_ALL);
    posix_vcpu_set_online(a, 0, false);
    posix_vcpu_set_online(a, 0, true);
    assert_interrupts(1, 0, 0, 0);
    set_global(1);
    assert_interrupts(2, 0, 0, 0);
}

/* --- A vCPU that waits ------------------------------------------------------------------------ */

/* The interrupt ends its wait, if it takes it. */
static void test_interrupt_of_a_waiting_vcpu(void **state)
{
    struct parley_regs regs = {{FFA_MSG_WAIT}};

    (void)state;
    start();
    posix_interrupt_enable(a, 0, RIG_NPI);
    assert_int_equal(posix_call(a, 0, &regs), PARLEY_BLOCK);
    set_global(1);
    assert_int_equal(posix_wait(a, 0, &regs), PARLEY_RETURN);
    assert_int_equal(regs.x[0], FFA_INTERRUPT);
    assert_int_equal(posix_interrupts_taken(a, 0, RIG_NPI), 1);
    assert_true(get(a, 0, GET_ALL).vms == 1);
}

/* --- Lives ------------------------------------------------------------------------------------ */

/* Interrupted in one life, it is interrupted in the next. */
static void test_next_life(void **state)
{
    (void)state;
    start();
    set_global(1);
    set_for(3, 1);
    posix_vm_reset(a);
    settle(a, FFA_VERSION_1_2);
    assert_interrupts(0, 0, 0, 0);
    assert_int_equal(bind(a, 2, 0, 0xffff), FFA_OK);
    assert_int_equal(bind(a, 2, PER_VCPU, 0xffff0000), FFA_OK);
    set_global(1);
    set_for(3, 1);
    assert_interrupts(1, 0, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_once_until_it_looks),
        RIG_TEST(test_any_vcpu_may_look),
        RIG_TEST(test_a_bit_that_is_there),
        RIG_TEST(test_a_set_that_fails),
        RIG_TEST(test_a_get_that_fails),
        RIG_TEST(test_per_vcpu),
        RIG_TEST(test_lowest_that_is_online),
        RIG_TEST(test_nobody_is_online),
        RIG_TEST(test_its_own_while_it_is_off),
        RIG_TEST(test_off_before_it_looked),
        RIG_TEST(test_off_with_nothing_pending),
        RIG_TEST(test_interrupt_of_a_waiting_vcpu),
        RIG_TEST(test_next_life),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
