/* SPDX-License-Identifier: BSD-3-Clause */
#include "spmc_world.h"

const uint32_t spmc_versions[SPMC_VERSIONS] = {FFA_VERSION_1_1, FFA_VERSION_1_2};

unsigned int shown_at(uint32_t version)
{
    return version == FFA_VERSION_1_1 ? PARTITION_COUNT : PARTITION_UUID_COUNT;
}

unsigned int partitions_kept(void)
{
    struct parley_status status;

    parley_status(the_parley(), &status);
    return status.partition_count;
}

struct posix_vm *viewer_on(void)
{
    return vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_secure = true});
}

void expect_only_truth(void)
{
    struct posix_vm *vm = viewer_on();
    struct entry entries[ENTRIES_MAX];
    const unsigned int count = list_buffer(vm, NULL, entries);

    assert_int_equal(count, partitions_kept() + 1);
    for (unsigned int i = 0; i < count - 1; i++) {
        const struct spmc_partition *partition = &secure_partitions[0];

        while (partition < &secure_partitions[PARTITION_COUNT] && partition->id != entries[i].id) {
            partition++;
        }
        assert_true(partition < &secure_partitions[PARTITION_COUNT]);
        assert_int_equal(entries[i].contexts, partition->contexts);
    }
    vm_off(vm);
}

void use_the_list(void)
{
    struct posix_vm *vm = viewer_on();

    assert_true(is_listed(vm, 1));
    assert_false(is_listed(vm, 2));
    vm_off(vm);
}

void expect_as_many_releases_as_fills(void)
{
    unsigned int fills = 0;
    unsigned int releases = 0;

    assert_in_range(posix_smc_count(), 1, POSIX_SMC_LOG);
    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        const struct posix_smc *smc = posix_smc_at(i);
        const uint32_t fid = w(&smc->call, 0);
        const bool served = w(&smc->answer, 0) == FFA_SUCCESS_32;

        if (fid == FFA_PARTITION_INFO_GET && served &&
            (smc->call.x[5] & FFA_PARTITION_INFO_GET_COUNT_ONLY) == 0) {
            fills++;
        }
        releases += fid == FFA_RX_RELEASE;
        assert_in_range(fills - releases, 0, 1);
    }
    assert_int_equal(fills, releases);
}

struct buffers parleys_buffers(const struct parley_regs *map)
{
    size_t bytes;
    const uint8_t *memory = parley_memory(&bytes);
    const uint64_t pa = parley_port_pa(memory).value;

    return (struct buffers){
        .tx = (uint8_t *)(uintptr_t)memory + (map->x[1] - pa),
        .rx = (uint8_t *)(uintptr_t)memory + (map->x[2] - pa),
        .bytes = (map->x[3] & FFA_RXTX_MAP_PAGES_MASK) * FFA_PAGE_SIZE,
    };
}

bool is_map(uint32_t fid)
{
    return fid == FFA_RXTX_MAP_32 || fid == FFA_RXTX_MAP_64;
}
