/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coroutines: stacks of their own, switched by hand, so that the order of the threads of a test is
 * the explorer's choice alone.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_COROUTINE_H
#define PARLEY_TESTS_INTERLEAVE_COROUTINE_H

#include "explore.h"

/* Coroutines are 0 to EXPLORE_THREADS_MAX - 1; this one is the program itself. */
#define COROUTINE_MAIN EXPLORE_THREADS_MAX

/* From the main one: runs coroutine `self` from the start of `body`, whatever it was doing. `body`
 * never returns. Comes back when somebody switches to the main one. */
void coroutine_start(unsigned int self, void (*body)(unsigned int self));

/* Goes on with `to`; returns when somebody switches back to `from`, the caller. */
void coroutine_switch(unsigned int from, unsigned int to);

#endif
