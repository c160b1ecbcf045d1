/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault injection in the middle of memory that is granted: each hook that can fails at each of its
 * calls, and each SMC about memory is answered with each error and with nonsense, done or not done.
 * Afterwards each page is with whom it was at first, or in quarantine with the operator told; and
 * where the fault is over, all of it succeeds.
 */
#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "../unit/memory.h"
#include "smc_fault.h"

#define ECHO  PARTITION_ECHO_ID
#define NOTES 32u

/* What each step of a course came to. */
struct course {
    int32_t note[NOTES];
    unsigned int notes;
};

static bool note(struct course *course, int32_t status)
{
    assert_true(course->notes < NOTES);
    assert_true(status <= 0 && status >= FFA_NO_DATA);
    course->note[course->notes++] = status;
    return status == FFA_OK;
}

static void begin_world(void)
{
    rig_start_with(&posix_spmc_1_2, &rig_memory_config);
    a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    b = rig_memory_friend(2, FFA_VERSION_1_1, 1);
    c = rig_memory_friend(3, FFA_VERSION_1_0, 1);
}

/* --- The course ---------------------------------------------------------------------------------
 */

static int32_t command(uint32_t word, uint64_t handle, uint32_t w3, uint32_t w4)
{
    struct answer answer = CALL(a, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(1, ECHO), 0, word,
                                ffa_handle_low(handle), ffa_handle_high(handle), w3, w4);

    assert_int_equal(answer.fid, FFA_MSG_SEND_DIRECT_RESP_32);
    return (int32_t)(uint32_t)answer.regs.x[3];
}

static bool has_borrower(const struct grant *grant, uint16_t id)
{
    for (unsigned int i = 0; i < grant->borrowers; i++) {
        if (grant->borrower[i].id == id) {
            return true;
        }
    }
    return false;
}

static void borrow(struct course *course, struct posix_vm *vm, const struct grant *grant,
                   uint64_t handle)
{
    if (has_borrower(grant, id_of(vm)) && note(course, retrieve(vm, grant, handle).status)) {
        note(course, relinquish(vm, handle, 0));
    }
}

/* Granted, in fragments of so many bytes; retrieved and given back by all; reclaimed. */
static void play_grant(struct course *course, uint32_t fid, const struct grant *grant,
                       uint32_t fragment)
{
    static uint8_t bytes[GRANT_BYTES_MAX];
    const uint32_t total = grant_write(a, grant, bytes);
    struct answer answer = send_bytes(a, fid, bytes, total, fragment);
    uint64_t handle;

    if (!note(course, answer.status)) {
        return;
    }
    handle = handle_of(&answer);
    borrow(course, b, grant, handle);
    borrow(course, c, grant, handle);
    if (has_borrower(grant, ECHO) &&
        note(course, command(COMMAND_MEMORY_RETRIEVE, handle, 1 | DATA_RW << 16,
                             grant->borrowers == 1 ? 0 : FFA_MEM_RETRIEVE_REQ_BYPASS))) {
        note(course, command(COMMAND_MEMORY_RELINQUISH, handle, 0, 0));
    }
    note(course, reclaim(a, handle, 0));
}

static const struct ffa_mem_constituent *singles(void)
{
    static struct ffa_mem_constituent ranges[6];

    for (unsigned int i = 0; i < COUNT(ranges); i++) {
        ranges[i] = (struct ffa_mem_constituent){page_of(a, 8 + 2 * i), 1 + i / 5, 0};
    }
    return ranges;
}

static struct course play(void)
{
    struct course course = {.notes = 0};
    struct grant grant = share_with(a, 2, 0, 0);

    grant.range = singles();
    grant.ranges = 6;
    play_grant(&course, SHARE, &grant, 0);
    also_to(&grant, 3, DATA_RO);
    also_to(&grant, ECHO, DATA_RW);
    play_grant(&course, SHARE, &grant, 0);
    grant = lend_to(a, 2, page_of(a, 30), 3);
    also_to(&grant, 3, DATA_RW);
    grant.flags = FFA_MEM_SEND_ZERO;
    play_grant(&course, LEND, &grant, 0);
    grant = lend_to(a, ECHO, 0, 0);
    grant.range = singles();
    grant.ranges = 6;
    play_grant(&course, LEND, &grant, 144);
    return course;
}

/* --- Afterwards ---------------------------------------------------------------------------------
 */

/* What the fault has kept from being undone is undone now. Pages in quarantine, at most. */
static unsigned int tidy_up(void)
{
    struct parley_transaction_status status;
    unsigned int lost = 0;

    for (unsigned int i = 0; parley_transaction_status(posix_vm_parley(a), i, &status); i++) {
        if (status.state == PARLEY_TRANSACTION_QUARANTINED) {
            lost += status.pages;
            assert_true(posix_event_count(PARLEY_EVENT_MEMORY_QUARANTINED) != 0);
        } else if (status.state != PARLEY_TRANSACTION_FREE) {
            assert_int_equal(status.state, PARLEY_TRANSACTION_ACTIVE);
            (void)relinquish(b, status.handle, 0);
            (void)relinquish(c, status.handle, 0);
            (void)command(COMMAND_MEMORY_RELINQUISH, status.handle, 0, 0);
            if (reclaim(a, status.handle, 0) != FFA_OK) {
                lost += status.pages;
            }
        }
    }
    assert_int_equal(posix_vm_holdings(b).borrowed, 0);
    assert_int_equal(posix_vm_holdings(c).borrowed, 0);
    return lost;
}

static void assert_all_succeeds(void)
{
    struct course course = play();

    for (unsigned int i = 0; i < course.notes; i++) {
        assert_int_equal(course.note[i], FFA_OK);
    }
    assert_int_equal(course.notes, 22);
    assert_int_equal(posix_vm_holdings(a).granted, 0);
    assert_int_equal(posix_vm_holdings(a).own, RIG_VM_PAGES);
    assert_true(can_write(a, page_of(a, 0), RIG_VM_PAGES));
}

static void assert_as_at_first(void)
{
    assert_int_equal(tidy_up(), 0);
    assert_all_succeeds();
    posix_vm_reset(a);
    settle(a, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);
    assert_all_succeeds();
    assert_true(rig_stop());
}

/* The SPMC may keep what it says it does not have, or the other way round: the pages are known. */
static void assert_accounted_for(void)
{
    const unsigned int lost = tidy_up();
    enum parley_progress progress;

    /* Of what is not complete, as many pages are held as had been taken. */
    assert_in_range(posix_vm_holdings(a).granted, lost == 0 ? 0 : 1, lost);
    progress = posix_vm_go_on(a, parley_vm_destroy(posix_vm_parley(a)));
    assert_true(progress == PARLEY_DONE || progress == PARLEY_QUARANTINED);
    assert_int_equal(posix_vm_holdings(a).lost != 0, progress == PARLEY_QUARANTINED);
    assert_int_equal(posix_vm_holdings(a).granted, posix_vm_holdings(a).lost);
    posix_vm_forget(a);
    rig_vm_end(b);
    rig_vm_end(c);
    if (progress == PARLEY_QUARANTINED) {
        posix_spmc_reboot();
        assert_true(rig_stop_after_shutdown());
    } else {
        assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
        posix_spmc_reboot();
        assert_true(rig_stop_after_shutdown());
    }
}

/* --- Hooks --------------------------------------------------------------------------------------
 */

static void test_each_hook(void **state)
{
    unsigned int calls;

    (void)state;
    begin_world();
    calls = posix_memory_calls();
    assert_all_succeeds();
    calls = posix_memory_calls() - calls;
    assert_true(calls > 30);
    assert_true(rig_stop());
    for (unsigned int nth = 1; nth <= calls; nth++) {
        for (unsigned int pieces = 0; pieces < 2; pieces++) {
            struct course course;
            unsigned int failures = 0;

            begin_world();
            posix_preempt(pieces ? POSIX_PREEMPT_ALWAYS : POSIX_PREEMPT_NEVER);
            posix_fail_memory(nth);
            course = play();
            posix_fail_memory(0);
            for (unsigned int i = 0; i < course.notes; i++) {
                failures += course.note[i] == FFA_NO_MEMORY;
            }
            assert_int_equal(failures, 1);
            assert_as_at_first();
        }
    }
}

/* A gift is its giver's or its receiver's, and after both their lives everything is as at first. */
static void test_each_hook_of_a_gift(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned int nth = 1; failed; nth++) {
        struct course course = {.notes = 0};
        struct grant grant;
        struct answer answer;
        uint64_t handle;

        begin_world();
        grant = give_to(a, 2, 0, 0);
        grant.range = singles();
        grant.ranges = 6;
        posix_fail_memory(nth);
        answer = grant_send(a, DONATE, &grant);
        handle = handle_of(&answer);
        failed =
            !note(&course, answer.status) || !note(&course, retrieve(b, &grant, handle).status);
        posix_fail_memory(0);
        assert_true(!failed || course.note[course.notes - 1] == FFA_NO_MEMORY);
        assert_int_equal(posix_vm_holdings(b).own, RIG_VM_PAGES + (failed ? 0 : 7));
        if (failed && course.notes == 2) {
            assert_int_equal(reclaim(a, handle, 0), FFA_OK);
        }
        posix_vm_reset(b);
        assert_int_equal(posix_vm_holdings(b).own, RIG_VM_PAGES);
        settle(b, FFA_VERSION_1_1);
        assert_int_equal(map_buffers(b, 1).status, FFA_OK);
        posix_vm_reset(a);
        settle(a, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(a, 1).status, FFA_OK);
        assert_as_at_first();
        assert_true(failed || nth > 12);
    }
}

/* --- SMCs ---------------------------------------------------------------------------------------
 */

static struct fault fault;
static uint32_t fault_fid; /* the ABI that it hits */

static bool is_about_memory(uint32_t fid)
{
    return ffa_fid_number(fid) >= ffa_fid_number(FFA_MEM_DONATE_32) &&
           ffa_fid_number(fid) <= ffa_fid_number(FFA_MEM_FRAG_TX);
}

static void memory_smc_with_fault(void *context, struct parley_regs *regs)
{
    const uint32_t fid = (uint32_t)regs->x[0];

    if (!is_about_memory(fid)) {
        posix_smc_secure_world(regs);
        return;
    }
    if (fault.smcs + 1 == fault.k) {
        fault_fid = fid;
    }
    smc_with_fault(context, regs);
}

/* An error, of a call that was not served: nothing has happened, and both sides know. */
static bool is_plain(void)
{
    return !fault.served && fault.regs.x[0] == FFA_ERROR && fault.regs.x[3] == 0 &&
           (int32_t)(uint32_t)fault.regs.x[2] < 0 && fault_fid != FFA_MEM_FRAG_TX;
}

static bool check_course(void)
{
    begin_world();
    fault.smcs = 0;
    posix_smc_replace(memory_smc_with_fault, &fault);
    (void)play();
    posix_smc_replace(NULL, NULL);
    if (fault.smcs < fault.k || is_plain()) {
        assert_as_at_first();
    } else {
        assert_accounted_for();
    }
    return fault.smcs >= fault.k;
}

/* A VM ends of which a partition and a VM hold memory, and another partition may have it. */
static bool check_end(void)
{
    struct grant grant;
    uint64_t handle;
    struct answer answer;

    begin_world();
    grant = share_with(a, ECHO, page_of(a, 8), 4);
    assert_int_equal(grant_send(a, SHARE, &grant).status, FFA_OK);
    grant = lend_to(a, 2, page_of(a, 16), 2);
    handle = sent(a, LEND, &grant);
    retrieved(b, &grant, handle);
    grant = lend_to(a, PARTITION_NOTIFIER_ID, page_of(a, 24), 2);
    answer = grant_send(a, LEND, &grant);
    assert_int_equal(answer.status, FFA_OK);
    fault.smcs = 0;
    posix_smc_replace(memory_smc_with_fault, &fault);
    {
        const enum parley_progress progress =
            posix_vm_go_on(a, parley_vm_destroy(posix_vm_parley(a)));
        const struct posix_holdings holdings = posix_vm_holdings(a);

        posix_smc_replace(NULL, NULL);
        assert_true(progress == PARLEY_DONE || progress == PARLEY_QUARANTINED);
        assert_int_equal(holdings.lost != 0, progress == PARLEY_QUARANTINED);
        assert_int_equal(holdings.granted, holdings.lost);
        assert_true(!is_plain() || progress == PARLEY_DONE);
        posix_vm_forget(a);
        assert_int_equal(relinquish(b, handle, 0), FFA_OK);
        rig_vm_end(b);
        rig_vm_end(c);
        assert_int_equal(parley_shutdown(rig_parley()) == PARLEY_DONE, progress == PARLEY_DONE);
        posix_spmc_reboot();
        assert_true(rig_stop_after_shutdown());
    }
    return fault.smcs >= fault.k;
}

/* All errors; of what makes no sense, or a liar of the SPMC, every third, another one each time. */
static bool is_tried(unsigned int n)
{
    return (!fault.served && n < ERRORS) || n % 3 == fault.k % 3;
}

/* With these replacements, until there is no such SMC any more. How many there were. */
static unsigned int at_each_smc(bool served, bool (*check)(void))
{
    bool came_up = true;
    unsigned int k;

    for (k = 1; came_up; k++) {
        fault = (struct fault){.k = k, .served = served};
        for (unsigned int n = 0; came_up && replacement(n, &fault.regs); n++) {
            came_up = !is_tried(n) || (!served && says_success(&fault.regs)) || check();
            if (posix_violations() != 0) {
                fail_msg("SMC %u, replacement %u: rules are broken", k, n);
            }
        }
    }
    return k - 2;
}

static void test_smc_that_is_not_served(void **state)
{
    (void)state;
    assert_true(at_each_smc(false, check_course) >= 5);
}

static void test_smc_with_another_answer(void **state)
{
    (void)state;
    assert_true(at_each_smc(true, check_course) >= 5);
}

static void test_end_with_smcs_that_are_not_served(void **state)
{
    (void)state;
    assert_true(at_each_smc(false, check_end) >= 2);
}

static void test_end_with_smcs_that_are_answered_otherwise(void **state)
{
    (void)state;
    assert_true(at_each_smc(true, check_end) >= 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_each_hook),
        RIG_TEST(test_each_hook_of_a_gift),
        RIG_TEST(test_smc_that_is_not_served),
        RIG_TEST(test_smc_with_another_answer),
        RIG_TEST(test_end_with_smcs_that_are_not_served),
        RIG_TEST(test_end_with_smcs_that_are_answered_otherwise),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
