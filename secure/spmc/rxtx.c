/* SPDX-License-Identifier: BSD-3-Clause */
/* Message buffers (FF-A 1.2, 7.2 and 13.5 to 13.7): the caller's own pair, and the partitions'. */
#include "memory.h"

uint16_t spmc_rxtx_pages_max(const struct spmc *spmc)
{
    return spmc->config.rxtx_pages_max != 0 ? spmc->config.rxtx_pages_max
                                            : (uint16_t)FFA_RXTX_MAP_PAGES_MASK;
}

static bool is_buffer(uint64_t address, size_t bytes)
{
    return address % FFA_PAGE_SIZE == 0 && address <= UINT64_MAX - (bytes - 1);
}

static bool overlap(const struct spmc_place *place)
{
    uint64_t distance = place->tx < place->rx ? place->rx - place->tx : place->tx - place->rx;

    return distance < place->bytes;
}

int32_t spmc_place_make(const struct spmc *spmc, struct spmc_place *place, uint64_t tx, uint64_t rx,
                        uint64_t pages)
{
    if (pages == 0 || pages > spmc_rxtx_pages_max(spmc)) {
        return FFA_INVALID_PARAMETERS;
    }
    *place = (struct spmc_place){.tx = tx, .rx = rx, .bytes = (size_t)pages * FFA_PAGE_SIZE};
    if (!is_buffer(tx, place->bytes) || !is_buffer(rx, place->bytes) || overlap(place)) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

static int32_t set_pair(struct spmc_pair *pair, const struct spmc_place *place, const void *tx,
                        void *rx)
{
    if (tx == NULL || rx == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    *pair = (struct spmc_pair){
        .rx_owner = SPMC_RX_SPMC,
        .bytes = place->bytes,
        .rx = rx,
        .tx = tx,
        .rx_at = place->rx,
        .tx_at = place->tx,
    };
    return FFA_OK;
}

static bool is_granted(const struct spmc *spmc, const struct spmc_place *place)
{
    const uint64_t pages = place->bytes / FFA_PAGE_SIZE;

    return spmc_range_overlapping(spmc, place->tx, pages) != 0 ||
           spmc_range_overlapping(spmc, place->rx, pages) != 0;
}

int32_t spmc_pair_map(struct spmc *spmc, struct spmc_pair *pair, const struct spmc_place *place)
{
    if (pair->rx_owner != SPMC_RX_NOBODY) {
        return FFA_DENIED;
    }
    if (is_granted(spmc, place)) {
        return FFA_INVALID_PARAMETERS;
    }
    return set_pair(pair, place, spmc_port_map(spmc, place->tx, place->bytes),
                    spmc_port_map(spmc, place->rx, place->bytes));
}

static bool in_pair(const struct spmc_pair *pair, uint64_t pa, uint64_t bytes)
{
    return pair->rx_owner != SPMC_RX_NOBODY &&
           ((pa < pair->tx_at + pair->bytes && pair->tx_at < pa + bytes) ||
            (pa < pair->rx_at + pair->bytes && pair->rx_at < pa + bytes));
}

/* Of the Normal world. The addresses do not wrap. */
bool spmc_is_buffer(const struct spmc *spmc, uint64_t pa, uint64_t bytes)
{
    bool is = in_pair(&spmc->own, pa, bytes);

    for (unsigned int i = 0; i < SPMC_VMS_MAX; i++) {
        is |= in_pair(&spmc->vms[i].pair, pa, bytes);
    }
    return is;
}

int32_t spmc_pair_release(struct spmc_pair *pair)
{
    if (pair->rx_owner != SPMC_RX_CALLER) {
        return FFA_DENIED;
    }
    pair->rx_owner = SPMC_RX_SPMC;
    return FFA_OK;
}

/* --- Of the caller --- */

int32_t spmc_rxtx_map(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint64_t pages = frame->in[3] & FFA_RXTX_MAP_PAGES_MASK;
    struct spmc_place place;
    int32_t status;

    if (spmc_refuses_reserved(spmc, frame->in[3] & ~(uint64_t)FFA_RXTX_MAP_PAGES_MASK)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (pages == 0 && frame->in[1] == 0 && frame->in[2] == 0) {
        return spmc_rxtx_map_vm(spmc);
    }
    status = spmc_place_make(spmc, &place, frame->in[1], frame->in[2], pages);
    if (status != FFA_OK) {
        return status;
    }
    return spmc_pair_map(spmc, &spmc->own, &place);
}

/* A full RX buffer goes with the pair: its owner is the one who asks. */
int32_t spmc_rxtx_unmap(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint32_t w1 = (uint32_t)frame->in[1];

    if (spmc_refuses_reserved(spmc, w1 & FFA_ID_MASK)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (ffa_rxtx_unmap_vm(w1) != FFA_ID_HYPERVISOR) {
        return spmc_rxtx_unmap_vm(spmc, ffa_rxtx_unmap_vm(w1));
    }
    if (spmc->own.rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    spmc->own = (struct spmc_pair){.rx_owner = SPMC_RX_NOBODY};
    return FFA_OK;
}

int32_t spmc_rx_release(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint16_t id = (uint16_t)frame->in[1];
    struct spmc_vm *vm;

    if (spmc_refuses_reserved(spmc, frame->in[1] & ~(uint64_t)FFA_ID_MASK)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (id == FFA_ID_HYPERVISOR) {
        return spmc_pair_release(&spmc->own);
    }
    vm = spmc_vm_find(spmc, id);
    if (vm == NULL || vm->pair.rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    return spmc_pair_release(&vm->pair);
}

/* --- Of a partition --- */

/* Its addresses are the SPMC's, if they lie in the memory that it was given. */
static void *partition_memory(struct spmc *spmc, const struct spmc_context *context, uint64_t at,
                              size_t bytes)
{
    const struct spmc_partition *partition = spmc_partition_of(spmc, context);
    const bool own = partition->memory != NULL;
    uint8_t *memory = own ? partition->memory : spmc_runtime_of(spmc, context)->memory;
    const size_t limit = own ? partition->memory_bytes : SPMC_PARTITION_BYTES;
    const uint64_t offset = at - (uintptr_t)memory;

    return bytes <= limit && offset <= limit - bytes ? memory + offset : NULL;
}

int32_t spmc_partition_rxtx_map(struct spmc *spmc, struct spmc_frame *frame)
{
    struct spmc_pair *pair = &spmc_runtime_of(spmc, frame->runs)->pair;
    struct spmc_place place;
    int32_t status = spmc_place_make(spmc, &place, frame->in[1], frame->in[2],
                                     frame->in[3] & FFA_RXTX_MAP_PAGES_MASK);

    if (status != FFA_OK) {
        return status;
    }
    if (pair->rx_owner != SPMC_RX_NOBODY) {
        return FFA_DENIED;
    }
    status = set_pair(pair, &place, partition_memory(spmc, frame->runs, place.tx, place.bytes),
                      partition_memory(spmc, frame->runs, place.rx, place.bytes));
    return status == FFA_OK ? SPMC_RUNS : status;
}

int32_t spmc_partition_rxtx_unmap(struct spmc *spmc, struct spmc_frame *frame)
{
    struct spmc_pair *pair = &spmc_runtime_of(spmc, frame->runs)->pair;

    if (pair->rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    *pair = (struct spmc_pair){.rx_owner = SPMC_RX_NOBODY};
    return SPMC_RUNS;
}

int32_t spmc_partition_rx_release(struct spmc *spmc, struct spmc_frame *frame)
{
    const int32_t status = spmc_pair_release(&spmc_runtime_of(spmc, frame->runs)->pair);

    return status == FFA_OK ? SPMC_RUNS : status;
}
