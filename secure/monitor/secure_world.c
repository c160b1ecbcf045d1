/* SPDX-License-Identifier: BSD-3-Clause */
/* The Secure world behind the monitor: one SPMC at EL3, one partition at S-EL1, the others at EL3.
 */
#include "../partitions/agent.h"
#include "../partitions/partitions.h"
#include "../partitions/sel1/layout.h"
#include "../spmc/spmc.h"
#include "arch.h"
#include "config.h"
#include "monitor.h"

static struct spmc spmc;
static struct spmc_partition partitions[PARTITION_COUNT_MORE];

/* Of each CPU: the timer's interrupt waits until the partition that it is for runs again. */
static bool timer_waits[CPUS_MAX];

static unsigned int cpu(void *host)
{
    (void)host;
    return cpu_index();
}

static void raise_sri(void *host)
{
    (void)host;
    gic_raise_sri(cpu_index());
}

static void log_line(void *host, const struct spmc_partition *from, const char *text, size_t bytes)
{
    (void)host;
    console_put(SECURE_UART_PA, from->name);
    console_put(SECURE_UART_PA, ": ");
    for (size_t i = 0; i < bytes; i++) {
        const char one[2] = {text[i], '\0'};

        console_put(SECURE_UART_PA, one);
    }
    console_put(SECURE_UART_PA, "\n");
}

/* Past the caches, for who looks without them. */
static void clean(void *host, void *at, size_t bytes)
{
    (void)host;
    for (size_t i = 0; i < bytes; i += CACHE_LINE_BYTES) {
        __asm__ volatile("dc civac, %0" : : "r"((uintptr_t)at + i) : "memory");
    }
    dsb();
}

static void wait_with_timer(unsigned int this_cpu, bool waits)
{
    if (timer_waits[this_cpu] != waits) {
        timer_waits[this_cpu] = waits;
        gic_secure_timer(this_cpu, !waits);
    }
}

static enum spmc_exit enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    if (entry->partition->id != config_sel1_partition_id) {
        return agent_enter(entry, regs);
    }
    wait_with_timer(entry->cpu, false);
    return sel1_enter(entry, regs);
}

void secure_world_init(void)
{
    const struct spmc_config config = {
        .version = config_ffa_version,
        .partitions = partitions,
        .partition_count = config_partition_count,
        .sri_intid = SRI_SGI,
        .entry_bytes = config_entry_bytes,
        .absent = config_absent,
        .absent_count = config_absent_count,
        .enter = enter,
        .cpu = cpu,
        .raise_sri = raise_sri,
        .clean = clean,
        .log = log_line,
    };

    if (config_ffa_version == 0) {
        return;
    }
    for (unsigned int i = 0; i < config_partition_count; i++) {
        partitions[i] = config_partitions[i];
        if (partitions[i].id == config_sel1_partition_id) {
            partitions[i].memory = (void *)SEL1_DATA_PA;
            partitions[i].memory_bytes = SEL1_DATA_BYTES;
        }
    }
    sel1_init();
    spmc_init(&spmc, &config);
}

bool secure_world_call(uint64_t regs[FFA_REGS_MAX])
{
    if (config_ffa_version == 0) {
        return false;
    }
    spmc_call(&spmc, regs);
    return true;
}

void secure_world_interrupt(void)
{
    if (!spmc_interrupt(&spmc, config_sel1_partition_id, SECURE_TIMER_INTID)) {
        wait_with_timer(cpu_index(), true);
    }
}

/* All of Non-secure RAM is mapped at EL3, each address as itself. */
void *spmc_port_map(struct spmc *from, uint64_t pa, size_t bytes)
{
    (void)from;
    return tree_has_ram(pa, bytes) ? (void *)(uintptr_t)pa : NULL;
}
