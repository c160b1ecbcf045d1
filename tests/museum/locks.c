/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Section J of docs/museum.md: locks, floods, and input that nobody planned. The simulated machine
 * looks after each call, and in each hook, whether a lock is held that should not be, and takes a
 * promise of PARLEY_DEBUG_ASSERT that does not hold for a failure of the test.
 */
#include "talk.h"

#include <string.h>

/* --- J5, J6 ----------------------------------------------------------------------------------- */

static const uint32_t spmc_abis[] = {
    FFA_VERSION,
    FFA_FEATURES,
    FFA_ID_GET,
    FFA_SPM_ID_GET,
    FFA_RXTX_MAP_64,
    FFA_RXTX_UNMAP,
    FFA_RX_RELEASE,
    FFA_PARTITION_INFO_GET,
    FFA_PARTITION_INFO_GET_REGS,
    FFA_MSG_SEND_DIRECT_REQ_32,
    FFA_MSG_SEND2,
    FFA_NOTIFICATION_BITMAP_CREATE,
    FFA_NOTIFICATION_BIND,
    FFA_NOTIFICATION_SET,
    FFA_NOTIFICATION_GET,
    FFA_NOTIFICATION_INFO_GET_64,
    FFA_RUN,
};

static void use_everything(void)
{
    const uint32_t ids = ffa_ids_make(1, PARTITION_ECHO_ID);
    struct posix_vm *vm = talker_on(1, FFA_VERSION_1_2);

    assert_true(is_listed(vm, 1));
    CALL(vm, 0, FFA_SPM_ID_GET);
    CALL(vm, 0, FFA_MSG_SEND_DIRECT_REQ_32, ids, 0, COMMAND_ECHO, 0, 0, 0, 0);
    CALL(vm, 0, FFA_MSG_SEND_DIRECT_REQ2, ids, 0, 0, COMMAND_ECHO, 0);
    if (vm_status(vm).rx == PARLEY_RX_UNMAPPED) {
        call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 1);
    }
    write_message(vm, FFA_VERSION_1_2, ids, HEADER_BYTES_1_2, 8);
    send2(vm);
    CALL(vm, 0, FFA_NOTIFICATION_BIND, ffa_ids_make(PARTITION_ECHO_ID, 1), 0, 1, 0);
    CALL(vm, 0, FFA_NOTIFICATION_SET, ids, 0, 1, 0);
    CALL(vm, 0, FFA_NOTIFICATION_GET, ffa_receiver_info_make(1, 0), 0xf);
    CALL(vm, 0, FFA_NOTIFICATION_UNBIND, ffa_ids_make(PARTITION_ECHO_ID, 1), 0, 1, 0);
    posix_sri(0);
    posix_cpu_work(the_parley(), 0);
    assert_int_equal(posix_locks_held, 0);
    no_more_lies(); /* or the VM might end in quarantine, as it should */
    vm_off(vm);
    lies_again();
}

/* Whatever the SPMC refuses, and whenever, no lock is held afterwards and Parley goes on. */
static void J5_lock_leak_on_null(void **state)
{
    (void)state;
    for (size_t abi = 0; abi < COUNT(spmc_abis); abi++) {
        for (int32_t status = FFA_NO_DATA; status < 0; status++) {
            lying_power_on(status % 2 == 0 ? FFA_VERSION_1_1 : FFA_VERSION_1_2,
                           LIES(spmc_lie_status(spmc_abis[abi], status)));
            assert_non_null(parley_start(&usual_config));
            assert_int_equal(posix_locks_held, 0);
            use_everything();
            if (spmc_abis[abi] == FFA_RXTX_UNMAP) {
                no_more_lies();
            }
            assert_int_equal(parley_stop(), PARLEY_DONE);
            assert_int_equal(posix_locks_held, 0);
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

static void another_call(void *argument)
{
    assert_status(CALL(argument, 1, FFA_ID_GET), FFA_OK);
    assert_status(CALL(argument, 1, FFA_RXTX_UNMAP, 0), FFA_INVALID_PARAMETERS);
}

/* Whichever page a hypervisor cannot map, the next call, on another CPU, waits for nobody. */
static void J6_unlock_missed_on_error(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2});
    for (unsigned int nth = 1; nth <= 2 * QUOTA; nth++) {
        const struct deed deed = {another_call, vm};

        posix_fail_page_map(nth, nth % 2 == 0 ? PARLEY_PORT_NO_MEMORY : PARLEY_PORT_NOT_MEMORY);
        assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), QUOTA),
                      nth % 2 == 0 ? FFA_NO_MEMORY : FFA_INVALID_PARAMETERS);
        assert_int_equal(posix_locks_held, 0);
        at_once(&deed, 1);
    }
    vm_map(vm, QUOTA);
}

/* --- J9 --------------------------------------------------------------------------------------- */

#define FLOOD 1000000u

/* A guest that does nothing but wrong things tells the operator a number of times that grows as the
 * logarithm of how often. */
static void J9_log_flood(void **state)
{
    struct parley_vm_status status;
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2});
    posix_events_clear();
    for (unsigned int i = 0; i < FLOOD; i++) {
        struct parley_regs regs = {{i % 2 == 0 ? FFA_MSG_POLL : FFA_RX_RELEASE}};

        posix_call(vm, i % VCPUS, &regs);
    }
    status = vm_status(vm);
    assert_int_equal(status.counters.calls, FLOOD + 2); /* with those of vm_on() */
    assert_int_equal(status.counters.refused[-FFA_NOT_SUPPORTED], FLOOD / 2);
    assert_int_equal(status.counters.refused[-FFA_DENIED], FLOOD / 2);
    assert_in_range(posix_event_total(), 2, 2 * 20);
    assert_int_equal(posix_event_total(), posix_event_count(PARLEY_EVENT_CALL_REFUSED));

    /* Wrong versions and calls before any version are no way around it. */
    posix_vm_reset(vm);
    posix_events_clear();
    for (unsigned int i = 0; i < FLOOD / 10; i++) {
        struct parley_regs regs = {{i % 2 == 0 ? FFA_VERSION : FFA_ID_GET, 0x80000000u}};

        posix_call(vm, 0, &regs);
    }
    assert_in_range(posix_event_total(), 0, 2 * 20);
}

/* --- J11 -------------------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint64_t random_value(void)
{
    static const uint64_t ids[] = {1, 2, PARTITION_ECHO_ID, PARTITION_TRIO_ID,
                                   PARTITION_NOTIFIER_ID};
    const uint64_t bits = random_bits();

    switch (bits >> 60) {
    case 0:
        return 0;
    case 1:
        return bits & 0xff;
    case 7:
        return ids[bits % COUNT(ids)] << 16 | ids[bits / 16 % COUNT(ids)];
    case 8:
        return ids[bits % COUNT(ids)] << 16 | bits % 2;
    case 2:
        return IPA(bits % (RAM_PAGES + 2));
    case 3:
        return (uint64_t)1 << (bits & 63);
    case 4:
        return UINT64_MAX << (bits & 63);
    case 5:
        return FFA_FN64(FFA_NUMBER_FIRST + bits % 0x30);
    case 6:
        return FFA_FN32(FFA_NUMBER_FIRST + bits % 0x30);
    default:
        return bits;
    }
}

/* What an SPMC keeps, and the messages of the partition that is told of VMs. */
static bool is_kept_book(const struct parley_regs *call)
{
    static const uint32_t fids[] = {FFA_RXTX_MAP_64,
                                    FFA_RXTX_UNMAP,
                                    FFA_NOTIFICATION_BITMAP_CREATE,
                                    FFA_NOTIFICATION_BITMAP_DESTROY,
                                    FFA_NOTIFICATION_UNBIND,
                                    FFA_NOTIFICATION_GET};
    const uint32_t number = ffa_fid_number(w(call, 0));

    for (size_t i = 0; i < COUNT(fids); i++) {
        if (number == ffa_fid_number(fids[i])) {
            return true;
        }
    }
    return (number == ffa_fid_number(FFA_RUN) && w(call, 1) >> 16 == PARTITION_NOTIFIER_ID) ||
           (number == ffa_fid_number(FFA_MSG_SEND_DIRECT_REQ_32) &&
            (w(call, 1) & FFA_ID_MASK) == PARTITION_NOTIFIER_ID);
}

/*
 * An SPMC that answers anything at all, but knows what it keeps: a mapping that it denies, or that
 * it pretends, would not be Parley's mistake.
 */
static void babbling_spmc(void *unused, struct parley_regs *regs)
{
    const uint32_t number = ffa_fid_number(w(regs, 0));

    (void)unused;
    if (is_kept_book(regs)) {
        posix_smc_secure_world(regs);
        return;
    }
    if (random_bits() % 4 != 0) {
        posix_smc_secure_world(regs);
        if (number == ffa_fid_number(FFA_PARTITION_INFO_GET) ||
            number == ffa_fid_number(FFA_PARTITION_INFO_GET_REGS)) {
            regs->x[2 + random_bits() % 8] = random_value();
        }
        return;
    }
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        regs->x[i] = random_value();
    }
    if (random_bits() % 2 == 0) {
        regs->x[0] = random_bits() % 2 == 0 ? FFA_SUCCESS_32 : FFA_SUCCESS_64;
    }
}

static void babbling_guests(struct posix_vm *const *vms, size_t count)
{
    for (unsigned int i = 0; i < 200; i++) {
        struct posix_vm *vm = vms[random_bits() % count];
        struct parley_regs regs;
        unsigned int vcpu;

        for (unsigned int j = 0; j < FFA_REGS_MAX; j++) {
            regs.x[j] = random_value();
        }
        if (random_bits() % 4 != 0) {
            regs.x[0] = random_bits() << 32 | FFA_FN32(0x60 + random_bits() % 0x30) |
                        (random_bits() % 2) << 30;
        }
        vcpu = random_bits() % VCPUS;
        if (posix_call(vm, vcpu, &regs) == PARLEY_BLOCK) {
            posix_interrupt(vm, vcpu, &regs);
        }
        if (random_bits() % 64 == 0) {
            posix_vm_reset(vm);
        }
    }
}

static struct posix_vm *babbler_on(uint16_t id, uint16_t other, bool aarch32)
{
    return vm_on(&(struct vm_setup){.id = id,
                                    .aarch32 = aarch32,
                                    .sees_secure = true,
                                    .sees = {other},
                                    .may = PARLEY_MAY_ALL,
                                    .properties = ALL_PROPERTIES});
}

/* No input of a guest or of an SPMC reaches an assertion, or makes Parley work without end. */
static void J11_assert_on_peer_input(void **state)
{
    (void)state;
    random_state = 0x9e3779b97f4a7c15u;
    for (unsigned int round = 0; round < 300; round++) {
        struct posix_vm *vms[2];

        lying_power_on(round % 2 == 0 ? FFA_VERSION_1_1 : FFA_VERSION_1_2, NO_LIES);
        posix_smc_replace(babbling_spmc, NULL);
        assert_non_null(parley_start(&usual_config));
        assert_in_range(posix_smc_count(), 0, 200);
        vms[0] = babbler_on(1, 2, false);
        vms[1] = babbler_on(2, 1, true);
        babbling_guests(vms, COUNT(vms));
        assert_int_equal(posix_violations(), 0);
        posix_smc_replace(NULL, NULL);
        vm_off(vms[0]);
        vm_off(vms[1]);
        assert_int_equal(parley_stop(), PARLEY_DONE);
        posix_spmc_reboot(); /* it is right that it has requests that nobody will resume */
        assert_int_equal(machine_off(NULL), 0);
    }
}

SECTION(museum_locks, TEST(J5_lock_leak_on_null), TEST(J6_unlock_missed_on_error),
        TEST(J9_log_flood), TEST(J11_assert_on_peer_input))
