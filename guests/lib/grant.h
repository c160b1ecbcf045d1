/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory transactions as FF-A describes them in buffers, in the layout of each version: of a send,
 * of a request to retrieve, and of the answer to that. What is built is right; a program that wants
 * something else changes a field afterwards.
 */
#ifndef GRANT_H
#define GRANT_H

#include <guest.h>

#define GRANT_BORROWERS_MAX 10u
#define GRANT_RANGES_MAX    8u

/* All that comes before the ranges. */
#define GRANT_HEAD_MAX                        \
    (sizeof(struct ffa_mem_transaction_1_1) + \
     GRANT_BORROWERS_MAX * sizeof(struct ffa_mem_access_1_2) + sizeof(struct ffa_mem_composite))

struct grant_borrower {
    uint16_t id;
    uint8_t permissions;
    uint8_t flags;
    uint32_t composite_offset;
    uint64_t impdef[2];
};

struct grant_range {
    uint64_t ipa;
    uint32_t pages;
};

/*
 * Many ranges of the same length, out of order: number i is the place i * step modulo count, and
 * from one place to the next it is `stride` pages. Step and count have no divisor in common.
 */
struct grant_scatter {
    uint64_t ipa;
    uint32_t pages; /* of each */
    uint32_t stride;
    uint32_t step;
    uint32_t count; /* 0: the ranges are listed */
};

struct grant {
    uint32_t version; /* of the layout */

    uint16_t sender;
    uint16_t attributes;
    uint32_t flags;
    uint64_t handle;
    uint64_t tag;
    uint32_t access_bytes; /* of each borrower's descriptor */
    uint32_t access_count;
    uint32_t access_offset;
    struct grant_borrower borrower[GRANT_BORROWERS_MAX];
    uint32_t pages; /* what the composite descriptor says */
    uint32_t ranges;
    struct grant_range range[GRANT_RANGES_MAX];
    struct grant_scatter scatter;

    uint32_t total; /* bytes */

    /* Where things really are. */
    unsigned int borrowers;
    uint32_t ranges_listed;
    uint32_t access_at;
    uint32_t access_each;
    uint32_t composite_at; /* 0: there is none */
};

uint32_t grant_header_bytes(uint32_t version);
uint32_t grant_access_bytes(uint32_t version);

/* Nobody borrows, and no pages. */
void grant_init(struct grant *grant, uint32_t version, uint16_t sender);

/* One more of each; or many ranges, instead of others. */
void grant_to(struct grant *grant, uint16_t id, uint32_t permissions);
void grant_add(struct grant *grant, uint64_t ipa, uint32_t pages);
void grant_add_scattered(struct grant *grant, const struct grant_scatter *scatter);

/* Another size of the borrowers' descriptors, as a version might have it; another place. */
void grant_set_access(struct grant *grant, uint32_t bytes, uint32_t offset);

/* The request of `borrower`, in its layout, to retrieve what was sent so. */
void grant_request(struct grant *request, const struct grant *sent, uint32_t version,
                   uint16_t borrower, uint64_t handle);

/* The borrower of that ID. There must be one. */
struct grant_borrower *grant_borrower(struct grant *grant, uint16_t id);

/* A range by its number. */
struct grant_range grant_range(const struct grant *grant, uint32_t i);

/* Writes `bytes` of the description from `offset` on. */
void grant_write(const struct grant *grant, uint32_t offset, uint8_t *to, uint32_t bytes);

/*
 * Reads a description of `bytes` in the layout of this version, with one borrower and as many
 * ranges as can be listed. False if it is none that was put together as it should be.
 */
bool grant_read(struct grant *grant, uint32_t version, const uint8_t *from, uint32_t bytes);

#endif
