/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transactions: their handles, their states, and what they have.
 *
 *              from             to
 *   open       NONE             BUILDING   the first fragment was good
 *   complete   BUILDING         GRANTED    the last one was, and all adds up
 *   spoil      BUILDING         SPOILED    a later one was not, and the SPMC is told to be awkward
 *   donate     GRANTED          DONATED    its receiver has retrieved what was donated
 *   end        all of them      NONE       a fragment was not good; FFA_MEM_RECLAIM
 */
#include "memory.h"

/*
 * A handle says where its transaction is, and how many there were before it. It has something in
 * both of its halves, and the top bit of the lower one is set: who confuses them is found out.
 */
#define SERIAL_SHIFT 32
#define SERIAL_MASK  0x7fffffffu
#define HANDLE_LOW   0x80000000u

static unsigned int transactions_max(const struct spmc *spmc)
{
    const uint16_t max = spmc->config.transactions_max;

    return max != 0 && max < SPMC_TRANSACTIONS_MAX ? max : SPMC_TRANSACTIONS_MAX;
}

static uint64_t next_handle(struct spmc *spmc, uint32_t index)
{
    spmc->serial = (spmc->serial + 1) & SERIAL_MASK;
    return ((uint64_t)spmc->serial << SERIAL_SHIFT) | HANDLE_LOW | index;
}

static bool is_in_force(const struct spmc_transaction *transaction)
{
    return transaction->state != SPMC_TRANSACTION_NONE &&
           transaction->state != SPMC_TRANSACTION_DONATED;
}

struct spmc_transaction *spmc_transaction_find(struct spmc *spmc, uint64_t handle)
{
    for (unsigned int i = 0; i < SPMC_TRANSACTIONS_MAX; i++) {
        if (is_in_force(&spmc->transactions[i]) && spmc->transactions[i].handle == handle) {
            return &spmc->transactions[i];
        }
    }
    return NULL;
}

struct spmc_transaction *spmc_transaction_building(struct spmc *spmc, uint16_t sender)
{
    for (unsigned int i = 0; i < SPMC_TRANSACTIONS_MAX; i++) {
        if (spmc->transactions[i].state == SPMC_TRANSACTION_BUILDING &&
            spmc->transactions[i].sender == sender) {
            return &spmc->transactions[i];
        }
    }
    return NULL;
}

uint16_t spmc_transaction_index(const struct spmc *spmc, const struct spmc_transaction *transaction)
{
    return (uint16_t)(transaction - spmc->transactions);
}

struct spmc_transaction *spmc_transaction_open(struct spmc *spmc)
{
    unsigned int i = 0;

    while (i < transactions_max(spmc) && spmc->transactions[i].state != SPMC_TRANSACTION_NONE) {
        i++;
    }
    if (i == transactions_max(spmc) || spmc->draft.range_count > spmc->ranges.free) {
        return NULL;
    }
    spmc->ranges.free -= spmc->draft.range_count;
    spmc->transactions[i] = spmc->draft;
    spmc->transactions[i].handle = next_handle(spmc, i);
    spmc_transaction_move(spmc, &spmc->transactions[i], SPMC_TRANSACTION_BUILDING);
    return &spmc->transactions[i];
}

static void let_go(struct spmc *spmc, struct spmc_transaction *transaction)
{
    uint32_t next;

    for (uint32_t number = transaction->first; number != 0; number = next) {
        next = spmc->range[number].next;
        spmc_range_remove(spmc, number);
    }
    spmc->ranges.free += transaction->range_count;
    spmc_delivery_end(&spmc->delivery, transaction->handle);
}

void spmc_transaction_move(struct spmc *spmc, struct spmc_transaction *transaction,
                           enum spmc_transaction_state to)
{
    if (to == SPMC_TRANSACTION_NONE) {
        let_go(spmc, transaction);
    }
    transaction->state = to;
}

void spmc_transaction_append(struct spmc *spmc, struct spmc_transaction *transaction, uint64_t pa,
                             uint32_t pages)
{
    const uint32_t number =
        spmc_range_add(spmc, pa, pages, spmc_transaction_index(spmc, transaction));

    if (transaction->first == 0) {
        transaction->first = number;
    } else {
        spmc->range[transaction->last].next = number;
    }
    transaction->last = number;
    transaction->ranges_here++;
    transaction->pages_here += pages;
}

struct spmc_borrower *spmc_transaction_borrower(struct spmc_transaction *transaction, uint16_t id)
{
    for (uint32_t i = 0; i < transaction->borrower_count; i++) {
        if (transaction->borrowers[i].id == id) {
            return &transaction->borrowers[i];
        }
    }
    return NULL;
}

bool spmc_transaction_is_held(const struct spmc_transaction *transaction)
{
    bool held = false;

    for (uint32_t i = 0; i < transaction->borrower_count; i++) {
        held |= transaction->borrowers[i].holds;
    }
    return held;
}

void spmc_transaction_zero(struct spmc *spmc, const struct spmc_transaction *transaction)
{
    for (uint32_t number = transaction->first; number != 0; number = spmc->range[number].next) {
        const struct spmc_range *range = &spmc->range[number];
        const size_t bytes = (size_t)range->pages * FFA_PAGE_SIZE;
        void *at = spmc_port_map(spmc, range->pa, bytes);

        /* A host that has taken memory away too early has given it to somebody else. */
        if (at == NULL) {
            continue;
        }
        memset(at, 0, bytes);
        if (spmc->config.clean != NULL) {
            spmc->config.clean(spmc->config.host, at, bytes);
        }
    }
}

void spmc_forget_donations(struct spmc *spmc)
{
    for (unsigned int i = 0; i < SPMC_TRANSACTIONS_MAX; i++) {
        if (spmc->transactions[i].state == SPMC_TRANSACTION_DONATED) {
            spmc_transaction_move(spmc, &spmc->transactions[i], SPMC_TRANSACTION_NONE);
        }
    }
}
