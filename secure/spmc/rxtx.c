/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The caller's own buffers (FF-A 1.2, 7.2 and 13.5 to 13.7). A pair that it registers for one of
 * its VMs, in a descriptor in its TX buffer, is not served: no partition takes indirect messages.
 */
#include "internal.h"

struct pair {
    uint64_t tx_pa;
    uint64_t rx_pa;
    size_t bytes; /* of each */
};

uint16_t spmc_rxtx_pages_max(const struct spmc *spmc)
{
    return spmc->config.rxtx_pages_max != 0 ? spmc->config.rxtx_pages_max
                                            : (uint16_t)FFA_RXTX_MAP_PAGES_MASK;
}

static bool is_buffer(uint64_t pa, size_t bytes)
{
    return pa % FFA_PAGE_SIZE == 0 && pa <= UINT64_MAX - (bytes - 1);
}

static bool overlap(const struct pair *pair)
{
    uint64_t distance =
        pair->tx_pa < pair->rx_pa ? pair->rx_pa - pair->tx_pa : pair->tx_pa - pair->rx_pa;

    return distance < pair->bytes;
}

static int32_t decode_pair(struct spmc *spmc, const struct spmc_frame *frame, struct pair *pair)
{
    const uint64_t pages = frame->in[3] & FFA_RXTX_MAP_PAGES_MASK;

    if (spmc_refuses_reserved(spmc, frame->in[3] & ~(uint64_t)FFA_RXTX_MAP_PAGES_MASK)) {
        return FFA_INVALID_PARAMETERS;
    }
    /* No pages at all is how a pair is registered for a VM. */
    if (pages == 0 || pages > spmc_rxtx_pages_max(spmc)) {
        return FFA_INVALID_PARAMETERS;
    }
    pair->tx_pa = frame->in[1];
    pair->rx_pa = frame->in[2];
    pair->bytes = (size_t)pages * FFA_PAGE_SIZE;
    if (!is_buffer(pair->tx_pa, pair->bytes) || !is_buffer(pair->rx_pa, pair->bytes) ||
        overlap(pair)) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

int32_t spmc_rxtx_map(struct spmc *spmc, struct spmc_frame *frame)
{
    struct pair pair;
    const void *tx;
    void *rx;
    int32_t status = decode_pair(spmc, frame, &pair);

    if (status != FFA_OK) {
        return status;
    }
    if (spmc->rx_owner != SPMC_RX_NOBODY) {
        return FFA_DENIED;
    }
    tx = spmc_port_map(spmc, pair.tx_pa, pair.bytes);
    rx = spmc_port_map(spmc, pair.rx_pa, pair.bytes);
    if (tx == NULL || rx == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    spmc->tx = tx;
    spmc->rx = rx;
    spmc->buffer_bytes = pair.bytes;
    spmc->rx_owner = SPMC_RX_SPMC;
    return FFA_OK;
}

/* A full RX buffer goes with the pair: its owner is the one who asks. */
int32_t spmc_rxtx_unmap(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint32_t w1 = (uint32_t)frame->in[1];

    if (spmc_refuses_reserved(spmc, w1 & FFA_ID_MASK)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (ffa_rxtx_unmap_vm(w1) != FFA_ID_HYPERVISOR || spmc->rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    spmc->tx = NULL;
    spmc->rx = NULL;
    spmc->buffer_bytes = 0;
    spmc->rx_owner = SPMC_RX_NOBODY;
    return FFA_OK;
}

int32_t spmc_rx_release(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint32_t w1 = (uint32_t)frame->in[1];

    if (spmc_refuses_reserved(spmc, w1 & ~FFA_ID_MASK)) {
        return FFA_INVALID_PARAMETERS;
    }
    /* Of no VM is there a pair. */
    if ((w1 & FFA_ID_MASK) != FFA_ID_HYPERVISOR) {
        return FFA_INVALID_PARAMETERS;
    }
    if (spmc->rx_owner != SPMC_RX_CALLER) {
        return FFA_DENIED;
    }
    spmc->rx_owner = SPMC_RX_SPMC;
    return FFA_OK;
}
