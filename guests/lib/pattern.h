/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes that tell where they belong: no two ranges that could be taken for each other are alike. */
#ifndef PATTERN_H
#define PATTERN_H

#include <guest.h>

static inline uint8_t pattern_byte(uint32_t seed, size_t i)
{
    return (uint8_t)(seed + 7u * i + (i >> 8));
}

void pattern_fill(uint8_t *to, size_t bytes, uint32_t seed);

/* How many of these bytes are not what they should be. */
size_t pattern_wrong(const uint8_t *from, size_t bytes, uint32_t seed);

/* Something that is neither zero nor any pattern, so that what is not written shows. */
void pattern_paint(uint8_t *to, size_t bytes);

/* How many bytes are not zero. */
size_t pattern_not_zero(const uint8_t *from, size_t bytes);

#endif
