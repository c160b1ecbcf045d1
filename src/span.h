/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stretch of memory that cannot be left: every length and offset that comes from outside goes
 * through here, and an operation that would leave the span fails instead of wrapping.
 */
#ifndef PARLEY_SRC_SPAN_H
#define PARLEY_SRC_SPAN_H

#include <parley/env.h>

struct span {
    uint8_t *base;
    size_t bytes;
};

static inline struct span span_make(void *base, size_t bytes)
{
    return (struct span){.base = base, .bytes = bytes};
}

/* The part that starts `offset` bytes in and is `bytes` long. False, and *part untouched, if it is
 * not all inside. */
static inline bool span_sub(struct span whole, size_t offset, size_t bytes, struct span *part)
{
    if (offset > whole.bytes || bytes > whole.bytes - offset) {
        return false;
    }
    *part = span_make(whole.base + offset, bytes);
    return true;
}

#endif
