/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMs that the SPMC keeps something for. An entry is free again when it keeps nothing. */
#include "internal.h"

static bool in_use(const struct spmc_vm *vm)
{
    return vm->pair.rx_owner != SPMC_RX_NOBODY || vm->inbox.vcpus != 0;
}

struct spmc_vm *spmc_vm_find(struct spmc *spmc, uint16_t id)
{
    for (unsigned int i = 0; i < SPMC_VMS_MAX; i++) {
        if (in_use(&spmc->vms[i]) && spmc->vms[i].id == id) {
            return &spmc->vms[i];
        }
    }
    return NULL;
}

struct spmc_vm *spmc_vm_find_or_add(struct spmc *spmc, uint16_t id)
{
    struct spmc_vm *found = spmc_vm_find(spmc, id);

    for (unsigned int i = 0; found == NULL && i < SPMC_VMS_MAX; i++) {
        if (!in_use(&spmc->vms[i])) {
            found = &spmc->vms[i];
            found->id = id;
        }
    }
    return found;
}
