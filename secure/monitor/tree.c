/* SPDX-License-Identifier: BSD-3-Clause */
/* How much RAM there is, from QEMU's device tree. Read once, before the Normal world can write it.
 */
#include <stddef.h>

#include "monitor.h"

#define TREE_MAGIC    0xd00dfeedu
#define OFFSET_STRUCT 8
#define OFFSET_NAMES  12

enum token {
    TOKEN_BEGIN_NODE = 1,
    TOKEN_END_NODE = 2,
    TOKEN_PROPERTY = 3,
    TOKEN_NOP = 4,
};

#define MEMORY_REG_BYTES 16u /* address and size, 64 bits each */

static uint64_t ram_bytes;

static uint32_t word(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static size_t length(const char *text)
{
    size_t bytes = 0;

    while (text[bytes] != '\0') {
        bytes++;
    }
    return bytes;
}

static bool begins(const uint8_t *at, const char *text, size_t bytes)
{
    size_t i = 0;

    while (i < bytes && at[i] == (uint8_t)text[i]) {
        i++;
    }
    return i == bytes;
}

/* What follows is a multiple of four bytes away. */
static size_t padded(size_t bytes)
{
    return (bytes + 3) & ~(size_t)3;
}

/* Of the first node whose name begins with memory@; 0 if there is none. */
static uint64_t find_memory(const uint8_t *tree)
{
    const uint8_t *names = tree + word(tree + OFFSET_NAMES);
    const uint8_t *at = tree + word(tree + OFFSET_STRUCT);
    bool in_memory = false;

    for (;;) {
        const uint32_t token = word(at);

        at += sizeof(token);
        if (token == TOKEN_BEGIN_NODE) {
            in_memory = begins(at, "memory@", 7);
            at += padded(length((const char *)at) + 1);
        } else if (token == TOKEN_PROPERTY) {
            const uint32_t bytes = word(at);

            if (in_memory && bytes == MEMORY_REG_BYTES && begins(names + word(at + 4), "reg", 4)) {
                return (uint64_t)word(at + 16) << 32 | word(at + 20);
            }
            at += 8 + padded(bytes);
        } else if (token != TOKEN_END_NODE && token != TOKEN_NOP) {
            return 0;
        }
    }
}

/* Less than a GiB is none that the Normal world is promised to have. */
void tree_init(void)
{
    const uint8_t *tree = (const uint8_t *)NORMAL_RAM_PA;
    const uint64_t found = word(tree) == TREE_MAGIC ? find_memory(tree) : 0;

    ram_bytes = found > NORMAL_RAM_MIN ? found : NORMAL_RAM_MIN;
    ram_bytes = ram_bytes < NORMAL_RAM_MAX ? ram_bytes : NORMAL_RAM_MAX;
}

bool tree_has_ram(uint64_t pa, uint64_t bytes)
{
    return pa >= NORMAL_RAM_PA && bytes <= ram_bytes && pa - NORMAL_RAM_PA <= ram_bytes - bytes;
}
