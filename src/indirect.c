/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_MSG_SEND2 (FF-A 1.2, 15.1 and 7.5). Between VMs it is one copy from the sender's TX buffer to
 * the receiver's RX buffer; shadow.c does the rest.
 *
 * The header is read once and checked in that copy; the payload is copied once and never looked at.
 * Both buffers are held meanwhile, so neither goes away, and neither waits for the other: what is
 * not free is BUSY.
 */
#include "internal.h"

static int32_t check_message(const struct call *call, const struct message *message,
                             size_t tx_bytes)
{
    uint16_t receiver = message->receiver;

    if (message->sender != call->vm->id || receiver == call->vm->id) {
        return FFA_INVALID_PARAMETERS;
    }
    if (message->payload_offset < parley_layout_message_bytes(call->version) ||
        message->payload_offset > tx_bytes ||
        message->payload_bytes > tx_bytes - message->payload_offset) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

static int32_t check_receiver(const struct call *call, const struct parley_vm *receiver,
                              uint64_t word, const struct message *message)
{
    if (!parley_policy_allows(call->vm, receiver, POLICY_MESSAGE) ||
        (receiver->properties & FFA_PARTITION_INDIRECT_MSG) == 0 ||
        word_version(word) < VERSION_1_1) {
        return FFA_DENIED;
    }
    return parley_vm_has_uuid(receiver, &message->uuid) ? FFA_OK : FFA_INVALID_PARAMETERS;
}

/* Writes the message into an RX buffer that is held for it, in the receiver's version. */
static int32_t deliver(struct parley_vm *sender, struct parley_vm *receiver,
                       enum parley_version version, const struct message *message)
{
    uint8_t header[LAYOUT_MESSAGE_BYTES_MAX];
    size_t header_bytes = parley_layout_message_bytes(version);
    size_t bytes = header_bytes + message->payload_bytes;

    if (bytes > parley_rxtx_bytes(receiver)) {
        return FFA_NO_MEMORY;
    }
    parley_layout_message_encode(message, version, header);
    (void)parley_rx_write(receiver, 0, header, header_bytes);
    parley_rx_copy_from_tx(receiver, header_bytes, sender, message->payload_offset,
                           message->payload_bytes);
    parley_rx_fill_end(receiver, bytes);
    if ((receiver->properties & FFA_PARTITION_NOTIFICATION_RECV) != 0) {
        parley_notify(receiver, EVERY_VCPU, (struct scope){.framework = FRAMEWORK_HYPERVISOR});
    }
    return FFA_OK;
}

static int32_t send_to_vm(const struct call *call, const struct message *message)
{
    uint64_t word;
    struct parley_vm *receiver = parley_endpoint_find(call->vm, message->receiver, &word);

    if (receiver == NULL) {
        return FFA_INVALID_PARAMETERS;
    }

    int32_t status = check_receiver(call, receiver, word, message);
    if (status == FFA_OK) {
        status = parley_rx_fill_begin(receiver);
    }
    if (status == FFA_OK) {
        status = deliver(call->vm, receiver, word_version(word), message);
        if (status != FFA_OK) {
            parley_rx_fill_abandon(receiver, 0);
        }
    }
    parley_endpoint_drop(receiver);
    return status;
}

/* With the TX buffer held. */
static int32_t send_from_tx(const struct call *call)
{
    uint8_t header[LAYOUT_MESSAGE_BYTES_MAX];
    struct message message;

    parley_tx_read(call->vm, 0, header, parley_layout_message_bytes(call->version));
    parley_layout_message_decode(header, call->version, &message);

    int32_t status = check_message(call, &message, parley_rxtx_bytes(call->vm));
    if (status != FFA_OK) {
        return status;
    }
    return ffa_id_is_secure(message.receiver) ? parley_shadow_send(call, &message)
                                              : send_to_vm(call, &message);
}

int32_t parley_handle_msg_send2(const struct call *call, struct parley_regs *result)
{
    uint32_t w1 = call_word(call, 1);

    (void)result;
    if ((w1 != 0 && w1 != ffa_msg_send2_make(call->vm->id)) || call_word(call, 2) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    if ((call->vm->properties & FFA_PARTITION_INDIRECT_MSG) == 0) {
        return FFA_DENIED;
    }

    int32_t status = parley_tx_begin(call->vm);
    if (status == FFA_OK) {
        status = send_from_tx(call);
        parley_tx_end(call->vm);
    }
    return status;
}
