/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The schedule receiver interrupt (FF-A 1.2, 10.6 and 16.6): the SPMC has signalled somebody, and
 * the hypervisor is the scheduler of all. Parley asks who it is. VMs are marked and interrupted,
 * Secure Partitions are noted for the CPU that they run on, and run there.
 *
 * None of this runs in an interrupt handler: the handler asks the port to call parley_cpu_work().
 */
#include "bits.h"
#include "internal.h"

/* The answer of NOTIFICATION_INFO_GET_64, copied: at most 20 IDs in at most 20 lists. */
struct lists {
    bool more;
    unsigned int count;
    uint64_t x2;
    uint16_t id[FFA_NOTIFICATION_INFO_GET_64_MAX];
};

static int32_t ask_who(struct lists *lists)
{
    struct parley_regs regs = {{FFA_NOTIFICATION_INFO_GET_64}};

    parley_port_smc(&regs);
    int32_t status = parley_spmc_status(&regs);
    if (status != FFA_OK) {
        return status;
    }
    lists->x2 = regs.x[2];
    lists->more = ffa_notification_info_more(regs.x[2]);
    lists->count = ffa_notification_info_lists(regs.x[2]);
    for (unsigned int i = 0; i < FFA_NOTIFICATION_INFO_GET_64_MAX; i++) {
        lists->id[i] = (uint16_t)(regs.x[3 + i / 4] >> (16 * (i % 4)));
    }
    return FFA_OK;
}

/* --- Receivers ------------------------------------------------------------ */

static void signal_vm(struct parley *parley, uint16_t id, const uint16_t *vcpus,
                      unsigned int vcpu_count)
{
    unsigned int place = (unsigned int)id - parley->config.vm_id_first;
    struct scope news = {.secure = SECURE_KINDS}; /* it does not say which */

    if (place >= parley->config.vms_max) {
        return;
    }

    /* Final or not, the VM must not end while it is marked; if it ends, so does what it is told. */
    struct parley_vm *vm = &parley->vms[place];
    if (!parley_endpoint_hold(vm)) {
        return;
    }
    if (vcpu_count == 0) {
        parley_notify(vm, EVERY_VCPU, news);
    }
    for (unsigned int i = 0; i < vcpu_count; i++) {
        if (vcpus[i] < vm->vcpus) {
            parley_notify(vm, vcpus[i], news);
        }
    }
    parley_endpoint_drop(vm);
}

static void set_want(struct cpu *cpu, unsigned int partition)
{
    (void)parley_fetch_or(&cpu->wants[partition / 64], 1ull << (partition % 64));
}

/* Notes that a context of a partition wants to run, on the CPU that it is tied to. */
static void want_cpu(struct parley *parley, unsigned int partition, unsigned int context)
{
    bool is_tied = parley->spmc.partitions[partition].entry.contexts > 1;
    unsigned int here = parley_port_cpu();
    unsigned int cpu = is_tied ? context : here;

    if (cpu >= parley->config.cpus_max) {
        return;
    }
    set_want(&parley->cpus[cpu], partition);
    if (cpu != here) {
        parley_port_cpu_kick(cpu);
    }
}

static void signal_partition(struct parley *parley, uint16_t id, const uint16_t *contexts,
                             unsigned int context_count)
{
    for (unsigned int i = 0; i < parley->spmc.partition_count; i++) {
        if (parley->spmc.partitions[i].entry.id != id ||
            parley->spmc.partitions[i].first_of_id != i) {
            continue;
        }
        if (context_count == 0) {
            want_cpu(parley, i, parley_port_cpu());
        }
        for (unsigned int j = 0; j < context_count; j++) {
            want_cpu(parley, i, contexts[j]);
        }
    }
}

static void signal_all(struct parley *parley, const struct lists *lists)
{
    unsigned int next = 0;

    for (unsigned int i = 0; i < lists->count; i++) {
        unsigned int vcpus = ffa_notification_info_vcpus(lists->x2, i);

        /* More IDs than registers: nonsense, and the rest with it. */
        if (next + 1 + vcpus > FFA_NOTIFICATION_INFO_GET_64_MAX) {
            return;
        }
        if (ffa_id_is_secure(lists->id[next])) {
            signal_partition(parley, lists->id[next], &lists->id[next + 1], vcpus);
        } else {
            signal_vm(parley, lists->id[next], &lists->id[next + 1], vcpus);
        }
        next += 1 + vcpus;
    }
}

enum parley_progress parley_schedule_receivers(struct parley *parley)
{
    struct lists lists;

    if (parley->spmc.sri_intid == 0 || ask_who(&lists) != FFA_OK) {
        return PARLEY_DONE;
    }
    signal_all(parley, &lists);
    return lists.more ? PARLEY_AGAIN : PARLEY_DONE;
}

/* --- Cycles for partitions ------------------------------------------------ */

/* The first partition at `from` or behind that wants the CPU. False if there is none. */
static bool wanting_from(const struct parley *parley, const struct cpu *cpu, unsigned int from,
                         unsigned int *partition)
{
    uint64_t mask = ~0ull << (from % 64);

    for (unsigned int word = from / 64; word * 64 < parley->spmc.partition_count; word++) {
        uint64_t bits = parley_load_acquire(&cpu->wants[word]) & mask;

        if (bits != 0) {
            *partition = word * 64 + bits_lowest(bits);
            return true;
        }
        mask = ~0ull;
    }
    return false;
}

/* The same, going round from where the last one was. */
static bool wanting_next(const struct parley *parley, const struct cpu *cpu,
                         unsigned int *partition)
{
    return wanting_from(parley, cpu, cpu->next, partition) ||
           wanting_from(parley, cpu, 0, partition);
}

static bool take_wanting(const struct parley *parley, struct cpu *cpu, unsigned int *partition)
{
    if (!wanting_next(parley, cpu, partition)) {
        return false;
    }
    cpu->next = *partition + 1;
    /* Before it runs, so that what it is signalled meanwhile is not forgotten. */
    (void)parley_fetch_sub(&cpu->wants[*partition / 64], 1ull << (*partition % 64));
    return true;
}

/* One that serves a VM. Enough for now, once each that wants the CPU was found to do so in turn. */
static enum parley_progress put_off(const struct parley *parley, struct cpu *cpu,
                                    unsigned int partition)
{
    unsigned int next = partition;

    set_want(cpu, partition);
    if (cpu->busy_first == 0) {
        cpu->busy_first = partition + 1;
    }
    (void)wanting_next(parley, cpu, &next);
    if (next + 1 != cpu->busy_first) {
        return PARLEY_AGAIN;
    }
    cpu->busy_first = 0;
    return PARLEY_DONE;
}

enum parley_progress parley_cpu_work(struct parley *parley)
{
    unsigned int here = parley_port_cpu();
    unsigned int partition;

    if (here >= parley->config.cpus_max || !take_wanting(parley, &parley->cpus[here], &partition)) {
        return PARLEY_DONE;
    }

    const struct partition_entry *entry = &parley->spmc.partitions[partition].entry;
    uint16_t context = entry->contexts > 1 ? (uint16_t)here : 0;
    struct parley_regs regs = {{FFA_RUN, ffa_target_make(entry->id, context)}};

    if (!parley_context_take(parley, partition, here)) {
        return put_off(parley, &parley->cpus[here], partition);
    }
    parley_port_smc(&regs);
    parley_context_drop(parley, partition, here);
    switch ((uint32_t)regs.x[0]) {
    case FFA_INTERRUPT:
    case FFA_YIELD:
        set_want(&parley->cpus[here], partition);
        break;
    case FFA_ERROR:
        if (parley_spmc_status(&regs) == FFA_BUSY) {
            return put_off(parley, &parley->cpus[here], partition);
        }
        break;
    default:
        break;
    }
    parley->cpus[here].busy_first = 0;
    return PARLEY_AGAIN;
}
