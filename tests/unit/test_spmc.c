/* SPDX-License-Identifier: BSD-3-Clause */
/* The client of the SPMC: what it asks, in which order, and which answers it lives with. */
#include <string.h>

#include "../../secure/spmc/hostile.h"
#include "unit.h"

#define SPMC_1_3          0x00010003u
#define PARTITIONS_LISTED 5u /* of the reference Secure world: one for each UUID */

/* They outlive the test, whose rig is stopped after it. */
static struct spmc_hostile hostile;
static struct spmc_lie hostile_lies[FFA_REGS_MAX];

/* Starts the rig with an SPMC of 1.2 that lies. */
static void start_with_lies(const struct spmc_lie *lies, unsigned int count)
{
    struct spmc_config config = posix_spmc_1_2;

    rig_stop();
    memcpy(hostile_lies, lies, count * sizeof(*lies));
    hostile = (struct spmc_hostile){.lies = hostile_lies, .lie_count = count};
    config.hostile = &hostile;
    rig_start(&config);
}

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

/* VMs get on with each other, whatever there is in the Secure world. */
static void assert_vms_work(void)
{
    static const struct parley_peer sees_2[] = {{.id = 2, .rights = PARLEY_MAY_DISCOVER}};
    struct posix_vm *vm =
        rig_vm(&(struct parley_vm_config){.id = 1, .peers = sees_2, .peer_count = 1});
    struct posix_vm *peer = rig_vm(&(struct parley_vm_config){.id = 2});

    settle(vm, FFA_VERSION_1_2);
    settle(peer, FFA_VERSION_1_1);
    assert_int_equal(list_count(vm, &nil_uuid), 2);
    rig_vm_end(vm);
    rig_vm_end(peer);
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

static void assert_found(const char *what, uint32_t version)
{
    struct parley_event event = {.value = 0};

    if (rig_status().spmc_version != version) {
        fail_msg("%s: Parley has agreed on %#x", what, rig_status().spmc_version);
    }
    assert_true(posix_event_last(PARLEY_EVENT_SPMC_FOUND, &event));
    assert_int_equal(event.value, version);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_FOUND), 1);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_ABSENT), 0);
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

/* Whatever a guest calls, there is nothing in it for the Secure world yet. */
static void test_no_smc_for_a_guest(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    posix_smc_clear();
    vm = rig_vm(&(struct parley_vm_config){.id = 1, .secure_rights = PARLEY_MAY_ALL});
    settle(vm, FFA_VERSION_1_2);
    map_buffers(vm, 2);
    for (uint32_t number = FFA_NUMBER_FIRST; number <= FFA_NUMBER_LAST; number++) {
        CALL(vm, FFA_FN32(number), 0, 0, 0, 0, 0);
        CALL(vm, FFA_FN64(number), 0, 0, 0, 0, 0);
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

/* --- Lists ------------------------------------------------------------------------------------ */

static struct posix_vm *seer(uint16_t id, uint32_t version)
{
    struct posix_vm *vm =
        rig_vm(&(struct parley_vm_config){.id = id, .secure_rights = PARLEY_MAY_DISCOVER});

    settle(vm, version);
    map_buffers(vm, 1);
    return vm;
}

/* One row for each entry that a caller of 1.2 sees; `first` marks those for callers of 1.1. */
struct listed {
    uint16_t id;
    uint16_t contexts;
    uint32_t properties;
    uint8_t uuid_first;
    uint8_t uuid_last;
    bool first;
};

static const struct listed honest[] = {
    {0x8001, 4, FFA_PARTITION_AARCH64, 0xf2, 0x11, true},
    {0x8002, 1, FFA_PARTITION_AARCH64, 0x3d, 0x22, true},
    {0x8003, 4, 0, 0x5c, 0xa1, true},
    {0x8003, 4, 0, 0x5c, 0xa2, false},
    {0x8003, 4, 0, 0x5c, 0xa3, false},
};

static void assert_listed(const struct list *list, uint32_t version)
{
    unsigned int at = 0;

    assert_int_equal(list->status, FFA_OK);
    for (size_t i = 0; i < COUNT(honest); i++) {
        const struct ffa_partition_info_1_1 *entry = &list->entry[at];

        if (version < FFA_VERSION_1_2 && !honest[i].first) {
            continue;
        }
        assert_true(at < list->count);
        assert_int_equal(entry->id, honest[i].id);
        assert_int_equal(entry->contexts, honest[i].contexts);
        assert_int_equal(entry->properties, version >= FFA_VERSION_1_1 ? honest[i].properties : 0);
        if (version >= FFA_VERSION_1_1) {
            assert_int_equal(entry->uuid.bytes[0], honest[i].uuid_first);
            assert_int_equal(entry->uuid.bytes[15], honest[i].uuid_last);
        }
        at++;
    }
    assert_int_equal(list->count, at + (version >= FFA_VERSION_1_2)); /* and the caller */
}

static void test_partitions_by_version(void **state)
{
    const struct spmc_config *const secure[] = {&posix_spmc_1_1, &posix_spmc_1_2};

    (void)state;
    for (size_t i = 0; i < COUNT(secure); i++) {
        rig_start(secure[i]);
        for (uint16_t minor = 0; minor <= 2; minor++) {
            struct posix_vm *vm = seer((uint16_t)(minor + 1), FFA_VERSION_1_0 + minor);
            struct list list = list_by_buffer(vm, &nil_uuid, 1);

            /* An SPMC of 1.1 names one UUID of a partition that has several. */
            if (secure[i] == &posix_spmc_1_2 || minor < 2) {
                assert_listed(&list, FFA_VERSION_1_0 + minor);
                assert_int_equal(list_count(vm, &nil_uuid),
                                 minor > 0 ? (int)list.count : FFA_INVALID_PARAMETERS);
            }
        }
        assert_true(rig_stop());
    }
}

static void test_partition_by_uuid(void **state)
{
    const struct ffa_uuid second = {{0x5c, 0x0d, 0x8e, 0x13, 0xa4, 0x97, 0x4f, 0x60, 0x8b, 0x2c,
                                     0x64, 0xf1, 0xde, 0x97, 0x03, 0xa2}};

    (void)state;
    rig_start(&posix_spmc_1_2);
    for (uint16_t minor = 0; minor <= 2; minor++) {
        struct posix_vm *vm = seer((uint16_t)(minor + 1), FFA_VERSION_1_0 + minor);
        struct list list = list_by_buffer(vm, &second, 1);

        assert_int_equal(list.status, FFA_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.entry[0].id, 0x8003);
        assert_true(ffa_uuid_is_nil(&list.entry[0].uuid));
    }
}

static void test_spmc_id(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_1);
    vm = seer(1, FFA_VERSION_1_1);
    assert_int_equal(CALL(vm, FFA_SPM_ID_GET).regs.x[2], SPMC_ID);
    assert_int_equal(CALL(vm, FFA_FEATURES, FFA_SPM_ID_GET).status, FFA_OK);
    assert_int_equal(rig_status().spmc_id, SPMC_ID);
    vm = seer(2, FFA_VERSION_1_0);
    assert_int_equal(CALL(vm, FFA_SPM_ID_GET).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(vm, FFA_FEATURES, FFA_SPM_ID_GET).status, FFA_NOT_SUPPORTED);
    rig_start(NULL);
    vm = seer(1, FFA_VERSION_1_2);
    assert_int_equal(CALL(vm, FFA_SPM_ID_GET).status, FFA_NOT_SUPPORTED);
    assert_int_equal(CALL(vm, FFA_FEATURES, FFA_SPM_ID_GET).status, FFA_NOT_SUPPORTED);
}

/* --- Lies about lists ------------------------------------------------------------------------- */

/* What is kept is sane: IDs of the Secure world, no pair of ID and UUID twice, in bounds. */
static void assert_sane_list(void)
{
    struct posix_vm *vm = seer(9, FFA_VERSION_1_2);
    struct list list = list_by_registers(vm, &nil_uuid);

    assert_int_equal(list.status, FFA_OK);
    assert_int_equal(list.count, rig_status().partition_count + 1);
    assert_true(rig_status().partition_count <= rig_default_config.partitions_max);
    for (unsigned int i = 0; i + 1 < list.count; i++) {
        assert_true(ffa_id_is_secure(list.entry[i].id));
        for (unsigned int j = 0; j < i; j++) {
            assert_false(list.entry[i].id == list.entry[j].id &&
                         ffa_uuid_equal(&list.entry[i].uuid, &list.entry[j].uuid));
        }
    }
}

static void test_ids_that_are_not_secure(void **state)
{
    static const uint16_t ids[] = {0, 1, 9, 0x7fff};
    struct parley_event event;

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        const struct spmc_lie lies[] = {spmc_lie_info_id(1, ids[i]), spmc_lie_regs_id(1, ids[i])};

        start_with_lies(lies, COUNT(lies));
        assert_int_equal(rig_status().partition_count, PARTITIONS_LISTED - 1);
        assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED), 1);
        assert_true(posix_event_last(PARLEY_EVENT_PARTITION_IGNORED, &event));
        assert_int_equal(event.value, ids[i]);
        assert_non_null(event.text);
        assert_sane_list();
        assert_true(rig_stop());
    }
}

/* The SPMC itself is no partition of its own. */
static void test_id_of_the_spmc(void **state)
{
    const struct spmc_lie lies[] = {spmc_lie_info_id(1, SPMC_ID), spmc_lie_regs_id(1, SPMC_ID)};

    (void)state;
    start_with_lies(lies, COUNT(lies));
    assert_sane_list();
}

/* The same partition and UUID twice: entries 2 and 3 are made equal. */
static void test_entry_twice(void **state)
{
    struct spmc_lie lies[] = {
        {.kind = SPMC_LIE_RX, .fid = FFA_PARTITION_INFO_GET, .where = 3 * 24 + 16, .mask = ~0ull},
        {.kind = SPMC_LIE_REGISTER,
         .fid = FFA_PARTITION_INFO_GET_REGS,
         .where = 3 + 3 * 3 + 2,
         .mask = ~0ull},
    };
    const struct ffa_uuid first = {{0x5c, 0x0d, 0x8e, 0x13, 0xa4, 0x97, 0x4f, 0x60, 0x8b, 0x2c,
                                    0x64, 0xf1, 0xde, 0x97, 0x03, 0xa1}};

    (void)state;
    lies[0].value = ffa_uuid_to_u64(&first, 1);
    lies[1].value = ffa_uuid_to_u64(&first, 1);
    start_with_lies(lies, COUNT(lies));
    assert_int_equal(rig_status().partition_count, PARTITIONS_LISTED - 1);
    assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED), 1);
    assert_sane_list();
}

static void test_counts_and_sizes(void **state)
{
    static const uint32_t words[] = {0,       1,          2,          6,          8,
                                     23,      25,         170,        171,        4096,
                                     0x10000, 0x0aaaaaab, 0x10000000, 0x80000000, 0xffffffff};

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        const struct spmc_lie lies[] = {spmc_lie_info_count(words[i]),
                                        spmc_lie_info_size(words[i])};

        for (unsigned int which = 1; which <= 3; which++) {
            start_with_lies(&lies[which == 2], which == 3 ? 2 : 1);
            assert_vms_work();
            assert_sane_list();
            if (!rig_stop()) {
                fail_msg("a count or a size of %#x: rules are broken", words[i]);
            }
        }
    }
}

static void test_registers_of_lists(void **state)
{
    static const uint64_t x2[] = {0,
                                  ~0ull,
                                  0x0018000000000004,
                                  0x0018000000040000,
                                  0x001800000005ffff,
                                  0x00180000ffffffff,
                                  0x0018000000020001,
                                  0x0000000000040004,
                                  0xffff000000040004,
                                  0x0017000000040004,
                                  0x0030000000040004};

    (void)state;
    for (size_t i = 0; i < COUNT(x2); i++) {
        const struct spmc_lie lie = spmc_lie_regs_x2(x2[i]);

        start_with_lies(&lie, 1);
        assert_true(posix_smc_count() < 100);
        assert_vms_work();
        assert_sane_list();
        assert_true(rig_stop());
    }
}

/* More partitions than there is room for: the first ones are kept, the operator is told. */
static void test_more_partitions_than_room(void **state)
{
    struct parley_config config = rig_default_config;

    (void)state;
    for (uint16_t room = 0; room <= PARTITIONS_LISTED; room++) {
        struct list list;

        config.partitions_max = room;
        rig_start_with(&posix_spmc_1_2, &config);
        assert_int_equal(rig_status().partition_count, room);
        assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED) > 0,
                         room < PARTITIONS_LISTED);
        list = list_by_registers(seer(1, FFA_VERSION_1_2), &nil_uuid);
        assert_int_equal(list.count, room + 1);
        for (uint16_t i = 0; i < room; i++) {
            assert_int_equal(list.entry[i].id, honest[i].id);
        }
        assert_true(rig_stop());
    }
}

/* An SMC may leave anything in x8 to x17, and in the halves that a 32-bit answer does not have. */
static void test_clobbered_registers(void **state)
{
    struct spmc_lie lies[FFA_REGS_MAX];
    unsigned int count = 0;

    (void)state;
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        lies[count] = spmc_lie_register(0, i, 0xbad1bad25eed5eed);
        if (i < FFA_REGS_SMC32) {
            lies[count].mask = 0xffffffff00000000;
            lies[count].value &= lies[count].mask;
        }
        /* Of answers by registers, all 64 bits count. */
        lies[count].fid = FFA_PARTITION_INFO_GET;
        count++;
    }
    start_with_lies(lies, count);
    assert_found("clobbered registers", FFA_VERSION_1_2);
    assert_int_equal(rig_status().partition_count, PARTITIONS_LISTED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_first_smc),
        RIG_TEST(test_reserved_arguments_are_zero),
        RIG_TEST(test_rx_is_released_once),
        RIG_TEST(test_no_smc_for_a_guest),
        RIG_TEST(test_version_answers),
        RIG_TEST(test_real_versions),
        RIG_TEST(test_not_looked_for),
        RIG_TEST(test_silent_on_features),
        RIG_TEST(test_failing_steps),
        RIG_TEST(test_failing_release),
        RIG_TEST(test_partitions_by_version),
        RIG_TEST(test_partition_by_uuid),
        RIG_TEST(test_spmc_id),
        RIG_TEST(test_ids_that_are_not_secure),
        RIG_TEST(test_id_of_the_spmc),
        RIG_TEST(test_entry_twice),
        RIG_TEST(test_counts_and_sizes),
        RIG_TEST(test_registers_of_lists),
        RIG_TEST(test_more_partitions_than_room),
        RIG_TEST(test_clobbered_registers),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
