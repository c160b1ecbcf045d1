/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of docs/museum.md on the beginning and the end of a VM as the Secure world hears of them. */
#include "talk.h"

#include <string.h>

#define TRIES_MAX 100u

/* The framework messages that the SPMC was sent, of one type for one VM. */
static unsigned int told(uint32_t type, uint16_t vm_id, uint16_t partition)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < posix_smc_count() && i < POSIX_SMC_LOG; i++) {
        const struct parley_regs *call = &posix_smc_at(i)->call;

        count += ffa_fid_number(w(call, 0)) == ffa_fid_number(FFA_MSG_SEND_DIRECT_REQ_32) &&
                 w(call, 1) == partition && w(call, 2) == FFA_DIRECT_FRAMEWORK(type) &&
                 w(call, 5) == vm_id;
    }
    return count;
}

static bool is_vm_message(const struct parley_regs *call)
{
    return ffa_fid_number(w(call, 0)) == ffa_fid_number(FFA_MSG_SEND_DIRECT_REQ_32) &&
           (w(call, 2) & FFA_DIRECT_FRAMEWORK_BIT) != 0;
}

/* An SPMC whose partitions answer messages of one type so, for so many times. */
struct stubborn {
    uint32_t type;
    struct parley_regs answer;
    unsigned int times;
    unsigned int asked;
};

static void stubborn_spmc(void *context, struct parley_regs *regs)
{
    struct stubborn *stubborn = context;

    if (is_vm_message(regs) && w(regs, 2) == FFA_DIRECT_FRAMEWORK(stubborn->type)) {
        stubborn->asked++;
        if (stubborn->asked <= stubborn->times) {
            *regs = stubborn->answer;
            return;
        }
    }
    posix_smc_secure_world(regs);
}

static struct parley_regs framework_answer(uint32_t response, int32_t status)
{
    return (struct parley_regs){{FFA_MSG_SEND_DIRECT_RESP_32,
                                 ffa_ids_make(PARTITION_NOTIFIER_ID, 0),
                                 FFA_DIRECT_FRAMEWORK(response), (uint32_t)status}};
}

static const struct spmc_config *world_with_refuser(void)
{
    static struct spmc_config secure;

    secure = posix_spmc_1_2;
    secure.partition_count = PARTITION_COUNT_MORE;
    return &secure;
}

/* Whether a VM that has everything can find the partition, and whether each ABI agrees. */
static void expect_partition(struct posix_vm *vm, uint16_t vm_id, uint16_t partition, bool there)
{
    assert_int_equal(is_listed(vm, partition), there);
    if (!there) {
        assert_status(CALL(vm, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(vm_id, partition), 0),
                      FFA_INVALID_PARAMETERS);
        assert_status(CALL(vm, 0, FFA_NOTIFICATION_BIND, ffa_ids_make(partition, vm_id), 0, 1, 0),
                      FFA_INVALID_PARAMETERS);
        assert_status(CALL(vm, 0, FFA_NOTIFICATION_SET, ffa_ids_make(vm_id, partition), 0, 1, 0),
                      FFA_INVALID_PARAMETERS);
        assert_status(CALL(vm, 0, FFA_RUN, ffa_target_make(partition, 0)), FFA_INVALID_PARAMETERS);
    }
}

/* --- C2 --------------------------------------------------------------------------------------- */

/* Destroys a VM on whose behalf something is still to be sent, and that keeps it. */
static enum parley_progress destroy_in_steps(struct posix_vm *vm, unsigned int *steps)
{
    enum parley_progress progress = parley_vm_destroy(posix_vm_parley(vm));

    for (*steps = 1; progress == PARLEY_AGAIN && *steps < 10 * TRIES_MAX; ++*steps) {
        posix_smc_clear();
        progress = parley_vm_continue(posix_vm_parley(vm));
        assert_in_range(posix_smc_count(), 0, 1); /* a step is one SMC */
    }
    return progress;
}

/* A VM whose end nobody acknowledges is kept, and its ID with it, until somebody does. */
static void C2_teardown_retry_without_ref(void **state)
{
    struct stubborn stubborn = {
        .type = FFA_FRAMEWORK_VM_DESTROYED_REQ,
        .answer = framework_answer(FFA_FRAMEWORK_VM_DESTROYED_RESP, FFA_RETRY),
        .times = 2 * TRIES_MAX + 50,
    };
    enum parley_progress progress;
    struct posix_vm *second;
    struct posix_vm *other;
    struct posix_vm *vm;
    unsigned int steps;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = talker_on(5, FFA_VERSION_1_2);
    posix_smc_replace(stubborn_spmc, &stubborn);
    progress = destroy_in_steps(vm, &steps);
    assert_int_equal(progress, PARLEY_QUARANTINED);
    assert_int_equal(stubborn.asked, TRIES_MAX);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VM_QUARANTINED), 1);
    posix_vm_forget(vm);
    vm_off(vm);

    /* The ID is nobody's meanwhile, and all else goes on. */
    second = posix_vm_new("second", RAM_IPA, 1, true);
    assert_non_null(second);
    assert_int_equal(vm_create(second, &(struct vm_setup){.id = 5}), PARLEY_REFUSED_ID_USED);
    other = talker_on(6, FFA_VERSION_1_1);
    assert_int_equal(parley_quarantine_retry(the_parley(), 6), PARLEY_DONE); /* not in quarantine */
    assert_status(CALL(other, 0, FFA_ID_GET), FFA_OK);
    assert_int_equal(parley_quarantine_retry(the_parley(), 0), PARLEY_REFUSED_CONFIG);
    assert_int_equal(parley_quarantine_retry(the_parley(), VMS_MAX + 1), PARLEY_REFUSED_CONFIG);

    stubborn.times = 0;
    do {
        progress = parley_quarantine_retry(the_parley(), 5);
    } while (progress == PARLEY_AGAIN);
    assert_int_equal(progress, PARLEY_DONE);
    assert_int_equal(vm_create(second, &(struct vm_setup){.id = 5}), PARLEY_DONE);
    posix_vm_destroy(second);
    posix_vm_free(second);
    posix_smc_replace(NULL, NULL);
}

/* --- G18, J10, K9 ----------------------------------------------------------------------------- */

static void expect_told_once(void)
{
    static const struct ffa_uuid uuids[] = {{{1}}, {{2}}, {{3}}};
    const struct spmc_partition many[] = {
        {.name = "many",
         .id = PARTITION_NOTIFIER_ID,
         .contexts = 1,
         .properties = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_VM_CREATED |
                       FFA_PARTITION_VM_DESTROYED | FFA_PARTITION_AARCH64,
         .uuids = uuids,
         .uuid_count = COUNT(uuids)},
    };
    struct spmc_config secure = posix_spmc_1_2;
    struct posix_vm *vm;

    secure.partitions = many;
    secure.partition_count = COUNT(many);
    machine_on(&secure);
    posix_smc_clear();
    vm = talker_on(9, FFA_VERSION_1_2);
    assert_int_equal(list_count(vm, NULL), COUNT(uuids) + 1);
    assert_int_equal(told(FFA_FRAMEWORK_VM_CREATED_REQ, 9, PARTITION_NOTIFIER_ID), 1);
    assert_int_equal(told(FFA_FRAMEWORK_VM_DESTROYED_REQ, 9, PARTITION_NOTIFIER_ID), 0);
    posix_vm_reset(vm);
    assert_int_equal(told(FFA_FRAMEWORK_VM_CREATED_REQ, 9, PARTITION_NOTIFIER_ID), 2);
    assert_int_equal(told(FFA_FRAMEWORK_VM_DESTROYED_REQ, 9, PARTITION_NOTIFIER_ID), 1);
    vm_off(vm);
    assert_int_equal(told(FFA_FRAMEWORK_VM_DESTROYED_REQ, 9, PARTITION_NOTIFIER_ID), 2);
    assert_int_equal(machine_off(NULL), 0);
}

static void expect_registers(void)
{
    machine_on(&posix_spmc_1_2);
    posix_smc_clear();
    talker_on(9, 0);
    assert_int_equal(told(FFA_FRAMEWORK_VM_CREATED_REQ, 9, PARTITION_NOTIFIER_ID), 1);
    assert_int_equal(told(FFA_FRAMEWORK_VM_CREATED_REQ, 9, PARTITION_ECHO_ID), 0);
    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        const struct parley_regs *call = &posix_smc_at(i)->call;

        if (is_vm_message(call)) {
            assert_int_equal(call->x[3], 0xffffffffu);
            assert_int_equal(call->x[4], 0xffffffffu);
            for (unsigned int j = 6; j < FFA_REGS_MAX; j++) {
                assert_int_equal(call->x[j], 0);
            }
        }
    }
    assert_int_equal(machine_off(NULL), 0);
}

void expect_one_announcement(void)
{
    expect_told_once();
    expect_registers();
}

/* A partition that stalls, is interrupted and yields, and accepts the VM in the end. */
static void expect_patience(void)
{
    struct posix_vm *vm;

    machine_on(world_with_refuser());
    posix_smc_clear();
    vm = talker_on(7, FFA_VERSION_1_2);
    expect_partition(vm, 7, PARTITION_REFUSER_ID, true);
    assert_int_equal(told(FFA_FRAMEWORK_VM_CREATED_REQ, 7, PARTITION_REFUSER_ID),
                     1 + PARTITION_REFUSER_STALLS);
    assert_int_equal(machine_off(NULL), 0);
}

/* A partition that stalls is asked again in another step, not in a loop of Parley's. */
static void J10_retry_in_hypervisor(void **state)
{
    static const int32_t again[] = {FFA_RETRY, FFA_INTERRUPTED};

    (void)state;
    expect_patience();
    for (size_t i = 0; i < COUNT(again); i++) {
        struct stubborn stubborn = {
            .type = FFA_FRAMEWORK_VM_CREATED_REQ,
            .answer = framework_answer(FFA_FRAMEWORK_VM_CREATED_RESP, again[i]),
            .times = 7,
        };
        const struct parley_vm_config config = {
            .id = 5, .vcpus = 1, .secure_rights = PARLEY_MAY_ALL, .rxtx_pages_max = 1};
        enum parley_progress progress;
        struct posix_vm *vm;

        machine_on(&posix_spmc_1_2);
        vm = posix_vm_new("steps", RAM_IPA, RAM_PAGES, true);
        assert_non_null(vm);
        posix_smc_replace(stubborn_spmc, &stubborn);
        posix_smc_clear();
        progress = posix_vm_create_begin(vm, the_parley(), &config);
        assert_in_range(posix_smc_count(), 0, 1);
        for (unsigned int step = 0; step < 50 && progress == PARLEY_AGAIN; step++) {
            posix_smc_clear();
            progress = parley_vm_continue(posix_vm_parley(vm));
            assert_in_range(posix_smc_count(), 0, 1);
        }
        assert_int_equal(progress, PARLEY_DONE);
        assert_int_equal(stubborn.asked, 8);
        vm_negotiate(vm, FFA_VERSION_1_2);
        assert_true(is_listed(vm, PARTITION_NOTIFIER_ID));
        posix_smc_replace(NULL, NULL);
        posix_vm_destroy(vm);
        posix_vm_free(vm);
        assert_int_equal(machine_off(NULL), 0);
    }
}

static void expect_refusal(struct parley_regs answer)
{
    struct stubborn stubborn = {
        .type = FFA_FRAMEWORK_VM_CREATED_REQ, .answer = answer, .times = UINT32_MAX};
    struct parley_event event;
    struct posix_vm *vm;

    machine_on(&posix_spmc_1_2);
    posix_smc_replace(stubborn_spmc, &stubborn);
    vm = talker_on(5, FFA_VERSION_1_2);
    assert_in_range(stubborn.asked, 1, TRIES_MAX);
    expect_partition(vm, 5, PARTITION_NOTIFIER_ID, false);
    expect_partition(vm, 5, PARTITION_ECHO_ID, true);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VM_REFUSED_BY_PARTITION), 1);
    assert_true(posix_event_last(PARLEY_EVENT_VM_REFUSED_BY_PARTITION, &event));
    assert_int_equal(event.value, PARTITION_NOTIFIER_ID);
    assert_int_equal(event.vm_id, 5);
    posix_smc_replace(NULL, NULL);
    posix_smc_clear();
    vm_off(vm); /* who did not take it is not told of its end */
    assert_int_equal(told(FFA_FRAMEWORK_VM_DESTROYED_REQ, 5, PARTITION_NOTIFIER_ID), 0);
    assert_int_equal(machine_off(NULL), 0);
}

/* An answer to VM_CREATED is the one that belongs to it, of the one that was asked, or an error. */
static void K9_power_or_error_reply(void **state)
{
    const struct parley_regs right = framework_answer(FFA_FRAMEWORK_VM_CREATED_RESP, FFA_OK);
    struct parley_regs wrong;

    (void)state;
    expect_refusal(framework_answer(FFA_FRAMEWORK_VM_DESTROYED_RESP, FFA_OK));
    expect_refusal(framework_answer(FFA_FRAMEWORK_POWER_RESP, FFA_OK));
    expect_refusal(framework_answer(FFA_FRAMEWORK_VM_CREATED_RESP, FFA_DENIED));
    expect_refusal(framework_answer(FFA_FRAMEWORK_VM_CREATED_RESP, FFA_INVALID_PARAMETERS));
    expect_refusal(framework_answer(FFA_FRAMEWORK_VM_CREATED_RESP, 1));
    expect_refusal(framework_answer(FFA_FRAMEWORK_VM_CREATED_RESP, FFA_RETRY));
    wrong = right;
    wrong.x[2] = FFA_FRAMEWORK_VM_CREATED_RESP; /* a partition message */
    expect_refusal(wrong);
    wrong = right;
    wrong.x[1] = ffa_ids_make(PARTITION_ECHO_ID, 0);
    expect_refusal(wrong);
    wrong = right;
    wrong.x[1] = ffa_ids_make(PARTITION_NOTIFIER_ID, 5);
    expect_refusal(wrong);
    wrong = right;
    wrong.x[0] = FFA_MSG_SEND_DIRECT_RESP2;
    expect_refusal(wrong);
    wrong = right;
    wrong.x[0] = FFA_MSG_WAIT;
    expect_refusal(wrong);
    expect_refusal((struct parley_regs){{FFA_ERROR, 0, (uint32_t)FFA_ABORTED}});
    expect_refusal((struct parley_regs){{FFA_ERROR, 0, (uint32_t)FFA_BUSY}});
    expect_refusal((struct parley_regs){{FFA_SUCCESS_32}});
}

/* --- C3 --------------------------------------------------------------------------------------- */

/* Whatever the SPMC refuses while a VM is created, it keeps nothing, and the ID can be used. */
void expect_spoilt_creation_leaves_nothing(void)
{
    static const uint32_t abis[] = {FFA_NOTIFICATION_BITMAP_CREATE, FFA_MSG_SEND_DIRECT_REQ_32,
                                    FFA_RUN};
    static const int32_t statuses[] = {FFA_NO_MEMORY, FFA_DENIED, FFA_NOT_SUPPORTED, FFA_BUSY};

    for (size_t i = 0; i < COUNT(abis) * COUNT(statuses); i++) {
        struct answering failing = {
            .fid = abis[i % COUNT(abis)],
            .answer = {{FFA_ERROR, 0, (uint32_t)statuses[i / COUNT(abis)]}},
        };
        const struct vm_setup setup = {
            .id = 5, .sees_secure = true, .may = PARLEY_MAY_ALL, .properties = ALL_PROPERTIES};
        enum parley_progress progress;
        struct posix_vm *vm;

        machine_on(&posix_spmc_1_2);
        vm = posix_vm_new("spoilt", RAM_IPA, RAM_PAGES, true);
        assert_non_null(vm);
        posix_smc_replace(answering_spmc, &failing);
        progress = vm_create(vm, &setup);
        if (progress == PARLEY_DONE) {
            vm_negotiate(vm, FFA_VERSION_1_2);
            vm_map(vm, 1);
            posix_smc_replace(NULL, NULL);
            posix_vm_destroy(vm);
        }
        posix_smc_replace(NULL, NULL);
        assert_false(posix_spmc_has_bitmap_of(5));
        assert_false(posix_spmc_has_buffers_of(5));
        assert_int_equal(vm_create(vm, &setup), PARLEY_DONE);
        assert_true(posix_spmc_has_bitmap_of(5));
        vm_negotiate(vm, FFA_VERSION_1_2);
        assert_true(is_listed(vm, PARTITION_NOTIFIER_ID));
        posix_vm_destroy(vm);
        posix_vm_free(vm);
        assert_int_equal(machine_off(NULL), 0);
    }
}

SECTION(museum_availability, TEST(C2_teardown_retry_without_ref), TEST(J10_retry_in_hypervisor),
        TEST(K9_power_or_error_reply))
