/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_NOTIFICATION_BIND and UNBIND between VMs; and for whom there are notifications at all. */
#include "notify.h"

static struct posix_vm *a; /* 1, receives */
static struct posix_vm *b; /* 2, sends */
static struct posix_vm *c; /* 3, sends too */

static void start(void)
{
    rig_start(NULL);
    a = rig_friend(1, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
    c = rig_friend(3, FFA_VERSION_1_2);
}

#define ALL_BITS UINT64_MAX

/* --- For whom --------------------------------------------------------------------------------- */

struct call_row {
    uint64_t call[5];
    bool is_receivers; /* for a VM that receives only */
};

/* Each is good for VM 1 whose bit 0 is bound to VM 2 and pends. */
static const struct call_row call_rows[] = {
    {{FFA_NOTIFICATION_BIND, 2u << 16 | 1, 0, 2, 0}, true},
    {{FFA_NOTIFICATION_UNBIND, 2u << 16 | 1, 0, 2, 0}, true},
    {{FFA_NOTIFICATION_GET, 1, 2}, true},
    {{FFA_NOTIFICATION_SET, 1u << 16 | 2, 0, 1, 0}, false},
    {{FFA_NOTIFICATION_INFO_GET_32}, false},
    {{FFA_NOTIFICATION_INFO_GET_64}, false},
    {{FFA_FEATURES, FFA_FEATURE_NPI}, true},
    {{FFA_FEATURES, FFA_FEATURE_SRI}, false},
    {{FFA_FEATURES, FFA_NOTIFICATION_BIND}, true},
    {{FFA_FEATURES, FFA_NOTIFICATION_UNBIND}, true},
    {{FFA_FEATURES, FFA_NOTIFICATION_GET}, true},
    {{FFA_FEATURES, FFA_NOTIFICATION_SET}, false},
    {{FFA_FEATURES, FFA_NOTIFICATION_INFO_GET_32}, false},
    {{FFA_FEATURES, FFA_NOTIFICATION_INFO_GET_64}, false},
};

/* For nobody, ever. */
static const uint64_t never[][3] = {
    {FFA_NOTIFICATION_BITMAP_CREATE, 1, 1},
    {FFA_NOTIFICATION_BITMAP_DESTROY, 1},
    {FFA_FEATURES, FFA_NOTIFICATION_BITMAP_CREATE},
    {FFA_FEATURES, FFA_NOTIFICATION_BITMAP_DESTROY},
    {FFA_FEATURES, 3}, /* the managed exit interrupt */
    {FFA_FEATURES, 4},
    {FFA_FEATURES, FFA_FEATURE_NPI | 0x100},
    {FFA_FEATURES, FFA_FEATURE_SRI | 0x40000000},
};

static void try_all(uint32_t version, bool configured, bool receives)
{
    struct parley_config config = rig_default_config;
    struct parley_vm_config own = rig_friend_config(1);

    if (!configured) {
        config.npi_intid = 0;
        config.sri_intid = 0;
    }
    if (!receives) {
        own.properties &= ~(uint32_t)FFA_PARTITION_NOTIFICATION_RECV;
    }
    rig_start_with(&posix_spmc_1_2, &config);
    a = rig_vm(&own);
    settle(a, version);
    b = rig_friend(2, FFA_VERSION_1_2);
    for (size_t i = 0; i < COUNT(call_rows); i++) {
        const struct call_row *row = &call_rows[i];
        bool exists = version >= FFA_VERSION_1_1 && configured && (receives || !row->is_receivers);
        int32_t status = call_with(a, 0, row->call, COUNT(row->call)).status;

        if ((status != FFA_NOT_SUPPORTED) != exists) {
            fail_msg("row %zu, version %#x, configured %d, receives %d: %d", i, version, configured,
                     receives, status);
        }
    }
    for (size_t i = 0; i < COUNT(never); i++) {
        assert_int_equal(call_with(a, 0, never[i], COUNT(never[i])).status, FFA_NOT_SUPPORTED);
    }
    assert_true(rig_stop());
}

static void test_who_has_them(void **state)
{
    (void)state;
    for (uint32_t version = FFA_VERSION_1_0; version <= FFA_VERSION_1_2; version++) {
        for (unsigned int i = 0; i < 4; i++) {
            try_all(version, (i & 1) != 0, (i & 2) != 0);
        }
    }
}

static void test_features(void **state)
{
    (void)state;
    start();
    assert_int_equal(CALL(a, FFA_FEATURES, FFA_FEATURE_NPI).regs.x[2], RIG_NPI);
    assert_int_equal(CALL(a, FFA_FEATURES, FFA_FEATURE_SRI).regs.x[2], RIG_SRI);
    assert_int_equal(CALL(b, FFA_FEATURES, FFA_FEATURE_NPI).regs.x[2], RIG_NPI);
}

/* --- Checks of BIND --------------------------------------------------------------------------- */

static int32_t bind_ids(uint16_t sender, uint16_t receiver, uint64_t flags, uint64_t bitmap)
{
    return CALL(a, FFA_NOTIFICATION_BIND, ffa_ids_make(sender, receiver), flags, (uint32_t)bitmap,
                bitmap >> 32)
        .status;
}

static void test_checks_of_bind(void **state)
{
    (void)state;
    start();
    rig_friend(4, FFA_VERSION_1_0);
    assert_int_equal(bind_ids(2, 2, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(2, 0, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(2, 3, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(1, 1, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(2, 1, 0, 0), FFA_INVALID_PARAMETERS);
    for (unsigned int bit = 1; bit < 32; bit++) {
        assert_int_equal(bind_ids(2, 1, 1ull << bit, 1), FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(bind_ids(5, 1, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(0, 1, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(0x7fff, 1, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(0x8001, 1, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(4, 1, 0, 1), FFA_DENIED); /* speaks 1.0 */
    assert_int_equal(bind_ids(4, 1, 2, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind_ids(2, 1, 0, 1), FFA_OK);
    assert_int_equal(bind_ids(2, 1, 1, ALL_BITS), FFA_OK);
}

/* A sender that policy hides, and one that is not final, are not there. */
static void test_hidden_senders(void **state)
{
    struct parley_vm_config config = rig_friend_config(1);
    struct parley_vm_config silent = rig_friend_config(4);
    const struct parley_peer peers[] = {{3, PARLEY_MAY_DISCOVER}, {4, PARLEY_MAY_ALL}};

    (void)state;
    rig_start(NULL);
    config.peers = peers;
    config.peer_count = COUNT(peers);
    a = rig_vm(&config);
    settle(a, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_2);
    c = rig_friend(3, FFA_VERSION_1_2);
    rig_vm(&silent);
    assert_int_equal(bind(a, 2, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(unbind(a, 2, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind(a, 4, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind(a, 3, 0, 1), FFA_OK); /* who may signal is the sender's matter */
}

/* --- What is bound ---------------------------------------------------------------------------- */

/* Each bit, one after the other; no other is bound with it. */
static void test_each_bit(void **state)
{
    (void)state;
    start();
    for (unsigned int bit = 0; bit < FFA_NOTIFICATION_COUNT; bit++) {
        assert_int_equal(bind(a, 2, 0, 1ull << bit), FFA_OK);
        for (unsigned int other = 0; other < FFA_NOTIFICATION_COUNT; other++) {
            assert_int_equal(set(b, 1, 0, 1ull << other), other == bit ? FFA_OK : FFA_DENIED);
        }
        assert_true(get(a, 0, FFA_NOTIFICATION_GET_VM).vms == 1ull << bit);
        assert_int_equal(unbind(a, 2, 1ull << bit), FFA_OK);
    }
}

/* One bit that cannot be bound keeps the others from being bound. */
static void test_all_or_nothing(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 3, 0, 0x100), FFA_OK);
    assert_int_equal(bind(a, 2, 0, 0x1ff), FFA_DENIED);
    assert_int_equal(set(b, 1, 0, 1), FFA_DENIED);
    assert_int_equal(set(c, 1, 0, 0x100), FFA_OK);
    assert_int_equal(bind(a, 3, 0, 0x1ff), FFA_DENIED); /* it pends */
    assert_int_equal(set(c, 1, 0, 1), FFA_DENIED);
    assert_int_equal(unbind(a, 3, 0x100), FFA_DENIED);
    get(a, 0, GET_ALL);
    assert_int_equal(bind(a, 3, 0, 0x1ff), FFA_OK);
    assert_int_equal(unbind(a, 3, 0x3ff), FFA_DENIED); /* bit 9 is not bound */
    assert_int_equal(unbind(a, 2, 0x1ff), FFA_DENIED);
    assert_int_equal(set(c, 1, 0, 0x1ff), FFA_OK);
}

/* Bound again to the same sender: as another kind, or as the same. */
static void test_bound_again(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, 3), FFA_OK);
    assert_int_equal(bind(a, 2, 0, 3), FFA_OK);
    assert_int_equal(set(b, 1, TO_VCPU(0), 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind(a, 2, PER_VCPU, 1), FFA_OK);
    assert_int_equal(set(b, 1, TO_VCPU(0), 1), FFA_OK);
    assert_int_equal(set(b, 1, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set(b, 1, 0, 2), FFA_OK);
    assert_int_equal(bind(a, 2, 0, 1), FFA_DENIED); /* it pends on a vCPU */
    assert_int_equal(unbind(a, 2, 1), FFA_DENIED);
}

static void test_pending_on_another_vcpu(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, PER_VCPU, 1), FFA_OK);
    assert_int_equal(set(b, 1, TO_VCPU(1), 1), FFA_OK);
    get(a, 0, GET_ALL);
    assert_int_equal(unbind(a, 2, 1), FFA_DENIED);
    assert_int_equal(bind(a, 3, 0, 1), FFA_DENIED);
    get(a, 1, GET_ALL);
    assert_int_equal(unbind(a, 2, 1), FFA_OK);
    assert_int_equal(unbind(a, 2, 1), FFA_DENIED);
    assert_int_equal(bind(a, 3, 0, 1), FFA_OK);
}

/* w2 of UNBIND should be zero: it is not looked at. */
static void test_reserved_of_unbind(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_UNBIND, ffa_ids_make(2, 1), ~0u, 1, 0).status,
                     FFA_OK);
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_UNBIND, ffa_ids_make(2, 2), 0, 1, 0).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_UNBIND, ffa_ids_make(1, 1), 0, 1, 0).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_UNBIND, ffa_ids_make(2, 1), 0, 0, 0).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_UNBIND, ffa_ids_make(0x8001, 1), 0, 1, 0).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
}

/* --- Lives ------------------------------------------------------------------------------------ */

/* A binding is to one life of the sender. What it has set stays until it is taken. */
static void test_sender_ends(void **state)
{
    (void)state;
    for (unsigned int destroyed = 0; destroyed < 2; destroyed++) {
        start();
        assert_int_equal(bind(a, 2, 0, 3), FFA_OK);
        assert_int_equal(set(b, 1, 0, 1), FFA_OK);
        if (destroyed != 0) {
            rig_vm_end(b);
            b = rig_friend(2, FFA_VERSION_1_2);
        } else {
            posix_vm_reset(b);
            assert_int_equal(bind(a, 3, 0, 1), FFA_DENIED); /* it pends still */
            settle(b, FFA_VERSION_1_2);
        }
        assert_int_equal(set(b, 1, 0, 1), FFA_DENIED);
        assert_int_equal(set(b, 1, 0, 2), FFA_DENIED);
        assert_int_equal(unbind(a, 2, 1), FFA_DENIED);
        assert_true(get(a, 0, FFA_NOTIFICATION_GET_VM).vms == 1);
        assert_int_equal(bind(a, 3, 0, 1), FFA_OK); /* as good as unbound */
        assert_int_equal(unbind(a, 2, 2), FFA_OK);
        assert_int_equal(bind(a, 2, 0, 2), FFA_OK);
        assert_int_equal(set(b, 1, 0, 2), FFA_OK);
        assert_int_equal(set(c, 1, 0, 1), FFA_OK);
        assert_true(rig_stop());
    }
}

/* A sender that is gone can still be unbound. */
static void test_unbind_who_is_gone(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    rig_vm_end(b);
    assert_int_equal(bind(a, 2, 0, 2), FFA_INVALID_PARAMETERS);
    assert_int_equal(unbind(a, 2, 1), FFA_OK);
    assert_int_equal(unbind(a, 2, 1), FFA_DENIED);
}

/* The receiver's next life has nothing of the last. */
static void test_receiver_ends(void **state)
{
    (void)state;
    for (unsigned int destroyed = 0; destroyed < 2; destroyed++) {
        start();
        assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
        assert_int_equal(bind(a, 2, PER_VCPU, 2), FFA_OK);
        assert_int_equal(set(b, 1, 0, 1), FFA_OK);
        assert_int_equal(set(b, 1, TO_VCPU(1), 2), FFA_OK);
        if (destroyed != 0) {
            rig_vm_end(a);
            assert_int_equal(set(b, 1, 0, 1), FFA_INVALID_PARAMETERS);
            a = rig_friend(1, FFA_VERSION_1_2);
        } else {
            posix_vm_reset(a);
            assert_int_equal(set(b, 1, 0, 1), FFA_INVALID_PARAMETERS);
            settle(a, FFA_VERSION_1_2);
        }
        assert_int_equal(set(b, 1, 0, 1), FFA_DENIED);
        assert_int_equal(interrupts(a, 2), 0);
        assert_true(get(a, 0, GET_ALL).vms == 0);
        assert_true(get(a, 1, GET_ALL).vms == 0);
        assert_int_equal(bind(a, 3, 0, ALL_BITS), FFA_OK);
        assert_true(rig_stop());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_who_has_them),       RIG_TEST(test_features),
        RIG_TEST(test_checks_of_bind),     RIG_TEST(test_hidden_senders),
        RIG_TEST(test_each_bit),           RIG_TEST(test_all_or_nothing),
        RIG_TEST(test_bound_again),        RIG_TEST(test_pending_on_another_vcpu),
        RIG_TEST(test_reserved_of_unbind), RIG_TEST(test_sender_ends),
        RIG_TEST(test_unbind_who_is_gone), RIG_TEST(test_receiver_ends),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
