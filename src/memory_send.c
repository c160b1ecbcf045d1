/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_MEM_SHARE, LEND and DONATE, and their further fragments, FFA_MEM_FRAG_TX (FF-A memory
 * management 1.2, chapters 1, 2 and 4.1). The descriptor is read from the TX buffer once, in
 * order, into forms that only Parley writes; transaction.c does the rest, in pieces.
 *
 * The TX buffer is held from the first fragment until the last one is done with: a VM sends one
 * thing at a time.
 */
#include "internal.h"

/* What one send says, without its constituents. */
struct send {
    struct memory_header header;
    struct borrower borrowers[PARLEY_BORROWERS_MAX];
    uint8_t secure_count;
    uint32_t composite_offset;
    struct memory_composite composite;
    uint32_t type;
};

/* --- Decode --------------------------------------------------------------- */

/* The part of the held TX buffer that was sent: nothing outside of it is read. */
static bool read_tx(const struct call *call, uint64_t sent, uint64_t offset, void *to, size_t bytes)
{
    if (offset > sent || bytes > sent - offset) {
        return false;
    }
    parley_tx_read(call->vm, (size_t)offset, to, bytes);
    return true;
}

static bool access_array_is_valid(const struct memory_header *header, size_t header_bytes)
{
    if (header->access_bytes != sizeof(struct ffa_mem_access_1_0) &&
        header->access_bytes != sizeof(struct ffa_mem_access_1_2)) {
        return false;
    }
    return header->access_count != 0 && header->access_count <= PARLEY_BORROWERS_MAX &&
           header->access_offset >= header_bytes &&
           header->access_offset % FFA_MEM_ACCESS_ALIGN == 0;
}

bool parley_memory_read_header(const struct call *call, uint32_t sent, struct memory_header *header)
{
    uint8_t bytes[sizeof(struct ffa_mem_transaction_1_1)];
    size_t header_bytes = parley_layout_transaction_bytes(call->version);

    if (!read_tx(call, sent, 0, bytes, header_bytes)) {
        return false;
    }
    parley_layout_transaction_decode(bytes, call->version, header);
    return access_array_is_valid(header, header_bytes);
}

bool parley_memory_read_access(const struct call *call, uint32_t sent,
                               const struct memory_header *header, unsigned int index,
                               struct memory_access *access)
{
    uint8_t bytes[sizeof(struct ffa_mem_access_1_2)];
    uint64_t offset = header->access_offset + (uint64_t)index * header->access_bytes;

    if (!read_tx(call, sent, offset, bytes, header->access_bytes)) {
        return false;
    }
    parley_layout_access_decode(bytes, header->access_bytes, access);
    return true;
}

bool parley_memory_read_composite(const struct call *call, uint32_t sent, uint32_t total,
                                  const struct memory_header *header, uint32_t offset,
                                  struct memory_composite *composite)
{
    uint8_t bytes[sizeof(struct ffa_mem_composite)];
    uint64_t behind = header->access_offset + (uint64_t)header->access_count * header->access_bytes;

    /* Behind all that was read before, so that no byte has two meanings. */
    if (offset < behind || offset % sizeof(uint64_t) != 0 ||
        !read_tx(call, sent, offset, bytes, sizeof(bytes))) {
        return false;
    }
    parley_layout_composite_decode(bytes, composite);
    return composite->pages != 0 && composite->ranges != 0 &&
           (uint64_t)offset + sizeof(bytes) +
                   (uint64_t)composite->ranges * sizeof(struct ffa_mem_constituent) ==
               total;
}

/* --- Check ---------------------------------------------------------------- */

static uint32_t type_of(uint32_t fid)
{
    switch (fid) {
    case FFA_MEM_SHARE_32:
    case FFA_MEM_SHARE_64:
        return FFA_MEM_TYPE_SHARE;
    case FFA_MEM_LEND_32:
    case FFA_MEM_LEND_64:
        return FFA_MEM_TYPE_LEND;
    default:
        return FFA_MEM_TYPE_DONATE;
    }
}

uint32_t parley_memory_reserved_flags(const struct call *call, uint32_t known)
{
    /* Must be zero until 1.1, should be from 1.2 on. */
    return call->version >= VERSION_1_2 ? 0 : ~known;
}

static bool flags_are_valid(const struct call *call, const struct send *send)
{
    uint32_t flags = send->header.flags;

    if ((flags & parley_memory_reserved_flags(call, FFA_MEM_SEND_ZERO)) != 0 ||
        (flags & FFA_MEM_SEND_TIME_SLICE) != 0) {
        return false;
    }
    return send->type != FFA_MEM_TYPE_SHARE || (flags & FFA_MEM_SEND_ZERO) == 0;
}

/* Whether the borrower may choose the attributes: the lender says nothing then. */
static bool borrower_chooses(const struct send *send)
{
    return send->type == FFA_MEM_TYPE_DONATE ||
           (send->type == FFA_MEM_TYPE_LEND && send->header.access_count == 1);
}

static bool is_legal_normal(uint32_t attributes)
{
    uint32_t cache = attributes & FFA_MEM_ATTR_CACHE_MASK;

    return (cache == FFA_MEM_ATTR_CACHE_NC || cache == FFA_MEM_ATTR_CACHE_WB) &&
           (attributes & FFA_MEM_ATTR_SHARE_MASK) != FFA_MEM_ATTR_SHARE_RESERVED;
}

int32_t parley_memory_check_attributes(uint32_t attributes)
{
    switch (attributes & FFA_MEM_ATTR_TYPE_MASK) {
    case FFA_MEM_ATTR_TYPE_DEVICE:
        return (attributes & FFA_MEM_ATTR_SHARE_MASK) == 0 ? FFA_DENIED : FFA_INVALID_PARAMETERS;
    case FFA_MEM_ATTR_TYPE_NORMAL:
        break;
    default:
        return FFA_INVALID_PARAMETERS;
    }
    if (!is_legal_normal(attributes)) {
        return FFA_INVALID_PARAMETERS;
    }
    return (attributes & MEMORY_ATTRIBUTES) == FFA_MEM_ATTR_NORMAL_WB_INNER ? FFA_OK : FFA_DENIED;
}

static int32_t check_attributes(const struct send *send)
{
    uint32_t attributes = send->header.attributes;

    if ((attributes & FFA_MEM_ATTR_NS) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    if (borrower_chooses(send)) {
        return (attributes & MEMORY_ATTRIBUTES) == 0 ? FFA_OK : FFA_INVALID_PARAMETERS;
    }
    return parley_memory_check_attributes(attributes);
}

static bool permissions_are_valid(uint32_t type, uint8_t permissions)
{
    uint32_t data = permissions & FFA_MEM_ACCESS_DATA_MASK;

    if ((permissions & ~FFA_MEM_ACCESS_DATA_MASK) != 0) {
        return false; /* how it may be executed is not the lender's to say */
    }
    if (type == FFA_MEM_TYPE_DONATE) {
        return data == FFA_MEM_ACCESS_DATA_NONE;
    }
    return data == FFA_MEM_ACCESS_DATA_RO || data == FFA_MEM_ACCESS_DATA_RW;
}

/* Whether policy lets the VM grant memory to the endpoint; and which life of it that is. */
static int32_t find_borrower(const struct call *call, uint16_t id, uint32_t *generation)
{
    uint64_t word;

    *generation = 0;
    if (ffa_id_is_secure(id)) {
        return parley_secure_allows(call->vm, id, PARLEY_MAY_SHARE);
    }

    struct parley_vm *vm = parley_endpoint_find(call->vm, id, &word);
    if (vm == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    bool may_share = parley_policy_allows(call->vm, vm, POLICY_SHARE);
    *generation = word_generation(word);
    parley_endpoint_drop(vm);
    return may_share ? FFA_OK : FFA_DENIED;
}

static bool is_named_before(const struct send *send, unsigned int count, uint16_t id)
{
    for (unsigned int i = 0; i < count; i++) {
        if (send->borrowers[i].id == id) {
            return true;
        }
    }
    return false;
}

static int32_t read_borrower(const struct call *call, uint32_t sent, struct send *send,
                             unsigned int index)
{
    struct borrower *borrower = &send->borrowers[index];
    struct memory_access access;

    if (!parley_memory_read_access(call, sent, &send->header, index, &access)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (index == 0) {
        send->composite_offset = access.composite_offset;
    }
    if (access.endpoint == call->vm->id || is_named_before(send, index, access.endpoint) ||
        access.flags != 0 || access.composite_offset != send->composite_offset ||
        !permissions_are_valid(send->type, access.permissions)) {
        return FFA_INVALID_PARAMETERS;
    }
    *borrower = (struct borrower){.id = access.endpoint, .permissions = access.permissions};
    borrower->impdef[0] = access.impdef[0];
    borrower->impdef[1] = access.impdef[1];
    if (ffa_id_is_secure(access.endpoint)) {
        send->secure_count++;
    }
    return find_borrower(call, access.endpoint, &borrower->generation);
}

static int32_t check_header(const struct call *call, const struct send *send)
{
    if (send->header.sender != call->vm->id) {
        return FFA_DENIED;
    }
    if (send->header.handle != 0 || !flags_are_valid(call, send) ||
        (send->type == FFA_MEM_TYPE_DONATE && send->header.access_count != 1)) {
        return FFA_INVALID_PARAMETERS;
    }
    return check_attributes(send);
}

/* All of the first fragment but its constituents. */
static int32_t read_send(const struct call *call, uint32_t total, uint32_t sent, struct send *send)
{
    int32_t status = FFA_INVALID_PARAMETERS;

    send->type = type_of(call->fid);
    send->secure_count = 0;
    if (!parley_memory_read_header(call, sent, &send->header)) {
        return FFA_INVALID_PARAMETERS;
    }
    status = check_header(call, send);
    for (unsigned int i = 0; i < send->header.access_count && status == FFA_OK; i++) {
        status = read_borrower(call, sent, send, i);
    }
    if (status != FFA_OK) {
        return status;
    }
    return parley_memory_read_composite(call, sent, total, &send->header, send->composite_offset,
                                        &send->composite)
               ? FFA_OK
               : FFA_INVALID_PARAMETERS;
}

/* --- Do ------------------------------------------------------------------- */

/* The lender must be able to write what it lets others write, or has zeroed. */
static bool must_be_writable(const struct send *send)
{
    bool writable = send->type == FFA_MEM_TYPE_DONATE || (send->header.flags & FFA_MEM_SEND_ZERO);

    for (unsigned int i = 0; i < send->header.access_count; i++) {
        writable |= (send->borrowers[i].permissions & FFA_MEM_ACCESS_DATA_RW) != 0;
    }
    return writable;
}

static void fill_in(struct transaction *transaction, const struct send *send)
{
    transaction->type = send->type;
    transaction->attributes = send->header.attributes & MEMORY_ATTRIBUTES;
    transaction->flags = send->header.flags & FFA_MEM_SEND_ZERO;
    transaction->tag = send->header.tag;
    transaction->borrower_count = (uint8_t)send->header.access_count;
    transaction->secure_count = send->secure_count;
    parley_copy(transaction->borrowers, send->borrowers,
                send->header.access_count * sizeof(send->borrowers[0]));
    transaction->pages = send->composite.pages;
    transaction->ranges = send->composite.ranges;
    transaction->ranges_offset =
        send->composite_offset + (uint32_t)sizeof(struct ffa_mem_composite);
    transaction->writable = must_be_writable(send);
}

/* What of the fragment lies behind the composite descriptor, as whole constituents. */
static int32_t take_fragment(struct transaction *transaction, uint32_t offset, uint32_t sent)
{
    uint32_t bytes = sent - offset;

    if (bytes % sizeof(struct ffa_mem_constituent) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    transaction->fragment_offset = offset;
    transaction->fragment_ranges = bytes / (uint32_t)sizeof(struct ffa_mem_constituent);
    return FFA_OK;
}

/* The first fragment, in the TX buffer, which is held. */
static int32_t begin(const struct call *call, uint32_t total, uint32_t sent,
                     struct transaction **transaction)
{
    struct send send;
    int32_t status = read_send(call, total, sent, &send);

    if (status != FFA_OK) {
        return status;
    }
    *transaction = parley_transaction_begin(call->vm);
    if (*transaction == NULL) {
        return FFA_NO_MEMORY;
    }
    parley_lock_take(&call->vm->memory.lock);
    fill_in(*transaction, &send);
    parley_lock_drop(&call->vm->memory.lock);
    status = take_fragment(*transaction, (*transaction)->ranges_offset, sent);
    if (status != FFA_OK) {
        parley_transaction_forget(call->vm, *transaction);
    }
    return status;
}

static int32_t check_lengths(const struct call *call, uint32_t total, uint32_t sent)
{
    if (call_argument(call, 3) != 0 || call_word(call, 4) != 0) {
        return FFA_INVALID_PARAMETERS; /* descriptors come in the TX buffer only */
    }
    return sent <= total && sent <= parley_rxtx_bytes(call->vm) ? FFA_OK : FFA_INVALID_PARAMETERS;
}

int32_t parley_memory_tx_begin(const struct call *call)
{
    int32_t status = parley_tx_begin(call->vm);

    return status == FFA_DENIED ? FFA_INVALID_PARAMETERS : status;
}

int32_t parley_handle_mem_send(const struct call *call, struct parley_regs *result)
{
    uint32_t total = call_word(call, 1);
    uint32_t sent = call_word(call, 2);
    struct transaction *transaction;
    int32_t status = parley_memory_tx_begin(call);

    if (status != FFA_OK) {
        return status;
    }
    status = check_lengths(call, total, sent);
    if (status == FFA_OK) {
        status = begin(call, total, sent, &transaction);
    }
    if (status != FFA_OK) {
        parley_tx_end(call->vm);
        return status;
    }
    return parley_transaction_work(call, WORK_SEND, transaction, result);
}

/* --- Further fragments ---------------------------------------------------- */

/* The transaction of which more is to come, taken in hand by this vCPU. */
static int32_t take_building(const struct call *call, uint64_t handle,
                             struct transaction **transaction)
{
    struct memory *memory = &call->vm->memory;
    int32_t status = FFA_INVALID_PARAMETERS;

    parley_lock_take(&memory->lock);
    *transaction = memory->building;
    if (*transaction != NULL && (*transaction)->handle == handle) {
        status = (*transaction)->is_worked_on ? FFA_BUSY : FFA_OK;
        (*transaction)->is_worked_on = true;
    }
    parley_lock_drop(&memory->lock);
    return status;
}

int32_t parley_handle_mem_frag_tx(const struct call *call, struct parley_regs *result)
{
    uint32_t sent = call_word(call, 3);
    struct transaction *transaction;

    if (call_word(call, 4) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    int32_t status =
        take_building(call, ffa_handle_make(call_word(call, 1), call_word(call, 2)), &transaction);
    if (status != FFA_OK) {
        return status;
    }
    /* The TX buffer is held since the first fragment. What does not fit ends the transaction. */
    if (sent == 0 || sent > parley_rxtx_bytes(call->vm)) {
        status = FFA_INVALID_PARAMETERS;
    } else {
        status = take_fragment(transaction, 0, sent);
    }
    parley_transaction_read(transaction, status);
    return parley_transaction_work(call, WORK_SEND, transaction, result);
}
