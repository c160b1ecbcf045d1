/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Indirect messages between VMs and Secure Partitions (FF-A 1.2, 7.2.3 and 15.1).
 *
 * The SPMC is never given a VM's own pages. Parley registers a pair of its own under the VM's ID,
 * the shadow, and rebuilds each message there in the version agreed with the SPMC. So the SPMC
 * reads what was checked, and each VM's RX buffer has one producer.
 */
#include "internal.h"
#include "span.h"

static size_t shadow_bytes(const struct parley_vm *vm)
{
    return (size_t)vm->shadow.pages * FFA_PAGE_SIZE;
}

/* No larger than the VM's own: what the SPMC can write, the VM can be given. */
static uint16_t shadow_pages(const struct parley_vm *vm)
{
    uint16_t pages_max = vm->parley->config.shadow_pages;

    return vm->rxtx.pages < pages_max ? vm->rxtx.pages : pages_max;
}

bool parley_shadow_is_possible(const struct parley *parley)
{
    return parley->spmc.takes_messages && parley->config.shadow_pages != 0;
}

/* Only for a VM that can have such messages: the SPMC is told of no other. */
bool parley_shadow_is_wanted(const struct parley_vm *vm)
{
    return parley_shadow_is_possible(vm->parley) &&
           word_version(parley_load_acquire(&vm->word)) >= VERSION_1_1 &&
           (vm->secure_rights & PARLEY_MAY_MESSAGE) != 0 &&
           (vm->properties & FFA_PARTITION_INDIRECT_MSG) != 0;
}

void parley_shadow_register(struct parley_vm *vm)
{
    struct shadow *shadow = &vm->shadow;

    if (shadow->is_registered || !parley_shadow_is_wanted(vm)) {
        return;
    }
    shadow->pages = shadow_pages(vm);
    parley_store_release(&shadow->is_full, 0);
    parley_zero(shadow->rx, shadow_bytes(vm));
    parley_zero(shadow->tx, shadow_bytes(vm));

    int32_t status =
        parley_spmc_map_for_vm(&vm->parley->spmc, vm->id, shadow->rx, shadow->tx, shadow->pages);
    shadow->is_registered = status == FFA_OK;
    if (!shadow->is_registered) {
        parley_port_event(&(struct parley_event){.kind = PARLEY_EVENT_SPMC_REFUSED,
                                                 .vm_id = vm->id,
                                                 .fid = FFA_RXTX_MAP_64,
                                                 .status = status});
    }
}

/* That the shadow was full is no news of the next one. */
static void forget_that_it_was_full(const struct parley_vm *vm)
{
    struct parley_regs regs = {
        {FFA_NOTIFICATION_GET, ffa_receiver_info_make(vm->id, 0), FFA_NOTIFICATION_GET_SPM}};

    if (vm->notifications.has_bitmap) {
        parley_port_smc(&regs);
    }
}

bool parley_shadow_unregister(struct parley_vm *vm)
{
    struct parley_regs regs = {{FFA_RXTX_UNMAP, ffa_rxtx_unmap_make(vm->id)}};

    if (!vm->shadow.is_registered) {
        return true;
    }
    /* An SPMC may keep buffers that hold a message (FF-A 1.2, 13.6). Refused: there is none. */
    (void)parley_spmc_release_rx(vm->id);
    parley_port_smc(&regs);
    if (parley_spmc_status(&regs) != FFA_OK) {
        return false;
    }
    vm->shadow.is_registered = false;
    forget_that_it_was_full(vm);
    return true;
}

enum parley_progress parley_shadow_end(struct parley_vm *vm)
{
    if (parley_shadow_unregister(vm)) {
        vm->shadow.tries = 0;
        return PARLEY_DONE;
    }
    /* A partition may have sent again in between. */
    vm->shadow.tries++;
    return vm->shadow.tries < SHADOW_TRIES_MAX ? PARLEY_AGAIN : PARLEY_QUARANTINED;
}

/* With the VM's TX buffer held, which is also what keeps the shadow to one sender at a time. */
int32_t parley_shadow_send(const struct call *call, const struct message *message)
{
    struct parley_vm *vm = call->vm;
    enum parley_version version = parley_spmc_layout_version(&vm->parley->spmc);
    size_t header_bytes = parley_layout_message_bytes(version);
    struct parley_regs regs = {{FFA_MSG_SEND2, ffa_msg_send2_make(vm->id)}};

    int32_t status =
        parley_secure_check(vm, message->receiver, &message->uuid, FFA_PARTITION_INDIRECT_MSG);
    if (status != FFA_OK) {
        return status;
    }
    if (!vm->shadow.is_registered) {
        return FFA_DENIED;
    }
    if (message->payload_bytes > shadow_bytes(vm) - header_bytes) {
        return FFA_NO_MEMORY;
    }
    parley_layout_message_encode(message, version, vm->shadow.tx);
    parley_tx_read(vm, message->payload_offset, vm->shadow.tx + header_bytes,
                   message->payload_bytes);
    parley_port_smc(&regs);
    return parley_spmc_status(&regs);
}

/* --- From a Secure Partition ---------------------------------------------- */

/* Copies the shadow's message to the RX buffer, which is held: how many bytes, or 0 if it is none.
 */
static size_t copy_to_rx(struct parley_vm *vm)
{
    enum parley_version theirs = parley_spmc_layout_version(&vm->parley->spmc);
    enum parley_version ours = word_version(parley_load_acquire(&vm->word));
    size_t header_bytes = parley_layout_message_bytes(ours);
    uint8_t header[LAYOUT_MESSAGE_BYTES_MAX];
    struct message message;
    struct span payload;

    parley_copy(header, vm->shadow.rx, parley_layout_message_bytes(theirs));
    parley_layout_message_decode(header, theirs, &message);
    if (message.receiver != vm->id || !ffa_id_is_secure(message.sender) ||
        message.payload_offset < parley_layout_message_bytes(theirs) ||
        !span_sub(span_make(vm->shadow.rx, shadow_bytes(vm)), message.payload_offset,
                  message.payload_bytes, &payload)) {
        return 0;
    }
    if (payload.bytes > parley_rxtx_bytes(vm) - header_bytes) {
        return 0; /* only where our header is longer than theirs */
    }
    parley_layout_message_encode(&message, ours, header);
    (void)parley_rx_write(vm, 0, header, header_bytes);
    (void)parley_rx_write(vm, header_bytes, payload.base, payload.bytes);
    return header_bytes + payload.bytes;
}

/* With the RX buffer held. Whether the VM has a message now. */
static bool deliver_held(struct parley_vm *vm)
{
    uint64_t full = 1;

    /* A sibling may have delivered it since, or the SPMC speaks of a buffer that it does not have.
     */
    if (!parley_compare_exchange(&vm->shadow.is_full, &full, 0) || !vm->shadow.is_registered) {
        parley_rx_fill_cancel(vm);
        return false;
    }

    size_t bytes = copy_to_rx(vm);
    /* The shadow is the SPMC's again, and what it writes from now on a message of its own. If it
     * says that it was not ours to read, this was no message either. */
    if (parley_spmc_release_rx(vm->id) != FFA_OK || bytes == 0) {
        parley_rx_clear(vm, bytes);
        parley_rx_fill_cancel(vm);
        return false;
    }
    parley_rx_fill_end(vm, bytes);
    return true;
}

/* Hands on the SPMC's message, if there is one and the VM's RX buffer is free. Whether it did. */
static bool deliver(struct parley_vm *vm)
{
    bool is_delivered = false;

    /*
     * Whoever says that there is a message tries to deliver it, and whoever gives the buffer back
     * looks whether there is one: so one of them does.
     */
    while (!is_delivered && parley_load_acquire(&vm->shadow.is_full) != 0 &&
           parley_rx_fill_begin(vm) == FFA_OK) {
        is_delivered = deliver_held(vm);
    }
    return is_delivered;
}

bool parley_shadow_receive(struct parley_vm *vm)
{
    parley_store_release(&vm->shadow.is_full, 1);
    return deliver(vm);
}

void parley_shadow_deliver(struct parley_vm *vm)
{
    if (deliver(vm)) {
        parley_notify(vm, EVERY_VCPU, (struct scope){.framework = FRAMEWORK_SPM});
    }
}
