/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a GICv3 and the SPIs of a VM, on one vCPU, as the architecture has them. The
 * serial port's transmit interrupt is the level; what is pended by a register is the edge.
 */
#include "devices.h"
#include "touch.h"

#define EDGE  40u /* and some above */
#define LEVEL UART_INTID
#define TIMER GUEST_INTERRUPT_TIMER
#define SGI   5u

#define ENDS_IN_A_SECOND 400u

#define MANY 12u /* SPIs at once: more than there are list registers */

static void set_priority(unsigned int intid, unsigned int priority)
{
    uintptr_t base = intid < 32 ? SGIS(guest_vcpu()) : GICD;

    write_byte(base + GICD_IPRIORITY + intid, (uint8_t)priority);
}

static void set_edge(unsigned int intid, bool edge)
{
    uintptr_t address = GICD + GICD_ICFGR + intid / 16 * 4;
    uint32_t value = read(address) & ~(2u << intid % 16 * 2);

    write(address, value | (edge ? 2u << intid % 16 * 2 : 0));
}

/* --- Registers -------------------------------------------------------------------------------- */

static void check_identification(void)
{
    unsigned int last = guest_vcpus() - 1;

    expect((read(GICD + GICD_CTLR) & ~2u) == 0x50, "one security state, affinity routing");
    write(GICD + GICD_CTLR, 0x12);
    expect(read(GICD + GICD_CTLR) == 0x52, "group 1 is on, and no write is pending");
    expect((read(GICD + GICD_TYPER) & 0x1f) == 1, "there are SPIs up to 63");
    expect((read(GICD + GICD_TYPER) & 0x30400) == 0, "no LPIs, no messages, one security state");
    expect((read(GICD + GICD_TYPER) >> 19 & 0x1f) == 9, "10 bits of INTID");
    expect((read(GICD + GICD_TYPER) & 0x6000000) == 0x2000000, "not 1 of N, no range selector");
    expect(read(GICD + GICD_TYPER2) == 0, "nothing of GICv4.1");
    expect((read(GICD + GICD_IIDR) & 0xfff) != 0, "somebody has made the distributor");
    expect((read(GICD + PIDR2) & 0xf0) == 0x30, "a GICv3");
    for (unsigned int vcpu = 0; vcpu <= last; vcpu++) {
        uint32_t type = vcpu << 8 | (vcpu == last ? 0x10 : 0);

        expect(read(GICR(vcpu)) == 0, "GICR_CTLR is at rest");
        expect(read(GICR(vcpu) + 4) == read(GICD + GICD_IIDR), "the same maker");
        expect(read(GICR(vcpu) + 8) == type && read(GICR(vcpu) + 12) == vcpu, "GICR_TYPER");
#ifdef __aarch64__
        expect(read_pair(GICR(vcpu) + 8) == ((uint64_t)vcpu << 32 | type), "GICR_TYPER at once");
#endif
        expect((read(GICR(vcpu) + PIDR2) & 0xf0) == 0x30, "the redistributor is a GICv3's");
        write(GICR(vcpu) + 0x14, 2);
        expect(read(GICR(vcpu) + 0x14) == 6, "it sleeps, and so do its children");
        write(GICR(vcpu) + 0x14, 0);
        expect(read(GICR(vcpu) + 0x14) == 0, "it is awake");
        write(GICR(vcpu) + 0x70, UINT32_MAX);
        expect(read(GICR(vcpu) + 0x70) == 0, "no table of LPIs");
        write(SGIS(vcpu) + GICD_IGROUPR, UINT32_MAX);
        expect(read(SGIS(vcpu) + GICD_IGROUPR) == UINT32_MAX, "SGIs and PPIs are in group 1");
        expect(read(SGIS(vcpu) + GICD_ICFGR + 4) == 0, "PPIs are levels");
    }
}

/* As after a reset. */
static void check_fresh(void)
{
    expect(read(GICD + GICD_CTLR) == 0x50, "the group is off");
    expect(read(gicd(GICD_ISENABLER, 32)) == 0, "nothing is enabled");
    expect(read(gicd(GICD_ISPENDR, 32)) == 0, "nothing pends");
    expect(read(gicd(GICD_ISACTIVER, 32)) == 0, "nothing is active");
    expect(read(UART + UARTIMSC) == 0 && read(UART + UARTRIS) == 0, "the port is at rest");
}

/* A pair of registers of which one sets bits, and the other one clears them. */
static void check_bits(uint32_t set_bank, uint32_t clear_bank, const char *what)
{
    uintptr_t setter = gicd(set_bank, 32);
    uintptr_t clearer = gicd(clear_bank, 32);

    write(setter, 0x80000003);
    write(setter, 0x00ff0000);
    expect(read(setter) == 0x80ff0003 && read(clearer) == 0x80ff0003, what);
    write(clearer, 0x80f00001);
    expect(read(setter) == 0x000f0002 && read(clearer) == 0x000f0002, what);
    write(clearer, UINT32_MAX);
    expect(read(setter) == 0 && read(clearer) == 0, what);
}

static void check_spi_registers(void)
{
    write(gicd(GICD_IGROUPR, 32), UINT32_MAX);
    expect(read(gicd(GICD_IGROUPR, 32)) == UINT32_MAX, "SPIs are in group 1");
    check_bits(GICD_ISENABLER, GICD_ICENABLER, "enables");
    check_bits(GICD_ISPENDR, GICD_ICPENDR, "pends");
    check_bits(GICD_ISACTIVER, GICD_ICACTIVER, "active");
    write(GICD + GICD_ICFGR + 8, 0xaaaa5550);
    write(GICD + GICD_ICFGR + 12, 0xf0000002);
    expect(read(GICD + GICD_ICFGR + 8) == 0xaaaa0000, "levels and edges");
    expect(read(GICD + GICD_ICFGR + 12) == 0xa0000002, "of the upper half");
    write(GICD + GICD_ICFGR + 8, 0);
    write(GICD + GICD_ICFGR + 12, 0);
    write(GICD + GICD_IPRIORITY + 60, 0xff08a147);
    write_byte(GICD + GICD_IPRIORITY + 61, 0x77);
    expect(read(GICD + GICD_IPRIORITY + 60) == 0xf8087040, "priorities, of five bits");
    expect(read_byte(GICD + GICD_IPRIORITY + 63) == 0xf8, "one of them");
    write(GICD + GICD_IPRIORITY + 60, 0xa0a0a0a0);
}

/* Registers that each mode of AArch32 has for itself. */
static void check_link_register(void)
{
#ifndef __aarch64__
    uint32_t value;

    __asm__ volatile("mov lr, %1\n str lr, [%2]\n mov lr, #0\n ldr lr, [%2]\n mov %0, lr"
                     : "=&r"(value)
                     : "r"(0x10203040), "r"(GICD + GICD_IPRIORITY + 60)
                     : "lr", "memory");
    expect(value == 0x10203040, "a link register is loaded");
    expect(read(GICD + GICD_IPRIORITY + 60) == 0x10203040, "after it was stored");
    write(GICD + GICD_IPRIORITY + 60, 0xa0a0a0a0);
#endif
}

static void check_routes(void)
{
    uintptr_t route = GICD + GICD_IROUTER + 8 * 63;

    write(route, 0x80ffffff);
    write(route + 4, UINT32_MAX);
    expect(read(route) == 0xffffff, "three levels of affinity, without any-of-them");
    expect(read(route + 4) == 0xff, "and a fourth one");
#ifdef __aarch64__
    expect(read_pair(route) == UINT64_C(0xff00ffffff), "all at once");
    write_pair(route, UINT64_C(0x2100000003));
    expect(read(route) == 3 && read(route + 4) == 0x21, "written at once");
#endif
    write(route, 0);
    write(route + 4, 0);
    expect(read(route) == 0 && read(route + 4) == 0, "back to vCPU 0");
}

/* Of SGIs and PPIs in the distributor, and of SPIs that there are not. */
static void check_nothing(void)
{
    static const uint16_t offsets[] = {
        0x0010, 0x0040, 0x0080, 0x0088, 0x00fc, 0x0100, 0x0108, 0x0180, 0x0188,
        0x0200, 0x0208, 0x0280, 0x0300, 0x0308, 0x0380, 0x0400, 0x041c, 0x0440,
        0x07f8, 0x0800, 0x0820, 0x0c00, 0x0c04, 0x0c10, 0x0d00, 0x0d04, 0x0e00,
        0x0f00, 0x0f10, 0x6000, 0x60f8, 0x6200, 0x7fd8, 0x8000, 0xfffc,
    };

    for (unsigned int i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        write(GICD + offsets[i], UINT32_MAX);
        expect(read(GICD + offsets[i]) == 0, "nothing is there");
    }
    expect(next() == NONE, "and nothing comes of it");
}

/* --- Edges and levels ------------------------------------------------------------------------- */

static void check_edge(void)
{
    set_edge(EDGE, true);
    set(GICD_ISENABLER, EDGE);
    expect(next() == NONE, "nothing yet");
    set(GICD_ISPENDR, EDGE);
    expect(is_set(GICD_ISPENDR, EDGE) && !is_set(GICD_ISACTIVER, EDGE), "it pends");
    expect(next() == EDGE, "an edge comes");
    expect(!is_set(GICD_ISPENDR, EDGE) && is_set(GICD_ISACTIVER, EDGE), "it is active");
    set(GICD_ISPENDR, EDGE);
    expect(is_set(GICD_ISPENDR, EDGE) && is_set(GICD_ISACTIVER, EDGE), "it is both");
    expect(next() == NONE, "and does not come while it is active");
    end(EDGE);
    expect(is_set(GICD_ISPENDR, EDGE) && !is_set(GICD_ISACTIVER, EDGE), "it pends alone");
    expect_next(EDGE, "it comes again");
    expect_next(NONE, "and no more");

    set(GICD_ISPENDR, EDGE);
    set(GICD_ICPENDR, EDGE);
    expect(!is_set(GICD_ISPENDR, EDGE), "it pends no more");
    expect_next(NONE, "nor does it come");

    set(GICD_ISPENDR, EDGE);
    __asm__ volatile("dsb sy\n wfi" ::: "memory");
    expect_next(EDGE, "what pends already lets nobody sleep");

    set(GICD_ISPENDR, EDGE);
    guest_yield();
    expect(is_set(GICD_ISPENDR, EDGE), "it pends still on another CPU");
    expect_next(EDGE, "and comes there");
    guest_yield();
    expect_next(NONE, "once");
}

static void check_level(void)
{
    set(GICD_ISENABLER, LEVEL);
    expect(next() == NONE, "the line is low");
    raise_line();
    expect(is_set(GICD_ISPENDR, LEVEL), "a high line pends");
    set(GICD_ICPENDR, LEVEL);
    expect(is_set(GICD_ISPENDR, LEVEL), "for as long as it is high");
    lower_line();
    expect(!is_set(GICD_ISPENDR, LEVEL), "a low one does not");
    expect_next(NONE, "nor does it come");

    raise_line();
    expect(next() == LEVEL, "a high line comes");
    expect(is_set(GICD_ISACTIVER, LEVEL), "it is active");
    expect(is_set(GICD_ISPENDR, LEVEL), "and pends, as the line is high");
    expect(next() == NONE, "but does not come while it is active");
    end(LEVEL);
    expect(await() == LEVEL, "it comes again as the line is still high");
    guest_yield();
    lower_line();
    expect(!is_set(GICD_ISPENDR, LEVEL), "it does not pend any more");
    raise_line();
    lower_line();
    end(LEVEL);
    pass(MOMENT);
    expect_next(NONE, "nor is it remembered that it was high");
    expect(!is_set(GICD_ISACTIVER, LEVEL), "it is over");
}

/* The end of one is what brings the next, and not some interrupt of the hypervisor's own. */
static void check_pace(void)
{
    uint64_t start = guest_clock();

    raise_line();
    for (unsigned int i = 0; i < ENDS_IN_A_SECOND; i++) {
        expect(await() == LEVEL, "it comes for as long as the line is high");
        end(LEVEL);
    }
    expect(guest_clock() - start < 1000000, "as soon as it has ended");
    lower_line();
    expect_next(NONE, "and not for longer");
}

/* What a register pends stays so until it is taken, whatever the line does. */
static void check_latch(void)
{
    set(GICD_ISPENDR, LEVEL);
    raise_line();
    lower_line();
    expect(is_set(GICD_ISPENDR, LEVEL), "a level that a register pends stays so");
    expect_next(LEVEL, "and comes");
    pass(MOMENT);
    expect_next(NONE, "once");
    set(GICD_ISPENDR, LEVEL);
    set(GICD_ICPENDR, LEVEL);
    expect_next(NONE, "a register can take that back");
}

/* The same line, as an edge: only its rise counts. */
static void check_rise(void)
{
    set(GICD_ICENABLER, LEVEL);
    set_edge(LEVEL, true);
    set(GICD_ISENABLER, LEVEL);
    raise_line();
    expect_next(LEVEL, "a rise comes");
    pass(MOMENT);
    expect_next(NONE, "once");
    lower_line();
    expect_next(NONE, "a fall does not");
    raise_line();
    lower_line();
    expect_next(LEVEL, "a rise is not forgotten when the line falls");
    set(GICD_ICENABLER, LEVEL);
    set_edge(LEVEL, false);
    set(GICD_ISENABLER, LEVEL);
    expect_next(NONE, "a level again, and low");
}

/* --- What keeps one from coming --------------------------------------------------------------- */

static void check_disabled(unsigned int intid)
{
    set(GICD_ICENABLER, intid);
    set(GICD_ISPENDR, intid);
    expect(is_set(GICD_ISPENDR, intid), "a disabled one pends");
    expect_next(NONE, "and does not come");
    set(GICD_ISENABLER, intid);
    expect(is_set(GICD_ISPENDR, intid), "it was kept");
    set(GICD_ICENABLER, intid);
    expect((read(GICD + GICD_CTLR) & CTLR_RWP) == 0, "which does not take time on the same vCPU");
    expect_next(NONE, "disabled again");
    set(GICD_ISENABLER, intid);
    expect_next(intid, "it comes when it is enabled");

    write(GICD + GICD_CTLR, 0);
    set(GICD_ISPENDR, intid);
    expect_next(NONE, "nor does it come with the group off");
    write(GICD + GICD_CTLR, 2);
    expect_next(intid, "only when that is on");

    write_icc_igrpen1(0);
    set(GICD_ISPENDR, intid);
    expect_next(NONE, "nor with the CPU interface off");
    write_icc_igrpen1(1);
    expect_next(intid, "only when that is on, too");

    set(GICD_ISACTIVER, intid);
    set(GICD_ISPENDR, intid);
    expect_next(NONE, "nor while it is active without having come");
    set(GICD_ICACTIVER, intid);
    expect_next(intid, "only when it is not");
}

/* Disabled and pending, while it is active: the end of it must not let it through. */
static void check_disabled_active(uintptr_t frame, unsigned int intid)
{
    uintptr_t word = frame + intid / 32 * 4;

    write(word + GICD_ISENABLER, bit(intid));
    write(word + GICD_ISPENDR, bit(intid));
    expect(next() == intid, "it comes");
    write(word + GICD_ISPENDR, bit(intid));
    write(word + GICD_ICENABLER, bit(intid));
    end(intid);
    expect_next(NONE, "what was disabled meanwhile does not come");
    write(word + GICD_ISENABLER, bit(intid));
    expect_next(intid, "before it is enabled");
}

/* --- Priorities ------------------------------------------------------------------------------- */

static void pend_three(void)
{
    set(GICD_ISPENDR, EDGE);
    write_cntv_tval(0);
    write_cntv_ctl(1);
    guest_interrupt_send(guest_vcpu(), SGI);
    pass(100);
}

static void check_kinds(void)
{
    write(SGIS(guest_vcpu()) + GICD_ISENABLER, bit(SGI) | bit(TIMER));
    set_priority(TIMER, 0x40);
    set_priority(EDGE, 0x60);
    set_priority(SGI, 0x80);
    pend_three();
    write_icc_pmr(0x40);
    expect(next() == NONE, "none is more urgent than the mask");
    write_icc_pmr(0x68);
    expect(next() == TIMER, "the most urgent one first: a PPI");
    expect(next() == NONE, "which the others do not interrupt");
    write_cntv_ctl(0);
    end(TIMER);
    expect(next() == EDGE, "then an SPI");
    guest_yield();
    expect(next() == NONE, "the mask holds");
    write_icc_pmr(0xff);
    expect(next() == NONE, "and so does the priority of what runs");
    end(EDGE);
    expect_next(SGI, "then an SGI");

    set_priority(EDGE, 0x20);
    pend_three();
    expect(next() == EDGE, "now the SPI is the most urgent one");
    end(EDGE);
    expect(next() == TIMER, "then the timer");
    set(GICD_ISPENDR, EDGE);
    expect(next() == EDGE, "which an SPI may interrupt");
    end(EDGE);
    write_cntv_ctl(0);
    end(TIMER);
    expect_next(SGI, "and again the SGI");
    set_priority(EDGE, 0xa0);
}

static void check_many(void)
{
    for (unsigned int i = 0; i < MANY; i++) {
        set_edge(EDGE + i, true);
        set_priority(EDGE + i, 0xf0 - 16 * i);
        set(GICD_ISENABLER, EDGE + i);
        set(GICD_ISPENDR, EDGE + i);
    }
    for (unsigned int i = MANY; i-- > 0;) {
        expect_next(EDGE + i, "of many the most urgent one first");
    }
    expect_next(NONE, "and then none");
    for (unsigned int i = 0; i < MANY; i++) {
        set(GICD_ISPENDR, EDGE + i);
        expect(next() == EDGE + i, "a more urgent one in a handler");
        set(GICD_ISPENDR, EDGE + i);
        expect(next() == NONE, "which is active now");
    }
    guest_yield();
    expect(read(gicd(GICD_ISACTIVER, EDGE)) == ((1u << MANY) - 1) << EDGE % 32, "all are active");
    for (unsigned int i = MANY; i-- > 0;) {
        end(EDGE + i);
        expect_next(EDGE + i, "what has pended meanwhile comes when it is its turn");
        expect(read(gicd(GICD_ISACTIVER, EDGE)) == ((1u << i) - 1) << EDGE % 32, "one has ended");
    }
    for (unsigned int i = 0; i < MANY; i++) {
        set(GICD_ICENABLER, EDGE + i);
        set_priority(EDGE + i, 0xa0);
    }
    expect_next(NONE, "all have ended");
}

/* EOIR drops the priority alone; DIR ends them, in any order. */
static void check_two_steps(void)
{
    uint32_t control = read_icc_ctlr();

    write_icc_ctlr(control | 2);
    expect((read_icc_ctlr() & 2) != 0, "ends are two steps now");
    for (unsigned int i = 0; i < MANY; i++) {
        set(GICD_ISENABLER, EDGE + i);
        set(GICD_ISPENDR, EDGE + i);
        expect(next() == EDGE + i, "an edge");
        end(EDGE + i);
        set(GICD_ISPENDR, EDGE + i);
        expect(next() == NONE, "which is still active");
    }
    guest_interrupt_send(guest_vcpu(), SGI);
    expect(next() == SGI, "nor does it keep away others");
    end(SGI);
    for (unsigned int i = 1; i <= MANY; i++) {
        unsigned int intid = EDGE + i * 5 % MANY;

        write_icc_dir(intid);
        expect(next() == intid, "it ends, whatever its turn, and comes again");
        end(intid);
    }
    expect(next() == NONE, "all others are still active");
    expect(read(gicd(GICD_ISACTIVER, EDGE)) == ((1u << MANY) - 1) << EDGE % 32, "all of them");
    for (unsigned int i = 0; i < MANY; i++) {
        write_icc_dir(EDGE + i);
        set(GICD_ICENABLER, EDGE + i);
    }
    expect(read(gicd(GICD_ISACTIVER, EDGE)) == 0, "none of them");
    expect((read(SGIS(guest_vcpu()) + GICD_ISACTIVER) & bit(SGI)) != 0, "the SGI is");
    write_icc_dir(SGI);
    expect(read(SGIS(guest_vcpu()) + GICD_ISACTIVER) == 0, "and is not");
    raise_line();
    expect(next() == LEVEL, "a level");
    end(LEVEL);
    pass(MOMENT);
    expect(next() == NONE, "is still active");
    write_icc_dir(LEVEL);
    expect(await() == LEVEL, "and pends again when it is not");
    lower_line();
    end(LEVEL);
    write_icc_dir(LEVEL);
    write_icc_dir(EDGE);
    write_icc_dir(64);
    write_icc_dir(1020);
    write_icc_dir(0xffffff);
    expect_next(NONE, "it is over");
    write_icc_ctlr(control);
    write_icc_dir(EDGE);
    expect_next(NONE, "and ends are one step again");
}

void guest_main(void)
{
    open_interface();
    check_fresh();
    check_identification();
    check_spi_registers();
    check_link_register();
    check_routes();
    check_nothing();
    check_edge();
    check_level();
    check_pace();
    check_latch();
    check_rise();
    check_disabled(EDGE);
    check_disabled(LEVEL);
    check_disabled_active(GICD, EDGE);
    check_disabled_active(SGIS(guest_vcpu()), SGI);
    check_kinds();
    check_many();
    check_two_steps();
    if (guest_life() == 0) {
        raise_line();
        set(GICD_ISPENDR, EDGE);
        expect(next() == LEVEL, "the line once more");
        guest_reset();
    }
    expect(read(gicd(GICD_ISENABLER, 32)) == bit(LEVEL), "as the tests have left it");
    say("the SPIs are as they should be");
}
