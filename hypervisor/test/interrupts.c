/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupt controller and the timer that the hypervisor promises to a VM, on all of its vCPUs,
 * which is to have four. For AArch64 and AArch32.
 */
#include <guest.h>

#include "system.h"

#define GICD       0x08000000u
#define GICR(vcpu) (0x080a0000u + 0x20000u * (vcpu))
#define SGIS(vcpu) (GICR(vcpu) + 0x10000u)
#define GICD_CTLR  0x0000u
#define GICR_TYPER 0x0008u
#define GICR_WAKER 0x0014u
#define PIDR2      0xffe8u
#define ISENABLER0 0x0100u
#define ICENABLER0 0x0180u
#define ISPENDR0   0x0200u
#define ICPENDR0   0x0280u
#define ISACTIVER0 0x0300u
#define IPRIORITYR 0x0400u
#define ICFGR0     0x0c00u

#define SGI_COUNT 16u
#define NONE      1023u
#define TICKS     1000u /* for who waits; fewer for who keeps a CPU busy meanwhile */
#define PERIOD_US 200u
#define ROUNDS    20u
#define PINGS     300u
#define SGI_PING  3u
#define SGI_ALL   4u
#define SGI_LATE  5u

#define LEVELS 12u /* of handlers in handlers: more than there are list registers */

static uint32_t ready;

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN on vCPU %u: %s", guest_vcpu(), what);
    }
    guest_expect(holds);
}

static uint32_t read(uint32_t address)
{
    return *(volatile uint32_t *)(uintptr_t)address;
}

static void write(uint32_t address, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)address = value;
}

static uint8_t *priority_of(unsigned int intid)
{
    return (uint8_t *)(uintptr_t)(SGIS(guest_vcpu()) + IPRIORITYR + intid);
}

static void set_priority(unsigned int intid, unsigned int priority)
{
    *(volatile uint8_t *)priority_of(intid) = (uint8_t)priority;
}

static void mask(void)
{
    __asm__ volatile(MASK ::: "memory");
}

static void unmask(void)
{
    __asm__ volatile(UNMASK "\n isb" ::: "memory");
}

/* --- The frames ------------------------------------------------------------------------------- */

static void check_frames(void)
{
    unsigned int last = guest_vcpus() - 1;

    expect((read(GICD + PIDR2) & 0xf0) == 0x30, "the distributor is a GICv3's");
    expect((read(GICD + GICD_CTLR) & 0x52) == 0x50, "affinity routing, one state, and off");
    write(GICD + GICD_CTLR, 0x2);
    expect((read(GICD + GICD_CTLR) & 0x52) == 0x52, "group 1 is on");
    for (unsigned int vcpu = 0; vcpu <= last; vcpu++) {
        expect((read(GICR(vcpu) + PIDR2) & 0xf0) == 0x30, "so are the redistributors");
        expect(read(GICR(vcpu) + GICR_TYPER + 4) == vcpu, "a redistributor has its affinity");
        expect(read(GICR(vcpu) + GICR_TYPER) == (vcpu << 8 | (vcpu == last ? 0x10 : 0)),
               "it has its number, and the last one says so");
    }
    expect(read(GICR(0) + GICR_WAKER) == 6, "it sleeps");
    write(GICR(0) + GICR_WAKER, 0);
    expect(read(GICR(0) + GICR_WAKER) == 0, "it is awake");
}

static void check_sgi_frame(void)
{
    uint32_t frame = SGIS(0);

    write(frame + ISENABLER0, 0x11);
    write(frame + ICENABLER0, 0x01);
    expect(read(frame + ISENABLER0) == 0x10 && read(frame + ICENABLER0) == 0x10, "enables");
    write(frame + ICENABLER0, 0x10);
    write(frame + ISPENDR0, 0x30);
    write(frame + ICPENDR0, 0x10);
    expect(read(frame + ISPENDR0) == 0x20, "what pends");
    write(frame + ICPENDR0, 0x20);
    expect(read(frame + ICPENDR0) == 0, "nothing pends");
    write(frame + IPRIORITYR + 4, 0x08101820);
    set_priority(6, 0x47);
    expect(read(frame + IPRIORITYR + 4) == 0x08401820, "priorities, of which five bits count");
    expect(*(volatile uint8_t *)priority_of(7) == 0x08, "one of them");
    write(frame + IPRIORITYR + 4, 0xa0a0a0a0);
    expect(read(frame + ICFGR0) == 0xaaaaaaaa, "SGIs are edges");
}

/* --- SGIs ------------------------------------------------------------------------------------- */

/* More at once than there are list registers. */
static void check_all_sgis(void)
{
    for (unsigned int intid = 0; intid < SGI_COUNT; intid++) {
        guest_interrupt_enable(intid);
    }
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        mask();
        for (unsigned int intid = 0; intid < SGI_COUNT; intid++) {
            guest_interrupt_send(guest_vcpu(), intid);
        }
        expect(guest_interrupt_count(0) == round - 1, "what is masked is not taken");
        if (round % 2 == 0) {
            guest_yield();
        }
        unmask();
        for (unsigned int intid = 0; intid < SGI_COUNT; intid++) {
            expect(guest_interrupt_await(intid, round), "an SGI of sixteen comes");
            expect(guest_interrupt_count(intid) == round, "it comes once");
        }
    }
}

/* By hand: the most urgent first, and a more urgent one while others are handled. */
static void check_priorities(void)
{
    mask();
    for (unsigned int intid = 0; intid < LEVELS; intid++) {
        set_priority(intid, 0xf0 - 16 * intid);
        guest_interrupt_send(guest_vcpu(), intid);
    }
    for (unsigned int intid = LEVELS; intid-- > 0;) {
        expect(read_icc_iar1() == intid, "the most urgent one first");
        write_icc_eoir1(intid);
    }
    expect(read_icc_iar1() == NONE, "and then none");

    for (unsigned int intid = 0; intid < LEVELS; intid++) {
        guest_interrupt_send(guest_vcpu(), intid);
        expect(read_icc_iar1() == intid, "a more urgent one in a handler");
        expect(read_icc_iar1() == NONE, "and no less urgent one");
        if (intid % 4 == 1) {
            guest_yield();
        }
    }
    expect(read(SGIS(guest_vcpu()) + ISACTIVER0) == (1u << LEVELS) - 1, "all are active");
    for (unsigned int intid = LEVELS; intid-- > 0;) {
        write_icc_eoir1(intid);
        expect(read(SGIS(guest_vcpu()) + ISACTIVER0) == (1u << intid) - 1, "one has ended");
    }
    for (unsigned int intid = 0; intid < LEVELS; intid++) {
        set_priority(intid, 0xa0);
    }
    unmask();
}

static void check_disabled(void)
{
    uint32_t frame = SGIS(guest_vcpu());
    uint32_t count = guest_interrupt_count(SGI_LATE);

    write(frame + ICENABLER0, 1u << SGI_LATE);
    guest_interrupt_send(guest_vcpu(), SGI_LATE);
    guest_yield();
    expect(guest_interrupt_count(SGI_LATE) == count, "what is disabled is not taken");
    write(frame + ISENABLER0, 1u << SGI_LATE);
    expect(guest_interrupt_await(SGI_LATE, count + 1), "it is taken when it is enabled");
}

/* vCPUs 2 and 3 play it, one of them sleeping, while 0 and 1 do. */
static void play(void *argument)
{
    unsigned int other = guest_vcpu() ^ 1;

    (void)argument;
    guest_interrupt_enable(SGI_PING);
    guest_interrupt_enable(SGI_ALL);
    __atomic_add_fetch(&ready, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&ready, __ATOMIC_RELAXED) < guest_vcpus()) {
        guest_yield();
    }
    for (uint32_t ping = 1; ping <= PINGS; ping++) {
        if (guest_vcpu() < other) {
            guest_interrupt_send(other, SGI_PING);
        }
        expect(guest_interrupt_await(SGI_PING, ping + (guest_vcpu() == 0 ? ROUNDS : 0)), "an SGI");
        if (guest_vcpu() > other) {
            guest_interrupt_send(other, SGI_PING);
        }
    }
}

/* vCPU 0 calls all others. */
static void play_all(void *argument)
{
    play(argument);
    if (guest_vcpu() != 0) {
        expect(guest_interrupt_await(SGI_ALL, 1), "an SGI to all others");
    } else {
        __asm__ volatile(WRITE_SGI ::"r"(UINT64_C(1) << 40 | (uint64_t)SGI_ALL << 24) : "memory");
    }
}

static void check_pings(void)
{
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(guest_vcpu_start(vcpu, play_all, NULL), "a vCPU starts");
    }
    play_all(NULL);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        guest_vcpu_join(vcpu);
    }
    expect(guest_interrupt_count(SGI_ALL) == ROUNDS, "which spares who sends it");
}

static void wait_for_late(void *argument)
{
    (void)argument;
    guest_interrupt_enable(SGI_LATE);
    expect(guest_interrupt_await(SGI_LATE, 1), "an SGI is kept for a vCPU that is off");
}

static void check_off(void)
{
    guest_interrupt_send(1, SGI_LATE);
    expect(guest_vcpu_start(1, wait_for_late, NULL), "vCPU 1 starts again");
    guest_vcpu_join(1);
}

/* --- The timer -------------------------------------------------------------------------------- */

static void check_ticks_while(const char *what, uint32_t ticks, void (*pass_time)(void))
{
    uint32_t end = guest_interrupt_count(GUEST_INTERRUPT_TIMER) + ticks;
    uint64_t start = guest_clock();

    guest_timer(PERIOD_US);
    while (guest_interrupt_count(GUEST_INTERRUPT_TIMER) < end && guest_clock() - start < 10000000) {
        pass_time();
    }
    guest_timer(0);
    expect(guest_interrupt_count(GUEST_INTERRUPT_TIMER) >= end, what);
    expect(guest_clock() - start >= (uint64_t)ticks * PERIOD_US, "and not too early");
}

static void spin(void)
{
    expect(guest_hold_registers(1000), "an interrupt leaves the registers");
}

static void sleep(void)
{
    __asm__ volatile("dsb sy\n wfi" ::: "memory");
}

static void wait(void)
{
    struct guest_regs regs = {{FFA_MSG_WAIT}};

    ffa_call(&regs);
    expect((uint32_t)regs.x[0] == FFA_INTERRUPT && (uint32_t)regs.x[1] == 0,
           "an interrupt ends the wait");
}

static void become_member(void)
{
    struct guest_regs version = {{FFA_VERSION, FFA_VERSION_1_1}};
    struct guest_regs id = {{FFA_ID_GET}};

    ffa_call(&version);
    ffa_call(&id);
    expect((uint32_t)id.x[0] == FFA_SUCCESS_32, "the VM is a member");
}

static void check_ticks(void *argument)
{
    (void)argument;
    check_ticks_while("ticks come to who spins", TICKS / 10, spin);
    check_ticks_while("ticks come to who moves", TICKS / 10, guest_yield);
    check_ticks_while("ticks come to who sleeps", TICKS, sleep);
    check_ticks_while("ticks come to who waits for a message", TICKS, wait);
}

static void check_timers(void)
{
    become_member();
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(guest_vcpu_start(vcpu, check_ticks, NULL), "a vCPU starts");
    }
    check_ticks(NULL);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        guest_vcpu_join(vcpu);
    }
}

/* A line that stays high is an interrupt again; one that goes low is none. */
static void check_level(void)
{
    guest_interrupt_enable(GUEST_INTERRUPT_TIMER);
    mask();
    for (unsigned int i = 0; i < 3; i++) {
        write_cntv_tval(0);
        write_cntv_ctl(1);
        __asm__ volatile("dsb sy\n wfi" ::: "memory");
        expect(read_icc_iar1() == GUEST_INTERRUPT_TIMER, "the timer");
        write_icc_eoir1(GUEST_INTERRUPT_TIMER);
        __asm__ volatile("dsb sy\n wfi" ::: "memory");
        expect(read_icc_iar1() == GUEST_INTERRUPT_TIMER, "the timer, which is still there");
        guest_yield();
        write_cntv_ctl(0);
        write_icc_eoir1(GUEST_INTERRUPT_TIMER);
        guest_yield();
        expect(read_icc_iar1() == NONE, "no timer any more");
    }
    unmask();
}

void guest_main(void)
{
    if (guest_life() == 0) {
        check_frames();
        check_sgi_frame();
        check_all_sgis();
        check_priorities();
        check_disabled();
        check_pings();
        check_off();
        check_level();
        check_timers();
        mask();
        guest_interrupt_send(0, SGI_PING);
        guest_reset();
    }
    check_frames();
    guest_interrupt_enable(SGI_PING);
    guest_yield();
    expect(guest_interrupt_count(SGI_PING) == 0, "a reset ends what pends");
}
