/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of a retrieval to its borrower: a place for the memory is found, the lender's pages are
 * mapped there, and the answer is written. What is donated becomes the borrower's own.
 */
#include "internal.h"

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

    uint32_t place = parley_extents_add(&memory->extents, &extent, conflict);
    if (place == EXTENT_NONE) {
        return *conflict == EXTENT_NONE ? FFA_NO_MEMORY : FFA_DENIED;
    }
    if (retrieval->last == EXTENT_NONE) {
        retrieval->first = place;
    } else {
        extent_at(vm, retrieval->last)->next = place;
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
    given = parley_extents_find(&memory->extents, EXTENTS_OWN, page, pages);
    return given != EXTENT_NONE && is_gap(extent_at(vm, given), page, pages);
}

/* The next of the ranges that the borrower gave. */
void parley_take_read(struct parley_vm *vm, struct retrieval *retrieval)
{
    uint8_t bytes[sizeof(struct ffa_mem_constituent)];
    struct memory_range range;
    uint32_t conflict;

    if (retrieval->ranges == retrieval->ranges_asked) {
        if (retrieval->pages_asked != retrieval->pages) {
            parley_retrieval_fail(vm, retrieval, FFA_INVALID_PARAMETERS);
        } else {
            retrieval_enter(retrieval, RETRIEVAL_MAP);
        }
        return;
    }
    parley_tx_read(vm, retrieval->ranges_offset, bytes, sizeof(bytes));
    parley_layout_constituent_decode(bytes, &range);
    retrieval->ranges_offset += (uint32_t)sizeof(bytes);
    if (!parley_memory_is_range(&range, retrieval->pages - retrieval->pages_asked)) {
        parley_retrieval_fail(vm, retrieval, FFA_INVALID_PARAMETERS);
        return;
    }
    parley_lock_take(&vm->memory.lock);
    int32_t status = FFA_DENIED;
    if (is_for_borrowing(vm, range.address / FFA_PAGE_SIZE, range.pages)) {
        status = add_range(vm, retrieval, range.address / FFA_PAGE_SIZE, range.pages, &conflict);
    }
    parley_lock_drop(&vm->memory.lock);
    if (status != FFA_OK) {
        parley_retrieval_fail(vm, retrieval, status);
        return;
    }
    retrieval->pages_asked += range.pages;
}

/* From the top of the window down, one range at a time: the first gap that is large enough. */
void parley_take_place(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct memory *memory = &vm->memory;
    uint32_t conflict = EXTENT_NONE;
    int32_t status = FFA_NO_MEMORY;
    uint64_t page;

    if (retrieval->place_page < memory->window_page + retrieval->pages) {
        parley_retrieval_fail(vm, retrieval, FFA_NO_MEMORY);
        return;
    }
    page = (retrieval->place_page - retrieval->pages) & ~((uint64_t)retrieval->align_pages - 1);
    parley_lock_take(&memory->lock);
    if (page >= memory->window_page) {
        status = add_range(vm, retrieval, page, retrieval->pages, &conflict);
    }
    if (conflict != EXTENT_NONE) {
        retrieval->place_page = extent_at(vm, conflict)->page;
    }
    parley_lock_drop(&memory->lock);
    if (status == FFA_OK) {
        retrieval_enter(retrieval, RETRIEVAL_MAP);
    } else if (conflict == EXTENT_NONE) {
        parley_retrieval_fail(vm, retrieval, status);
    }
}

/* --- To the borrower ------------------------------------------------------ */

/* All is mapped: the borrower has it, or it is a gift, which the lender does not get back. */
static int32_t accept(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender = parley_retrieval_lender(vm, retrieval);
    struct transaction *transaction;

    if (lender == NULL) {
        return FFA_ABORTED;
    }
    transaction = parley_retrieval_transaction(lender, retrieval);
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
        parley_retrieval_fail(vm, retrieval, status);
        return;
    }
    retrieval_enter(retrieval,
                    retrieval->type == FFA_MEM_TYPE_DONATE ? RETRIEVAL_ADOPT : RETRIEVAL_ANSWER);
}

static void map_piece(struct parley_vm *vm, struct parley_vm *lender, struct retrieval *retrieval)
{
    struct memory_range theirs;
    struct memory_range ours;

    (void)parley_cursor_piece(vm, &retrieval->cursor, PARLEY_PIECE_PAGES, &ours);
    (void)parley_cursor_piece(lender, &retrieval->lender_cursor, ours.pages, &theirs);
    enum parley_port_status status =
        parley_port_memory_map(vm->context, range_ipa(&ours), lender->context, range_ipa(&theirs),
                               theirs.pages, retrieval->access);
    if (status != PARLEY_PORT_OK) {
        parley_retrieval_fail(vm, retrieval,
                              status == PARLEY_PORT_NO_MEMORY ? FFA_NO_MEMORY : FFA_DENIED);
        return;
    }
    retrieval->pages_mapped += theirs.pages;
    parley_cursor_advance(vm, &retrieval->cursor, theirs.pages);
    parley_cursor_advance(lender, &retrieval->lender_cursor, theirs.pages);
}

void parley_take_map(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender;

    if (retrieval->pages_mapped == retrieval->pages) {
        after_mapping(vm, retrieval);
        return;
    }
    lender = parley_retrieval_lender(vm, retrieval);
    if (lender == NULL) {
        parley_retrieval_fail(vm, retrieval, FFA_ABORTED);
        return;
    }
    map_piece(vm, lender, retrieval);
    parley_endpoint_drop(lender);
}

/* --- Given for good ------------------------------------------------------- */

void parley_take_adopt(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct memory_range piece;

    if (!parley_cursor_piece(vm, &retrieval->cursor, PARLEY_PIECE_PAGES, &piece)) {
        retrieval_enter(retrieval, RETRIEVAL_GIVE);
        return;
    }
    parley_port_memory_adopt(vm->context, range_ipa(&piece), piece.pages);
    parley_cursor_advance(vm, &retrieval->cursor, piece.pages);
}

/* The former owner's half, if it still lives; its own end does the same. */
void parley_take_give(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct parley_vm *lender = parley_retrieval_lender(vm, retrieval);

    if (lender != NULL) {
        struct transaction *transaction = parley_retrieval_transaction(lender, retrieval);

        parley_step_release(lender, transaction);
        if (transaction->step == STEP_IDLE) {
            parley_transaction_forget(lender, transaction);
            retrieval_enter(retrieval, RETRIEVAL_ANSWER);
        }
        parley_endpoint_drop(lender);
        return;
    }
    retrieval_enter(retrieval, RETRIEVAL_ANSWER);
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

/* One range of it. It fits: that was seen to before anything was agreed. */
void parley_take_answer(struct parley_vm *vm, struct retrieval *retrieval)
{
    uint8_t bytes[sizeof(struct ffa_mem_constituent)];

    if (retrieval->answer_bytes == 0) {
        write_header(vm, word_version(parley_load_acquire(&vm->word)), retrieval);
    }
    if (retrieval->cursor.place == EXTENT_NONE) {
        retrieval->step = retrieval->type == FFA_MEM_TYPE_DONATE ? RETRIEVAL_KEEP : RETRIEVAL_IDLE;
        return;
    }
    const struct extent *range = extent_at(vm, retrieval->cursor.place);
    struct memory_range constituent = {.address = range->page * FFA_PAGE_SIZE,
                                       .pages = range->pages};
    parley_layout_constituent_encode(&constituent, bytes);
    (void)parley_rx_write(vm, retrieval->answer_bytes, bytes, sizeof(bytes));
    retrieval->answer_bytes += (uint32_t)sizeof(bytes);
    retrieval->cursor.place = range->next;
}

/* A range that is the VM's own from now on: in its window, or where it had been before. */
void parley_take_keep(struct parley_vm *vm, struct retrieval *retrieval)
{
    struct extents *extents = &vm->memory.extents;
    uint32_t place = retrieval->first;
    struct extent *range;
    uint32_t given;

    if (place == EXTENT_NONE) {
        retrieval->step = RETRIEVAL_IDLE;
        return;
    }
    range = extent_at(vm, place);
    parley_lock_take(&vm->memory.lock);
    retrieval->first = range->next;
    given = parley_extents_find(extents, EXTENTS_OWN, range->page, range->pages);
    if (given != EXTENT_NONE && extent_at(vm, given)->kind == EXTENT_GIVEN) {
        parley_extents_remove(extents, given);
        parley_extents_remove(extents, place);
    } else {
        range->kind = EXTENT_RECEIVED;
    }
    parley_lock_drop(&vm->memory.lock);
}
