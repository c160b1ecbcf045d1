/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_MEM_RETRIEVE_REQ and FFA_MEM_RELINQUISH (FF-A memory management 1.2, 2.4 and 2.5), as calls:
 * retrieval.c does what they ask for, in pieces.
 */
#include "internal.h"

/* With the TX buffer held. On FFA_OK the RX buffer is, too. */
static int32_t begin_retrieve(const struct call *call, struct retrieval **retrieval)
{
    uint32_t total = call_word(call, 1);
    int32_t status;

    if (call_argument(call, 3) != 0 || call_word(call, 4) != 0 || call_word(call, 2) != total ||
        total > parley_rxtx_bytes(call->vm)) {
        return FFA_INVALID_PARAMETERS;
    }
    status = parley_rx_fill_begin(call->vm);
    if (status != FFA_OK) {
        return status;
    }
    status = parley_retrieve_begin(call, total, retrieval);
    if (status != FFA_OK) {
        parley_rx_fill_abandon(call->vm, 0);
    }
    return status;
}

int32_t parley_handle_mem_retrieve_req(const struct call *call, struct parley_regs *result)
{
    struct retrieval *retrieval;
    int32_t status = parley_memory_tx_begin(call);

    if (status != FFA_OK) {
        return status;
    }
    status = begin_retrieve(call, &retrieval);
    if (status != FFA_OK) {
        parley_tx_end(call->vm);
        return status;
    }
    return parley_retrieval_work(call, WORK_RETRIEVE, retrieval, result);
}

/* --- Relinquish ----------------------------------------------------------- */

/* Whether a lender has granted the caller what it gives back without having it. */
static bool was_granted(const struct call *call, uint64_t handle)
{
    unsigned int slot = (unsigned int)(handle >> HANDLE_SLOT_SHIFT) & HANDLE_SLOT_MASK;
    struct parley *parley = call->vm->parley;
    bool is_granted = false;
    uint64_t word;

    if ((handle & FFA_HANDLE_HYPERVISOR_BIT) == 0 || slot >= parley->config.vms_max ||
        &parley->vms[slot] == call->vm || !parley_endpoint_take(&parley->vms[slot], &word)) {
        return false;
    }
    struct parley_vm *lender = &parley->vms[slot];
    parley_lock_take(&lender->memory.lock);
    struct transaction *transaction = parley_transaction_find(lender, handle);
    if (transaction != NULL && transaction->state == PARLEY_TRANSACTION_ACTIVE) {
        is_granted = parley_transaction_borrower(transaction, call->vm) != NULL;
    }
    parley_lock_drop(&lender->memory.lock);
    parley_endpoint_drop(lender);
    return is_granted;
}

static int32_t check_relinquish(const struct ffa_mem_relinquish *request,
                                const struct retrieval *retrieval)
{
    bool zero = (request->flags & FFA_MEM_RELINQUISH_ZERO) != 0;

    if (zero && retrieval->type == FFA_MEM_TYPE_SHARE) {
        return FFA_INVALID_PARAMETERS;
    }
    return zero && (retrieval->permissions & FFA_MEM_ACCESS_DATA_RW) == 0 ? FFA_DENIED : FFA_OK;
}

/* What is in the TX buffer, which is held: the descriptor, and one ID, the caller's. */
static bool read_relinquish(const struct call *call, struct ffa_mem_relinquish *request)
{
    uint8_t bytes[sizeof(*request) + sizeof(uint16_t)];
    uint16_t id;

    parley_tx_read(call->vm, 0, bytes, sizeof(bytes));
    parley_copy(request, bytes, sizeof(*request));
    parley_copy(&id, bytes + sizeof(*request), sizeof(id));
    return request->endpoint_count == 1 && id == call->vm->id &&
           (request->flags & FFA_MEM_RELINQUISH_TIME_SLICE) == 0 &&
           (request->flags & parley_memory_reserved_flags(call, FFA_MEM_RELINQUISH_ZERO)) == 0;
}

/* Of what the caller holds, takes what it gives back. */
static int32_t take_held(const struct call *call, const struct ffa_mem_relinquish *request,
                         struct retrieval **retrieval)
{
    int32_t status;

    parley_lock_take(&call->vm->memory.lock);
    *retrieval = parley_retrieval_find(call->vm, request->handle);
    if (*retrieval == NULL) {
        status = FFA_INVALID_PARAMETERS;
    } else if ((*retrieval)->state != RETRIEVAL_HELD) {
        status = FFA_DENIED; /* it comes, or goes, in this moment */
    } else {
        status = check_relinquish(request, *retrieval);
    }
    if (status == FFA_OK) {
        (*retrieval)->zero |= (request->flags & FFA_MEM_RELINQUISH_ZERO) != 0;
        parley_retrieval_leave(*retrieval);
    }
    parley_lock_drop(&call->vm->memory.lock);
    return status;
}

int32_t parley_handle_mem_relinquish(const struct call *call, struct parley_regs *result)
{
    struct ffa_mem_relinquish request;
    struct retrieval *retrieval;
    int32_t status = parley_memory_tx_begin(call);

    if (status != FFA_OK) {
        return status;
    }
    bool is_valid = read_relinquish(call, &request);
    parley_tx_end(call->vm);
    if (!is_valid) {
        return FFA_INVALID_PARAMETERS;
    }
    status = take_held(call, &request, &retrieval);
    if (status == FFA_OK) {
        return parley_retrieval_work(call, WORK_RELINQUISH, retrieval, result);
    }
    return retrieval == NULL && was_granted(call, request.handle) ? FFA_DENIED : status;
}
