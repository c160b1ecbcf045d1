/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Knows nothing of FF-A. Its registers, its memory and its timer stay as they are while others come
 * and go.
 */
#include <guest.h>

#define SECONDS   3u
#define PERIOD_US 1000u
#define HOLD_US   20000u
#define WORDS     (64u * FFA_PAGE_SIZE / sizeof(uint32_t))

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN: %s", what);
    }
    guest_expect(holds);
}

static bool memory_is(const volatile uint32_t *memory, uint32_t seed)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        if (memory[i] != seed + i) {
            return false;
        }
    }
    return true;
}

void guest_main(void)
{
    volatile uint32_t *memory = guest_pages(64);
    uint64_t end = guest_clock() + SECONDS * UINT64_C(1000000);

    guest_timer(PERIOD_US);
    for (uint32_t round = 0; guest_clock() < end; round++) {
        uint32_t ticks = guest_interrupt_count(GUEST_INTERRUPT_TIMER);

        for (uint32_t i = 0; i < WORDS; i++) {
            memory[i] = round + i;
        }
        expect(guest_hold_registers(HOLD_US), "registers hold");
        expect(memory_is(memory, round), "memory holds");
        expect(guest_interrupt_await(GUEST_INTERRUPT_TIMER, ticks + 1), "the timer ticks");
    }
}
