/* SPDX-License-Identifier: BSD-3-Clause */
#include "pl011.h"
#include "machine.h"
#include "registers.h"
#include "vm.h"

#define REGISTER_DR 0x00
#define REGISTER_FR 0x18

#define FR_TRANSMIT_EMPTY UINT64_C(0x80)
#define FR_RECEIVE_EMPTY  UINT64_C(0x10)

#define ZERO_REGISTER 31

static uint64_t register_value(uint64_t offset)
{
    return offset == REGISTER_FR ? FR_TRANSMIT_EMPTY | FR_RECEIVE_EMPTY : 0;
}

bool pl011_access(struct vcpu *vcpu, uint64_t ipa, uint64_t esr)
{
    uint64_t offset = ipa - VM_UART_IPA;
    uint64_t target = bits(esr, 16, 5);

    if (offset >= PAGE_BYTES || (esr & ESR_ABORT_VALID) == 0 || (esr & ESR_ABORT_WALK) != 0) {
        return false;
    }
    if ((esr & ESR_ABORT_WRITE) == 0) {
        if (target != ZERO_REGISTER) {
            vcpu->x[target] = register_value(offset);
        }
    } else if (offset == REGISTER_DR) {
        console_put(&vcpu->line, vcpu->vm->who->name,
                    target == ZERO_REGISTER ? '\0' : (char)vcpu->x[target]);
    }
    vcpu_skip_instruction(vcpu, esr);
    return true;
}
