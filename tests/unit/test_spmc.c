/* SPDX-License-Identifier: BSD-3-Clause */
/* The client of the SPMC: what it asks, in which order, and which answers it lives with. */
#include "lying.h"

#define SPMC_1_3 0x00010003u

/* How the SMC log stands with an ABI. */
static unsigned int calls_of(uint32_t fid, bool succeeded)
{
    unsigned int calls = 0;

    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        const struct posix_smc *smc = posix_smc_at(i);

        if (ffa_fid_number((uint32_t)smc->call.x[0]) == ffa_fid_number(fid)) {
            calls += ((uint32_t)smc->answer.x[0] != FFA_ERROR) == succeeded;
        }
    }
    return calls;
}

/* Parley has found that it must do without: once told, nothing kept, nothing left there. */
static void assert_absent(const char *what)
{
    struct parley_status status = rig_status();

    if (status.spmc_version != 0) {
        fail_msg("%s: Parley thinks that there is an SPMC of %#x", what, status.spmc_version);
    }
    assert_int_equal(status.partition_count, 0);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_FOUND), 0);
    if (posix_event_count(PARLEY_EVENT_SPMC_ABSENT) != 1) {
        fail_msg("%s: told %u times", what, posix_event_count(PARLEY_EVENT_SPMC_ABSENT));
    }
    assert_vms_work();
}

/* --- What is asked ---------------------------------------------------------------------------- */

static void assert_clean_call(const struct parley_regs *call)
{
    bool wide = ffa_fid_is_64((uint32_t)call->x[0]);

    assert_true(ffa_fid_is_ffa((uint32_t)call->x[0]));
    assert_int_equal(call->x[0] >> 32, 0);
    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX; i++) {
        assert_int_equal(call->x[i], 0);
    }
    for (unsigned int i = 1; !wide && i < FFA_REGS_SMC32; i++) {
        assert_int_equal(call->x[i] >> 32, 0);
    }
}

static void test_first_smc(void **state)
{
    const struct spmc_config *const secure[] = {NULL, &posix_spmc_1_0, &posix_spmc_1_1,
                                                &posix_spmc_1_2};

    (void)state;
    for (size_t i = 0; i < COUNT(secure); i++) {
        const struct parley_regs *first;

        rig_start(secure[i]);
        assert_true(posix_smc_count() > 0);
        first = &posix_smc_at(0)->call;
        assert_int_equal(first->x[0], FFA_VERSION);
        assert_int_equal(first->x[1], FFA_VERSION_1_2);
        for (unsigned int j = 2; j < FFA_REGS_MAX; j++) {
            assert_int_equal(first->x[j], 0);
        }
        /* Whatever is asked later is asked at the version agreed on. */
        for (unsigned int j = 1; j < posix_smc_count(); j++) {
            bool asks = posix_smc_at(j)->call.x[0] == FFA_VERSION;

            assert_true(!asks || posix_smc_at(j - 1)->call.x[0] == FFA_VERSION);
        }
        assert_true(rig_stop());
    }
}

static void test_reserved_arguments_are_zero(void **state)
{
    (void)state;
    start_with_lies(hostile_lies, 0);
    assert_int_equal(rig_status().spmc_version, FFA_VERSION_1_2);
    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        assert_clean_call(&posix_smc_at(i)->call);
    }
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
    assert_clean_call(&posix_smc_at(posix_smc_count() - 1)->call);
    assert_int_equal(hostile.reserved_inputs, 0);
    assert_true(rig_stop_after_shutdown());
}

/* What was read is given back, once; what was not read is not. */
static void test_rx_is_released_once(void **state)
{
    const struct spmc_config *const secure[] = {&posix_spmc_1_1, &posix_spmc_1_2};

    (void)state;
    for (size_t i = 0; i < COUNT(secure); i++) {
        unsigned int fills = 0;

        rig_start(secure[i]);
        for (unsigned int j = 0; j < posix_smc_count(); j++) {
            const struct posix_smc *smc = posix_smc_at(j);
            bool lists = (uint32_t)smc->call.x[0] == FFA_PARTITION_INFO_GET &&
                         (smc->call.x[5] & FFA_PARTITION_INFO_GET_COUNT_ONLY) == 0;

            fills += lists && (uint32_t)smc->answer.x[0] == FFA_SUCCESS_32;
        }
        assert_int_equal(calls_of(FFA_RX_RELEASE, true), fills);
        assert_int_equal(calls_of(FFA_RX_RELEASE, false), 0);
        assert_true(rig_stop());
    }
}

/* Whatever a guest calls to which policy forbids the Secure world: nothing of it gets there. */
static void test_no_smc_for_a_guest(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    posix_smc_clear();
    vm = rig_vm(&(struct parley_vm_config){.id = 1, .properties = RIG_ALL_PROPERTIES});
    settle(vm, FFA_VERSION_1_2);
    map_buffers(vm, 2);
    for (uint32_t number = FFA_NUMBER_FIRST; number <= FFA_NUMBER_LAST; number++) {
        if (FFA_FN32(number) == FFA_MSG_WAIT) {
            continue;
        }
        CALL(vm, FFA_FN32(number), (1u << 16) | 0x8001, 0, 1, 0, 0);
        CALL(vm, FFA_FN64(number), (1u << 16) | 0x8001, 0, 1, 0, 0);
        CALL(vm, FFA_FN32(number), (0x8001u << 16) | 1, 0, 1, 0, 0);
    }
    posix_vm_reset(vm);
    rig_vm_end(vm);
    assert_int_equal(posix_smc_count(), 0);
}

/* --- Versions --------------------------------------------------------------------------------- */

struct answer_row {
    const char *what;
    uint64_t w0;
    uint32_t agreed; /* 0: do without */
};

static const struct answer_row answers[] = {
    {"no FF-A there", 0xffffffffffffffff, 0},
    {"NOT_SUPPORTED", 0xffffffff, 0},
    {"another error", 0xfffffffe, 0},
    {"INVALID_PARAMETER of SMCCC", 0xfffffffd, 0},
    {"nothing", 0, 0},
    {"a lower major", 0x0000ffff, 0},
    {"1.0", FFA_VERSION_1_0, 0},
    {"a lower minor", FFA_VERSION_1_1, FFA_VERSION_1_1},
    {"the same", FFA_VERSION_1_2, FFA_VERSION_1_2},
    {"a higher minor", SPMC_1_3, FFA_VERSION_1_2},
    {"the highest minor", 0x0001ffff, FFA_VERSION_1_2},
    {"a higher major", 0x00020000, 0},
    {"a higher major with our minor", 0x00020002, 0},
    {"the highest major", 0x7fff0002, 0},
    {"bit 31", 0x80010002, 0},
    {"bit 31 and a lower minor", 0x80010001, 0},
    {"garbage above w0", 0xbad1bad200010002, FFA_VERSION_1_2},
};

static void test_version_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        const struct answer_row *row = &answers[i];
        struct spmc_lie lie = spmc_lie_register(FFA_VERSION, 0, row->w0);

        start_with_lies(&lie, 1);
        if (row->agreed != 0) {
            assert_found(row->what, row->agreed);
            assert_true(rig_status().partition_count > 0);
        } else {
            assert_absent(row->what);
            assert_false(posix_spmc_has_buffers());
            assert_int_equal(posix_smc_count(), 1);
        }
        if (!rig_stop()) {
            fail_msg("%s: rules are broken", row->what);
        }
    }
}

static void test_real_versions(void **state)
{
    (void)state;
    rig_start(&posix_spmc_1_2);
    assert_found("1.2", FFA_VERSION_1_2);
    rig_start(&posix_spmc_1_1);
    assert_found("1.1", FFA_VERSION_1_1);
    rig_start(&posix_spmc_1_0);
    assert_absent("1.0");
    rig_start(NULL);
    assert_absent("no Secure world");
}

static void test_not_looked_for(void **state)
{
    struct parley_config config = rig_default_config;

    (void)state;
    config.no_spmc = true;
    rig_start_with(&posix_spmc_1_2, &config);
    assert_int_equal(posix_smc_count(), 0);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_FOUND), 0);
    assert_int_equal(rig_status().spmc_version, 0);
    assert_vms_work();
    assert_int_equal(posix_smc_count(), 0);
}

/* --- Steps that fail -------------------------------------------------------------------------- */

static void test_silent_on_features(void **state)
{
    struct spmc_lie lie = spmc_lie_no_features();

    (void)state;
    start_with_lies(&lie, 1);
    assert_absent("silent on features");
    assert_false(posix_spmc_has_buffers());
}

/* The statuses that there are, and some that there are not. */
static const int32_t codes[] = {FFA_NOT_SUPPORTED,
                                FFA_INVALID_PARAMETERS,
                                FFA_NO_MEMORY,
                                FFA_BUSY,
                                FFA_INTERRUPTED,
                                FFA_DENIED,
                                FFA_RETRY,
                                FFA_ABORTED,
                                FFA_NO_DATA,
                                -10,
                                INT32_MIN,
                                INT32_MAX,
                                0};

/* Each ABI that Parley uses on its way, failing: Parley lives, the SPMC keeps nothing of it. */
static void test_failing_steps(void **state)
{
    static const uint32_t steps[] = {FFA_SPM_ID_GET, FFA_RXTX_MAP_64, FFA_PARTITION_INFO_GET,
                                     FFA_FEATURES};

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        for (size_t j = 0; j < COUNT(codes); j++) {
            struct spmc_lie lie = spmc_lie_status(steps[i], codes[j]);

            start_with_lies(&lie, 1);
            assert_vms_work();
            if (rig_status().spmc_version == 0) {
                assert_false(posix_spmc_has_buffers());
                assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_ABSENT), 1);
            }
            if (steps[i] == FFA_PARTITION_INFO_GET) {
                assert_int_equal(spmc_journal_calls(&hostile, FFA_RX_RELEASE), 0);
            }
            if (steps[i] == FFA_RXTX_MAP_64) {
                assert_int_equal(spmc_journal_calls(&hostile, FFA_RXTX_UNMAP), 0);
            }
            assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
            assert_false(posix_spmc_has_buffers());
            if (!rig_stop_after_shutdown()) {
                fail_msg("%#x answers %d: rules are broken", steps[i], codes[j]);
            }
        }
    }
}

/* RX that cannot be given back leaves Parley without an SPMC, or with one that works. */
static void test_failing_release(void **state)
{
    (void)state;
    for (size_t j = 0; j < COUNT(codes); j++) {
        struct spmc_lie lie = spmc_lie_status(FFA_RX_RELEASE, codes[j]);

        start_with_lies(&lie, 1);
        assert_vms_work();
        assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
        assert_false(posix_spmc_has_buffers());
        assert_true(rig_stop_after_shutdown());
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_first_smc),           RIG_TEST(test_reserved_arguments_are_zero),
        RIG_TEST(test_rx_is_released_once), RIG_TEST(test_no_smc_for_a_guest),
        RIG_TEST(test_version_answers),     RIG_TEST(test_real_versions),
        RIG_TEST(test_not_looked_for),      RIG_TEST(test_silent_on_features),
        RIG_TEST(test_failing_steps),       RIG_TEST(test_failing_release),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
