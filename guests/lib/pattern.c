/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern.h"

#define PAINT 0x5a

void pattern_fill(uint8_t *to, size_t bytes, uint32_t seed)
{
    for (size_t i = 0; i < bytes; i++) {
        to[i] = pattern_byte(seed, i);
    }
}

size_t pattern_wrong(const uint8_t *from, size_t bytes, uint32_t seed)
{
    size_t wrong = 0;

    for (size_t i = 0; i < bytes; i++) {
        wrong += from[i] != pattern_byte(seed, i);
    }
    return wrong;
}

void pattern_paint(uint8_t *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        to[i] = PAINT;
    }
}

size_t pattern_not_zero(const uint8_t *from, size_t bytes)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes; i++) {
        count += from[i] != 0;
    }
    return count;
}
