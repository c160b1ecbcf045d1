/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The museum: what went wrong in FF-A code before, as tests that Parley passes. A test is named
 * after its row in docs/museum.md.
 */
#include "support.h"

#include <stdio.h>

int main(void)
{
    size_t count = 0;
    int failed = 0;

    failed += museum_buffers(&count);
    failed += museum_lifetime(&count);
    failed += museum_version(&count);
    failed += museum_races(&count);
    failed += museum_bounds(&count);
    failed += museum_registers(&count);
    failed += museum_discovery(&count);
    failed += museum_gating(&count);
    failed += museum_locks(&count);
    failed += museum_spmc(&count);
    failed += museum_spmc_buffers(&count);
    failed += museum_rollback(&count);
    failed += museum_direct(&count);
    failed += museum_indirect(&count);
    failed += museum_signals(&count);
    failed += museum_availability(&count);
    failed += museum_incoming(&count);
    printf("%zu passed, %d failed\n", count - (size_t)failed, failed);
    return failed == 0 ? 0 : 1;
}
