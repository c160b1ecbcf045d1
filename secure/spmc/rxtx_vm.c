/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The buffers of a VM, which the hypervisor registers in its name (FF-A 1.2, 7.2.2 and 13.5). Two
 * fill the RX buffer then, so that the hypervisor has to ask for it (FFA_RX_ACQUIRE).
 *
 * The descriptor lies in the hypervisor's TX buffer, which may change at any time: each byte of it
 * is read once.
 */
#include "internal.h"

#define OFFSET_ALIGN 8u

/* One buffer: its address, and how many pages from there on. */
struct extent {
    uint64_t address;
    uint64_t pages;
};

static bool tx_read(const struct spmc *spmc, uint64_t offset, void *to, size_t bytes)
{
    if (offset > spmc->own.bytes || bytes > spmc->own.bytes - offset) {
        return false;
    }
    memcpy(to, (const uint8_t *)spmc->own.tx + offset, bytes);
    return true;
}

/* A buffer may come in several ranges, if they make one. Wrapping is left to spmc_place_make(). */
static int32_t read_extent(const struct spmc *spmc, uint32_t offset, struct extent *extent)
{
    struct ffa_mem_constituent range;
    struct ffa_mem_composite composite;

    if (offset < sizeof(struct ffa_rxtx_descriptor_1_1) || offset % OFFSET_ALIGN != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    if (!tx_read(spmc, offset, &composite, sizeof(composite))) {
        return FFA_NO_MEMORY;
    }
    *extent = (struct extent){0};
    for (uint32_t i = 0; i < composite.constituent_count; i++) {
        if (!tx_read(spmc, offset + sizeof(composite) + i * (uint64_t)sizeof(range), &range,
                     sizeof(range))) {
            return FFA_NO_MEMORY;
        }
        if (i == 0) {
            extent->address = range.address;
        } else if (range.address != extent->address + extent->pages * FFA_PAGE_SIZE) {
            return FFA_NO_MEMORY;
        }
        extent->pages += range.page_count;
    }
    return extent->pages == composite.page_count ? FFA_OK : FFA_INVALID_PARAMETERS;
}

static int32_t read_descriptor(const struct spmc *spmc, uint16_t *id, struct spmc_place *place)
{
    struct ffa_rxtx_descriptor_1_1 descriptor;
    struct extent rx;
    struct extent tx;
    int32_t status;

    if (!tx_read(spmc, 0, &descriptor, sizeof(descriptor))) {
        return FFA_INVALID_PARAMETERS;
    }
    *id = descriptor.endpoint;
    status = read_extent(spmc, descriptor.rx_offset, &rx);
    if (status == FFA_OK) {
        status = read_extent(spmc, descriptor.tx_offset, &tx);
    }
    if (status != FFA_OK) {
        return status;
    }
    return rx.pages == tx.pages ? spmc_place_make(spmc, place, tx.address, rx.address, tx.pages)
                                : FFA_INVALID_PARAMETERS;
}

/* There are no indirect messages before 1.1, and nothing else needs a VM's buffers. */
int32_t spmc_rxtx_map_vm(struct spmc *spmc)
{
    struct spmc_place place;
    struct spmc_vm *vm;
    uint16_t id;
    int32_t status;

    if (spmc->version < FFA_VERSION_1_1 || spmc->own.rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    status = read_descriptor(spmc, &id, &place);
    if (status != FFA_OK) {
        return status;
    }
    if (id == FFA_ID_HYPERVISOR || ffa_id_is_secure(id)) {
        return FFA_INVALID_PARAMETERS;
    }
    vm = spmc_vm_find_or_add(spmc, id);
    return vm != NULL ? spmc_pair_map(spmc, &vm->pair, &place) : FFA_NO_MEMORY;
}

/* A message that nobody has read goes with the pair, and the word that it is there. */
int32_t spmc_rxtx_unmap_vm(struct spmc *spmc, uint16_t id)
{
    struct spmc_vm *vm = spmc_vm_find(spmc, id);

    if (vm == NULL || vm->pair.rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    vm->pair = (struct spmc_pair){.rx_owner = SPMC_RX_NOBODY};
    vm->inbox.from_spm &= ~FFA_NOTIFICATION_RX_FULL;
    return FFA_OK;
}

int32_t spmc_rx_acquire(struct spmc *spmc, struct spmc_frame *frame)
{
    struct spmc_vm *vm = spmc_vm_find(spmc, (uint16_t)frame->in[1]);

    if (spmc_refuses_reserved(spmc, frame->in[1] & ~(uint64_t)FFA_ID_MASK)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (vm == NULL || vm->pair.rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    if (vm->pair.rx_owner != SPMC_RX_SPMC) {
        return FFA_DENIED;
    }
    vm->pair.rx_owner = SPMC_RX_CALLER;
    return FFA_OK;
}
