/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_RXTX_MAP, FFA_RXTX_UNMAP and FFA_RX_RELEASE (FF-A 1.2, 7.2 and 13.5 to 13.7).
 *
 * The pair has one state, which says who owns the RX buffer and whether there is one at all:
 *
 *     UNMAPPED -> MAPPING -> FREE <-> FILLING -> FULL -> FREE
 *         ^          |         |
 *         +----------+---- UNMAPPING
 *
 * Every arrow is one compare-exchange, so of two vCPUs that want the same arrow one gets it.
 * Whoever fills the buffer holds FILLING, from which neither UNMAP nor RELEASE leads away: the
 * mapping stays as long as somebody writes to it.
 */
#include "internal.h"

/* Beside the state of the RX buffer, in the same word: a vCPU of the VM's has its TX buffer read.
 */
#define TX_HELD 0x100ull
/* And so many of them want the pair to stay. */
#define PAIR_HELD 0x10000ull

static enum parley_rx_state rx_state_in(uint64_t word)
{
    return (enum parley_rx_state)(word & 0xff);
}

/*
 * One arrow of the RX buffer's, whether or not TX is held. Acquire and release: what the last owner
 * wrote, pages and their contents, is seen by the next.
 */
static bool move(struct rxtx *rxtx, enum parley_rx_state from, enum parley_rx_state to)
{
    uint64_t word = parley_load_acquire(&rxtx->state);

    while (rx_state_in(word) == from) {
        if (parley_compare_exchange(&rxtx->state, &word, (word & ~0xffull) | to)) {
            return true;
        }
    }
    return false;
}

/*
 * The arrow that takes the pages away: nobody may hold TX or the pair. Returns the word that was
 * there, which is the one that a refusal is about: looking again would see another moment.
 */
static uint64_t exchange_to_unmapping(struct rxtx *rxtx, enum parley_rx_state from)
{
    uint64_t word = from;

    (void)parley_compare_exchange(&rxtx->state, &word, PARLEY_RX_UNMAPPING);
    return word;
}

static bool move_to_unmapping(struct rxtx *rxtx, enum parley_rx_state from)
{
    return exchange_to_unmapping(rxtx, from) == from;
}

enum parley_rx_state parley_rx_state(const struct parley_vm *vm)
{
    return rx_state_in(parley_load_acquire(&vm->rxtx.state));
}

/* --- The buffers among the VM's granted and borrowed memory --------------- */

/* Under the lock. The pages of one buffer, which are to be nothing else. */
static int32_t add_buffer(struct memory *memory, parley_ipa base, uint32_t pages, uint32_t *place)
{
    struct extent extent = {
        .page = base.value / FFA_PAGE_SIZE, .pages = pages, .kind = EXTENT_BUFFER};
    uint32_t conflict = parley_extents_find(&memory->extents, EXTENTS_WINDOW, extent.page, pages);

    if (conflict != EXTENT_NONE && memory->extents.extent[conflict].kind == EXTENT_BORROWED) {
        return FFA_INVALID_PARAMETERS;
    }
    *place = parley_extents_add(&memory->extents, &extent, &conflict);
    if (*place != EXTENT_NONE) {
        return FFA_OK;
    }
    return conflict == EXTENT_NONE ? FFA_NO_MEMORY : FFA_INVALID_PARAMETERS;
}

static int32_t reserve_pair(struct parley_vm *vm)
{
    struct rxtx *rxtx = &vm->rxtx;

    parley_lock_take(&vm->memory.lock);
    int32_t status = add_buffer(&vm->memory, rxtx->tx_ipa, rxtx->pages, &rxtx->tx_place);
    if (status == FFA_OK) {
        status = add_buffer(&vm->memory, rxtx->rx_ipa, rxtx->pages, &rxtx->rx_place);
        if (status != FFA_OK) {
            parley_extents_remove(&vm->memory.extents, rxtx->tx_place);
        }
    }
    parley_lock_drop(&vm->memory.lock);
    return status;
}

static void unreserve_pair(struct parley_vm *vm)
{
    parley_lock_take(&vm->memory.lock);
    parley_extents_remove(&vm->memory.extents, vm->rxtx.rx_place);
    parley_extents_remove(&vm->memory.extents, vm->rxtx.tx_place);
    parley_lock_drop(&vm->memory.lock);
}

/* --- Mapping -------------------------------------------------------------- */

static parley_ipa page_ipa(parley_ipa base, unsigned int page)
{
    return (parley_ipa){base.value + (uint64_t)page * FFA_PAGE_SIZE};
}

static void unmap_pages(const struct parley_vm *vm, parley_ipa base, void **mapped,
                        unsigned int pages)
{
    for (unsigned int i = pages; i > 0; i--) {
        parley_port_page_unmap(vm->context, page_ipa(base, i - 1), mapped[i - 1]);
    }
}

/* All pages of one buffer, or none. */
static int32_t map_pages(const struct parley_vm *vm, parley_ipa base, void **mapped,
                         unsigned int pages)
{
    for (unsigned int i = 0; i < pages; i++) {
        enum parley_port_status status =
            parley_port_page_map(vm->context, page_ipa(base, i), &mapped[i]);

        if (status != PARLEY_PORT_OK) {
            unmap_pages(vm, base, mapped, i);
            return status == PARLEY_PORT_NO_MEMORY ? FFA_NO_MEMORY : FFA_INVALID_PARAMETERS;
        }
    }
    return FFA_OK;
}

static int32_t map_pair(struct parley_vm *vm)
{
    struct rxtx *rxtx = &vm->rxtx;
    int32_t status = map_pages(vm, rxtx->tx_ipa, rxtx->tx, rxtx->pages);

    if (status != FFA_OK) {
        return status;
    }
    status = map_pages(vm, rxtx->rx_ipa, rxtx->rx, rxtx->pages);
    if (status != FFA_OK) {
        unmap_pages(vm, rxtx->tx_ipa, rxtx->tx, rxtx->pages);
    }
    return status;
}

static void unmap_pair(struct parley_vm *vm)
{
    struct rxtx *rxtx = &vm->rxtx;

    unmap_pages(vm, rxtx->rx_ipa, rxtx->rx, rxtx->pages);
    unmap_pages(vm, rxtx->tx_ipa, rxtx->tx, rxtx->pages);
    unreserve_pair(vm);
}

static bool is_page_aligned(uint64_t address)
{
    return (address & (FFA_PAGE_SIZE - 1)) == 0;
}

/* Whether a buffer lies in the address space, and the two are apart. */
static bool is_pair(uint64_t tx, uint64_t rx, unsigned int pages)
{
    uint64_t bytes = (uint64_t)pages * FFA_PAGE_SIZE;

    if (!is_page_aligned(tx) || !is_page_aligned(rx)) {
        return false;
    }
    if (tx > ~0ull - bytes || rx > ~0ull - bytes) {
        return false;
    }
    return tx >= rx ? tx - rx >= bytes : rx - tx >= bytes;
}

int32_t parley_handle_rxtx_map(const struct call *call, struct parley_regs *result)
{
    struct parley_vm *vm = call->vm;
    struct rxtx *rxtx = &vm->rxtx;
    uint64_t tx = call_argument(call, 1);
    uint64_t rx = call_argument(call, 2);
    uint16_t pages = (uint16_t)(call_word(call, 3) & FFA_RXTX_MAP_PAGES_MASK);

    (void)result;
    if (parley_rx_state(vm) != PARLEY_RX_UNMAPPED) {
        return FFA_DENIED;
    }
    /* Before the state is taken, so that nonsense stands in nobody's way. */
    if (pages == 0 || pages > vm->rxtx_pages_max || !is_pair(tx, rx, pages)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (!move(rxtx, PARLEY_RX_UNMAPPED, PARLEY_RX_MAPPING)) {
        return FFA_DENIED;
    }

    rxtx->pages = pages;
    rxtx->tx_ipa = (parley_ipa){tx};
    rxtx->rx_ipa = (parley_ipa){rx};
    int32_t status = reserve_pair(vm);
    if (status == FFA_OK) {
        status = map_pair(vm);
        if (status != FFA_OK) {
            unreserve_pair(vm);
        }
    }
    if (status == FFA_OK) {
        parley_shadow_register(vm);
    }
    (void)move(rxtx, PARLEY_RX_MAPPING, status == FFA_OK ? PARLEY_RX_FREE : PARLEY_RX_UNMAPPED);
    if (status == FFA_OK) {
        /* A partition may have written already, and the VM been told when it had no pair. */
        parley_shadow_deliver(vm);
        parley_notifications_remind(vm);
    }
    return status;
}

static int32_t why_not_unmapped(uint64_t word)
{
    switch (rx_state_in(word)) {
    case PARLEY_RX_FILLING:
    case PARLEY_RX_FULL:
        return FFA_DENIED;
    case PARLEY_RX_FREE:
        return FFA_BUSY; /* a sibling has TX read, or asks what there is in RX */
    case PARLEY_RX_UNMAPPED:
    case PARLEY_RX_MAPPING:
    case PARLEY_RX_UNMAPPING:
        break;
    }
    return FFA_INVALID_PARAMETERS;
}

int32_t parley_handle_rxtx_unmap(const struct call *call, struct parley_regs *result)
{
    struct parley_vm *vm = call->vm;
    uint32_t w1 = call_word(call, 1);

    (void)result;
    if (w1 != 0 && w1 != ffa_rxtx_unmap_make(vm->id)) {
        return FFA_INVALID_PARAMETERS;
    }

    uint64_t word = exchange_to_unmapping(&vm->rxtx, PARLEY_RX_FREE);
    if (word != PARLEY_RX_FREE) {
        return why_not_unmapped(word);
    }
    unmap_pair(vm);
    (void)parley_shadow_unregister(vm); /* one that the SPMC keeps is Parley's own memory */
    (void)move(&vm->rxtx, PARLEY_RX_UNMAPPING, PARLEY_RX_UNMAPPED);
    return FFA_OK;
}

/* --- Ownership of the RX buffer ------------------------------------------- */

int32_t parley_handle_rx_release(const struct call *call, struct parley_regs *result)
{
    uint32_t w1 = call_word(call, 1);

    (void)result;
    if (w1 != 0 && w1 != call->vm->id) {
        return FFA_INVALID_PARAMETERS;
    }
    return parley_rx_release(call->vm) ? FFA_OK : FFA_DENIED;
}

bool parley_rx_release(struct parley_vm *vm)
{
    if (!move(&vm->rxtx, PARLEY_RX_FULL, PARLEY_RX_FREE)) {
        return false;
    }
    parley_shadow_deliver(vm);
    return true;
}

int32_t parley_rx_fill_begin(struct parley_vm *vm)
{
    return move(&vm->rxtx, PARLEY_RX_FREE, PARLEY_RX_FILLING) ? FFA_OK : FFA_BUSY;
}

/* The part of [offset, offset + bytes) that lies in the page where it begins. */
static size_t bytes_in_page(size_t offset, size_t bytes)
{
    size_t left = FFA_PAGE_SIZE - offset % FFA_PAGE_SIZE;

    return bytes < left ? bytes : left;
}

size_t parley_rxtx_bytes(const struct parley_vm *vm)
{
    return (size_t)vm->rxtx.pages * FFA_PAGE_SIZE;
}

static uint8_t *byte_at(void **pages, size_t offset)
{
    return (uint8_t *)pages[offset / FFA_PAGE_SIZE] + offset % FFA_PAGE_SIZE;
}

bool parley_rx_write(struct parley_vm *vm, size_t offset, const void *from, size_t bytes)
{
    const uint8_t *next = from;

    if (offset > parley_rxtx_bytes(vm) || bytes > parley_rxtx_bytes(vm) - offset) {
        return false;
    }
    while (bytes > 0) {
        size_t part = bytes_in_page(offset, bytes);

        parley_copy(byte_at(vm->rxtx.rx, offset), next, part);
        offset += part;
        next += part;
        bytes -= part;
    }
    return true;
}

static void clear(const struct parley_vm *vm, size_t from, size_t to)
{
    while (from < to) {
        size_t part = bytes_in_page(from, to - from);

        parley_zero(byte_at(vm->rxtx.rx, from), part);
        from += part;
    }
}

void parley_rx_fill_end(struct parley_vm *vm, size_t bytes)
{
    /* A producer leaves nothing in the buffer but what it says (FF-A 1.2, 7.2.2). */
    clear(vm, bytes, parley_rxtx_bytes(vm));
    (void)move(&vm->rxtx, PARLEY_RX_FILLING, PARLEY_RX_FULL);
}

void parley_rx_clear(const struct parley_vm *vm, size_t bytes)
{
    clear(vm, 0, bytes);
}

void parley_rx_fill_cancel(struct parley_vm *vm)
{
    (void)move(&vm->rxtx, PARLEY_RX_FILLING, PARLEY_RX_FREE);
}

void parley_rx_fill_abandon(struct parley_vm *vm, size_t bytes)
{
    parley_rx_clear(vm, bytes);
    parley_rx_fill_cancel(vm);
    parley_shadow_deliver(vm);
}

/* --- The TX buffer -------------------------------------------------------- */

static bool is_mapped(enum parley_rx_state state)
{
    return state == PARLEY_RX_FREE || state == PARLEY_RX_FILLING || state == PARLEY_RX_FULL;
}

int32_t parley_tx_begin(struct parley_vm *vm)
{
    uint64_t word = parley_load_acquire(&vm->rxtx.state);

    while (is_mapped(rx_state_in(word))) {
        if ((word & TX_HELD) != 0) {
            return FFA_BUSY;
        }
        if (parley_compare_exchange(&vm->rxtx.state, &word, word | TX_HELD)) {
            return FFA_OK;
        }
    }
    return FFA_DENIED;
}

void parley_tx_end(struct parley_vm *vm)
{
    (void)parley_fetch_sub(&vm->rxtx.state, TX_HELD);
}

bool parley_pair_is_mapped(const struct parley_vm *vm)
{
    return is_mapped(parley_rx_state(vm));
}

bool parley_pair_hold(struct parley_vm *vm)
{
    uint64_t word = parley_load_acquire(&vm->rxtx.state);

    while (is_mapped(rx_state_in(word))) {
        if (parley_compare_exchange(&vm->rxtx.state, &word, word + PAIR_HELD)) {
            return true;
        }
    }
    return false;
}

void parley_pair_drop(struct parley_vm *vm)
{
    (void)parley_fetch_sub(&vm->rxtx.state, PAIR_HELD);
}

void parley_tx_read(const struct parley_vm *vm, size_t offset, uint8_t *to, size_t bytes)
{
    while (bytes > 0) {
        size_t part = bytes_in_page(offset, bytes);

        parley_copy(to, byte_at(vm->rxtx.tx, offset), part);
        offset += part;
        to += part;
        bytes -= part;
    }
}

void parley_rx_copy_from_tx(struct parley_vm *receiver, size_t to, const struct parley_vm *sender,
                            size_t from, size_t bytes)
{
    while (bytes > 0) {
        size_t part = bytes_in_page(to, bytes_in_page(from, bytes));

        parley_copy(byte_at(receiver->rxtx.rx, to), byte_at(sender->rxtx.tx, from), part);
        to += part;
        from += part;
        bytes -= part;
    }
}

/* --- The end of a VM ------------------------------------------------------ */

bool parley_rxtx_end(struct parley_vm *vm)
{
    struct rxtx *rxtx = &vm->rxtx;

    if (move_to_unmapping(rxtx, PARLEY_RX_FREE) || move_to_unmapping(rxtx, PARLEY_RX_FULL)) {
        unmap_pair(vm);
        (void)move(rxtx, PARLEY_RX_UNMAPPING, PARLEY_RX_UNMAPPED);
    }
    return parley_rx_state(vm) == PARLEY_RX_UNMAPPED;
}
