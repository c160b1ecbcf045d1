/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>

#include "gicv3.h"
#include "console.h"
#include "cpu.h"
#include "machine.h"
#include "registers.h"

#define GICD_CTLR            0x0000
#define GICD_CTLR_GROUP1     BIT(1)
#define GICD_CTLR_AFFINITY   BIT(4)
#define GICD_CTLR_WRITE_BUSY BIT(31)
#define GICD_ISENABLER       0x0100
#define GICD_IPRIORITYR      0x0400
#define GICD_IROUTER         0x6000
#define GICD_PIDR2           0xffe8

#define GICR_TYPER             0x0008
#define GICR_TYPER_VIRTUAL_LPI BIT(1) /* a GICv4, whose frames are twice as large */
#define GICR_TYPER_LAST        BIT(4)
#define GICR_TYPER_AFFINITY    32

#define GICR_WAKER        0x0014
#define GICR_WAKER_SLEEP  BIT(1)
#define GICR_WAKER_ASLEEP BIT(2)
#define GICR_IGROUPR0     0x10080
#define GICR_ISENABLER0   0x10100
#define GICR_ISACTIVER0   0x10300
#define GICR_ICACTIVER0   0x10380
#define GICR_IPRIORITYR   0x10400

#define PRIVATE_INTERRUPTS 32 /* of each CPU: SGIs and PPIs */

#define PRIORITY_MIDDLE 0x80

#define SRE_EL2_VALUE 0xf /* system registers, no bypass; EL1's own choice does not trap */

#define ICC_CTLR_EOI_DROPS BIT(1) /* EOIR drops the priority, and DIR deactivates */

#define SGI1R_ALL_OTHERS BIT(40)
#define SGI1R_INTERRUPT  24
#define SGI1R_AFFINITY_1 16
#define SGI1R_AFFINITY_2 32
#define SGI1R_RANGE      44 /* which 16 of the CPUs that differ in affinity 0 alone */
#define SGI1R_AFFINITY_3 48

static uint64_t kick_targets[CPUS_MAX];

static volatile uint32_t *distributor(unsigned int offset)
{
    return (volatile uint32_t *)(uintptr_t)(GICD_BASE + offset);
}

static volatile uint32_t *redistributor_of(unsigned int cpu, unsigned int offset)
{
    return (volatile uint32_t *)(uintptr_t)(GICR_BASE + cpu * GICR_STRIDE + offset);
}

static volatile uint32_t *redistributor(unsigned int offset)
{
    return redistributor_of(cpu_self()->index, offset);
}

/* Two halves: the other accesses to the GIC are of 32 bits as well. */
static uint64_t type_of(unsigned int cpu)
{
    return *redistributor_of(cpu, GICR_TYPER) | (uint64_t)*redistributor_of(cpu, GICR_TYPER + 4)
                                                    << 32;
}

const char *gic_why_not(void)
{
    if (bits(register_read(id_aa64pfr0_el1), 24, 4) == 0) {
        return "this CPU has no GICv3 interface; run with -M virt,gic-version=3";
    }
    if (bits(*distributor(GICD_PIDR2), 4, 4) < 3 || (type_of(0) & GICR_TYPER_VIRTUAL_LPI) != 0) {
        return "the interrupt controller is no GICv3; run with -M virt,gic-version=3";
    }
    return NULL;
}

unsigned int gic_cpus(void)
{
    unsigned int cpus = 1;

    while (cpus < CPUS_MAX && (type_of(cpus - 1) & GICR_TYPER_LAST) == 0) {
        cpus++;
    }
    return cpus;
}

uint64_t gic_affinity(unsigned int cpu)
{
    uint64_t affinity = type_of(cpu) >> GICR_TYPER_AFFINITY;

    /* MPIDR_EL1 has affinity 3 apart from the others. */
    return bits(affinity, 24, 8) << 32 | bits(affinity, 0, 24);
}

static void write_control(uint64_t value)
{
    *distributor(GICD_CTLR) = (uint32_t)value;
    while ((*distributor(GICD_CTLR) & GICD_CTLR_WRITE_BUSY) != 0) {
    }
}

/* What names one CPU to ICC_SGI1R_EL1. */
static uint64_t kick_target(unsigned int cpu)
{
    uint64_t affinity = gic_affinity(cpu);

    return BIT(bits(affinity, 0, 4)) | bits(affinity, 4, 4) << SGI1R_RANGE |
           bits(affinity, 8, 8) << SGI1R_AFFINITY_1 | bits(affinity, 16, 8) << SGI1R_AFFINITY_2 |
           bits(affinity, 32, 8) << SGI1R_AFFINITY_3;
}

void gic_init(void)
{
    for (unsigned int cpu = 0; cpu < gic_cpus(); cpu++) {
        kick_targets[cpu] = kick_target(cpu);
    }
    /* Affinity routing may only change while the groups are off. */
    write_control(GICD_CTLR_AFFINITY);
    write_control(GICD_CTLR_AFFINITY | GICD_CTLR_GROUP1);
}

/* False if it is the Secure world's: then the writes have done nothing. */
static bool enable(unsigned int cpu, unsigned int interrupt)
{
    volatile uint8_t *priorities = (volatile uint8_t *)redistributor_of(cpu, GICR_IPRIORITYR);

    priorities[interrupt] = PRIORITY_MIDDLE;
    *redistributor_of(cpu, GICR_ISENABLER0) = (uint32_t)BIT(interrupt);
    return (*redistributor_of(cpu, GICR_ISENABLER0) & BIT(interrupt)) != 0;
}

bool gic_enable_on_all(unsigned int interrupt)
{
    bool enabled = interrupt < PRIVATE_INTERRUPTS;

    for (unsigned int cpu = 0; cpu < cpu_count() && enabled; cpu++) {
        enabled = enable(cpu, interrupt);
    }
    return enabled;
}

static void enable_own(unsigned int interrupt)
{
    if (!enable(cpu_self()->index, interrupt)) {
        panic("the firmware keeps interrupt %u of CPU %u, which is needed here", interrupt,
              cpu_self()->index);
    }
}

/* Levels are what SPIs are unless somebody says otherwise. */
bool gic_enable_here(unsigned int interrupt)
{
    volatile uint8_t *priorities = (volatile uint8_t *)distributor(GICD_IPRIORITYR);
    volatile uint32_t *route = distributor(GICD_IROUTER + 8 * interrupt);
    volatile uint32_t *enables = distributor(GICD_ISENABLER + interrupt / 32 * 4);
    uint64_t affinity = gic_affinity(cpu_self()->index);

    priorities[interrupt] = PRIORITY_MIDDLE;
    route[0] = (uint32_t)affinity;
    route[1] = (uint32_t)(affinity >> 32);
    *enables = (uint32_t)BIT(interrupt % 32);
    return (*enables & BIT(interrupt % 32)) != 0;
}

void gic_init_cpu(void)
{
    /* WAKER and the groups are EL3's where there is one: then these writes do nothing. */
    *redistributor(GICR_WAKER) &= (uint32_t)~GICR_WAKER_SLEEP;
    while ((*redistributor(GICR_WAKER) & GICR_WAKER_ASLEEP) != 0) {
    }
    *redistributor(GICR_IGROUPR0) = UINT32_MAX;
    enable_own(GIC_SGI_KICK);
    enable_own(GIC_PPI_MAINTENANCE);
    enable_own(GIC_PPI_TIMER);
    enable_own(GIC_PPI_VIRTUAL_TIMER);

    register_write(ICC_SRE_EL2, SRE_EL2_VALUE);
    barrier_instructions();
    register_write(ICC_PMR_EL1, 0xff);
    register_write(ICC_CTLR_EL1, ICC_CTLR_EOI_DROPS);
    register_write(ICC_IGRPEN1_EL1, 1);
    barrier_instructions();
}

unsigned int gic_acknowledge(void)
{
    unsigned int interrupt = (unsigned int)register_read(ICC_IAR1_EL1);

    __asm__ volatile("dsb sy" ::: "memory");
    return interrupt;
}

unsigned int gic_pending(void)
{
    return (unsigned int)register_read(ICC_HPPIR1_EL1);
}

void gic_end(unsigned int interrupt)
{
    register_write(ICC_EOIR1_EL1, interrupt);
    register_write(ICC_DIR_EL1, interrupt);
    barrier_instructions();
}

void gic_keep_active(unsigned int interrupt)
{
    register_write(ICC_EOIR1_EL1, interrupt);
    barrier_instructions();
}

void gic_set_active(unsigned int interrupt, bool active)
{
    *redistributor(active ? GICR_ISACTIVER0 : GICR_ICACTIVER0) = (uint32_t)BIT(interrupt);
}

static void send(uint64_t targets)
{
    /* What the target is to see was written before. */
    __asm__ volatile("dsb ishst" ::: "memory");
    register_write(ICC_SGI1R_EL1, targets | (uint64_t)GIC_SGI_KICK << SGI1R_INTERRUPT);
    barrier_instructions();
}

void gic_kick(unsigned int cpu)
{
    send(kick_targets[cpu]);
}

void gic_kick_others(void)
{
    send(SGI1R_ALL_OTHERS);
}
