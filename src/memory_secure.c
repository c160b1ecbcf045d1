/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory granted to Secure Partitions: the SPMC is told of the transaction (FF-A memory management
 * 1.2, 4.1; the relayer's part). Its descriptor is built anew from what Parley has checked, with
 * physical addresses, in the SPMC's version; nothing of the guest's own bytes goes there.
 *
 * The number of physical ranges is announced with the first of them. If all of the lender's ranges
 * are known then, it is exact. If not, it is a number that suffices in any case, and ranges are cut
 * so that just as many are sent.
 */
#include "internal.h"

/* A VM's transaction is sent on in pages of Parley's own TX buffer. */
struct outgoing {
    struct parley_vm *lender;
    struct transaction *transaction;
    uint8_t *tx;
    uint32_t bytes;
    uint32_t total;
};

void parley_secure_count_run(struct transaction *transaction, const struct parley_run *run)
{
    (void)run;
    if (!transaction->is_told) {
        transaction->runs++; /* afterwards, it is what was announced and is still to be sent */
    }
}

/* Enough for any way in which the pages may lie: see the design of the numbers in docs/memory.md.
 */
static uint32_t announced_runs(const struct parley_vm *lender,
                               const struct transaction *transaction)
{
    uint32_t contiguity = lender->parley->config.contiguity;
    uint64_t enough;

    if (transaction->ranges_read == transaction->ranges) {
        return transaction->runs;
    }
    if (contiguity > PARLEY_PIECE_PAGES) {
        contiguity = PARLEY_PIECE_PAGES;
    }
    enough =
        transaction->pages / (contiguity == 0 ? 1 : contiguity) + 2 * (uint64_t)transaction->ranges;
    return enough < transaction->pages ? (uint32_t)enough : transaction->pages;
}

/* No descriptor holds more, since its length has 32 bits. What is before them is less than a page.
 */
#define RUNS_MAX ((~0u - FFA_PAGE_SIZE) / (uint32_t)sizeof(struct ffa_mem_constituent))

/* --- The descriptor ------------------------------------------------------- */

static void put_header(struct outgoing *out)
{
    const struct transaction *transaction = out->transaction;
    const struct spmc *spmc = &out->lender->parley->spmc;
    enum parley_version version = parley_spmc_layout_version(spmc);
    size_t header_bytes = parley_layout_transaction_bytes(version);
    uint32_t access_bytes = parley_layout_access_bytes(version);
    struct memory_header header = {
        .sender = out->lender->id,
        .attributes = transaction->attributes,
        .flags = transaction->flags,
        .tag = transaction->tag,
        .access_bytes = access_bytes,
        .access_count = transaction->borrower_count,
        .access_offset = (uint32_t)header_bytes,
    };
    uint32_t composite_offset = (uint32_t)header_bytes + transaction->borrower_count * access_bytes;

    parley_layout_transaction_encode(&header, version, out->tx);
    for (unsigned int i = 0; i < transaction->borrower_count; i++) {
        const struct borrower *borrower = &transaction->borrowers[i];
        struct memory_access access = {
            .endpoint = borrower->id,
            .permissions = borrower->permissions,
            .composite_offset = composite_offset,
            .impdef = {borrower->impdef[0], borrower->impdef[1]},
        };

        parley_layout_access_encode(&access, access_bytes,
                                    out->tx + header_bytes + i * access_bytes);
    }
    struct memory_composite composite = {.pages = transaction->pages, .ranges = transaction->runs};
    parley_layout_composite_encode(&composite, out->tx + composite_offset);
    out->bytes = composite_offset + (uint32_t)sizeof(struct ffa_mem_composite);
    out->total = out->bytes + transaction->runs * (uint32_t)sizeof(struct ffa_mem_constituent);
}

/* The next physical range, cut if pages would be lacking for those that were announced. */
static bool next_run(struct outgoing *out, struct parley_run *run)
{
    struct transaction *transaction = out->transaction;
    uint32_t pinned = transaction->pages_pinned - transaction->pages_told;
    uint32_t to_go = transaction->pages - transaction->pages_told;
    uint32_t most = to_go - (transaction->runs - 1);
    struct memory_range piece;

    if (transaction->runs == 0 || pinned == 0 ||
        !parley_cursor_piece(out->lender, &transaction->told, most < pinned ? most : pinned,
                             &piece)) {
        return false;
    }
    *run = parley_port_memory_run(out->lender->context, (parley_ipa){piece.address}, piece.pages);
    parley_cursor_advance(out->lender, &transaction->told, run->pages);
    transaction->pages_told += run->pages;
    transaction->runs--;
    return true;
}

static void put_runs(struct outgoing *out)
{
    struct parley_run run;

    while (FFA_PAGE_SIZE - out->bytes >= sizeof(struct ffa_mem_constituent) &&
           next_run(out, &run)) {
        struct memory_range range = {.address = run.pa.value, .pages = run.pages};

        parley_layout_constituent_encode(&range, out->tx + out->bytes);
        out->bytes += (uint32_t)sizeof(struct ffa_mem_constituent);
    }
}

/* --- The answer ----------------------------------------------------------- */

static uint64_t handle_in(const struct parley_regs *regs, unsigned int index)
{
    return ffa_handle_make((uint32_t)regs->x[index], (uint32_t)regs->x[index + 1]);
}

/* Whether the SPMC may have given this handle: one of its own, and nobody else's. */
static bool take_handle(struct parley_vm *lender, struct transaction *transaction, uint64_t handle,
                        bool is_first)
{
    if (!is_first) {
        return handle == transaction->handle;
    }
    if ((handle & FFA_HANDLE_HYPERVISOR_BIT) != 0) {
        return false;
    }
    parley_lock_take(&lender->memory.lock);
    bool is_new = parley_transaction_find(lender, handle) == NULL;
    if (is_new) {
        transaction->handle = handle;
    }
    parley_lock_drop(&lender->memory.lock);
    return is_new;
}

static bool wants_more(const struct parley_vm *lender, const struct transaction *transaction,
                       const struct parley_regs *regs)
{
    uint16_t sender = ffa_mem_frag_sender((uint32_t)regs->x[4]);

    return transaction->runs != 0 && (uint32_t)regs->x[3] == transaction->bytes_told &&
           (sender == lender->id || sender == 0);
}

/* FFA_OK if the answer is the one that is due. */
static int32_t judge(struct parley_vm *lender, struct transaction *transaction,
                     const struct parley_regs *regs, bool is_first)
{
    int32_t status;

    switch ((uint32_t)regs->x[0]) {
    case FFA_ERROR:
        /* An error ends the transaction at the SPMC (FF-A memory management 1.2, 4.1). */
        status = parley_spmc_status(regs);
        transaction->is_refused = true;
        transaction->is_told = !is_first;
        return status;
    case FFA_SUCCESS_32:
    case FFA_SUCCESS_64:
        return take_handle(lender, transaction, handle_in(regs, 2), is_first) &&
                       transaction->runs == 0
                   ? FFA_OK
                   : FFA_ABORTED;
    case FFA_MEM_FRAG_RX:
        return take_handle(lender, transaction, handle_in(regs, 1), is_first) &&
                       wants_more(lender, transaction, regs)
                   ? FFA_OK
                   : FFA_ABORTED;
    default:
        return FFA_ABORTED;
    }
}

/* --- Telling -------------------------------------------------------------- */

static uint32_t send_fid(const struct transaction *transaction)
{
    switch (transaction->type) {
    case FFA_MEM_TYPE_SHARE:
        return FFA_MEM_SHARE_64;
    case FFA_MEM_TYPE_LEND:
        return FFA_MEM_LEND_64;
    default:
        return FFA_MEM_DONATE_64;
    }
}

/* With the lock of Parley's TX buffer held. */
static void exchange(struct outgoing *out, bool is_first, struct parley_regs *regs)
{
    struct transaction *transaction = out->transaction;

    if (is_first) {
        put_header(out);
    }
    put_runs(out);
    PARLEY_DEBUG_ASSERT(out->bytes != 0);
    transaction->bytes_told += out->bytes;
    if (is_first) {
        *regs = (struct parley_regs){{send_fid(transaction), out->total, out->bytes}};
    } else {
        *regs = (struct parley_regs){{FFA_MEM_FRAG_TX, ffa_handle_low(transaction->handle),
                                      ffa_handle_high(transaction->handle), out->bytes,
                                      ffa_mem_frag_make(out->lender->id)}};
    }
    parley_port_smc(regs);
}

int32_t parley_secure_tell(struct parley_vm *lender, struct transaction *transaction, bool *done)
{
    struct spmc *spmc = &lender->parley->spmc;
    struct outgoing out = {.lender = lender, .transaction = transaction, .tx = spmc->tx};
    bool is_first = !transaction->is_told;
    struct parley_regs regs;

    if (is_first) {
        uint32_t runs = announced_runs(lender, transaction);

        if (runs > RUNS_MAX) {
            return FFA_NO_MEMORY;
        }
        transaction->runs = runs;
        transaction->told = (struct cursor){.place = transaction->first, .page = 0};
        transaction->is_told = true;
    }
    parley_lock_take(&spmc->lock);
    exchange(&out, is_first, &regs);
    parley_lock_drop(&spmc->lock);
    *done = transaction->runs == 0;
    return judge(lender, transaction, &regs, is_first);
}

/*
 * A descriptor that is not complete is not reclaimed. The SPMC drops it over a fragment that cannot
 * be: one without a byte.
 */
static void spoil(struct parley_vm *lender, struct transaction *transaction)
{
    struct parley_regs regs = {{FFA_MEM_FRAG_TX, ffa_handle_low(transaction->handle),
                                ffa_handle_high(transaction->handle), 0,
                                ffa_mem_frag_make(lender->id)}};

    parley_port_smc(&regs);
    transaction->is_refused = (uint32_t)regs.x[0] == FFA_ERROR;
}

int32_t parley_secure_recall(struct parley_vm *lender, struct transaction *transaction)
{
    struct parley_regs regs = {{FFA_MEM_RECLAIM, ffa_handle_low(transaction->handle),
                                ffa_handle_high(transaction->handle)}};

    if ((transaction->handle & FFA_HANDLE_HYPERVISOR_BIT) != 0) {
        return FFA_ABORTED; /* it never said by which handle it knows it */
    }
    if (transaction->runs != 0 && !transaction->is_refused) {
        spoil(lender, transaction);
    }
    parley_port_smc(&regs);
    int32_t status = parley_spmc_status(&regs);
    /* What it has dropped by itself, it does not know any more. */
    return status == FFA_INVALID_PARAMETERS && transaction->is_refused ? FFA_OK : status;
}
