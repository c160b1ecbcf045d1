/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only the Secure side can set up in the GICv3: every interrupt is Non-secure (group 1), EL2
 * may use the CPU interface's registers, and one Secure SGI (group 0) wakes CPUs that are parked.
 * That SGI reaches parked CPUs only, so it never shows in the Normal world.
 */
#include "arch.h"
#include "monitor.h"

/* Distributor */
#define GICD_CTLR         (GICD_PA + 0x0000)
#define GICD_TYPER        (GICD_PA + 0x0004)
#define GICD_IGROUPR(n)   (GICD_PA + 0x0080 + 4 * (n))
#define GICD_IGRPMODR(n)  (GICD_PA + 0x0d00 + 4 * (n))
#define GICD_CTLR_GRP0    (1u << 0)
#define GICD_CTLR_GRP1_NS (1u << 1)
#define GICD_CTLR_ARE_S   (1u << 4)
#define GICD_CTLR_ARE_NS  (1u << 5)
#define GICD_CTLR_RWP     (1u << 31)
#define GICD_TYPER_LINES  0x1fu

/* Redistributor: a frame of its own, and one for SGIs and PPIs */
#define GICR(cpu)            (GICR_PA + (uintptr_t)(cpu)*GICR_BYTES)
#define GICR_TYPER(cpu)      (GICR(cpu) + 0x0008)
#define GICR_WAKER(cpu)      (GICR(cpu) + 0x0014)
#define GICR_IGROUPR0(cpu)   (GICR(cpu) + 0x10080)
#define GICR_ISENABLER0(cpu) (GICR(cpu) + 0x10100)
#define GICR_IGRPMODR0(cpu)  (GICR(cpu) + 0x10d00)
#define GICR_TYPER_LAST      (1u << 4)
#define GICR_WAKER_SLEEP     (1u << 1)
#define GICR_WAKER_ASLEEP    (1u << 2)

/* CPU interface */
#define SRE_ALL         0xfu /* system registers, no bypass, EL2 may choose them too */
#define PMR_ALL         0xffu
#define SGI_INTID_SHIFT 24
#define IAR_INTID_MASK  0xffffffu

#define ALL_32 0xffffffffu

static void gicd_write_ctlr(uint32_t value)
{
    mmio_write32(GICD_CTLR, value);
    while ((mmio_read32(GICD_CTLR) & GICD_CTLR_RWP) != 0) {
    }
}

unsigned int gic_init(void)
{
    const uint32_t lines = mmio_read32(GICD_TYPER) & GICD_TYPER_LINES;
    unsigned int cpus = 1;

    /* Affinity routing first, and alone: it may change only while the groups are off. */
    gicd_write_ctlr(0);
    gicd_write_ctlr(GICD_CTLR_ARE_S | GICD_CTLR_ARE_NS);
    for (uint32_t i = 1; i <= lines; i++) {
        mmio_write32(GICD_IGROUPR(i), ALL_32);
        mmio_write32(GICD_IGRPMODR(i), 0);
    }
    gicd_write_ctlr(GICD_CTLR_ARE_S | GICD_CTLR_ARE_NS | GICD_CTLR_GRP0 | GICD_CTLR_GRP1_NS);

    while (cpus < CPUS_MAX && (mmio_read64(GICR_TYPER(cpus - 1)) & GICR_TYPER_LAST) == 0) {
        cpus++;
    }
    return cpus;
}

static void redistributor_init(unsigned int cpu)
{
    mmio_write32(GICR_WAKER(cpu), mmio_read32(GICR_WAKER(cpu)) & ~GICR_WAKER_SLEEP);
    while ((mmio_read32(GICR_WAKER(cpu)) & GICR_WAKER_ASLEEP) != 0) {
    }
    mmio_write32(GICR_IGROUPR0(cpu), ALL_32 & ~(1u << WAKE_SGI));
    mmio_write32(GICR_IGRPMODR0(cpu), 0);
    mmio_write32(GICR_ISENABLER0(cpu), 1u << WAKE_SGI);
}

void gic_cpu_init(unsigned int cpu)
{
    redistributor_init(cpu);
    write_sysreg(ICC_SRE_EL3, SRE_ALL);
    isb();
    /* As the Secure side sees it: lets the Non-secure side choose any priority of its own half. */
    write_sysreg(ICC_PMR_EL1, PMR_ALL);
    write_sysreg(ICC_IGRPEN0_EL1, 1);
    isb();
}

void gic_cpu_quiet(void)
{
    write_sysreg(ICC_IGRPEN1_EL3, 0);
    isb();
}

void gic_wake(unsigned int cpu)
{
    dsb();
    write_sysreg(ICC_SGI0R_EL1, (uint64_t)WAKE_SGI << SGI_INTID_SHIFT | 1ull << cpu);
    isb();
}

/* Interrupts are masked, so the SGI ends the WFI and is then taken by hand. */
void gic_sleep(void)
{
    uint64_t intid;

    do {
        wait_for_interrupt();
        intid = read_sysreg(ICC_IAR0_EL1) & IAR_INTID_MASK;
    } while (intid != WAKE_SGI);
    write_sysreg(ICC_EOIR0_EL1, intid);
    dsb();
}
