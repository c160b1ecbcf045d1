/* SPDX-License-Identifier: BSD-3-Clause */
/* What an embedder reserves, in bytes: once, and for each VM. Pointers have 64 bits, as in EL2. */
#include <stdio.h>

#include <parley/parley.h>

_Static_assert(sizeof(void *) == 8, "the sizes are those of a 64-bit hypervisor");

static size_t memory_bytes(uint16_t vms)
{
    const struct parley_config config = {
        .vm_id_first = 1,
        .vms_max = vms,
        .vcpus_max = 8,
        .partitions_max = 32,
        .rxtx_pages_max = 4,
        .cpus_max = 8,
        .npi_intid = 9,
        .sri_intid = 10,
    };

    return parley_memory_size(&config);
}

int main(void)
{
    size_t one = memory_bytes(1);
    size_t many = memory_bytes(257);
    size_t per_vm = (many - one) / 256;

    if (one == 0 || many == 0) {
        return 1;
    }
    printf("%zu %zu\n", one - per_vm, per_vm);
    return 0;
}
