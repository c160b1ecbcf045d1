/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#define LIES_MAX 8u

static struct spmc_hostile hostile;
static struct spmc_lie lies_told[LIES_MAX];

bool in_pieces;
struct posix_vm *vm_a, *vm_b, *vm_c;

/* The others are not used here. */
static void meet(void)
{
    vm_a = a = rig_memory_friend(1, FFA_VERSION_1_2, 1);
    vm_b = b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
    vm_c = c = rig_memory_friend(3, FFA_VERSION_1_1, 1);
}

void start_secure(const struct spmc_config *secure)
{
    rig_start_with(secure, &rig_memory_config);
    posix_preempt(in_pieces ? POSIX_PREEMPT_ALWAYS : POSIX_PREEMPT_NEVER);
    meet();
}

void lying_start(const struct spmc_lie *lies, unsigned int count)
{
    struct spmc_config config = posix_spmc_1_2;

    rig_stop();
    assert_true(count <= LIES_MAX);
    memcpy(lies_told, lies, count * sizeof(*lies));
    hostile = (struct spmc_hostile){.lies = lies_told, .lie_count = count};
    config.hostile = &hostile;
    start_secure(&config);
}

void no_more_lies(void)
{
    hostile.lie_count = 0;
}

struct reply command(struct posix_vm *vm, uint16_t partition, uint32_t fid, uint32_t w1,
                     uint32_t w2, uint32_t w3, uint32_t w4)
{
    const uint32_t ids = ffa_ids_make(id_of(vm), partition);
    struct answer answer = CALL(vm, FFA_MSG_SEND_DIRECT_REQ_32, ids, 0, fid, w1, w2, w3, w4);
    struct reply reply;

    while (answer.fid == FFA_INTERRUPT || answer.fid == FFA_YIELD) {
        answer = CALL(vm, FFA_RUN, answer.regs.x[1]);
    }
    assert_int_equal(answer.fid, FFA_MSG_SEND_DIRECT_RESP_32);
    reply.status = (int32_t)(uint32_t)answer.regs.x[3];
    for (unsigned int i = 1; i <= 4; i++) {
        reply.word[i] = (uint32_t)answer.regs.x[3 + i];
    }
    return reply;
}

struct reply sp_retrieve(struct posix_vm *vm, uint16_t partition, uint64_t handle, uint16_t sender,
                         uint8_t permissions)
{
    return command(vm, partition, COMMAND_MEMORY_RETRIEVE, ffa_handle_low(handle),
                   ffa_handle_high(handle), sender | (uint32_t)permissions << 16, 0);
}

int32_t sp_relinquish(struct posix_vm *vm, uint16_t partition, uint64_t handle)
{
    return command(vm, partition, COMMAND_MEMORY_RELINQUISH, ffa_handle_low(handle),
                   ffa_handle_high(handle), 0, 0)
        .status;
}

uint64_t sent_to_sp(struct posix_vm *vm, uint32_t fid, const struct grant *grant)
{
    struct answer answer = grant_send(vm, fid, grant);

    assert_int_equal(answer.status, FFA_OK);
    assert_true((handle_of(&answer) & FFA_HANDLE_HYPERVISOR_BIT) == 0);
    return handle_of(&answer);
}

void of_singles(struct grant *grant, const struct posix_vm *vm, unsigned int n)
{
    static struct ffa_mem_constituent singles[SINGLES_MAX];

    assert_true(n <= SINGLES_MAX);
    for (unsigned int i = 0; i < n; i++) {
        singles[i] = (struct ffa_mem_constituent){page_of(vm, 8 + 2 * i), 1, 0};
    }
    grant->range = singles;
    grant->ranges = n;
}

void expect_nothing_granted(const struct posix_vm *vm)
{
    const struct posix_holdings holdings = posix_vm_holdings(vm);

    assert_int_equal(holdings.own, posix_vm_ram_pages(vm));
    assert_int_equal(holdings.granted, 0);
    assert_int_equal(holdings.revoked, 0);
    assert_int_equal(holdings.lost, 0);
    assert_true(can_write(vm, posix_vm_ram_ipa(vm), posix_vm_ram_pages(vm)));
}

unsigned int transactions_in(const struct posix_vm *vm, enum parley_transaction_state state)
{
    struct parley_transaction_status status;
    unsigned int count = 0;

    for (unsigned int i = 0; parley_transaction_status(posix_vm_parley(vm), i, &status); i++) {
        count += status.state == state;
    }
    return count;
}

unsigned int smcs_of(uint32_t fid)
{
    unsigned int count = 0;

    assert_true(posix_smc_count() <= POSIX_SMC_LOG);
    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        count += (uint32_t)posix_smc_at(i)->call.x[0] == fid;
    }
    return count;
}

unsigned int end_with_what_is_lost(struct posix_vm *vm)
{
    const unsigned int quarantined = transactions_in(vm, PARLEY_TRANSACTION_QUARANTINED);
    const enum parley_progress progress =
        posix_vm_go_on(vm, parley_vm_destroy(posix_vm_parley(vm)));
    const unsigned int lost = posix_vm_holdings(vm).lost;

    assert_true(progress == PARLEY_DONE || progress == PARLEY_QUARANTINED);
    assert_int_equal(lost != 0, progress == PARLEY_QUARANTINED);
    assert_int_equal(posix_vm_holdings(vm).granted, lost);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VM_QUARANTINED), lost != 0);
    assert_true(quarantined == 0 || posix_event_count(PARLEY_EVENT_MEMORY_QUARANTINED) != 0);
    posix_vm_forget(vm);
    if (vm == vm_a) {
        rig_vm_end(vm_b);
        rig_vm_end(vm_c);
        posix_spmc_reboot(); /* it has the pages for good, and Parley's buffers */
        assert_true(rig_stop_after_shutdown());
    }
    return lost;
}

/* --- Descriptors as bytes --- */

uint8_t described[GRANT_BYTES_MAX];

const uint32_t versions[VERSIONS] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

void put(uint32_t at, uint64_t value, unsigned int count)
{
    memcpy(described + at, &value, count);
}

/* Sends as much of `described` as fits TX. */
struct answer send_raw(uint32_t fid, uint32_t total, uint32_t fragment)
{
    memcpy(posix_vm_at(vm_a, tx_ipa(vm_a)), described, fragment < PAGE ? fragment : PAGE);
    return CALL(vm_a, fid, total, fragment, 0, 0);
}

void expect_refused(uint32_t total, uint32_t fragment)
{
    assert_int_equal(send_raw(SHARE, total, fragment).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
}

void expect_accepted(const struct answer *answer)
{
    assert_int_equal(answer->status, FFA_OK);
    assert_int_equal(reclaim(vm_a, handle_of(answer), 0), FFA_OK);
    assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
}

void start_at(uint32_t version)
{
    rig_start_with(NULL, &rig_memory_config);
    posix_preempt(in_pieces ? POSIX_PREEMPT_ALWAYS : POSIX_PREEMPT_NEVER);
    vm_a = rig_memory_friend(1, version, 1);
    vm_b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
}

void ordinary(void)
{
    struct grant grant = share_with(vm_a, 2, page_of(vm_a, 8), 3);

    assert_int_equal(grant_write(vm_a, &grant, described), TOTAL);
}
