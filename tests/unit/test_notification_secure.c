/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications between VMs and Secure Partitions: what is relayed, what comes back, and how a VM
 * learns that the SPMC has something for it.
 */
#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "notify.h"
#include "scripted.h"

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define TRIO     PARTITION_TRIO_ID
#define NOBODY   0x8005u

static struct posix_vm *a; /* 1 */
static struct posix_vm *b; /* 2 */

static void start(void)
{
    rig_start(&posix_spmc_1_2);
    a = rig_friend(1, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
}

/* An SP sets notifications of VM 1; the SRI that it causes is not served yet. */
static void sp_sets(uint64_t flags, uint64_t bitmap)
{
    struct answer answer = CALL(b, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(2, NOTIFIER), 0,
                                COMMAND_NOTIFY, 1, flags, (uint32_t)bitmap, bitmap >> 32);

    assert_int_equal(answer.regs.x[3], FFA_OK);
}

static void serve_sri(void)
{
    posix_cpu_work(rig_parley(), 0);
}

/* --- Policy ----------------------------------------------------------------------------------- */

struct right_row {
    uint8_t rights;
    uint16_t partition;
    int32_t status;
};

static const struct right_row right_rows[] = {
    {PARLEY_MAY_ALL, NOTIFIER, FFA_OK},
    {PARLEY_MAY_ALL, NOBODY, FFA_INVALID_PARAMETERS},
    {PARLEY_MAY_ALL, 0x8000, FFA_INVALID_PARAMETERS},
    {PARLEY_MAY_ALL, 0xffff, FFA_INVALID_PARAMETERS},
    {PARLEY_MAY_DISCOVER | PARLEY_MAY_NOTIFY, NOTIFIER, FFA_OK},
    {PARLEY_MAY_DISCOVER | PARLEY_MAY_MESSAGE, NOTIFIER, FFA_DENIED},
    {PARLEY_MAY_DISCOVER | PARLEY_MAY_MESSAGE, NOBODY, FFA_INVALID_PARAMETERS},
    {PARLEY_MAY_DISCOVER, NOTIFIER, FFA_DENIED},
    {0, NOTIFIER, FFA_INVALID_PARAMETERS},
};

static void test_policy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(right_rows); i++) {
        const struct right_row *row = &right_rows[i];
        struct parley_vm_config config = rig_friend_config(1);
        struct script script = {.fid = FFA_NOTIFICATION_SET};
        bool allowed = row->status == FFA_OK;

        rig_start(&posix_spmc_1_2);
        config.secure_rights = row->rights;
        a = rig_vm(&config);
        settle(a, FFA_VERSION_1_1);
        posix_smc_clear();
        assert_int_equal(bind(a, row->partition, 0, 1), row->status);
        assert_int_equal(unbind(a, row->partition, 1), row->status);
        assert_int_equal(posix_smc_count(), allowed ? 2 : 0);
        script_answer(&script, (struct parley_regs){{FFA_SUCCESS_32}});
        script_begin(&script);
        assert_int_equal(set(a, row->partition, 0, 1), row->status);
        assert_int_equal(script.asked, allowed ? 1 : 0);
        posix_smc_replace(NULL, NULL);
        assert_true(rig_stop());
    }
}

/* What is wrong in itself is not relayed. */
static void test_checks(void **state)
{
    unsigned int smcs;

    (void)state;
    start();
    smcs = posix_smc_count();
    assert_int_equal(bind(a, NOTIFIER, 2, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(bind(a, NOTIFIER, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(unbind(a, NOTIFIER, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(set(a, ECHO, 2, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set(a, ECHO, 0x10000, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(set(a, ECHO, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_BIND, ffa_ids_make(NOTIFIER, 2), 0, 1, 0).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_SET, ffa_ids_make(2, ECHO), 0, 1, 0).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_smc_count(), smcs);
}

/* --- What is relayed -------------------------------------------------------------------------- */

struct relay_row {
    uint64_t call[5];
    uint64_t sent[5];
};

#define PAIR(high, low) ((uint64_t)(high) << 16 | (low))

static const struct relay_row relay_rows[] = {
    {{FFA_NOTIFICATION_BIND, PAIR(ECHO, 1), 0, 0x80000001, 0x7fffffff},
     {FFA_NOTIFICATION_BIND, PAIR(ECHO, 1), 0, 0x80000001, 0x7fffffff}},
    {{FFA_NOTIFICATION_BIND, PAIR(ECHO, 1), 1, 0, 1},
     {FFA_NOTIFICATION_BIND, PAIR(ECHO, 1), 1, 0, 1}},
    {{FFA_NOTIFICATION_UNBIND, PAIR(ECHO, 1), 0xffffffff, 2, 0},
     {FFA_NOTIFICATION_UNBIND, PAIR(ECHO, 1), 0, 2, 0}},
    {{FFA_NOTIFICATION_SET, PAIR(1, ECHO), 0, 3, 4},
     {FFA_NOTIFICATION_SET, PAIR(1, ECHO), 0, 3, 4}},
    {{FFA_NOTIFICATION_SET, PAIR(1, ECHO), 0x00030001, 3, 4},
     {FFA_NOTIFICATION_SET, PAIR(1, ECHO), 0x00030001, 3, 4}},
    {{FFA_NOTIFICATION_SET, PAIR(1, ECHO), 0xffff0001, 3, 4},
     {FFA_NOTIFICATION_SET, PAIR(1, ECHO), 0xffff0001, 3, 4}},
    {{FFA_NOTIFICATION_GET, PAIR(1, 1), 0xf}, {FFA_NOTIFICATION_GET, PAIR(1, 1), 0x5}},
    {{FFA_NOTIFICATION_GET, PAIR(0, 1), 0x1}, {FFA_NOTIFICATION_GET, PAIR(0, 1), 0x1}},
    {{FFA_NOTIFICATION_GET, PAIR(0, 1), 0x4}, {FFA_NOTIFICATION_GET, PAIR(0, 1), 0x4}},
};

/* The words, and nothing beside them. */
static void test_what_is_relayed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(relay_rows); i++) {
        const struct relay_row *row = &relay_rows[i];
        struct script script = {.fid = (uint32_t)row->call[0]};
        struct script end = {.fid = FFA_NOTIFICATION_UNBIND};

        start();
        /* What the SPMC says of RX is asked for only if there is one. */
        assert_int_equal(map_buffers(a, 1).status, FFA_OK);
        script_answer(&script, (struct parley_regs){{FFA_SUCCESS_32}});
        script_begin(&script);
        assert_int_equal(call_with(a, 0, row->call, 5).status, FFA_OK);
        assert_int_equal(script.asked, 1);
        for (unsigned int j = 0; j < FFA_REGS_MAX; j++) {
            if (script.call[0].x[j] != (j < 5 ? row->sent[j] : 0)) {
                fail_msg("row %zu: x%u is %#llx", i, j, (unsigned long long)script.call[0].x[j]);
            }
        }
        /* Nothing was bound in truth. */
        script_answer(&end, (struct parley_regs){{FFA_SUCCESS_32}});
        script_begin(&end);
        assert_true(rig_stop());
    }
}

static void test_what_stays_here(void **state)
{
    unsigned int smcs;

    (void)state;
    start();
    smcs = posix_smc_count();
    assert_int_equal(get(a, 0, FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_HYPERVISOR).status,
                     FFA_OK);
    assert_int_equal(get(a, 0, 0).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_INFO_GET_64).status, FFA_NO_DATA);
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
    assert_int_equal(posix_smc_count(), smcs);
}

/* Each answer to each call. */
static void test_answers(void **state)
{
    static const uint64_t calls[][5] = {
        {FFA_NOTIFICATION_BIND, PAIR(ECHO, 1), 0, 1, 0},
        {FFA_NOTIFICATION_UNBIND, PAIR(ECHO, 1), 0, 1, 0},
        {FFA_NOTIFICATION_SET, PAIR(1, ECHO), 0, 1, 0},
        {FFA_NOTIFICATION_GET, 1, GET_ALL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        struct script script = {.fid = (uint32_t)calls[i][0]};

        start();
        script_answer(&script, script_error(0));
        script_begin(&script);
        for (int32_t code = -12; code <= 2; code++) {
            int32_t status = code < 0 && code >= FFA_NO_DATA ? code : FFA_ABORTED;

            script.answer[0] = script_error(code);
            assert_int_equal(call_with(a, 0, calls[i], 5).status, status);
        }
        script.answer[0] = (struct parley_regs){{FFA_INTERRUPT, PAIR(ECHO, 0)}};
        assert_int_equal(call_with(a, 0, calls[i], 5).status, FFA_ABORTED);
        script.answer[0] = (struct parley_regs){{UINT64_MAX, UINT64_MAX}};
        assert_int_equal(call_with(a, 0, calls[i], 5).status, FFA_ABORTED);
        posix_smc_replace(NULL, NULL);
        assert_true(rig_stop());
    }
}

/* --- What comes back -------------------------------------------------------------------------- */

/* The SPMC speaks of its own bitmaps, and of those that it was asked for. */
static void test_bits_that_nobody_asked_for(void **state)
{
    struct script script = {.fid = FFA_NOTIFICATION_GET};

    (void)state;
    start();
    script_answer(&script, (struct parley_regs){{FFA_SUCCESS_32, 1, 2, 3, 4, 5, 0xfffffffe, 7, 8}});
    script_begin(&script);
    for (unsigned int flags = 0; flags < 16; flags++) {
        struct pending pending = get(a, 0, flags);
        bool sp = (flags & FFA_NOTIFICATION_GET_SP) != 0;

        assert_int_equal(pending.status, FFA_OK);
        if (pending.secure != (sp ? 0x300000002 : 0)) {
            fail_msg("flags %#x: %#llx of SPs", flags, (unsigned long long)pending.secure);
        }
        assert_true(pending.vms == 0);
        assert_int_equal(pending.spm, 0);
        assert_int_equal(pending.hypervisor, 0);
    }
    posix_smc_replace(NULL, NULL);
}

/* When the SPMC fails, what VMs have set stays where it is. */
static void test_spmc_fails_once(void **state)
{
    struct script script = {.fid = FFA_NOTIFICATION_GET};
    struct pending pending;

    (void)state;
    start();
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    assert_int_equal(bind(a, NOTIFIER, 0, 2), FFA_OK);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
    sp_sets(0, 2);
    serve_sri();
    assert_int_equal(interrupts(a, 2), 1);
    script_answer(&script, script_error(FFA_BUSY));
    script_begin(&script);
    assert_int_equal(get(a, 0, GET_ALL).status, FFA_BUSY);
    assert_int_equal(get(a, 0, FFA_NOTIFICATION_GET_SP).status, FFA_BUSY);
    posix_smc_replace(NULL, NULL);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
    assert_int_equal(interrupts(a, 2), 1); /* it has not looked */
    pending = get(a, 0, GET_ALL);
    assert_true(pending.vms == 1);
    assert_true(pending.secure == 2);
    pending = get(a, 0, GET_ALL);
    assert_true(pending.vms == 0);
    assert_true(pending.secure == 0);
}

/* --- From a partition to a VM ----------------------------------------------------------------- */

static void test_global_from_a_partition(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, NOTIFIER, 0, 0x8000000000000001), FFA_OK);
    sp_sets(0, 1);
    assert_int_equal(interrupts(a, 2), 0);
    assert_true(posix_cpu_has_work(0));
    serve_sri();
    assert_int_equal(posix_vcpu_injected(a, 0, RIG_NPI), 1);
    sp_sets(0, 0x8000000000000000);
    serve_sri();
    assert_int_equal(interrupts(a, 2), 1);
    assert_true(get(a, 1, FFA_NOTIFICATION_GET_SP).secure == 0x8000000000000001);
    assert_true(get(a, 0, FFA_NOTIFICATION_GET_SP).secure == 0);
    sp_sets(0, 1);
    serve_sri();
    assert_int_equal(interrupts(a, 2), 2);
    assert_true(get(a, 0, GET_ALL).secure == 1);
}

static void test_per_vcpu_from_a_partition(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, NOTIFIER, PER_VCPU, 0xf), FFA_OK);
    sp_sets(TO_VCPU(1), 1);
    sp_sets(TO_VCPU(0), 2);
    serve_sri();
    assert_int_equal(posix_vcpu_injected(a, 0, RIG_NPI), 1);
    assert_int_equal(posix_vcpu_injected(a, 1, RIG_NPI), 1);
    assert_true(get(a, 1, GET_ALL).secure == 1);
    assert_true(get(a, 0, GET_ALL).secure == 2);
}

/* A VM asks before the interrupt was served: it gets the bits, and is told of them once more at
 * most. */
static void test_get_before_the_sri(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, NOTIFIER, 0, 1), FFA_OK);
    sp_sets(0, 1);
    assert_true(get(a, 0, GET_ALL).secure == 1);
    serve_sri();
    assert_true(interrupts(a, 2) <= 1);
    assert_true(get(a, 0, GET_ALL).secure == 0);
}

/* A VM that is not final is told at finality; all that came before is there. */
static void test_before_finality(void **state)
{
    (void)state;
    start();
    assert_int_equal(bind(a, NOTIFIER, 0, 1), FFA_OK);
    assert_int_equal(bind(a, NOTIFIER, PER_VCPU, 2), FFA_OK);
    for (unsigned int i = 0; i < 3; i++) {
        struct script script = {.fid = FFA_NOTIFICATION_INFO_GET_64};
        struct parley_regs lists = {{FFA_SUCCESS_64, 0, 2 << 7 | 0 << 12 | 1 << 14}};

        posix_vm_reset(a);
        if (i == 2) {
            assert_int_equal(ask_version(a, FFA_VERSION_1_1), PARLEY_FFA_VERSION);
        }
        lists.x[3] = 1ull | 1ull << 16 | 1ull << 32;
        script_answer(&script, lists);
        script_answer(&script, script_error(FFA_NO_DATA));
        script_begin(&script);
        posix_sri(0);
        serve_sri();
        posix_smc_replace(NULL, NULL);
        assert_int_equal(interrupts(a, 2), 0);
        settle(a, FFA_VERSION_1_1);
        assert_int_equal(posix_vcpu_injected(a, 0, RIG_NPI), 1);
        assert_int_equal(posix_vcpu_injected(a, 1, RIG_NPI), 1);
    }
}

/* At 1.0 there are none, whatever the SPMC says. */
static void test_a_vm_of_1_0(void **state)
{
    struct script script = {.fid = FFA_NOTIFICATION_INFO_GET_64};

    (void)state;
    rig_start(&posix_spmc_1_2);
    a = rig_friend(1, FFA_VERSION_1_0);
    script_answer(&script, (struct parley_regs){{FFA_SUCCESS_64, 0, 1 << 7, 1}});
    script_answer(&script, script_error(FFA_NO_DATA));
    script_begin(&script);
    posix_sri(0);
    serve_sri();
    posix_smc_replace(NULL, NULL);
    assert_int_equal(interrupts(a, 2), 0);
}

/* --- From a VM to a partition ----------------------------------------------------------------- */

/* echo binds, the VM sets, echo is run and gets it. */
static void test_to_a_partition(void **state)
{
    struct answer answer;

    (void)state;
    start();
    answer =
        CALL(a, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(1, ECHO), 0, COMMAND_BIND, 1, 0, 5, 0);
    assert_int_equal(answer.regs.x[3], FFA_OK);
    assert_int_equal(set(a, ECHO, 0, 2), FFA_DENIED);
    assert_int_equal(set(a, ECHO, 0, 4), FFA_OK);
    assert_int_equal(set(b, ECHO, 0, 1), FFA_DENIED);
    serve_sri();
    answer = CALL(a, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(1, ECHO), 0, COMMAND_NOTIFICATIONS);
    assert_int_equal(answer.regs.x[3], FFA_OK);
    assert_int_equal(answer.regs.x[4], 1);
    assert_int_equal(answer.regs.x[5], 4);
}

/* --- An SPMC without notifications ------------------------------------------------------------ */

static void serve_without_sri(void *context, struct parley_regs *regs)
{
    (void)context;
    if ((uint32_t)regs->x[0] == FFA_FEATURES && (uint32_t)regs->x[1] == FFA_FEATURE_SRI) {
        *regs = script_error(FFA_NOT_SUPPORTED);
        return;
    }
    posix_smc_secure_world(regs);
}

/* Between VMs they work; the Secure world is not asked for any. */
static void test_spmc_without_notifications(void **state)
{
    struct pending pending;

    (void)state;
    rig_start_served(&posix_spmc_1_2, &rig_default_config, serve_without_sri);
    a = rig_friend(1, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
    assert_int_equal(rig_status().sri_intid, 0);
    assert_false(posix_spmc_has_bitmap_of(1));
    posix_smc_clear();
    assert_int_equal(bind(a, NOTIFIER, 0, 1), FFA_DENIED);
    assert_int_equal(bind(a, 2, 0, 1), FFA_OK);
    assert_int_equal(set(b, 1, 0, 1), FFA_OK);
    pending = get(a, 0, GET_ALL);
    assert_int_equal(pending.status, FFA_OK);
    assert_true(pending.vms == 1);
    assert_true(pending.secure == 0);
    assert_int_equal(parley_schedule_receivers(rig_parley()), PARLEY_DONE);
    assert_int_equal(posix_smc_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_policy),
        RIG_TEST(test_checks),
        RIG_TEST(test_what_is_relayed),
        RIG_TEST(test_what_stays_here),
        RIG_TEST(test_answers),
        RIG_TEST(test_bits_that_nobody_asked_for),
        RIG_TEST(test_spmc_fails_once),
        RIG_TEST(test_global_from_a_partition),
        RIG_TEST(test_per_vcpu_from_a_partition),
        RIG_TEST(test_get_before_the_sri),
        RIG_TEST(test_before_finality),
        RIG_TEST(test_a_vm_of_1_0),
        RIG_TEST(test_to_a_partition),
        RIG_TEST(test_spmc_without_notifications),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
