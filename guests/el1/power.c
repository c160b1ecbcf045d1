/* SPDX-License-Identifier: BSD-3-Clause */
/* vCPUs and the end of the VM, by PSCI. */
#include "el1.h"

#define PSCI_CPU_OFF       0x84000002u
#define PSCI_CPU_ON_32     0x84000003u
#define PSCI_CPU_ON_64     0xc4000003u
#define PSCI_SYSTEM_OFF    0x84000008u
#define PSCI_SYSTEM_RESET  0x84000009u
#define PSCI_SUCCESS       0u
#define PSCI_ALREADY_ON    ((uint32_t)-4)
#define PSCI_CPU_ON_NATIVE (sizeof(void *) == 8 ? PSCI_CPU_ON_64 : PSCI_CPU_ON_32)

/* What a vCPU other than 0 is to run. `running` is written last by each side. */
struct work {
    void (*entry)(void *argument);
    void *argument;
    bool running;
};

static struct work works[EL1_VCPUS_MAX];

unsigned int guest_life(void)
{
    return (unsigned int)el1_boot.life;
}

unsigned int guest_vcpus(void)
{
    return (unsigned int)el1_boot.vcpus;
}

unsigned int guest_vcpu(void)
{
    uintptr_t mpidr;

#ifdef __aarch64__
    __asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
#else
    __asm__ volatile("mrc p15, 0, %0, c0, c0, 5" : "=r"(mpidr));
#endif
    return (unsigned int)(mpidr & 0xff);
}

bool guest_vcpu_start(unsigned int vcpu, void (*entry)(void *argument), void *argument)
{
    uint32_t status;

    if (vcpu == 0 || vcpu >= guest_vcpus() || vcpu >= EL1_VCPUS_MAX || works[vcpu].running) {
        return false;
    }
    works[vcpu].entry = entry;
    works[vcpu].argument = argument;
    __atomic_store_n(&works[vcpu].running, true, __ATOMIC_RELEASE);

    /* One that has just ended may still be on its way to CPU_OFF. */
    do {
        status = el1_service(PSCI_CPU_ON_NATIVE, vcpu, guest_ipa(el1_secondary_start), vcpu);
    } while (status == PSCI_ALREADY_ON);

    if (status != PSCI_SUCCESS) {
        works[vcpu].running = false;
    }
    return status == PSCI_SUCCESS;
}

static _Noreturn void end_vcpu(unsigned int vcpu)
{
    __atomic_store_n(&works[vcpu].running, false, __ATOMIC_RELEASE);
    for (;;) {
        el1_service(PSCI_CPU_OFF, 0, 0, 0);
    }
}

_Noreturn void el1_secondary(void)
{
    unsigned int vcpu = guest_vcpu();
    struct work *work = &works[vcpu];

    /* Pairs with the release in guest_vcpu_start(). */
    if (__atomic_load_n(&work->running, __ATOMIC_ACQUIRE)) {
        work->entry(work->argument);
    }
    end_vcpu(vcpu);
}

void guest_vcpu_join(unsigned int vcpu)
{
    /* Pairs with the release in end_vcpu(). */
    while (__atomic_load_n(&works[vcpu].running, __ATOMIC_ACQUIRE)) {
        guest_yield();
    }
}

void guest_yield(void)
{
    el1_service(EL1_MIGRATE, 0, 0, 0);
}

_Noreturn void el1_stop(void)
{
    el1_report();
    for (;;) {
        el1_service(PSCI_SYSTEM_OFF, 0, 0, 0);
    }
}

_Noreturn void guest_off(void)
{
    if (guest_vcpu() != 0) {
        end_vcpu(guest_vcpu());
    }
    el1_stop();
}

_Noreturn void guest_reset(void)
{
    el1_report();
    for (;;) {
        el1_service(PSCI_SYSTEM_RESET, 0, 0, 0);
    }
}
