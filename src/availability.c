/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VM availability messages (FF-A 1.2, 18.3): each Secure Partition that asked for it is told of a
 * VM's beginning before the VM runs, and of its end before its ID can be used again.
 *
 * One message is sent in a step. A partition that is interrupted is resumed where it was left; one
 * that asks to be asked again is asked again, in later steps, a bounded number of times.
 */
#include "internal.h"

#define TRIES_MAX 100u

struct availability_kind {
    uint32_t subscription; /* the property of a partition that wants it */
    uint32_t request;
    uint32_t response;
};

static const struct availability_kind created = {
    FFA_PARTITION_VM_CREATED, FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_REQ),
    FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_RESP)};
static const struct availability_kind destroyed = {
    FFA_PARTITION_VM_DESTROYED, FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_DESTROYED_REQ),
    FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_DESTROYED_RESP)};

static uint64_t *told_word(const struct parley_vm *vm, unsigned int partition)
{
    return &vm->told[partition / 64];
}

static uint64_t told_bit(unsigned int partition)
{
    return 1ull << (partition % 64);
}

static bool was_told(const struct parley_vm *vm, unsigned int partition)
{
    return (*told_word(vm, partition) & told_bit(partition)) != 0;
}

bool parley_partition_is_hidden(const struct parley_vm *vm, const struct partition *partition)
{
    /* A partition that wants to be told of VMs, and was not, or refused this one. */
    const struct partition *first = &vm->parley->spmc.partitions[partition->first_of_id];

    return (first->entry.properties & FFA_PARTITION_VM_CREATED) != 0 &&
           !was_told(vm, partition->first_of_id);
}

/* --- One message ---------------------------------------------------------- */

/* The status that a partition answers with, FFA_RETRY if it is to be asked or resumed once more. */
static int32_t judge(struct parley_vm *vm, const struct availability_kind *kind, uint16_t partition,
                     const struct parley_regs *regs)
{
    struct availability *progress = &vm->availability;

    progress->left = NULL;
    switch ((uint32_t)regs->x[0]) {
    case FFA_INTERRUPT:
    case FFA_YIELD:
        if (!parley_secure_is_context(&vm->parley->spmc, partition, (uint32_t)regs->x[1])) {
            return FFA_ABORTED;
        }
        progress->left = kind;
        progress->target = (uint32_t)regs->x[1];
        return FFA_RETRY;
    case FFA_ERROR:
        return parley_spmc_status(regs);
    case FFA_MSG_SEND_DIRECT_RESP_32:
        break;
    default:
        return FFA_ABORTED;
    }
    if ((uint32_t)regs->x[1] != ffa_ids_make(partition, FFA_ID_HYPERVISOR) ||
        (uint32_t)regs->x[2] != kind->response) {
        return FFA_ABORTED;
    }
    return parley_spmc_status_code((uint32_t)regs->x[3]);
}

static int32_t send(struct parley_vm *vm, const struct availability_kind *kind, uint16_t partition)
{
    struct availability *progress = &vm->availability;
    struct parley_regs regs = {{
        FFA_MSG_SEND_DIRECT_REQ_32,
        ffa_ids_make(FFA_ID_HYPERVISOR, partition),
        kind->request,
        ffa_handle_low(FFA_HANDLE_INVALID),
        ffa_handle_high(FFA_HANDLE_INVALID),
        vm->id,
    }};

    if (progress->left != NULL) {
        if (progress->cpu != parley_port_cpu()) {
            return FFA_RETRY;
        }
        regs = (struct parley_regs){{FFA_RUN, progress->target}};
    }
    parley_port_smc(&regs);
    return judge(vm, kind, partition, &regs);
}

/*
 * Before a message, and before each of its resumptions: whether the partition is Parley's to ask.
 * While a VM has it, which the port sees to an end, that is no try.
 */
static bool has_partition(struct parley_vm *vm, unsigned int index)
{
    struct availability *progress = &vm->availability;

    if (progress->left != NULL) {
        return true;
    }
    progress->cpu = parley_port_cpu();
    return parley_context_take(vm->parley, index, progress->cpu);
}

/* The message is over, or given up. */
static void let_partition_go(struct parley_vm *vm, unsigned int index)
{
    struct availability *progress = &vm->availability;

    progress->left = NULL;
    parley_context_drop(vm->parley, index, progress->cpu);
}

/* After a try. The partition stays Parley's while it is left in the message. */
static bool is_to_be_continued(struct parley_vm *vm, unsigned int index, int32_t status)
{
    struct availability *progress = &vm->availability;
    bool asks = status == FFA_RETRY || status == FFA_INTERRUPTED || status == FFA_BUSY;
    bool goes_on = asks && ++progress->tries < TRIES_MAX;

    if (!goes_on || progress->left == NULL) {
        let_partition_go(vm, index);
    }
    if (!goes_on) {
        progress->tries = 0;
    }
    return goes_on;
}

static void tell_operator(const struct parley_vm *vm, uint16_t partition, int32_t status)
{
    parley_port_event(&(struct parley_event){.kind = PARLEY_EVENT_VM_REFUSED_BY_PARTITION,
                                             .vm_id = vm->id,
                                             .value = partition,
                                             .status = status});
}

/* --- The beginning of a VM ------------------------------------------------ */

static bool is_subscribed(const struct parley_vm *vm, unsigned int index,
                          const struct availability_kind *kind)
{
    const struct partition *partition = &vm->parley->spmc.partitions[index];

    /* Once for a partition, however many UUIDs it has. */
    return partition->first_of_id == index &&
           (partition->entry.properties & kind->subscription) != 0;
}

void parley_availability_begin(struct parley_vm *vm)
{
    vm->availability = (struct availability){.next = 0};
}

bool parley_availability_created(struct parley_vm *vm)
{
    struct availability *progress = &vm->availability;
    const struct spmc *spmc = &vm->parley->spmc;

    if (vm->secure_rights == 0) {
        return true;
    }
    while (progress->next < spmc->partition_count && !is_subscribed(vm, progress->next, &created)) {
        /* Who wants to know of the end alone, is told of it all the same. */
        if (is_subscribed(vm, progress->next, &destroyed)) {
            *told_word(vm, progress->next) |= told_bit(progress->next);
        }
        progress->next++;
    }
    if (progress->next == spmc->partition_count) {
        return true;
    }

    uint16_t id = spmc->partitions[progress->next].entry.id;
    if (!has_partition(vm, progress->next)) {
        return false;
    }
    int32_t status = send(vm, &created, id);
    if (is_to_be_continued(vm, progress->next, status)) {
        return false;
    }
    if (status == FFA_OK) {
        *told_word(vm, progress->next) |= told_bit(progress->next);
    } else {
        tell_operator(vm, id, status);
    }
    progress->next++;
    return false;
}

/* --- The end of a VM ------------------------------------------------------ */

enum parley_progress parley_availability_destroyed(struct parley_vm *vm)
{
    struct availability *progress = &vm->availability;
    const struct spmc *spmc = &vm->parley->spmc;
    unsigned int index = 0;

    while (index < spmc->partition_count && !was_told(vm, index)) {
        index++;
    }
    if (progress->left == &created) {
        (void)parley_availability_created(vm); /* its end is asked for once its beginning is over */
        return PARLEY_AGAIN;
    }
    if (index == spmc->partition_count) {
        return PARLEY_DONE;
    }
    if (is_subscribed(vm, index, &destroyed)) {
        uint16_t id = spmc->partitions[index].entry.id;

        if (!has_partition(vm, index)) {
            return PARLEY_AGAIN;
        }
        int32_t status = send(vm, &destroyed, id);
        if (is_to_be_continued(vm, index, status)) {
            return PARLEY_AGAIN;
        }
        if (status != FFA_OK) {
            tell_operator(vm, id, status);
            return PARLEY_QUARANTINED;
        }
    }
    *told_word(vm, index) &= ~told_bit(index);
    return PARLEY_AGAIN;
}
