/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of a retrieval away from its borrower: because it relinquishes, or it fails half-way,
 * or the borrower ends.
 */
#include "internal.h"

void parley_leave_clean(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct memory_range piece;

    if (!parley_cursor_piece(vm, &retrieval->cursor, PARLEY_PIECE_PAGES, &piece)) {
        retrieval_enter(retrieval, RETRIEVAL_UNMAP);
        return;
    }
    parley_port_memory_zero(vm->context, range_ipa(&piece), piece.pages);
    parley_cursor_advance(vm, &retrieval->cursor, piece.pages);
}

/* Whether this borrower is to zero the memory now: it is the last of several to let go. */
static bool let_go(struct parley_vm *lender, struct retrieval *retrieval)
{
    struct transaction *transaction = parley_retrieval_transaction(lender, retrieval);
    bool is_last = true;

    parley_lock_take(&lender->memory.lock);
    for (unsigned int i = 0; i < transaction->borrower_count; i++) {
        is_last &= i == retrieval->borrower || transaction->borrowers[i].state == BORROWER_NONE;
    }
    transaction->zero |= retrieval->zero && !retrieval->is_alone && retrieval->status == FFA_OK;
    bool must_zero = transaction->zero && is_last;
    transaction->borrowers[retrieval->borrower].state = must_zero ? BORROWER_ZEROES : BORROWER_NONE;
    /* Who has let go may not look at the transaction any more. */
    retrieval->lender_cursor = (struct cursor){.place = transaction->first, .page = 0};
    parley_lock_drop(&lender->memory.lock);
    return must_zero;
}

static void after_unmapping(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender = parley_retrieval_lender(vm, retrieval);
    bool must_zero = false;

    if (lender != NULL) {
        must_zero = let_go(lender, retrieval);
        parley_endpoint_drop(lender);
    }
    retrieval_enter(retrieval, must_zero ? RETRIEVAL_ZERO : RETRIEVAL_DROP);
}

void parley_leave_unmap(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct memory_range piece;

    if (retrieval->pages_mapped == 0) {
        after_unmapping(vm, retrieval);
        return;
    }
    (void)parley_cursor_piece(vm, &retrieval->cursor,
                              retrieval->pages_mapped < PARLEY_PIECE_PAGES ? retrieval->pages_mapped
                                                                           : PARLEY_PIECE_PAGES,
                              &piece);
    parley_port_memory_unmap(vm->context, range_ipa(&piece), piece.pages);
    retrieval->pages_mapped -= piece.pages;
    parley_cursor_advance(vm, &retrieval->cursor, piece.pages);
}

/* The lender's pages, which nobody has now. */
void parley_leave_zero(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender = parley_retrieval_lender(vm, retrieval);
    struct memory_range piece;

    if (lender == NULL) {
        retrieval_enter(retrieval, RETRIEVAL_DROP);
        return;
    }
    if (parley_cursor_piece(lender, &retrieval->lender_cursor, PARLEY_PIECE_PAGES, &piece)) {
        parley_port_memory_zero(lender->context, range_ipa(&piece), piece.pages);
        parley_cursor_advance(lender, &retrieval->lender_cursor, piece.pages);
    } else {
        struct transaction *transaction = parley_retrieval_transaction(lender, retrieval);

        parley_lock_take(&lender->memory.lock);
        transaction->zero = false;
        transaction->borrowers[retrieval->borrower].state = BORROWER_NONE;
        parley_lock_drop(&lender->memory.lock);
        retrieval_enter(retrieval, RETRIEVAL_DROP);
    }
    parley_endpoint_drop(lender);
}

void parley_leave_drop(struct parley_vm *vm, struct retrieval *retrieval)
{
    uint32_t place = retrieval->first;

    if (place == EXTENT_NONE) {
        retrieval->step = RETRIEVAL_IDLE;
        return;
    }
    parley_lock_take(&vm->memory.lock);
    retrieval->first = extent_at(vm, place)->next;
    parley_extents_remove(&vm->memory.extents, place);
    parley_lock_drop(&vm->memory.lock);
}
