/* SPDX-License-Identifier: BSD-3-Clause */
#include "party.h"

void servant_hold_buffers(struct servant *servant)
{
    while (__atomic_exchange_n(&servant->buffers_are_held, true, __ATOMIC_ACQUIRE)) {
        guest_yield();
    }
}

void servant_drop_buffers(struct servant *servant)
{
    __atomic_store_n(&servant->buffers_are_held, false, __ATOMIC_RELEASE);
}

static struct party party_of(struct servant *servant)
{
    return (struct party){
        .client = &servant->client,
        .buffers = &servant->buffers,
        .id = servant->self,
        .version = servant->client.version,
        .bytes = servant->buffers.pages * FFA_PAGE_SIZE,
    };
}

/* --- The pages -------------------------------------------------------------------------------- */

static uint64_t page_at(const struct servant_kept *kept, uint32_t page)
{
    return kept->ipa + (uint64_t)page * FFA_PAGE_SIZE;
}

static uint32_t count_wrong(const struct servant_kept *kept, bool inverted)
{
    uint32_t wrong = 0;
    uint64_t fault;

    for (uint32_t i = 0; i < kept->pages; i++) {
        uint32_t expected = inverted ? ~(kept->seed + i) : kept->seed + i;
        uint32_t value = 0;

        wrong += !guest_load(page_at(kept, i), &value, &fault) || value != expected;
    }
    return wrong;
}

static uint32_t invert(const struct servant_kept *kept)
{
    uint32_t wrong = count_wrong(kept, false);
    uint64_t fault;

    for (uint32_t i = 0; i < kept->pages; i++) {
        wrong += !guest_store(page_at(kept, i), ~(kept->seed + i), &fault);
    }
    return wrong;
}

/* --- The request ------------------------------------------------------------------------------ */

static int32_t retrieve(const struct party *me, uint16_t lender, struct servant_kept *kept)
{
    struct grant request;
    struct grant answer;
    int32_t status;

    grant_init(&request, me->version, lender);
    request.handle = kept->handle;
    grant_to(&request, me->id, FFA_MEM_ACCESS_DATA_RW);
    status = party_retrieve(me, FFA_MEM_RETRIEVE_REQ_32, &request, &answer);
    if (status == FFA_OK) {
        expect_equal(me->client, answer.ranges, 1, "ranges where memory is borrowed in one place");
        kept->ipa = grant_range(&answer, 0).ipa;
        kept->pages = answer.pages;
    }
    return status;
}

static bool keep(struct servant *servant, const struct servant_kept *kept)
{
    for (unsigned int i = 0; i < SERVANT_KEPT_MAX; i++) {
        if (servant->kept[i].handle == 0) {
            servant->kept[i] = *kept;
            servant->kept[i].since = guest_clock();
            return true;
        }
    }
    return false;
}

void servant_borrow(struct servant *servant, uint16_t lender, const uint64_t *request,
                    uint64_t *answer)
{
    struct party me = party_of(servant);
    struct servant_kept kept = {
        .handle = ffa_handle_make((uint32_t)request[1], (uint32_t)request[2]),
        .seed = (uint32_t)request[3],
    };
    int32_t status;

    servant_hold_buffers(servant);
    status = retrieve(&me, lender, &kept);
    if (status == FFA_OK) {
        answer[2] = invert(&kept);
        answer[3] = kept.pages;
        if (SERVANT_ARGUMENT(request[0]) != 1 || !keep(servant, &kept)) {
            status = party_relinquish(&me, kept.handle, 0);
        }
    }
    answer[1] = (uint32_t)status;
    servant_drop_buffers(servant);
}

uint32_t servant_return_kept(struct servant *servant, uint64_t microseconds)
{
    struct party me = party_of(servant);
    uint32_t returned = 0;

    servant_hold_buffers(servant);
    for (unsigned int i = 0; i < SERVANT_KEPT_MAX; i++) {
        struct servant_kept *kept = &servant->kept[i];

        if (kept->handle == 0 || guest_clock() - kept->since < microseconds) {
            continue;
        }
        expect_equal(me.client, count_wrong(kept, true), 0, "what is borrowed of one that may end");
        expect_status(me.client, party_relinquish(&me, kept->handle, 0), FFA_OK,
                      "FFA_MEM_RELINQUISH of that");
        kept->handle = 0;
        returned++;
    }
    servant_drop_buffers(servant);
    return returned;
}
