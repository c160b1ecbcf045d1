/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM with FP/SIMD: each vCPU keeps its own q0 to q31, FPCR and FPSR, wherever it runs, next to
 * others of its VM and of other VMs; finds zeroes there when it starts; and reads in the ID
 * registers what it has.
 */
#include <guest.h>

#define REGISTERS 32u
#define ROUNDS    300u
#define VCPUS_MAX 8u

#define FPCR_MODES  UINT64_C(0x07c00000) /* AHP, DN, FZ, RMode */
#define FPSR_EVENTS UINT64_C(0x0800009f) /* QC, and the six that accumulate */

struct contents {
    uint64_t fpcr;
    uint64_t fpsr;
    uint64_t q[2 * REGISTERS];
} __attribute__((aligned(16)));

static struct contents wanted[VCPUS_MAX];
static struct contents found[VCPUS_MAX];

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN: vCPU %u: %s", guest_vcpu(), what);
    }
    guest_expect(holds);
}

static void allow(void)
{
    __asm__ volatile("msr cpacr_el1, %0; isb" ::"r"(UINT64_C(3) << 20));
}

/* The compiler uses none of these registers, and is not told of them. */
#define FOR_ALL(operation)                                                       \
    ".arch_extension fp\n"                                                       \
    ".arch_extension simd\n"                                                     \
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, "             \
    "16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31\n" operation \
    " q\\n, [%0, #16 * \\n]\n"                                                   \
    ".endr\n"

static void load(const struct contents *from)
{
    __asm__ volatile(FOR_ALL("ldr")::"r"(from->q) : "memory");
    __asm__ volatile("msr fpcr, %0; msr fpsr, %1" ::"r"(from->fpcr), "r"(from->fpsr));
}

static void store(struct contents *to)
{
    __asm__ volatile(FOR_ALL("str")::"r"(to->q) : "memory");
    __asm__ volatile("mrs %0, fpcr; mrs %1, fpsr" : "=r"(to->fpcr), "=r"(to->fpsr));
}

/* Differs from register to register, round to round, vCPU to vCPU and VM to VM. */
static uint64_t pattern(unsigned int number, unsigned int round)
{
    uint64_t mixed = guest_ipa(wanted) + (uint64_t)guest_vcpu() * 0x1000193 + round;

    mixed = (mixed + number) * UINT64_C(0x9e3779b97f4a7c15);
    return mixed ^ mixed >> 29;
}

static void make(struct contents *contents, unsigned int round)
{
    for (unsigned int i = 0; i < 2 * REGISTERS; i++) {
        contents->q[i] = pattern(i, round);
    }
    contents->fpcr = pattern(100, round) & FPCR_MODES;
    contents->fpsr = pattern(101, round) & FPSR_EVENTS;
}

static bool same(const struct contents *a, const struct contents *b)
{
    for (unsigned int i = 0; i < 2 * REGISTERS; i++) {
        if (a->q[i] != b->q[i]) {
            return false;
        }
    }
    return a->fpcr == b->fpcr && a->fpsr == b->fpsr;
}

static bool is_zero(const struct contents *contents)
{
    static const struct contents zero;

    return same(contents, &zero);
}

/* Runs on all vCPUs at once. */
static void wander(void *argument)
{
    struct contents *mine = &wanted[guest_vcpu()];
    struct contents *seen = &found[guest_vcpu()];

    (void)argument;
    allow();
    store(seen);
    expect(is_zero(seen), "a vCPU starts with zeroes");
    for (unsigned int round = 0; round < ROUNDS; round++) {
        make(mine, round);
        load(mine);
        guest_yield();
        store(seen);
        expect(same(mine, seen), "the registers are as they were");
    }
}

static void check_identity(void)
{
    uint64_t pfr0, isar0, mvfr0;

    __asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(pfr0));
    __asm__ volatile("mrs %0, id_aa64isar0_el1" : "=r"(isar0));
    __asm__ volatile("mrs %0, mvfr0_el1" : "=r"(mvfr0));
    expect((pfr0 >> 16 & 0xf) != 0xf, "FP is there");
    expect((pfr0 >> 20 & 0xf) == (pfr0 >> 16 & 0xf), "and SIMD with the same formats");
    expect((pfr0 >> 32 & 0xf) == 0, "SVE is not");
    expect((isar0 >> 4 & 0xf) != 0, "AES instructions are");
    expect((mvfr0 & 0xf) == 2, "and 32 registers");
}

void guest_main(void)
{
    check_identity();
    for (unsigned int i = 1; i < guest_vcpus(); i++) {
        expect(guest_vcpu_start(i, wander, NULL), "a vCPU starts");
    }
    wander(NULL);
    for (unsigned int i = 1; i < guest_vcpus(); i++) {
        guest_vcpu_join(i);
    }
    if (guest_life() == 0) {
        guest_reset();
    }
}
