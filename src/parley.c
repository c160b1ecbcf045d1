/* SPDX-License-Identifier: BSD-3-Clause */
/* One mediator: its memory, its beginning and its end. */
#include "internal.h"
#include "span.h"

/* --- Configuration and memory --------------------------------------------- */

/* Both are given, and differ, or neither is (FF-A 1.2, 10.5 and 10.6: SGIs or PPIs). */
static bool are_interrupts(const struct parley_config *config)
{
    if (config->npi_intid == 0 || config->sri_intid == 0) {
        return config->npi_intid == config->sri_intid;
    }
    return config->npi_intid != config->sri_intid && config->npi_intid < 32 &&
           config->sri_intid < 32;
}

static const char *check_config(const struct parley_config *config)
{
    if (config->vms_max == 0 || config->vms_max > PARLEY_VMS_MAX) {
        return "vms_max is 0 or too large";
    }
    if (config->vm_id_first == FFA_ID_HYPERVISOR ||
        (uint32_t)config->vm_id_first + config->vms_max > FFA_ID_SECURE_BIT) {
        return "the VM IDs leave the range of 1 to 0x7fff";
    }
    if (config->vcpus_max == 0 || config->vcpus_max > PARLEY_VCPUS_MAX) {
        return "vcpus_max is 0 or too large";
    }
    if (config->partitions_max > PARLEY_PARTITIONS_MAX) {
        return "partitions_max is too large";
    }
    if (config->shadow_pages > PARLEY_RXTX_PAGES_MAX) {
        return "shadow_pages is too large";
    }
    if (config->cpus_max == 0 || config->cpus_max > PARLEY_CPUS_MAX) {
        return "cpus_max is 0 or too large";
    }
    if (config->transactions_max > PARLEY_TRANSACTIONS_MAX ||
        config->ranges_max > PARLEY_RANGES_MAX) {
        return "transactions_max or ranges_max is too large";
    }
    if (!are_interrupts(config)) {
        return "npi_intid and sri_intid are not two SGIs or PPIs, or both 0";
    }
    if (config->rxtx_pages_max == 0 || config->rxtx_pages_max > PARLEY_RXTX_PAGES_MAX) {
        return "rxtx_pages_max is 0 or too large";
    }
    return NULL;
}

/* Where the parts lie, in bytes from the start. The SPMC's pages come first: they are aligned. */
struct memory_plan {
    size_t spmc_rx;
    size_t spmc_tx;
    size_t shadows;
    size_t parley;
    size_t vms;
    size_t vcpus;
    size_t rights;
    size_t told;
    size_t cpus;
    size_t cpu_words;
    size_t buffer_pages;
    size_t transactions;
    size_t retrievals;
    size_t extents;
    size_t forks;
    size_t partitions;
    size_t total;
};

/* All sizes are multiples of 8, and the counts are bounded, so nothing here can overflow. */
static size_t reserve(size_t *total, size_t count, size_t bytes)
{
    size_t place = *total;

    *total += (count * bytes + 7) & ~(size_t)7;
    return place;
}

static unsigned int rights_words(const struct parley_config *config)
{
    return (config->vms_max + 63u) / 64u;
}

static size_t rights_per_vm(const struct parley_config *config)
{
    return (size_t)POLICY_RIGHTS * rights_words(config);
}

static size_t told_words(const struct parley_config *config)
{
    return (config->partitions_max + 63u) / 64u;
}

/* Ranges of one VM: the two of its buffers come on top of its quota. */
static uint32_t ranges_per_vm(const struct parley_config *config)
{
    return config->ranges_max + 2;
}

static struct memory_plan plan_memory(const struct parley_config *config)
{
    size_t vms = config->vms_max;
    struct memory_plan plan;

    plan.total = 0;
    plan.spmc_rx = reserve(&plan.total, 1, FFA_PAGE_SIZE);
    plan.spmc_tx = reserve(&plan.total, 1, FFA_PAGE_SIZE);
    plan.shadows = reserve(&plan.total, vms * 2 * config->shadow_pages, FFA_PAGE_SIZE);
    plan.parley = reserve(&plan.total, 1, sizeof(struct parley));
    plan.vms = reserve(&plan.total, vms, sizeof(struct parley_vm));
    plan.vcpus = reserve(&plan.total, vms * config->vcpus_max, sizeof(struct vcpu));
    plan.rights = reserve(&plan.total, vms, rights_per_vm(config) * sizeof(uint64_t));
    plan.told = reserve(&plan.total, vms, told_words(config) * sizeof(uint64_t));
    plan.cpus = reserve(&plan.total, config->cpus_max, sizeof(struct cpu));
    plan.cpu_words =
        reserve(&plan.total, config->cpus_max, 2 * told_words(config) * sizeof(parley_atomic64));
    plan.buffer_pages =
        reserve(&plan.total, vms, 2 * (size_t)config->rxtx_pages_max * sizeof(void *));
    plan.transactions =
        reserve(&plan.total, vms * config->transactions_max, sizeof(struct transaction));
    plan.retrievals =
        reserve(&plan.total, vms * config->transactions_max, sizeof(struct retrieval));
    plan.extents = reserve(&plan.total, vms * ranges_per_vm(config), sizeof(struct extent));
    plan.forks = reserve(&plan.total, vms * ranges_per_vm(config), sizeof(struct fork));
    plan.partitions = reserve(&plan.total, config->partitions_max, sizeof(struct partition));
    return plan;
}

size_t parley_memory_size(const struct parley_config *config)
{
    return check_config(config) == NULL ? plan_memory(config).total : 0;
}

/* --- Beginning ------------------------------------------------------------ */

static const char *check_memory(const struct parley_config *config, const void *memory,
                                size_t bytes)
{
    const char *broken_rule = check_config(config);

    if (broken_rule != NULL) {
        return broken_rule;
    }
    if (memory == NULL || ((uintptr_t)memory & (FFA_PAGE_SIZE - 1)) != 0) {
        return "the memory is not aligned to a page";
    }
    if (bytes < plan_memory(config).total) {
        return "the memory is smaller than parley_memory_size()";
    }
    return NULL;
}

static void set_up_memory(struct parley *parley, unsigned int place, uint8_t *base,
                          const struct memory_plan *plan)
{
    struct memory *memory = &parley->vms[place].memory;
    size_t transactions = place * (size_t)parley->config.transactions_max;
    size_t ranges = place * (size_t)ranges_per_vm(&parley->config);

    parley_lock_init(&memory->lock);
    memory->transactions = (struct transaction *)(void *)(base + plan->transactions) + transactions;
    memory->retrievals = (struct retrieval *)(void *)(base + plan->retrievals) + transactions;
    memory->extents.extent = (struct extent *)(void *)(base + plan->extents) + ranges;
    memory->extents.fork = (struct fork *)(void *)(base + plan->forks) + ranges;
    memory->extents.max = ranges_per_vm(&parley->config);
}

static void set_up_vm(struct parley *parley, unsigned int place, uint8_t *memory,
                      const struct memory_plan *plan)
{
    struct parley_vm *vm = &parley->vms[place];
    size_t pages_max = parley->config.rxtx_pages_max;
    struct vcpu *vcpus = (struct vcpu *)(void *)(memory + plan->vcpus);
    uint64_t *rights = (uint64_t *)(void *)(memory + plan->rights);
    uint64_t *told = (uint64_t *)(void *)(memory + plan->told);
    void **pages = (void **)(void *)(memory + plan->buffer_pages);
    size_t shadow_bytes = (size_t)parley->config.shadow_pages * FFA_PAGE_SIZE;

    vm->parley = parley;
    vm->id = (uint16_t)(parley->config.vm_id_first + place);
    vm->vcpu = vcpus + (size_t)place * parley->config.vcpus_max;
    vm->rights = rights + place * rights_per_vm(&parley->config);
    vm->told = told + place * told_words(&parley->config);
    vm->shadow.rx = memory + plan->shadows + place * 2 * shadow_bytes;
    vm->shadow.tx = vm->shadow.rx + shadow_bytes;
    vm->rxtx.rx = pages + place * 2 * pages_max;
    vm->rxtx.tx = vm->rxtx.rx + pages_max;
    parley_lock_init(&vm->negotiation);
    parley_lock_init(&vm->notifications.lock);
    parley_store_release(&vm->rxtx.state, PARLEY_RX_UNMAPPED);
    parley_store_release(&vm->phase, VM_FREE);
    parley_store_release(&vm->word, word_make(0, true));
}

struct parley *parley_init(void *memory, size_t bytes, const struct parley_config *config)
{
    const char *broken_rule = check_memory(config, memory, bytes);

    if (broken_rule != NULL) {
        parley_port_event(
            &(struct parley_event){.kind = PARLEY_EVENT_CONFIG_REFUSED, .text = broken_rule});
        return NULL;
    }

    struct memory_plan plan = plan_memory(config);
    uint8_t *base = memory;
    struct parley *parley = (struct parley *)(void *)(base + plan.parley);

    parley_zero(memory, plan.total);
    parley->config = *config;
    parley->rights_words = rights_words(config);
    parley->vms = (struct parley_vm *)(void *)(base + plan.vms);
    for (unsigned int place = 0; place < config->vms_max; place++) {
        set_up_vm(parley, place, base, &plan);
        set_up_memory(parley, place, base, &plan);
    }
    parley_lock_init(&parley->spmc.lock);
    parley->cpus = (struct cpu *)(void *)(base + plan.cpus);
    for (unsigned int cpu = 0; cpu < config->cpus_max; cpu++) {
        parley->cpus[cpu].wants =
            (parley_atomic64 *)(void *)(base + plan.cpu_words) + 2 * cpu * told_words(config);
        parley->cpus[cpu].taken = parley->cpus[cpu].wants + told_words(config);
    }
    parley->spmc.rx = base + plan.spmc_rx;
    parley->spmc.tx = base + plan.spmc_tx;
    parley->spmc.partitions = (struct partition *)(void *)(base + plan.partitions);
    parley->spmc.partitions_max = config->partitions_max;
    if (!config->no_spmc) {
        parley_spmc_connect(&parley->spmc);
    }
    return parley;
}

/* --- The end -------------------------------------------------------------- */

static uint16_t count_vms(const struct parley *parley)
{
    uint16_t count = 0;

    for (unsigned int place = 0; place < parley->config.vms_max; place++) {
        if (parley_load_acquire(&parley->vms[place].phase) != VM_FREE) {
            count++;
        }
    }
    return count;
}

enum parley_progress parley_shutdown(struct parley *parley)
{
    if (count_vms(parley) != 0) {
        return PARLEY_REFUSED_VMS_LEFT;
    }
    return parley_spmc_disconnect(&parley->spmc) == FFA_OK ? PARLEY_DONE : PARLEY_REFUSED_BY_SPMC;
}

void parley_status(const struct parley *parley, struct parley_status *status)
{
    *status = (struct parley_status){
        .spmc_version = parley->spmc.version,
        .spmc_id = parley->spmc.id,
        .partition_count = parley->spmc.partition_count,
        .sri_intid = parley->spmc.sri_intid,
        .vms = count_vms(parley),
    };
}
