/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Indirect messages (FF-A 1.2, 7.2.3 and 15.1), from a VM to a partition and back. The header is
 * read once from the sender's TX, in its layout, and written anew for the receiver. The payload is
 * copied once and never looked at.
 */
#include "internal.h"

struct message {
    uint16_t sender;
    uint16_t receiver;
    const uint8_t *payload;
    uint32_t bytes;
    struct ffa_uuid uuid;
};

static uint32_t header_bytes(uint32_t version)
{
    return version >= FFA_VERSION_1_2 ? sizeof(struct ffa_msg_header_1_2)
                                      : sizeof(struct ffa_msg_header_1_1);
}

/* The header of 1.1 is how that of 1.2 begins. */
static int32_t read_message(struct spmc *spmc, const struct spmc_pair *pair, uint32_t version,
                            uint16_t sender, struct message *message)
{
    struct ffa_msg_header_1_2 header = {0};

    if (pair->rx_owner == SPMC_RX_NOBODY) {
        return FFA_DENIED;
    }
    memcpy(&header, pair->tx, header_bytes(version));
    if (ffa_ids_sender(header.ids) != sender ||
        spmc_refuses_reserved(spmc, header.flags | header.reserved | header.reserved2)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (header.payload_offset < header_bytes(version) || header.payload_offset > pair->bytes ||
        header.payload_size > pair->bytes - header.payload_offset) {
        return FFA_INVALID_PARAMETERS;
    }
    *message = (struct message){
        .sender = sender,
        .receiver = ffa_ids_receiver(header.ids),
        .payload = (const uint8_t *)pair->tx + header.payload_offset,
        .bytes = header.payload_size,
        .uuid = header.uuid,
    };
    return FFA_OK;
}

static int32_t write_message(struct spmc_pair *pair, uint32_t version,
                             const struct message *message)
{
    const uint32_t offset = header_bytes(version);
    const struct ffa_msg_header_1_2 header = {
        .payload_offset = offset,
        .ids = ffa_ids_make(message->sender, message->receiver),
        .payload_size = message->bytes,
        .uuid = message->uuid,
    };
    uint8_t *rx = pair->rx;

    if (pair->rx_owner != SPMC_RX_SPMC) {
        return FFA_BUSY;
    }
    if (message->bytes > pair->bytes - offset) {
        return FFA_NO_MEMORY;
    }
    memcpy(rx, &header, offset);
    memcpy(rx + offset, message->payload, message->bytes);
    memset(rx + offset + message->bytes, 0, pair->bytes - offset - message->bytes);
    pair->rx_owner = SPMC_RX_FULL;
    return FFA_OK;
}

static int32_t to_partition(struct spmc *spmc, struct spmc_frame *frame,
                            const struct message *message)
{
    const unsigned int found = spmc_partition_find(spmc, message->receiver);
    const struct spmc_partition *receiver;
    int32_t status;

    if (found == spmc->config.partition_count) {
        return FFA_INVALID_PARAMETERS;
    }
    receiver = &spmc->config.partitions[found];
    if ((receiver->properties & FFA_PARTITION_INDIRECT_MSG) == 0 || found >= SPMC_PARTITIONS_MAX) {
        return FFA_DENIED;
    }
    if (!spmc_exports(receiver, &message->uuid)) {
        return FFA_INVALID_PARAMETERS;
    }
    status = write_message(&spmc->runtimes[found].pair, spmc->config.version, message);
    if (status == FFA_OK) {
        spmc->runtimes[found].inbox.from_hypervisor |= FFA_NOTIFICATION_RX_FULL;
        spmc_notify(frame, &spmc->runtimes[found].inbox, SPMC_SRI_NOW);
    }
    return status;
}

/* The VM must have a buffer, and somebody who can tell it that there is something in it. */
static int32_t to_vm(struct spmc *spmc, struct spmc_frame *frame, const struct message *message)
{
    const bool delayed = (frame->in[2] & FFA_MSG_SEND2_DELAY_SRI) != 0;
    struct spmc_vm *vm = spmc_vm_find(spmc, message->receiver);
    int32_t status;

    if (vm == NULL || ffa_id_is_secure(message->receiver)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (vm->pair.rx_owner == SPMC_RX_NOBODY || vm->inbox.vcpus == 0) {
        return FFA_DENIED;
    }
    status = write_message(&vm->pair, spmc->version, message);
    if (status == FFA_OK) {
        vm->inbox.from_spm |= FFA_NOTIFICATION_RX_FULL;
        spmc_notify(frame, &vm->inbox, delayed ? SPMC_SRI_DELAYED : SPMC_SRI_NOW);
    }
    return status;
}

/* Only a partition may ask for a delay, since only it gives the CPU back soon. */
int32_t spmc_msg_send2(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint16_t sender = ffa_msg_send2_vm((uint32_t)frame->in[1]);
    struct spmc_vm *vm = spmc_vm_find(spmc, sender);
    struct message message;
    int32_t status;

    if (spmc_refuses_reserved(spmc, frame->in[1] & FFA_ID_MASK) ||
        spmc_refuses_reserved(spmc, frame->in[2] & ~(uint64_t)FFA_MSG_SEND2_DELAY_SRI) ||
        (frame->in[2] & FFA_MSG_SEND2_DELAY_SRI) != 0 || vm == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    status = read_message(spmc, &vm->pair, spmc->version, sender, &message);
    if (status != FFA_OK) {
        return status;
    }
    return to_partition(spmc, frame, &message);
}

int32_t spmc_partition_msg_send2(struct spmc *spmc, struct spmc_frame *frame)
{
    const struct spmc_partition *sender = spmc_partition_of(spmc, frame->runs);
    struct message message;
    int32_t status;

    if ((sender->properties & FFA_PARTITION_INDIRECT_MSG) == 0) {
        return FFA_DENIED;
    }
    status = read_message(spmc, &spmc_runtime_of(spmc, frame->runs)->pair, spmc->config.version,
                          sender->id, &message);
    if (status == FFA_OK) {
        status = to_vm(spmc, frame, &message);
    }
    return status == FFA_OK ? SPMC_RUNS : status;
}
