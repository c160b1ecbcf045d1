/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data races. The code under test is compiled with -fsanitize=thread, so that the compiler calls
 * the functions at the end of this file before each plain read and write; they are ours, not those
 * of the sanitizer's library. Two accesses to one byte, at least one a write, must be ordered by
 * the program and by what its releases and acquires promise, and by nothing else that a schedule
 * shows.
 *
 * Why it matters here: the explorer switches threads at operations only. If no schedule has a race,
 * a switch between two plain accesses could show nothing new.
 */
#include "search.h"

#include <stdlib.h>
#include <string.h>

#define NOBODY      EXPLORE_THREADS_MAX
#define WORDS_MAX   1024u /* that releases are kept of, in one schedule */
#define GRAIN_BYTES 4096u /* test->pages are watched as wholes */

/* Who accessed a byte last, and when by its own clock. Clocks start at 1; 0 is never. */
struct access {
    uint16_t clock;
    uint32_t where; /* the explorer is linked to low addresses */
};

struct shadow {
    uint32_t schedule; /* that the rest is about */
    uint8_t writer;
    thread_set readers;   /* who is in `read`, */
    thread_set operators; /* and in `operation` */
    struct access write;
    struct access read[EXPLORE_THREADS_MAX];
    struct access operation[EXPLORE_THREADS_MAX];
};

/* What the last release of a word, and the ones that it continues, made visible. */
struct released {
    const void *word;
    uint32_t schedule;
    struct clock clock;
};

static struct {
    const struct explore_test *test;
    uint32_t schedule;
    unsigned int thread; /* NOBODY: not watching */
    struct clock clocks[EXPLORE_THREADS_MAX];
    struct released released[WORDS_MAX];
    struct shadow *shadow; /* one for each byte of the state; in pages, one for each page is used */
    size_t shadow_bytes;
} race = {.thread = NOBODY};

void race_begin(const struct explore_test *test)
{
    race.schedule++;
    if (race.test != test || race.shadow_bytes < test->state_bytes) {
        free(race.shadow);
        race.test = test;
        race.shadow = calloc(test->state_bytes, sizeof(*race.shadow));
        race.shadow_bytes = test->state_bytes;
        if (race.shadow == NULL) {
            abort();
        }
    }
    for (unsigned int i = 0; i < EXPLORE_THREADS_MAX; i++) {
        race.clocks[i] = (struct clock){{0}};
        race.clocks[i].steps[i] = 1;
    }
}

void race_set_thread(unsigned int thread)
{
    race.thread = thread;
}

void race_stop(void)
{
    race.thread = NOBODY;
}

/* --- Order ---------------------------------------------------------------- */

static struct released *released_of(const void *word)
{
    size_t place = ((uintptr_t)word >> 3) % WORDS_MAX;

    for (unsigned int tried = 0; tried < WORDS_MAX; tried++) {
        struct released *released = &race.released[place];

        if (released->schedule != race.schedule) {
            *released = (struct released){.word = word, .schedule = race.schedule};
        }
        if (released->word == word) {
            return released;
        }
        place = (place + 1) % WORDS_MAX;
    }
    abort();
}

static void acquire(const struct released *released)
{
    struct clock *own = &race.clocks[race.thread];

    for (unsigned int i = 0; i < EXPLORE_THREADS_MAX; i++) {
        if (own->steps[i] < released->clock.steps[i]) {
            own->steps[i] = released->clock.steps[i];
        }
    }
}

static void release(struct released *released)
{
    released->clock = race.clocks[race.thread];
    race.clocks[race.thread].steps[race.thread]++;
}

static bool is_acquire(const struct op *op)
{
    return op->kind != OP_STORE && op->kind != OP_DROP && op->kind != OP_AWAIT;
}

static bool is_release(const struct op *op)
{
    return op->wrote && op->kind != OP_TAKE;
}

/* --- Accesses ------------------------------------------------------------- */

static bool is_ordered(unsigned int thread, uint16_t clock)
{
    return clock <= race.clocks[race.thread].steps[thread];
}

static void fail(const void *byte, const char *what, const void *where, const char *before,
                 const struct access *access, unsigned int thread)
{
    static char text[EXPLORE_REPORT_BYTES];
    const struct explore_test *test = race.test;
    unsigned int self = race.thread;

    race.thread = NOBODY;
    text[0] = '\0';
    report_add(text, "data race at byte 0x%tx of the state: %s %s in ",
               (const char *)byte - (const char *)test->state, test->threads[self].name, what);
    report_place(text, where);
    report_add(text, ", %s %s in ", test->threads[thread].name, before);
    report_place(text, (const void *)(uintptr_t)access->where);
    explore_fail("%s", text);
}

static void check_reads(const void *byte, const struct shadow *shadow, const char *what,
                        const void *where)
{
    for (unsigned int i = 0; shadow->readers >> i != 0; i++) {
        if (!is_ordered(i, shadow->read[i].clock)) {
            fail(byte, what, where, "reads it", &shadow->read[i], i);
        }
    }
}

static void check_operations(const void *byte, const struct shadow *shadow, const char *what,
                             const void *where)
{
    for (unsigned int i = 0; shadow->operators >> i != 0; i++) {
        if (!is_ordered(i, shadow->operation[i].clock)) {
            fail(byte, what, where, "has an atomic operation on it", &shadow->operation[i], i);
        }
    }
}

static void check_write(const void *byte, const struct shadow *shadow, const char *what,
                        const void *where)
{
    if (!is_ordered(shadow->writer, shadow->write.clock)) {
        fail(byte, what, where, "writes it", &shadow->write, shadow->writer);
    }
}

static bool is_watched(const void *address)
{
    return (uintptr_t)address - (uintptr_t)race.test->state < race.test->state_bytes;
}

/* The shadow of a byte that is watched. */
static struct shadow *shadow_of(uintptr_t address)
{
    struct shadow *shadow = &race.shadow[address - (uintptr_t)race.test->state];

    if (shadow->schedule != race.schedule) {
        *shadow = (struct shadow){.schedule = race.schedule};
    }
    return shadow;
}

static struct access access_now(const void *where)
{
    return (struct access){.clock = race.clocks[race.thread].steps[race.thread],
                           .where = (uint32_t)(uintptr_t)where};
}

static void read_byte(uintptr_t address, const void *where)
{
    struct shadow *shadow = shadow_of(address);
    struct access now = access_now(where);

    /* If this thread has read it since its last release, what has conflicted since has failed. */
    if (shadow->read[race.thread].clock == now.clock) {
        return;
    }
    check_write((void *)address, shadow, "reads it", where);
    check_operations((void *)address, shadow, "reads it", where);
    shadow->readers |= set_of(race.thread);
    shadow->read[race.thread] = now;
}

static void write_byte(uintptr_t address, const void *where)
{
    struct shadow *shadow = shadow_of(address);
    struct access now = access_now(where);

    if (shadow->writer == race.thread && shadow->write.clock == now.clock) {
        return;
    }
    check_write((void *)address, shadow, "writes it", where);
    check_operations((void *)address, shadow, "writes it", where);
    check_reads((void *)address, shadow, "writes it", where);
    shadow->writer = (uint8_t)race.thread;
    shadow->write = now;
}

static void access_byte(uintptr_t address, bool writes, const void *where)
{
    if (writes) {
        write_byte(address, where);
    } else {
        read_byte(address, where);
    }
}

static void access_bytes(const void *bytes, size_t size, bool writes, const void *where)
{
    uintptr_t address = (uintptr_t)bytes;
    uintptr_t pages;

    if (race.thread == NOBODY || !is_watched(bytes)) {
        return;
    }
    pages = (uintptr_t)race.test->pages;
    if (address - pages >= race.test->pages_bytes) {
        for (size_t i = 0; i < size; i++) {
            access_byte(address + i, writes, where);
        }
        return;
    }
    for (uintptr_t page = address & ~(uintptr_t)(GRAIN_BYTES - 1); page < address + size;
         page += GRAIN_BYTES) {
        access_byte(page, writes, where);
        race.test->page_accessed((void *)page, writes);
    }
}

void race_order(const struct op *op)
{
    struct released *released;

    /* A hook orders nothing that Parley may rely on. */
    if (op->word == NULL || op->is_ports || race.thread == NOBODY) {
        return;
    }
    if (is_watched(op->word)) {
        struct shadow *shadow = shadow_of((uintptr_t)op->word);

        check_write(op->word, shadow, "has an atomic operation on it", op->where);
        check_reads(op->word, shadow, "has an atomic operation on it", op->where);
        shadow->operators |= set_of(race.thread);
        shadow->operation[race.thread] = access_now(op->where);
    }
    released = released_of(op->word);
    if (is_acquire(op)) {
        acquire(released);
    }
    if (is_release(op)) {
        release(released);
    }
}

void explore_will_read(const void *bytes, size_t size)
{
    access_bytes(bytes, size, false, __builtin_return_address(0));
}

void explore_will_write(void *bytes, size_t size)
{
    access_bytes(bytes, size, true, __builtin_return_address(0));
}

void explore_copy(void *to, const void *from, size_t bytes)
{
    access_bytes(from, bytes, false, __builtin_return_address(0));
    access_bytes(to, bytes, true, __builtin_return_address(0));
    memcpy(to, from, bytes);
}

void explore_zero(void *to, size_t bytes)
{
    access_bytes(to, bytes, true, __builtin_return_address(0));
    memset(to, 0, bytes);
}

/* --- What the compiler calls ---------------------------------------------- */

#define READS(name, size)                                              \
    void __tsan_##name(const void *bytes);                             \
    void __tsan_##name(const void *bytes)                              \
    {                                                                  \
        access_bytes(bytes, size, false, __builtin_return_address(0)); \
    }

#define WRITES(name, size)                                            \
    void __tsan_##name(void *bytes);                                  \
    void __tsan_##name(void *bytes)                                   \
    {                                                                 \
        access_bytes(bytes, size, true, __builtin_return_address(0)); \
    }

READS(read1, 1)
READS(read2, 2)
READS(read4, 4)
READS(read8, 8)
READS(read16, 16)
READS(unaligned_read2, 2)
READS(unaligned_read4, 4)
READS(unaligned_read8, 8)
READS(unaligned_read16, 16)
WRITES(write1, 1)
WRITES(write2, 2)
WRITES(write4, 4)
WRITES(write8, 8)
WRITES(write16, 16)
WRITES(unaligned_write2, 2)
WRITES(unaligned_write4, 4)
WRITES(unaligned_write8, 8)
WRITES(unaligned_write16, 16)

void __tsan_read_range(const void *bytes, unsigned long size);
void __tsan_read_range(const void *bytes, unsigned long size)
{
    access_bytes(bytes, size, false, __builtin_return_address(0));
}

void __tsan_write_range(void *bytes, unsigned long size);
void __tsan_write_range(void *bytes, unsigned long size)
{
    access_bytes(bytes, size, true, __builtin_return_address(0));
}

void *__tsan_memcpy(void *to, const void *from, unsigned long size);
void *__tsan_memcpy(void *to, const void *from, unsigned long size)
{
    access_bytes(from, size, false, __builtin_return_address(0));
    access_bytes(to, size, true, __builtin_return_address(0));
    return memcpy(to, from, size);
}

void *__tsan_memset(void *to, int byte, unsigned long size);
void *__tsan_memset(void *to, int byte, unsigned long size)
{
    access_bytes(to, size, true, __builtin_return_address(0));
    return memset(to, byte, size);
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(const void *caller);
void __tsan_func_entry(const void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}
