/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who takes part in a memory transaction: the VM that plays, or a servant that it tells what to do.
 * So a test is written once for both directions. Of each answer on the way all is checked that does
 * not depend on what the test wants.
 */
#ifndef PARTY_H
#define PARTY_H

#include "grant.h"
#include "servant.h"
#include "touch.h"

#define PARTY_WORDS ERRAND_WORDS

struct party {
    struct client *client;         /* of the VM that plays */
    const struct buffers *buffers; /* its own; NULL: it is a servant */
    struct errand errand;          /* to the servant */
    uint16_t id;
    uint32_t version;
    bool is_64;     /* it has 64-bit calls */
    uint32_t bytes; /* of each of its buffers */
};

/* A call with so many arguments at most. */
#define PARTY_CALL(party, fid, ...) \
    party_call((party), (fid), (const uint64_t[PARTY_WORDS]){__VA_ARGS__})
struct guest_regs party_call(const struct party *party, uint32_t fid,
                             const uint64_t arguments[PARTY_WORDS]);

/* Its buffers. */
void party_write(const struct party *party, uint32_t offset, const uint8_t *from, uint32_t bytes);
void party_read(const struct party *party, uint32_t offset, uint8_t *to, uint32_t bytes);

/* --- Transactions ----------------------------------------------------------------------------- */

/*
 * Writes the description to TX and makes the call, then all further fragments, of at most so many
 * bytes. On success *handle is the handle.
 */
int32_t party_send(const struct party *party, uint32_t fid, const struct grant *grant,
                   uint64_t *handle);
int32_t party_send_in(const struct party *party, uint32_t fid, const struct grant *grant,
                      uint32_t fragment_bytes, uint64_t *handle);

/* Writes the request, makes the call, reads the answer and releases RX. */
int32_t party_retrieve(const struct party *party, uint32_t fid, const struct grant *request,
                       struct grant *answer);

int32_t party_relinquish(const struct party *party, uint64_t handle, uint32_t flags);
int32_t party_reclaim(const struct party *party, uint64_t handle, uint32_t flags);

/* --- Memory ----------------------------------------------------------------------------------- */

/* Takes so many pages of its RAM. */
uint64_t party_ram(const struct party *party, uint32_t pages);

/* As guest_load() and guest_store(). */
bool party_load(const struct party *party, uint64_t ipa, uint32_t *value, uint64_t *fault);
bool party_store(const struct party *party, uint64_t ipa, uint32_t value, uint64_t *fault);

/* As touch.h: what could not be written, is wrong, is not zero. */
uint32_t party_fill(const struct party *party, uint64_t ipa, uint32_t pages, uint32_t seed);
uint32_t party_wrong(const struct party *party, uint64_t ipa, uint32_t pages, uint32_t seed);
uint32_t party_not_zero(const struct party *party, uint64_t ipa, uint32_t pages);

/* Expects a fault of both a load and a store in this page, each at its exact address. */
void party_expect_fault(const struct party *party, uint64_t page, const char *what);

/* Expects that it can be read, but that a store is a fault. */
void party_expect_read_only(const struct party *party, uint64_t page, const char *what);

#endif
