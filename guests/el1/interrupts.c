/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts and time: a GICv3, whose CPU interface is in system registers, and the virtual timer.
 * Each interrupt that is taken is counted; programs look at the counts.
 */
#include "el1.h"
#include "system.h"

#define CNTV_CTL_ENABLE 1u
#define SPURIOUS        1020u /* and above */
#define SGI1R_INTID     24

#define GICD_CTLR       0x08000000u
#define GICD_CTLR_ON    0x12u /* affinity routing, group 1 */
#define GICR            0x080a0000u
#define GICR_STRIDE     0x20000u
#define GICR_WAKER      0x0014u
#define GICR_ISENABLER0 0x10100u

static volatile uint32_t *device(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

/* --- Time ------------------------------------------------------------------------------------- */

#define MICROSECONDS 1000000u

/* Less than one part in a hundred is lost. */
static uint32_t ticks_in_us(void)
{
    return read_cntfrq() / MICROSECONDS;
}

uint64_t guest_clock(void)
{
    uint64_t ticks;

    __asm__ volatile(READ_COUNTER : "=r"(ticks)::"memory");
    el1_divide(&ticks, ticks_in_us());
    return ticks;
}

/* --- One vCPU's ------------------------------------------------------------------------------- */

/* Written by the vCPU's handler and by nobody else. */
struct interrupts {
    uint32_t taken[GUEST_INTERRUPTS];
    uint32_t period; /* of the timer, in its ticks; 0: it only ends a sleep */
};

static struct interrupts interrupts[EL1_VCPUS_MAX];

static struct interrupts *own(void)
{
    return &interrupts[guest_vcpu()];
}

static void start_timer(uint32_t ticks)
{
    write_cntv_tval(ticks);
    write_cntv_ctl(ticks != 0 ? CNTV_CTL_ENABLE : 0);
}

/* The timer's interrupt stays there until the timer is moved on. */
static bool take_timer(struct interrupts *mine)
{
    start_timer(mine->period);
    return mine->period != 0;
}

void el1_interrupt(void)
{
    struct interrupts *mine = own();
    uint32_t intid = read_icc_iar1();

    if (intid >= SPURIOUS) {
        return;
    }
    if (intid >= GUEST_INTERRUPTS) {
        guest_print("BROKEN: interrupt %u, which is none of a vCPU's own", intid);
        guest_expect(false);
    } else if (intid != GUEST_INTERRUPT_TIMER || take_timer(mine)) {
        __atomic_add_fetch(&mine->taken[intid], 1, __ATOMIC_RELAXED);
    }
    write_icc_eoir1(intid);
}

void guest_interrupt_enable(unsigned int intid)
{
    uint32_t redistributor = GICR + GICR_STRIDE * guest_vcpu();

    *device(GICD_CTLR) = GICD_CTLR_ON;
    *device(redistributor + GICR_WAKER) = 0;
    *device(redistributor + GICR_ISENABLER0) = 1u << intid;
    write_icc_pmr(0xff);
    write_icc_igrpen1(1);
    __asm__ volatile(UNMASK ::: "memory");
}

uint32_t guest_interrupt_count(unsigned int intid)
{
    return __atomic_load_n(&own()->taken[intid], __ATOMIC_RELAXED);
}

void guest_interrupt_send(unsigned int vcpu, unsigned int intid)
{
    uint64_t value = (uint64_t)intid << SGI1R_INTID | 1u << vcpu;

    __asm__ volatile(WRITE_SGI ::"r"(value) : "memory");
}

void guest_timer(uint32_t microseconds)
{
    own()->period = microseconds * ticks_in_us();
    guest_interrupt_enable(GUEST_INTERRUPT_TIMER);
    start_timer(own()->period);
}

/* --- Sleep ------------------------------------------------------------------------------------ */

#define PATIENCE   (10 * MICROSECONDS)
#define NAPS_PER_S 4 /* to see whether patience is at an end */

/* With interrupts masked: one that comes before WFI, or in it, ends it. */
static void nap(const struct interrupts *mine)
{
    if (mine->period == 0) {
        start_timer(read_cntfrq() / NAPS_PER_S);
    }
    __asm__ volatile("dsb sy\n wfi" ::: "memory");
    if (mine->period == 0) {
        start_timer(0);
    }
}

bool guest_interrupt_await(unsigned int intid, uint32_t count)
{
    uint64_t end = guest_clock() + PATIENCE;

    guest_interrupt_enable(GUEST_INTERRUPT_TIMER);
    for (;;) {
        bool done;

        __asm__ volatile(MASK ::: "memory");
        done = guest_interrupt_count(intid) >= count;
        if (!done && guest_clock() < end) {
            nap(own());
        }
        __asm__ volatile(UNMASK "\n isb" ::: "memory");
        if (done || guest_clock() >= end) {
            return guest_interrupt_count(intid) >= count;
        }
    }
}

bool guest_hold_registers(uint32_t microseconds)
{
    return el1_hold(microseconds * ticks_in_us()) == 0;
}
