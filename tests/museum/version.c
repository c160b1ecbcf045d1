/* SPDX-License-Identifier: BSD-3-Clause */
/* Section D of docs/museum.md: which version is in force, and what follows from it. */
#include "support.h"

#define REFUSED ((uint64_t)(uint32_t)FFA_VERSION_NOT_SUPPORTED)

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

static uint64_t ask(struct posix_vm *vm, unsigned int vcpu, uint32_t version)
{
    return CALL(vm, vcpu, FFA_VERSION, version).x[0];
}

/* --- D4 to D7: one vCPU asks ------------------------------------------------------------------ */

struct question {
    uint32_t request;
    uint32_t stands_for; /* the version in force afterwards, 0: none, the request is refused */
};

static const struct question questions[] = {
    {0x00010000, FFA_VERSION_1_0},
    {0x00010001, FFA_VERSION_1_1},
    {0x00010002, FFA_VERSION_1_2},
    {0x00010003, FFA_VERSION_1_2},
    {0x0001ffff, FFA_VERSION_1_2},
    {0x00000000, FFA_VERSION_1_2},
    {0x00000009, FFA_VERSION_1_2},
    {0x00020000, FFA_VERSION_1_2},
    {0x7fffffff, FFA_VERSION_1_2},
    {0x80000000, 0},
    {0x80010000, 0},
    {0x80010001, 0},
    {0x80010002, 0},
    {0x80020000, 0},
    {0xffffffff, 0},
};

/* Once a version is final, another one is refused and changes nothing; the same one is answered. */
static void D4_version_not_locked(void **state)
{
    (void)state;
    machine_on(NULL);
    for (size_t v = 0; v < COUNT(versions); v++) {
        struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1, .version = versions[v]});

        for (size_t i = 0; i < COUNT(questions); i++) {
            const bool same = questions[i].stands_for == versions[v];

            assert_int_equal(ask(vm, 1, questions[i].request), same ? PARLEY_FFA_VERSION : REFUSED);
            assert_int_equal(vm_status(vm).version, versions[v]);
        }
        vm_off(vm);
    }
}

/* A kernel started later in the same life is told that it cannot have its version, and gets none of
 * its layouts. */
static void D5_version_after_finality_always_ok(void **state)
{
    struct posix_vm *vm;
    struct parley_regs answer;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_secure = true});
    vm_map(vm, 1);
    assert_int_equal(ask(vm, 0, FFA_VERSION_1_0), REFUSED);
    answer = call_info(vm, 0, &nil_uuid, 0);
    assert_int_equal(status_of(&answer), FFA_OK);
    assert_int_equal(w(&answer, 3), sizeof(struct ffa_partition_info_1_1));
    assert_int_equal(w(&answer, 2), 1 + PARTITION_UUID_COUNT);
    answer = call_features(vm, FFA_SPM_ID_GET);
    assert_int_equal(status_of(&answer), FFA_OK);

    /* A reset is another life, and may negotiate anew. */
    posix_vm_reset(vm);
    vm_negotiate(vm, FFA_VERSION_1_0);
    assert_status(call_features(vm, FFA_SPM_ID_GET), FFA_NOT_SUPPORTED);
}

/* Bit 31 makes no version, whatever the other bits say; what was proposed before stands. */
static void D6_version_bit31(void **state)
{
    (void)state;
    machine_on(NULL);
    for (size_t i = 0; i < COUNT(questions); i++) {
        struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1});

        if (questions[i].stands_for == 0) {
            assert_int_equal(ask(vm, 0, questions[i].request), REFUSED);
            assert_status(CALL(vm, 0, FFA_ID_GET), FFA_NOT_SUPPORTED);
            assert_int_equal(ask(vm, 0, FFA_VERSION_1_0), PARLEY_FFA_VERSION);
            assert_int_equal(ask(vm, 0, questions[i].request), REFUSED);
            assert_status(CALL(vm, 0, FFA_ID_GET), FFA_OK);
            assert_int_equal(vm_status(vm).version, FFA_VERSION_1_0);
        }
        vm_off(vm);
    }
}

/* What a request leaves behind is a version that Parley has, or what was there before. */
static void D7_version_store_incompatible(void **state)
{
    (void)state;
    machine_on(NULL);
    for (size_t first = 0; first < COUNT(questions); first++) {
        for (size_t second = 0; second < COUNT(questions); second++) {
            struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1});
            uint32_t stands = questions[first].stands_for;
            const bool refused = questions[second].stands_for == 0;

            ask(vm, 0, questions[first].request);
            assert_int_equal(ask(vm, 1, questions[second].request),
                             refused ? REFUSED : PARLEY_FFA_VERSION);
            if (!refused) {
                stands = questions[second].stands_for;
            }
            assert_status(CALL(vm, 0, FFA_ID_GET), stands == 0 ? FFA_NOT_SUPPORTED : FFA_OK);
            assert_int_equal(vm_status(vm).version, stands);
            vm_off(vm);
        }
    }
}

/* --- D8, D10: towards the SPMC ---------------------------------------------------------------- */

/* Which answers of an SPMC make it one that Parley works with, and at which version. */
static void D8_version_downgrade_to_firmware(void **state)
{
    static const struct {
        uint32_t answer;
        uint32_t agreed; /* 0: Parley does without */
        unsigned int partitions;
    } table[] = {
        {0xffffffff, 0, 0},
        {0xfffffffd, 0, 0},
        {0x00010000, 0, 0},
        {0x00010001, FFA_VERSION_1_1, PARTITION_COUNT},
        {0x00010002, FFA_VERSION_1_2, PARTITION_UUID_COUNT},
        {0x00010003, FFA_VERSION_1_2, PARTITION_UUID_COUNT},
        {0x00017fff, FFA_VERSION_1_2, PARTITION_UUID_COUNT},
        {0x00020000, 0, 0},
        {0x00020002, 0, 0},
        {0x00000002, 0, 0},
        {0x80010002, 0, 0},
        {0x80010001, 0, 0},
        {0x00000000, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct parley_status status;
        struct posix_vm *vm;

        lying_power_on(FFA_VERSION_1_2, LIES(spmc_lie_version(table[i].answer)));
        assert_non_null(parley_start(&usual_config));
        parley_status(the_parley(), &status);
        assert_int_equal(status.spmc_version, table[i].agreed);
        assert_int_equal(status.partition_count, table[i].partitions);
        assert_int_equal(posix_event_count(table[i].agreed == 0 ? PARLEY_EVENT_SPMC_ABSENT
                                                                : PARLEY_EVENT_SPMC_FOUND),
                         1);

        /* What a VM asks is between it and Parley: no SMC, and never the SPMC's version. */
        posix_smc_clear();
        vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1});
        assert_int_equal(ask(vm, 0, FFA_VERSION_1_1), PARLEY_FFA_VERSION);
        assert_int_equal(posix_smc_count(), 0);
        assert_int_equal(machine_off(NULL), 0);
    }

    /* One that does not say what it has is none that Parley can work with. */
    for (uint32_t version = FFA_VERSION_1_1; version <= FFA_VERSION_1_2; version++) {
        struct parley_status status;

        lying_power_on(version, LIES(spmc_lie_no_features()));
        assert_non_null(parley_start(&usual_config));
        parley_status(the_parley(), &status);
        assert_int_equal(status.spmc_version, 0);
        assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_ABSENT), 1);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/*
 * Nothing of FF-A leaves the hypervisor before FFA_VERSION, which asks for 1.2, and then perhaps
 * for what the SPMC has instead.
 */
static void D10_version_must_be_first(void **state)
{
    static const struct {
        const struct spmc_config *secure;
        uint32_t last_asked;
    } worlds[] = {{&posix_spmc_1_1, FFA_VERSION_1_1},
                  {&posix_spmc_1_2, FFA_VERSION_1_2},
                  {NULL, FFA_VERSION_1_2}};

    (void)state;
    for (size_t i = 0; i < COUNT(worlds); i++) {
        uint32_t asked = 0;
        bool others = false;

        machine_on(worlds[i].secure);
        for (unsigned int n = 0; n < posix_smc_count(); n++) {
            const struct parley_regs *call = &posix_smc_at(n)->call;

            if (ffa_fid_is_ffa(w(call, 0)) && w(call, 0) != FFA_VERSION) {
                others = true;
                assert_int_not_equal(asked, 0);
            } else if (w(call, 0) == FFA_VERSION) {
                assert_false(others);
                assert_true(asked != 0 || w(call, 1) == PARLEY_FFA_VERSION);
                asked = w(call, 1);
            }
        }
        assert_int_equal(asked, worlds[i].last_asked);
        assert_int_equal(others, worlds[i].secure != NULL);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* --- D9, D11, D12 ----------------------------------------------------------------------------- */

/* Only a VM's own FF-A call ends its negotiation: not what others do, and not its other calls. */
static void D9_finality_by_foreign_event(void **state)
{
    struct posix_vm *vm;
    struct posix_vm *viewer;
    struct parley_regs regs = {{0x84000000u}};
    struct parley_regs other_owner = {{0x86000063u}};

    (void)state;
    machine_on(&posix_spmc_1_2);
    viewer = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees = {2}});
    vm = vm_on(&(struct vm_setup){.id = 2});
    assert_int_equal(ask(vm, 0, FFA_VERSION_1_1), PARLEY_FFA_VERSION);
    assert_false(is_listed(viewer, 2));
    assert_status(CALL(viewer, 0, FFA_RXTX_UNMAP, 2u << 16), FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_call(vm, 1, &regs), PARLEY_NOT_FFA);
    assert_int_equal(posix_call(vm, 1, &other_owner), PARLEY_NOT_FFA);
    assert_int_equal(vm_status(vm).version, 0);
    posix_vm_reset(viewer);
    assert_int_equal(ask(vm, 0, FFA_VERSION_1_0), PARLEY_FFA_VERSION);
    assert_status(CALL(vm, 0, FFA_ID_GET), FFA_OK);
    assert_int_equal(vm_status(vm).version, FFA_VERSION_1_0);
}

/* A call that comes before FFA_VERSION is refused and does nothing at all. */
static void D11_calls_before_version(void **state)
{
    struct posix_vm *vm;
    struct posix_vm *viewer;

    (void)state;
    machine_on(&posix_spmc_1_2);
    viewer = vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_2, .sees = {1}});
    vm = vm_on(&(struct vm_setup){.id = 1, .sees_secure = true});
    vm_paint(vm, 0, RAM_PAGES, 0xa5);
    posix_smc_clear();
    for (unsigned int round = 0; round < 2; round++) {
        const unsigned int maps = posix_page_maps();

        assert_status(CALL(vm, 0, FFA_RXTX_MAP_64, IPA(TX_PAGE), IPA(RX_PAGE), 1),
                      FFA_NOT_SUPPORTED);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_NOT_SUPPORTED);
        assert_status(call_info_regs(vm, &nil_uuid, 0, 0), FFA_NOT_SUPPORTED);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_NOT_SUPPORTED);
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_NOT_SUPPORTED);
        assert_status(CALL(vm, 0, FFA_FEATURES, FFA_VERSION), FFA_NOT_SUPPORTED);
        assert_status(CALL(vm, 0, FFA_SPM_ID_GET), FFA_NOT_SUPPORTED);
        assert_int_equal(posix_page_maps(), maps);
        assert_int_equal(posix_smc_count(), 0);
        assert_int_equal(vm_status(vm).rx, PARLEY_RX_UNMAPPED);
        assert_int_equal(vm_status(vm).version, 0);
        assert_false(is_listed(viewer, 1));
        assert_int_equal(vm_page(vm, RX_PAGE)[0], 0xa5);

        /* It is the same after a proposal that is none. */
        assert_int_equal(ask(vm, 0, 0x80010002u), REFUSED);
    }
}

static bool shown_as_aarch64(struct posix_vm *viewer, uint16_t id)
{
    struct entry entries[ENTRIES_MAX];
    const unsigned int count = list_buffer(viewer, NULL, entries);

    for (unsigned int i = 0; i < count; i++) {
        if (entries[i].id == id) {
            return (entries[i].properties & FFA_PARTITION_AARCH64) != 0;
        }
    }
    fail_msg("VM %u is not listed", id);
    return false;
}

/* The width is that of the VM when its version becomes final, in each of its lives. */
static void D12_is_64bit_read_at_init(void **state)
{
    struct posix_vm *vm;
    struct posix_vm *viewer;

    (void)state;
    machine_on(NULL);
    viewer = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1, .sees = {2}});
    vm = vm_on(&(struct vm_setup){.id = 2, .aarch32 = true});
    for (unsigned int round = 0; round < 4; round++) {
        const bool aarch64 = round % 2 == 0;

        vm_set_width(vm, aarch64);
        vm_negotiate(vm, FFA_VERSION_1_2);
        assert_int_equal(shown_as_aarch64(viewer, 2), aarch64);
        assert_status(call_features(vm, FFA_RXTX_MAP_64), aarch64 ? FFA_OK : FFA_NOT_SUPPORTED);
        assert_status(call_info_regs(vm, &nil_uuid, 0, 0), aarch64 ? FFA_OK : FFA_NOT_SUPPORTED);
        posix_vm_reset(vm);
    }
}

/* --- D18, D20 --------------------------------------------------------------------------------- */

/* A caller gets the entries of its version, and is told their size where that version says so. */
static void D18_partinfo_entry_size(void **state)
{
    struct entry entries[ENTRIES_MAX];

    (void)state;
    for (size_t v = 0; v < COUNT(versions); v++) {
        const bool is_1_0 = versions[v] == FFA_VERSION_1_0;
        struct parley_regs answer;
        struct posix_vm *vm;

        machine_on(&posix_spmc_1_2);
        vm = vm_on(&(struct vm_setup){.id = 1, .version = versions[v], .sees_secure = true});
        vm_map(vm, 1);
        answer = call_info(vm, 0, &nil_uuid, 0);
        assert_int_equal(status_of(&answer), FFA_OK);
        assert_int_equal(w(&answer, 3), is_1_0 ? 0 : 24);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
        assert_int_equal(list_buffer(vm, NULL, entries),
                         versions[v] == FFA_VERSION_1_2 ? 6 : PARTITION_COUNT);
        for (unsigned int i = 0; i < PARTITION_COUNT; i++) {
            assert_int_equal(entries[i].id, secure_partitions[i].id);
            assert_int_equal(entries[i].contexts, secure_partitions[i].contexts);
            assert_int_equal(ffa_uuid_is_nil(&entries[i].uuid), is_1_0);
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* What came with 1.1 or 1.2 is not there for a VM at 1.0, in calls and in FFA_FEATURES alike. */
static void D20_abi_allowed_on_v10(void **state)
{
    static const uint32_t later[] = {
        FFA_NOTIFICATION_BITMAP_CREATE,
        FFA_NOTIFICATION_BIND,
        FFA_NOTIFICATION_UNBIND,
        FFA_NOTIFICATION_SET,
        FFA_NOTIFICATION_GET,
        FFA_NOTIFICATION_INFO_GET_32,
        FFA_NOTIFICATION_INFO_GET_64,
        FFA_RX_ACQUIRE,
        FFA_SPM_ID_GET,
        FFA_MSG_SEND2,
        FFA_CONSOLE_LOG_32,
        FFA_CONSOLE_LOG_64,
        FFA_PARTITION_INFO_GET_REGS,
        FFA_MSG_SEND_DIRECT_REQ2,
        FFA_MSG_SEND_DIRECT_RESP2,
    };
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = vm_on(&(struct vm_setup){
        .id = 1, .version = FFA_VERSION_1_0, .sees_secure = true, .properties = ALL_PROPERTIES});
    for (size_t i = 0; i < COUNT(later); i++) {
        assert_status(CALL(vm, 0, later[i], 0, 0, 0, 0, 0), FFA_NOT_SUPPORTED);
        assert_status(call_features(vm, later[i]), FFA_NOT_SUPPORTED);
    }
    assert_status(call_features(vm, FFA_FEATURE_NPI), FFA_NOT_SUPPORTED);
    assert_status(call_features(vm, FFA_FEATURE_SRI), FFA_NOT_SUPPORTED);
    /* In 1.0 the flags of PARTITION_INFO_GET are zero: there is no asking for the count alone. */
    assert_status(call_info(vm, 0, &nil_uuid, FFA_PARTITION_INFO_GET_COUNT_ONLY),
                  FFA_INVALID_PARAMETERS);
}

SECTION(museum_version, TEST(D4_version_not_locked), TEST(D5_version_after_finality_always_ok),
        TEST(D6_version_bit31), TEST(D7_version_store_incompatible),
        TEST(D8_version_downgrade_to_firmware), TEST(D9_finality_by_foreign_event),
        TEST(D10_version_must_be_first), TEST(D11_calls_before_version),
        TEST(D12_is_64bit_read_at_init), TEST(D18_partinfo_entry_size),
        TEST(D20_abi_allowed_on_v10))
