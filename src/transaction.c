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

static void move_alone(struct parley_vm *lender, struct transaction *transaction,
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

/* --- Walks over the ranges ------------------------------------------------ */

static struct extent *range_at(const struct parley_vm *vm, uint32_t place)
{
    return &vm->memory.extents.extent[place];
}

bool parley_cursor_piece(const struct parley_vm *vm, const struct cursor *cursor, uint32_t limit,
                         struct memory_range *piece)
{
    if (cursor->place == EXTENT_NONE) {
        return false;
    }
    const struct extent *range = range_at(vm, cursor->place);
    uint32_t left = range->pages - cursor->page;

    piece->address = (range->page + cursor->page) * FFA_PAGE_SIZE;
    piece->pages = left < PARLEY_PIECE_PAGES ? left : PARLEY_PIECE_PAGES;
    if (piece->pages > limit) {
        piece->pages = limit;
    }
    return true;
}

void parley_cursor_advance(const struct parley_vm *vm, struct cursor *cursor, uint32_t pages)
{
    const struct extent *range = range_at(vm, cursor->place);

    cursor->page += pages;
    if (cursor->page == range->pages) {
        *cursor = (struct cursor){.place = range->next, .page = 0};
    }
}

static parley_ipa ipa_of(const struct memory_range *piece)
{
    return (parley_ipa){piece->address};
}

/* --- Reading -------------------------------------------------------------- */

static void enter(struct transaction *transaction, enum transaction_step step)
{
    transaction->step = step;
    transaction->cursor = (struct cursor){.place = transaction->first, .page = 0};
}

/* Whatever was done is undone, and the call ends with `status`. */
static void fail(struct transaction *transaction, int32_t status)
{
    transaction->status = status;
    enter(transaction, transaction->is_told ? STEP_RECALL : STEP_RELEASE);
}

void parley_transaction_read(struct transaction *transaction, int32_t status)
{
    if (status == FFA_OK) {
        transaction->step = STEP_READ;
    } else {
        fail(transaction, status);
    }
}

/* Page numbers have 52 bits: what does not fit is no address. */
#define PAGE_NUMBERS (1ull << 52)

bool parley_memory_is_range(const struct memory_range *range, uint32_t pages_max)
{
    return range->pages != 0 && range->pages <= pages_max && range->address % FFA_PAGE_SIZE == 0 &&
           range->address / FFA_PAGE_SIZE <= PAGE_NUMBERS - range->pages;
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
    uint32_t place = extents_add(&memory->extents, &extent, &conflict);
    if (place == EXTENT_NONE) {
        int32_t status = FFA_NO_MEMORY;

        if (conflict != EXTENT_NONE) {
            const struct extent *other = range_at(lender, conflict);
            bool is_own = other->kind == EXTENT_GRANTED && other->owner == owner;

            status = is_own ? FFA_INVALID_PARAMETERS : FFA_DENIED;
        }
        parley_lock_drop(&memory->lock);
        return status;
    }
    if (transaction->last == EXTENT_NONE) {
        transaction->first = place;
    } else {
        range_at(lender, transaction->last)->next = place;
    }
    transaction->last = place;
    parley_lock_drop(&memory->lock);

    transaction->pages_read += range->pages;
    transaction->ranges_read++;
    if (transaction->cursor.place == EXTENT_NONE) {
        transaction->cursor = (struct cursor){.place = place, .page = 0}; /* to be pinned */
    }
    return FFA_OK;
}

static void read_step(struct parley_vm *lender, struct transaction *transaction)
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
    move_alone(lender, transaction, PARLEY_TRANSACTION_SENT);
    enter(transaction, transaction->type == FFA_MEM_TYPE_SHARE ? STEP_TELL : STEP_REVOKE);
}

static void pin_step(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;
    struct parley_run run;

    if (!parley_cursor_piece(lender, &transaction->cursor, PARLEY_PIECE_PAGES, &piece)) {
        after_pinning(lender, transaction);
        return;
    }
    enum parley_port_status status = parley_port_memory_pin(
        lender->context, ipa_of(&piece), piece.pages, transaction->writable, &run);
    if (status != PARLEY_PORT_OK) {
        fail(transaction, status == PARLEY_PORT_NO_MEMORY ? FFA_NO_MEMORY : FFA_DENIED);
        return;
    }
    parley_secure_count_run(transaction, &run);
    transaction->pages_pinned += run.pages;
    parley_cursor_advance(lender, &transaction->cursor, run.pages);
}

static void revoke_step(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;

    if (!parley_cursor_piece(lender, &transaction->cursor, PARLEY_PIECE_PAGES, &piece)) {
        enter(transaction, (transaction->flags & FFA_MEM_SEND_ZERO) != 0 ? STEP_ZERO : STEP_TELL);
        return;
    }
    if (parley_port_memory_revoke(lender->context, ipa_of(&piece), piece.pages) != PARLEY_PORT_OK) {
        fail(transaction, FFA_NO_MEMORY);
        return;
    }
    transaction->pages_revoked += piece.pages;
    parley_cursor_advance(lender, &transaction->cursor, piece.pages);
}

static void zero_step(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;

    if (!parley_cursor_piece(lender, &transaction->cursor, PARLEY_PIECE_PAGES, &piece)) {
        enter(transaction, STEP_TELL);
        return;
    }
    parley_port_memory_zero(lender->context, ipa_of(&piece), piece.pages);
    parley_cursor_advance(lender, &transaction->cursor, piece.pages);
}

static void tell_step(struct parley_vm *lender, struct transaction *transaction)
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

static void open_step(struct parley_vm *lender, struct transaction *transaction)
{
    bool done;
    int32_t status = parley_secure_tell(lender, transaction, &done);

    if (status != FFA_OK) {
        fail(transaction, status);
    } else {
        transaction->step = STEP_IDLE;
    }
}

/* --- Back to the lender --------------------------------------------------- */

static void recall_step(struct parley_vm *lender, struct transaction *transaction)
{
    int32_t status = parley_secure_recall(lender, transaction);

    if (status == FFA_OK) {
        transaction->is_told = false;
        enter(transaction, STEP_RELEASE);
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
static void name_step(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;

    if (!parley_cursor_piece(lender, &transaction->cursor, PARLEY_PIECE_PAGES, &piece)) {
        enter(transaction, transaction->is_lost ? STEP_RELEASE : STEP_IDLE);
        return;
    }
    parley_port_memory_lost(lender->context, ipa_of(&piece), piece.pages);
    parley_cursor_advance(lender, &transaction->cursor, piece.pages);
}

void parley_transaction_name(struct transaction *transaction)
{
    enter(transaction, STEP_NAME);
}

void parley_transaction_reclaim(struct transaction *transaction)
{
    transaction->status = FFA_OK;
    enter(transaction, transaction->is_told ? STEP_RECALL : STEP_RELEASE);
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

/* Gives back the piece at the front: what was done to it is undone in reverse order. */
static void release_piece(struct parley_vm *lender, struct transaction *transaction,
                          const struct memory_range *piece)
{
    if (transaction->is_given) {
        parley_port_memory_forget(lender->context, ipa_of(piece), piece->pages);
        return;
    }
    if (transaction->pages_pinned == 0 || transaction->is_lost) {
        return;
    }
    if (transaction->zero) {
        parley_port_memory_zero(lender->context, ipa_of(piece), piece->pages);
    }
    if (transaction->pages_revoked != 0) {
        parley_port_memory_restore(lender->context, ipa_of(piece), piece->pages);
    }
    parley_port_memory_unpin(lender->context, ipa_of(piece), piece->pages);
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

/* Under the lock. Whether the range was one that the lender had been given, and is no more. */
static bool leaves_window(struct memory *memory, const struct extent *range)
{
    struct extents *extents = &memory->extents;
    uint32_t place = extents_find(extents, EXTENTS_WINDOW, range->page, range->pages);

    if (place == EXTENT_NONE || extents->extent[place].kind != EXTENT_RECEIVED ||
        extents->extent[place].page != range->page ||
        extents->extent[place].pages != range->pages) {
        return false;
    }
    extents_remove(extents, place);
    return true;
}

/* The range at the front has been given back: it is the lender's own again, or gone. */
static void drop_front(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory *memory = &lender->memory;
    uint32_t place = transaction->first;

    parley_lock_take(&memory->lock);
    transaction->first = range_at(lender, place)->next;
    if (transaction->is_given && !leaves_window(memory, range_at(lender, place))) {
        range_at(lender, place)->kind = EXTENT_GIVEN; /* stays, in case that it comes back */
    } else {
        extents_remove(&memory->extents, place);
    }
    parley_lock_drop(&memory->lock);
    transaction->cursor.page = 0;
}

static void release_step(struct parley_vm *lender, struct transaction *transaction)
{
    struct memory_range piece;

    transaction->cursor.place = transaction->first;
    if (!parley_cursor_piece(lender, &transaction->cursor, alike(transaction), &piece)) {
        enter(transaction, STEP_IDLE);
        return;
    }
    release_piece(lender, transaction, &piece);
    count_down(&transaction->pages_revoked, piece.pages);
    count_down(&transaction->pages_pinned, piece.pages);
    transaction->cursor.page += piece.pages;
    if (transaction->cursor.page == range_at(lender, transaction->first)->pages) {
        drop_front(lender, transaction);
    }
}

/* Under the lender's lock: a borrower has it for good, and takes it out of the lender's books. */
void parley_transaction_give(struct transaction *transaction)
{
    transaction->is_given = true;
    enter(transaction, STEP_RELEASE);
    move(transaction, PARLEY_TRANSACTION_RECLAIMING);
}

/* --- Working on it -------------------------------------------------------- */

bool parley_transaction_step(struct parley_vm *lender, struct transaction *transaction)
{
    switch (transaction->step) {
    case STEP_READ:
        read_step(lender, transaction);
        break;
    case STEP_PIN:
        pin_step(lender, transaction);
        break;
    case STEP_OPEN:
        open_step(lender, transaction);
        break;
    case STEP_REVOKE:
        revoke_step(lender, transaction);
        break;
    case STEP_ZERO:
        zero_step(lender, transaction);
        break;
    case STEP_TELL:
        tell_step(lender, transaction);
        break;
    case STEP_RECALL:
        recall_step(lender, transaction);
        break;
    case STEP_NAME:
        name_step(lender, transaction);
        break;
    case STEP_RELEASE:
        release_step(lender, transaction);
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
    transaction->status = FFA_OK;
    move_alone(lender, transaction, PARLEY_TRANSACTION_ACTIVE);
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
