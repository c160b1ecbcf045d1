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

typedef uint64_t __attribute__((may_alias)) any_word;

/* Memory of VMs is cleared with it: where it can, it goes by words. */
void *memset(void *to, int byte, size_t bytes)
{
    const uint64_t word = (uint8_t)byte * 0x0101010101010101u;
    uint8_t *out = to;
    size_t i = 0;

    while (i < bytes && ((uintptr_t)&out[i] % sizeof(word) != 0 || bytes - i < sizeof(word))) {
        out[i++] = (uint8_t)byte;
    }
    for (; bytes - i >= sizeof(word); i += sizeof(word)) {
        *(any_word *)(void *)&out[i] = word;
    }
    for (; i < bytes; i++) {
        out[i] = (uint8_t)byte;
    }
    return to;
}
