/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts expectations, and sends the counts to the hypervisor for the verdict of the run. */
#include "el1.h"

/* Often enough that a VM that hangs or faults has told most of what it found. */
#define REPORT_EVERY 256u

static uint32_t held;
static uint32_t broken;

void guest_expect(bool expectation)
{
    uint32_t *count = expectation ? &held : &broken;

    if (__atomic_add_fetch(count, 1, __ATOMIC_RELAXED) >= REPORT_EVERY) {
        el1_report();
    }
}

void el1_report(void)
{
    uint32_t held_now = __atomic_exchange_n(&held, 0, __ATOMIC_RELAXED);
    uint32_t broken_now = __atomic_exchange_n(&broken, 0, __ATOMIC_RELAXED);

    el1_service(EL1_REPORT, held_now, broken_now, 0);
}
