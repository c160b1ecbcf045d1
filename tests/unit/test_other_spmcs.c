/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SPMCs of other firmware, in what they are known to differ: a later version, an ABI less, an
 * answer in the other width, a partition that has enough VMs. None of them keeps Parley from its
 * work, and each costs no more than what it is about.
 */
#include "echo.h"

#include "../../secure/spmc/hostile.h"

#define SPMC_1_3       0x00010003u
#define ENTRY_1_3      48u
#define ENTRIES_LISTED 5u

/* Its entries are longer, with something behind them that is none of ours. */
static void test_a_later_version(void **state)
{
    struct spmc_config config = posix_spmc_1_2;
    struct list list;

    (void)state;
    config.version = SPMC_1_3;
    config.entry_bytes = ENTRY_1_3;
    start_with(&config, FFA_VERSION_1_2, 2);
    assert_int_equal(rig_status().spmc_version, FFA_VERSION_1_2);
    assert_int_equal(rig_status().partition_count, ENTRIES_LISTED);
    assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED), 0);
    list = list_by_registers(vm, &nil_uuid);
    assert_int_equal(list.count, ENTRIES_LISTED + 1);
    for (unsigned int i = 0, entry = 0; i < PARTITION_COUNT; i++) {
        const struct spmc_partition *partition = &secure_partitions[i];

        for (unsigned int j = 0; j < partition->uuid_count; j++, entry++) {
            assert_int_equal(list.entry[entry].id, partition->id);
            assert_int_equal(list.entry[entry].contexts, partition->contexts);
            assert_memory_equal(&list.entry[entry].uuid, &partition->uuids[j],
                                sizeof(struct ffa_uuid));
        }
    }
    assert_int_equal((uint32_t)ASK(COMMAND_ECHO).regs.x[0], FFA_MSG_SEND_DIRECT_RESP_64);
}

/* What OP-TEE or the EL3 SPMC of TF-A have not, alone and together; who has less to offer says so.
 */
static const uint32_t spared[] = {
    FFA_RX_ACQUIRE,
    FFA_MSG_SEND2,
    FFA_RUN,
    FFA_MSG_SEND_DIRECT_REQ2,
    FFA_NOTIFICATION_BITMAP_CREATE,
    FFA_NOTIFICATION_INFO_GET_64,
    FFA_PARTITION_INFO_GET_REGS,
    FFA_SPM_ID_GET,
    FFA_MEM_LEND_32,
    FFA_MEM_DONATE_32,
    FFA_MEM_FRAG_TX,
};

static void assert_serves(uint32_t missing)
{
    struct answer answer = ASK(COMMAND_ECHO);

    if (rig_status().spmc_version != FFA_VERSION_1_2 ||
        rig_status().partition_count != ENTRIES_LISTED) {
        fail_msg("without %#x: no SPMC, or no partitions", missing);
    }
    if ((uint32_t)answer.regs.x[0] != FFA_MSG_SEND_DIRECT_RESP_64) {
        fail_msg("without %#x: a request comes to %#x", missing, (uint32_t)answer.regs.x[0]);
    }
    assert_int_equal(list_count(vm, &nil_uuid), ENTRIES_LISTED + 1);
}

static void test_an_abi_less(void **state)
{
    (void)state;
    for (size_t i = 0; i <= COUNT(spared); i++) {
        struct spmc_config config = posix_spmc_1_2;

        config.absent = i < COUNT(spared) ? &spared[i] : spared;
        config.absent_count = i < COUNT(spared) ? 1 : COUNT(spared);
        start_with(&config, FFA_VERSION_1_2, 2);
        assert_serves(i < COUNT(spared) ? spared[i] : 0);
        assert_true(rig_stop());
    }
}

/* A request that is left in the middle, where nobody can go on with it, is over with an error. */
static void test_no_run(void **state)
{
    struct script script = {.fid = FFA_RUN};
    struct parley_regs run = {{FFA_RUN}};
    struct answer left;

    (void)state;
    start();
    left = ASK(COMMAND_YIELD, 1);
    assert_int_equal(left.regs.x[0], FFA_YIELD);
    run.x[1] = left.regs.x[1];
    script_answer(&script, script_error(FFA_NOT_SUPPORTED));
    script_begin(&script);
    assert_int_equal(CALL(vm, FFA_RUN, run.x[1]).status, FFA_NOT_SUPPORTED);
    /* It is over for the VM, and there is nothing left to go on with. */
    assert_int_equal(CALL(vm, FFA_RUN, run.x[1]).status, FFA_DENIED);
    assert_int_equal(script.asked, 1);
    assert_int_equal(list_count(vm, &nil_uuid), ENTRIES_LISTED + 1);
    rig_vm_end(vm);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    assert_int_equal(list_count(vm, &nil_uuid), ENTRIES_LISTED + 1);
    posix_smc_replace(NULL, NULL);
    posix_smc_secure_world(&run); /* so that the partition is not in the middle of it for ever */
}

/* Success is success in either width. */
static void test_success_in_64_bits(void **state)
{
    static const uint32_t steps[] = {
        FFA_FEATURES,   FFA_ID_GET,     FFA_SPM_ID_GET,         FFA_RXTX_MAP_64,
        FFA_RX_RELEASE, FFA_RXTX_UNMAP, FFA_PARTITION_INFO_GET, FFA_NOTIFICATION_BITMAP_CREATE};
    static struct spmc_lie lies[COUNT(steps)];
    static struct spmc_hostile hostile;
    struct spmc_config config = posix_spmc_1_2;

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        lies[i] = spmc_lie_register(steps[i], 0, FFA_SUCCESS_64);
        lies[i].when = FFA_SUCCESS_32;
    }
    hostile = (struct spmc_hostile){.lies = lies, .lie_count = COUNT(lies)};
    config.hostile = &hostile;
    start_with(&config, FFA_VERSION_1_2, 2);
    assert_serves(0);
    assert_true(posix_spmc_has_bitmap_of(VM));
    assert_int_equal(echo_sends(16, 1), FFA_OK);
    assert_true(rig_stop());
    assert_false(posix_spmc_has_buffers());
}

/* Lists itself, wants to hear of VMs, and takes two: as a Trusted OS that serves guests does. */
static void test_room_for_two_vms(void **state)
{
    struct spmc_config config = posix_spmc_1_2;
    struct posix_vm *vms[4];

    (void)state;
    config.partitions = stranger_partitions;
    config.partition_count = 1;
    rig_start(&config);
    posix_events_clear();
    for (uint16_t i = 0; i < 3; i++) {
        vms[i] = rig_friend((uint16_t)(i + 1), FFA_VERSION_1_2);
    }
    assert_true(list_count(vms[0], stranger_partitions[0].uuids) == 1);
    assert_true(list_count(vms[1], stranger_partitions[0].uuids) == 1);
    assert_true(list_count(vms[2], stranger_partitions[0].uuids) == FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(vms[2], FFA_MSG_SEND_DIRECT_REQ_32,
                          ffa_ids_make(3, PARTITION_STRANGER_ID), 0, COMMAND_ECHO)
                         .status,
                     FFA_INVALID_PARAMETERS);
    /* They see each other; and where one of the two leaves, there is room for another. */
    assert_int_equal(list_count(vms[2], &nil_uuid), 3);
    rig_vm_end(vms[0]);
    vms[3] = rig_friend(4, FFA_VERSION_1_2);
    assert_true(list_count(vms[3], stranger_partitions[0].uuids) == 1);
    assert_true(list_count(vms[2], stranger_partitions[0].uuids) == FFA_INVALID_PARAMETERS);
}

/* --- One that knows VMs from the messages about them
 * ---------------------------------------------- */

#define BOUND 2u

static bool is_known;

/* Takes no notice of the notifier's own answers: that one acknowledges. */
static void take_notice(const struct parley_regs *message)
{
    struct parley_regs unbind = {{FFA_NOTIFICATION_UNBIND, ffa_ids_make(ECHO, VM), 0, BOUND}};
    struct parley_regs destroy = {{FFA_NOTIFICATION_BITMAP_DESTROY, VM}};

    if (message->x[2] == FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_REQ)) {
        is_known = true;
    }
    if (message->x[2] == FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_DESTROYED_REQ)) {
        is_known = false;
        posix_smc_secure_world(&unbind);
        posix_smc_secure_world(&destroy);
    }
}

static void serve_whom_it_knows(void *context, struct parley_regs *regs)
{
    (void)context;
    switch (regs->x[0]) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
        if (regs->x[1] == PARTITION_NOTIFIER_ID && regs->x[5] == VM) {
            take_notice(regs);
        }
        break;
    case FFA_NOTIFICATION_BITMAP_CREATE:
    case FFA_NOTIFICATION_BITMAP_DESTROY:
    case FFA_NOTIFICATION_BIND:
    case FFA_NOTIFICATION_UNBIND:
    case FFA_NOTIFICATION_GET:
        if (!is_known) {
            *regs = script_error(FFA_INVALID_PARAMETERS);
            return;
        }
        break;
    default:
        break;
    }
    posix_smc_secure_world(regs);
}

/*
 * It refuses the bitmap of a VM that no partition was told of, and has forgotten it with the VM.
 * The VM has its notifications all the same, in each life, and nothing is told, or held back.
 */
static void test_knows_vms_by_messages(void **state)
{
    enum parley_progress progress;

    (void)state;
    is_known = false;
    rig_start(&posix_spmc_1_2);
    posix_events_clear();
    posix_smc_replace(serve_whom_it_knows, NULL);
    for (unsigned int life = 0; life < 3; life++) {
        vm = rig_friend(VM, FFA_VERSION_1_2);
        assert_true(posix_spmc_has_bitmap_of(VM));
        assert_int_equal(
            CALL(vm, FFA_NOTIFICATION_BIND, ffa_ids_make(ECHO, VM), 0, BOUND, 0).status, FFA_OK);
        progress = parley_vm_reset(posix_vm_parley(vm));
        while (progress == PARLEY_AGAIN) {
            progress = parley_vm_continue(posix_vm_parley(vm));
        }
        assert_int_equal(progress, PARLEY_DONE);
        assert_true(posix_spmc_has_bitmap_of(VM));
        settle(vm, FFA_VERSION_1_2);
        rig_vm_end(vm);
        assert_false(posix_spmc_has_bitmap_of(VM));
    }
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_REFUSED), 0);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VM_QUARANTINED), 0);
    posix_smc_replace(NULL, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_a_later_version),  RIG_TEST(test_an_abi_less),
        RIG_TEST(test_no_run),           RIG_TEST(test_success_in_64_bits),
        RIG_TEST(test_room_for_two_vms), RIG_TEST(test_knows_vms_by_messages),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
