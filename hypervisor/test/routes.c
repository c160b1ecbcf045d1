/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SPIs on several vCPUs: vCPU 0 changes what the others are about to take. They do what it says,
 * one step at a time. While something pends or is active there they keep their CPU, so that it is
 * in list registers.
 */
#include "devices.h"

#define EDGE  40u
#define LEVEL UART_INTID
#define SGI   6u

#define ROUNDS 300u
#define LOOKS  20u

enum order {
    NOTHING,
    TAKE,  /* what comes, and leave it active */
    SLEEP, /* the same, in WFI */
    LOOK,  /* whether something is there */
    END,   /* what has been taken last */
    SHUT,  /* takes nothing, */
    OPEN,  /* or everything */
    STORM, /* takes and ends until it is over */
    LEAVE,
};

static struct {
    enum order order;
    uint32_t taken;
} stations[8];

static uint32_t storm_taken;
static bool storm_over;

/* --- The other vCPUs -------------------------------------------------------------------------- */

static uint32_t sleep(void)
{
    uint32_t intid = next();

    while (intid == NONE) {
        __asm__ volatile("dsb sy\n wfi" ::: "memory");
        intid = next();
    }
    return intid;
}

static void weather_storm(void)
{
    while (!__atomic_load_n(&storm_over, __ATOMIC_ACQUIRE)) {
        uint32_t intid = next();

        if (intid != NONE) {
            expect(intid == EDGE, "only that one was pended");
            __atomic_add_fetch(&storm_taken, 1, __ATOMIC_RELEASE);
            end(intid);
        } else {
            guest_yield();
        }
    }
}

static void obey(enum order order, uint32_t *taken)
{
    switch (order) {
    case TAKE:
        *taken = await();
        break;
    case SLEEP:
        *taken = sleep();
        break;
    case LOOK:
        *taken = next();
        break;
    case END:
        end(*taken);
        break;
    case SHUT:
        write_icc_pmr(0);
        break;
    case OPEN:
        write_icc_pmr(0xff);
        break;
    case STORM:
        weather_storm();
        break;
    default:
        break;
    }
}

static void listen(void *argument)
{
    enum order *order = &stations[guest_vcpu()].order;
    uint32_t *taken = &stations[guest_vcpu()].taken;
    enum order now = NOTHING;
    bool holds = false;

    (void)argument;
    open_interface();
    while (now != LEAVE) {
        now = __atomic_load_n(order, __ATOMIC_ACQUIRE);
        obey(now, taken);
        if (now != NOTHING) {
            holds = now == SHUT || (now < LOOK && *taken != NONE);
            __atomic_store_n(order, NOTHING, __ATOMIC_RELEASE);
        } else if (!holds) {
            guest_yield();
        }
    }
}

/* --- vCPU 0 ----------------------------------------------------------------------------------- */

static void tell(unsigned int vcpu, enum order order)
{
    __atomic_store_n(&stations[vcpu].order, order, __ATOMIC_RELEASE);
}

/* What it has taken. */
static uint32_t answer(unsigned int vcpu)
{
    uint64_t limit = guest_clock() + 2 * PATIENCE;

    while (__atomic_load_n(&stations[vcpu].order, __ATOMIC_ACQUIRE) != NOTHING) {
        if (guest_clock() > limit) {
            expect(false, "a vCPU does not answer");
            return NONE;
        }
        guest_yield();
    }
    return stations[vcpu].taken;
}

static uint32_t ask(unsigned int vcpu, enum order order)
{
    tell(vcpu, order);
    return answer(vcpu);
}

static void start(unsigned int vcpu)
{
    tell(vcpu, NOTHING);
    expect(guest_vcpu_start(vcpu, listen, NULL), "a vCPU starts");
}

static void leave(unsigned int vcpu)
{
    tell(vcpu, LEAVE);
    guest_vcpu_join(vcpu);
}

static void route(unsigned int intid, uint32_t affinity)
{
#ifdef __aarch64__
    write_pair(GICD + GICD_IROUTER + 8 * intid, affinity);
#else
    write(GICD + GICD_IROUTER + 8 * intid, affinity);
#endif
}

static void wait_for_writes(void)
{
    uint64_t limit = guest_clock() + PATIENCE;

    while ((read(GICD + GICD_CTLR) & CTLR_RWP) != 0 && guest_clock() < limit) {
    }
    expect((read(GICD + GICD_CTLR) & CTLR_RWP) == 0, "a write does not pend for ever");
}

/* The SPI pends on a vCPU that does not take it, and is in its list registers, if it runs. */
static void hold_back(unsigned int vcpu, unsigned int intid)
{
    route(intid, vcpu);
    ask(vcpu, SHUT);
    if (intid == LEVEL) {
        raise_line();
    } else {
        set(GICD_ISPENDR, intid);
    }
    pass(MOMENT);
}

static void expect_nothing_on(unsigned int vcpu, const char *what)
{
    ask(vcpu, OPEN);
    expect(ask(vcpu, LOOK) == NONE, what);
}

/* --- Where it goes ---------------------------------------------------------------------------- */

static void check_each(void)
{
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        route(EDGE, vcpu);
        tell(vcpu, TAKE);
        set(GICD_ISPENDR, EDGE);
        expect(answer(vcpu) == EDGE, "an SPI goes to the vCPU of its route");
        for (unsigned int look = 0; look < LOOKS; look++) {
            expect(is_set(GICD_ISACTIVER, EDGE), "it is active there");
        }
        expect(next() == NONE, "and goes to no other");
        ask(vcpu, END);
        expect(!is_set(GICD_ISACTIVER, EDGE), "it has ended there");

        tell(vcpu, SLEEP);
        pass(MOMENT);
        set(GICD_ISPENDR, EDGE);
        expect(answer(vcpu) == EDGE, "it ends a sleep");
        ask(vcpu, END);
    }
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(ask(vcpu, LOOK) == NONE, "no vCPU has anything left");
    }
}

static void check_nobody(void)
{
    route(EDGE, 0x100);
    set(GICD_ISPENDR, EDGE);
    pass(MOMENT);
    expect(next() == NONE && ask(1, LOOK) == NONE, "no vCPU has that affinity");
    expect(is_set(GICD_ISPENDR, EDGE), "so it pends");
    route(EDGE, guest_vcpus());
    expect(next() == NONE && ask(1, LOOK) == NONE, "nor that one");
    tell(1, TAKE);
    route(EDGE, 1);
    expect(answer(1) == EDGE, "until it has a route");
    ask(1, END);
}

static void check_off(void)
{
    leave(1);
    route(EDGE, 1);
    set(GICD_ISPENDR, EDGE);
    pass(MOMENT);
    start(1);
    expect(ask(1, TAKE) == EDGE, "a vCPU that was off finds what came meanwhile");
    ask(1, END);
    leave(1);
    set(GICD_ISPENDR, EDGE);
    route(EDGE, 0);
    expect(await() == EDGE, "or it is taken by another one");
    end(EDGE);
    start(1);
    expect(ask(1, LOOK) == NONE, "and not found");
}

/* A wait in FF-A ends as a sleep does, also for what has come before. */
static void check_blocked(void)
{
    struct guest_regs version = {{FFA_VERSION, FFA_VERSION_1_1}};
    struct guest_regs id = {{FFA_ID_GET}};
    struct guest_regs wait = {{FFA_MSG_WAIT}};

    ffa_call(&version);
    ffa_call(&id);
    route(EDGE, 0);
    set(GICD_ISPENDR, EDGE);
    ffa_call(&wait);
    expect((uint32_t)wait.x[0] == FFA_INTERRUPT, "an SPI that pends ends a wait");
    expect_next(EDGE, "and comes");
}

/* --- What is changed while a vCPU holds it ---------------------------------------------------- */

static void check_reroute(enum order how)
{
    hold_back(1, EDGE);
    tell(2, how);
    pass(MOMENT);
    route(EDGE, 2);
    expect(answer(2) == EDGE, "what pends goes where the route leads");
    expect_nothing_on(1, "and not where it led");
    ask(2, END);

    hold_back(1, EDGE);
    route(EDGE, 0);
    expect(await() == EDGE, "also to who has changed it");
    expect_nothing_on(1, "and not where it led");
    end(EDGE);
}

static void check_reroute_active(void)
{
    route(EDGE, 1);
    set(GICD_ISPENDR, EDGE);
    expect(ask(1, TAKE) == EDGE, "it is active on vCPU 1");
    set(GICD_ISPENDR, EDGE);
    route(EDGE, 2);
    pass(MOMENT);
    expect(ask(2, LOOK) == NONE, "as long as it is active, it does not come elsewhere");
    tell(2, SLEEP);
    pass(MOMENT);
    ask(1, END);
    expect(answer(2) == EDGE, "but when it has ended");
    expect(ask(1, LOOK) == NONE, "and not where it was");
    ask(2, END);
}

static void check_disable(void)
{
    hold_back(1, EDGE);
    set(GICD_ICENABLER, EDGE);
    wait_for_writes();
    expect_nothing_on(1, "what is disabled, and known to be so, does not come");
    expect(is_set(GICD_ISPENDR, EDGE), "it pends");
    set(GICD_ISENABLER, EDGE);
    expect(ask(1, TAKE) == EDGE, "and comes when it is enabled");
    ask(1, END);

    hold_back(1, EDGE);
    write(GICD + GICD_CTLR, 0);
    wait_for_writes();
    expect_nothing_on(1, "nor does it with the group off");
    write(GICD + GICD_CTLR, 2);
    expect(ask(1, TAKE) == EDGE, "only when that is on");
    ask(1, END);
}

static void check_unpend(void)
{
    hold_back(1, EDGE);
    expect(is_set(GICD_ISPENDR, EDGE), "it pends elsewhere");
    set(GICD_ICPENDR, EDGE);
    expect(!is_set(GICD_ISPENDR, EDGE), "and not any more");
    pass(MOMENT);
    expect_nothing_on(1, "so it does not come");
    hold_back(1, EDGE);
    set(GICD_ICPENDR, EDGE);
    set(GICD_ISPENDR, EDGE);
    pass(MOMENT);
    ask(1, OPEN);
    expect(ask(1, TAKE) == EDGE, "what pends again comes");
    ask(1, END);
    expect(ask(1, LOOK) == NONE, "once");
}

static void check_deactivate(void)
{
    route(EDGE, 1);
    set(GICD_ISPENDR, EDGE);
    expect(ask(1, TAKE) == EDGE, "it is active on vCPU 1");
    route(EDGE, 2);
    set(GICD_ISPENDR, EDGE);
    tell(2, TAKE);
    set(GICD_ICACTIVER, EDGE);
    expect(answer(2) == EDGE, "and by a register not any more: another vCPU takes it");
    ask(1, END);
    expect(is_set(GICD_ISACTIVER, EDGE), "whom the late end does not concern");
    ask(2, END);
    expect(!is_set(GICD_ISACTIVER, EDGE), "only its own");
}

static void check_line(void)
{
    hold_back(1, LEVEL);
    lower_line();
    expect(!is_set(GICD_ISPENDR, LEVEL), "a line that is low again does not pend");
    pass(MOMENT);
    expect_nothing_on(1, "nor does it come");

    hold_back(1, LEVEL);
    ask(1, OPEN);
    expect(ask(1, TAKE) == LEVEL, "a high line comes");
    ask(1, END);
    expect(ask(1, TAKE) == LEVEL, "and again");
    tell(2, SLEEP);
    route(LEVEL, 2);
    pass(MOMENT);
    ask(1, END);
    expect(answer(2) == LEVEL, "also where it is routed next");
    expect(ask(1, LOOK) == NONE, "and there alone");
    lower_line();
    ask(2, END);
    pass(MOMENT);
    expect(ask(2, LOOK) == NONE, "until it is low");
    set(GICD_ICENABLER, LEVEL);
}

/* --- SGIs, of which a VM has one cluster of vCPUs --------------------------------------------- */

static void send(uint64_t targets)
{
    __asm__ volatile(WRITE_SGI ::"r"(targets | (uint64_t)SGI << 24) : "memory");
}

static void check_sgis(void)
{
    for (unsigned int vcpu = 0; vcpu < guest_vcpus(); vcpu++) {
        write(SGIS(vcpu) + GICD_ISENABLER, 1u << SGI);
    }
    send(2 | UINT64_C(1) << 44);
    send(2 | UINT64_C(1) << 16);
    send(2 | UINT64_C(1) << 32);
    send(2 | UINT64_C(1) << 48);
    send(0xff00);
    pass(MOMENT);
    expect(ask(1, LOOK) == NONE, "an SGI for others, of which there are none");
    send(2);
    expect(ask(1, TAKE) == SGI, "an SGI for vCPU 1");
    ask(1, END);
    send(UINT64_C(1) << 40);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(ask(vcpu, TAKE) == SGI, "an SGI for all others");
        ask(vcpu, END);
    }
    expect(next() == NONE, "which spares who sends it");
}

/* --- All at once ------------------------------------------------------------------------------ */

/* However often it is rerouted on its way, it comes exactly once. */
static void check_storm(void)
{
    uint32_t random = 1;

    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        tell(vcpu, STORM);
    }
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        uint64_t limit = guest_clock() + PATIENCE;

        set(GICD_ISPENDR, EDGE);
        for (unsigned int i = 0; i < round % 4; i++) {
            random = random * 1664525 + 1013904223;
            route(EDGE, 1 + (random >> 16) % (guest_vcpus() - 1));
        }
        while (__atomic_load_n(&storm_taken, __ATOMIC_ACQUIRE) < round && guest_clock() < limit) {
            guest_yield();
        }
        expect(__atomic_load_n(&storm_taken, __ATOMIC_ACQUIRE) == round, "exactly once");
    }
    __atomic_store_n(&storm_over, true, __ATOMIC_RELEASE);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(answer(vcpu) != LEVEL, "the storm is over");
    }
}

void guest_main(void)
{
    open_interface();
    write(GICD + GICD_CTLR, 2);
    write(GICD + GICD_ICFGR + 8, 2u << EDGE % 16 * 2);
    set(GICD_ISENABLER, EDGE);
    set(GICD_ISENABLER, LEVEL);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        start(vcpu);
    }
    check_each();
    check_nobody();
    check_off();
    check_blocked();
    check_reroute(TAKE);
    check_reroute(SLEEP);
    check_reroute_active();
    check_disable();
    check_unpend();
    check_deactivate();
    check_line();
    check_sgis();
    check_storm();
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        leave(vcpu);
    }
    say("the routes are as they should be");
}
