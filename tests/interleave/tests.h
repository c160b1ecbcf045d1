/* SPDX-License-Identifier: BSD-3-Clause */
/* The tests that main.c runs, one suite for each file. */
#ifndef PARLEY_TESTS_INTERLEAVE_TESTS_H
#define PARLEY_TESTS_INTERLEAVE_TESTS_H

#include "explore.h"

/* What a test is also compared with. */
#define ALSO_BY_CALL    (1u << 0) /* whole calls, one after the other: no outcome is in these only */
#define ALSO_SLEEP_SETS (1u << 1) /* the weaker reduction: as many schedules, the same outcomes */
#define ALSO_UNREDUCED  (1u << 2) /* no reduction: the same outcomes */

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
extern const struct interleave_suite direct_suite;
extern const struct interleave_suite direct_end_suite;
extern const struct interleave_suite indirect_suite;
extern const struct interleave_suite notification_suite;
extern const struct interleave_suite notification_life_suite;
extern const struct interleave_suite signal_suite;
extern const struct interleave_suite context_suite;
extern const struct interleave_suite shadow_suite;
extern const struct interleave_suite memory_suite;
extern const struct interleave_suite memory_send_suite;
extern const struct interleave_suite memory_gift_suite;
extern const struct interleave_suite memory_end_suite;

/* selftest.c: the explorer on toy programs. Returns how many checks failed; adds to *passed. */
unsigned int explorer_selftest(unsigned int *passed);

#endif
