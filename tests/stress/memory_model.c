/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_model.h"

#define FRAMES_MAX 8193u

struct model_vm model[MODEL_VMS + 1];
uint8_t model_colour[FRAMES_MAX];
uint8_t model_rights[MODEL_VMS + 1][MODEL_VMS + 1];
bool model_either;

/* --- Pages ------------------------------------------------------------------------------------ */

uint64_t model_ipa(unsigned int page)
{
    return page < MODEL_RAM ? MODEL_RAM_IPA + (uint64_t)page * FFA_PAGE_SIZE
                            : MODEL_WINDOW_IPA + (uint64_t)(page - MODEL_RAM) * FFA_PAGE_SIZE;
}

/* Whether all of the range is of RAM, or all of the window; *to is it then. */
bool model_find_range(const struct ffa_mem_constituent *range, struct model_range *to)
{
    for (unsigned int page = 0; page < MODEL_PAGES; page++) {
        unsigned int end = page < MODEL_RAM ? MODEL_RAM : MODEL_PAGES;

        if (model_ipa(page) == range->address) {
            *to = (struct model_range){page, range->page_count};
            return range->page_count <= end - page;
        }
    }
    return false;
}

enum parley_access model_access(const struct model_page *page)
{
    return page->frame == 0 || page->is_revoked ? PARLEY_ACCESS_NONE : page->access;
}

static bool is_writable(const struct model_page *page)
{
    return page->access == PARLEY_ACCESS_RW || page->access == PARLEY_ACCESS_RWX;
}

struct model_page *model_page_in(uint16_t id, const struct model_range *range, unsigned int n)
{
    return &model[id].page[range->page + n];
}

static void zero_range(uint16_t id, const struct model_range *range)
{
    for (unsigned int i = 0; i < range->pages; i++) {
        model_colour[model_page_in(id, range, i)->frame] = 0;
    }
}

static bool are_same(const struct model_range *a, const struct model_range *b)
{
    return a->page == b->page && a->pages == b->pages;
}

static bool overlap(const struct model_range *a, const struct model_range *b)
{
    return a->page < b->page + b->pages && b->page < a->page + a->pages;
}

bool model_overlaps_any(const struct model_range *list, unsigned int count,
                        const struct model_range *range)
{
    for (unsigned int i = 0; i < count; i++) {
        if (overlap(&list[i], range)) {
            return true;
        }
    }
    return false;
}

/* Takes it out of a list; false if it is not in it. */
bool model_take_out(struct model_range *list, unsigned int *count, const struct model_range *range)
{
    for (unsigned int i = 0; i < *count; i++) {
        if (are_same(&list[i], range)) {
            list[i] = list[--*count];
            return true;
        }
    }
    return false;
}

bool model_is_in(const struct model_range *list, unsigned int count,
                 const struct model_range *range)
{
    for (unsigned int i = 0; i < count; i++) {
        if (are_same(&list[i], range)) {
            return true;
        }
    }
    return false;
}

/* --- Lives ------------------------------------------------------------------------------------ */

void model_set_access(uint16_t id, unsigned int page, enum parley_access access)
{
    model[id].page[page].access = access;
}

void model_begin(uint16_t id, uint32_t version, const struct posix_stage2 *ram)
{
    unsigned int life = model[id].life;

    memset(&model[id], 0, sizeof(model[id]));
    model[id].is_there = true;
    model[id].life = life + 1;
    model[id].version = version;
    model[id].ranges = 2;
    for (unsigned int i = 0; i < MODEL_RAM; i++) {
        model[id].page[i] =
            (struct model_page){.frame = ram[i].frame, .access = PARLEY_ACCESS_RWX, .is_own = true};
        model_colour[ram[i].frame] = 0;
    }
}

void model_give_back(uint16_t id, struct model_transaction *transaction)
{
    for (unsigned int i = 0; i < transaction->taken_count; i++) {
        if (transaction->zero) {
            zero_range(id, &transaction->taken[i]);
        }
        for (unsigned int j = 0; j < transaction->taken[i].pages; j++) {
            model_page_in(id, &transaction->taken[i], j)->is_granted = false;
            model_page_in(id, &transaction->taken[i], j)->is_revoked = false;
        }
    }
    model[id].ranges -= transaction->taken_count;
    transaction->is_there = false;
    if (model[id].building == transaction) {
        model[id].building = NULL;
    }
}

static struct model_transaction *transaction_of(const struct model_loan *loan)
{
    const struct model_vm *lender = &model[loan->lender];

    if (!lender->is_there || lender->life != loan->lender_life) {
        return NULL;
    }
    return &model[loan->lender].transaction[loan->transaction];
}

bool model_is_held(const struct model_transaction *transaction)
{
    for (unsigned int i = 0; i < transaction->grant.borrowers; i++) {
        if (transaction->holds[i]) {
            return true;
        }
    }
    return false;
}

/* Zeroed now if nobody else can have it, or else once the last of them has let go. */
void model_let_go(uint16_t id, struct model_loan *loan)
{
    struct model_transaction *transaction = transaction_of(loan);

    for (unsigned int i = 0; i < loan->ranges; i++) {
        if (loan->zero && loan->is_alone) {
            zero_range(id, &loan->range[i]);
        }
        for (unsigned int j = 0; j < loan->range[i].pages; j++) {
            *model_page_in(id, &loan->range[i], j) = (struct model_page){.frame = 0};
        }
    }
    model[id].ranges -= loan->ranges;
    loan->is_there = false;
    if (transaction == NULL) {
        return;
    }
    transaction->holds[loan->borrower] = false;
    transaction->zero |= loan->zero && !loan->is_alone;
    if (transaction->zero && !model_is_held(transaction)) {
        for (unsigned int i = 0; i < transaction->taken_count; i++) {
            zero_range(loan->lender, &transaction->taken[i]);
        }
        transaction->zero = false;
    }
}

static void end_all(uint16_t id)
{
    for (unsigned int i = 0; i < MODEL_TRANSACTIONS; i++) {
        if (model[id].loan[i].is_there) {
            model_let_go(id, &model[id].loan[i]);
        }
    }
    for (unsigned int i = 0; i < MODEL_TRANSACTIONS; i++) {
        struct model_transaction *transaction = &model[id].transaction[i];

        if (transaction->is_there) {
            transaction->zero &= !model_is_held(transaction); /* who has it keeps what is in it */
            model_give_back(id, transaction);
        }
    }
}

void model_next_life(uint16_t id)
{
    struct model_vm *vm = &model[id];

    end_all(id);
    vm->life++;
    for (unsigned int i = MODEL_RAM; i < MODEL_PAGES; i++) {
        vm->page[i] = (struct model_page){.frame = 0};
    }
    vm->ranges = 2;
    vm->given_count = 0;
    vm->received_count = 0;
}

void model_fill(uint16_t id, const struct posix_stage2 *ram)
{
    for (unsigned int i = 0; i < MODEL_RAM; i++) {
        if (model[id].page[i].frame != ram[i].frame) {
            model[id].page[i] = (struct model_page){
                .frame = ram[i].frame, .access = PARLEY_ACCESS_RWX, .is_own = true};
        }
        if (is_writable(&model[id].page[i])) {
            model_colour[ram[i].frame] = 0;
        }
    }
}

void model_end(uint16_t id)
{
    end_all(id);
    model[id].is_there = false;
}

/* --- Sending ---------------------------------------------------------------------------------- */

static int32_t check_permissions(uint32_t type, uint8_t permissions)
{
    if (type == FFA_MEM_TYPE_DONATE) {
        return permissions == 0 ? FFA_OK : FFA_INVALID_PARAMETERS;
    }
    return permissions == DATA_RO || permissions == DATA_RW ? FFA_OK : FFA_INVALID_PARAMETERS;
}

static int32_t check_borrower(uint16_t id, uint32_t type, const struct grant *grant, unsigned int n)
{
    uint16_t borrower = grant->borrower[n].id;

    for (unsigned int i = 0; i < n; i++) {
        if (grant->borrower[i].id == borrower) {
            return FFA_INVALID_PARAMETERS;
        }
    }
    if (borrower == id || check_permissions(type, grant->borrower[n].permissions) != FFA_OK) {
        return FFA_INVALID_PARAMETERS;
    }
    if (borrower == 0 || borrower > MODEL_VMS || !model[borrower].is_there ||
        (model_rights[id][borrower] & PARLEY_MAY_DISCOVER) == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    return (model_rights[id][borrower] & PARLEY_MAY_SHARE) != 0 ? FFA_OK : FFA_DENIED;
}

static int32_t check_send(uint16_t id, uint32_t type, const struct grant *grant)
{
    bool chooses =
        type == FFA_MEM_TYPE_DONATE || (type == FFA_MEM_TYPE_LEND && grant->borrowers == 1);
    int32_t status = FFA_OK;

    if (grant->owner != id) {
        return FFA_DENIED;
    }
    if ((type == FFA_MEM_TYPE_DONATE && grant->borrowers != 1) ||
        (type == FFA_MEM_TYPE_SHARE && (grant->flags & FFA_MEM_SEND_ZERO) != 0)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (grant->attributes != (chooses ? 0 : FFA_MEM_ATTR_NORMAL_WB_INNER)) {
        return FFA_INVALID_PARAMETERS;
    }
    for (unsigned int i = 0; i < grant->borrowers && status == FFA_OK; i++) {
        status = check_borrower(id, type, grant, i);
    }
    return status;
}

static unsigned int pages_taken(const struct model_transaction *transaction)
{
    unsigned int pages = 0;

    for (unsigned int i = 0; i < transaction->taken_count; i++) {
        pages += transaction->taken[i].pages;
    }
    return pages;
}

/* Whether some page of it is a buffer, granted, or was given away and is not back. */
static bool is_spoken_for(uint16_t id, const struct model_range *range)
{
    if (range->page < 2) {
        return true;
    }
    for (unsigned int i = 0; i < range->pages; i++) {
        if (model_page_in(id, range, i)->is_granted) {
            return true;
        }
    }
    return model_overlaps_any(model[id].given, model[id].given_count, range);
}

/* One more range is announced to be the transaction's. */
static int32_t take_range(uint16_t id, struct model_transaction *transaction,
                          const struct ffa_mem_constituent *described)
{
    struct model_range range;
    bool is_own;
    bool is_other;

    if (described->page_count > transaction->grant.pages - pages_taken(transaction) ||
        described->page_count == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    if (!model_find_range(described, &range)) {
        return FFA_DENIED; /* the walk names no range that is partly memory */
    }
    is_own = model_overlaps_any(transaction->taken, transaction->taken_count, &range);
    is_other = is_spoken_for(id, &range);
    if (is_own || is_other) {
        model_either = is_own && is_other;
        return is_own ? FFA_INVALID_PARAMETERS : FFA_DENIED;
    }
    if (model[id].ranges == MODEL_RANGES + 2) {
        return FFA_NO_MEMORY;
    }
    model[id].ranges++;
    transaction->taken[transaction->taken_count++] = range;
    return FFA_OK;
}

static bool must_write(const struct model_transaction *transaction)
{
    const struct grant *grant = &transaction->grant;

    for (unsigned int i = 0; i < grant->borrowers; i++) {
        if (grant->borrower[i].permissions == DATA_RW) {
            return true;
        }
    }
    return transaction->type == FFA_MEM_TYPE_DONATE || (grant->flags & FFA_MEM_SEND_ZERO) != 0;
}

/* Its pages, which were only announced: the VM must own them, and have the right to grant them. */
static int32_t grant_range(uint16_t id, struct model_transaction *transaction,
                           const struct model_range *range)
{
    for (unsigned int i = 0; i < range->pages; i++) {
        struct model_page *page = model_page_in(id, range, i);

        if (page->frame == 0 || !page->is_own || (must_write(transaction) && !is_writable(page))) {
            return FFA_DENIED;
        }
        page->is_granted = true;
        transaction->is_read_only |= !is_writable(page);
    }
    return FFA_OK;
}

static void revoke(uint16_t id, struct model_transaction *transaction)
{
    for (unsigned int i = 0; i < transaction->taken_count; i++) {
        for (unsigned int j = 0; j < transaction->taken[i].pages; j++) {
            model_page_in(id, &transaction->taken[i], j)->is_revoked =
                transaction->type != FFA_MEM_TYPE_SHARE;
        }
        if ((transaction->grant.flags & FFA_MEM_SEND_ZERO) != 0) {
            zero_range(id, &transaction->taken[i]);
        }
    }
}

static int32_t take_fragment(uint16_t id, struct model_transaction *transaction,
                             unsigned int ranges, bool fails)
{
    unsigned int first = transaction->taken_count;
    int32_t status = FFA_OK;

    for (unsigned int i = 0; i < ranges && status == FFA_OK; i++) {
        status = take_range(id, transaction, &transaction->range[first + i]);
    }
    if (status == FFA_OK && fails && ranges != 0) {
        status = FFA_NO_MEMORY;
    }
    for (unsigned int i = first; i < transaction->taken_count && status == FFA_OK; i++) {
        status = grant_range(id, transaction, &transaction->taken[i]);
    }
    if (status == FFA_OK && transaction->taken_count == transaction->grant.ranges &&
        pages_taken(transaction) != transaction->grant.pages) {
        status = FFA_INVALID_PARAMETERS;
    }
    if (status != FFA_OK) {
        model_give_back(id, transaction);
        return status;
    }
    model[id].building = transaction;
    if (transaction->taken_count == transaction->grant.ranges) {
        revoke(id, transaction);
        model[id].building = NULL;
    }
    return FFA_OK;
}

static struct model_transaction *free_transaction(uint16_t id)
{
    for (unsigned int i = 0; i < MODEL_TRANSACTIONS; i++) {
        if (!model[id].transaction[i].is_there) {
            return &model[id].transaction[i];
        }
    }
    return NULL;
}

int32_t model_send(uint16_t id, uint32_t type, const struct grant *grant, unsigned int ranges,
                   bool fails, struct model_transaction **transaction)
{
    struct model_transaction *found = free_transaction(id);
    int32_t status = model[id].building != NULL ? FFA_BUSY : check_send(id, type, grant);

    if (status != FFA_OK) {
        return status;
    }
    if (found == NULL) {
        return FFA_NO_MEMORY;
    }
    *found = (struct model_transaction){.is_there = true, .type = type, .grant = *grant};
    memcpy(found->range, grant->range, grant->ranges * sizeof(found->range[0]));
    for (unsigned int i = 0; i < grant->borrowers; i++) {
        found->life[i] = model[grant->borrower[i].id].life;
    }
    *transaction = found;
    return take_fragment(id, found, ranges, fails);
}

int32_t model_send_more(uint16_t id, unsigned int ranges, bool fails)
{
    return take_fragment(id, model[id].building, ranges, fails);
}
