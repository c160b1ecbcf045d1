/* SPDX-License-Identifier: BSD-3-Clause */
#include "loans.h"

const struct grant loan = {
    FFA_MEM_LEND_32, LENDER, {B}, {FIRST, SECOND}, 2, 0,
};
const struct grant loan_to_two = {
    FFA_MEM_LEND_32, LENDER, {B, C}, {FIRST}, 1, 0,
};
const struct grant loan_of_third = {
    FFA_MEM_LEND_32, LENDER, {B}, {THIRD}, 1, 0,
};

struct world_vm *loan_vm(uint16_t id)
{
    return &world.vms[id];
}

uint64_t loan_handle(void)
{
    return world.grants.handle;
}

/* --- Setting up ----------------------------------------------------------- */

void loan_set_up_vms(unsigned int transactions, unsigned int ranges)
{
    world_begin_memory(transactions, ranges);
    grant_create_vm(LENDER, 2);
    grant_create_vm(B, 2);
    frames_give(loan_vm(LENDER), 1u << FIRST | 1u << SECOND | 1u << THIRD);
    world.page[FIRST].content = 1;
    world.page[SECOND].content = 1;
}

void loan_set_up(void)
{
    loan_set_up_vms(1, 2);
    world.grants.handle = grant_must_send(&loan);
}

void loan_set_up_in_pieces(void)
{
    loan_set_up();
    world.grants.preempts = true;
}

void loan_set_up_held(void)
{
    loan_set_up();
    grant_must_retrieve(B, &loan, loan_handle());
}

void loan_set_up_held_in_pieces(void)
{
    loan_set_up_held();
    world.grants.preempts = true;
}

void loan_set_up_to_two(void)
{
    loan_set_up_vms(1, 2);
    grant_create_vm(C, 1);
    world.grants.handle = grant_must_send(&loan_to_two);
    grant_must_retrieve(B, &loan_to_two, loan_handle());
}

void loan_set_up_held_by_two(void)
{
    loan_set_up_to_two();
    grant_must_retrieve(C, &loan_to_two, loan_handle());
}

void loan_set_up_held_by_two_in_pieces(void)
{
    loan_set_up_held_by_two();
    world.grants.preempts = true;
}

/* --- What a thread does --------------------------------------------------- */

struct parley_regs *loan_reply(unsigned int index)
{
    return &world.replies[explore_thread()][index];
}

void loan_retrieve(void)
{
    *loan_reply(0) = grant_retrieve(B, 0, &loan, loan_handle(), 0);
}

void loan_reclaim(void)
{
    *loan_reply(0) = grant_reclaim(LENDER, 0, loan_handle(), 0);
}

void loan_relinquish_zero(void)
{
    *loan_reply(0) = grant_relinquish(B, 0, loan_handle(), FFA_MEM_RELINQUISH_ZERO);
}

void loan_look(void)
{
    struct parley_transaction_status status;

    explore_call();
    EXPECT(parley_transaction_status(loan_vm(LENDER)->vm, 0, &status), "there is no such place");
    EXPECT(status.state == PARLEY_TRANSACTION_FREE || status.handle == loan_handle(),
           "the handle is 0x%llx", (unsigned long long)status.handle);
}

/* --- Checks --------------------------------------------------------------- */

bool loan_did(unsigned int thread)
{
    return !grant_is_cut_off(&world.replies[thread][0]) &&
           world.replies[thread][0].x[0] != FFA_ERROR;
}

bool loan_refused(unsigned int thread, int32_t status)
{
    return refused(&world.replies[thread][0], status);
}

/* Whatever is left is given back. */
void loan_expect_returned(const struct grant *grant)
{
    struct parley_transaction_status status;

    grant_tell_outcome();
    world.grants.preempts = false;
    (void)parley_transaction_status(loan_vm(LENDER)->vm, 0, &status);
    if (status.state != PARLEY_TRANSACTION_FREE) {
        EXPECT(status.state == PARLEY_TRANSACTION_ACTIVE ||
                   status.state == PARLEY_TRANSACTION_BUILDING,
               "a transaction is left in state %u", status.state);
        for (unsigned int i = 0; i < status.borrower_count; i++) {
            if (status.borrowers[i].holds) {
                grant_must_relinquish(status.borrowers[i].id, status.handle);
            }
        }
        grant_must_reclaim(LENDER, status.handle);
    }
    expect_usable_again(grant);
}

bool loan_is_held_by(uint16_t id)
{
    return frame_is_usable(loan_vm(id), FIRST) && world.page[FIRST].owner != loan_vm(id);
}

/* What the lender still grants is its own again. */
void loan_reclaim_rest(void)
{
    struct parley_transaction_status status;

    if (loan_vm(LENDER)->is_gone) {
        return;
    }
    (void)parley_transaction_status(loan_vm(LENDER)->vm, 0, &status);
    if (status.state == PARLEY_TRANSACTION_FREE) {
        return;
    }
    EXPECT(status.state == PARLEY_TRANSACTION_ACTIVE || status.state == PARLEY_TRANSACTION_BUILDING,
           "a transaction is left in state %u", status.state);
    for (unsigned int i = 0; i < status.borrower_count; i++) {
        EXPECT(!status.borrowers[i].holds, "VM %u holds what it has given back, or has ended",
               status.borrowers[i].id);
    }
    grant_must_reclaim(LENDER, status.handle);
}

/* Whoever lives gives back what it has, and all serve on. */
void loan_expect_rest_returned(void)
{
    grant_tell_outcome();
    world.grants.preempts = false;
    for (uint16_t id = B; id <= C; id++) {
        if (loan_is_held_by(id)) {
            grant_must_relinquish(id, loan_handle());
        }
    }
    loan_reclaim_rest();
    expect_usable_again(&loan_of_third);
    if (loan_vm(C)->vm != NULL) {
        grant_revive(C);
    }
}
