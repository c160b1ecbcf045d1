/* SPDX-License-Identifier: BSD-3-Clause */
#include "payload.h"

#include <parley/ffa.h>

#include "../../partitions/partitions.h"

#define SMCCC_VERSION       0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define PSCI_VERSION        0x84000000u
#define PSCI_CPU_OFF        0x84000002u
#define PSCI_CPU_ON         0xc4000003u
#define PSCI_AFFINITY_INFO  0xc4000004u
#define PSCI_SYSTEM_OFF     0x84000008u
#define PSCI_SYSTEM_RESET   0x84000009u
#define PSCI_FEATURES       0x8400000au
#define UNKNOWN_CALL        0x8600ff00u

#define CPU_ON      0
#define CPU_OFF     1
#define ALREADY_ON  (-4)
#define BAD_ADDRESS (-9)
#define BAD_TARGET  (-2)

#define ROUNDS         200u
#define RUN_AGAIN      2u /* how often each CPU is switched on */
#define COUNTER_HZ_MIN 1000000
#define DEVICE_TREE    0x40000000u
#define TREE_MAGIC     0xedfe0dd0u /* as a little-endian CPU reads it */

#define MODE_TEST         0
#define MODE_SYSTEM_OFF   1
#define MODE_SYSTEM_RESET 2
#define MODE_PANIC        3

_Alignas(FFA_PAGE_SIZE) uint8_t buffers[4 * FFA_PAGE_SIZE];

/* What the other CPUs say of themselves; each writes its own. */
static struct {
    uint32_t runs;
    uint32_t good_calls;
    uint32_t registers;
    uint32_t sgi;
    uint64_t frequency;
} others[CPUS];

static uint64_t sysreg_current_el(void)
{
    uint64_t value;

    __asm__ volatile("mrs %0, CurrentEL" : "=r"(value));
    return value >> 2;
}

static uint64_t sysreg_cntfrq(void)
{
    uint64_t value;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

static void test_entry(void)
{
    uint64_t sctlr;
    uint64_t daif;

    __asm__ volatile("mrs %0, sctlr_el2" : "=r"(sctlr));
    __asm__ volatile("mrs %0, daif" : "=r"(daif));
    check(sysreg_current_el() == 2, "entered at EL2");
    check((sctlr & 0x1005) == 0, "MMU and caches are off");
    check(daif == 0x3c0, "interrupts are masked");
    check(entry_state.x[0] == DEVICE_TREE, "x0 is the device tree's address");
    check((entry_state.x[1] | entry_state.x[2] | entry_state.x[3]) == 0, "x1 to x3 are zero");
    check(*(const volatile uint32_t *)DEVICE_TREE == TREE_MAGIC, "there is a device tree");
    check(sysreg_cntfrq() >= COUNTER_HZ_MIN, "the counter's frequency is known");
}

static void test_smccc(void)
{
    uint64_t regs[REGS];

    check(value_of(SMCCC_VERSION, 0, 0, 0) == 0x10002, "SMCCC_VERSION is 1.2");
    check(value_of(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0) == 0, "SMCCC_VERSION is a feature");
    check(value_of(SMCCC_ARCH_FEATURES, 0x80008000, 0, 0) == UINT64_MAX, "workarounds are not");
    check(value_of(PSCI_VERSION, 0, 0, 0) == 0x10001, "PSCI_VERSION is 1.1");
    check(value_of(PSCI_FEATURES, PSCI_CPU_ON, 0, 0) == 0, "PSCI_FEATURES knows CPU_ON");
    check(value_of(PSCI_FEATURES, SMCCC_VERSION, 0, 0) == 0, "PSCI_FEATURES knows SMCCC_VERSION");
    check(value_of(PSCI_FEATURES, 0x84000001, 0, 0) == UINT64_MAX, "CPU_SUSPEND is not served");

    call(regs, UNKNOWN_CALL, 1, 2, 3);
    check(regs[0] == UINT64_MAX, "an unknown call is -1");
    check(regs[1] == 1 && regs[2] == 2 && regs[3] == 3 && poisoned_from(regs, 4),
          "an unknown call changes x0 only");

    poison(regs);
    regs[0] = PSCI_VERSION;
    smc_call_immediate(regs);
    check(regs[0] == UINT64_MAX && poisoned_from(regs, 1), "SMC #1 is unknown");
    check(value_of(0x840000f0, 0, 0, 0) == UINT64_MAX, "0xf0 is not FF-A's");
}

static void wait_for(unsigned int cpu, uint64_t state)
{
    for (unsigned int i = 0; i < 1000000; i++) {
        uint64_t regs[REGS] = {PSCI_AFFINITY_INFO, cpu};

        smc_call(regs);
        if (regs[0] == state) {
            return;
        }
        __asm__ volatile("yield");
    }
    check(false, "a CPU reaches the state it was sent to");
}

static void test_cpus_on(void)
{
    const uint64_t entry = (uint64_t)secondary_entry;

    check(value_of(PSCI_AFFINITY_INFO, 0, 0, 0) == CPU_ON, "CPU 0 is on");
    check(value_of(PSCI_CPU_ON, 0, entry, 0) == (uint64_t)ALREADY_ON, "CPU 0 is on already");
    check(value_of(PSCI_CPU_ON, CPUS, entry, 0) == (uint64_t)BAD_TARGET, "there is no CPU 4");
    check(value_of(PSCI_CPU_ON, 0x100, entry, 0) == (uint64_t)BAD_TARGET, "nor one of Aff1 = 1");
    check(value_of(PSCI_CPU_ON, 1, 0x0e000000, 0) == (uint64_t)BAD_ADDRESS,
          "no CPU starts in Secure memory");
    for (unsigned int run = 0; run < RUN_AGAIN; run++) {
        for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
            check(value_of(PSCI_AFFINITY_INFO, cpu, 0, 0) == CPU_OFF, "a CPU is off");
            check(value_of(PSCI_CPU_ON, cpu, entry, cpu) == 0, "CPU_ON");
        }
        for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
            wait_for(cpu, CPU_OFF);
        }
    }
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        check(others[cpu].runs == RUN_AGAIN, "each CPU ran as often as it was switched on");
        check(others[cpu].good_calls == RUN_AGAIN * ROUNDS, "its calls were answered");
        check(others[cpu].registers == others[1].registers, "its registers are open");
        check(others[cpu].sgi == RUN_AGAIN, "its interrupts work");
        check(others[cpu].frequency == sysreg_cntfrq(), "it knows the counter's frequency");
    }
}

/* All at once: the SPMC takes turns. */
static bool call_is_good(void)
{
    uint64_t regs[REGS];

    poison(regs);
    for (unsigned int i = 1; i < FFA_REGS_SMC32; i++) {
        regs[i] = 0;
    }
    regs[0] = FFA_ID_GET;
    smc_call(regs);
    if (EXPECTED_VERSION == 0) {
        return regs[0] == UINT64_MAX && poisoned_from(regs, 8);
    }
    return regs[0] == FFA_SUCCESS_32 && zero_between(regs, 1, 7) && poisoned_from(regs, 8);
}

static void other_cpu_job(unsigned int cpu)
{
    for (unsigned int i = 0; i < ROUNDS; i++) {
        others[cpu].good_calls += call_is_good() ? 1 : 0;
    }
    others[cpu].registers = features_touch();
    others[cpu].sgi += gic_try_sgi(cpu) ? 1 : 0;
    others[cpu].frequency = sysreg_cntfrq();
    others[cpu].runs++;
}

static void (*job)(unsigned int cpu) = other_cpu_job;

void payload_secondary(unsigned int cpu)
{
    uint64_t off[REGS] = {PSCI_CPU_OFF};

    job(cpu);
    smc_call(off);
    for (;;) {
    }
}

void cpu_start(unsigned int cpu, void (*what)(unsigned int cpu))
{
    job = what;
    check(value_of(PSCI_CPU_ON, cpu, (uint64_t)secondary_entry, cpu) == 0, "CPU_ON");
}

void cpu_join(unsigned int cpu)
{
    wait_for(cpu, CPU_OFF);
}

static void test_ffa_absent(void)
{
    uint64_t regs[REGS];

    call(regs, FFA_VERSION, FFA_VERSION_1_2, 2, 3);
    check(regs[0] == UINT64_MAX && regs[1] == FFA_VERSION_1_2 && poisoned_from(regs, 4),
          "without an SPMC, FFA_VERSION is an unknown call");
}

static void test_ffa_version(uint32_t ours)
{
    uint64_t regs[REGS];

    ffa(regs, FFA_ID_GET, 0, 0, 0);
    check(is_error(regs, FFA_NOT_SUPPORTED) && poisoned_from(regs, 8), "nothing before a version");
    check(value_of(FFA_VERSION, FFA_VERSION_1_2 | FFA_VERSION_BIT31, 0, 0) == 0xffffffff,
          "bit 31 is refused, in 32 bits");
    ffa(regs, 0xabcd000000000000 | FFA_VERSION, 0xffff000000000000 | FFA_VERSION_1_2, 0, 0);
    check(regs[0] == ours && zero_between(regs, 1, 7) && poisoned_from(regs, 8),
          "FFA_VERSION answers the SPMC's version");
}

static void test_ffa_identity(void)
{
    uint64_t regs[REGS];

    ffa(regs, FFA_ID_GET, 0, 0, 0);
    check(regs[0] == FFA_SUCCESS_32 && zero_between(regs, 1, 7), "the hypervisor's ID is 0");
    ffa(regs, FFA_SPM_ID_GET, 0, 0, 0);
    check(regs[0] == FFA_SUCCESS_32 && regs[2] == 0x8000, "the SPMC's ID is 0x8000");
    check(value_of(FFA_VERSION, FFA_VERSION_1_0, 0, 0) == 0xffffffff, "the version is final");
}

/* Without the refuser: a UUID each, but for trio, and before 1.2 one for trio too. */
static uint64_t partition_entries(uint32_t version)
{
    return (version >= FFA_VERSION_1_2 ? PARTITION_UUID_COUNT : PARTITION_COUNT) +
           (HAS_REFUSER ? 1 : 0);
}

static void test_ffa_buffers(uint32_t version)
{
    const struct ffa_partition_info_1_1 *info =
        (const struct ffa_partition_info_1_1 *)(buffers + FFA_PAGE_SIZE);
    const uint64_t entries = partition_entries(version);
    const uint64_t tx = (uint64_t)buffers;
    uint64_t regs[REGS];

    ffa(regs, FFA_RXTX_MAP_64, 0x0e000000, tx, 1);
    check(is_error(regs, FFA_INVALID_PARAMETERS), "Secure memory is no buffer");
    ffa(regs, FFA_RXTX_MAP_64, tx, tx + FFA_PAGE_SIZE, 1);
    check(regs[0] == FFA_SUCCESS_32, "FFA_RXTX_MAP");
    ffa(regs, FFA_PARTITION_INFO_GET, 0, 0, 0);
    check(regs[0] == FFA_SUCCESS_32 && regs[2] == entries && regs[3] == sizeof(*info),
          "FFA_PARTITION_INFO_GET");
    check(info[0].id == PARTITION_ECHO_ID && info[1].id == PARTITION_NOTIFIER_ID,
          "the partitions are in RX");
    ffa(regs, FFA_PARTITION_INFO_GET, 0, 0, 0);
    check(is_error(regs, FFA_BUSY), "RX is not filled twice");
    ffa(regs, FFA_RX_RELEASE, 0, 0, 0);
    check(regs[0] == FFA_SUCCESS_32, "FFA_RX_RELEASE");
    ffa(regs, FFA_RXTX_UNMAP, 0, 0, 0);
    check(regs[0] == FFA_SUCCESS_32, "FFA_RXTX_UNMAP");
}

static void test_ffa_info_regs(uint32_t version)
{
    uint64_t regs[REGS];

    ffa(regs, FFA_PARTITION_INFO_GET_REGS, 0, 0, 0);
    if (version < FFA_VERSION_1_2) {
        check(is_error(regs, FFA_NOT_SUPPORTED), "no FFA_PARTITION_INFO_GET_REGS before 1.2");
        return;
    }
    check(regs[0] == FFA_SUCCESS_64, "FFA_PARTITION_INFO_GET_REGS");
    check(ffa_info_regs_out_last(regs[2]) == partition_entries(version) - 1, "it has all entries");
    check(ffa_info_regs_desc_id(regs[3]) == PARTITION_ECHO_ID, "the first is echo");
    check(ffa_info_regs_desc_id(regs[15]) == PARTITION_TRIO_ID, "the last of the usual is trio");
}

static void test_ffa(void)
{
    const uint32_t version = EXPECTED_VERSION;
    uint64_t regs[REGS];

    if (version == 0) {
        test_ffa_absent();
        return;
    }
    sysregs_begin();
    ffa(regs, FFA_SPM_ID_GET, 0, 0, 0);
    sysregs_end("system registers survive that S-EL1 starts");
    test_ffa_version(version);
    test_ffa_identity();
    test_ffa_buffers(version);
    test_ffa_info_regs(version);
}

static void test_el1(void)
{
    struct el1_exit exit;

    el1_run((uint64_t)el1_code64, 0x3c5, 1ull << 31, &exit);
    check(exit.esr >> 26 == 0x16, "EL1 in AArch64 runs");
    check(exit.x0 == UINT64_MAX, "an SMC of EL1 that EL2 did not trap is not served");
    el1_run((uint64_t)el1_code32, 0x1d3, 0, &exit);
    check(exit.esr >> 26 == 0x12, "EL1 in AArch32 runs");
    check((exit.x0 & 0x1f) == 0x13, "and is in SVC mode");
}

/* Has the SPMC fill a buffer where the machine, with less RAM than 1 GiB, has nothing. */
static void provoke_panic(void)
{
    uint64_t regs[REGS];

    ffa(regs, FFA_VERSION, FFA_VERSION_1_2, 0, 0);
    ffa(regs, FFA_RXTX_MAP_64, 0x7ffe0000, 0x7fff0000, 1);
    ffa(regs, FFA_PARTITION_INFO_GET, 0, 0, 0);
}

void payload_main(void)
{
    switch (MODE) {
    case MODE_SYSTEM_OFF:
        value_of(PSCI_SYSTEM_OFF, 0, 0, 0);
        break;
    case MODE_SYSTEM_RESET:
        value_of(PSCI_SYSTEM_RESET, 0, 0, 0);
        break;
    case MODE_PANIC:
        provoke_panic();
        break;
    default:
        break;
    }
    check(MODE == MODE_TEST, "the run ends where it should");
    test_entry();
    test_smccc();
    test_ffa();
    features_touch();
    check(gic_try_sgi(0), "interrupts of CPU 0 work");
    test_cpus_on();
    test_el1();
    if (EXPECTED_VERSION != 0) {
        test_messages();
        test_notifications();
        test_memory();
        test_interrupts();
    }
    report_end();
}
