/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only the Secure side can set up in the GICv3. There are three kinds of interrupts:
 *
 *   group 0             the SGI that wakes CPUs that are parked. It reaches no others, so that it
 *                       never shows anywhere
 *   Secure group 1      the Secure timer: an IRQ at S-EL1, an FIQ at EL3 while the Normal world
 * runs Non-secure group 1  all others: an IRQ at EL2, an FIQ at EL3 while S-EL1 runs
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
#define GICD_CTLR_GRP1_S  (1u << 2)
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
#define GICR_ICENABLER0(cpu) (GICR(cpu) + 0x10180)
#define GICR_IPRIORITYR(cpu) (GICR(cpu) + 0x10400)
#define GICR_IGRPMODR0(cpu)  (GICR(cpu) + 0x10d00)
#define GICR_TYPER_LAST      (1u << 4)
#define GICR_WAKER_SLEEP     (1u << 1)
#define GICR_WAKER_ASLEEP    (1u << 2)

/* CPU interface */
#define SRE_ALL         0xfu /* system registers, no bypass, EL2 may choose them too */
#define SRE_SECURE      0x7u
#define GRP1_SECURE     (1u << 1) /* ICC_IGRPEN1_EL3 */
#define SGI_INTID_SHIFT 24
#define IAR_INTID_MASK  0xffffffu

/* What ICC_HPPIR0 says to EL3 of an interrupt that is not of group 0 */
#define PENDING_SECURE 1020
#define PENDING_NORMAL 1021

#define ALL_32       0xffffffffu
#define SECURE_TIMER (1u << SECURE_TIMER_INTID)

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
    gicd_write_ctlr(GICD_CTLR_ARE_S | GICD_CTLR_ARE_NS | GICD_CTLR_GRP0 | GICD_CTLR_GRP1_S |
                    GICD_CTLR_GRP1_NS);

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
    mmio_write32(GICR_IGROUPR0(cpu), ALL_32 & ~(1u << WAKE_SGI | SECURE_TIMER));
    mmio_write32(GICR_IGRPMODR0(cpu), SECURE_TIMER);
    mmio_write8(GICR_IPRIORITYR(cpu) + SECURE_TIMER_INTID, PRIORITY_SECURE_TIMER);
    mmio_write32(GICR_ISENABLER0(cpu), 1u << WAKE_SGI | SECURE_TIMER);
}

void gic_cpu_init(unsigned int cpu)
{
    redistributor_init(cpu);
    write_sysreg(ICC_SRE_EL3, SRE_ALL);
    isb();
    /* As the Secure side sees it: lets the Non-secure side choose any priority of its own half. */
    write_sysreg(ICC_PMR_EL1, PRIORITY_ALL);
    write_sysreg(ICC_IGRPEN0_EL1, 1);
    gic_cpu_ready();
    el3_choose(WORLD_SECURE);
    write_sysreg(ICC_SRE_EL1, SRE_SECURE);
    el3_choose(WORLD_NORMAL);
}

void gic_cpu_ready(void)
{
    write_sysreg(ICC_IGRPEN1_EL3, GRP1_SECURE);
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

enum gic_pending gic_pending(void)
{
    switch (read_sysreg(ICC_HPPIR0_EL1) & IAR_INTID_MASK) {
    case PENDING_SECURE:
        return GIC_PENDING_SECURE;
    case PENDING_NORMAL:
        return GIC_PENDING_NORMAL;
    default:
        return GIC_PENDING_NONE;
    }
}

void gic_raise_sri(unsigned int cpu)
{
    dsb();
    write_sysreg(ICC_ASGI1R_EL1, (uint64_t)SRI_SGI << SGI_INTID_SHIFT | 1ull << cpu);
    isb();
}

void gic_secure_timer(unsigned int cpu, bool enable)
{
    mmio_write32(enable ? GICR_ISENABLER0(cpu) : GICR_ICENABLER0(cpu), SECURE_TIMER);
    dsb();
}
