/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_MEM_RELINQUISH by a partition, and FFA_MEM_RECLAIM for a VM: how memory comes back. */
#include "memory.h"

/* --- FFA_MEM_RELINQUISH --- */

struct release {
    struct ffa_mem_relinquish descriptor;
    struct spmc_transaction *transaction;
    struct spmc_borrower *borrower;
};

/* A partition speaks for itself alone: the list names it, and nobody else. */
static int32_t read_release(const struct spmc_pair *pair, uint16_t self, struct release *release)
{
    const uint8_t *tx = pair->tx;
    uint16_t id;

    if (pair->rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    memcpy(&release->descriptor, tx, sizeof(release->descriptor));
    memcpy(&id, tx + sizeof(release->descriptor), sizeof(id));
    return release->descriptor.endpoint_count == 1 && id == self ? FFA_OK : FFA_INVALID_PARAMETERS;
}

static int32_t find_held(struct spmc *spmc, uint16_t self, struct release *release)
{
    struct spmc_transaction *transaction = spmc_transaction_find(spmc, release->descriptor.handle);

    if (transaction == NULL || transaction->state != SPMC_TRANSACTION_GRANTED) {
        return FFA_INVALID_PARAMETERS;
    }
    release->transaction = transaction;
    release->borrower = spmc_transaction_borrower(transaction, self);
    if (release->borrower == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    return release->borrower->holds ? FFA_OK : FFA_DENIED;
}

static int32_t check_flags(const struct release *release)
{
    const uint32_t flags = release->descriptor.flags;

    if ((flags & ~FFA_MEM_RELINQUISH_ZERO) != 0 ||
        (flags != 0 && release->transaction->type == FFA_MEM_TYPE_SHARE)) {
        return FFA_INVALID_PARAMETERS;
    }
    return flags != 0 && !release->borrower->writes ? FFA_DENIED : FFA_OK;
}

/* It is cleared when nobody holds it any more, if one of those who did wanted that. */
static void release_memory(struct spmc *spmc, const struct release *release)
{
    struct spmc_transaction *transaction = release->transaction;
    struct spmc_borrower *borrower = release->borrower;

    transaction->zero_after |=
        borrower->zero_after || (release->descriptor.flags & FFA_MEM_RELINQUISH_ZERO) != 0;
    borrower->holds = false;
    borrower->zero_after = false;
    if (transaction->zero_after && !spmc_transaction_is_held(transaction)) {
        transaction->zero_after = false;
        spmc_transaction_zero(spmc, transaction);
    }
}

int32_t spmc_partition_mem_relinquish(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint16_t self = spmc_partition_of(spmc, frame->runs)->id;
    struct spmc_runtime *runtime = spmc_runtime_of(spmc, frame->runs);
    struct release release;
    int32_t status = read_release(&runtime->pair, self, &release);

    if (status == FFA_OK) {
        status = find_held(spmc, self, &release);
    }
    if (status == FFA_OK) {
        status = check_flags(&release);
    }
    if (status != FFA_OK) {
        return status;
    }
    release_memory(spmc, &release);
    spmc_delivery_end(&runtime->delivery, release.transaction->handle);
    return SPMC_RUNS;
}

/* Nobody in the Normal world has ever retrieved something here. */
int32_t spmc_mem_relinquish(struct spmc *spmc, struct spmc_frame *frame)
{
    (void)frame;
    return spmc->own.rx_owner == SPMC_RX_NOBODY ? FFA_INVALID_PARAMETERS : FFA_DENIED;
}

/* --- FFA_MEM_RECLAIM --- */

static int32_t check_reclaim(const struct spmc *spmc, const struct spmc_transaction *transaction)
{
    if (transaction == NULL || transaction->state == SPMC_TRANSACTION_BUILDING) {
        return FFA_INVALID_PARAMETERS;
    }
    if (transaction->state == SPMC_TRANSACTION_SPOILED) {
        return spmc->config.spoiled == SPMC_SPOILED_STAYS ? FFA_ABORTED : FFA_OK;
    }
    return spmc_transaction_is_held(transaction) ? FFA_DENIED : FFA_OK;
}

int32_t spmc_mem_reclaim(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint64_t handle = ffa_handle_make((uint32_t)frame->in[1], (uint32_t)frame->in[2]);
    const uint32_t flags = (uint32_t)frame->in[3];
    struct spmc_transaction *transaction = spmc_transaction_find(spmc, handle);
    int32_t status;

    if ((flags & ~FFA_MEM_RECLAIM_ZERO) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    status = check_reclaim(spmc, transaction);
    if (status != FFA_OK) {
        return status;
    }
    if ((flags & FFA_MEM_RECLAIM_ZERO) != 0) {
        spmc_transaction_zero(spmc, transaction);
    }
    spmc_transaction_move(spmc, transaction, SPMC_TRANSACTION_NONE);
    return FFA_OK;
}
