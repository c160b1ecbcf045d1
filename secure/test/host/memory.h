/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory between VMs and partitions, for tests on the host: descriptors that are described, and may
 * then be damaged; and a partition that makes the calls that a test gives it.
 */
#ifndef MEMORY_TEST_H
#define MEMORY_TEST_H

#include "world.h"

#define PAGE FFA_PAGE_SIZE

/* RAM of VMs. Far more than is ever touched. */
#define FAR_PAGES 0x14000u
#define FAR_PA    0x80000000u
uint8_t *far_memory(uint64_t pa);
extern bool far_is_gone; /* the host gives none of it to the Secure world */

#define SHARE  FFA_MEM_SHARE_32
#define LEND   FFA_MEM_LEND_32
#define DONATE FFA_MEM_DONATE_32

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define TRIO     PARTITION_TRIO_ID

#define RO FFA_MEM_ACCESS_DATA_RO
#define RW FFA_MEM_ACCESS_DATA_RW
#define XN FFA_MEM_ACCESS_INSTR_XN

#define RAM FFA_MEM_ATTR_NORMAL_WB_INNER

struct party {
    uint16_t id;
    uint8_t permissions;
    uint8_t flags;
    uint64_t impdef[2];
};

/* A descriptor. Without ranges it has no composite part. */
struct grant {
    uint16_t sender;
    uint16_t attributes;
    uint32_t flags;
    uint64_t handle;
    uint64_t tag;
    uint32_t access_bytes;
    uint32_t access_count;
    struct party parties[SPMC_BORROWERS_MAX + 1];
    const struct ffa_mem_constituent *ranges;
    uint32_t range_count;
};

/* From VM to echo: three pages in two ranges, in the form that the version has of everything. */
struct grant grant_of(uint32_t version, uint32_t fid);
extern const struct ffa_mem_constituent two_ranges[2];
#define TWO_RANGES_PAGES 3u

/* And what echo asks for to retrieve it, or another borrower of it. */
struct grant request_of(const struct grant *grant, uint64_t handle, uint16_t self);

/* Where things are in it. */
uint32_t header_bytes(uint32_t version);
uint32_t composite_at(const struct grant *grant, uint32_t version);

/* Writes it, and returns how long it is. */
uint32_t grant_write(const struct grant *grant, uint32_t version, uint8_t *to);

/* Starts a world of that version with the caller's buffers, of so many pages. */
void memory_start(struct world *world, uint32_t version, uint32_t buffer_pages);
void memory_start_with(struct world *world, uint32_t version, uint32_t buffer_pages,
                       const struct spmc_config *knobs);

/* Sends it in as many fragments as it takes. The last answer. */
struct regs send(struct world *world, uint32_t fid, const struct grant *grant);
uint64_t send_ok(struct world *world, uint32_t fid, const struct grant *grant); /* the handle */
uint64_t handle_of(const struct regs *success);

int32_t reclaim(struct world *world, uint64_t handle, uint32_t flags);

/* How many transactions and ranges there is room for. */
uint32_t room(const struct world *world);

/* --- The partition that does what it is told --- */

struct puppet {
    uint8_t *tx;
    uint8_t *rx;
    uint8_t got[2 * FFA_PAGE_SIZE]; /* what was in RX when its last call returned */
};

struct puppet *puppet(uint16_t partition);

/* Has it make one call. It keeps RX. */
struct regs puppet_call(struct world *world, uint16_t partition, struct regs call);

/* RETRIEVE_REQ of this; and with what memory_start() mapped released: its status. */
struct regs puppet_retrieve(struct world *world, uint16_t partition, const struct grant *request);
int32_t retrieve_status(struct world *world, uint16_t partition, const struct grant *request);
int32_t relinquish(struct world *world, uint16_t partition, uint64_t handle, uint32_t flags);

/* Retrieves what was granted as `grant`, or insists that it can. */
void retrieve_ok(struct world *world, uint16_t partition, const struct grant *grant,
                 uint64_t handle);

int32_t status_of(const struct regs *answer);

#endif
