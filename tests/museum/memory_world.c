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

void end_in_quarantine(struct posix_vm *vm, unsigned int pages)
{
    const uint16_t id = id_of(vm);
    enum parley_progress progress = parley_vm_destroy(posix_vm_parley(vm));

    progress = posix_vm_go_on(vm, progress);
    assert_int_equal(progress, PARLEY_QUARANTINED);
    assert_int_equal(posix_vm_holdings(vm).lost, pages);
    assert_int_equal(posix_vm_holdings(vm).granted, pages);
    assert_true(posix_event_count(PARLEY_EVENT_VM_QUARANTINED) >= 1);
    no_more_lies();
    progress = posix_vm_go_on(vm, parley_quarantine_retry(rig_parley(), id));
    assert_int_equal(progress, PARLEY_DONE);
    assert_int_equal(posix_vm_holdings(vm).granted, 0);
    posix_vm_forget(vm);
}
