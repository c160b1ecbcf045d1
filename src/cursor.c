/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks over the ranges of a transaction or retrieval, in pieces that a port takes in one call. */
#include "internal.h"

/* Page numbers have 52 bits: what does not fit is no address. */
#define PAGE_NUMBERS (1ull << 52)

bool parley_memory_is_range(const struct memory_range *range, uint32_t pages_max)
{
    return range->pages != 0 && range->pages <= pages_max && range->address % FFA_PAGE_SIZE == 0 &&
           range->address / FFA_PAGE_SIZE <= PAGE_NUMBERS - range->pages;
}

bool parley_cursor_piece(const struct parley_vm *vm, const struct cursor *cursor, uint32_t limit,
                         struct memory_range *piece)
{
    if (cursor->place == EXTENT_NONE) {
        return false;
    }
    const struct extent *range = extent_at(vm, cursor->place);
    uint32_t left = range->pages - cursor->page;

    piece->address = (range->page + cursor->page) * FFA_PAGE_SIZE;
    piece->pages = left < PARLEY_PIECE_PAGES ? left : PARLEY_PIECE_PAGES;
    if (piece->pages > limit) {
        piece->pages = limit;
    }
    return true;
}

void parley_cursor_advance(const struct parley_vm *vm, struct cursor *cursor, uint32_t pages)
{
    const struct extent *range = extent_at(vm, cursor->place);

    cursor->page += pages;
    if (cursor->page == range->pages) {
        *cursor = (struct cursor){.place = range->next, .page = 0};
    }
}
