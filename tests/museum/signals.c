/* SPDX-License-Identifier: BSD-3-Clause */
/* Section I of docs/museum.md, and rows of section G that are about notifications. */
#include "notify.h"

#define LOPSIDED 0x80000002000000c1ull /* no two of its bytes, halves or quarters alike */

/* --- G13, G14, G15 ---------------------------------------------------------------------------- */

static const struct posix_smc *the_smc(uint32_t fid)
{
    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        if (w(&posix_smc_at(i)->call, 0) == fid) {
            return posix_smc_at(i);
        }
    }
    fail_msg("no SMC %#x was made", fid);
    return NULL;
}

static void expect_smc(uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
    const struct posix_smc *smc = the_smc(fid);

    assert_int_equal(smc->call.x[1], x1);
    assert_int_equal(smc->call.x[2], x2);
    assert_int_equal(smc->call.x[3], x3);
    assert_int_equal(smc->call.x[4], x4);
    for (unsigned int i = 5; i < FFA_REGS_MAX; i++) {
        assert_int_equal(smc->call.x[i], 0);
    }
}

/* Bitmaps keep their halves, to the SPMC and between VMs. */
static void G13_notif_bitmap_swapped(void **state)
{
    struct parley_regs answer;
    struct scene scene;

    (void)state;
    scene = scene_on(&posix_spmc_1_2);
    posix_smc_clear();
    assert_status(notif_bind(scene.receiver, 1, SECURE_SENDER, 0, LOPSIDED), FFA_OK);
    expect_smc(FFA_NOTIFICATION_BIND, ffa_ids_make(SECURE_SENDER, 1), 0, BITS(LOPSIDED));
    assert_int_equal(sp_notifies(scene.sender, 2, 1, 0, LOPSIDED & ~1ull), FFA_OK);
    answer = notif_get(scene.receiver, 1, 0, GET_ALL);
    assert_int_equal(w(&answer, 2), (uint32_t)(LOPSIDED & ~1ull));
    assert_int_equal(w(&answer, 3), (uint32_t)(LOPSIDED >> 32));
    assert_int_equal(vm_bits(&answer), 0);
    assert_status(notif_unbind(scene.receiver, 1, SECURE_SENDER, LOPSIDED), FFA_OK);
    expect_smc(FFA_NOTIFICATION_UNBIND, ffa_ids_make(SECURE_SENDER, 1), 0, BITS(LOPSIDED));

    assert_status(notif_bind(scene.receiver, 1, 2, 0, LOPSIDED), FFA_OK);
    for (unsigned int bit = 0; bit < 64; bit++) {
        const bool bound = (LOPSIDED >> bit & 1) != 0;

        assert_status(notif_set(scene.sender, 2, 1, 0, 1ull << bit), bound ? FFA_OK : FFA_DENIED);
        assert_int_equal(get_vm_bits(scene.receiver, 1, 0), bound ? 1ull << bit : 0);
    }
    assert_status(notif_unbind(scene.receiver, 1, 2, LOPSIDED), FFA_OK);
}

/* IDs and vCPUs are in the half of their word that is theirs. */
static void G14_notif_id_half(void **state)
{
    struct scene scene;

    (void)state;
    scene = scene_on(&posix_spmc_1_2);
    posix_smc_clear();
    assert_status(notif_bind(scene.receiver, SECURE_SENDER, 1, 0, 2), FFA_INVALID_PARAMETERS);
    assert_status(notif_bind(scene.receiver, 2, 1, 0, 2), FFA_INVALID_PARAMETERS);
    assert_status(notif_unbind(scene.receiver, 2, 1, 2), FFA_INVALID_PARAMETERS);
    assert_status(notif_set(scene.sender, 1, 2, 0, 2), FFA_INVALID_PARAMETERS);
    assert_status(CALL(scene.receiver, 0, FFA_NOTIFICATION_GET, 1u << 16 | 3, GET_ALL),
                  FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_smc_count(), 0);

    assert_status(notif_bind(scene.receiver, 1, SECURE_SENDER, PER_VCPU, 2), FFA_OK);
    expect_smc(FFA_NOTIFICATION_BIND, ffa_ids_make(SECURE_SENDER, 1), 1, BITS(2));
    /* Without an RX buffer nothing is asked of it. */
    posix_smc_clear();
    assert_status(notif_get(scene.receiver, 1, 3, GET_ALL), FFA_OK);
    expect_smc(FFA_NOTIFICATION_GET, ffa_receiver_info_make(1, 3), FFA_NOTIFICATION_GET_SP, 0, 0);
    vm_map(scene.receiver, 1);
    posix_smc_clear();
    assert_status(notif_get(scene.receiver, 1, 3, GET_ALL), FFA_OK);
    expect_smc(FFA_NOTIFICATION_GET, ffa_receiver_info_make(1, 3),
               FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_SPM, 0, 0);
    posix_smc_clear();
    notif_set(scene.sender, 2, SECURE_SENDER, 2u << 16 | PER_VCPU, 4);
    expect_smc(FFA_NOTIFICATION_SET, ffa_ids_make(2, SECURE_SENDER), 2u << 16 | 1, BITS(4));
    assert_status(notif_unbind(scene.receiver, 1, SECURE_SENDER, 2), FFA_OK);

    assert_status(notif_bind(scene.receiver, 1, 2, PER_VCPU, 8), FFA_OK);
    assert_status(notif_set(scene.sender, 2, 1, 3u << 16 | PER_VCPU, 8), FFA_OK);
    assert_int_equal(posix_vcpu_injected(scene.receiver, 3, NPI), 1);
    for (uint16_t vcpu = 0; vcpu < VCPUS; vcpu++) {
        assert_int_equal(get_vm_bits(scene.receiver, 1, vcpu), vcpu == 3 ? 8 : 0);
    }
}

/* Reads the lists of either form; returns how many IDs there are. */
static unsigned int read_lists(const struct parley_regs *answer, bool wide, uint16_t *ids,
                               unsigned int *lists)
{
    const unsigned int per_register = wide ? 4 : 2;
    unsigned int count = 0;

    *lists = (unsigned int)(answer->x[2] >> 7) & 0x1f;
    assert_int_equal(answer->x[2] & 0x7f, 0);
    for (unsigned int i = 0; i < *lists; i++) {
        count += 1 + ((unsigned int)(answer->x[2] >> (12 + 2 * i)) & 3);
    }
    assert_in_range(count, 1, wide ? 20 : 10);
    for (unsigned int i = 0; i < count; i++) {
        ids[i] = (uint16_t)(answer->x[3 + i / per_register] >> (16 * (i % per_register)));
    }
    return count;
}

/* A list is the same in 32 and in 64 bits. */
static void G15_info_get_smc32_layout(void **state)
{
    static const uint32_t fids[] = {FFA_NOTIFICATION_INFO_GET_32, FFA_NOTIFICATION_INFO_GET_64};
    uint16_t ids[2][20];
    unsigned int count[2];
    unsigned int lists[2];
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < COUNT(fids); i++) {
        struct parley_regs answer;

        scene = scene_on(NULL);
        assert_status(CALL(scene.receiver, 0, fids[i]), FFA_NO_DATA);
        assert_status(notif_bind(scene.receiver, 1, 2, 0, 1), FFA_OK);
        assert_status(notif_bind(scene.receiver, 1, 2, PER_VCPU, 6), FFA_OK);
        assert_status(notif_set(scene.sender, 2, 1, 3u << 16 | PER_VCPU, 2), FFA_OK);
        assert_status(notif_set(scene.sender, 2, 1, 1u << 16 | PER_VCPU, 4), FFA_OK);
        answer = CALL(scene.receiver, 0, fids[i]);
        assert_int_equal(answer.x[0], i == 0 ? FFA_SUCCESS_32 : FFA_SUCCESS_64);
        count[i] = read_lists(&answer, i == 1, ids[i], &lists[i]);
        assert_status(CALL(scene.receiver, 0, fids[i]), FFA_NO_DATA); /* each news once */
        assert_int_equal(machine_off(NULL), 0);
    }
    assert_int_equal(count[0], 3);
    assert_int_equal(count[1], 3);
    assert_int_equal(lists[0], lists[1]);
    assert_memory_equal(ids[0], ids[1], 3 * sizeof(ids[0][0]));
    assert_int_equal(ids[0][0], 1);
    assert_int_equal(ids[0][1] + ids[0][2], 1 + 3);
    assert_int_equal(ids[0][1] * ids[0][2], 3);
}

/* --- I1 to I4 --------------------------------------------------------------------------------- */

struct setter {
    struct scene scene;
    unsigned int rounds;
};

static void set_again_and_again(void *argument)
{
    struct setter *setter = argument;

    for (unsigned int i = 0; i < setter->rounds; i++) {
        assert_status(notif_set(setter->scene.sender, 2, 1, 0, 1ull << (i % 64)), FFA_OK);
    }
}

static void get_again_and_again(void *argument)
{
    struct setter *setter = argument;

    for (unsigned int i = 0; i < setter->rounds; i++) {
        if (i % 3 == 0) {
            CALL(setter->scene.receiver, 0, FFA_NOTIFICATION_INFO_GET_64);
        }
        notif_get(setter->scene.receiver, 1, 0, FFA_NOTIFICATION_GET_VM);
    }
}

/* What pends when all is quiet has an interrupt behind it that came after the last look. */
static void I1_rx_full_lost_wakeup(void **state)
{
    struct setter setter = {.rounds = 500};
    const struct deed deeds[] = {{set_again_and_again, &setter}, {get_again_and_again, &setter}};

    (void)state;
    setter.scene = scene_on(NULL);
    assert_status(notif_bind(setter.scene.receiver, 1, 2, 0, UINT64_MAX), FFA_OK);
    for (unsigned int round = 0; round < 20; round++) {
        unsigned int before;

        at_once(deeds, COUNT(deeds));
        notif_get(setter.scene.receiver, 1, 0, FFA_NOTIFICATION_GET_VM);
        before = injected(setter.scene.receiver);
        assert_status(notif_set(setter.scene.sender, 2, 1, 0, 1), FFA_OK);
        assert_int_equal(injected(setter.scene.receiver), before + 1);
        assert_status(notif_set(setter.scene.sender, 2, 1, 0, 2), FFA_OK); /* interrupted already */
        assert_int_equal(injected(setter.scene.receiver), before + 1);
        assert_status(CALL(setter.scene.receiver, 0, FFA_NOTIFICATION_INFO_GET_64), FFA_OK);
        assert_int_equal(get_vm_bits(setter.scene.receiver, 1, 0), 3);
    }
}

struct late_set {
    struct scene scene;
    bool done;
};

/* The set comes while Parley asks the SPMC in the middle of the VM's GET. */
static void spmc_while_a_bit_is_set(void *context, struct parley_regs *regs)
{
    struct late_set *late = context;

    if (w(regs, 0) == FFA_NOTIFICATION_GET && !late->done) {
        late->done = true;
        assert_status(notif_set(late->scene.sender, 2, 1, 0, 1), FFA_OK);
    }
    posix_smc_secure_world(regs);
}

/* What the SPMC's failure leaves undone is not lost, nor what comes in the middle of it. */
static void I2_pending_cleared_before_success(void **state)
{
    struct late_set late = {.done = false};
    struct answering failing = {
        .fid = FFA_NOTIFICATION_GET,
        .answer = {{FFA_ERROR, 0, (uint32_t)FFA_ABORTED}},
    };
    struct parley_regs answer;
    struct posix_vm *vm;
    uint64_t seen;

    (void)state;
    late.scene = scene_on(&posix_spmc_1_2);
    vm = late.scene.receiver;
    assert_status(notif_bind(vm, 1, SECURE_SENDER, 0, 0x10), FFA_OK);
    assert_status(notif_bind(vm, 1, 2, 0, 1), FFA_OK);
    assert_int_equal(sp_notifies(late.scene.sender, 2, 1, 0, 0x10), FFA_OK);
    assert_status(notif_set(late.scene.sender, 2, 1, 0, 1), FFA_OK);
    posix_smc_replace(answering_spmc, &failing);
    assert_status(notif_get(vm, 1, 0, GET_ALL), FFA_ABORTED);
    assert_int_equal(failing.calls, 1);
    posix_smc_replace(NULL, NULL);
    answer = notif_get(vm, 1, 0, GET_ALL);
    assert_int_equal(vm_bits(&answer), 1);
    assert_int_equal(w(&answer, 2), 0x10);

    posix_smc_replace(spmc_while_a_bit_is_set, &late);
    answer = notif_get(vm, 1, 0, GET_ALL);
    assert_true(late.done);
    posix_smc_replace(NULL, NULL);
    seen = vm_bits(&answer);
    assert_int_equal(seen | get_vm_bits(vm, 1, 0), 1);
    assert_status(notif_unbind(vm, 1, SECURE_SENDER, 0x10), FFA_OK);
}

/* An interrupt goes to a vCPU that is online; without any it waits for the first that comes. */
static void I3_npi_to_offline_vcpu0(void **state)
{
    struct scene scene;

    (void)state;
    scene = scene_on(NULL);
    assert_status(notif_bind(scene.receiver, 1, 2, 0, 0xff), FFA_OK);
    posix_vcpu_set_online(scene.receiver, 0, false);
    assert_status(notif_set(scene.sender, 2, 1, 0, 1), FFA_OK);
    assert_int_equal(posix_vcpu_injected(scene.receiver, 0, NPI), 0);
    assert_int_equal(posix_vcpu_injected(scene.receiver, 1, NPI), 1);
    assert_int_equal(get_vm_bits(scene.receiver, 1, 1), 1);

    for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++) {
        posix_vcpu_set_online(scene.receiver, vcpu, false);
    }
    assert_status(notif_set(scene.sender, 2, 1, 0, 2), FFA_OK);
    assert_int_equal(injected(scene.receiver), 1);
    posix_vcpu_set_online(scene.receiver, 2, true);
    assert_int_equal(posix_vcpu_injected(scene.receiver, 2, NPI), 1);
    posix_vcpu_set_online(scene.receiver, 0, true);
    assert_int_equal(injected(scene.receiver), 2);
    assert_int_equal(get_vm_bits(scene.receiver, 1, 0), 2);
}

/* The same bit twice is one bit: one interrupt, read once, and then nothing is left. */
static void I4_pending_counter_drift(void **state)
{
    struct scene scene;

    (void)state;
    scene = scene_on(NULL);
    assert_status(notif_bind(scene.receiver, 1, 2, 0, 1), FFA_OK);
    assert_status(notif_bind(scene.receiver, 1, 2, PER_VCPU, 2), FFA_OK);
    for (unsigned int round = 1; round <= 5; round++) {
        for (unsigned int i = 0; i < 3; i++) {
            assert_status(notif_set(scene.sender, 2, 1, 0, 1), FFA_OK);
        }
        assert_int_equal(injected(scene.receiver), 2 * round - 1);
        assert_int_equal(get_vm_bits(scene.receiver, 1, 0), 1);
        for (unsigned int i = 0; i < 3; i++) {
            assert_status(notif_set(scene.sender, 2, 1, PER_VCPU, 2), FFA_OK);
        }
        assert_int_equal(injected(scene.receiver), 2 * round);
        assert_int_equal(get_vm_bits(scene.receiver, 1, 0), 2);
        assert_int_equal(get_vm_bits(scene.receiver, 1, 0), 0);
        assert_status(CALL(scene.receiver, 0, FFA_NOTIFICATION_INFO_GET_64), FFA_NO_DATA);
    }
    assert_status(notif_unbind(scene.receiver, 1, 2, 3), FFA_OK);
}

/* --- I5, I6, I7, I8 --------------------------------------------------------------------------- */

/* Each reserved flag is refused, and the SPMC does not hear of it. */
static void I5_notif_mbz_flags(void **state)
{
    static const uint16_t others[] = {2, SECURE_SENDER};
    struct scene scene;

    (void)state;
    scene = scene_on(&posix_spmc_1_2);
    posix_smc_clear();
    for (size_t i = 0; i < COUNT(others); i++) {
        for (unsigned int bit = 1; bit < 32; bit++) {
            assert_status(notif_bind(scene.receiver, 1, others[i], 1u << bit, 1),
                          FFA_INVALID_PARAMETERS);
            /* From bit 16 on it is a vCPU's number, without the flag that goes with it. */
            assert_status(notif_set(scene.receiver, 1, others[i], 1u << bit, 1),
                          FFA_INVALID_PARAMETERS);
            if (bit >= 4) {
                assert_status(notif_get(scene.receiver, 1, 0, 1u << bit), FFA_INVALID_PARAMETERS);
            }
        }
        assert_status(notif_bind(scene.receiver, 1, others[i], 0, 0), FFA_INVALID_PARAMETERS);
        assert_status(notif_unbind(scene.receiver, 1, others[i], 0), FFA_INVALID_PARAMETERS);
        assert_status(notif_set(scene.receiver, 1, others[i], 0, 0), FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(posix_smc_count(), 0);
}

/* What goes with a notification for one vCPU, and with one for all. */
static void I6_per_vcpu_vs_global(void **state)
{
    static const struct {
        uint32_t bound;
        uint32_t set;
        int32_t status;
    } cases[] = {
        {0, 0, FFA_OK},
        {0, PER_VCPU, FFA_INVALID_PARAMETERS},
        {0, 1u << 16 | PER_VCPU, FFA_INVALID_PARAMETERS},
        {PER_VCPU, 0, FFA_INVALID_PARAMETERS},
        {PER_VCPU, PER_VCPU, FFA_OK},
        {PER_VCPU, (VCPUS - 1) << 16 | PER_VCPU, FFA_OK},
        {PER_VCPU, VCPUS << 16 | PER_VCPU, FFA_INVALID_PARAMETERS},
        {PER_VCPU, 0xffff0000u | PER_VCPU, FFA_INVALID_PARAMETERS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene scene = scene_on(NULL);

        assert_status(notif_bind(scene.receiver, 1, 2, cases[i].bound, 4), FFA_OK);
        assert_status(notif_set(scene.sender, 2, 1, cases[i].set, 4), cases[i].status);
        assert_int_equal(injected(scene.receiver), cases[i].status == FFA_OK);
        for (uint16_t vcpu = 0; vcpu < VCPUS; vcpu++) {
            const bool there = cases[i].status == FFA_OK && vcpu == cases[i].set >> 16;

            assert_int_equal(get_vm_bits(scene.receiver, 1, vcpu), there ? 4 : 0);
        }
        assert_status(notif_get(scene.receiver, 1, VCPUS, GET_ALL), FFA_INVALID_PARAMETERS);
        assert_status(notif_get(scene.receiver, 1, 0xffff, GET_ALL), FFA_INVALID_PARAMETERS);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* Who signals a bit that is not bound to it sets none, not even those that are. */
static void I7_set_unbound_bit(void **state)
{
    struct posix_vm *third;
    struct scene scene;

    (void)state;
    scene = scene_on(NULL);
    third = talker_on(3, FFA_VERSION_1_1);
    assert_status(notif_set(scene.sender, 2, 1, 0, 1), FFA_DENIED);
    assert_status(notif_bind(scene.receiver, 1, 2, 0, 0x0f), FFA_OK);
    assert_status(notif_bind(scene.receiver, 1, 3, 0, 0xf0), FFA_OK);
    assert_status(notif_bind(scene.receiver, 1, 3, 0, 0x108),
                  FFA_DENIED); /* one of them is taken */
    assert_status(notif_set(third, 3, 1, 0, 0x100), FFA_DENIED);
    assert_status(notif_set(scene.sender, 2, 1, 0, 0x1f), FFA_DENIED);
    assert_status(notif_set(scene.sender, 2, 1, 0, 0x101), FFA_DENIED);
    assert_status(notif_set(third, 3, 1, 0, 1), FFA_DENIED);
    assert_int_equal(injected(scene.receiver), 0);
    assert_int_equal(get_vm_bits(scene.receiver, 1, 0), 0);
    assert_status(notif_set(third, 3, 1, 0, 0xf0), FFA_OK);
    assert_status(notif_unbind(scene.receiver, 1, 3, 0x10), FFA_DENIED); /* it pends */
    assert_status(notif_unbind(scene.receiver, 1, 2, 0x1f), FFA_DENIED); /* one is another's */
    assert_status(notif_set(scene.sender, 2, 1, 0, 0x0f), FFA_OK);
    assert_int_equal(get_vm_bits(scene.receiver, 1, 0), 0xff);
    assert_status(notif_unbind(scene.receiver, 1, 2, 0x0f), FFA_OK);
    assert_status(notif_set(scene.sender, 2, 1, 0, 1), FFA_DENIED);

    /* A binding is to one life of the sender. */
    posix_vm_reset(third);
    vm_negotiate(third, FFA_VERSION_1_1);
    assert_status(notif_set(third, 3, 1, 0, 0x10), FFA_DENIED);
    assert_status(notif_bind(scene.receiver, 1, 2, 0, 0x10), FFA_OK);
}

/* An ID that is unknown, or hidden, is an error in each ABI, and holds no lock. */
static void I8_bitmap_create_wrong_id(void **state)
{
    static const uint16_t unknown[] = {0, 9, 64, 65, 0x7fff, 0x8000, 0x8004, 0x9000, 0xffff};
    struct scene scene;

    (void)state;
    scene = scene_on(&posix_spmc_1_2);
    posix_smc_clear();
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_status(notif_bind(scene.receiver, 1, unknown[i], 0, 1), FFA_INVALID_PARAMETERS);
        assert_status(notif_unbind(scene.receiver, 1, unknown[i], 1), FFA_INVALID_PARAMETERS);
        assert_status(notif_set(scene.sender, 2, unknown[i], 0, 1), FFA_INVALID_PARAMETERS);
        assert_status(notif_get(scene.receiver, unknown[i], 0, GET_ALL), FFA_INVALID_PARAMETERS);
        assert_int_equal(posix_locks_held, 0);
    }
    assert_status(notif_bind(scene.receiver, 1, 1, 0, 1), FFA_INVALID_PARAMETERS);
    assert_status(notif_set(scene.receiver, 1, 1, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_smc_count(), 0);
}

SECTION(museum_signals, TEST(G13_notif_bitmap_swapped), TEST(G14_notif_id_half),
        TEST(G15_info_get_smc32_layout), TEST(I1_rx_full_lost_wakeup),
        TEST(I2_pending_cleared_before_success), TEST(I3_npi_to_offline_vcpu0),
        TEST(I4_pending_counter_drift), TEST(I5_notif_mbz_flags), TEST(I6_per_vcpu_vs_global),
        TEST(I7_set_unbound_bit), TEST(I8_bitmap_create_wrong_id))
