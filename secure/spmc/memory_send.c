/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_MEM_SHARE, LEND and DONATE, which the hypervisor calls for a VM, and the fragments that
 * follow. Addresses are physical. The SPMC knows no stage 2 of VMs: that a page is its sender's to
 * grant is the hypervisor's word, that it is granted once only is checked here.
 */
#include "memory.h"

#define COMPOSITE_ALIGN 8u
#define RANGE_BYTES     sizeof(struct ffa_mem_constituent)

/* --- The first fragment, but for its ranges: what it says is collected in spmc->draft --- */

static uint32_t type_of(uint32_t fid)
{
    switch (ffa_fid_number(fid)) {
    case FFA_NUMBER_MASK &FFA_MEM_SHARE_32:
        return FFA_MEM_TYPE_SHARE;
    case FFA_NUMBER_MASK &FFA_MEM_LEND_32:
        return FFA_MEM_TYPE_LEND;
    default:
        return FFA_MEM_TYPE_DONATE;
    }
}

/* VMs are known to the hypervisor alone, which is none of them. */
static bool is_endpoint(const struct spmc *spmc, uint16_t id)
{
    return ffa_id_is_secure(id) ? spmc_partition_find(spmc, id) < spmc->config.partition_count
                                : id != FFA_ID_HYPERVISOR;
}

static int32_t add_borrower(struct spmc *spmc, const struct spmc_access *access)
{
    struct spmc_transaction *draft = &spmc->draft;
    const int32_t status = spmc_permissions_send(draft, access->permissions);

    if (access->flags != 0 || spmc_refuses_reserved(spmc, access->reserved) ||
        !is_endpoint(spmc, access->id) || access->id == draft->sender ||
        spmc_transaction_borrower(draft, access->id) != NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    if (status == FFA_OK) {
        draft->borrowers[draft->borrower_count++] = (struct spmc_borrower){
            .id = access->id,
            .permissions = access->permissions,
            .impdef = {access->impdef[0], access->impdef[1]},
        };
    }
    return status;
}

/* Those of the Normal world may be among the borrowers, but not alone. */
static int32_t check_mixture(const struct spmc *spmc)
{
    const struct spmc_transaction *draft = &spmc->draft;
    uint32_t secure = 0;

    for (uint32_t i = 0; i < draft->borrower_count; i++) {
        secure += ffa_id_is_secure(draft->borrowers[i].id) ? 1 : 0;
    }
    if (secure == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    if (secure != draft->borrower_count && draft->type == FFA_MEM_TYPE_LEND &&
        !spmc->config.lends_mixed) {
        return FFA_DENIED;
    }
    return FFA_OK;
}

/* All borrowers get the same memory: *composite is where all say that it is described. */
static int32_t read_borrowers(struct spmc *spmc, const struct spmc_text *text,
                              const struct spmc_header *header, uint32_t *composite)
{
    const bool is_donation = spmc->draft.type == FFA_MEM_TYPE_DONATE;

    if (header->access_count == 0 || header->access_count > SPMC_BORROWERS_MAX ||
        (is_donation && header->access_count != 1)) {
        return FFA_INVALID_PARAMETERS;
    }
    for (uint32_t i = 0; i < header->access_count; i++) {
        const struct spmc_access access = spmc_access_read(text, header, i);
        int32_t status;

        if (i != 0 && access.composite_offset != *composite) {
            return FFA_INVALID_PARAMETERS;
        }
        *composite = access.composite_offset;
        status = add_borrower(spmc, &access);
        if (status != FFA_OK) {
            return status;
        }
    }
    return check_mixture(spmc);
}

/* Nobody's time is sliced here. Memory that its owner goes on using is not cleared. */
static int32_t check_flags(const struct spmc_transaction *draft)
{
    if ((draft->flags & ~FFA_MEM_SEND_ZERO) != 0 ||
        (draft->flags != 0 && draft->type == FFA_MEM_TYPE_SHARE)) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

/* The descriptor ends where its ranges end, which follow the composite descriptor. */
static int32_t read_composite(struct spmc *spmc, const struct spmc_text *text, uint64_t after,
                              uint32_t offset)
{
    struct spmc_transaction *draft = &spmc->draft;
    struct ffa_mem_composite composite;
    const uint64_t ranges_at = offset + (uint64_t)sizeof(composite);

    if (offset < after || offset % COMPOSITE_ALIGN != 0 || ranges_at > text->bytes) {
        return FFA_INVALID_PARAMETERS;
    }
    memcpy(&composite, text->at + offset, sizeof(composite));
    if (composite.page_count == 0 || composite.constituent_count == 0 ||
        spmc_refuses_reserved(spmc, composite.reserved) ||
        ranges_at + composite.constituent_count * (uint64_t)RANGE_BYTES != draft->bytes) {
        return FFA_INVALID_PARAMETERS;
    }
    draft->page_count = composite.page_count;
    draft->range_count = composite.constituent_count;
    draft->bytes_here = (uint32_t)ranges_at;
    return FFA_OK;
}

static int32_t read_header(struct spmc *spmc, const struct spmc_header *header)
{
    struct spmc_transaction *draft = &spmc->draft;

    if (header->handle != 0 || spmc_refuses_reserved(spmc, header->reserved)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (ffa_id_is_secure(header->sender)) {
        return FFA_DENIED;
    }
    draft->sender = header->sender;
    draft->attributes = header->attributes;
    draft->flags = header->flags;
    draft->tag = header->tag;
    return check_flags(draft);
}

static int32_t read_draft(struct spmc *spmc, const struct spmc_text *text)
{
    struct spmc_header header;
    uint32_t composite = 0;
    int32_t status = spmc_header_read(text, &header);

    if (status == FFA_OK) {
        status = read_header(spmc, &header);
    }
    if (status == FFA_OK) {
        status = read_borrowers(spmc, text, &header, &composite);
    }
    if (status == FFA_OK) {
        status = spmc_attributes_send(&spmc->draft);
    }
    if (status == FFA_OK) {
        status = read_composite(spmc, text, spmc_accesses_end(&header), composite);
    }
    return status;
}

/* --- Ranges, in any fragment --- */

/* No page is granted twice, and none is a buffer. */
static int32_t take_range(struct spmc *spmc, struct spmc_transaction *transaction,
                          const struct ffa_mem_constituent *range)
{
    const uint64_t bytes = (uint64_t)range->page_count * FFA_PAGE_SIZE;
    uint32_t other;

    if (range->page_count == 0 || range->address % FFA_PAGE_SIZE != 0 ||
        range->address > UINT64_MAX - bytes || spmc_refuses_reserved(spmc, range->reserved) ||
        range->page_count > transaction->page_count - transaction->pages_here) {
        return FFA_INVALID_PARAMETERS;
    }
    other = spmc_range_overlapping(spmc, range->address, range->page_count);
    if (other != 0) {
        return spmc->range[other].transaction == spmc_transaction_index(spmc, transaction)
                   ? FFA_INVALID_PARAMETERS
                   : FFA_DENIED;
    }
    if (spmc_is_buffer(spmc, range->address, bytes) ||
        spmc_port_map(spmc, range->address, (size_t)bytes) == NULL) {
        return FFA_DENIED;
    }
    spmc_transaction_append(spmc, transaction, range->address, range->page_count);
    return FFA_OK;
}

static int32_t take_ranges(struct spmc *spmc, struct spmc_transaction *transaction,
                           const uint8_t *at, uint64_t bytes)
{
    if (bytes % RANGE_BYTES != 0 || bytes > transaction->bytes - transaction->bytes_here) {
        return FFA_INVALID_PARAMETERS;
    }
    for (uint64_t offset = 0; offset < bytes; offset += RANGE_BYTES) {
        const struct ffa_mem_constituent range = spmc_constituent_read(at + offset);
        const int32_t status = take_range(spmc, transaction, &range);

        if (status != FFA_OK) {
            return status;
        }
    }
    transaction->bytes_here += (uint32_t)bytes;
    return FFA_OK;
}

/* --- What follows a good fragment --- */

static void ask_for_more(struct spmc_frame *frame, const struct spmc_transaction *transaction)
{
    frame->out[0] = FFA_MEM_FRAG_RX;
    frame->out[1] = ffa_handle_low(transaction->handle);
    frame->out[2] = ffa_handle_high(transaction->handle);
    frame->out[3] = transaction->bytes_here;
    frame->out[4] = ffa_mem_frag_make(transaction->sender);
}

static void grant(struct spmc *spmc, struct spmc_frame *frame, struct spmc_transaction *transaction)
{
    if ((transaction->flags & FFA_MEM_SEND_ZERO) != 0) {
        spmc_transaction_zero(spmc, transaction);
    }
    spmc_transaction_move(spmc, transaction, SPMC_TRANSACTION_GRANTED);
    frame->out[2] = ffa_handle_low(transaction->handle);
    frame->out[3] = ffa_handle_high(transaction->handle);
}

static int32_t go_on(struct spmc *spmc, struct spmc_frame *frame,
                     struct spmc_transaction *transaction)
{
    if (transaction->bytes_here < transaction->bytes) {
        ask_for_more(frame, transaction);
        return FFA_OK;
    }
    if (transaction->pages_here != transaction->page_count) {
        return FFA_INVALID_PARAMETERS;
    }
    grant(spmc, frame, transaction);
    return FFA_OK;
}

/* --- The calls --- */

int32_t spmc_mem_send(struct spmc *spmc, struct spmc_frame *frame)
{
    struct spmc_transaction *transaction;
    struct spmc_text text;
    int32_t status = spmc_text_open(frame, &spmc->own, spmc->version, &text);

    if (status != FFA_OK) {
        return status;
    }
    if (text.bytes < (uint32_t)frame->in[1] && !spmc_offers(spmc, FFA_MEM_FRAG_TX)) {
        return FFA_NOT_SUPPORTED;
    }
    memset(&spmc->draft, 0, sizeof(spmc->draft));
    spmc->draft.type = type_of(frame->fid);
    spmc->draft.bytes = (uint32_t)frame->in[1];
    status = read_draft(spmc, &text);
    if (status != FFA_OK) {
        return status;
    }
    if (spmc_transaction_building(spmc, spmc->draft.sender) != NULL) {
        return FFA_BUSY;
    }
    transaction = spmc_transaction_open(spmc);
    if (transaction == NULL) {
        return FFA_NO_MEMORY;
    }
    status = take_ranges(spmc, transaction, text.at + transaction->bytes_here,
                         text.bytes - transaction->bytes_here);
    if (status == FFA_OK) {
        status = go_on(spmc, frame, transaction);
    }
    if (status != FFA_OK) {
        spmc_transaction_move(spmc, transaction, SPMC_TRANSACTION_NONE);
    }
    return status;
}

static int32_t take_fragment(struct spmc *spmc, struct spmc_frame *frame,
                             struct spmc_transaction *transaction)
{
    const uint32_t bytes = (uint32_t)frame->in[3];
    int32_t status;

    if (bytes == 0 || spmc->own.rx_owner == SPMC_RX_NOBODY || bytes > spmc->own.bytes) {
        return FFA_INVALID_PARAMETERS;
    }
    status = take_ranges(spmc, transaction, spmc->own.tx, bytes);
    return status == FFA_OK ? go_on(spmc, frame, transaction) : status;
}

/* There is no way to take a fragment back: one that is not good is the end of its transaction. */
int32_t spmc_mem_frag_tx(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint64_t handle = ffa_handle_make((uint32_t)frame->in[1], (uint32_t)frame->in[2]);
    struct spmc_transaction *transaction = spmc_transaction_find(spmc, handle);
    int32_t status;

    if (spmc_refuses_reserved(spmc, frame->in[4] & FFA_ID_MASK) || transaction == NULL ||
        transaction->sender != ffa_mem_frag_sender((uint32_t)frame->in[4])) {
        return FFA_INVALID_PARAMETERS;
    }
    if (transaction->state != SPMC_TRANSACTION_BUILDING) {
        return transaction->state == SPMC_TRANSACTION_SPOILED ? FFA_ABORTED
                                                              : FFA_INVALID_PARAMETERS;
    }
    status = take_fragment(spmc, frame, transaction);
    if (status != FFA_OK) {
        spmc_transaction_move(spmc, transaction,
                              spmc->config.spoiled == SPMC_SPOILED_DROPPED
                                  ? SPMC_TRANSACTION_NONE
                                  : SPMC_TRANSACTION_SPOILED);
    }
    return status;
}

/* Partitions have nothing that the Normal world could get, nor that the SPMC would move. */
int32_t spmc_partition_mem_send(struct spmc *spmc, struct spmc_frame *frame)
{
    (void)spmc;
    (void)frame;
    return FFA_DENIED;
}
