/* SPDX-License-Identifier: BSD-3-Clause */
/* What a unit test includes: cmocka, the rig, calls, and tests that leave nothing behind. */
#ifndef UNIT_H
#define UNIT_H

#include "closing.h"

#include "call.h"
#include "rig.h"

/* A test after which the rig is stopped, which fails if Parley broke any rule meanwhile. */
#define RIG_TEST(test) cmocka_unit_test_teardown(test, unit_stop_rig)

static inline int unit_stop_rig(void **state)
{
    (void)state;
    /* What a test that failed has put in its place may be gone. */
    posix_smc_replace(NULL, NULL);
    return rig_stop() ? 0 : -1;
}

/* The UUID of tests number n: 16 bytes that all differ. */
static inline struct ffa_uuid unit_uuid(uint8_t n)
{
    struct ffa_uuid uuid;

    for (unsigned int i = 0; i < 16; i++) {
        uuid.bytes[i] = (uint8_t)(n * 16 + i);
    }
    return uuid;
}

#endif
