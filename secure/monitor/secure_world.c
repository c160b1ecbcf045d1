/* SPDX-License-Identifier: BSD-3-Clause */
/* The Secure world behind the monitor: one SPMC at EL3, and the partitions that it tells of. */
#include "../partitions/agent.h"
#include "../partitions/partitions.h"
#include "../spmc/spmc.h"
#include "monitor.h"

static struct spmc spmc;

static unsigned int cpu(void *host)
{
    (void)host;
    return cpu_index();
}

void secure_world_init(void)
{
    const struct spmc_config config = {
        .version = config_ffa_version,
        .partitions = secure_partitions,
        .partition_count = PARTITION_COUNT,
        .enter = agent_enter,
        .cpu = cpu,
    };

    if (config_ffa_version != 0) {
        spmc_init(&spmc, &config);
    }
}

bool secure_world_call(uint64_t regs[FFA_REGS_MAX])
{
    if (config_ffa_version == 0) {
        return false;
    }
    spmc_call(&spmc, regs);
    return true;
}

/* All of Non-secure RAM is mapped at EL3, each address as itself. */
void *spmc_port_map(struct spmc *from, uint64_t pa, size_t bytes)
{
    (void)from;
    if (pa < NORMAL_RAM_PA || bytes > NORMAL_RAM_BYTES ||
        pa - NORMAL_RAM_PA > NORMAL_RAM_BYTES - bytes) {
        return NULL;
    }
    return (void *)(uintptr_t)pa;
}
