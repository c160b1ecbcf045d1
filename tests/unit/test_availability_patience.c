/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VM availability messages to partitions that are interrupted, ask to be asked again, or never let
 * go: how often they are tried, and what becomes of the VM.
 */
#include "told.h"

/* --- Patience --------------------------------------------------------------------------------- */

static const struct parley_regs delays[] = {
    {{RESPONSE, PAIR(NOTIFIER, 0), CREATED_RESP, (uint32_t)FFA_RETRY}},
    {{RESPONSE, PAIR(NOTIFIER, 0), CREATED_RESP, (uint32_t)FFA_INTERRUPTED}},
    {{FFA_ERROR, 0, (uint32_t)FFA_BUSY}},
    {{FFA_ERROR, 0, (uint32_t)FFA_RETRY}},
    {{FFA_INTERRUPT, PAIR(NOTIFIER, 0)}},
    {{FFA_YIELD, PAIR(NOTIFIER, 0)}},
};

static bool is_left(const struct parley_regs *answer)
{
    return answer->x[0] == FFA_INTERRUPT || answer->x[0] == FFA_YIELD;
}

static struct {
    const struct parley_regs *delay;
    unsigned int delays_left;
    unsigned int requests;
    unsigned int runs;
} patience;

/* Delays so many times; then acknowledges whatever it was. */
static void serve_with_delays(void *context, struct parley_regs *regs)
{
    static uint64_t asked;
    bool request = regs->x[0] == REQUEST && regs->x[1] == NOTIFIER;
    bool run = regs->x[0] == FFA_RUN && regs->x[1] == PAIR(NOTIFIER, 0);

    (void)context;
    if (!request && !run) {
        posix_smc_secure_world(regs);
        return;
    }
    if (request) {
        patience.requests++;
        asked = regs->x[2];
    }
    patience.runs += run;
    if (patience.delays_left != 0) {
        patience.delays_left--;
        *regs = *patience.delay;
        return;
    }
    *regs = response(asked == CREATED ? CREATED_RESP : DESTROYED_RESP, FFA_OK);
}

static void be_patient(const struct parley_regs *delay, unsigned int times)
{
    patience.delay = delay;
    patience.delays_left = times;
    patience.requests = 0;
    patience.runs = 0;
    posix_smc_replace(serve_with_delays, NULL);
}

/* What is left in the middle is resumed, what asks to be asked again is asked. */
static void test_delays_at_the_beginning(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        struct posix_vm *vm;

        rig_start(&posix_spmc_1_2);
        be_patient(&delays[i], 50);
        vm = rig_friend(VM, FFA_VERSION_1_2);
        assert_int_equal(patience.requests, is_left(&delays[i]) ? 1 : 51);
        assert_int_equal(patience.runs, is_left(&delays[i]) ? 50 : 0);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_REFUSED_BY_PARTITION), 0);
        assert_int_equal(parley_vm_cpu(posix_vm_parley(vm)), PARLEY_ANY_CPU);
        assert_true(rig_stop());
    }
}

static void test_delays_at_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        struct parley_regs delay = delays[i];
        struct posix_vm *vm;

        if (delay.x[0] == RESPONSE) {
            delay.x[2] = DESTROYED_RESP;
        }
        rig_start(&posix_spmc_1_2);
        be_patient(&delay, 0);
        vm = rig_friend(VM, FFA_VERSION_1_2);
        be_patient(&delay, 50);
        rig_vm_end(vm);
        assert_int_equal(patience.requests, is_left(&delays[i]) ? 1 : 51);
        assert_int_equal(patience.runs, is_left(&delays[i]) ? 50 : 0);
        posix_smc_replace(NULL, NULL);
        assert_true(rig_stop());
    }
}

/* For ever: about a hundred times, each a step of one SMC; then the VM runs without it. */
static void test_delays_for_ever_at_the_beginning(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        struct parley_vm_config config = rig_friend_config(VM);
        enum parley_progress progress;
        unsigned int steps = 0;
        struct posix_vm *vm;

        rig_start(&posix_spmc_1_2);
        vm = rig_ram(true);
        be_patient(&delays[i], UINT32_MAX);
        progress = posix_vm_create_begin(vm, rig_parley(), &config);
        while (progress == PARLEY_AGAIN) {
            unsigned int smcs = posix_smc_count();

            progress = parley_vm_continue(posix_vm_parley(vm));
            assert_true(posix_smc_count() - smcs <= 1);
            assert_true(++steps < 1000);
        }
        assert_int_equal(progress, PARLEY_DONE);
        assert_int_equal(patience.requests + patience.runs, 100);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_REFUSED_BY_PARTITION), 1);
        posix_smc_replace(NULL, NULL);
        settle(vm, FFA_VERSION_1_2);
        assert_false(is_notifier_visible(vm));
        assert_true(rig_stop());
    }
}

/* One that never comes back does not keep the next one from being told. */
static void test_the_next_partition(void **state)
{
    static const uint32_t properties[] = {BOTH, BOTH};
    struct spmc_config secure = with_partitions(properties, 2);

    (void)state;
    for (unsigned int i = 0; i < 2; i++) {
        struct script script = script_of(0x8001);
        struct script run = {.fid = FFA_RUN};
        struct posix_vm *vm;

        rig_start(&secure);
        script_answer(&script,
                      (struct parley_regs){{i == 0 ? FFA_INTERRUPT : FFA_YIELD, PAIR(0x8001, 0)}});
        script_begin(&script);
        /* FFA_RUN of a context that is waiting would be answered with FFA_MSG_WAIT. */
        script_answer(&run, script.answer[0]);
        vm = rig_ram(true);
        struct parley_vm_config config = rig_friend_config(VM);
        enum parley_progress progress = posix_vm_create_begin(vm, rig_parley(), &config);

        run.w1 = (uint32_t)PAIR(0x8001, 0);
        script_begin(&run);
        assert_int_equal(posix_vm_go_on(vm, progress), PARLEY_DONE);
        posix_smc_replace(NULL, NULL);
        settle(vm, FFA_VERSION_1_2);
        assert_int_equal(told(0x8002, CREATED), 1);
        assert_false(is_visible(vm, 0x8001, unit_uuid(1)));
        assert_true(is_visible(vm, 0x8002, unit_uuid(2)));
        assert_int_equal(parley_vm_cpu(posix_vm_parley(vm)), PARLEY_ANY_CPU);
        assert_true(rig_stop());
    }
}

/* --- Resumed where it was left ---------------------------------------------------------------- */

static void test_resumed_on_its_cpu(void **state)
{
    struct parley_vm_config config = rig_friend_config(VM);
    enum parley_progress progress;
    struct posix_vm *vm;
    unsigned int smcs;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_ram(true);
    be_patient(&delays[4], 3);
    posix_cpu_move(2);
    progress = posix_vm_create_begin(vm, rig_parley(), &config);
    assert_int_equal(progress, PARLEY_AGAIN);
    assert_int_equal(parley_vm_cpu(posix_vm_parley(vm)), 2);
    posix_cpu_move(1);
    smcs = posix_smc_count();
    assert_int_equal(parley_vm_continue(posix_vm_parley(vm)), PARLEY_AGAIN);
    assert_int_equal(posix_smc_count(), smcs);
    assert_int_equal(posix_vm_go_on(vm, PARLEY_AGAIN), PARLEY_DONE);
    assert_int_equal(patience.runs, 3);
    be_patient(&delays[4], 0);
    rig_vm_end(vm);
    posix_smc_replace(NULL, NULL);
    posix_cpu_move(0);
}

/* --- Ends ------------------------------------------------------------------------------------- */

/* Destroyed before it was created: whoever was told of its beginning is told of its end. */
static void test_destroyed_while_it_is_created(void **state)
{
    (void)state;
    for (unsigned int steps = 0; steps < 4; steps++) {
        struct parley_vm_config config = rig_friend_config(VM);
        enum parley_progress progress;
        struct posix_vm *vm;

        rig_start(&posix_spmc_1_2);
        vm = rig_ram(true);
        be_patient(&delays[steps % 2 == 0 ? 0 : 4], 2);
        progress = posix_vm_create_begin(vm, rig_parley(), &config);
        for (unsigned int i = 0; i < steps && progress == PARLEY_AGAIN; i++) {
            progress = parley_vm_continue(posix_vm_parley(vm));
        }
        progress = parley_vm_destroy(posix_vm_parley(vm));
        assert_int_equal(posix_vm_go_on(vm, progress), PARLEY_DONE);
        posix_vm_forget(vm);
        posix_smc_replace(NULL, NULL);
        assert_int_equal(told(NOTIFIER, DESTROYED) <= told(NOTIFIER, CREATED), true);
        assert_true(rig_stop());
    }
}

static const struct parley_regs refused_ends[] = {
    {{RESPONSE, PAIR(NOTIFIER, 0), DESTROYED_RESP, (uint32_t)FFA_DENIED}},
    {{RESPONSE, PAIR(NOTIFIER, 0), DESTROYED_RESP, (uint32_t)FFA_RETRY}},
    {{RESPONSE, PAIR(NOTIFIER, 0), CREATED_RESP, 0}},
    {{FFA_ERROR, 0, (uint32_t)FFA_ABORTED}},
    {{FFA_ERROR, 0, (uint32_t)FFA_BUSY}},
    {{FFA_INTERRUPT, PAIR(NOTIFIER, 0)}},
    {{UINT64_MAX}},
};

/* The ID is retired, until the partition lets go of it. */
static void test_quarantine(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused_ends); i++) {
        struct parley_vm_config config = rig_friend_config(VM);
        struct posix_vm *vm;
        struct parley *parley;

        rig_start(&posix_spmc_1_2);
        parley = rig_parley();
        be_patient(&refused_ends[i], 0);
        vm = rig_friend(VM, FFA_VERSION_1_2);
        be_patient(&refused_ends[i], UINT32_MAX);
        posix_events_clear();
        assert_int_equal(posix_vm_go_on(vm, parley_vm_destroy(posix_vm_parley(vm))),
                         PARLEY_QUARANTINED);
        assert_true(patience.requests + patience.runs <= 101);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_QUARANTINED), 1);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_DESTROYED), 0);
        assert_int_equal(rig_status().vms, 1);
        assert_int_equal(posix_vm_pins(vm), 0);
        assert_int_equal(parley_vm_continue(posix_vm_parley(vm)), PARLEY_QUARANTINED);
        posix_vm_forget(vm);
        assert_int_equal(posix_vm_create(vm, parley, &config), PARLEY_REFUSED_ID_USED);
        assert_int_equal(parley_shutdown(parley), PARLEY_REFUSED_VMS_LEFT);

        be_patient(&refused_ends[i], 0);
        enum parley_progress progress = parley_quarantine_retry(parley, VM);
        for (unsigned int steps = 0; progress == PARLEY_AGAIN && steps < 1000; steps++) {
            progress = parley_quarantine_retry(parley, VM);
        }
        assert_int_equal(progress, PARLEY_DONE);
        assert_int_equal(patience.requests, 1);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VM_DESTROYED), 1);
        assert_int_equal(rig_status().vms, 0);
        posix_smc_replace(NULL, NULL);
        assert_int_equal(posix_vm_create(vm, parley, &config), PARLEY_DONE);
        assert_true(rig_stop());
    }
}

static void test_quarantine_of_nobody(void **state)
{
    (void)state;
    rig_start(&posix_spmc_1_2);
    rig_friend(VM, FFA_VERSION_1_2);
    assert_int_equal(parley_quarantine_retry(rig_parley(), 0), PARLEY_REFUSED_CONFIG);
    assert_int_equal(parley_quarantine_retry(rig_parley(), RIG_IDS + 1), PARLEY_REFUSED_CONFIG);
    assert_int_equal(parley_quarantine_retry(rig_parley(), 0x8001), PARLEY_REFUSED_CONFIG);
    assert_int_equal(parley_quarantine_retry(rig_parley(), 2), PARLEY_DONE);
    assert_int_equal(parley_quarantine_retry(rig_parley(), VM), PARLEY_DONE);
    assert_int_equal(rig_status().vms, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_delays_at_the_beginning),
        RIG_TEST(test_delays_at_the_end),
        RIG_TEST(test_delays_for_ever_at_the_beginning),
        RIG_TEST(test_the_next_partition),
        RIG_TEST(test_resumed_on_its_cpu),
        RIG_TEST(test_destroyed_while_it_is_created),
        RIG_TEST(test_quarantine),
        RIG_TEST(test_quarantine_of_nobody),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
