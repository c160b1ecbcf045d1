/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest embedder: two VMs, no Secure world, one VM discovers the other. */
#include <stdio.h>

#include "posix.h" /* the hooks of <parley/port.h>, here for a simulated machine */

/* What a trap handler does: the guest's x0 to x17 in, the answer out. */
static struct parley_regs guest_calls(struct posix_vm *vm, struct parley_regs regs)
{
    if (parley_call(posix_vm_parley(vm), 0, &regs) == PARLEY_NOT_FFA) {
        regs.x[0] = UINT64_MAX; /* an unknown SMC */
    }
    return regs;
}

/* A guest negotiates; its next call makes the version final. */
static void guest_negotiates(struct posix_vm *vm, uint32_t version)
{
    struct parley_regs own = guest_calls(vm, (struct parley_regs){{FFA_VERSION, version}});
    struct parley_regs id = guest_calls(vm, (struct parley_regs){{FFA_ID_GET}});

    printf("VM %u asks for FF-A 1.%u, Parley speaks 1.%u\n", (unsigned int)id.x[2],
           FFA_VERSION_MINOR(version), (unsigned int)FFA_VERSION_MINOR(own.x[0]));
}

static void guest_lists_partitions(struct posix_vm *vm)
{
    struct parley_regs list = guest_calls(vm, (struct parley_regs){{FFA_PARTITION_INFO_GET_REGS}});

    for (unsigned int i = 0; i <= ffa_info_regs_out_current(list.x[2]); i++) {
        uint64_t entry = list.x[3 + i * FFA_PARTITION_INFO_GET_REGS_PER_DESC];

        printf("partition %u has %u vCPUs\n", ffa_info_regs_desc_id(entry),
               ffa_info_regs_desc_contexts(entry));
    }
}

int main(void)
{
    const struct parley_config config = {.vm_id_first = 1,
                                         .vms_max = 2,
                                         .vcpus_max = 4,
                                         .rxtx_pages_max = 1,
                                         .cpus_max = 1,
                                         .no_spmc = true};
    const struct parley_peer sees_vm_2 = {.id = 2, .rights = PARLEY_MAY_DISCOVER};
    const struct parley_vm_config vm_1 = {
        .id = 1, .vcpus = 1, .rxtx_pages_max = 1, .peers = &sees_vm_2, .peer_count = 1};
    const struct parley_vm_config vm_2 = {.id = 2, .vcpus = 4, .rxtx_pages_max = 1};
    size_t bytes = parley_memory_size(&config);

    posix_start(NULL);
    struct parley *parley = parley_init(posix_memory_take(bytes), bytes, &config);
    struct posix_vm *one = posix_vm_new("one", 0x80000000, 16, true);
    struct posix_vm *two = posix_vm_new("two", 0x80000000, 16, true);
    posix_vm_create(one, parley, &vm_1);
    posix_vm_create(two, parley, &vm_2);
    guest_negotiates(one, FFA_VERSION_1_2);
    guest_negotiates(two, FFA_VERSION_1_1);
    guest_lists_partitions(one);
    return 0;
}
