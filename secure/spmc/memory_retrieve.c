/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_MEM_RETRIEVE_REQ. A partition asks for memory that was granted to it, and says again what it
 * was told of the grant. The hypervisor asks what there is behind a handle, and changes nothing.
 * VMs that borrow are served by the hypervisor, which never asks in their name.
 */
#include "memory.h"

/* A partition's request: what it asks for, and who it is. */
struct request {
    struct spmc_text text;
    struct spmc_header header;
    uint16_t self;
    struct spmc_transaction *transaction;
    struct spmc_borrower *borrower;
    struct spmc_access access; /* its own */
};

/* --- The request against what was granted --- */

static int32_t find_grant(struct spmc *spmc, struct request *request)
{
    struct spmc_transaction *transaction = spmc_transaction_find(spmc, request->header.handle);

    if (transaction == NULL || transaction->state != SPMC_TRANSACTION_GRANTED) {
        return FFA_INVALID_PARAMETERS;
    }
    request->transaction = transaction;
    request->borrower = spmc_transaction_borrower(transaction, request->self);
    if (request->borrower == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    if (request->header.sender != transaction->sender) {
        return FFA_DENIED;
    }
    if (request->header.tag != transaction->tag) {
        return FFA_INVALID_PARAMETERS;
    }
    return request->borrower->holds ? FFA_DENIED : FFA_OK;
}

/* Where to find the memory is the SPMC's to say: it has no stage 2 that could move it. */
static int32_t check_own(struct request *request, const struct spmc_access *access)
{
    const struct spmc_borrower *borrower = request->borrower;

    if (access->flags != 0 || access->composite_offset != 0 ||
        access->impdef[0] != borrower->impdef[0] || access->impdef[1] != borrower->impdef[1]) {
        return FFA_INVALID_PARAMETERS;
    }
    request->access = *access;
    return FFA_OK;
}

static int32_t check_other(struct request *request, const struct spmc_access *access)
{
    const struct spmc_borrower *other = spmc_transaction_borrower(request->transaction, access->id);

    if (other == NULL || access->flags != FFA_MEM_ACCESS_NON_RETRIEVAL) {
        return FFA_INVALID_PARAMETERS;
    }
    return access->permissions == other->permissions ? FFA_OK : FFA_DENIED;
}

/* The sender's list again, in any order, or with FFA_MEM_RETRIEVE_REQ_BYPASS what it likes. */
static int32_t check_list(struct request *request)
{
    const bool bypass = (request->header.flags & FFA_MEM_RETRIEVE_REQ_BYPASS) != 0;
    const struct spmc_transaction *transaction = request->transaction;
    uint32_t seen = 0;
    bool named = false;

    if (!bypass && request->header.access_count != transaction->borrower_count) {
        return FFA_INVALID_PARAMETERS;
    }
    for (uint32_t i = 0; i < request->header.access_count; i++) {
        const struct spmc_access access = spmc_access_read(&request->text, &request->header, i);
        const struct spmc_borrower *borrower =
            spmc_transaction_borrower(request->transaction, access.id);
        const bool own = access.id == request->self;
        int32_t status = FFA_OK;

        if (own) {
            status = named ? FFA_INVALID_PARAMETERS : check_own(request, &access);
            named = true;
        } else if (!bypass) {
            status = check_other(request, &access);
        }
        if (status != FFA_OK) {
            return status;
        }
        if (borrower != NULL) {
            seen |= 1u << (borrower - transaction->borrowers);
        }
    }
    if (!named) {
        return FFA_DENIED;
    }
    /* As many as there are, but not all of them: one is there twice. */
    return bypass || seen == (1u << transaction->borrower_count) - 1 ? FFA_OK
                                                                     : FFA_INVALID_PARAMETERS;
}

/* --- Flags --- */

#define ZERO (FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE | FFA_MEM_RETRIEVE_REQ_ZERO_AFTER)
#define KNOWN_1_0 \
    (ZERO | FFA_MEM_TYPE_MASK | FFA_MEM_RETRIEVE_REQ_ALIGN_MASK | FFA_MEM_RETRIEVE_REQ_ALIGN_VALID)

static uint32_t known_flags(uint32_t version)
{
    return version >= FFA_VERSION_1_2 ? KNOWN_1_0 | FFA_MEM_RETRIEVE_REQ_BYPASS : KNOWN_1_0;
}

static int32_t check_flags_form(const struct request *request)
{
    const struct spmc_transaction *transaction = request->transaction;
    const uint32_t flags = request->header.flags;
    const uint32_t type = flags & FFA_MEM_TYPE_MASK;

    if ((flags & ~known_flags(request->text.version)) != 0 ||
        (type != FFA_MEM_TYPE_ANY && type != transaction->type) ||
        ((flags & ZERO) != 0 && transaction->type == FFA_MEM_TYPE_SHARE) ||
        ((flags & FFA_MEM_RETRIEVE_REQ_BYPASS) != 0 && transaction->borrower_count == 1) ||
        ((flags & FFA_MEM_RETRIEVE_REQ_ALIGN_MASK) != 0 &&
         (flags & FFA_MEM_RETRIEVE_REQ_ALIGN_VALID) == 0)) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

/* 2^n pages. The memory is where it is. */
static bool is_aligned(const struct spmc *spmc, const struct request *request)
{
    const uint32_t flags = request->header.flags;
    const uint32_t n =
        (flags & FFA_MEM_RETRIEVE_REQ_ALIGN_MASK) >> FFA_MEM_RETRIEVE_REQ_ALIGN_SHIFT;
    const uint64_t boundary = (uint64_t)FFA_PAGE_SIZE << n;

    return (flags & FFA_MEM_RETRIEVE_REQ_ALIGN_VALID) == 0 ||
           spmc->range[request->transaction->first].pa % boundary == 0;
}

/* Who may not write does not have memory cleared, nor who was not promised that it is clear. */
static int32_t check_flags(const struct spmc *spmc, const struct request *request)
{
    const uint32_t flags = request->header.flags;

    if ((flags & FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE) != 0 &&
        (request->transaction->flags & FFA_MEM_SEND_ZERO) == 0) {
        return FFA_DENIED;
    }
    if ((flags & ZERO) != 0 && !spmc_permissions_write(request->access.permissions)) {
        return FFA_DENIED;
    }
    return is_aligned(spmc, request) ? FFA_OK : FFA_DENIED;
}

/* --- The partition's call --- */

/* The header with nothing after it but the list. */
static int32_t read_request(const struct spmc *spmc, const struct spmc_frame *frame,
                            const struct spmc_pair *pair, struct request *request)
{
    const uint32_t version = spmc->config.version;
    int32_t status = spmc_text_open(frame, pair, version, &request->text);

    if (status == FFA_OK) {
        status = spmc_header_read(&request->text, &request->header);
    }
    if (status != FFA_OK) {
        return status;
    }
    if ((uint32_t)frame->in[1] != request->text.bytes || request->header.access_count == 0 ||
        spmc_accesses_end(&request->header) != request->text.bytes) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

/* What is granted, in header and access: what will be told. */
static int32_t check_request(struct spmc *spmc, struct request *request)
{
    int32_t status = find_grant(spmc, request);

    if (status == FFA_OK) {
        status = check_flags_form(request);
    }
    if (status == FFA_OK) {
        status = check_list(request);
    }
    if (status == FFA_OK) {
        status = spmc_attributes_retrieve(request->transaction, &request->header.attributes);
    }
    if (status == FFA_OK) {
        status = spmc_permissions_retrieve(request->transaction, request->borrower->permissions,
                                           &request->access.permissions);
    }
    return status == FFA_OK ? check_flags(spmc, request) : status;
}

static struct spmc_header answer_header(const struct spmc_transaction *transaction,
                                        uint16_t attributes, uint32_t access_count)
{
    const bool zeroed = (transaction->flags & FFA_MEM_SEND_ZERO) != 0;

    return (struct spmc_header){
        .sender = transaction->sender,
        .attributes = (uint16_t)(attributes | FFA_MEM_ATTR_NS),
        .flags = transaction->type | (zeroed ? FFA_MEM_RETRIEVE_RESP_ZEROED : 0),
        .handle = transaction->handle,
        .tag = transaction->tag,
        .access_count = access_count,
    };
}

static void hand_over(struct spmc *spmc, struct spmc_frame *frame, const struct request *request,
                      const struct spmc_receiver *receiver)
{
    struct spmc_borrower *borrower = request->borrower;
    const struct spmc_header header =
        answer_header(request->transaction, request->header.attributes, 1);

    borrower->holds = true;
    borrower->writes = spmc_permissions_write(request->access.permissions);
    borrower->zero_after = (request->header.flags & FFA_MEM_RETRIEVE_REQ_ZERO_AFTER) != 0;
    spmc_deliver(spmc, frame, receiver, request->transaction, &header, &request->access);
    if (request->transaction->type == FFA_MEM_TYPE_DONATE) {
        spmc_transaction_move(spmc, request->transaction, SPMC_TRANSACTION_DONATED);
    }
}

int32_t spmc_partition_mem_retrieve(struct spmc *spmc, struct spmc_frame *frame)
{
    const struct spmc_receiver receiver = spmc_receiver_partition(spmc, frame->runs);
    struct request request = {.self = spmc_partition_of(spmc, frame->runs)->id};
    int32_t status = read_request(spmc, frame, receiver.pair, &request);

    if (status != FFA_OK) {
        return status;
    }
    if (receiver.pair->rx_owner != SPMC_RX_SPMC) {
        return FFA_BUSY;
    }
    if (spmc_delivery_open(receiver.delivery)) {
        return FFA_DENIED;
    }
    status = check_request(spmc, &request);
    if (status != FFA_OK) {
        return status;
    }
    hand_over(spmc, frame, &request, &receiver);
    return SPMC_RUNS;
}

/* --- The hypervisor's call --- */

/* A header with a handle, and nothing else. */
static int32_t read_handle(const struct spmc *spmc, const struct spmc_frame *frame,
                           uint64_t *handle)
{
    struct spmc_header header;
    struct spmc_text text;
    int32_t status = spmc_text_open(frame, &spmc->own, spmc->version, &text);

    if (status == FFA_OK) {
        status = spmc_header_read(&text, &header);
    }
    if (status != FFA_OK) {
        return status;
    }
    if ((uint32_t)frame->in[1] != spmc_header_bytes(spmc->version) ||
        text.bytes != (uint32_t)frame->in[1] || header.access_count != 0 ||
        (header.sender | header.attributes | header.flags | header.tag | header.reserved) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    *handle = header.handle;
    return FFA_OK;
}

static void tell(struct spmc *spmc, struct spmc_frame *frame, const struct spmc_receiver *receiver,
                 const struct spmc_transaction *transaction)
{
    const struct spmc_header header =
        answer_header(transaction, transaction->attributes, transaction->borrower_count);
    struct spmc_access accesses[SPMC_BORROWERS_MAX];

    for (uint32_t i = 0; i < transaction->borrower_count; i++) {
        const struct spmc_borrower *borrower = &transaction->borrowers[i];

        accesses[i] = (struct spmc_access){
            .id = borrower->id,
            .permissions = borrower->permissions,
            .impdef = {borrower->impdef[0], borrower->impdef[1]},
        };
    }
    spmc_deliver(spmc, frame, receiver, transaction, &header, accesses);
}

int32_t spmc_mem_retrieve(struct spmc *spmc, struct spmc_frame *frame)
{
    const struct spmc_receiver receiver = spmc_receiver_own(spmc);
    const struct spmc_transaction *transaction;
    uint64_t handle;
    const int32_t status = read_handle(spmc, frame, &handle);

    if (status != FFA_OK) {
        return status;
    }
    if (spmc->own.rx_owner != SPMC_RX_SPMC) {
        return FFA_BUSY;
    }
    transaction = spmc_transaction_find(spmc, handle);
    if (transaction == NULL || transaction->state != SPMC_TRANSACTION_GRANTED) {
        return FFA_INVALID_PARAMETERS;
    }
    if (spmc_delivery_open(receiver.delivery)) {
        return FFA_DENIED;
    }
    tell(spmc, frame, &receiver, transaction);
    return FFA_OK;
}
