/* SPDX-License-Identifier: BSD-3-Clause */
/* Lies about memory. None of them keeps the others from going on. */
#include "lies.h"

static bool is_send(const struct guest_regs *sent)
{
    switch (fid_of(sent)) {
    case FFA_MEM_SHARE_32:
    case FFA_MEM_SHARE_64:
    case FFA_MEM_LEND_32:
    case FFA_MEM_LEND_64:
    case FFA_MEM_DONATE_32:
    case FFA_MEM_DONATE_64:
        return true;
    default:
        return false;
    }
}

static bool is_retrieval(const struct guest_regs *sent)
{
    return fid_of(sent) == FFA_MEM_RETRIEVE_REQ_32 || fid_of(sent) == FFA_MEM_RETRIEVE_REQ_64;
}

/* --- Registers -------------------------------------------------------------------------------- */

static void leave_w4_of_a_grant(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_send(sent) && answer->x[0] == FFA_SUCCESS_32) {
        answer->x[4] = 1;
    }
}

static void want_another_offset(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[3] += answer->x[0] == FFA_MEM_FRAG_RX ? 16 : 0;
}

static void name_the_sender_of_a_fragment(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[4] = answer->x[0] == FFA_MEM_FRAG_RX ? 0x280000 : answer->x[4];
}

static void cut_an_answer_short(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[2] -= answer->x[0] == FFA_MEM_RETRIEVE_RESP ? 16 : 0;
}

static void answer_a_retrieval_with_success(const struct guest_regs *sent,
                                            struct guest_regs *answer)
{
    (void)sent;
    if (answer->x[0] == FFA_MEM_RETRIEVE_RESP) {
        answer->x[0] = FFA_SUCCESS_32;
    }
}

/* --- Statuses --------------------------------------------------------------------------------- */

static void deny_what_is_invalid(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_send(sent)) {
        mistake(answer, FFA_INVALID_PARAMETERS, FFA_DENIED);
    }
}

static void find_invalid_what_is_denied(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_send(sent)) {
        mistake(answer, FFA_DENIED, FFA_INVALID_PARAMETERS);
    }
}

static void deny_what_cannot_be_retrieved(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_retrieval(sent)) {
        mistake(answer, FFA_INVALID_PARAMETERS, FFA_DENIED);
    }
}

static void be_denied_instead_of_busy(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_retrieval(sent)) {
        mistake(answer, FFA_BUSY, FFA_DENIED);
    }
}

static void reclaim_what_is_held(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_MEM_RECLAIM && is_error(answer, FFA_DENIED)) {
        succeed(answer);
    }
}

static void relinquish_what_is_not_held(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_MEM_RELINQUISH && is_error(answer, FFA_DENIED)) {
        succeed(answer);
    }
}

static void forget_that_it_was_held(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_MEM_RELINQUISH) {
        mistake(answer, FFA_DENIED, FFA_INVALID_PARAMETERS);
    }
}

static void deny_fragments(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_MEM_FRAG_TX) {
        mistake(answer, FFA_INVALID_PARAMETERS, FFA_ABORTED);
    }
}

const struct named_lie lies_of_memory[] = {
    LIE(leave_w4_of_a_grant),
    LIE(want_another_offset),
    LIE(name_the_sender_of_a_fragment),
    LIE(cut_an_answer_short),
    LIE(answer_a_retrieval_with_success),
    LIE(deny_what_is_invalid),
    LIE(find_invalid_what_is_denied),
    LIE(deny_what_cannot_be_retrieved),
    LIE(be_denied_instead_of_busy),
    LIE(reclaim_what_is_held),
    LIE(relinquish_what_is_not_held),
    LIE(forget_that_it_was_held),
    LIE(deny_fragments),
};

const size_t lies_of_memory_count = sizeof(lies_of_memory) / sizeof(lies_of_memory[0]);
