/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that knows nothing of this project but what its device tree says, and looks whether it
 * was entered as an arm64 kernel wants to be. It talks FF-A the way that the tree names.
 */
#include <stdbool.h>
#include <stdint.h>

#define PSCI_SYSTEM_OFF 0x84000008u
#define FFA_VERSION     0x84000063u
#define FFA_VERSION_1_2 0x10002u

/* What the start-up code has found. */
struct entry {
    uint64_t sctlr;
    uint64_t address;
    uint64_t level;
    uint64_t daif;
    uint64_t x[4];
};

void visitor_main(const struct entry *entry);

/* --- The device tree -------------------------------------------------------------------------- */

#define TREE_MAGIC      0xd00dfeedu
#define TREE_BEGIN_NODE 1u
#define TREE_END_NODE   2u
#define TREE_PROPERTY   3u
#define TREE_NOP        4u

struct facts {
    uint64_t memory;
    uint64_t memory_bytes;
    uint64_t uart;
    uint64_t ramdisk;
    uint64_t ramdisk_end;
    const char *method;
    const char *bootargs;
    unsigned int cpus;
};

static uint32_t word(const void *at)
{
    return __builtin_bswap32(*(const volatile uint32_t *)at);
}

static uint64_t two_words(const void *at)
{
    return (uint64_t)word(at) << 32 | word((const char *)at + 4);
}

/* Whether the text begins so; all of it, if that ends with a NUL of its own. */
static bool begins(const char *text, const char *with, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        if (text[i] != with[i]) {
            return false;
        }
    }
    return true;
}
#define BEGINS(text, with) begins(text, with, sizeof(with) - 1)
#define IS(text, name)     begins(text, name, sizeof(name))

static unsigned int length_of(const char *text)
{
    unsigned int length = 0;

    while (text[length] != '\0') {
        length++;
    }
    return length;
}

/* Of a node right below the root. */
static void note(struct facts *facts, const char *node, const char *name, const void *value)
{
    if (BEGINS(node, "memory@") && IS(name, "reg")) {
        facts->memory = two_words(value);
        facts->memory_bytes = two_words((const char *)value + 8);
    } else if (BEGINS(node, "serial@") && IS(name, "reg")) {
        facts->uart = two_words(value);
    } else if (IS(node, "psci") && IS(name, "method")) {
        facts->method = value;
    } else if (IS(node, "chosen") && IS(name, "bootargs")) {
        facts->bootargs = value;
    } else if (IS(node, "chosen") && IS(name, "linux,initrd-start")) {
        facts->ramdisk = two_words(value);
    } else if (IS(node, "chosen") && IS(name, "linux,initrd-end")) {
        facts->ramdisk_end = two_words(value);
    }
}

static void read_tree(const char *tree, struct facts *facts)
{
    const char *at = tree + word(tree + 8);
    const char *names = tree + word(tree + 12);
    const char *node = "";
    unsigned int depth = 0;

    do {
        uint32_t token = word(at);

        at += 4;
        if (token == TREE_BEGIN_NODE) {
            depth++;
            node = depth == 2 ? at : node;
            facts->cpus += depth == 3 && BEGINS(at, "cpu@");
            at += (length_of(at) + 4) & ~3u;
        } else if (token == TREE_END_NODE) {
            depth--;
        } else if (token == TREE_PROPERTY) {
            if (depth == 2) {
                note(facts, node, names + word(at + 4), at + 8);
            }
            at += 8 + ((word(at) + 3) & ~3u);
        } else if (token != TREE_NOP) {
            return;
        }
    } while (depth != 0);
}

/* --- What it says ----------------------------------------------------------------------------- */

static void put(uint64_t uart, char character)
{
    *(volatile uint32_t *)(uintptr_t)uart = (uint8_t)character;
}

static void print(uint64_t uart, const char *text)
{
    while (*text != '\0') {
        put(uart, *text++);
    }
}

static void print_hex(uint64_t uart, uint64_t value)
{
    int shift = 60;

    while (shift > 0 && value >> shift == 0) {
        shift -= 4;
    }
    print(uart, "0x");
    for (; shift >= 0; shift -= 4) {
        unsigned int digit = (value >> shift) & 0xf;

        put(uart, (char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
    }
}

static void check(uint64_t uart, bool holds, const char *what)
{
    if (!holds) {
        print(uart, "WRONG: ");
        print(uart, what);
        print(uart, "\n");
    }
}

static uint64_t call(bool by_hvc, uint64_t fid, uint64_t argument)
{
    register uint64_t x0 __asm__("x0") = fid;
    register uint64_t x1 __asm__("x1") = argument;

    if (by_hvc) {
        __asm__ volatile("hvc #0"
                         : "+r"(x0), "+r"(x1)::"x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
                           "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
    } else {
        __asm__ volatile("smc #0"
                         : "+r"(x0), "+r"(x1)::"x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
                           "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
    }
    return x0;
}

static void check_entry(uint64_t uart, const struct entry *entry)
{
    check(uart, entry->x[0] % 8 == 0, "the tree is not aligned");
    check(uart, entry->x[1] == 0, "x1 is not zero");
    check(uart, entry->x[2] == 0, "x2 is not zero");
    check(uart, entry->x[3] == 0, "x3 is not zero");
    check(uart, entry->level == 1 << 2, "this is not EL1");
    check(uart, entry->daif == 0xf << 6, "an exception is not masked");
    check(uart, (entry->sctlr & 1) == 0, "the MMU is on");
}

static bool lies_in(const struct facts *facts, uint64_t start, uint64_t end)
{
    return start >= facts->memory && end <= facts->memory + facts->memory_bytes && start < end;
}

/* The ramdisk is a text of one line. */
static void print_ramdisk(uint64_t uart, const struct facts *facts)
{
    if (facts->ramdisk != 0) {
        check(uart, lies_in(facts, facts->ramdisk, facts->ramdisk_end),
              "the ramdisk is not in RAM");
        print(uart, "ramdisk: ");
        for (uint64_t at = facts->ramdisk; at < facts->ramdisk_end; at++) {
            put(uart, *(const char *)(uintptr_t)at);
        }
    }
}

static void print_facts(uint64_t uart, const struct entry *entry, const struct facts *facts)
{
    print(uart, "entered at ");
    print_hex(uart, entry->address);
    print(uart, ", RAM at ");
    print_hex(uart, facts->memory);
    print(uart, " of ");
    print_hex(uart, facts->memory_bytes);
    print(uart, " bytes, vCPUs: ");
    print_hex(uart, facts->cpus);
    print(uart, "\nbootargs: ");
    print(uart, facts->bootargs != 0 ? facts->bootargs : "none");
    print(uart, "\n");
    print_ramdisk(uart, facts);
}

/* --- What it hears ---------------------------------------------------------------------------- */

#define UART_FLAGS         0x18
#define UART_RECEIVE_EMPTY 0x10u
#define UART_CONTROL       0x30
#define UART_BOTH_WAYS     0x301u

static char get(uint64_t uart)
{
    while ((*(volatile uint32_t *)(uintptr_t)(uart + UART_FLAGS) & UART_RECEIVE_EMPTY) != 0) {
        __asm__ volatile("yield");
    }
    return (char)*(volatile uint32_t *)(uintptr_t)uart;
}

/* Says what is typed, line by line, up to a line that is empty. */
static void echo(uint64_t uart)
{
    bool at_start = true;

    *(volatile uint32_t *)(uintptr_t)(uart + UART_CONTROL) = UART_BOTH_WAYS;
    print(uart, "listens\n");
    for (;;) {
        char heard = get(uart);
        bool ends = heard == '\r' || heard == '\n';

        if (ends && at_start) {
            return;
        }
        if (at_start) {
            print(uart, "hears: ");
        }
        put(uart, ends ? '\n' : heard);
        at_start = ends;
    }
}

void visitor_main(const struct entry *entry)
{
    const char *tree = (const char *)(uintptr_t)entry->x[0];
    struct facts facts = {0};
    bool by_hvc;

    if (word(tree) != TREE_MAGIC) {
        return; /* it knows no serial port to say so */
    }
    read_tree(tree, &facts);
    by_hvc = facts.method != 0 && IS(facts.method, "hvc");
    check_entry(facts.uart, entry);
    check(facts.uart, by_hvc || IS(facts.method, "smc"), "the tree names no conduit");
    check(facts.uart, lies_in(&facts, entry->x[0], entry->x[0] + word(tree + 4)),
          "the tree is not in RAM");
    print_facts(facts.uart, entry, &facts);
    print(facts.uart, by_hvc ? "FF-A by HVC: " : "FF-A by SMC: ");
    print_hex(facts.uart, call(by_hvc, FFA_VERSION, FFA_VERSION_1_2));
    print(facts.uart, "\n");
    if (facts.bootargs != 0 && IS(facts.bootargs, "echo")) {
        echo(facts.uart);
    }
    (void)call(by_hvc, PSCI_SYSTEM_OFF, 0);
}
