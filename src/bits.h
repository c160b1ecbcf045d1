/* SPDX-License-Identifier: BSD-3-Clause */
/* Words as sets of small numbers. */
#ifndef PARLEY_SRC_BITS_H
#define PARLEY_SRC_BITS_H

#include <parley/env.h>

/* The lowest number in a set that is not empty. */
static inline unsigned int bits_lowest(uint64_t bits)
{
    unsigned int index = 0;

    for (unsigned int width = 32; width > 0; width /= 2) {
        if ((bits & ((1ull << width) - 1)) == 0) {
            bits >>= width;
            index += width;
        }
    }
    return index;
}

/* The set without its lowest number. */
static inline uint64_t bits_rest(uint64_t bits)
{
    return bits & (bits - 1);
}

#endif
