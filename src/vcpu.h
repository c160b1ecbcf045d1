/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one word of a vCPU in messages: what it waits for, and for whom.
 *
 *      63        48 47        32 31           8 7      0
 *     |  endpoint  |   vCPU     |   request    |  state |
 *                 peer
 *
 * request counts the vCPU's own requests, so that a late answer to one is not taken for the answer
 * to another to the same peer. It is 0 while none is under way.
 *
 *     RUNNING -> WAITS_MESSAGE -> FILLING -> READY -> RUNNING      a receiver
 *     RUNNING -> WAITS_ANSWER  -> FILLING -> READY -> RUNNING      a sender
 *                    |  ^
 *                    v  |  an interrupt; FFA_RUN
 *                    LEFT      -> FILLING -> READY
 *     RUNNING -> SECURE_LEFT -> RUNNING                            a sender to a Secure Partition
 *
 * A response, an interrupt and the death of either side are all exchanges of this word: one wins.
 */
#ifndef PARLEY_SRC_VCPU_H
#define PARLEY_SRC_VCPU_H

#include <parley/parley.h>

enum vcpu_state {
    VCPU_RUNNING,
    VCPU_WAITS_MESSAGE, /* blocked in FFA_MSG_WAIT, or behind its response */
    VCPU_WAITS_ANSWER,  /* blocked in a direct request to its peer */
    VCPU_LEFT,          /* an interrupt ended that wait: it runs, and FFA_RUN waits on */
    VCPU_FILLING,       /* somebody writes its message */
    VCPU_READY,         /* its message is complete */
    VCPU_SECURE_LEFT,   /* it runs; the Secure world left its request to the peer unfinished */
};

/* `peer` is target information: endpoint and vCPU in one word. */
static inline uint64_t vcpu_word(enum vcpu_state state, uint32_t peer)
{
    return ((uint64_t)peer << 32) | state;
}

#define VCPU_REQUEST_SHIFT 8
#define VCPU_REQUEST_MASK  0xffffffu

static inline uint64_t vcpu_word_of_request(enum vcpu_state state, uint32_t peer, uint32_t request)
{
    return vcpu_word(state, peer) | (request & VCPU_REQUEST_MASK) << VCPU_REQUEST_SHIFT;
}

/* The same wait, in another state. */
static inline uint64_t vcpu_word_moved(uint64_t word, enum vcpu_state state)
{
    return (word & ~0xffull) | state;
}

static inline enum vcpu_state vcpu_state_of(uint64_t word)
{
    return (enum vcpu_state)(word & 0xff);
}

static inline uint32_t vcpu_peer_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

#endif
