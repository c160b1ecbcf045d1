/* SPDX-License-Identifier: BSD-3-Clause */
/* What the random walk does next: mostly something that may work, and sometimes anything. */
#include "memory_choices.h"

#define HANDLES 64u /* that are remembered, also those that are over */

static uint64_t seed;

void choices_seed(uint64_t number)
{
    seed = number + 0x9e3779b97f4a7c15;
}

uint64_t random_bits(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1d >> 16;
}

unsigned int below(unsigned int end)
{
    return (unsigned int)(random_bits() % end);
}

bool one_in(unsigned int n)
{
    return below(n) == 0;
}

/* --- Handles ---------------------------------------------------------------------------------- */

static struct {
    uint16_t lender;
    uint64_t handle;
} handles[HANDLES];

void remember(uint16_t lender, uint64_t handle)
{
    unsigned int place = below(HANDLES);

    handles[place].lender = lender;
    handles[place].handle = handle;
}

/* Mostly one of a transaction that there is. */
static uint64_t any_handle(void)
{
    uint16_t lender = (uint16_t)(1 + below(MODEL_VMS));
    unsigned int first = below(MODEL_TRANSACTIONS);

    for (unsigned int i = 0; i < MODEL_TRANSACTIONS && !one_in(30); i++) {
        const struct model_transaction *transaction =
            &model[lender].transaction[(first + i) % MODEL_TRANSACTIONS];

        if (model[lender].is_there && transaction->is_there) {
            return transaction->handle;
        }
    }
    return handles[below(HANDLES)].handle;
}

static bool names(const struct model_transaction *transaction, uint16_t id)
{
    for (unsigned int i = 0; i < transaction->grant.borrowers; i++) {
        if (transaction->grant.borrower[i].id == id && !transaction->holds[i]) {
            return true;
        }
    }
    return false;
}

/* Mostly one that the VM may retrieve. */
uint64_t handle_for(uint16_t id)
{
    unsigned int first = below(MODEL_VMS * MODEL_TRANSACTIONS);

    for (unsigned int i = 0; i < MODEL_VMS * MODEL_TRANSACTIONS && !one_in(40); i++) {
        unsigned int place = (first + i) % (MODEL_VMS * MODEL_TRANSACTIONS);
        const struct model_vm *lender = &model[1 + place / MODEL_TRANSACTIONS];
        const struct model_transaction *transaction =
            &lender->transaction[place % MODEL_TRANSACTIONS];

        if (lender->is_there && transaction->is_there && names(transaction, id)) {
            return transaction->handle;
        }
    }
    return any_handle();
}

const struct model_transaction *transaction_of(uint64_t handle, uint16_t *lender)
{
    for (*lender = 1; *lender <= MODEL_VMS; ++*lender) {
        for (unsigned int i = 0; i < MODEL_TRANSACTIONS; i++) {
            const struct model_transaction *transaction = &model[*lender].transaction[i];

            if (model[*lender].is_there && transaction->is_there && transaction->handle == handle) {
                return transaction;
            }
        }
    }
    return NULL;
}

/* Mostly of what the VM holds. */
uint64_t held_handle(uint16_t id)
{
    unsigned int first = below(MODEL_TRANSACTIONS);

    for (unsigned int i = 0; i < MODEL_TRANSACTIONS && !one_in(20); i++) {
        const struct model_loan *loan = &model[id].loan[(first + i) % MODEL_TRANSACTIONS];

        if (loan->is_there) {
            return loan->handle;
        }
    }
    return any_handle();
}

/* Mostly of what the VM has granted, and nobody has. */
uint64_t own_handle(uint16_t id)
{
    unsigned int first = below(MODEL_TRANSACTIONS);

    for (unsigned int i = 0; i < MODEL_TRANSACTIONS && !one_in(20); i++) {
        const struct model_transaction *own =
            &model[id].transaction[(first + i) % MODEL_TRANSACTIONS];

        if (own->is_there) {
            return own->handle;
        }
    }
    return any_handle();
}

/* --- Grants -------------------------------------------------------------------------------- */

uint16_t any_id(void)
{
    return (uint16_t)(one_in(30) ? below(MODEL_VMS + 3) : 1 + below(MODEL_VMS));
}

/* A few pages, mostly of RAM; what was received is given on as it came only. */
static struct ffa_mem_constituent any_range(uint16_t id, bool is_gift)
{
    unsigned int page = one_in(20) ? below(2) : 2 + below(MODEL_RAM - 2);
    unsigned int pages = 1 + below(one_in(4) ? 6 : 2);

    if (one_in(4) && model[id].received_count != 0) {
        const struct model_range *range = &model[id].received[below(model[id].received_count)];

        page = range->page;
        pages = range->pages;
    } else if (one_in(8) && !is_gift) {
        page = MODEL_RAM + below(MODEL_WINDOW);
    }
    if (page < MODEL_RAM && page + pages > MODEL_RAM) {
        pages = MODEL_RAM - page;
    } else if (page + pages > MODEL_PAGES) {
        pages = MODEL_PAGES - page;
    }
    return (struct ffa_mem_constituent){model_ipa(page), pages, 0};
}

/* Whether it is the VM's to grant, and beside these. */
static bool is_good(uint16_t id, const struct ffa_mem_constituent *range,
                    const struct ffa_mem_constituent *others, unsigned int count)
{
    uint64_t end = range->address + (uint64_t)range->page_count * FFA_PAGE_SIZE;

    for (unsigned int page = 2; page < MODEL_PAGES; page++) {
        const struct model_page *there = &model[id].page[page];

        if (model_ipa(page) >= range->address && model_ipa(page) < end &&
            (!there->is_own || there->is_granted)) {
            return false;
        }
    }
    for (unsigned int i = 0; i < count; i++) {
        if (range->address < others[i].address + others[i].page_count * FFA_PAGE_SIZE &&
            others[i].address < end) {
            return false;
        }
    }
    return true;
}

/* Mostly a good one. */
static struct ffa_mem_constituent
next_range(uint16_t id, bool is_gift, const struct ffa_mem_constituent *others, unsigned int count)
{
    struct ffa_mem_constituent range = any_range(id, is_gift);

    while (!is_good(id, &range, others, count) && !one_in(20)) {
        range = any_range(id, is_gift);
    }
    return range;
}

static void add_borrowers(uint16_t id, unsigned int type, struct grant *grant)
{
    unsigned int count = type == 2 || one_in(2) ? 1 : 1 + below(3);

    for (unsigned int i = 0; i < count; i++) {
        uint16_t borrower = any_id();
        uint8_t permissions = type == 2 ? 0 : one_in(3) ? DATA_RO : DATA_RW;

        while (borrower == id && !one_in(10)) {
            borrower = any_id();
        }
        if (one_in(100)) {
            permissions = (uint8_t)below(4);
        }
        also_to(grant, borrower, permissions);
    }
    grant->attributes =
        type == 2 || (type == 1 && count == 1) ? 0 : (uint16_t)FFA_MEM_ATTR_NORMAL_WB_INNER;
}

/* Words that only those of 1.2 can repeat. */
static void add_words(uint16_t id, struct grant *grant)
{
    for (unsigned int i = 0; i < grant->borrowers; i++) {
        uint16_t borrower = grant->borrower[i].id;

        if (model[id].version >= FFA_VERSION_1_2 && borrower <= MODEL_VMS &&
            model[borrower].version >= FFA_VERSION_1_2) {
            grant->borrower[i].impdef[0] = random_bits() & 0xffff;
        }
    }
}

struct grant any_grant(uint16_t id, unsigned int type, struct ffa_mem_constituent *ranges)
{
    struct grant grant = {.owner = id, .tag = below(1000), .range = ranges};

    add_borrowers(id, type, &grant);
    add_words(id, &grant);
    grant.ranges = 1 + below(one_in(3) ? MODEL_RANGES_MAX : 2);
    for (unsigned int i = 0; i < grant.ranges; i++) {
        ranges[i] = next_range(id, type == 2, ranges, i);
        grant.pages += ranges[i].page_count;
    }
    if (one_in(10)) {
        grant.flags = FFA_MEM_SEND_ZERO;
    }
    if (one_in(60)) {
        grant.owner = any_id();
    } else if (one_in(60)) {
        grant.pages += one_in(2) ? 1 : -1u;
        grant.pages += grant.pages == 0 ? 2 : 0;
    } else if (one_in(60)) {
        grant.attributes ^= FFA_MEM_ATTR_NORMAL_WB_INNER;
    }
    return grant;
}

/* --- Requests ------------------------------------------------------------------------------ */

/* Of as many pages, at places that are good, or where something was given away. */
static void ask_for_places(uint16_t id, struct grant *request, struct ffa_mem_constituent *ranges,
                           unsigned int pages)
{
    request->range = ranges;
    for (request->ranges = 0; pages > 0 && request->ranges < 4; request->ranges++) {
        unsigned int page = MODEL_RAM + below(MODEL_WINDOW);
        unsigned int count = 1 + below(pages);

        if (one_in(3) && model[id].given_count != 0) {
            const struct model_range *gap = &model[id].given[below(model[id].given_count)];

            page = gap->page;
            count = gap->pages <= pages ? gap->pages : count;
        }
        if (page >= MODEL_RAM && page + count > MODEL_PAGES) {
            page = MODEL_PAGES - count;
        }
        if (request->ranges == 3) {
            count = pages;
        }
        ranges[request->ranges] = (struct ffa_mem_constituent){model_ipa(page), count, 0};
        pages -= count;
    }
}

/* One thing is not as the lender said. */
static void spoil(uint16_t id, struct grant *request)
{
    unsigned int n = below(request->borrowers);

    switch (below(7)) {
    case 0:
        request->tag++;
        break;
    case 1:
        request->owner = any_id();
        break;
    case 2:
        request->borrower[n].permissions = (uint8_t)below(16);
        break;
    case 3:
        request->flags |= below(8) & ~(uint32_t)FFA_MEM_RETRIEVE_REQ_TIME_SLICE;
        break;
    case 4:
        request->flags |= below(4) << FFA_MEM_TYPE_SHIFT;
        break;
    case 5:
        request->borrowers -= request->borrowers > 1;
        break;
    default:
        if (model[id].version == FFA_VERSION_1_2) {
            request->flags |= FFA_MEM_RETRIEVE_REQ_BYPASS;
        }
        break;
    }
}

void vary(uint16_t id, struct grant *request, struct ffa_mem_constituent *ranges,
          const struct model_transaction *transaction)
{
    struct grant_borrower *own = NULL;

    for (unsigned int i = 0; i < request->borrowers; i++) {
        own = request->borrower[i].id == id ? &request->borrower[i] : own;
    }
    if (own != NULL && transaction->type != FFA_MEM_TYPE_SHARE && request->borrowers == 1) {
        own->permissions |= (uint8_t)(below(3) << 2);
    }
    if (own != NULL && own->permissions % 4 == DATA_RW && one_in(4)) {
        own->permissions = (uint8_t)((own->permissions & ~3u) | DATA_RO);
    } else if (transaction->type != FFA_MEM_TYPE_SHARE && one_in(6)) {
        request->flags |= FFA_MEM_RETRIEVE_REQ_ZERO_AFTER;
    }
    if (one_in(5)) {
        request->flags |= FFA_MEM_RETRIEVE_REQ_ALIGN_VALID | below(5) << 5;
    } else if (one_in(4)) {
        ask_for_places(id, request, ranges, transaction->grant.pages);
    }
    if (one_in(8)) {
        spoil(id, request);
    }
}

/* A request without anything to go by. */
struct grant blind_request(uint16_t id, uint64_t handle)
{
    struct grant request = {.owner = any_id(), .handle = handle};

    also_to(&request, id, DATA_RW);
    request.attributes = 0;
    return request;
}
