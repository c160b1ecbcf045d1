/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of a memory transaction away from its lender: its ranges are read, its pages pinned,
 * taken from the lender if they are lent or donated, zeroed if it asks for that, and the SPMC is
 * told if a partition borrows.
 */
#include "internal.h"

/* --- Reading -------------------------------------------------------------- */

/* Whatever was done is undone, and the call ends with `status`. */
static void fail(struct transaction *transaction, int32_t status)
{
    transaction->status = status;
    transaction_enter(transaction, transaction->is_told ? STEP_RECALL : STEP_RELEASE);
}

void parley_transaction_read(struct transaction *transaction, int32_t status)
{
    if (status == FFA_OK) {
        transaction->step = STEP_READ;
    } else {
        fail(transaction, status);
    }
}

/* Puts a range behind those that the transaction has. */
static int32_t add_range(struct parley_vm *lender, struct transaction *transaction,
                         const struct memory_range *range)
{
    struct memory *memory = &lender->memory;
    uint16_t owner = (uint16_t)(transaction - memory->transactions);
    struct extent extent = {.page = range->address / FFA_PAGE_SIZE,
                            .pages = range->pages,
                            .kind = EXTENT_GRANTED,
                            .owner = owner};
    uint32_t conflict;

    parley_lock_take(&memory->lock);
    uint32_t place = parley_extents_add(&memory->extents, &extent, &conflict);
    if (place == EXTENT_NONE) {
        int32_t status = FFA_NO_MEMORY;

        if (conflict != EXTENT_NONE) {
            const struct extent *other = extent_at(lender, conflict);
            bool is_own = other->kind == EXTENT_GRANTED && other->owner == owner;

            status = is_own ? FFA_INVALID_PARAMETERS : FFA_DENIED;
        }
        parley_lock_drop(&memory->lock);
        return status;
    }
    if (transaction->last == EXTENT_NONE) {
        transaction->first = place;
    } else {
        extent_at(lender, transaction->last)->next = place;
    }
    transaction->last = place;
    parley_lock_drop(&memory->lock);

    transaction->pages_read += range->pages;
    transaction->ranges_read++;
    if (transaction->cursor.place == EXTENT_NONE) {
        transaction->cursor = (struct cursor){.place = place, .page = 0}; /* to be pinned */
    }
    if (transaction->told.place == EXTENT_NONE) {
        transaction->told = (struct cursor){.place = place, .page = 0}; /* to be told next */
    }
    return FFA_OK;
}

void parley_step_read(struct parley_vm *lender, struct transaction *transaction)
{
    uint8_t bytes[sizeof(struct ffa_mem_constituent)];
    struct memory_range range;

    if (transaction->fragment_ranges == 0) {
        transaction->step = STEP_PIN;
        return;
    }
    parley_tx_read(lender, transaction->fragment_offset, bytes, sizeof(bytes));
    parley_layout_constituent_decode(bytes, &range);
    transaction->fragment_offset += (uint32_t)sizeof(bytes);
    transaction->fragment_ranges--;
    if (transaction->ranges_read == transaction->ranges ||
        !parley_memory_is_range(&range, transaction->pages - transaction->pages_read)) {
        fail(transaction, FFA_INVALID_PARAMETERS);
        return;
    }

    int32_t status = add_range(lender, transaction, &range);
    if (status != FFA_OK) {
        fail(transaction, status);
    }
}

/* --- Taking it from the lender -------------------------------------------- */

static bool is_all_read(const struct transaction *transaction)
{
    return transaction->ranges_read == transaction->ranges;
}

static void after_pinning(struct parley_vm *lender, struct transaction *transaction)
{
    if (!is_all_read(transaction)) {
        bool must_open = transaction->secure_count != 0 && !transaction->is_told;

        transaction->step = must_open ? STEP_OPEN : STEP_IDLE;
        return;
    }
    if (transaction->pages_read != transaction->pages) {
        fail(transaction, FFA_INVALID_PARAMETERS);
        return;
    }
    parley_transaction_move(lender, transaction, PARLEY_TRANSACTION_SENT);
    transaction_enter(transaction,
                      transaction->type == FFA_MEM_TYPE_SHARE ? STEP_TELL : STEP_REVOKE);
}

void parley_step_pin(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;
    struct parley_run run;

    if (!parley_cursor_piece(lender, &transaction->cursor, PARLEY_PIECE_PAGES, &piece)) {
        after_pinning(lender, transaction);
        return;
    }
    enum parley_port_status status =
        parley_port_memory_pin(lender->context, range_ipa(&piece), piece.pages, true, &run);
    if (status == PARLEY_PORT_NOT_MEMORY && !transaction->writable) {
        status =
            parley_port_memory_pin(lender->context, range_ipa(&piece), piece.pages, false, &run);
        transaction->is_read_only |= status == PARLEY_PORT_OK;
    }
    if (status != PARLEY_PORT_OK) {
        fail(transaction, status == PARLEY_PORT_NO_MEMORY ? FFA_NO_MEMORY : FFA_DENIED);
        return;
    }
    parley_secure_count_run(transaction, &run);
    transaction->pages_pinned += run.pages;
    parley_cursor_advance(lender, &transaction->cursor, run.pages);
}

void parley_step_revoke(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;

    if (!parley_cursor_piece(lender, &transaction->cursor, PARLEY_PIECE_PAGES, &piece)) {
        transaction_enter(transaction,
                          (transaction->flags & FFA_MEM_SEND_ZERO) != 0 ? STEP_ZERO : STEP_TELL);
        return;
    }
    if (parley_port_memory_revoke(lender->context, range_ipa(&piece), piece.pages) !=
        PARLEY_PORT_OK) {
        fail(transaction, FFA_NO_MEMORY);
        return;
    }
    transaction->pages_revoked += piece.pages;
    parley_cursor_advance(lender, &transaction->cursor, piece.pages);
}

void parley_step_zero(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;

    if (!parley_cursor_piece(lender, &transaction->cursor, PARLEY_PIECE_PAGES, &piece)) {
        transaction_enter(transaction, STEP_TELL);
        return;
    }
    parley_port_memory_zero(lender->context, range_ipa(&piece), piece.pages);
    parley_cursor_advance(lender, &transaction->cursor, piece.pages);
}

void parley_step_tell(struct parley_vm *lender, struct transaction *transaction)
{
    bool done = true;
    int32_t status =
        transaction->secure_count == 0 ? FFA_OK : parley_secure_tell(lender, transaction, &done);

    if (status != FFA_OK) {
        fail(transaction, status);
    } else if (done) {
        transaction->step = STEP_IDLE;
    }
}

void parley_step_open(struct parley_vm *lender, struct transaction *transaction)
{
    bool done;
    int32_t status = parley_secure_tell(lender, transaction, &done);

    if (status != FFA_OK) {
        fail(transaction, status);
    } else {
        transaction->step = STEP_IDLE;
    }
}
