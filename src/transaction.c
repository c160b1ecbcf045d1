/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A memory transaction, on its way from the lender and back:
 *
 *     FREE -> BUILDING -> SENT -> ACTIVE -> RECLAIMING -> FREE
 *                |          |       ^            |
 *                +----------+-----> | <----------+   (RECLAIMING back to ACTIVE: it is refused)
 *                 fails: RECLAIMING               \-> QUARANTINED
 *
 * One vCPU at a time works on it, in steps; each step is one bounded piece, and between two of them
 * the hypervisor may take the CPU. What has been done is a prefix of the lender's ranges, for each
 * of reading, pinning and revoking, so that it can be undone from the front, range by range.
 */
#include "internal.h"

/* --- Places --------------------------------------------------------------- */

/* The one function that moves a transaction. Under the lender's lock. */
static void move(struct transaction *transaction, enum parley_transaction_state to)
{
    transaction->state = to;
}

void parley_transaction_move(struct parley_vm *lender, struct transaction *transaction,
                             enum parley_transaction_state to)
{
    parley_lock_take(&lender->memory.lock);
    move(transaction, to);
    parley_lock_drop(&lender->memory.lock);
}

/*
 * A handle says where the transaction is, and which of all that have been there: bit 63, the VM's
 * place, how often this place was used, the place.
 */
static uint64_t make_handle(const struct parley_vm *lender, uint32_t place, uint32_t uses)
{
    uint64_t slot = (uint64_t)(lender->id - lender->parley->config.vm_id_first);

    return FFA_HANDLE_HYPERVISOR_BIT | slot << HANDLE_SLOT_SHIFT |
           (uint64_t)uses << HANDLE_USES_SHIFT | place;
}

struct transaction *parley_transaction_begin(struct parley_vm *lender)
{
    struct memory *memory = &lender->memory;
    struct transaction *found = NULL;

    parley_lock_take(&memory->lock);
    for (uint32_t i = 0; i < lender->parley->config.transactions_max && found == NULL; i++) {
        struct transaction *transaction = &memory->transactions[i];

        if (transaction->state == PARLEY_TRANSACTION_FREE) {
            uint32_t uses = transaction->uses + 1;

            *transaction = (struct transaction){.uses = uses,
                                                .handle = make_handle(lender, i, uses),
                                                .step = STEP_READ,
                                                .first = EXTENT_NONE,
                                                .last = EXTENT_NONE,
                                                .cursor.place = EXTENT_NONE,
                                                .is_worked_on = true};
            move(transaction, PARLEY_TRANSACTION_BUILDING);
            memory->building = transaction;
            found = transaction;
        }
    }
    parley_lock_drop(&memory->lock);
    return found;
}

/* The transaction is no more. The TX buffer that was held for its fragments is the caller's. */
void parley_transaction_forget(struct parley_vm *lender, struct transaction *transaction)
{
    parley_lock_take(&lender->memory.lock);
    if (lender->memory.building == transaction) {
        lender->memory.building = NULL;
    }
    transaction->handle = 0;
    move(transaction, PARLEY_TRANSACTION_FREE);
    parley_lock_drop(&lender->memory.lock);
}

static bool has_handle(const struct transaction *transaction, uint64_t handle)
{
    return transaction->state != PARLEY_TRANSACTION_FREE && transaction->handle == handle;
}

struct transaction *parley_transaction_find(struct parley_vm *lender, uint64_t handle)
{
    struct transaction *transactions = lender->memory.transactions;
    uint32_t count = lender->parley->config.transactions_max;
    uint32_t place = (uint32_t)(handle & HANDLE_PLACE_MASK);

    if ((handle & FFA_HANDLE_HYPERVISOR_BIT) != 0) {
        bool is_there = place < count && has_handle(&transactions[place], handle);

        return is_there ? &transactions[place] : NULL;
    }
    for (place = 0; place < count; place++) {
        if (has_handle(&transactions[place], handle)) {
            return &transactions[place];
        }
    }
    return NULL;
}

/* --- What is to be done ------------------------------------------------- */

void parley_transaction_name(struct transaction *transaction)
{
    transaction->pages_named = 0;
    transaction_enter(transaction, STEP_NAME);
}

void parley_transaction_reclaim(struct transaction *transaction)
{
    transaction->status = FFA_OK;
    transaction_enter(transaction, transaction->is_told ? STEP_RECALL : STEP_RELEASE);
    move(transaction, PARLEY_TRANSACTION_RECLAIMING);
}

void parley_transaction_quarantine(struct parley_vm *lender, struct transaction *transaction,
                                   int32_t status)
{
    parley_lock_take(&lender->memory.lock);
    lender->memory.building =
        lender->memory.building == transaction ? NULL : lender->memory.building;
    transaction->step = STEP_IDLE;
    move(transaction, PARLEY_TRANSACTION_QUARANTINED);
    parley_lock_drop(&lender->memory.lock);
    parley_port_event(&(struct parley_event){.kind = PARLEY_EVENT_MEMORY_QUARANTINED,
                                             .vm_id = lender->id,
                                             .status = status,
                                             .value = transaction->handle});
}

/* Under the lender's lock: a borrower has it for good, and takes it out of the lender's books. */
void parley_transaction_give(struct transaction *transaction)
{
    transaction->is_given = true;
    transaction_enter(transaction, STEP_RELEASE);
    move(transaction, PARLEY_TRANSACTION_RECLAIMING);
}

/* --- Working on it -------------------------------------------------------- */

bool parley_transaction_step(struct parley_vm *lender, struct transaction *transaction)
{
    switch (transaction->step) {
    case STEP_READ:
        parley_step_read(lender, transaction);
        break;
    case STEP_PIN:
        parley_step_pin(lender, transaction);
        break;
    case STEP_OPEN:
        parley_step_open(lender, transaction);
        break;
    case STEP_REVOKE:
        parley_step_revoke(lender, transaction);
        break;
    case STEP_ZERO:
        parley_step_zero(lender, transaction);
        break;
    case STEP_TELL:
        parley_step_tell(lender, transaction);
        break;
    case STEP_RECALL:
        parley_step_recall(lender, transaction);
        break;
    case STEP_NAME:
        parley_step_name(lender, transaction);
        break;
    case STEP_RELEASE:
        parley_step_release(lender, transaction);
        break;
    case STEP_IDLE:
        break;
    }
    return transaction->step != STEP_IDLE;
}

/* The call asked for the rest of the descriptor: the transaction waits for it. */
static int32_t ask_for_more(struct parley_vm *lender, struct transaction *transaction,
                            struct parley_regs *result)
{
    uint64_t handle = transaction->handle;
    uint32_t bytes_read = transaction->ranges_read * (uint32_t)sizeof(struct ffa_mem_constituent);

    result->x[0] = FFA_MEM_FRAG_RX;
    result->x[1] = ffa_handle_low(handle);
    result->x[2] = ffa_handle_high(handle);
    result->x[3] = transaction->ranges_offset + bytes_read;
    /* Last: from here on a sibling may bring the next fragment. */
    parley_lock_take(&lender->memory.lock);
    transaction->is_worked_on = false;
    parley_lock_drop(&lender->memory.lock);
    return FFA_OK;
}

/* All went well: it can be retrieved from here on, and is nothing that this vCPU may look at. */
static void activate(struct parley_vm *lender, struct transaction *transaction)
{
    parley_lock_take(&lender->memory.lock);
    lender->memory.building = NULL;
    move(transaction, PARLEY_TRANSACTION_ACTIVE);
    parley_lock_drop(&lender->memory.lock);
}

static int32_t conclude_send(struct parley_vm *lender, struct transaction *transaction,
                             struct parley_regs *result)
{
    int32_t status = transaction->status;

    if (status == FFA_OK && transaction->state == PARLEY_TRANSACTION_BUILDING) {
        return ask_for_more(lender, transaction, result);
    }
    if (status == FFA_OK) {
        result->x[2] = ffa_handle_low(transaction->handle);
        result->x[3] = ffa_handle_high(transaction->handle);
        activate(lender, transaction);
    } else if (transaction->state != PARLEY_TRANSACTION_QUARANTINED) {
        parley_transaction_forget(lender, transaction);
    }
    parley_tx_end(lender);
    return status;
}

/* If the SPMC has refused, it is as active as it was, and the lender may ask again. */
static int32_t conclude_reclaim(struct parley_vm *lender, struct transaction *transaction)
{
    int32_t status = transaction->status;

    if (status == FFA_OK) {
        parley_transaction_forget(lender, transaction);
        return FFA_OK;
    }
    if (transaction->ranges_read != transaction->ranges) {
        parley_transaction_quarantine(lender, transaction, status); /* it never was */
        return status;
    }
    transaction->status = FFA_OK;
    parley_transaction_move(lender, transaction, PARLEY_TRANSACTION_ACTIVE);
    return status;
}

int32_t parley_transaction_work(const struct call *call, enum work_kind kind,
                                struct transaction *transaction, struct parley_regs *result)
{
    struct work *work = &call_vcpu(call)->work;

    work->kind = kind;
    work->place = (uint32_t)(transaction - call->vm->memory.transactions);
    while (parley_transaction_step(call->vm, transaction)) {
        if (parley_port_preempt()) {
            return SERVED_PREEMPTED;
        }
    }
    work->kind = WORK_NONE;
    return kind == WORK_SEND ? conclude_send(call->vm, transaction, result)
                             : conclude_reclaim(call->vm, transaction);
}
