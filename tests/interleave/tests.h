/* SPDX-License-Identifier: BSD-3-Clause */
/* The tests that main.c runs, one suite for each file. */
#ifndef PARLEY_TESTS_INTERLEAVE_TESTS_H
#define PARLEY_TESTS_INTERLEAVE_TESTS_H

#include "explore.h"

/* What is also done with a test. */
#define ALSO_UNREDUCED (1u << 0) /* run it in all reductions, and compare the outcomes */
#define ALSO_BY_CALL \
    (1u << 1) /* run it call by call: steps may show no outcome that calls do not */

struct interleave_test {
    struct explore_test explore;
    unsigned int also;
};

struct interleave_suite {
    const struct interleave_test *tests;
    unsigned int count;
};

extern const struct interleave_suite version_suite;
extern const struct interleave_suite discovery_suite;
extern const struct interleave_suite reuse_suite;
extern const struct interleave_suite rx_suite;
extern const struct interleave_suite create_suite;

/* selftest.c: the explorer on toy programs. Returns how many checks failed; adds to *passed. */
unsigned int explorer_selftest(unsigned int *passed);

#endif
