/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's borrowers: what they get, where, and how they give it back. */
#include <string.h>

#include "memory_model.h"

/* --- Retrieving ------------------------------------------------------------------------------- */

static struct model_transaction *find_transaction(uint16_t id, uint64_t handle)
{
    for (unsigned int i = 0; i < MODEL_TRANSACTIONS && model[id].is_there; i++) {
        if (model[id].transaction[i].is_there && model[id].transaction[i].handle == handle) {
            return &model[id].transaction[i];
        }
    }
    return NULL;
}

/* Which borrower of it the VM is, in this life of its; as many as there are if it is none. */
static unsigned int borrower_number(uint16_t id, const struct model_transaction *transaction)
{
    unsigned int i = 0;

    while (i < transaction->grant.borrowers &&
           (transaction->grant.borrower[i].id != id || transaction->life[i] != model[id].life)) {
        i++;
    }
    return i;
}

static const struct grant_borrower *borrower_named(const struct grant *grant, uint16_t id)
{
    for (unsigned int i = 0; i < grant->borrowers; i++) {
        if (grant->borrower[i].id == id) {
            return &grant->borrower[i];
        }
    }
    return NULL;
}

static int32_t check_others(uint16_t id, const struct grant *grant, const struct grant *request)
{
    if (request->borrowers != grant->borrowers) {
        return FFA_INVALID_PARAMETERS;
    }
    for (unsigned int i = 0; i < request->borrowers; i++) {
        const struct grant_borrower *named = borrower_named(grant, request->borrower[i].id);

        if (named == NULL) {
            return FFA_INVALID_PARAMETERS;
        }
        if (named->id != id && named->permissions != request->borrower[i].permissions) {
            return FFA_DENIED;
        }
    }
    return FFA_OK;
}

/* The permissions that it gets, in *permissions. */
static int32_t check_access(const struct model_transaction *transaction, uint8_t granted,
                            uint8_t asked, uint8_t *permissions)
{
    uint8_t data = asked & 3;
    uint8_t instruction = asked & 12;
    bool may_run = transaction->type == FFA_MEM_TYPE_DONATE ||
                   (transaction->type == FFA_MEM_TYPE_LEND && transaction->grant.borrowers == 1);

    if (transaction->type == FFA_MEM_TYPE_DONATE) {
        granted = DATA_RW;
        data = data == 0 ? DATA_RW : data;
    }
    if (data == 0 || data == 3 || instruction == 12 || (instruction != 0 && !may_run)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (data == DATA_RW && granted == DATA_RO) {
        return FFA_DENIED;
    }
    *permissions = data | (instruction == FFA_MEM_ACCESS_INSTR_X ? FFA_MEM_ACCESS_INSTR_X
                                                                 : FFA_MEM_ACCESS_INSTR_XN);
    return FFA_OK;
}

static int32_t check_flags(const struct model_transaction *transaction, uint32_t flags,
                           uint8_t permissions)
{
    uint32_t type = flags & FFA_MEM_TYPE_MASK;
    bool before = (flags & FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE) != 0;
    bool after = (flags & FFA_MEM_RETRIEVE_REQ_ZERO_AFTER) != 0;

    if (type != 0 && type != transaction->type) {
        return FFA_INVALID_PARAMETERS;
    }
    if ((before || after) && transaction->type == FFA_MEM_TYPE_SHARE) {
        return FFA_INVALID_PARAMETERS;
    }
    if ((before || after) && (permissions & 3) == DATA_RO) {
        return FFA_DENIED;
    }
    return before && (transaction->grant.flags & FFA_MEM_SEND_ZERO) == 0 ? FFA_DENIED : FFA_OK;
}

static unsigned int pages_described(const struct grant *request)
{
    unsigned int pages = 0;

    for (unsigned int i = 0; i < request->ranges; i++) {
        pages += request->range[i].page_count;
    }
    return pages;
}

static int32_t check_retrieval(uint16_t id, const struct model_transaction *transaction,
                               const struct grant *request, uint8_t *permissions)
{
    unsigned int number = borrower_number(id, transaction);
    const struct grant_borrower *granted = &transaction->grant.borrower[number];
    const struct grant_borrower *asked = borrower_named(request, id);
    int32_t status;

    if (request->tag != transaction->grant.tag || asked->impdef[0] != granted->impdef[0]) {
        return FFA_INVALID_PARAMETERS;
    }
    if ((request->flags & FFA_MEM_RETRIEVE_REQ_BYPASS) != 0) {
        status = transaction->grant.borrowers > 1 ? FFA_OK : FFA_INVALID_PARAMETERS;
    } else {
        status = check_others(id, &transaction->grant, request);
    }
    if (status == FFA_OK) {
        status = check_access(transaction, granted->permissions, asked->permissions, permissions);
    }
    if (status == FFA_OK) {
        status = check_flags(transaction, request->flags, *permissions);
    }
    if (status == FFA_OK && request->ranges != 0 &&
        pages_described(request) != transaction->grant.pages) {
        status = FFA_INVALID_PARAMETERS;
    }
    return status == FFA_OK && transaction->holds[number] ? FFA_DENIED : status;
}

/* --- Where ------------------------------------------------------------------------------------ */

static bool is_empty(uint16_t id, const struct model_range *range)
{
    for (unsigned int i = 0; i < range->pages; i++) {
        if (model_page_in(id, range, i)->frame != 0) {
            return false;
        }
    }
    return true;
}

static int32_t add_to_loan(uint16_t id, struct model_loan *loan, const struct model_range *range)
{
    if (model_overlaps_any(loan->range, loan->ranges, range)) {
        return FFA_DENIED;
    }
    if (model[id].ranges + loan->ranges == MODEL_RANGES + 2) {
        return FFA_NO_MEMORY;
    }
    loan->range[loan->ranges++] = *range;
    return FFA_OK;
}

static int32_t place_as_asked(uint16_t id, struct model_loan *loan, const struct grant *request)
{
    int32_t status = FFA_OK;

    for (unsigned int i = 0; i < request->ranges && status == FFA_OK; i++) {
        struct model_range range;
        bool is_there = model_find_range(&request->range[i], &range);

        if (!is_there ||
            (range.page < MODEL_RAM &&
             !model_is_in(model[id].given, model[id].given_count, &range)) ||
            !is_empty(id, &range)) {
            return FFA_DENIED;
        }
        status = add_to_loan(id, loan, &range);
    }
    return status;
}

/* As high in the window as there is room, on the boundary that is asked for. */
static int32_t place_high(uint16_t id, struct model_loan *loan, unsigned int pages, uint32_t flags)
{
    uint64_t boundary = (uint64_t)FFA_PAGE_SIZE << ((flags & FFA_MEM_RETRIEVE_REQ_ALIGN_MASK) >> 5);

    for (unsigned int page = MODEL_PAGES; page-- > MODEL_RAM;) {
        struct model_range range = {page, pages};

        if (pages <= MODEL_PAGES - page && model_ipa(page) % boundary == 0 &&
            is_empty(id, &range)) {
            return add_to_loan(id, loan, &range);
        }
    }
    return FFA_NO_MEMORY;
}

/* --- Having it -------------------------------------------------------------------------------- */

static enum parley_access access_of(uint8_t permissions)
{
    bool is_rw = (permissions & 3) == DATA_RW;

    if ((permissions & FFA_MEM_ACCESS_INSTR_X) != 0) {
        return is_rw ? PARLEY_ACCESS_RWX : PARLEY_ACCESS_RX;
    }
    return is_rw ? PARLEY_ACCESS_RW : PARLEY_ACCESS_RO;
}

/* Page n of what was granted. */
static unsigned int frame_of(uint16_t lender, const struct model_transaction *transaction,
                             unsigned int n)
{
    unsigned int i = 0;

    while (n >= transaction->taken[i].pages) {
        n -= transaction->taken[i++].pages;
    }
    return model_page_in(lender, &transaction->taken[i], n)->frame;
}

static void map(uint16_t id, const struct model_loan *loan,
                const struct model_transaction *transaction)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < loan->ranges; i++) {
        for (unsigned int j = 0; j < loan->range[i].pages; j++) {
            *model_page_in(id, &loan->range[i], j) =
                (struct model_page){.frame = frame_of(loan->lender, transaction, n++),
                                    .access = access_of(loan->permissions)};
        }
    }
}

/* The receiver's half of a gift: its own from now on. */
static void receive(uint16_t id, struct model_loan *loan)
{
    struct model_vm *vm = &model[id];

    for (unsigned int i = 0; i < loan->ranges; i++) {
        for (unsigned int j = 0; j < loan->range[i].pages; j++) {
            model_page_in(id, &loan->range[i], j)->is_own = true;
        }
        if (model_take_out(vm->given, &vm->given_count, &loan->range[i])) {
            vm->ranges -= 2; /* as before it was given away */
        } else {
            vm->received[vm->received_count++] = loan->range[i];
        }
    }
    loan->is_there = false;
}

static void keep(struct model_vm *vm, unsigned int page, unsigned int end)
{
    if (page < end) {
        vm->received[vm->received_count++] =
            (struct model_range){.page = page, .pages = end - page};
        vm->ranges++;
    }
}

/* What was received is received no more, where it is given on. */
static void leave_window(struct model_vm *vm, const struct model_range *range)
{
    unsigned int end = range->page + range->pages;

    vm->ranges--;
    for (unsigned int i = 0; i < vm->received_count;) {
        struct model_range was = vm->received[i];

        if (was.page >= end || was.page + was.pages <= range->page) {
            i++;
            continue;
        }
        vm->received[i] = vm->received[--vm->received_count];
        vm->ranges--;
        keep(vm, was.page, range->page);
        keep(vm, end, was.page + was.pages);
    }
}

/* The giver's half: a gap, or room in the window again. */
static void forget(uint16_t id, struct model_transaction *transaction)
{
    struct model_vm *vm = &model[id];

    for (unsigned int i = 0; i < transaction->taken_count; i++) {
        struct model_range range = transaction->taken[i];

        for (unsigned int j = 0; j < range.pages; j++) {
            *model_page_in(id, &range, j) = (struct model_page){.frame = 0};
        }
        if (range.page < MODEL_RAM) {
            vm->given[vm->given_count++] = range;
        } else {
            leave_window(vm, &range);
        }
    }
    transaction->is_there = false;
}

static void describe(uint16_t id, const struct model_loan *loan,
                     const struct model_transaction *transaction, struct retrieved *expected)
{
    bool is_zeroed = (transaction->grant.flags & FFA_MEM_SEND_ZERO) != 0;

    expected->owner = loan->lender;
    expected->attributes = FFA_MEM_ATTR_NORMAL_WB_INNER |
                           (model[id].version == FFA_VERSION_1_0 ? 0 : (uint16_t)FFA_MEM_ATTR_NS);
    expected->flags = loan->type | (is_zeroed ? FFA_MEM_RETRIEVE_RESP_ZEROED : 0);
    expected->handle = loan->handle;
    expected->tag = transaction->grant.tag;
    expected->borrower.id = id;
    expected->borrower.permissions = loan->permissions;
    expected->borrower.impdef[0] = transaction->grant.borrower[loan->borrower].impdef[0];
    expected->pages = transaction->grant.pages;
    expected->ranges = loan->ranges;
    for (unsigned int i = 0; i < loan->ranges; i++) {
        expected->range[i] =
            (struct ffa_mem_constituent){model_ipa(loan->range[i].page), loan->range[i].pages, 0};
    }
}

static void have(uint16_t id, struct model_loan *loan, struct model_transaction *transaction)
{
    model[id].ranges += loan->ranges;
    map(id, loan, transaction);
    transaction->holds[loan->borrower] = true;
    if (loan->type == FFA_MEM_TYPE_DONATE) {
        receive(id, loan);
        forget(loan->lender, transaction);
    }
}

static struct model_loan *free_loan(uint16_t id)
{
    for (unsigned int i = 0; i < MODEL_TRANSACTIONS; i++) {
        if (!model[id].loan[i].is_there) {
            return &model[id].loan[i];
        }
    }
    return NULL;
}

static int32_t retrieve_from(uint16_t id, struct model_loan *loan,
                             struct model_transaction *transaction, const struct grant *request,
                             bool fails)
{
    int32_t status = check_retrieval(id, transaction, request, &loan->permissions);

    if (status != FFA_OK) {
        return status;
    }
    loan->type = transaction->type;
    loan->is_alone = transaction->grant.borrowers == 1;
    loan->zero = (request->flags & FFA_MEM_RETRIEVE_REQ_ZERO_AFTER) != 0;
    status = request->ranges != 0 ? place_as_asked(id, loan, request)
                                  : place_high(id, loan, transaction->grant.pages, request->flags);
    return status == FFA_OK && fails ? FFA_NO_MEMORY : status;
}

int32_t model_retrieve(uint16_t id, const struct grant *request, bool fails,
                       struct retrieved *expected)
{
    struct model_loan *loan = free_loan(id);
    struct model_loan made = {.is_there = true, .handle = request->handle};
    struct model_transaction *transaction;
    int32_t status;

    if (model[id].building != NULL) {
        return FFA_BUSY;
    }
    if (borrower_named(request, id) == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    if (loan == NULL) {
        return FFA_NO_MEMORY;
    }
    made.lender = request->owner;
    transaction = request->owner == 0 || request->owner > MODEL_VMS || request->owner == id
                      ? NULL
                      : find_transaction(request->owner, request->handle);
    if (transaction == NULL || transaction == model[made.lender].building ||
        borrower_number(id, transaction) == transaction->grant.borrowers) {
        return FFA_INVALID_PARAMETERS;
    }
    made.lender_life = model[made.lender].life;
    made.transaction = (unsigned int)(transaction - model[made.lender].transaction);
    made.borrower = borrower_number(id, transaction);
    status = retrieve_from(id, &made, transaction, request, fails);
    if (status == FFA_OK) {
        *loan = made;
        describe(id, loan, transaction, expected);
        have(id, loan, transaction);
    }
    return status;
}

/* --- Back ------------------------------------------------------------------------------------- */

static bool was_granted(uint16_t id, uint64_t handle)
{
    for (uint16_t lender = 1; lender <= MODEL_VMS; lender++) {
        const struct model_transaction *transaction = find_transaction(lender, handle);

        if (transaction != NULL && transaction != model[lender].building) {
            return borrower_number(id, transaction) != transaction->grant.borrowers;
        }
    }
    return false;
}

int32_t model_relinquish(uint16_t id, uint64_t handle, uint32_t flags)
{
    bool zero = (flags & FFA_MEM_RELINQUISH_ZERO) != 0;

    if (model[id].building != NULL) {
        return FFA_BUSY;
    }
    for (unsigned int i = 0; i < MODEL_TRANSACTIONS; i++) {
        struct model_loan *loan = &model[id].loan[i];

        if (!loan->is_there || loan->handle != handle) {
            continue;
        }
        if (zero && loan->type == FFA_MEM_TYPE_SHARE) {
            return FFA_INVALID_PARAMETERS;
        }
        if (zero && (loan->permissions & 3) == DATA_RO) {
            return FFA_DENIED;
        }
        loan->zero |= zero;
        model_let_go(id, loan);
        return FFA_OK;
    }
    return was_granted(id, handle) ? FFA_DENIED : FFA_INVALID_PARAMETERS;
}

int32_t model_reclaim(uint16_t id, uint64_t handle, uint32_t flags)
{
    struct model_transaction *transaction = find_transaction(id, handle);
    bool zero = (flags & FFA_MEM_RECLAIM_ZERO) != 0;

    if (transaction == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    if (model_is_held(transaction) || (zero && transaction->is_read_only)) {
        return FFA_DENIED;
    }
    transaction->zero |= zero;
    model_give_back(id, transaction);
    return FFA_OK;
}
