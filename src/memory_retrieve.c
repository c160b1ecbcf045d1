/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What FFA_MEM_RETRIEVE_REQ asks for (FF-A memory management 1.2, 2.4): the request is read from
 * the TX buffer once, and compared with what the lender said.
 */
#include "internal.h"

/* A request, without the ranges that it may name. */
struct request {
    struct memory_header header;
    unsigned int own; /* which of these is the caller's */
    struct memory_access access[PARLEY_BORROWERS_MAX];
    struct memory_composite composite; /* no ranges: Parley chooses the place */
};

/* --- Decode --------------------------------------------------------------- */

static bool read_accesses(const struct call *call, uint32_t bytes, struct request *request)
{
    request->own = PARLEY_BORROWERS_MAX;
    for (unsigned int i = 0; i < request->header.access_count; i++) {
        struct memory_access *access = &request->access[i];

        if (!parley_memory_read_access(call, bytes, &request->header, i, access)) {
            return false;
        }
        bool is_own = access->endpoint == call->vm->id;
        bool retrieves = (access->flags & FFA_MEM_ACCESS_NON_RETRIEVAL) == 0;
        if (is_own != retrieves || (is_own && request->own != PARLEY_BORROWERS_MAX)) {
            return false;
        }
        request->own = is_own ? i : request->own;
    }
    return request->own != PARLEY_BORROWERS_MAX;
}

static bool read_request(const struct call *call, uint32_t bytes, struct request *request)
{
    uint64_t behind;

    if (!parley_memory_read_header(call, bytes, &request->header) ||
        !read_accesses(call, bytes, request)) {
        return false;
    }
    request->composite = (struct memory_composite){.ranges = 0};
    if (request->access[request->own].composite_offset != 0) {
        return parley_memory_read_composite(call, bytes, bytes, &request->header,
                                            request->access[request->own].composite_offset,
                                            &request->composite);
    }
    behind = request->header.access_offset +
             (uint64_t)request->header.access_count * request->header.access_bytes;
    return behind == bytes;
}

/* --- Check ---------------------------------------------------------------- */

#define FLAGS_KNOWN                                                                          \
    (FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE | FFA_MEM_RETRIEVE_REQ_TIME_SLICE |                    \
     FFA_MEM_RETRIEVE_REQ_ZERO_AFTER | FFA_MEM_TYPE_MASK | FFA_MEM_RETRIEVE_REQ_ALIGN_MASK | \
     FFA_MEM_RETRIEVE_REQ_ALIGN_VALID)

static bool bypasses(const struct call *call, const struct request *request)
{
    return call->version >= VERSION_1_2 &&
           (request->header.flags & FFA_MEM_RETRIEVE_REQ_BYPASS) != 0;
}

/* What can be said of the flags without the transaction. */
static bool flags_are_valid(const struct call *call, const struct request *request)
{
    uint32_t flags = request->header.flags;
    bool has_hint = (flags & FFA_MEM_RETRIEVE_REQ_ALIGN_VALID) != 0;

    if ((flags & parley_memory_reserved_flags(call, FLAGS_KNOWN)) != 0 ||
        (flags & FFA_MEM_RETRIEVE_REQ_TIME_SLICE) != 0) {
        return false;
    }
    if (!has_hint && (flags & FFA_MEM_RETRIEVE_REQ_ALIGN_MASK) != 0) {
        return false;
    }
    return !has_hint || request->composite.ranges == 0;
}

/* The attributes that the borrower would like: it gets Normal write-back memory, or nothing. */
static int32_t check_attributes(uint32_t attributes)
{
    if ((attributes & FFA_MEM_ATTR_NS) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    return (attributes & FFA_MEM_ATTR_TYPE_MASK) == FFA_MEM_ATTR_TYPE_NONE
               ? FFA_OK
               : parley_memory_check_attributes(attributes);
}

/* Whether the one borrower that it has may say how the memory is to be executed. */
static bool may_execute(const struct transaction *transaction)
{
    return transaction->type == FFA_MEM_TYPE_DONATE ||
           (transaction->type == FFA_MEM_TYPE_LEND && transaction->borrower_count == 1);
}

/* The permissions to map with, all of them said: in *permissions. */
static int32_t check_permissions(const struct transaction *transaction, uint8_t granted,
                                 uint8_t asked, uint8_t *permissions)
{
    uint32_t data = asked & FFA_MEM_ACCESS_DATA_MASK;
    uint32_t instruction = asked & FFA_MEM_ACCESS_INSTR_MASK;

    if (data == FFA_MEM_ACCESS_DATA_MASK || instruction == FFA_MEM_ACCESS_INSTR_MASK) {
        return FFA_INVALID_PARAMETERS;
    }
    if (instruction != FFA_MEM_ACCESS_INSTR_NONE && !may_execute(transaction)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (transaction->type == FFA_MEM_TYPE_DONATE) {
        granted = FFA_MEM_ACCESS_DATA_RW;
        data = data == FFA_MEM_ACCESS_DATA_NONE ? FFA_MEM_ACCESS_DATA_RW : data;
    }
    if (data == FFA_MEM_ACCESS_DATA_NONE) {
        return FFA_INVALID_PARAMETERS;
    }
    if (data > (granted & FFA_MEM_ACCESS_DATA_MASK)) {
        return FFA_DENIED;
    }
    instruction = instruction == FFA_MEM_ACCESS_INSTR_NONE ? FFA_MEM_ACCESS_INSTR_XN : instruction;
    *permissions = (uint8_t)(data | instruction);
    return FFA_OK;
}

static int32_t check_flags(const struct transaction *transaction, uint32_t flags,
                           uint8_t permissions)
{
    uint32_t type = flags & FFA_MEM_TYPE_MASK;
    uint32_t zero = flags & (FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE | FFA_MEM_RETRIEVE_REQ_ZERO_AFTER);
    bool is_writable = (permissions & FFA_MEM_ACCESS_DATA_MASK) == FFA_MEM_ACCESS_DATA_RW;

    if (type != FFA_MEM_TYPE_ANY && type != transaction->type) {
        return FFA_INVALID_PARAMETERS;
    }
    if (zero != 0 && transaction->type == FFA_MEM_TYPE_SHARE) {
        return FFA_INVALID_PARAMETERS;
    }
    if (zero != 0 && !is_writable) {
        return FFA_DENIED;
    }
    bool was_zeroed = (transaction->flags & FFA_MEM_SEND_ZERO) != 0;
    return (zero & FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE) != 0 && !was_zeroed ? FFA_DENIED : FFA_OK;
}

static const struct borrower *borrower_of(const struct transaction *transaction, uint16_t id)
{
    for (unsigned int i = 0; i < transaction->borrower_count; i++) {
        if (transaction->borrowers[i].id == id) {
            return &transaction->borrowers[i];
        }
    }
    return NULL;
}

/* The caller knows who borrows beside it, and what they may. */
static int32_t check_others(const struct call *call, const struct transaction *transaction,
                            const struct request *request)
{
    if (bypasses(call, request)) {
        return transaction->borrower_count > 1 ? FFA_OK : FFA_INVALID_PARAMETERS;
    }
    if (request->header.access_count != transaction->borrower_count) {
        return FFA_INVALID_PARAMETERS;
    }
    for (unsigned int i = 0; i < request->header.access_count; i++) {
        const struct memory_access *access = &request->access[i];
        const struct borrower *borrower = borrower_of(transaction, access->endpoint);

        if (borrower == NULL) {
            return FFA_INVALID_PARAMETERS;
        }
        /* As many as there are, and none twice. */
        for (unsigned int j = 0; j < i; j++) {
            if (request->access[j].endpoint == access->endpoint) {
                return FFA_INVALID_PARAMETERS;
            }
        }
        if (i != request->own && access->permissions != borrower->permissions) {
            return FFA_DENIED;
        }
    }
    return FFA_OK;
}

/* The lender's words are repeated, where the descriptor has room for them. */
static bool has_impdef(const struct memory_header *header, const struct memory_access *access,
                       const struct borrower *borrower)
{
    return header->access_bytes < sizeof(struct ffa_mem_access_1_2) ||
           (access->impdef[0] == borrower->impdef[0] && access->impdef[1] == borrower->impdef[1]);
}

static int32_t check_against(const struct call *call, const struct transaction *transaction,
                             const struct borrower *borrower, const struct request *request,
                             uint8_t *permissions)
{
    const struct memory_access *access = &request->access[request->own];
    int32_t status;

    if (request->header.tag != transaction->tag ||
        !has_impdef(&request->header, access, borrower)) {
        return FFA_INVALID_PARAMETERS;
    }
    status = check_others(call, transaction, request);
    if (status == FFA_OK) {
        status =
            check_permissions(transaction, borrower->permissions, access->permissions, permissions);
    }
    if (status == FFA_OK) {
        status = check_flags(transaction, request->header.flags, *permissions);
    }
    if (status != FFA_OK) {
        return status;
    }
    if (request->composite.ranges != 0 && request->composite.pages != transaction->pages) {
        return FFA_INVALID_PARAMETERS;
    }
    return borrower->state == BORROWER_NONE ? FFA_OK : FFA_DENIED;
}

/* --- Do ------------------------------------------------------------------- */

/* How a page is mapped for these permissions. */
static enum parley_access access_of(uint8_t permissions)
{
    bool is_writable = (permissions & FFA_MEM_ACCESS_DATA_MASK) == FFA_MEM_ACCESS_DATA_RW;
    bool is_executable = (permissions & FFA_MEM_ACCESS_INSTR_MASK) == FFA_MEM_ACCESS_INSTR_X;

    if (is_executable) {
        return is_writable ? PARLEY_ACCESS_RWX : PARLEY_ACCESS_RX;
    }
    return is_writable ? PARLEY_ACCESS_RW : PARLEY_ACCESS_RO;
}

static void fill_in(struct retrieval *retrieval, const struct transaction *transaction,
                    const struct request *request, uint8_t permissions)
{
    uint32_t flags = request->header.flags;
    uint32_t hint = (flags & FFA_MEM_RETRIEVE_REQ_ALIGN_MASK) >> FFA_MEM_RETRIEVE_REQ_ALIGN_SHIFT;

    retrieval->access = access_of(permissions);
    retrieval->permissions = permissions;
    retrieval->type = transaction->type;
    retrieval->is_alone = transaction->borrower_count == 1;
    retrieval->zero = (flags & FFA_MEM_RETRIEVE_REQ_ZERO_AFTER) != 0;
    retrieval->pages = transaction->pages;
    retrieval->lender_cursor = (struct cursor){.place = transaction->first, .page = 0};
    retrieval->align_pages = 1u << hint;
    retrieval->ranges_asked = request->composite.ranges;
    retrieval->flags = transaction->flags;
    retrieval->tag = transaction->tag;
    retrieval->impdef[0] = request->access[request->own].impdef[0];
    retrieval->impdef[1] = request->access[request->own].impdef[1];
}

/* Whether the last borrower has let go, and what it left is being zeroed. */
static bool is_being_zeroed(const struct transaction *transaction)
{
    for (unsigned int i = 0; i < transaction->borrower_count; i++) {
        if (transaction->borrowers[i].state == BORROWER_ZEROES) {
            return true;
        }
    }
    return false;
}

/* Compares the request with the transaction, and takes the caller's part in it. */
static int32_t take_part(const struct call *call, struct parley_vm *lender, uint32_t generation,
                         const struct request *request, struct retrieval *retrieval)
{
    struct transaction *transaction = parley_transaction_find(lender, request->header.handle);
    struct borrower *borrower;
    uint8_t permissions;

    if (transaction == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    borrower = parley_transaction_borrower(transaction, call->vm);
    if (borrower == NULL || transaction->state == PARLEY_TRANSACTION_BUILDING ||
        transaction->state == PARLEY_TRANSACTION_SENT) {
        return FFA_INVALID_PARAMETERS;
    }
    if (transaction->state != PARLEY_TRANSACTION_ACTIVE) {
        return FFA_DENIED;
    }
    int32_t status = check_against(call, transaction, borrower, request, &permissions);
    if (status != FFA_OK) {
        return status;
    }
    if (is_being_zeroed(transaction)) {
        return FFA_BUSY;
    }
    borrower->state = BORROWER_RETRIEVING;
    retrieval->lender_generation = generation;
    retrieval->transaction = (uint32_t)(transaction - lender->memory.transactions);
    retrieval->borrower = (uint32_t)(borrower - transaction->borrowers);
    fill_in(retrieval, transaction, request, permissions);
    return FFA_OK;
}

/* With a record for it: finds the lender, whoever may discover whom: it has named the caller. */
static int32_t agree(const struct call *call, const struct request *request,
                     struct retrieval *retrieval)
{
    struct parley_vm *lender = parley_vm_place(call->vm->parley, request->header.sender);
    int32_t status;
    uint64_t word;

    if (lender == NULL || lender == call->vm || !parley_endpoint_take(lender, &word)) {
        return FFA_INVALID_PARAMETERS;
    }
    parley_lock_take(&lender->memory.lock);
    status = take_part(call, lender, word_generation(word), request, retrieval);
    parley_lock_drop(&lender->memory.lock);
    parley_endpoint_drop(lender);
    return status;
}

/* How long the answer is. It may have longer access descriptors than the request. */
static uint64_t answer_bytes(const struct call *call, const struct request *request)
{
    uint64_t ranges = request->composite.ranges != 0 ? request->composite.ranges : 1;

    return parley_layout_transaction_bytes(call->version) +
           parley_layout_access_bytes(call->version) + sizeof(struct ffa_mem_composite) +
           ranges * sizeof(struct ffa_mem_constituent);
}

int32_t parley_retrieve_begin(const struct call *call, uint32_t bytes, struct retrieval **retrieval)
{
    struct request request;
    int32_t status;

    if (!read_request(call, bytes, &request) || !flags_are_valid(call, &request)) {
        return FFA_INVALID_PARAMETERS;
    }
    status = check_attributes(request.header.attributes);
    if (status != FFA_OK) {
        return status;
    }
    if (answer_bytes(call, &request) > parley_rxtx_bytes(call->vm)) {
        return FFA_NO_MEMORY;
    }
    *retrieval = parley_retrieval_begin(call->vm, request.header.sender, request.header.handle);
    if (*retrieval == NULL) {
        return FFA_NO_MEMORY;
    }
    if (request.composite.ranges != 0) {
        (*retrieval)->step = RETRIEVAL_READ;
    }
    (*retrieval)->ranges_offset =
        request.access[request.own].composite_offset + (uint32_t)sizeof(struct ffa_mem_composite);
    status = agree(call, &request, *retrieval);
    if (status != FFA_OK) {
        parley_retrieval_forget(call->vm, *retrieval);
    }
    return status;
}
