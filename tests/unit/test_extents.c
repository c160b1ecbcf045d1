/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of ranges, beside an array that says of each page which range it is in: all short sequences
 * of operations on few pages, and a million operations at random on many.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/extents.h"
#include "closing.h"

#define PAGES_MAX  8192u
#define RANGES_MAX 600u
#define STEPS      1000000u
#define CHECK_ALL  1000u /* steps from one look at every page to the next */

/* --- The model -------------------------------------------------------------------------------- */

static uint32_t model[EXTENTS_SETS][PAGES_MAX]; /* the place of the range that a page is in */
static struct extent model_range[RANGES_MAX];
static unsigned int model_used;

static struct extents extents;
static uint64_t base; /* the number of the model's first page */
static unsigned int pages;

static enum extents_set set_of(unsigned int kind)
{
    return kind >= EXTENT_BORROWED ? EXTENTS_WINDOW : EXTENTS_OWN;
}

static void begin(uint64_t first_page, unsigned int page_count, uint32_t max)
{
    static struct extent extent[RANGES_MAX];
    static struct fork fork[RANGES_MAX];

    memset(extent, 0xa5, sizeof(extent));
    memset(fork, 0xa5, sizeof(fork));
    memset(model, 0xff, sizeof(model));
    model_used = 0;
    base = first_page;
    pages = page_count;
    extents = (struct extents){.extent = extent, .fork = fork, .max = max};
    parley_extents_clear(&extents);
}

/* The highest range that overlaps these pages. */
static uint32_t model_find(enum extents_set set, unsigned int page, unsigned int count)
{
    for (unsigned int i = page + count; i > page; i--) {
        if (i <= pages && model[set][i - 1] != EXTENT_NONE) {
            return model[set][i - 1];
        }
    }
    return EXTENT_NONE;
}

static void model_fill(enum extents_set set, unsigned int page, unsigned int count, uint32_t place)
{
    for (unsigned int i = 0; i < count; i++) {
        model[set][page + i] = place;
    }
}

static void check_find(enum extents_set set, unsigned int page, unsigned int count)
{
    uint32_t found = parley_extents_find(&extents, set, base + page, count);

    assert_int_equal(found, model_find(set, page, count));
}

/* What was put into it is still there, but for the link, which is the user's. */
static void check_range(uint32_t place)
{
    const struct extent *is = &extents.extent[place];
    const struct extent *was = &model_range[place];

    assert_true(is->page == was->page);
    assert_int_equal(is->pages, was->pages);
    assert_int_equal(is->kind, was->kind);
    assert_int_equal(is->owner, was->owner);
}

static void check_all(void)
{
    for (unsigned int set = 0; set < EXTENTS_SETS; set++) {
        for (unsigned int page = 0; page < pages; page++) {
            check_find(set, page, 1);
            if (model[set][page] != EXTENT_NONE) {
                check_range(model[set][page]);
            }
        }
    }
}

/* The place of the range that was added, or EXTENT_NONE. */
static uint32_t add(unsigned int kind, unsigned int page, unsigned int count)
{
    struct extent range = {.page = base + page,
                           .pages = count,
                           .kind = (uint16_t)kind,
                           .owner = (uint16_t)(page * 7 + count)};
    uint32_t overlapped = model_find(set_of(kind), page, count);
    uint32_t conflict = 12345;
    uint32_t place = parley_extents_add(&extents, &range, &conflict);

    if (overlapped != EXTENT_NONE) {
        assert_int_equal(place, EXTENT_NONE);
        assert_true(conflict < extents.max);
        check_range(conflict);
        assert_true(extents.extent[conflict].page < base + page + count);
        assert_true(extents.extent[conflict].page + extents.extent[conflict].pages > base + page);
        assert_true(set_of(extents.extent[conflict].kind) == set_of(kind));
        return EXTENT_NONE;
    }
    assert_int_equal(conflict, EXTENT_NONE);
    if (model_used == extents.max) {
        assert_int_equal(place, EXTENT_NONE);
        return EXTENT_NONE;
    }
    assert_true(place < extents.max);
    for (unsigned int set = 0; set < EXTENTS_SETS && model_used <= 8; set++) {
        for (unsigned int i = 0; i < pages; i++) {
            assert_int_not_equal(model[set][i], place);
        }
    }
    model_fill(set_of(kind), page, count, place);
    model_range[place] = range;
    model_used++;
    return place;
}

static void take_out(uint32_t place)
{
    struct extent range = model_range[place];

    parley_extents_remove(&extents, place);
    model_fill(set_of(range.kind), (unsigned int)(range.page - base), range.pages, EXTENT_NONE);
    model_used--;
}

/* --- All short sequences ---------------------------------------------------------------------- */

#define FEW_PAGES  5u
#define FEW_RANGES 15u /* FEW_PAGES * (FEW_PAGES + 1) / 2 */
#define DEPTH      4u

static void check_every_find(void)
{
    for (unsigned int page = 0; page < FEW_PAGES; page++) {
        for (unsigned int count = 1; page + count <= FEW_PAGES; count++) {
            check_find(EXTENTS_OWN, page, count);
            check_find(EXTENTS_WINDOW, page, count);
        }
    }
}

static void range_number(unsigned int number, unsigned int *page, unsigned int *count)
{
    *page = 0;
    *count = number + 1;
    while (*count > FEW_PAGES - *page) {
        *count -= FEW_PAGES - *page;
        ++*page;
    }
}

static void add_each(unsigned int depth, unsigned int kind)
{
    for (unsigned int number = 0; number < FEW_RANGES; number++) {
        unsigned int page;
        unsigned int count;
        uint32_t place;

        range_number(number, &page, &count);
        place = add(kind, page, count);
        check_every_find();
        if (place == EXTENT_NONE) {
            continue;
        }
        if (depth > 1) {
            add_each(depth - 1, kind);
        }
        take_out(place);
        check_every_find();
    }
}

/* Where page numbers of which bits change. */
static const uint64_t bases[] = {0, 3, 0xfffffffe, (1ull << 51) - 2, (1ull << 52) - FEW_PAGES};

static void test_all_short_sequences(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < COUNT(bases); i++) {
        for (unsigned int kind = EXTENT_BUFFER; kind <= EXTENT_RECEIVED; kind++) {
            begin(bases[i], FEW_PAGES, DEPTH);
            add_each(DEPTH, kind);
            assert_int_equal(model_used, 0);
        }
    }
}

/* Which of several is taken out first makes no difference. */
static void test_all_orders_of_removal(void **state)
{
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    (void)state;
    for (unsigned int in = 0; in < 6; in++) {
        for (unsigned int out = 0; out < 6; out++) {
            uint32_t place[3];

            begin(0x7fffe, FEW_PAGES, 3);
            for (unsigned int i = 0; i < 3; i++) {
                place[orders[in][i]] = add(EXTENT_GRANTED, orders[in][i] * 2, 1);
            }
            for (unsigned int i = 0; i < 3; i++) {
                take_out(place[orders[out][i]]);
                check_every_find();
            }
        }
    }
}

/* --- At random -------------------------------------------------------------------------------- */

static uint64_t seed = 0x9e3779b97f4a7c15;

static unsigned int below(unsigned int end)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned int)((seed * 0x2545f4914f6cdd1d >> 32) % end);
}

static unsigned int any_count(unsigned int page)
{
    unsigned int count = 1 + below(below(16) == 0 ? 512 : 1u << below(6));

    return count < pages - page ? count : pages - page;
}

static void step(void)
{
    unsigned int page = below(pages);
    unsigned int count = any_count(page);
    unsigned int set = below(EXTENTS_SETS);

    switch (below(8)) {
    case 0:
    case 1:
    case 2:
        (void)add(below(5), page, count);
        break;
    case 3:
    case 4:
    case 5:
        if (model_find(set, page, count) != EXTENT_NONE) {
            take_out(model_find(set, page, count));
        }
        break;
    default:
        check_find(set, page, count);
        break;
    }
}

static void walk(uint64_t first_page, unsigned int page_count, uint32_t max, unsigned int steps)
{
    begin(first_page, page_count, max);
    for (unsigned int i = 0; i < steps; i++) {
        step();
        if (i % CHECK_ALL == 0) {
            check_all();
        }
    }
    check_all();
}

static void test_walk(void **state)
{
    (void)state;
    walk(0, PAGES_MAX, RANGES_MAX, STEPS / 4);
    walk((1ull << 52) - PAGES_MAX, PAGES_MAX, RANGES_MAX, STEPS / 4);
    walk((1ull << 40) - PAGES_MAX / 2, PAGES_MAX, 20, STEPS / 4);
    walk(0x80000 - 50, 100, RANGES_MAX, STEPS / 4);
}

/* As many as there is room for, several times over, and nothing is lost of the room. */
static void test_fill_and_empty(void **state)
{
    (void)state;
    begin(0x1234567, PAGES_MAX, RANGES_MAX);
    for (unsigned int round = 0; round < 4; round++) {
        for (unsigned int i = 0; i < RANGES_MAX; i++) {
            unsigned int page = (i * 7919 + round) % RANGES_MAX * 13;

            assert_int_not_equal(add(i % 5, page, 1 + i % 13), EXTENT_NONE);
        }
        assert_int_equal(model_used, RANGES_MAX);
        assert_int_equal(add(EXTENT_BUFFER, PAGES_MAX - 1, 1), EXTENT_NONE);
        check_all();
        for (unsigned int set = 0; set < EXTENTS_SETS; set++) {
            uint32_t place;

            while ((place = model_find(set, below(PAGES_MAX), PAGES_MAX)) != EXTENT_NONE ||
                   (place = model_find(set, 0, PAGES_MAX)) != EXTENT_NONE) {
                take_out(place);
            }
        }
        assert_int_equal(model_used, 0);
        assert_int_equal(extents.root[EXTENTS_OWN], EXTENT_NONE);
        assert_int_equal(extents.root[EXTENTS_WINDOW], EXTENT_NONE);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_short_sequences),
        cmocka_unit_test(test_all_orders_of_removal),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_fill_and_empty),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
