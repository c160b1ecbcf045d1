/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_NOTIFICATION_SET and GET between VMs: checks, and that each bit arrives once where it must.
 */
#include "notify.h"

static struct posix_vm *a; /* 1, receives; four vCPUs */
static struct posix_vm *b; /* 2, sends */

#define VCPUS 4u

static struct posix_vm *make_receiver(uint32_t version, uint32_t properties)
{
    struct parley_vm_config config = rig_friend_config(1);
    struct posix_vm *vm;

    config.vcpus = VCPUS;
    config.properties &= properties;
    vm = rig_vm(&config);
    settle(vm, version);
    return vm;
}

static void start(void)
{
    rig_start(NULL);
    a = make_receiver(FFA_VERSION_1_2, ~0u);
    b = rig_friend(2, FFA_VERSION_1_1);
}

/* --- Checks of SET ---------------------------------------------------------------------------- */

static int32_t set_raw(uint32_t ids, uint64_t flags, uint64_t bitmap)
{
    return CALL(b, FFA_NOTIFICATION_SET, ids, flags, (uint32_t)bitmap, bitmap >> 32).status;
}

static void test_checks_of_set(void **state)
{
    const uint32_t ids = ffa_ids_make(2, 1);

    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    assert_int_equal(bind(a, 2, PER_VCPU, 2), FFA_OK);
    assert_int_equal(set_raw(ffa_ids_make(1, 1), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ffa_ids_make(0, 1), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ffa_ids_make(3, 1), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ffa_ids_make(2, 2), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ids, 0, 0), FFA_INVALID_PARAMETERS);
    for (unsigned int bit = 1; bit < 16; bit++) {
        assert_int_equal(set_raw(ids, 1ull << bit, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(set_raw(ids, 1ull << bit | 1, 2), FFA_INVALID_PARAMETERS);
    }
    /* A vCPU, and the flag that says so, come together. */
    assert_int_equal(set_raw(ids, 1u << 16, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ids, 0xffff0000, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ids, TO_VCPU(0), 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ids, 0, 2), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ids, TO_VCPU(VCPUS), 2), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ids, TO_VCPU(0xffff), 2), FFA_INVALID_PARAMETERS);
    /* Both kinds at once fit no flag. */
    assert_int_equal(set_raw(ids, 0, 3), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ids, TO_VCPU(0), 3), FFA_INVALID_PARAMETERS);
    /* Receivers that are none. */
    assert_int_equal(set_raw(ffa_ids_make(2, 5), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ffa_ids_make(2, 0), 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set_raw(ffa_ids_make(2, 0x8001), 0, 1), FFA_INVALID_PARAMETERS);
    /* Not bound. */
    assert_int_equal(set_raw(ids, 0, 4), FFA_DENIED);
    assert_int_equal(set_raw(ids, 0, 5), FFA_DENIED);

    for (unsigned int i = 0; i < VCPUS; i++) {
        assert_true(get(a, i, GET_ALL).vms == 0);
    }
    assert_int_equal(interrupts(a, VCPUS), 0);
    assert_int_equal(set_raw(ids, 0, 1), FFA_OK);
    assert_int_equal(set_raw(ids, TO_VCPU(VCPUS - 1), 2), FFA_OK);
}

static void test_receivers_that_are_refused(void **state)
{
    struct parley_vm_config config = rig_friend_config(3);
    const struct parley_peer no_notify = {1, PARLEY_MAY_ALL & ~PARLEY_MAY_NOTIFY};
    struct posix_vm *barred;

    (void)state;
    rig_start(NULL);
    a = make_receiver(FFA_VERSION_1_2, ~(uint32_t)FFA_PARTITION_NOTIFICATION_RECV);
    b = rig_friend(2, FFA_VERSION_1_1);
    assert_int_equal(set(b, 1, 0, 1), FFA_DENIED);
    rig_vm_end(a);
    a = make_receiver(FFA_VERSION_1_0, ~0u);
    assert_int_equal(set(b, 1, 0, 1), FFA_DENIED);
    rig_vm_end(a);
    a = make_receiver(FFA_VERSION_1_1, ~0u);
    config.peers = &no_notify;
    config.peer_count = 1;
    barred = rig_vm(&config);
    settle(barred, FFA_VERSION_1_2);
    assert_int_equal(bind(a, 3, 0, 1), FFA_OK);
    assert_int_equal(set(barred, 1, 0, 1), FFA_DENIED);
    assert_int_equal(set(barred, 2, 0, 1), FFA_INVALID_PARAMETERS); /* not its peer */
    assert_true(get(a, 0, GET_ALL).vms == 0);
}

/* --- Checks of GET ---------------------------------------------------------------------------- */

static void test_checks_of_get(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_GET, 2, 2).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_GET, 0, 2).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_GET, 0x8001, 2).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(get(a, 0, 2).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_GET, ffa_receiver_info_make(1, VCPUS), 2).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_GET, ffa_receiver_info_make(1, 0xffff), 2).status,
                     FFA_INVALID_PARAMETERS);
    for (unsigned int bit = 4; bit < 32; bit++) {
        assert_int_equal(get(a, 0, 1ull << bit).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(get(a, 0, 1ull << bit | GET_ALL).status, FFA_INVALID_PARAMETERS);
    }
}

/* A GET that fails takes nothing. */
static void test_failed_get_takes_nothing(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
    assert_int_equal(get(a, 0, 0x1f).status, FFA_INVALID_PARAMETERS);
    assert_true(get(a, 0, GET_ALL).vms == 1);
}

/* --- What arrives ----------------------------------------------------------------------------- */

/* A bit for each register and half, and each vCPU: nothing goes elsewhere. */
static void test_each_bit_of_each_vcpu(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, PER_VCPU, UINT64_MAX), FFA_OK);
    for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++) {
        for (unsigned int bit = 0; bit < FFA_NOTIFICATION_COUNT; bit++) {
            assert_int_equal(set(b, 1, TO_VCPU(vcpu), 1ull << bit), FFA_OK);
            for (unsigned int other = 0; other < VCPUS; other++) {
                if (other != vcpu) {
                    assert_true(get(a, other, GET_ALL).vms == 0);
                }
            }
            assert_true(get(a, vcpu, GET_ALL).vms == 1ull << bit);
            assert_true(get(a, vcpu, GET_ALL).vms == 0);
        }
    }
}

static void test_global_bits_are_anybodys(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, UINT64_MAX), FFA_OK);
    for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++) {
        assert_int_equal(set(b, 1, 0, 0x8000000100000001ull), FFA_OK);
        assert_true(get(a, vcpu, GET_ALL).vms == 0x8000000100000001ull);
        for (unsigned int other = 0; other < VCPUS; other++) {
            assert_true(get(a, other, GET_ALL).vms == 0);
        }
    }
}

/* Any vCPU can ask for any other's. */
static void test_get_for_another_vcpu(void **state)
{
    struct answer answer;

    (void)state;
    start();
    assert_int_equal(bind(a, 2, PER_VCPU, 1), FFA_OK);
    assert_int_equal(bind(a, 2, 0, 2), FFA_OK);
    assert_int_equal(set(b, 1, TO_VCPU(3), 1), FFA_OK);
    assert_int_equal(set(b, 1, 0, 2), FFA_OK);
    answer = CALL_ON(a, 1, FFA_NOTIFICATION_GET, ffa_receiver_info_make(1, 3), GET_ALL);
    assert_int_equal(answer.regs.x[4], 3);
    assert_true(get(a, 3, GET_ALL).vms == 0);
}

/* Set again before it was taken: it is there once. */
static void test_set_again(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, 7), FFA_OK);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
    assert_int_equal(set(b, 1, 0, 3), FFA_OK);
    assert_true(get(a, 0, GET_ALL).vms == 3);
    assert_true(get(a, 0, GET_ALL).vms == 0);
}

/* The flags say which bitmaps are taken; the others stay. */
static void test_flags_of_get(void **state)
{
    (void)state;
    start();
    for (unsigned int flags = 0; flags < 16; flags++) {
        bool takes = (flags & FFA_NOTIFICATION_GET_VM) != 0;

        if (flags == 0) {
            assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
        }
        assert_int_equal(set(b, 1, 0, 1), FFA_OK);
        assert_true(get(a, 0, flags).vms == (takes ? 1 : 0));
        assert_true(get(a, 0, GET_ALL).vms == (takes ? 0 : 1));
    }
}

/* Two senders, and a receiver that is a sender too. */
static void test_everybody_signals_everybody(void **state)
{
    struct posix_vm *vms[3];

    (void)state;
    start();
    vms[0] = a;
    vms[1] = b;
    vms[2] = rig_friend(3, FFA_VERSION_1_2);
    for (uint16_t to = 0; to < 3; to++) {
        for (uint16_t from = 0; from < 3; from++) {
            if (to != from) {
                assert_int_equal(bind(vms[to], (uint16_t)(from + 1), 0, 1ull << (10 * from)),
                                 FFA_OK);
            }
        }
    }
    for (uint16_t to = 0; to < 3; to++) {
        for (uint16_t from = 0; from < 3; from++) {
            for (uint16_t as = 0; as < 3 && to != from; as++) {
                assert_int_equal(set(vms[from], (uint16_t)(to + 1), 0, 1ull << (10 * as)),
                                 as == from ? FFA_OK : FFA_DENIED);
            }
        }
    }
    assert_true(get(vms[0], 0, GET_ALL).vms == (1ull << 10 | 1ull << 20));
    assert_true(get(vms[1], 0, GET_ALL).vms == (1 | 1ull << 20));
    assert_true(get(vms[2], 0, GET_ALL).vms == (1 | 1ull << 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_checks_of_set),         RIG_TEST(test_receivers_that_are_refused),
        RIG_TEST(test_checks_of_get),         RIG_TEST(test_failed_get_takes_nothing),
        RIG_TEST(test_each_bit_of_each_vcpu), RIG_TEST(test_global_bits_are_anybodys),
        RIG_TEST(test_get_for_another_vcpu),  RIG_TEST(test_set_again),
        RIG_TEST(test_flags_of_get),          RIG_TEST(test_everybody_signals_everybody),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
