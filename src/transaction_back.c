/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of a memory transaction back to its lender, or to nowhere: because it is reclaimed, or
 * fails half-way, or is donated, or its lender ends. Ranges are given back from the front; what was
 * done to them is undone in reverse order.
 */
#include "internal.h"

void parley_step_recall(struct parley_vm *lender, struct transaction *transaction)
{
    int32_t status = parley_secure_recall(lender, transaction);

    if (status == FFA_OK) {
        transaction->is_told = false;
        transaction_enter(transaction, STEP_RELEASE);
        return;
    }
    transaction->step = STEP_IDLE;
    if (transaction->status == FFA_OK) {
        transaction->status = status;
    } else {
        parley_transaction_quarantine(lender, transaction, status);
    }
}

/* The pages that the Secure world keeps are named to the port. */
void parley_step_name(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;
    uint32_t left = transaction->pages_pinned - transaction->pages_named;

    if (left == 0 || !parley_cursor_piece(lender, &transaction->cursor, left, &piece)) {
        transaction_enter(transaction, transaction->is_lost ? STEP_RELEASE : STEP_IDLE);
        return;
    }
    parley_port_memory_lost(lender->context, range_ipa(&piece), piece.pages);
    transaction->pages_named += piece.pages;
    parley_cursor_advance(lender, &transaction->cursor, piece.pages);
}

/* Gives back the piece at the front: what was done to it is undone in reverse order. */
static void release_piece(struct parley_vm *lender, struct transaction *transaction,
                          const struct memory_range *piece)
{
    if (transaction->is_given) {
        parley_port_memory_forget(lender->context, range_ipa(piece), piece->pages);
        return;
    }
    if (transaction->pages_pinned == 0 || transaction->is_lost) {
        return;
    }
    if (transaction->zero) {
        parley_port_memory_zero(lender->context, range_ipa(piece), piece->pages);
    }
    if (transaction->pages_revoked != 0) {
        parley_port_memory_restore(lender->context, range_ipa(piece), piece->pages);
    }
    parley_port_memory_unpin(lender->context, range_ipa(piece), piece->pages);
}

/* So many pages from the front have been treated alike: revoked and pinned, pinned, or neither. */
static uint32_t alike(const struct transaction *transaction)
{
    if (transaction->pages_revoked != 0) {
        return transaction->pages_revoked;
    }
    return transaction->pages_pinned != 0 ? transaction->pages_pinned : PARLEY_PIECE_PAGES;
}

static void count_down(uint32_t *pages, uint32_t released)
{
    *pages -= *pages < released ? *pages : released;
}

static uint64_t end_of(const struct extent *range)
{
    return range->page + range->pages;
}

static void add_received(struct extents *extents, uint64_t page, uint64_t end)
{
    struct extent range = {.page = page, .pages = (uint32_t)(end - page), .kind = EXTENT_RECEIVED};
    uint32_t conflict;

    if (page < end) {
        (void)parley_extents_add(extents, &range, &conflict);
    }
}

/*
 * Under the lock: what the lender gives away of what it had been given leaves its window, from the
 * top. Whether there is more. No step needs more room for ranges than there was: the one that may
 * need it is the last, and drops the granted range itself.
 */
static bool leaves_window(struct extents *extents, uint32_t place)
{
    const struct extent given = extents->extent[place];
    uint32_t found = parley_extents_find(extents, EXTENTS_WINDOW, given.page, given.pages);

    if (found == EXTENT_NONE) {
        parley_extents_remove(extents, place);
        return false;
    }
    const struct extent received = extents->extent[found];
    bool is_last = received.page <= given.page;
    parley_extents_remove(extents, found);
    if (is_last) {
        parley_extents_remove(extents, place);
    }
    add_received(extents, received.page, given.page);
    add_received(extents, end_of(&given), end_of(&received));
    return !is_last;
}

static bool is_in_window(const struct memory *memory, const struct extent *range)
{
    return range->page >= memory->window_page &&
           range->page - memory->window_page < memory->window_pages;
}

/* The range at the front has been given back: it is the lender's own again, or gone. */
static void drop_front(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory *memory = &lender->memory;
    uint32_t place = transaction->first;
    struct extent *range = extent_at(lender, place);
    uint32_t next = range->next;
    bool stays = false;

    parley_lock_take(&memory->lock);
    if (!transaction->is_given) {
        parley_extents_remove(&memory->extents, place);
    } else if (is_in_window(memory, range)) {
        stays = leaves_window(&memory->extents, place);
    } else {
        range->kind = EXTENT_GIVEN; /* stays, in case that it comes back */
    }
    parley_lock_drop(&memory->lock);
    if (!stays) {
        transaction->first = next;
        transaction->cursor.page = 0;
    }
}

void parley_step_release(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;

    transaction->cursor.place = transaction->first;
    if (!parley_cursor_piece(lender, &transaction->cursor, alike(transaction), &piece)) {
        transaction_enter(transaction, STEP_IDLE);
        return;
    }
    if (piece.pages != 0) {
        release_piece(lender, transaction, &piece);
        count_down(&transaction->pages_revoked, piece.pages);
        count_down(&transaction->pages_pinned, piece.pages);
        transaction->cursor.page += piece.pages;
    }
    if (transaction->cursor.page == extent_at(lender, transaction->first)->pages) {
        drop_front(lender, transaction);
    }
}
