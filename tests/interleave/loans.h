/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of memory have in common: a lender, one or two borrowers, and what some of them
 * do. What a thread is told is kept in world.replies; the handle that it is about, in world.grants.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_LOANS_H
#define PARLEY_TESTS_INTERLEAVE_LOANS_H

#include "grants.h"

#define LENDER 1u
#define B      2u
#define C      3u

#define FIRST  7u /* frames of the lender's that are nothing else */
#define SECOND 8u
#define THIRD  9u

extern const struct grant loan;          /* of the first two, to B */
extern const struct grant loan_to_two;   /* of the first, to B and C */
extern const struct grant loan_of_third; /* to B */

/* --- Setting up ----------------------------------------------------------- */

/* The lender and B, for so many transactions of each and ranges in them. */
void loan_set_up_vms(unsigned int transactions, unsigned int ranges);
/* Lent to B; and retrieved. The calls that follow may be done in pieces. */
void loan_set_up(void);
void loan_set_up_in_pieces(void);
void loan_set_up_held(void);
void loan_set_up_held_in_pieces(void);
/* Lent to B and C, B has retrieved it; and both have. */
void loan_set_up_to_two(void);
void loan_set_up_held_by_two(void);
void loan_set_up_held_by_two_in_pieces(void);

struct world_vm *loan_vm(uint16_t id);
uint64_t loan_handle(void);

/* --- What a thread does --------------------------------------------------- */

/* Where the running thread keeps what it is told. */
struct parley_regs *loan_reply(unsigned int index);
void loan_retrieve(void); /* by B */
void loan_reclaim(void);
void loan_relinquish_zero(void); /* by B */
/* An operator looks at the lender. */
void loan_look(void);

/* --- For checks ----------------------------------------------------------- */

/* Whether the first call of a thread was done; whether it was refused so. */
bool loan_did(unsigned int thread);
bool loan_refused(unsigned int thread, int32_t status);
/* Whether the VM has borrowed the first frame. */
bool loan_is_held_by(uint16_t id);
/* The lender takes back what nobody has any more. */
void loan_reclaim_rest(void);
/* All live: what is left is given back, and it serves on. */
void loan_expect_returned(const struct grant *grant);
/* Whoever lives gives back what it has; then all are there again, and serve on. */
void loan_expect_rest_returned(void);

#endif
