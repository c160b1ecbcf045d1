/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct requests to Secure Partitions (FF-A 1.2, 15.2 and 14.3). Parley builds each message anew,
 * relays it, and judges the answer: what does not fit the request is ABORTED for the guest.
 *
 * A request that the Secure world leaves unfinished, because of an interrupt or a yield, goes back
 * to the VM, and is SECURE_LEFT until the vCPU resumes it with FFA_RUN, on the CPU where it was
 * left.
 */
#include "internal.h"

/* How often Parley resumes what a vCPU left behind, before it gives the partition up. */
#define RUNS_MAX 10000u

/* --- Who may ask whom ----------------------------------------------------- */

static const struct partition *find_partition(const struct spmc *spmc, uint16_t id,
                                              const struct uuid *uuid)
{
    for (unsigned int i = 0; i < spmc->partition_count; i++) {
        const struct partition *partition = &spmc->partitions[i];

        if (partition->entry.id == id &&
            (uuid_is_nil(uuid) || uuid_equal(&partition->entry.uuid, uuid))) {
            return partition;
        }
    }
    return NULL;
}

bool parley_secure_is_visible(const struct parley_vm *vm, uint16_t id)
{
    struct uuid any = {0, 0};
    const struct partition *partition = find_partition(&vm->parley->spmc, id, &any);

    return (vm->secure_rights & PARLEY_MAY_DISCOVER) != 0 && partition != NULL &&
           !parley_partition_is_hidden(vm, partition);
}

int32_t parley_secure_allows(const struct parley_vm *vm, uint16_t id, uint8_t right)
{
    if (!parley_secure_is_visible(vm, id)) {
        return FFA_INVALID_PARAMETERS;
    }
    return (vm->secure_rights & right) != 0 ? FFA_OK : FFA_DENIED;
}

/* Whether the partition receives such, by any of its UUIDs. */
static bool receives(const struct spmc *spmc, uint16_t id, uint32_t property)
{
    for (unsigned int i = 0; i < spmc->partition_count; i++) {
        const struct partition_entry *entry = &spmc->partitions[i].entry;

        if (entry->id == id && (entry->properties & property) == property) {
            return true;
        }
    }
    return false;
}

int32_t parley_secure_check(const struct parley_vm *vm, uint16_t id, const struct uuid *uuid,
                            uint32_t properties)
{
    const struct spmc *spmc = &vm->parley->spmc;
    int32_t status = parley_secure_allows(vm, id, PARLEY_MAY_MESSAGE);

    if (status != FFA_OK) {
        return status;
    }
    if (!receives(spmc, id, properties)) {
        return FFA_DENIED;
    }

    const struct partition *partition = find_partition(spmc, id, uuid);
    if (partition == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    /* Properties are a UUID's, where a partition has several (FF-A 1.2, 6.2.2). */
    return uuid_is_nil(uuid) || (partition->entry.properties & properties) == properties
               ? FFA_OK
               : FFA_DENIED;
}

static int32_t check_request(const struct call *call, uint16_t partition)
{
    struct uuid uuid = {0, 0};
    uint32_t width = ffa_fid_is_64(call->fid) ? FFA_PARTITION_AARCH64 : 0;

    if (call->fid != FFA_MSG_SEND_DIRECT_REQ2) {
        return parley_secure_check(call->vm, partition, &uuid,
                                   FFA_PARTITION_DIRECT_REQ_RECV | width);
    }
    uuid = (struct uuid){call_argument(call, 2), call_argument(call, 3)};
    return parley_secure_check(call->vm, partition, &uuid, FFA_PARTITION_DIRECT_REQ2_RECV | width);
}

bool parley_secure_is_context(const struct spmc *spmc, uint16_t id, uint32_t target)
{
    struct uuid any = {0, 0};
    const struct partition *partition = find_partition(spmc, id, &any);

    return ffa_target_endpoint(target) == id && partition != NULL &&
           ffa_target_vcpu(target) < partition->entry.contexts;
}

/* --- Whom a context works for ---------------------------------------------- */

/*
 * FFA_RUN resumes whatever a context was interrupted in: cycles that Parley gives to a partition
 * must not end the request of a VM, whose answer would be lost. A partition with one context has
 * it on any CPU, which is noted at the first; one with several has one for each CPU.
 */
static parley_atomic64 *taken_word(struct parley *parley, unsigned int partition, unsigned int cpu)
{
    unsigned int context = parley->spmc.partitions[partition].entry.contexts > 1 ? cpu : 0;

    return &parley->cpus[context].taken[partition / 64];
}

bool parley_context_take(struct parley *parley, unsigned int partition, unsigned int cpu)
{
    uint64_t bit = 1ull << (partition % 64);

    /* Pairs with the drop: the SPMC is asked after it was done with the one before. */
    return cpu < parley->config.cpus_max &&
           (parley_fetch_or(taken_word(parley, partition, cpu), bit) & bit) == 0;
}

void parley_context_drop(struct parley *parley, unsigned int partition, unsigned int cpu)
{
    (void)parley_fetch_sub(taken_word(parley, partition, cpu), 1ull << (partition % 64));
}

/* Of a request that is over. */
static void drop_context(struct parley *parley, const struct vcpu *vcpu)
{
    parley_context_drop(parley, vcpu->asked_of, vcpu->asked_on_cpu);
}

/* --- The answer ----------------------------------------------------------- */

static bool is_response(const struct call *call, const struct vcpu *vcpu, uint16_t partition,
                        const struct parley_regs *regs)
{
    uint32_t fid = (uint32_t)regs->x[0];

    return parley_direct_kinds_match(vcpu->asked, fid) &&
           (uint32_t)regs->x[1] == ffa_ids_make(partition, call->vm->id) &&
           (fid == FFA_MSG_SEND_DIRECT_RESP2 || (uint32_t)regs->x[2] == 0);
}

static void copy_response(const struct parley_regs *regs, struct parley_regs *result)
{
    uint32_t fid = (uint32_t)regs->x[0];

    if (fid == FFA_MSG_SEND_DIRECT_RESP2) {
        *result = *regs;
        result->x[2] = 0;
        result->x[3] = 0;
    } else {
        parley_copy(result->x, regs->x, FFA_REGS_SMC32 * sizeof(regs->x[0]));
    }
    result->x[0] = fid;
    result->x[1] = (uint32_t)regs->x[1];
}

/* The Secure world went back to the Normal world in the middle: the vCPU runs, the request waits.
 */
static int32_t leave_unfinished(const struct call *call, uint16_t partition,
                                const struct parley_regs *regs, struct parley_regs *result)
{
    struct vcpu *vcpu = call_vcpu(call);
    uint32_t target = (uint32_t)regs->x[1];

    if (!parley_secure_is_context(&call->vm->parley->spmc, partition, target)) {
        return FFA_ABORTED;
    }
    parley_store_release(&vcpu->word, vcpu_word(VCPU_SECURE_LEFT, target));
    result->x[0] = (uint32_t)regs->x[0];
    result->x[1] = target;
    return FFA_OK;
}

static int32_t conclude(const struct call *call, uint16_t partition, const struct parley_regs *regs,
                        struct parley_regs *result)
{
    struct vcpu *vcpu = call_vcpu(call);

    switch ((uint32_t)regs->x[0]) {
    case FFA_INTERRUPT:
    case FFA_YIELD:
        return leave_unfinished(call, partition, regs, result);
    case FFA_ERROR:
    case FFA_SUCCESS_32: /* done, and nothing to say: since 1.2 */
        return parley_spmc_status(regs);
    default:
        break;
    }
    if (!is_response(call, vcpu, partition, regs)) {
        return FFA_ABORTED;
    }
    copy_response(regs, result);
    return FFA_OK;
}

/* --- Request and resumption ----------------------------------------------- */

static bool was_left(const struct vcpu *vcpu)
{
    return vcpu_state_of(parley_load_acquire(&vcpu->word)) == VCPU_SECURE_LEFT;
}

/* The context stays the request's for as long as that is not over. */
static int32_t ask(const struct call *call, uint16_t partition, struct parley_regs *regs,
                   struct parley_regs *result)
{
    parley_port_smc(regs);
    int32_t status = conclude(call, partition, regs, result);
    if (!was_left(call_vcpu(call))) {
        drop_context(call->vm->parley, call_vcpu(call));
    }
    return status;
}

int32_t parley_secure_request(const struct call *call, uint16_t partition,
                              struct parley_regs *result)
{
    struct parley *parley = call->vm->parley;
    struct vcpu *vcpu = call_vcpu(call);
    struct uuid any = {0, 0};
    struct parley_regs regs;
    int32_t status = check_request(call, partition);

    if (status != FFA_OK) {
        return status;
    }
    vcpu->asked = call->fid;
    vcpu->asked_on_cpu = parley_port_cpu();
    vcpu->asked_of = find_partition(&parley->spmc, partition, &any)->first_of_id;
    if (!parley_context_take(parley, vcpu->asked_of, vcpu->asked_on_cpu)) {
        return FFA_BUSY;
    }
    parley_message_copy(call, &regs);
    return ask(call, partition, &regs, result);
}

int32_t parley_secure_run(const struct call *call, uint32_t target, struct parley_regs *result)
{
    struct vcpu *vcpu = call_vcpu(call);
    struct parley_regs regs = {{FFA_RUN, target}};

    if (parley_load_acquire(&vcpu->word) == vcpu_word(VCPU_READY, target)) {
        return parley_vcpu_take_answer(vcpu, result); /* too late: Parley has run it to its end */
    }
    if (vcpu->asked_on_cpu != parley_port_cpu()) {
        return FFA_BUSY;
    }
    parley_store_release(&vcpu->word, vcpu_word(VCPU_RUNNING, 0));
    return ask(call, ffa_target_endpoint(target), &regs, result);
}

/* --- What nobody resumes -------------------------------------------------- */

static bool is_unfinished(const struct parley_regs *regs)
{
    return (uint32_t)regs->x[0] == FFA_INTERRUPT || (uint32_t)regs->x[0] == FFA_YIELD;
}

enum parley_progress parley_vcpu_finish(struct parley_vm *vm, unsigned int index)
{
    struct vcpu *vcpu = &vm->vcpu[index];
    uint32_t target = vcpu_peer_of(parley_load_acquire(&vcpu->word));
    struct parley_regs regs = {{FFA_RUN, target}};

    if (!was_left(vcpu)) {
        return PARLEY_DONE;
    }
    if (vcpu->asked_on_cpu != parley_port_cpu()) {
        return PARLEY_AGAIN;
    }
    parley_port_smc(&regs);
    if (is_unfinished(&regs) && ++vcpu->runs < RUNS_MAX) {
        return PARLEY_AGAIN;
    }
    vcpu->runs = 0;
    drop_context(vm->parley, vcpu);
    vcpu->message = (struct parley_regs){{FFA_ERROR, 0, (uint32_t)FFA_ABORTED}};
    parley_store_release(&vcpu->word, vcpu_word(VCPU_READY, target));
    return PARLEY_DONE;
}

bool parley_secure_end(struct parley_vm *vm)
{
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        /* One SMC a step: the port takes its interrupts in between. */
        if (was_left(&vm->vcpu[i])) {
            (void)parley_vcpu_finish(vm, i);
            return false;
        }
    }
    return true;
}

unsigned int parley_vcpu_cpu(const struct parley_vm *vm, unsigned int vcpu)
{
    return was_left(&vm->vcpu[vcpu]) ? vm->vcpu[vcpu].asked_on_cpu : PARLEY_ANY_CPU;
}

unsigned int parley_vm_cpu(const struct parley_vm *vm)
{
    if (vm->availability.left != NULL) {
        return vm->availability.cpu;
    }
    unsigned int cpu = PARLEY_ANY_CPU;
    for (unsigned int i = 0; i < vm->vcpus && cpu == PARLEY_ANY_CPU; i++) {
        cpu = parley_vcpu_cpu(vm, i);
    }
    return cpu;
}
