/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory from one VM to another: who plays, what they tell each other, and how they call. */
#ifndef GRANTS_H
#define GRANTS_H

#include <guest.h>

/* VM IDs. */
#define DRIVER     1u /* plays the test, and tells the others what to do */
#define BORROWER   2u
#define BORROWER32 3u /* in AArch32 */
#define MORTAL     4u /* has ended when it has stopped */

/* Requests: in w3, with arguments in w4 to w6. The answer has its results in w3 to w6. */
enum command {
    COMMAND_RETRIEVE = 1, /* handle low, high, lender, other borrower or 0: status, address */
    COMMAND_RELINQUISH,   /* handle low, high: status */
    COMMAND_LOAD,         /* address: as struct touch */
    COMMAND_STORE,        /* address, value */
    COMMAND_CALL,         /* address */
    COMMAND_GRANT,        /* function ID, borrower, address or 0: status, handle low, high */
    COMMAND_ANSWER,       /* that is all */
    COMMAND_RESET,
    COMMAND_STOP,
};

/* The lender and what it grants to whom it asks; the other borrower and what that has been granted.
 */
#define WITH(id, permissions) ((id) | (uint32_t)(permissions) << 16)

#define RO FFA_MEM_ACCESS_DATA_RO
#define RW FFA_MEM_ACCESS_DATA_RW
#define X  FFA_MEM_ACCESS_INSTR_X

/* --- Calls ------------------------------------------------------------------------------------ */

struct range {
    uint64_t ipa;
    uint32_t pages;
};

struct descriptor {
    struct ffa_mem_transaction_1_1 header;
    struct ffa_mem_access_1_0 access[2];
    struct ffa_mem_composite composite;
    struct ffa_mem_constituent constituents[4];
};

/* With one borrower, the second place of the list is left out. */
static inline uint32_t composite_offset(unsigned int borrowers)
{
    return (uint32_t)(sizeof(struct ffa_mem_transaction_1_1) +
                      borrowers * sizeof(struct ffa_mem_access_1_0));
}

struct borrower {
    uint16_t id;
    uint8_t permissions;
    uint8_t flags;
};

struct grant {
    uint32_t fid;
    uint32_t flags;
    unsigned int borrower_count;
    struct borrower borrowers[2];
    unsigned int range_count;
    struct range ranges[4];
};

static uint16_t self; /* the VM's ID */
static uint8_t *tx;
static const uint8_t *rx;

static inline int32_t status_of(const struct guest_regs *regs)
{
    return (uint32_t)regs->x[0] == FFA_ERROR ? (int32_t)(uint32_t)regs->x[2] : 0;
}

static inline void copy(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
}

/* Writes the list of borrowers and ranges into TX, and returns the descriptor's length. */
static inline uint32_t write_grant(struct ffa_mem_transaction_1_1 header, const struct grant *grant)
{
    uint32_t at = composite_offset(grant->borrower_count);
    struct ffa_mem_composite composite = {.constituent_count = grant->range_count};

    header.access_size = sizeof(struct ffa_mem_access_1_0);
    header.access_count = grant->borrower_count;
    header.access_offset = sizeof(header);
    copy(tx, &header, sizeof(header));
    for (unsigned int i = 0; i < grant->borrower_count; i++) {
        struct ffa_mem_access_1_0 access = {.endpoint = grant->borrowers[i].id,
                                            .permissions = grant->borrowers[i].permissions,
                                            .flags = grant->borrowers[i].flags,
                                            .composite_offset = grant->range_count == 0 ? 0 : at};

        copy(tx + composite_offset(i), &access, sizeof(access));
    }
    if (grant->range_count == 0) {
        return at;
    }
    for (unsigned int i = 0; i < grant->range_count; i++) {
        struct ffa_mem_constituent constituent = {.address = grant->ranges[i].ipa,
                                                  .page_count = grant->ranges[i].pages};

        composite.page_count += grant->ranges[i].pages;
        copy(tx + at + sizeof(composite) + i * sizeof(constituent), &constituent,
             sizeof(constituent));
    }
    copy(tx + at, &composite, sizeof(composite));
    return at +
           (uint32_t)(sizeof(composite) + grant->range_count * sizeof(struct ffa_mem_constituent));
}

static inline int32_t send(const struct grant *grant, uint64_t *handle)
{
    bool shared = grant->fid == FFA_MEM_SHARE_32;
    bool to_several = grant->borrower_count > 1;
    struct ffa_mem_transaction_1_1 header = {
        .sender = self,
        .attributes = shared || to_several ? FFA_MEM_ATTR_NORMAL_WB_INNER : 0,
        .flags = grant->flags,
    };
    uint32_t bytes = write_grant(header, grant);
    struct guest_regs regs = {{grant->fid, bytes, bytes}};

    ffa_call(&regs);
    *handle = ffa_handle_make((uint32_t)regs.x[2], (uint32_t)regs.x[3]);
    return status_of(&regs);
}

/* All of it, where there is room, or where `grant` says. *ipa: where it is. */
static inline int32_t retrieve(uint16_t lender, uint64_t handle, const struct grant *grant,
                               uint64_t *ipa)
{
    struct ffa_mem_transaction_1_1 header = {
        .sender = lender,
        .handle = handle,
        .attributes = FFA_MEM_ATTR_NORMAL_WB_INNER,
        .flags = FFA_MEM_TYPE_ANY,
    };
    uint32_t bytes = write_grant(header, grant);
    struct guest_regs regs = {{FFA_MEM_RETRIEVE_REQ_32, bytes, bytes}};
    struct guest_regs release = {{FFA_RX_RELEASE}};
    struct ffa_mem_constituent first;

    ffa_call(&regs);
    if ((uint32_t)regs.x[0] != FFA_MEM_RETRIEVE_RESP) {
        return status_of(&regs);
    }
    copy(&first, rx + composite_offset(1) + sizeof(struct ffa_mem_composite), sizeof(first));
    *ipa = first.address;
    ffa_call(&release);
    return status_of(&release);
}

static inline int32_t relinquish(uint64_t handle)
{
    struct ffa_mem_relinquish descriptor = {.handle = handle, .endpoint_count = 1};
    struct guest_regs regs = {{FFA_MEM_RELINQUISH}};

    copy(tx, &descriptor, sizeof(descriptor));
    copy(tx + sizeof(descriptor), &self, sizeof(self));
    ffa_call(&regs);
    return status_of(&regs);
}

static inline int32_t reclaim(uint64_t handle)
{
    struct guest_regs regs = {
        {FFA_MEM_RECLAIM, ffa_handle_low(handle), ffa_handle_high(handle), 0}};

    ffa_call(&regs);
    return status_of(&regs);
}

/* Becomes a member of version 1.1, with buffers. */
static inline void join(void)
{
    uint8_t *buffers = guest_pages(2);
    struct guest_regs version = {{FFA_VERSION, FFA_VERSION_1_1}};
    struct guest_regs id = {{FFA_ID_GET}};
    struct guest_regs map = {
        {FFA_RXTX_MAP_32, guest_ipa(buffers), guest_ipa(buffers + FFA_PAGE_SIZE), 1}};

    ffa_call(&version);
    ffa_call(&id);
    ffa_call(&map);
    self = (uint16_t)id.x[2];
    tx = buffers;
    rx = buffers + FFA_PAGE_SIZE;
}

#endif
