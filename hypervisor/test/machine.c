/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the hypervisor promises to a VM besides FF-A: vCPUs, more of them than CPUs, that keep their
 * registers wherever they run; PSCI; SMCCC; a console; a fresh life after a reset. For AArch64 and
 * AArch32.
 */
#include <guest.h>

#define SMCCC_VERSION      0x80000000u
#define PSCI_VERSION       0x84000000u
#define PSCI_CPU_ON_32     0x84000003u
#define PSCI_CPU_ON_64     0xc4000003u
#define PSCI_AFFINITY_32   0x84000004u
#define PSCI_FEATURES      0x8400000au
#define PSCI_NOT_SUPPORTED ((uint32_t)-1)
#define PSCI_INVALID       ((uint32_t)-2)
#define PSCI_ALREADY_ON    ((uint32_t)-4)
#define PSCI_BAD_ADDRESS   ((uint32_t)-9)
#define BENCH_MARK         0x86000003u
#define UNKNOWN_SERVICE    0x86001234u

#define ROUNDS 200u

#ifdef __aarch64__
#define READ(aarch64, aarch32)                               \
    __extension__({                                          \
        uint64_t value_;                                     \
        __asm__ volatile("mrs %0, " aarch64 : "=r"(value_)); \
        value_;                                              \
    })
#define WRITE_TPIDR(value) __asm__ volatile("msr tpidr_el1, %0" ::"r"((uint64_t)(value)))
#else
#define READ(aarch64, aarch32)                                       \
    __extension__({                                                  \
        uint32_t value_;                                             \
        __asm__ volatile("mrc p15, 0, %0, " aarch32 : "=r"(value_)); \
        value_;                                                      \
    })
#define WRITE_TPIDR(value) __asm__ volatile("mcr p15, 0, %0, c13, c0, 4" ::"r"((uint32_t)(value)))
#endif

#define WAIT_FOR(instruction) __asm__ volatile(instruction)

static uint32_t sum;     /* of all vCPUs' rounds */
static uint32_t started; /* spinning vCPUs */
static uint32_t fresh = 7;

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN: %s", what);
    }
    guest_expect(holds);
}

/* Returns w0. */
static uint32_t call(uint32_t fid, uint64_t a, uint64_t b, uint64_t c)
{
    struct guest_regs regs = {{fid, a, b, c}};

    ffa_call(&regs);
    return (uint32_t)regs.x[0];
}

static void check_smccc(void)
{
    struct guest_regs regs;

    expect(call(SMCCC_VERSION, 0, 0, 0) == 0x10002, "SMCCC is 1.2");
    expect(call(BENCH_MARK, 0, 0, 0) == 0, "BENCH_MARK returns 0");
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        regs.x[i] = 0x0123456700000000u + i;
    }
    regs.x[0] = UNKNOWN_SERVICE;
    ffa_call(&regs);
    expect((uint32_t)regs.x[0] == UINT32_MAX, "an unknown service answers -1");
    expect(!guest_is_aarch64() || regs.x[0] == UINT64_MAX, "in all 64 bits");
    for (unsigned int i = 4; i < (guest_is_aarch64() ? FFA_REGS_MAX : 8); i++) {
        expect((uint32_t)regs.x[i] == i, "and leaves x4 to x17");
    }
}

/* The features that the hypervisor does not save for a vCPU are not there. */
static void check_identity(void)
{
    expect((READ("mpidr_el1", "c0, c0, 5") & 0xffffff) == guest_vcpu(), "MPIDR is the vCPU");
    expect(READ("midr_el1", "c0, c0, 0") != 0, "MIDR is the CPU's");
#ifdef __aarch64__
    expect((READ("id_aa64pfr0_el1", "") >> 16 & 0xff) == 0xff, "FP and SIMD are not there");
    expect((READ("id_aa64pfr0_el1", "") >> 32 & 0xffffff) == 0, "SVE and others are not there");
    expect((READ("id_aa64isar1_el1", "") >> 4 & 0xff) == 0, "pointer authentication neither");
    expect((READ("id_aa64isar0_el1", "") >> 20 & 0xf) != 0, "atomics are there");
    expect(READ("s3_0_c0_c7_7", "") == 0, "an unknown ID register reads as zero");
#else
    expect(READ("", "c0, c2, 0") != 0, "ID_ISAR0 is there");
    expect((READ("", "c0, c2, 5") & 0xfff0) == 0, "cryptographic instructions are not there");
#endif
}

static void check_psci(void)
{
    uint64_t here = guest_ipa(&sum);

    expect(call(PSCI_VERSION, 0, 0, 0) == 0x10001, "PSCI is 1.1");
    expect(call(PSCI_FEATURES, PSCI_CPU_ON_32, 0, 0) == 0, "CPU_ON is there");
    expect(call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) == 0, "SMCCC_VERSION is there");
    expect(call(PSCI_FEATURES, 0x84000001, 0, 0) == PSCI_NOT_SUPPORTED, "CPU_SUSPEND is not");
    expect((call(PSCI_FEATURES, PSCI_CPU_ON_64, 0, 0) == 0) == guest_is_aarch64(),
           "the 64-bit CPU_ON is for AArch64");
    expect(call(PSCI_CPU_ON_32, 0, here, 0) == PSCI_ALREADY_ON, "vCPU 0 is on already");
    expect(call(PSCI_CPU_ON_32, guest_vcpus(), here, 0) == PSCI_INVALID, "no such vCPU");
    expect(call(PSCI_CPU_ON_32, 0x100, here, 0) == PSCI_INVALID, "no such cluster");
    expect(call(PSCI_CPU_ON_32, 1, guest_ipa_below_ram(), 0) == PSCI_BAD_ADDRESS, "no RAM there");
    expect(call(PSCI_AFFINITY_32, 0, 0, 0) == 0, "vCPU 0 is on");
    expect(call(PSCI_AFFINITY_32, 1, 0, 0) == 1, "vCPU 1 is off");
    expect(call(PSCI_AFFINITY_32, 0, 1, 0) == PSCI_INVALID, "there are no clusters");
    expect(call(PSCI_AFFINITY_32, 99, 0, 0) == PSCI_INVALID, "there is no vCPU 99");
}

/* Runs on all vCPUs at once. */
static void wander(void *argument)
{
    uint32_t mark = 0xabc00000u + guest_vcpu();

    (void)argument;
    WRITE_TPIDR(mark);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        __atomic_add_fetch(&sum, 1, __ATOMIC_RELAXED);
        switch (round % 8) {
        case 0:
            WAIT_FOR("wfe");
            break;
        case 1:
            WAIT_FOR("yield");
            break;
        case 2:
            guest_print("vCPU %u in round %u, and this line is one line", guest_vcpu(), round);
            break;
        default:
            guest_yield();
            break;
        }
        if (READ("tpidr_el1", "c13, c0, 4") != mark) {
            expect(false, "a vCPU keeps its registers");
        }
    }
    guest_timer(1000);
    WAIT_FOR("wfi");
    guest_timer(0);
    expect(READ("tpidr_el1", "c13, c0, 4") == mark, "a vCPU keeps its registers");
}

static void check_wandering(void)
{
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(guest_vcpu_start(vcpu, wander, NULL), "a vCPU starts");
    }
    wander(NULL);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        guest_vcpu_join(vcpu);
    }
    expect(sum == ROUNDS * guest_vcpus(), "no count is lost");
}

static void spin(void *argument)
{
    (void)argument;
    __atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
    for (;;) {
    }
}

/* The others never come to the hypervisor by themselves: it has to fetch them. */
static void start_spinning(void)
{
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(guest_vcpu_start(vcpu, spin, NULL), "a vCPU starts to spin");
    }
    while (__atomic_load_n(&started, __ATOMIC_RELAXED) != guest_vcpus() - 1) {
        guest_yield();
    }
}

void guest_main(void)
{
    uint64_t *page = guest_pages(1);

    expect(fresh == 7, "data is as in the image");
    expect(page[0] == 0 && page[511] == 0, "the rest is zero");
    fresh = 8;
    page[0] = page[511] = UINT64_MAX;

    if (guest_life() == 0) {
        check_smccc();
        check_identity();
        check_psci();
        check_wandering();
    }
    start_spinning();
    if (guest_life() < 3) {
        guest_print("resets itself in life %u, while others spin", guest_life());
        guest_reset();
    }
    guest_print("stops, while others spin");
}
