/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of the SPMC. All of it runs with the SPMC's lock held, but for a partition. */
#ifndef SPMC_INTERNAL_H
#define SPMC_INTERNAL_H

#include "spmc.h"

/* All of a C library that is used, by declaration, since the monitor is built without one. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

/* Until when the schedule receiver interrupt waits. */
enum spmc_sri {
    SPMC_SRI_NONE,
    SPMC_SRI_DELAYED, /* until the call is over */
    SPMC_SRI_NOW,     /* until the lock is free */
};

/* A call as its handler sees it. */
struct spmc_frame {
    uint32_t fid;
    unsigned int cpu;
    uint64_t in[FFA_REGS_MAX];  /* arguments; what the ID's width and the version lack reads zero */
    uint64_t out[FFA_REGS_MAX]; /* starts as FFA_SUCCESS_32 without results */
    struct spmc_context *runs;  /* the partition's context that serves it */
    enum spmc_sri sri;
};

/*
 * Returns FFA_OK with the results in frame->out, a status code with no state changed, or SPMC_RUNS:
 * the context frame->runs, which is RUNNING, will say.
 */
#define SPMC_RUNS 1

typedef int32_t spmc_handler(struct spmc *spmc, struct spmc_frame *frame);

spmc_handler spmc_features;
spmc_handler spmc_id_get;
spmc_handler spmc_spm_id_get;
spmc_handler spmc_rxtx_map;
spmc_handler spmc_rxtx_unmap;
spmc_handler spmc_rx_acquire;
spmc_handler spmc_rx_release;
spmc_handler spmc_partition_info_get;
spmc_handler spmc_partition_info_get_regs;
spmc_handler spmc_direct_request;
spmc_handler spmc_direct_request2;
spmc_handler spmc_run;
spmc_handler spmc_msg_send2;
spmc_handler spmc_mem_send;
spmc_handler spmc_mem_frag_tx;
spmc_handler spmc_mem_frag_rx;
spmc_handler spmc_mem_retrieve;
spmc_handler spmc_mem_relinquish;
spmc_handler spmc_mem_reclaim;
spmc_handler spmc_notification_bitmap_create;
spmc_handler spmc_notification_bitmap_destroy;
spmc_handler spmc_notification_bind;
spmc_handler spmc_notification_unbind;
spmc_handler spmc_notification_set;
spmc_handler spmc_notification_get;
spmc_handler spmc_notification_info_get;

/*
 * The same for a call that a partition makes: frame->runs is the caller. SPMC_RUNS: the context
 * goes on with frame->out in its registers. FFA_OK: it has left, and frame->out is for the Normal
 * world.
 */
typedef spmc_handler spmc_partition_handler;

spmc_partition_handler spmc_partition_rxtx_map;
spmc_partition_handler spmc_partition_rxtx_unmap;
spmc_partition_handler spmc_partition_rx_release;
spmc_partition_handler spmc_partition_msg_send2;
spmc_partition_handler spmc_partition_mem_send;
spmc_partition_handler spmc_partition_mem_retrieve;
spmc_partition_handler spmc_partition_mem_frag_rx;
spmc_partition_handler spmc_partition_mem_relinquish;
spmc_partition_handler spmc_partition_notification_bind;
spmc_partition_handler spmc_partition_notification_unbind;
spmc_partition_handler spmc_partition_notification_set;
spmc_partition_handler spmc_partition_notification_get;
spmc_partition_handler spmc_partition_respond;
spmc_partition_handler spmc_partition_fail;
spmc_partition_handler spmc_partition_finish;
spmc_partition_handler spmc_partition_wait;
spmc_partition_handler spmc_partition_yield;

/* version.c: FFA_VERSION, which returns its w0; and whether another call may go on. */
uint32_t spmc_version_call(struct spmc *spmc, uint32_t requested);
bool spmc_version_settle(struct spmc *spmc);

/* call.c: the lock; letting go of it raises an interrupt that is due. */
void spmc_lock(struct spmc *spmc);
void spmc_unlock(struct spmc *spmc, struct spmc_frame *frame);

/* call.c: whether this ID works, or may be the answer, at the version in force. */
bool spmc_offers(const struct spmc *spmc, uint32_t fid);

/*
 * call.c: whether `bits`, those of an argument that FF-A reserves, make the call invalid. Up to 1.1
 * they must be zero; since 1.2 a callee ignores them, and the journal alone remembers.
 */
bool spmc_refuses_reserved(struct spmc *spmc, uint64_t bits);

/* call.c: a frame for the call in `regs`, between whom `version` was agreed on. */
void spmc_decode(struct spmc_frame *frame, uint32_t version, const uint64_t regs[FFA_REGS_MAX]);

/* call.c: writes FFA_ERROR. */
void spmc_answer_error(const struct spmc *spmc, uint64_t regs[FFA_REGS_MAX], int32_t status);

/* --- context.c: partitions and their contexts --- */

struct spmc_context *spmc_context(struct spmc *spmc, unsigned int partition, unsigned int index);
const struct spmc_partition *spmc_partition_of(const struct spmc *spmc,
                                               const struct spmc_context *context);
struct spmc_runtime *spmc_runtime_of(struct spmc *spmc, const struct spmc_context *context);
uint32_t spmc_target_of(const struct spmc *spmc, const struct spmc_context *context);

/* The index of a partition in the table; partition_count if there is none of that ID. */
unsigned int spmc_partition_find(const struct spmc *spmc, uint16_t id);

/* The only way from one state to another. */
void spmc_context_move(struct spmc_context *context, enum spmc_context_state to);

/*
 * Makes a context RUNNING, for a request that may come on this CPU: FFA_OK, and frame->runs is set,
 * or why it cannot.
 */
int32_t spmc_context_claim(struct spmc *spmc, struct spmc_frame *frame, unsigned int partition,
                           enum spmc_work work);

/* Runs frame->runs until it leaves: frame->out is what the Normal world is told. */
void spmc_context_run(struct spmc *spmc, struct spmc_frame *frame);

/* Enters all that this CPU has not entered yet, once. */
void spmc_boot(struct spmc *spmc, struct spmc_frame *frame);

/* partition_call.c: serves the call that frame->runs left with, as an spmc_partition_handler. */
int32_t spmc_partition_call(struct spmc *spmc, struct spmc_frame *frame);

/* direct.c: whether a message for this UUID may be sent to it. Nil: it decides itself. */
bool spmc_exports(const struct spmc_partition *partition, const struct ffa_uuid *uuid);

/* --- rxtx.c, rxtx_vm.c --- */

uint16_t spmc_rxtx_pages_max(const struct spmc *spmc);

/* Where a pair is to be, which has been checked. */
struct spmc_place {
    uint64_t tx;
    uint64_t rx;
    size_t bytes; /* of each */
};

int32_t spmc_place_make(const struct spmc *spmc, struct spmc_place *place, uint64_t tx, uint64_t rx,
                        uint64_t pages);
int32_t spmc_pair_map(struct spmc *spmc, struct spmc_pair *pair, const struct spmc_place *place);
int32_t spmc_pair_release(struct spmc_pair *pair);
bool spmc_is_buffer(const struct spmc *spmc, uint64_t pa, uint64_t bytes);
int32_t spmc_rxtx_map_vm(struct spmc *spmc);
int32_t spmc_rxtx_unmap_vm(struct spmc *spmc, uint16_t id);

/* --- vm.c --- */

struct spmc_vm *spmc_vm_find(struct spmc *spmc, uint16_t id);        /* NULL: there is none */
struct spmc_vm *spmc_vm_find_or_add(struct spmc *spmc, uint16_t id); /* NULL: there is no room */

/* --- notification.c --- */

/* Something global has come into the inbox; the scheduler shall know, at the latest then. */
void spmc_notify(struct spmc_frame *frame, struct spmc_inbox *inbox, enum spmc_sri sri);

/* Whether something is pending: for the endpoint as a whole, or for one vCPU of it. */
bool spmc_pending(const struct spmc_inbox *inbox);
bool spmc_pending_vcpu(const struct spmc_inbox *inbox, unsigned int vcpu);

/*
 * hostile.c: all three do nothing for an honest SPMC. Whether a lie stands in for the call, which
 * is then answered; what happens to an answer; a reserved argument that was not zero.
 */
struct spmc_visit {
    uint32_t fid;
    uint32_t in[5];  /* w0 to w4 of the call */
    uint32_t number; /* of this call among those of its ABI */
};

bool spmc_hostile_answers(struct spmc *spmc, struct spmc_visit *visit, uint64_t regs[FFA_REGS_MAX]);
void spmc_hostile_after(struct spmc *spmc, const struct spmc_visit *visit,
                        uint64_t regs[FFA_REGS_MAX]);
void spmc_hostile_reserved(struct spmc *spmc);

#endif
