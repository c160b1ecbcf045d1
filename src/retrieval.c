/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM borrows, on its way to it and back:
 *
 *     FREE -> TAKING -> HELD -> LEAVING -> FREE
 *               |                  ^
 *               +------------------+  fails
 *
 * One vCPU of the borrower's at a time works on it, in steps. The lender is looked up anew in each
 * step that needs it: it may be gone by then, and does not wait for the borrower to go on. What is
 * mapped has references of its own, so the borrower does not lose it with the lender.
 */
#include "internal.h"

/* --- Places --------------------------------------------------------------- */

struct retrieval *parley_retrieval_find(struct parley_vm *vm, uint64_t handle)
{
    for (uint32_t i = 0; i < vm->parley->config.transactions_max; i++) {
        struct retrieval *retrieval = &vm->memory.retrievals[i];

        if (retrieval->state != RETRIEVAL_FREE && retrieval->handle == handle) {
            return retrieval;
        }
    }
    return NULL;
}

struct retrieval *parley_retrieval_begin(struct parley_vm *vm, uint16_t lender, uint64_t handle)
{
    struct memory *memory = &vm->memory;
    struct retrieval *found = NULL;

    parley_lock_take(&memory->lock);
    for (uint32_t i = 0; i < vm->parley->config.transactions_max && found == NULL; i++) {
        if (memory->retrievals[i].state == RETRIEVAL_FREE) {
            found = &memory->retrievals[i];
            *found = (struct retrieval){.state = RETRIEVAL_TAKING,
                                        .step = RETRIEVAL_PLACE,
                                        .lender = lender,
                                        .handle = handle,
                                        .place_page = memory->window_page + memory->window_pages,
                                        .first = EXTENT_NONE,
                                        .last = EXTENT_NONE};
        }
    }
    parley_lock_drop(&memory->lock);
    return found;
}

void parley_retrieval_forget(struct parley_vm *vm, struct retrieval *retrieval)
{
    parley_lock_take(&vm->memory.lock);
    retrieval->state = RETRIEVAL_FREE;
    parley_lock_drop(&vm->memory.lock);
}

struct borrower *parley_transaction_borrower(struct transaction *transaction,
                                             const struct parley_vm *vm)
{
    uint32_t generation = word_generation(parley_load_acquire(&vm->word));

    for (unsigned int i = 0; i < transaction->borrower_count; i++) {
        struct borrower *borrower = &transaction->borrowers[i];

        if (borrower->id == vm->id && borrower->generation == generation) {
            return borrower;
        }
    }
    return NULL;
}

/* --- The lender ----------------------------------------------------------- */

/* The lender, if it still lives that life: to be dropped. */
struct parley_vm *parley_retrieval_lender(const struct parley_vm *vm,
                                          const struct retrieval *retrieval)
{
    return parley_endpoint_take_again(vm->parley, retrieval->lender, retrieval->lender_generation);
}

struct transaction *parley_retrieval_transaction(struct parley_vm *lender,
                                                 const struct retrieval *retrieval)
{
    return &lender->memory.transactions[retrieval->transaction];
}

/* --- What is to be done --------------------------------------------------- */

void parley_retrieval_leave(struct retrieval *retrieval)
{
    bool is_zeroed_here = retrieval->zero && retrieval->is_alone && retrieval->status == FFA_OK;

    retrieval->state = RETRIEVAL_LEAVING;
    retrieval_enter(retrieval, is_zeroed_here ? RETRIEVAL_CLEAN : RETRIEVAL_UNMAP);
}

/* Whatever was done is undone, and the call ends with `status`. */
void parley_retrieval_fail(struct parley_vm *vm, struct retrieval *retrieval, int32_t status)
{
    retrieval->status = status;
    parley_lock_take(&vm->memory.lock);
    parley_retrieval_leave(retrieval);
    parley_lock_drop(&vm->memory.lock);
}

/* --- Working on it -------------------------------------------------------- */

bool parley_retrieval_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    switch (retrieval->step) {
    case RETRIEVAL_READ:
        parley_take_read(vm, retrieval);
        break;
    case RETRIEVAL_PLACE:
        parley_take_place(vm, retrieval);
        break;
    case RETRIEVAL_MAP:
        parley_take_map(vm, retrieval);
        break;
    case RETRIEVAL_ADOPT:
        parley_take_adopt(vm, retrieval);
        break;
    case RETRIEVAL_GIVE:
        parley_take_give(vm, retrieval);
        break;
    case RETRIEVAL_ANSWER:
        parley_take_answer(vm, retrieval);
        break;
    case RETRIEVAL_KEEP:
        parley_take_keep(vm, retrieval);
        break;
    case RETRIEVAL_CLEAN:
        parley_leave_clean(vm, retrieval);
        break;
    case RETRIEVAL_UNMAP:
        parley_leave_unmap(vm, retrieval);
        break;
    case RETRIEVAL_ZERO:
        parley_leave_zero(vm, retrieval);
        break;
    case RETRIEVAL_DROP:
        parley_leave_drop(vm, retrieval);
        break;
    case RETRIEVAL_IDLE:
        break;
    }
    return retrieval->step != RETRIEVAL_IDLE;
}

static int32_t conclude_retrieve(struct parley_vm *vm, struct retrieval *retrieval,
                                 struct parley_regs *result)
{
    uint32_t bytes = retrieval->answer_bytes;
    int32_t status = retrieval->status;

    parley_tx_end(vm);
    parley_lock_take(&vm->memory.lock);
    bool stays = status == FFA_OK && retrieval->type != FFA_MEM_TYPE_DONATE;
    retrieval->state = stays ? RETRIEVAL_HELD : RETRIEVAL_FREE;
    parley_lock_drop(&vm->memory.lock);
    if (status != FFA_OK) {
        parley_rx_fill_abandon(vm, bytes);
        return status;
    }
    parley_rx_fill_end(vm, bytes);
    result->x[0] = FFA_MEM_RETRIEVE_RESP;
    result->x[1] = bytes;
    result->x[2] = bytes;
    return FFA_OK;
}

int32_t parley_retrieval_work(const struct call *call, enum work_kind kind,
                              struct retrieval *retrieval, struct parley_regs *result)
{
    struct work *work = &call_vcpu(call)->work;

    work->kind = kind;
    work->place = (uint32_t)(retrieval - call->vm->memory.retrievals);
    while (parley_retrieval_step(call->vm, retrieval)) {
        if (parley_port_preempt()) {
            return SERVED_PREEMPTED;
        }
    }
    work->kind = WORK_NONE;
    if (kind == WORK_RETRIEVE) {
        return conclude_retrieve(call->vm, retrieval, result);
    }
    parley_retrieval_forget(call->vm, retrieval);
    return FFA_OK;
}
