/* SPDX-License-Identifier: BSD-3-Clause */
/* What the compiler calls by itself, and how the start-up code enters C. */
#include "el1.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

struct el1_boot el1_boot;

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *target = to;
    const uint8_t *source = from;

    while (bytes-- > 0) {
        *target++ = *source++;
    }
    return to;
}

void *memset(void *to, int byte, size_t bytes)
{
    uint8_t *target = to;

    while (bytes-- > 0) {
        *target++ = (uint8_t)byte;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const uint8_t *left = a;
    const uint8_t *right = b;

    for (size_t i = 0; i < bytes; i++) {
        if (left[i] != right[i]) {
            return left[i] - right[i];
        }
    }
    return 0;
}

_Noreturn void el1_main(void)
{
    guest_main();
    guest_off();
}

_Noreturn void el1_fault(const char *kind, uint64_t syndrome, uint64_t address, uint64_t pc)
{
    guest_print("BROKEN: %s on vCPU %u: syndrome %#llx, address %#llx, at %#llx", kind,
                guest_vcpu(), (unsigned long long)syndrome, (unsigned long long)address,
                (unsigned long long)pc);
    guest_expect(false);
    el1_stop();
}
