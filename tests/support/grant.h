/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory as guests grant it to each other: descriptions written and read by the tables of FF-A 1.2,
 * chapters of memory management, in each version's layout, and the calls that carry them.
 *
 *     struct grant grant = share_with(a, 2, page_of(a, 8), 4);
 *     struct answer sent = grant_send(a, FFA_MEM_SHARE_32, &grant);
 *     struct retrieved got = retrieve(b, &grant, handle_of(&sent));
 *     relinquish(b, got.handle, 0); reclaim(a, got.handle, 0);
 *
 * The VMs have settled and have buffers, as map_buffers() maps them.
 */
#ifndef GRANT_H
#define GRANT_H

#include "call.h"

#define GRANT_BORROWERS 10u

#define DATA_RO FFA_MEM_ACCESS_DATA_RO
#define DATA_RW FFA_MEM_ACCESS_DATA_RW

struct grant_borrower {
    uint16_t id;
    uint8_t permissions;
    uint8_t flags;
    uint64_t impdef[2];
};

/* What a transaction descriptor says. */
struct grant {
    uint32_t version; /* of the layout; 0: that of the VM that sends it */
    uint16_t owner;
    uint16_t attributes;
    uint32_t flags;
    uint64_t handle;
    uint64_t tag;
    struct grant_borrower borrower[GRANT_BORROWERS];
    unsigned int borrowers;
    const struct ffa_mem_constituent *range; /* NULL: `one` is the only one */
    struct ffa_mem_constituent one;
    unsigned int ranges; /* 0: there is no composite descriptor */

    /* 0: as they should be */
    uint32_t access_size;
    uint32_t access_offset;
    uint32_t composite_offset;
    uint32_t pages;
};

/* Shared: normal memory, written and read. Lent or given to one: attributes 0. */
struct grant share_with(const struct posix_vm *owner, uint16_t id, uint64_t ipa, uint32_t pages);
struct grant lend_to(const struct posix_vm *owner, uint16_t id, uint64_t ipa, uint32_t pages);
struct grant give_to(const struct posix_vm *owner, uint16_t id, uint64_t ipa, uint32_t pages);

/* One more that it goes to. With it, the attributes are those of memory that several have. */
void also_to(struct grant *grant, uint16_t id, uint8_t permissions);

/* The IPA of page n of a VM's RAM. */
uint64_t page_of(const struct posix_vm *vm, unsigned int n);

/* Writes the descriptor; its length. */
#define GRANT_BYTES_MAX 0x40000u
uint32_t grant_write(const struct posix_vm *vm, const struct grant *grant, uint8_t *to);

/* --- Calls ------------------------------------------------------------------------------------ */

uint16_t id_of(const struct posix_vm *vm);
unsigned int buffer_bytes(const struct posix_vm *vm);

/*
 * Sends these bytes in fragments of as many as fit (or of `fragment`, not 0), and looks at each
 * answer on the way. The last answer.
 */
struct answer send_bytes(struct posix_vm *vm, uint32_t fid, const uint8_t *bytes, uint32_t total,
                         uint32_t fragment);
struct answer grant_send(struct posix_vm *vm, uint32_t fid, const struct grant *grant);

uint64_t handle_of(const struct answer *answer);

/* What FFA_MEM_RETRIEVE_RESP said. */
#define RETRIEVED_RANGES 16u
struct retrieved {
    int32_t status;
    uint32_t bytes;
    uint16_t owner;
    uint16_t attributes;
    uint32_t flags;
    uint64_t handle;
    uint64_t tag;
    uint32_t borrowers;
    struct grant_borrower borrower;
    uint32_t pages;
    uint32_t ranges;
    struct ffa_mem_constituent range[RETRIEVED_RANGES];
};

/*
 * Asks for what this describes, with its `range`s; reads the answer, which must have the layout of
 * the VM's version, and releases RX. What is not right about its form is a violation.
 */
struct retrieved retrieve_with(struct posix_vm *vm, const struct grant *request);

/* Asks for what was granted, as it was granted, wherever there is room. */
struct retrieved retrieve(struct posix_vm *vm, const struct grant *grant, uint64_t handle);

/* The request that retrieve() makes, for a test to change. */
struct grant request_for(const struct posix_vm *vm, const struct grant *grant, uint64_t handle);

int32_t relinquish(struct posix_vm *vm, uint64_t handle, uint32_t flags);
int32_t reclaim(struct posix_vm *vm, uint64_t handle, uint32_t flags);

/* --- Contents --------------------------------------------------------------------------------- */

/* Whether the VM can read, and write, all of these pages, at their first and last bytes. */
bool can_read(const struct posix_vm *vm, uint64_t ipa, uint32_t pages);
bool can_write(const struct posix_vm *vm, uint64_t ipa, uint32_t pages);
bool cannot_touch(const struct posix_vm *vm, uint64_t ipa, uint32_t pages);

/* Writes a pattern that differs from page to page; whether it is there; whether there are zeroes.
 */
void paint(const struct posix_vm *vm, uint64_t ipa, uint32_t pages, uint8_t colour);
bool is_painted(const struct posix_vm *vm, uint64_t ipa, uint32_t pages, uint8_t colour);
bool is_zero(const struct posix_vm *vm, uint64_t ipa, uint32_t pages);

#endif
