/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the files of memory management (FF-A 1.2 memory management, DEN0140). By the way that
 * memory takes:
 *
 *   memory_send.c         FFA_MEM_SHARE, LEND, DONATE, and the fragments that follow
 *   memory_retrieve.c     FFA_MEM_RETRIEVE_REQ: of a partition, and of the hypervisor
 *   memory_deliver.c      what they get, in one fragment or many
 *   memory_return.c       FFA_MEM_RELINQUISH, FFA_MEM_RECLAIM
 *
 * and what these are written in terms of:
 *
 *   memory_descriptor.c   what a descriptor looks like in each version
 *   memory_attributes.c   attributes and permissions: well-formed, and not more than granted
 *   memory_transaction.c  handles, states, who has what
 *   memory_ranges.c       which pages are granted
 */
#ifndef SPMC_MEMORY_H
#define SPMC_MEMORY_H

#include "internal.h"

/* --- memory_ranges.c --- */

void spmc_ranges_init(struct spmc *spmc);

/* A range that has a page in common with these; 0 if there is none. */
uint32_t spmc_range_overlapping(const struct spmc *spmc, uint64_t pa, uint64_t pages);

/* Takes one of those that were promised. It overlaps with no other. */
uint32_t spmc_range_add(struct spmc *spmc, uint64_t pa, uint32_t pages, uint16_t transaction);
void spmc_range_remove(struct spmc *spmc, uint32_t number);

/* --- memory_transaction.c --- */

/* By a handle that is in force; NULL: there is none. */
struct spmc_transaction *spmc_transaction_find(struct spmc *spmc, uint64_t handle);
struct spmc_transaction *spmc_transaction_building(struct spmc *spmc, uint16_t sender);

/* The draft gets a handle, and room for its ranges; NULL: there is no room. It is BUILDING. */
struct spmc_transaction *spmc_transaction_open(struct spmc *spmc);

/* The only way from one state to another. To NONE: its pages are nobody's. */
void spmc_transaction_move(struct spmc *spmc, struct spmc_transaction *transaction,
                           enum spmc_transaction_state to);

void spmc_transaction_append(struct spmc *spmc, struct spmc_transaction *transaction, uint64_t pa,
                             uint32_t pages);
uint16_t spmc_transaction_index(const struct spmc *spmc,
                                const struct spmc_transaction *transaction);
struct spmc_borrower *spmc_transaction_borrower(struct spmc_transaction *transaction, uint16_t id);
bool spmc_transaction_is_held(const struct spmc_transaction *transaction);
void spmc_transaction_zero(struct spmc *spmc, const struct spmc_transaction *transaction);

/* --- memory_descriptor.c --- */

/* A descriptor, as far as it is here, in a buffer that may change at any time. */
struct spmc_text {
    const uint8_t *at;
    uint64_t bytes;
    uint32_t version;
};

struct spmc_header {
    uint16_t sender;
    uint16_t attributes;
    uint32_t flags;
    uint64_t handle;
    uint64_t tag;
    uint32_t access_bytes;
    uint32_t access_count;
    uint32_t access_offset;
    uint64_t reserved; /* all that is reserved, united */
};

struct spmc_access {
    uint16_t id;
    uint8_t permissions;
    uint8_t flags;
    uint32_t composite_offset;
    uint64_t impdef[2];
    uint64_t reserved;
};

uint32_t spmc_header_bytes(uint32_t version);
uint32_t spmc_access_bytes(uint32_t version); /* as the SPMC writes it */

/* The header, and whether the array that it tells of is well-formed and here. */
int32_t spmc_header_read(const struct spmc_text *text, struct spmc_header *header);
uint64_t spmc_accesses_end(const struct spmc_header *header);

/* Each of these reads what is known to be here. */
struct spmc_access spmc_access_read(const struct spmc_text *text, const struct spmc_header *header,
                                    uint32_t index);
struct ffa_mem_constituent spmc_constituent_read(const uint8_t *at);

/* Into an RX buffer that is large enough; attributes that a version lacks are left out. */
void spmc_header_write(uint8_t *rx, uint32_t version, const struct spmc_header *header);
void spmc_access_write(uint8_t *at, uint32_t version, const struct spmc_access *access);

/* A call that names a descriptor in the TX buffer: w1 to w4. FFA_OK: it is in `text`. */
int32_t spmc_text_open(const struct spmc_frame *frame, const struct spmc_pair *pair,
                       uint32_t version, struct spmc_text *text);

/* --- memory_attributes.c: FFA_OK, INVALID_PARAMETERS for the form, DENIED for too much --- */

/* What the SPMC gives to who does not choose: what all RAM of the Normal world is. */
#define SPMC_RAM_ATTRIBUTES FFA_MEM_ATTR_NORMAL_WB_INNER

/* Whether sender, or receiver, leave something of it to the other side. */
bool spmc_receiver_chooses(const struct spmc_transaction *transaction);

int32_t spmc_attributes_send(const struct spmc_transaction *transaction);
int32_t spmc_permissions_send(const struct spmc_transaction *transaction, uint8_t permissions);

/* What the receiver asks for, and then what it gets. */
int32_t spmc_attributes_retrieve(const struct spmc_transaction *transaction, uint16_t *attributes);
int32_t spmc_permissions_retrieve(const struct spmc_transaction *transaction, uint8_t granted,
                                  uint8_t *permissions);
bool spmc_permissions_write(uint8_t permissions);

/* --- memory_deliver.c --- */

/* To whom, and in which form. */
struct spmc_receiver {
    struct spmc_pair *pair;
    struct spmc_delivery *delivery;
    uint32_t version;
    bool is_hypervisor;
};

struct spmc_receiver spmc_receiver_own(struct spmc *spmc);
struct spmc_receiver spmc_receiver_partition(struct spmc *spmc, const struct spmc_context *context);

/* Fills RX, which is free, and frame->out, with the first fragment. */
void spmc_deliver(struct spmc *spmc, struct spmc_frame *frame, const struct spmc_receiver *receiver,
                  const struct spmc_transaction *transaction, const struct spmc_header *header,
                  const struct spmc_access *accesses);

/* The receiver has not asked for all fragments yet. */
bool spmc_delivery_open(const struct spmc_delivery *delivery);

/* The transaction's memory is not the receiver's any more. */
void spmc_delivery_end(struct spmc_delivery *delivery, uint64_t handle);

#endif
