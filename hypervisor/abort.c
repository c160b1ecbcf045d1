/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM has lent or given away, or never had, is for it as if no memory answered: a synchronous
 * external abort at EL1, at the address of the access. The vCPU's registers of EL1 are loaded.
 */
#include "abort.h"
#include "machine.h"
#include "mmio.h"
#include "registers.h"
#include "vm.h"

uint64_t abort_ipa(void)
{
    uint64_t page = bits(register_read(hpfar_el2), 4, 40) << PAGE_SHIFT;

    return page | register_read(far_el2) % PAGE_BYTES;
}

static bool is_instruction(uint64_t esr)
{
    return esr_class(esr) == EC_INSTRUCTION_ABORT;
}

static bool lies_in(uint64_t ipa, uint64_t start, uint64_t pages)
{
    return ipa >= start && ipa - start < pages * PAGE_BYTES;
}

static bool is_ram(const struct vm_place *place, uint64_t ipa)
{
    return lies_in(ipa, place->ipa, place->pages) ||
           lies_in(ipa, place->window_ipa, place->window_pages);
}

/* A table of the guest's own that hardware reads, or also writes, needs other rights. */
static unsigned int rights_of(uint64_t esr)
{
    if ((esr & ESR_ABORT_WALK) != 0) {
        return 0;
    }
    if (is_instruction(esr)) {
        return STAGE2_MAY_EXECUTE;
    }
    return (esr & ESR_ABORT_WRITE) != 0 ? STAGE2_MAY_WRITE : 0;
}

/*
 * Only RAM is ever mapped, so a permission fault, of which the CPU does not tell the IPA, is one of
 * RAM, and the guest's. A page that was absent when the guest came by, and is there now, is none of
 * its business: a block was being cut, or another vCPU has got the page back.
 */
bool abort_take(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t kind = esr & ESR_ABORT_KIND;
    uint64_t ipa = abort_ipa();

    if (kind != ESR_ABORT_TRANSLATION) {
        return false;
    }
    if (!is_ram(vcpu->vm->place, ipa)) {
        return !is_instruction(esr) && mmio_access(vcpu, ipa, esr);
    }
    return stage2_allows(&vcpu->vm->stage2, ipa, rights_of(esr));
}

bool abort_is_of_memory(const struct vcpu *vcpu, uint64_t esr)
{
    return (esr & ESR_ABORT_KIND) == ESR_ABORT_PERMISSION || is_ram(vcpu->vm->place, abort_ipa());
}
