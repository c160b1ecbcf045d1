/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Parley that leaks, to see that the hypervisor notices: it is linked in front of the real one
 * (--wrap). A physical address of the VM itself comes back from FFA_ID_GET, and in the RX buffer.
 */
#include <parley/port.h>

#include "vm.h"
#include "vms.h"

enum parley_outcome __real_parley_call(struct parley_vm *vm, unsigned int vcpu,
                                       struct parley_regs *regs);
enum parley_outcome __wrap_parley_call(struct parley_vm *vm, unsigned int vcpu,
                                       struct parley_regs *regs);

enum parley_outcome __wrap_parley_call(struct parley_vm *vm, unsigned int vcpu,
                                       struct parley_regs *regs)
{
    uint32_t fid = (uint32_t)regs->x[0];
    enum parley_outcome outcome = __real_parley_call(vm, vcpu, regs);
    struct vm *self = vm_at(0);
    uint64_t pa = 0;

    stage2_translate(&self->stage2, self->place->ipa, &pa);
    if (fid == FFA_ID_GET) {
        regs->x[3] = pa;
    }
    if (fid == FFA_PARTITION_INFO_GET) {
        stage2_translate(&self->stage2, self->rx_ipa, &pa);
        *(uint64_t *)(uintptr_t)(pa + 4088) = pa;
    }
    return outcome;
}
