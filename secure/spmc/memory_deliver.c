/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a receiver gets in its RX buffer: a descriptor, in as many fragments as it takes. After the
 * first one it asks with FFA_MEM_FRAG_RX, for the next, or for the last one again.
 */
#include "memory.h"

#define RANGE_BYTES sizeof(struct ffa_mem_constituent)

struct spmc_receiver spmc_receiver_own(struct spmc *spmc)
{
    return (struct spmc_receiver){.pair = &spmc->own,
                                  .delivery = &spmc->delivery,
                                  .version = spmc->version,
                                  .is_hypervisor = true};
}

struct spmc_receiver spmc_receiver_partition(struct spmc *spmc, const struct spmc_context *context)
{
    struct spmc_runtime *runtime = spmc_runtime_of(spmc, context);

    return (struct spmc_receiver){
        .pair = &runtime->pair, .delivery = &runtime->delivery, .version = spmc->config.version};
}

bool spmc_delivery_open(const struct spmc_delivery *delivery)
{
    return delivery->to < delivery->bytes;
}

void spmc_delivery_end(struct spmc_delivery *delivery, uint64_t handle)
{
    if (delivery->handle == handle) {
        *delivery = (struct spmc_delivery){0};
    }
}

/* As many of the ranges as there is room for, from `used` on. RX is then the receiver's. */
static size_t fill(struct spmc *spmc, const struct spmc_receiver *receiver, size_t used)
{
    struct spmc_delivery *delivery = receiver->delivery;
    struct spmc_pair *pair = receiver->pair;
    uint8_t *rx = pair->rx;

    while (delivery->to < delivery->bytes && pair->bytes - used >= RANGE_BYTES) {
        const struct spmc_range *range = &spmc->range[delivery->to_range];
        const struct ffa_mem_constituent wire = {.address = range->pa, .page_count = range->pages};

        memcpy(rx + used, &wire, sizeof(wire));
        used += sizeof(wire);
        delivery->to += (uint32_t)sizeof(wire);
        delivery->to_range = range->next;
    }
    memset(rx + used, 0, pair->bytes - used);
    pair->rx_owner = SPMC_RX_CALLER;
    return used;
}

void spmc_deliver(struct spmc *spmc, struct spmc_frame *frame, const struct spmc_receiver *receiver,
                  const struct spmc_transaction *transaction, const struct spmc_header *header,
                  const struct spmc_access *accesses)
{
    const struct ffa_mem_composite composite = {.page_count = transaction->page_count,
                                                .constituent_count = transaction->range_count};
    const uint32_t each = spmc_access_bytes(receiver->version);
    const uint32_t first = spmc_header_bytes(receiver->version);
    const uint32_t composite_at = first + header->access_count * each;
    const uint32_t ranges_at = composite_at + (uint32_t)sizeof(composite);
    uint8_t *rx = receiver->pair->rx;

    spmc_header_write(rx, receiver->version, header);
    for (uint32_t i = 0; i < header->access_count; i++) {
        struct spmc_access access = accesses[i];

        access.composite_offset = composite_at;
        spmc_access_write(rx + first + i * each, receiver->version, &access);
    }
    memcpy(rx + composite_at, &composite, sizeof(composite));
    *receiver->delivery = (struct spmc_delivery){
        .handle = transaction->handle,
        .transaction = spmc_transaction_index(spmc, transaction),
        .bytes = ranges_at + transaction->range_count * (uint32_t)RANGE_BYTES,
        .to = ranges_at,
        .to_range = transaction->first,
    };
    frame->out[0] = FFA_MEM_RETRIEVE_RESP;
    frame->out[1] = receiver->delivery->bytes;
    frame->out[2] = fill(spmc, receiver, ranges_at);
}

/* Moves to the fragment that begins there; false: there is none that it may ask for. */
static bool seek(struct spmc_delivery *delivery, uint32_t offset)
{
    if (offset == delivery->to && spmc_delivery_open(delivery)) {
        delivery->from = delivery->to;
        delivery->from_range = delivery->to_range;
        return true;
    }
    if (offset == 0 || offset != delivery->from) {
        return false;
    }
    delivery->to = delivery->from;
    delivery->to_range = delivery->from_range;
    return true;
}

/* w4: the hypervisor says for whom it asks, which is the sender; a partition asks for itself. */
static int32_t frag_rx(struct spmc *spmc, struct spmc_frame *frame,
                       const struct spmc_receiver *receiver)
{
    const uint64_t handle = ffa_handle_make((uint32_t)frame->in[1], (uint32_t)frame->in[2]);
    struct spmc_delivery *delivery = receiver->delivery;
    const uint16_t sender =
        receiver->is_hypervisor ? spmc->transactions[delivery->transaction].sender : 0;
    const uint32_t w4 = ffa_mem_frag_make(sender);

    if (delivery->handle == 0 || delivery->handle != handle || (uint32_t)frame->in[4] != w4 ||
        receiver->pair->rx_owner == SPMC_RX_NOBODY) {
        return FFA_INVALID_PARAMETERS;
    }
    if (receiver->pair->rx_owner != SPMC_RX_SPMC) {
        return FFA_BUSY;
    }
    if (!seek(delivery, (uint32_t)frame->in[3])) {
        return FFA_INVALID_PARAMETERS;
    }
    frame->out[0] = FFA_MEM_FRAG_TX;
    frame->out[1] = ffa_handle_low(handle);
    frame->out[2] = ffa_handle_high(handle);
    frame->out[3] = fill(spmc, receiver, 0);
    frame->out[4] = w4;
    return FFA_OK;
}

int32_t spmc_mem_frag_rx(struct spmc *spmc, struct spmc_frame *frame)
{
    const struct spmc_receiver receiver = spmc_receiver_own(spmc);

    return frag_rx(spmc, frame, &receiver);
}

int32_t spmc_partition_mem_frag_rx(struct spmc *spmc, struct spmc_frame *frame)
{
    const struct spmc_receiver receiver = spmc_receiver_partition(spmc, frame->runs);
    const int32_t status = frag_rx(spmc, frame, &receiver);

    return status == FFA_OK ? SPMC_RUNS : status;
}
