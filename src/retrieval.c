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

static struct extent *range_at(const struct parley_vm *vm, uint32_t place)
{
    return &vm->memory.extents.extent[place];
}

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

/* The lender, if it still lives that life: to be dropped. */
static struct parley_vm *take_lender(const struct parley_vm *vm, const struct retrieval *retrieval)
{
    return parley_endpoint_take_again(vm->parley, retrieval->lender, retrieval->lender_generation);
}

static struct transaction *transaction_of(struct parley_vm *lender,
                                          const struct retrieval *retrieval)
{
    return &lender->memory.transactions[retrieval->transaction];
}

/* --- Steps ---------------------------------------------------------------- */

static void enter(struct retrieval *retrieval, enum retrieval_step step)
{
    retrieval->step = step;
    retrieval->cursor = (struct cursor){.place = retrieval->first, .page = 0};
}

/* Under the lock, or by the vCPU that works on it. */
void parley_retrieval_leave(struct retrieval *retrieval)
{
    bool is_zeroed_here = retrieval->zero && retrieval->is_alone && retrieval->status == FFA_OK;

    retrieval->state = RETRIEVAL_LEAVING;
    enter(retrieval, is_zeroed_here ? RETRIEVAL_CLEAN : RETRIEVAL_UNMAP);
}

static void fail(struct retrieval *retrieval, int32_t status)
{
    retrieval->status = status;
    parley_retrieval_leave(retrieval);
}

static parley_ipa ipa_of(const struct memory_range *piece)
{
    return (parley_ipa){piece->address};
}

/* --- Where ---------------------------------------------------------------- */

/* Appends a range to those of the retrieval, if nothing else is there. */
static int32_t add_range(struct parley_vm *vm, struct retrieval *retrieval, uint64_t page,
                         uint32_t pages, uint32_t *conflict)
{
    struct memory *memory = &vm->memory;
    struct extent extent = {.page = page,
                            .pages = pages,
                            .kind = EXTENT_BORROWED,
                            .owner = (uint16_t)(retrieval - memory->retrievals)};

    uint32_t place = extents_add(&memory->extents, &extent, conflict);
    if (place == EXTENT_NONE) {
        return *conflict == EXTENT_NONE ? FFA_NO_MEMORY : FFA_DENIED;
    }
    if (retrieval->last == EXTENT_NONE) {
        retrieval->first = place;
    } else {
        range_at(vm, retrieval->last)->next = place;
    }
    retrieval->last = place;
    retrieval->ranges++;
    return FFA_OK;
}

/* Whether it is just what the VM once gave away. */
static bool is_gap(const struct extent *range, uint64_t page, uint32_t pages)
{
    return range->kind == EXTENT_GIVEN && range->page == page && range->pages == pages;
}

/* Whether the VM may say that it wants memory there: in its window, or where it gave some away. */
static bool is_for_borrowing(const struct parley_vm *vm, uint64_t page, uint32_t pages)
{
    const struct memory *memory = &vm->memory;
    uint32_t given;

    if (page >= memory->window_page && pages <= memory->window_pages &&
        page - memory->window_page <= memory->window_pages - pages) {
        return true;
    }
    given = extents_find(&memory->extents, EXTENTS_OWN, page, pages);
    return given != EXTENT_NONE && is_gap(range_at(vm, given), page, pages);
}

/* The next of the ranges that the borrower gave. */
static void read_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    uint8_t bytes[sizeof(struct ffa_mem_constituent)];
    struct memory_range range;
    uint32_t conflict;

    if (retrieval->ranges == retrieval->ranges_asked) {
        if (retrieval->pages_asked != retrieval->pages) {
            fail(retrieval, FFA_INVALID_PARAMETERS);
        } else {
            enter(retrieval, RETRIEVAL_MAP);
        }
        return;
    }
    parley_tx_read(vm, retrieval->ranges_offset, bytes, sizeof(bytes));
    parley_layout_constituent_decode(bytes, &range);
    retrieval->ranges_offset += (uint32_t)sizeof(bytes);
    if (!parley_memory_is_range(&range, retrieval->pages - retrieval->pages_asked)) {
        fail(retrieval, FFA_INVALID_PARAMETERS);
        return;
    }
    parley_lock_take(&vm->memory.lock);
    int32_t status = FFA_DENIED;
    if (is_for_borrowing(vm, range.address / FFA_PAGE_SIZE, range.pages)) {
        status = add_range(vm, retrieval, range.address / FFA_PAGE_SIZE, range.pages, &conflict);
    }
    parley_lock_drop(&vm->memory.lock);
    if (status != FFA_OK) {
        fail(retrieval, status);
        return;
    }
    retrieval->pages_asked += range.pages;
}

/* From the top of the window down, one range at a time: the first gap that is large enough. */
static void place_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct memory *memory = &vm->memory;
    uint32_t conflict = EXTENT_NONE;
    int32_t status = FFA_NO_MEMORY;
    uint64_t page;

    if (retrieval->place_page < memory->window_page + retrieval->pages) {
        fail(retrieval, FFA_NO_MEMORY);
        return;
    }
    page = (retrieval->place_page - retrieval->pages) & ~((uint64_t)retrieval->align_pages - 1);
    parley_lock_take(&memory->lock);
    if (page >= memory->window_page) {
        status = add_range(vm, retrieval, page, retrieval->pages, &conflict);
    }
    if (conflict != EXTENT_NONE) {
        retrieval->place_page = range_at(vm, conflict)->page;
    }
    parley_lock_drop(&memory->lock);
    if (status == FFA_OK) {
        enter(retrieval, RETRIEVAL_MAP);
    } else if (conflict == EXTENT_NONE) {
        fail(retrieval, status);
    }
}

/* --- To the borrower ------------------------------------------------------ */

/* All is mapped: the borrower has it, or it is a gift, which the lender does not get back. */
static int32_t accept(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender = take_lender(vm, retrieval);
    struct transaction *transaction;

    if (lender == NULL) {
        return FFA_ABORTED;
    }
    transaction = transaction_of(lender, retrieval);
    parley_lock_take(&lender->memory.lock);
    if (retrieval->type == FFA_MEM_TYPE_DONATE) {
        parley_transaction_give(transaction);
    } else {
        transaction->borrowers[retrieval->borrower].state = BORROWER_HOLDS;
    }
    parley_lock_drop(&lender->memory.lock);
    parley_endpoint_drop(lender);
    return FFA_OK;
}

static void after_mapping(struct parley_vm *vm, struct retrieval *retrieval)
{
    int32_t status = accept(vm, retrieval);

    if (status != FFA_OK) {
        fail(retrieval, status);
        return;
    }
    enter(retrieval, retrieval->type == FFA_MEM_TYPE_DONATE ? RETRIEVAL_ADOPT : RETRIEVAL_ANSWER);
}

static void map_piece(struct parley_vm *vm, struct parley_vm *lender, struct retrieval *retrieval)
{
    struct memory_range theirs;
    struct memory_range ours;

    (void)parley_cursor_piece(vm, &retrieval->cursor, PARLEY_PIECE_PAGES, &ours);
    (void)parley_cursor_piece(lender, &retrieval->lender_cursor, ours.pages, &theirs);
    enum parley_port_status status =
        parley_port_memory_map(vm->context, ipa_of(&ours), lender->context, ipa_of(&theirs),
                               theirs.pages, retrieval->access);
    if (status != PARLEY_PORT_OK) {
        fail(retrieval, status == PARLEY_PORT_NO_MEMORY ? FFA_NO_MEMORY : FFA_DENIED);
        return;
    }
    retrieval->pages_mapped += theirs.pages;
    parley_cursor_advance(vm, &retrieval->cursor, theirs.pages);
    parley_cursor_advance(lender, &retrieval->lender_cursor, theirs.pages);
}

static void map_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender;

    if (retrieval->pages_mapped == retrieval->pages) {
        after_mapping(vm, retrieval);
        return;
    }
    lender = take_lender(vm, retrieval);
    if (lender == NULL) {
        fail(retrieval, FFA_ABORTED);
        return;
    }
    map_piece(vm, lender, retrieval);
    parley_endpoint_drop(lender);
}

/* --- Given for good ------------------------------------------------------- */

static void adopt_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct memory_range piece;

    if (!parley_cursor_piece(vm, &retrieval->cursor, PARLEY_PIECE_PAGES, &piece)) {
        enter(retrieval, RETRIEVAL_GIVE);
        return;
    }
    parley_port_memory_adopt(vm->context, ipa_of(&piece), piece.pages);
    parley_cursor_advance(vm, &retrieval->cursor, piece.pages);
}

/* The former owner's half, if it still lives; its own end does the same. */
static void give_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender = take_lender(vm, retrieval);

    if (lender != NULL) {
        struct transaction *transaction = transaction_of(lender, retrieval);

        if (!parley_transaction_step(lender, transaction)) {
            parley_transaction_forget(lender, transaction);
            enter(retrieval, RETRIEVAL_ANSWER);
        }
        parley_endpoint_drop(lender);
        return;
    }
    enter(retrieval, RETRIEVAL_ANSWER);
}

/* --- The answer ----------------------------------------------------------- */

static void write_header(struct parley_vm *vm, enum parley_version version,
                         struct retrieval *retrieval)
{
    uint8_t bytes[sizeof(struct ffa_mem_transaction_1_1) + sizeof(struct ffa_mem_access_1_2) +
                  sizeof(struct ffa_mem_composite)];
    uint32_t header_bytes = (uint32_t)parley_layout_transaction_bytes(version);
    uint32_t access_bytes = parley_layout_access_bytes(version);
    uint32_t ns = version >= VERSION_1_1 ? FFA_MEM_ATTR_NS : 0;
    uint32_t zeroed =
        (retrieval->flags & FFA_MEM_SEND_ZERO) != 0 ? FFA_MEM_RETRIEVE_RESP_ZEROED : 0;
    struct memory_header header = {
        .sender = retrieval->lender,
        .attributes = (uint16_t)(FFA_MEM_ATTR_NORMAL_WB_INNER | ns),
        .flags = retrieval->type | zeroed,
        .handle = retrieval->handle,
        .tag = retrieval->tag,
        .access_bytes = access_bytes,
        .access_count = 1,
        .access_offset = header_bytes,
    };
    struct memory_access access = {
        .endpoint = vm->id,
        .permissions = retrieval->permissions,
        .composite_offset = header_bytes + access_bytes,
        .impdef = {retrieval->impdef[0], retrieval->impdef[1]},
    };
    struct memory_composite composite = {.pages = retrieval->pages, .ranges = retrieval->ranges};

    parley_layout_transaction_encode(&header, version, bytes);
    parley_layout_access_encode(&access, access_bytes, bytes + header_bytes);
    parley_layout_composite_encode(&composite, bytes + header_bytes + access_bytes);
    retrieval->answer_bytes =
        header_bytes + access_bytes + (uint32_t)sizeof(struct ffa_mem_composite);
    (void)parley_rx_write(vm, 0, bytes, retrieval->answer_bytes);
}

/* One range of it. It fits: a borrower names its ranges in a buffer of the same size. */
static void answer_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    uint8_t bytes[sizeof(struct ffa_mem_constituent)];

    if (retrieval->answer_bytes == 0) {
        write_header(vm, word_version(parley_load_acquire(&vm->word)), retrieval);
    }
    if (retrieval->cursor.place == EXTENT_NONE) {
        retrieval->step = retrieval->type == FFA_MEM_TYPE_DONATE ? RETRIEVAL_KEEP : RETRIEVAL_IDLE;
        return;
    }
    const struct extent *range = range_at(vm, retrieval->cursor.place);
    struct memory_range constituent = {.address = range->page * FFA_PAGE_SIZE,
                                       .pages = range->pages};
    parley_layout_constituent_encode(&constituent, bytes);
    (void)parley_rx_write(vm, retrieval->answer_bytes, bytes, sizeof(bytes));
    retrieval->answer_bytes += (uint32_t)sizeof(bytes);
    retrieval->cursor.place = range->next;
}

/* A range that is the VM's own from now on: in its window, or where it had been before. */
static void keep_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct extents *extents = &vm->memory.extents;
    uint32_t place = retrieval->first;
    struct extent *range;
    uint32_t given;

    if (place == EXTENT_NONE) {
        retrieval->step = RETRIEVAL_IDLE;
        return;
    }
    range = range_at(vm, place);
    parley_lock_take(&vm->memory.lock);
    retrieval->first = range->next;
    given = extents_find(extents, EXTENTS_OWN, range->page, range->pages);
    if (given != EXTENT_NONE && range_at(vm, given)->kind == EXTENT_GIVEN) {
        extents_remove(extents, given);
        extents_remove(extents, place);
    } else {
        range->kind = EXTENT_RECEIVED;
    }
    parley_lock_drop(&vm->memory.lock);
}

/* --- Back ----------------------------------------------------------------- */

static void clean_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct memory_range piece;

    if (!parley_cursor_piece(vm, &retrieval->cursor, PARLEY_PIECE_PAGES, &piece)) {
        enter(retrieval, RETRIEVAL_UNMAP);
        return;
    }
    parley_port_memory_zero(vm->context, ipa_of(&piece), piece.pages);
    parley_cursor_advance(vm, &retrieval->cursor, piece.pages);
}

/* Whether this borrower is to zero the memory now: it is the last of several to let go. */
static bool let_go(struct parley_vm *lender, struct retrieval *retrieval)
{
    struct transaction *transaction = transaction_of(lender, retrieval);
    bool is_last = true;

    parley_lock_take(&lender->memory.lock);
    for (unsigned int i = 0; i < transaction->borrower_count; i++) {
        is_last &= i == retrieval->borrower || transaction->borrowers[i].state == BORROWER_NONE;
    }
    transaction->zero |= retrieval->zero && !retrieval->is_alone && retrieval->status == FFA_OK;
    bool must_zero = transaction->zero && is_last;
    transaction->borrowers[retrieval->borrower].state =
        must_zero ? BORROWER_RETRIEVING : BORROWER_NONE;
    parley_lock_drop(&lender->memory.lock);
    retrieval->lender_cursor = (struct cursor){.place = transaction->first, .page = 0};
    return must_zero;
}

static void after_unmapping(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender = take_lender(vm, retrieval);
    bool must_zero = false;

    if (lender != NULL) {
        must_zero = let_go(lender, retrieval);
        parley_endpoint_drop(lender);
    }
    enter(retrieval, must_zero ? RETRIEVAL_ZERO : RETRIEVAL_DROP);
}

static void unmap_step(struct parley_vm *vm, struct retrieval *retrieval)
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
    parley_port_memory_unmap(vm->context, ipa_of(&piece), piece.pages);
    retrieval->pages_mapped -= piece.pages;
    parley_cursor_advance(vm, &retrieval->cursor, piece.pages);
}

/* The lender's pages, which nobody has now. */
static void zero_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender = take_lender(vm, retrieval);
    struct memory_range piece;

    if (lender == NULL) {
        enter(retrieval, RETRIEVAL_DROP);
        return;
    }
    if (parley_cursor_piece(lender, &retrieval->lender_cursor, PARLEY_PIECE_PAGES, &piece)) {
        parley_port_memory_zero(lender->context, ipa_of(&piece), piece.pages);
        parley_cursor_advance(lender, &retrieval->lender_cursor, piece.pages);
    } else {
        struct transaction *transaction = transaction_of(lender, retrieval);

        parley_lock_take(&lender->memory.lock);
        transaction->zero = false;
        transaction->borrowers[retrieval->borrower].state = BORROWER_NONE;
        parley_lock_drop(&lender->memory.lock);
        enter(retrieval, RETRIEVAL_DROP);
    }
    parley_endpoint_drop(lender);
}

static void drop_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    uint32_t place = retrieval->first;

    if (place == EXTENT_NONE) {
        retrieval->step = RETRIEVAL_IDLE;
        return;
    }
    parley_lock_take(&vm->memory.lock);
    retrieval->first = range_at(vm, place)->next;
    extents_remove(&vm->memory.extents, place);
    parley_lock_drop(&vm->memory.lock);
}

/* --- Working on it -------------------------------------------------------- */

bool parley_retrieval_step(struct parley_vm *vm, struct retrieval *retrieval)
{
    switch (retrieval->step) {
    case RETRIEVAL_READ:
        read_step(vm, retrieval);
        break;
    case RETRIEVAL_PLACE:
        place_step(vm, retrieval);
        break;
    case RETRIEVAL_MAP:
        map_step(vm, retrieval);
        break;
    case RETRIEVAL_ADOPT:
        adopt_step(vm, retrieval);
        break;
    case RETRIEVAL_GIVE:
        give_step(vm, retrieval);
        break;
    case RETRIEVAL_ANSWER:
        answer_step(vm, retrieval);
        break;
    case RETRIEVAL_KEEP:
        keep_step(vm, retrieval);
        break;
    case RETRIEVAL_CLEAN:
        clean_step(vm, retrieval);
        break;
    case RETRIEVAL_UNMAP:
        unmap_step(vm, retrieval);
        break;
    case RETRIEVAL_ZERO:
        zero_step(vm, retrieval);
        break;
    case RETRIEVAL_DROP:
        drop_step(vm, retrieval);
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
