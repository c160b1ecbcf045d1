/* SPDX-License-Identifier: BSD-3-Clause */
#include "pl011.h"
#include "machine.h"
#include "mmio.h"
#include "vm.h"

#define REGISTER_DR 0x00
#define REGISTER_FR 0x18

#define FR_TRANSMIT_EMPTY UINT64_C(0x80)
#define FR_RECEIVE_EMPTY  UINT64_C(0x10)

bool pl011_access(struct vcpu *vcpu, struct mmio *access)
{
    uint64_t offset = access->ipa - VM_UART_IPA;

    if (offset >= PAGE_BYTES) {
        return false;
    }
    if (access->is_write && offset == REGISTER_DR) {
        console_put(&vcpu->line, vcpu->vm->who->name, (char)access->value);
    } else if (offset == REGISTER_FR) {
        access->value = FR_TRANSMIT_EMPTY | FR_RECEIVE_EMPTY;
    }
    return true;
}
