/* SPDX-License-Identifier: BSD-3-Clause */
/* What the compiler calls on its own. Built so that it does not call itself. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    for (size_t i = 0; i < bytes; i++) {
        out[i] = in[i];
    }
    return to;
}

void *memset(void *to, int byte, size_t bytes)
{
    uint8_t *out = to;

    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)byte;
    }
    return to;
}
