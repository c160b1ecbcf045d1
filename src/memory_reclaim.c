/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_MEM_RECLAIM (FF-A memory management 1.2, 2.6), the end of a VM that has granted or borrowed
 * memory, and what the operator sees of it all.
 */
#include "internal.h"

/* How often the SPMC is asked for what a VM that ends has granted. */
#define RECALLS_MAX 100u

/* --- FFA_MEM_RECLAIM ------------------------------------------------------ */

static bool is_borrowed(const struct transaction *transaction)
{
    for (unsigned int i = 0; i < transaction->borrower_count; i++) {
        if (transaction->borrowers[i].state != BORROWER_NONE) {
            return true;
        }
    }
    return false;
}

/* Under the lock. Closes retrieval, if the transaction can be taken back now. */
static int32_t take_back(struct memory *memory, struct transaction *transaction, bool zero)
{
    bool is_building = transaction == memory->building && !transaction->is_worked_on;

    if (transaction->state != PARLEY_TRANSACTION_ACTIVE && !is_building) {
        return FFA_DENIED;
    }
    if (is_borrowed(transaction) || (zero && transaction->is_read_only)) {
        return FFA_DENIED;
    }
    if (is_building) {
        memory->building = NULL;
    }
    transaction->zero |= zero;
    parley_transaction_reclaim(transaction);
    return FFA_OK;
}

int32_t parley_handle_mem_reclaim(const struct call *call, struct parley_regs *result)
{
    uint64_t handle = ffa_handle_make(call_word(call, 1), call_word(call, 2));
    struct memory *memory = &call->vm->memory;
    uint32_t flags = call_word(call, 3);
    int32_t status = FFA_INVALID_PARAMETERS;
    struct transaction *transaction;
    bool is_building = false;

    if ((flags & FFA_MEM_RECLAIM_TIME_SLICE) != 0 ||
        (flags & parley_memory_reserved_flags(call, FFA_MEM_RECLAIM_ZERO)) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    parley_lock_take(&memory->lock);
    transaction = parley_transaction_find(call->vm, handle);
    if (transaction != NULL) {
        is_building = transaction == memory->building;
        status = take_back(memory, transaction, (flags & FFA_MEM_RECLAIM_ZERO) != 0);
    }
    parley_lock_drop(&memory->lock);
    if (status != FFA_OK) {
        return status;
    }
    if (is_building) {
        parley_tx_end(call->vm); /* no more fragments: nothing of it is read any more */
    }
    return parley_transaction_work(call, WORK_RECLAIM, transaction, result);
}

/* --- Calls in pieces ------------------------------------------------------ */

int32_t parley_memory_continue(const struct call *call, struct parley_regs *result)
{
    struct work work = call_vcpu(call)->work;
    struct memory *memory = &call->vm->memory;

    if (work.kind == WORK_SEND || work.kind == WORK_RECLAIM) {
        return parley_transaction_work(call, work.kind, &memory->transactions[work.place], result);
    }
    return parley_retrieval_work(call, work.kind, &memory->retrievals[work.place], result);
}

/* --- The life of a VM ----------------------------------------------------- */

void parley_memory_create(struct parley_vm *vm, const struct parley_vm_config *config)
{
    struct memory *memory = &vm->memory;
    uint32_t count = vm->parley->config.transactions_max;

    memory->building = NULL;
    memory->window_page = config->window_ipa / FFA_PAGE_SIZE;
    memory->window_pages = config->window_pages;
    parley_extents_clear(&memory->extents);
    for (uint32_t i = 0; i < count; i++) {
        memory->transactions[i].state = PARLEY_TRANSACTION_FREE;
        memory->retrievals[i].state = RETRIEVAL_FREE;
    }
}

/* The buffers that calls in pieces hold are given back: nobody goes on with them. */
void parley_memory_stop(struct parley_vm *vm)
{
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        struct work *work = &vm->vcpu[i].work;

        if (work->kind == WORK_RETRIEVE) {
            parley_rx_clear(vm, vm->memory.retrievals[work->place].answer_bytes);
            parley_rx_fill_cancel(vm);
            parley_tx_end(vm);
        }
        work->kind = WORK_NONE;
    }
    if (vm->memory.building != NULL) {
        vm->memory.building = NULL;
        parley_tx_end(vm);
    }
}

/* One step in giving back what was borrowed. Whether there is more. */
static bool end_retrieval(struct parley_vm *vm, struct retrieval *retrieval)
{
    bool is_gift = retrieval->step == RETRIEVAL_ADOPT || retrieval->step == RETRIEVAL_GIVE ||
                   retrieval->step == RETRIEVAL_ANSWER || retrieval->step == RETRIEVAL_KEEP;

    if (retrieval->state == RETRIEVAL_FREE) {
        return false;
    }
    if (retrieval->state != RETRIEVAL_LEAVING &&
        !(is_gift && retrieval->type == FFA_MEM_TYPE_DONATE)) {
        if (retrieval->pages_mapped != retrieval->pages) {
            retrieval->status = FFA_ABORTED; /* it never had it, and has nothing to zero */
        }
        parley_retrieval_leave(retrieval);
    }
    if (retrieval->step == RETRIEVAL_ANSWER) {
        retrieval->step = RETRIEVAL_KEEP; /* nobody reads it */
    }
    if (!parley_retrieval_step(vm, retrieval)) {
        retrieval->state = RETRIEVAL_FREE;
    }
    return true;
}

/* What was given to a partition for good is not known to the SPMC any more: it does not come back.
 */
static bool is_gone(const struct transaction *transaction)
{
    return transaction->type == FFA_MEM_TYPE_DONATE && transaction->secure_count != 0 &&
           transaction->status == FFA_INVALID_PARAMETERS;
}

static bool is_held(const struct transaction *transaction)
{
    for (unsigned int i = 0; i < transaction->borrower_count; i++) {
        if (transaction->borrowers[i].state == BORROWER_HOLDS) {
            return true;
        }
    }
    return false;
}

/* A borrower that has the memory keeps it, and what is in it. */
static void take_back_at_end(struct parley_vm *vm, struct transaction *transaction)
{
    parley_lock_take(&vm->memory.lock);
    transaction->zero &= !is_held(transaction);
    parley_transaction_reclaim(transaction);
    parley_lock_drop(&vm->memory.lock);
}

/* The SPMC has not given it back. Whether there is something to be done about it yet. */
static bool try_again(struct parley_vm *vm, struct transaction *transaction)
{
    if (is_gone(transaction)) {
        transaction->is_told = false;
        transaction->is_lost = true;
        parley_transaction_name(transaction);
        return true;
    }
    if (++transaction->tries < RECALLS_MAX) {
        take_back_at_end(vm, transaction);
        return true;
    }
    return false;
}

/* One step in taking back what was granted: the borrowers that live on keep what they have. */
static void end_transaction(struct parley_vm *vm, struct transaction *transaction)
{
    if (transaction->state != PARLEY_TRANSACTION_RECLAIMING) {
        take_back_at_end(vm, transaction);
    }
    if (parley_transaction_step(vm, transaction)) {
        return;
    }
    if (!transaction->is_told) {
        parley_transaction_forget(vm, transaction);
    } else if (!try_again(vm, transaction)) {
        int32_t status = transaction->status;

        parley_transaction_quarantine(vm, transaction, status);
        parley_transaction_name(transaction);
    }
}

/* Whether something is to be done for the transaction before the VM can end. */
static bool is_left(struct parley_vm *vm, struct transaction *transaction)
{
    if (transaction->state == PARLEY_TRANSACTION_FREE) {
        return false;
    }
    if (transaction->state == PARLEY_TRANSACTION_QUARANTINED && transaction->tries >= RECALLS_MAX) {
        return parley_transaction_step(vm, transaction); /* its pages are being named */
    }
    end_transaction(vm, transaction);
    return true;
}

void parley_memory_end_begin(struct parley_vm *vm)
{
    for (uint32_t i = 0; i < vm->parley->config.transactions_max; i++) {
        vm->memory.transactions[i].tries = 0;
    }
}

enum parley_progress parley_memory_end(struct parley_vm *vm)
{
    struct memory *memory = &vm->memory;
    uint32_t count = vm->parley->config.transactions_max;
    bool is_held = false;

    for (uint32_t i = 0; i < count; i++) {
        if (end_retrieval(vm, &memory->retrievals[i])) {
            return PARLEY_AGAIN;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (is_left(vm, &memory->transactions[i])) {
            return PARLEY_AGAIN;
        }
        is_held |= memory->transactions[i].state == PARLEY_TRANSACTION_QUARANTINED;
    }
    if (is_held) {
        return PARLEY_QUARANTINED;
    }
    /* What was given away or received, too: the next life owns what the first one did. */
    parley_extents_clear(&memory->extents);
    return PARLEY_DONE;
}

/* --- Status --------------------------------------------------------------- */

bool parley_transaction_status(struct parley_vm *vm, unsigned int index,
                               struct parley_transaction_status *status)
{
    struct memory *memory = &vm->memory;

    *status = (struct parley_transaction_status){.state = PARLEY_TRANSACTION_FREE};
    if (index >= vm->parley->config.transactions_max) {
        return false;
    }
    parley_lock_take(&memory->lock);
    const struct transaction *transaction = &memory->transactions[index];
    if (transaction->state != PARLEY_TRANSACTION_FREE) {
        status->state = transaction->state;
        status->handle = transaction->handle;
        status->type = transaction->type;
        status->pages = transaction->pages;
        status->borrower_count = transaction->borrower_count;
        for (unsigned int i = 0; i < transaction->borrower_count; i++) {
            status->borrowers[i].id = transaction->borrowers[i].id;
            status->borrowers[i].holds = transaction->borrowers[i].state != BORROWER_NONE;
        }
    }
    parley_lock_drop(&memory->lock);
    return true;
}
