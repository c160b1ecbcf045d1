/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of the SPMC. All of it runs with the SPMC's lock held. */
#ifndef SPMC_INTERNAL_H
#define SPMC_INTERNAL_H

#include "spmc.h"

/* All of a C library that is used, by declaration, since the monitor is built without one. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

/* A call as its handler sees it. */
struct spmc_frame {
    uint32_t fid;
    uint64_t in[FFA_REGS_MAX];  /* arguments; what the ID's width and the version lack reads zero */
    uint64_t out[FFA_REGS_MAX]; /* starts as FFA_SUCCESS_32 without results */
};

/* Returns FFA_OK with the results in frame->out, or a status code with no state changed. */
typedef int32_t spmc_handler(struct spmc *spmc, struct spmc_frame *frame);

spmc_handler spmc_features;
spmc_handler spmc_id_get;
spmc_handler spmc_spm_id_get;
spmc_handler spmc_rxtx_map;
spmc_handler spmc_rxtx_unmap;
spmc_handler spmc_rx_release;
spmc_handler spmc_partition_info_get;
spmc_handler spmc_partition_info_get_regs;

/* version.c: FFA_VERSION, which returns its w0; and whether another call may go on. */
uint32_t spmc_version_call(struct spmc *spmc, uint32_t requested);
bool spmc_version_settle(struct spmc *spmc);

/* call.c: whether this ID works, or may be the answer, at the version in force. */
bool spmc_offers(const struct spmc *spmc, uint32_t fid);

/*
 * call.c: whether `bits`, those of an argument that FF-A reserves, make the call invalid. Up to 1.1
 * they must be zero; since 1.2 a callee ignores them, and the journal alone remembers.
 */
bool spmc_refuses_reserved(struct spmc *spmc, uint64_t bits);

/* call.c: writes FFA_ERROR. */
void spmc_answer_error(const struct spmc *spmc, uint64_t regs[FFA_REGS_MAX], int32_t status);

/* rxtx.c */
uint16_t spmc_rxtx_pages_max(const struct spmc *spmc);

/*
 * hostile.c: all three do nothing for an honest SPMC. Whether a lie stands in for the call, which
 * is then answered; what happens to an answer; a reserved argument that was not zero.
 */
bool spmc_hostile_answers(struct spmc *spmc, uint64_t regs[FFA_REGS_MAX]);
void spmc_hostile_after(struct spmc *spmc, uint32_t fid, uint32_t w1, uint64_t regs[FFA_REGS_MAX]);
void spmc_hostile_reserved(struct spmc *spmc);

#endif
