/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flattened device tree is the firmware's and trusted like it, but a pointer that is no tree is
 * not: every offset is checked against the size before it is used.
 */
#include <stddef.h>

#include "tree.h"
#include "console.h"
#include "machine.h"

#define TREE_MAGIC     0xd00dfeedu
#define OFFSET_BYTES   4
#define OFFSET_STRUCT  8
#define OFFSET_NAMES   12
#define OFFSET_RESERVE 16

enum token {
    TOKEN_BEGIN_NODE = 1,
    TOKEN_END_NODE = 2,
    TOKEN_PROPERTY = 3,
    TOKEN_NOP = 4,
};

#define RANGE_BYTES  16u /* address and size, 64 bits each, as QEMU and its firmware have them */
#define ADDRESS_END  (UINT64_C(1) << 48) /* so that nothing overflows that is rounded up */
#define RAM_MAX      4u
#define RESERVED_MAX 16u

/* Where in the tree we are, as far as that matters. */
enum place {
    PLACE_ELSEWHERE,
    PLACE_MEMORY,      /* in a node that says where RAM is */
    PLACE_RESERVATION, /* in the node whose children are reservations */
    PLACE_RESERVED,    /* in such a child */
};

struct walk {
    const uint8_t *tree;
    uint32_t bytes;
    uint32_t at;
    unsigned int depth; /* 1 in the root */
    enum place place;
};

static struct tree_range ram[RAM_MAX];
static struct tree_range reserved[RESERVED_MAX];
static unsigned int ram_count;
static unsigned int reserved_count;
static bool has_tree;
static bool has_too_many;

static uint32_t word(const struct walk *walk, uint32_t at)
{
    const uint8_t *bytes = walk->tree + at;

    if (at > walk->bytes || walk->bytes - at < sizeof(uint32_t)) {
        return 0;
    }
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t double_word(const struct walk *walk, uint32_t at)
{
    return (uint64_t)word(walk, at) << 32 | word(walk, at + 4);
}

static bool begins(const struct walk *walk, uint32_t at, const char *text, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        if (at >= walk->bytes || walk->bytes - at <= i || walk->tree[at + i] != (uint8_t)text[i]) {
            return false;
        }
    }
    return true;
}

static void add(struct tree_range *ranges, unsigned int *count, unsigned int max, uint64_t start,
                uint64_t bytes)
{
    if (bytes == 0) {
        return;
    }
    if (*count == max) {
        has_too_many = true;
        return;
    }
    ranges[*count].start = start;
    ranges[*count].end =
        start < ADDRESS_END && bytes < ADDRESS_END - start ? start + bytes : ADDRESS_END;
    (*count)++;
}

static void add_range(enum place place, uint64_t start, uint64_t bytes)
{
    if (place == PLACE_MEMORY) {
        add(ram, &ram_count, RAM_MAX, start, bytes);
    } else if (place == PLACE_RESERVED) {
        add(reserved, &reserved_count, RESERVED_MAX, start, bytes);
    }
}

/* The list in front of the nodes: it ends with an empty range. */
static void read_reserve_list(struct walk *walk)
{
    uint32_t at = word(walk, OFFSET_RESERVE);

    while (at < walk->bytes && double_word(walk, at + 8) != 0) {
        add_range(PLACE_RESERVED, double_word(walk, at), double_word(walk, at + 8));
        at += RANGE_BYTES;
    }
}

static void begin_node(struct walk *walk)
{
    uint32_t name = walk->at;

    while (walk->at < walk->bytes && walk->tree[walk->at] != 0) {
        walk->at++;
    }
    walk->at = (walk->at + 4) & ~UINT32_C(3);
    walk->depth++;
    if (walk->depth == 2 && begins(walk, name, "memory@", 7)) {
        walk->place = PLACE_MEMORY;
    } else if (walk->depth == 2 && begins(walk, name, "reserved-memory", 16)) {
        walk->place = PLACE_RESERVATION;
    } else if (walk->depth == 3 && walk->place == PLACE_RESERVATION) {
        walk->place = PLACE_RESERVED;
    }
}

static void end_node(struct walk *walk)
{
    if (walk->depth == 2) {
        walk->place = PLACE_ELSEWHERE;
    } else if (walk->depth == 3 && walk->place == PLACE_RESERVED) {
        walk->place = PLACE_RESERVATION;
    }
    walk->depth--;
}

static void read_property(struct walk *walk)
{
    uint32_t bytes = word(walk, walk->at);
    uint32_t name = word(walk, OFFSET_NAMES) + word(walk, walk->at + 4);

    walk->at += 8;
    if (bytes > walk->bytes - walk->at) {
        walk->at = walk->bytes;
        return;
    }
    if (begins(walk, name, "reg", 4)) {
        for (uint32_t i = 0; bytes - i >= RANGE_BYTES; i += RANGE_BYTES) {
            add_range(walk->place, double_word(walk, walk->at + i),
                      double_word(walk, walk->at + i + 8));
        }
    }
    walk->at += (bytes + 3) & ~UINT32_C(3);
}

/* Nodes of one depth only matter where their parents do: a walk through all of them is enough. */
static void read_nodes(struct walk *walk)
{
    walk->at = word(walk, OFFSET_STRUCT) & ~UINT32_C(3);
    while (walk->at < walk->bytes) {
        uint32_t token = word(walk, walk->at);

        walk->at += sizeof(token);
        if (token == TOKEN_BEGIN_NODE) {
            begin_node(walk);
        } else if (token == TOKEN_END_NODE && walk->depth != 0) {
            end_node(walk);
        } else if (token == TOKEN_PROPERTY && walk->at < walk->bytes) {
            read_property(walk);
        } else if (token != TOKEN_NOP) {
            return;
        }
    }
}

static bool read_at(const uint8_t *tree)
{
    struct walk walk = {.tree = tree, .bytes = OFFSET_RESERVE + sizeof(uint32_t)};

    if ((uintptr_t)tree < RAM_BASE || (uintptr_t)tree > HYPERVISOR_BASE - walk.bytes ||
        (uintptr_t)tree % 8 != 0 || word(&walk, 0) != TREE_MAGIC) {
        return false;
    }
    walk.bytes = word(&walk, OFFSET_BYTES);
    if (walk.bytes > HYPERVISOR_BASE - (uintptr_t)tree) {
        return false;
    }
    read_reserve_list(&walk);
    read_nodes(&walk);
    return true;
}

void tree_read(const uint8_t *tree)
{
    /* TF-A has another use for x0 by default, and leaves the tree where QEMU has put it. */
    has_tree = read_at(tree) || read_at((const uint8_t *)RAM_BASE);
}

bool tree_reserves(uint64_t start, uint64_t end, struct tree_range *lowest)
{
    bool found = false;

    for (unsigned int i = 0; i < reserved_count; i++) {
        struct tree_range range = {
            .start = reserved[i].start / PAGE_BYTES * PAGE_BYTES,
            .end = (reserved[i].end + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES,
        };

        if (range.start < end && range.end > start && (!found || range.start < lowest->start)) {
            *lowest = range;
            found = true;
        }
    }
    return found;
}

static bool is_ram(uint64_t start, uint64_t end)
{
    for (unsigned int i = 0; i < ram_count; i++) {
        if (ram[i].start <= start && ram[i].end >= end) {
            return true;
        }
    }
    return false;
}

static bool is_in_image(const struct tree_range *range)
{
    extern char image_end[];

    return range->start < (uintptr_t)image_end && range->end > HYPERVISOR_BASE;
}

static void tell(void)
{
    for (unsigned int i = 0; i < reserved_count; i++) {
        if (reserved[i].end > HYPERVISOR_BASE && reserved[i].start < HIGH_RAM_END) {
            console_say("hyp", "the firmware reserves 0x%lx to 0x%lx: %s", reserved[i].start,
                        reserved[i].end - 1,
                        is_in_image(&reserved[i]) ? "read, as the image has files of VMs there"
                                                  : "left alone");
        }
    }
}

/*
 * In the place of the image. What is there of a large one, the files of VMs, is only ever read, and
 * whoever has loaded it there takes it to be free: OP-TEE reserves memory for drivers that do not
 * use it where they have FF-A. What we write has no such excuse.
 */
static bool takes_our_place(void)
{
    extern char image_text_end[], image_rodata_end[], image_end[];
    struct tree_range range;

    return tree_reserves(HYPERVISOR_BASE, (uintptr_t)image_text_end, &range) ||
           tree_reserves((uintptr_t)image_rodata_end, (uintptr_t)image_end, &range);
}

const char *tree_check(void)
{

    if (!has_tree) {
        console_say("hyp",
                    "no device tree in x0 or at 0x40000000: RAM is taken to be there, up to 0x%x",
                    HIGH_RAM_END - 1);
        return NULL;
    }
    if (has_too_many) {
        return "the device tree has more ranges of RAM, or reserved ones, than can be kept";
    }
    if (!is_ram(RAM_BASE, RAM_END) || !is_ram(HIGH_RAM_BASE, HIGH_RAM_END)) {
        return "there is less RAM than 3 GiB from 0x40000000 on; run with -m 3G";
    }
    if (takes_our_place()) {
        return "the firmware reserves RAM where the hypervisor is, from 0x40200000 on";
    }
    tell();
    return NULL;
}
