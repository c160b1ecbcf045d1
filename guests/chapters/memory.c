/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#define RO FFA_MEM_ACCESS_DATA_RO
#define RW FFA_MEM_ACCESS_DATA_RW

#define TAG FFA_U64(0x1a7e57a61a7e57a6)

struct kind {
    uint32_t type;
    uint32_t attributes;
    uint32_t flags;
    uint32_t permissions;
    bool to_two;
};

/* Who lends to one, or gives, leaves it to the borrower how the memory is mapped. */
static const struct kind kinds[MEMORY_KINDS] = {
    [MEMORY_SHARE] = {FFA_MEM_TYPE_SHARE, FFA_MEM_ATTR_NORMAL_WB_INNER, 0, RW, false},
    [MEMORY_LEND] = {FFA_MEM_TYPE_LEND, 0, 0, RW, false},
    [MEMORY_DONATE] = {FFA_MEM_TYPE_DONATE, 0, 0, 0, false},
    [MEMORY_SHARE_READ_ONLY] = {FFA_MEM_TYPE_SHARE, FFA_MEM_ATTR_NORMAL_WB_INNER, 0, RO, false},
    [MEMORY_LEND_READ_ONLY] = {FFA_MEM_TYPE_LEND, 0, 0, RO, false},
    [MEMORY_LEND_ZEROED] = {FFA_MEM_TYPE_LEND, 0, FFA_MEM_SEND_ZERO, RW, false},
    [MEMORY_SHARE_TWO] = {FFA_MEM_TYPE_SHARE, FFA_MEM_ATTR_NORMAL_WB_INNER, 0, RW, true},
    [MEMORY_LEND_TWO] = {FFA_MEM_TYPE_LEND, FFA_MEM_ATTR_NORMAL_WB_INNER, 0, RW, true},
};

uint32_t memory_type(enum memory_kind kind)
{
    return kinds[kind].type;
}

bool memory_is_taken(enum memory_kind kind)
{
    return kinds[kind].type != FFA_MEM_TYPE_SHARE;
}

uint32_t memory_fid(const struct party *party, enum memory_kind kind, bool wide)
{
    wide = wide && party->is_64;
    switch (kinds[kind].type) {
    case FFA_MEM_TYPE_SHARE:
        return wide ? FFA_MEM_SHARE_64 : FFA_MEM_SHARE_32;
    case FFA_MEM_TYPE_LEND:
        return wide ? FFA_MEM_LEND_64 : FFA_MEM_LEND_32;
    default:
        return wide ? FFA_MEM_DONATE_64 : FFA_MEM_DONATE_32;
    }
}

uint32_t memory_retrieve_fid(const struct party *party, bool wide)
{
    return wide && party->is_64 ? FFA_MEM_RETRIEVE_REQ_64 : FFA_MEM_RETRIEVE_REQ_32;
}

void memory_grant(struct grant *grant, enum memory_kind kind, const struct party *lender,
                  uint64_t ipa, uint16_t borrower, uint16_t other)
{
    const struct kind *known = &kinds[kind];

    grant_init(grant, lender->version, lender->id);
    grant->attributes = (uint16_t)known->attributes;
    grant->flags = known->flags;
    grant->tag = TAG;
    grant_to(grant, borrower, known->permissions);
    if (known->to_two) {
        grant_to(grant, other, RO);
    }
    grant_add(grant, ipa + 4 * FFA_PAGE_SIZE, 2);
    grant_add(grant, ipa + FFA_PAGE_SIZE, 1);
}

uint32_t memory_fill(const struct party *lender, uint64_t ipa, uint32_t seed)
{
    return party_fill(lender, ipa + 4 * FFA_PAGE_SIZE, 2, seed) +
           party_fill(lender, ipa + FFA_PAGE_SIZE, 1, seed + 1);
}

uint32_t memory_wrong(const struct party *lender, uint64_t ipa, uint32_t seed)
{
    return party_wrong(lender, ipa + 4 * FFA_PAGE_SIZE, 2, seed) +
           party_wrong(lender, ipa + FFA_PAGE_SIZE, 1, seed + 1);
}

uint64_t memory_ram(const struct memory_stage *stage, const struct party *party)
{
    return party == &stage->me ? stage->ram : stage->keeper_ram[party - stage->keeper];
}

void memory_request(struct grant *request, const struct grant *sent, const struct party *borrower,
                    uint64_t handle)
{
    grant_request(request, sent, borrower->version, borrower->id, handle);
    if (grant_borrower(request, borrower->id)->permissions == 0) {
        grant_borrower(request, borrower->id)->permissions = RW; /* of a gift, it may ask for all */
    }
}
