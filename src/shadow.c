/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Indirect messages between VMs and Secure Partitions (FF-A 1.2, 7.2.3 and 15.1).
 *
 * The SPMC is never given a VM's own pages. Parley registers a pair of its own under the VM's ID,
 * the shadow, and rebuilds each message there in the version agreed with the SPMC. So the SPMC
 * reads what was checked, and each VM's RX buffer has one producer.
 */
#include "internal.h"

static size_t shadow_bytes(const struct parley_vm *vm)
{
    return (size_t)vm->parley->config.shadow_pages * FFA_PAGE_SIZE;
}

bool parley_shadow_is_wanted(const struct parley_vm *vm)
{
    return vm->parley->spmc.takes_messages && vm->parley->config.shadow_pages != 0 &&
           (vm->secure_rights & PARLEY_MAY_MESSAGE) != 0 &&
           (vm->properties & FFA_PARTITION_INDIRECT_MSG) != 0;
}

void parley_shadow_register(struct parley_vm *vm)
{
    struct shadow *shadow = &vm->shadow;

    if (shadow->is_registered || !parley_shadow_is_wanted(vm)) {
        return;
    }
    parley_zero(shadow->rx, shadow_bytes(vm));
    parley_zero(shadow->tx, shadow_bytes(vm));

    int32_t status = parley_spmc_map_for_vm(&vm->parley->spmc, vm->id, shadow->rx, shadow->tx,
                                            vm->parley->config.shadow_pages);
    shadow->is_registered = status == FFA_OK;
    if (!shadow->is_registered) {
        parley_port_event(&(struct parley_event){.kind = PARLEY_EVENT_SPMC_REFUSED,
                                                 .vm_id = vm->id,
                                                 .fid = FFA_RXTX_MAP_64,
                                                 .status = status});
    }
}

bool parley_shadow_unregister(struct parley_vm *vm)
{
    struct parley_regs regs = {{FFA_RXTX_UNMAP, ffa_rxtx_unmap_make(vm->id)}};

    if (!vm->shadow.is_registered) {
        return true;
    }
    parley_port_smc(&regs);
    vm->shadow.is_registered = parley_spmc_status(&regs) != FFA_OK;
    return !vm->shadow.is_registered;
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
