/* SPDX-License-Identifier: BSD-3-Clause */
/* The servant, which does what servant_commands.h says, and how it is asked. */
#ifndef SERVANT_H
#define SERVANT_H

#include "members.h"
#include "message.h"
#include "servant_commands.h"

/* The argument of SERVANT_CALL. */
#define SERVANT_FID(fid) (ffa_fid_number(fid) | (ffa_fid_is_64(fid) ? 0x100u : 0u))
#define SERVANT_OF(word)                                                        \
    (((SERVANT_ARGUMENT(word) & 0x100u) != 0 ? FFA_FN64_BASE : FFA_FN32_BASE) | \
     (SERVANT_ARGUMENT(word) & 0xffu))

/* Words beside the first. */
#define ERRAND_WORDS 4u

/* --- The servant's side ----------------------------------------------------------------------- */

#define SERVANT_VCPUS_MAX 4u
#define SERVANT_KEPT_MAX  16u

/* What a servant has borrowed and not given back; its pages begin with ~(seed + their number). */
struct servant_kept {
    uint64_t handle; /* 0: there is none in this place */
    uint64_t ipa;
    uint64_t since;
    uint32_t pages;
    uint32_t seed;
};

struct servant {
    struct client client;
    uint16_t self;
    struct buffers buffers; /* mapped */
    bool released;
    uint32_t awaiting; /* vCPUs that say nothing until they are released */
    uint32_t requests;
    uint32_t greetings;
    uint32_t farewells;
    uint32_t farewells_due; /* 0: nobody has said how many */
    bool is_over;           /* who waits for a request stops the VM at the next interrupt */
    bool buffers_are_held;
    struct servant_kept kept[SERVANT_KEPT_MAX]; /* for who holds the buffers */
    uint64_t remembered[ERRAND_WORDS];
    struct guest_regs called[SERVANT_VCPUS_MAX]; /* what the last SERVANT_CALL of each came to */
};

/* Serves on this vCPU, for ever, or until something goes wrong. Any vCPUs of a VM may. */
void servant_serve(void *servant);

/* For a program that has a servant of its own: waits until so many await their release; releases
 * one.
 */
void servant_await_awaiting(struct servant *servant, uint32_t vcpus);
void servant_release(struct servant *servant);

/* For a program that uses the servant's buffers, too: one at a time. */
void servant_hold_buffers(struct servant *servant);
void servant_drop_buffers(struct servant *servant);

/* SERVANT_BORROW, in servant_borrow.c. */
void servant_borrow(struct servant *servant, uint16_t lender, const uint64_t *request,
                    uint64_t *answer);

/*
 * Gives back what has been kept for longer than so many microseconds, and expects it to be as it
 * was left, whoever has ended meanwhile. Returns how many.
 */
uint32_t servant_return_kept(struct servant *servant, uint64_t microseconds);

/* The commands of memory, in servant_memory.c: from the request's words into the answer's. */
void servant_touch(const uint64_t *request, uint64_t *answer);

/* --- The other side --------------------------------------------------------------------------- */

/* A way to a servant. */
struct errand {
    struct client *client;
    uint16_t self;
    uint16_t servant;
    uint32_t fid; /* of the requests */
};

/*
 * Asks it, however long that takes; expects an answer to this command, and leaves w1 to w4 of it in
 * `answer`, which may be the arguments. Returns the vCPU that served.
 */
unsigned int errand_run(const struct errand *errand, uint32_t command_word,
                        const uint64_t arguments[ERRAND_WORDS], uint64_t answer[ERRAND_WORDS]);

/* With arguments and answers that fit. errand_ask() returns w1. */
#define ERRAND(errand, command, argument, ...) \
    errand_ask((errand), SERVANT(command, argument), (const uint64_t[ERRAND_WORDS]){__VA_ARGS__})
uint64_t errand_ask(const struct errand *errand, uint32_t command_word,
                    const uint64_t arguments[ERRAND_WORDS]);

/* SERVANT_CALL and its whole result, x0 to x7. */
struct guest_regs errand_call(const struct errand *errand, uint32_t fid,
                              const uint64_t arguments[ERRAND_WORDS]);

/* Waits until the servant's vCPU 0 serves. For a vCPU whose requests go there: vCPU 0. */
void errand_await(const struct errand *errand);

/* SERVANT_FAREWELL. If it was the last one, the servant may be gone before it can answer. */
void errand_farewell(const struct errand *errand);

/* Tells it to do what it cannot answer: SERVANT_RESET, SERVANT_OFF. Expects ABORTED. */
void errand_last(const struct errand *errand, uint32_t command, uint32_t microseconds);

#endif
