/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of one world that arrive while the other runs: those of the Normal world are taken at
 * EL2, as soon as it runs; those of the Secure world leave no trace.
 */
#include "payload.h"

#include "../../partitions/commands.h"
#include "../../partitions/partitions.h"

#define ECHO PARTITION_ECHO_ID

#define TIMER_PPI      26 /* EL2's physical timer */
#define MICROSECOND    62ull
#define GICR_SGI_FRAME 0x080b0000ull
#define GICR_STRIDE    0x20000ull
#define INTIDS         32
#define PRIORITY       0xa0

#define HCR_RW  (1ull << 31)
#define HCR_IMO (1ull << 4)

static unsigned int counts[CPUS][INTIDS];

static unsigned int cpu_index(void)
{
    return (unsigned int)read("mpidr_el1") & 0xff;
}

static uint64_t now(void)
{
    __asm__ volatile("isb" : : : "memory");
    return read("cntpct_el0");
}

void irq_enable(unsigned int intid)
{
    const uint64_t frame = GICR_SGI_FRAME + cpu_index() * GICR_STRIDE;

    *(volatile uint8_t *)(frame + 0x400 + intid) = PRIORITY;
    *(volatile uint32_t *)(frame + 0x100) = 1u << intid;
    write("s3_4_c12_c9_5", 0xf);                 /* ICC_SRE_EL2 */
    write("s3_0_c4_c6_0", 0xff);                 /* ICC_PMR_EL1 */
    write("s3_0_c12_c12_7", 1);                  /* ICC_IGRPEN1_EL1 */
    write("hcr_el2", read("hcr_el2") | HCR_IMO); /* IRQs are EL2's */
}

bool irq_pending(void)
{
    return (read("isr_el1") & 0x80) != 0;
}

void irq_take(void)
{
    __asm__ volatile("msr daifclr, #2\n\tisb\n\tmsr daifset, #2" : : : "memory");
}

unsigned int irq_count(unsigned int intid)
{
    return counts[cpu_index()][intid];
}

void payload_irq(void)
{
    const uint64_t intid = read("s3_0_c12_c12_0"); /* ICC_IAR1_EL1 */

    if (intid == TIMER_PPI) {
        write("cnthp_ctl_el2", 0);
    }
    if (intid < INTIDS) {
        counts[cpu_index()][intid]++;
        write("s3_0_c12_c12_1", intid); /* ICC_EOIR1_EL1 */
    }
}

static void timer_arm(uint64_t microseconds)
{
    write("cnthp_cval_el2", now() + microseconds * MICROSECOND);
    write("cnthp_ctl_el2", 1);
}

static uint64_t secure_timer_count(void)
{
    uint64_t regs[REGS];

    ask(regs, ECHO, COMMAND_TIMER_COUNT, 0, 0, 0, 0);
    return is_response(regs, ECHO) && regs[3] == FFA_OK ? regs[4] : UINT64_MAX;
}

static void secure_timer_arm(uint64_t microseconds)
{
    uint64_t regs[REGS];

    ask(regs, ECHO, COMMAND_TIMER_ARM, microseconds, 0, 0, 0);
    check(is_response(regs, ECHO) && regs[3] == FFA_OK, "echo arms its timer");
}

/*
 * Times in microseconds. An emulated timer of a busy machine is late, so that what must be
 * interrupted takes long, and what must have happened is waited for.
 */
#define SOON  1000
#define LONG  200000
#define TRIES 1000

/* --- Of the Normal world, while S-EL1 runs --- */

static void test_normal_interrupt(void)
{
    const unsigned int before = irq_count(TIMER_PPI);
    const uint64_t start = now();
    unsigned int interrupted = 0;
    uint64_t regs[REGS];

    timer_arm(SOON);
    ask(regs, ECHO, COMMAND_SPIN, LONG, 0, 0, 0);
    check(is_left(regs, FFA_INTERRUPT, ECHO, 0), "a physical interrupt interrupts S-EL1");
    check(now() - start < LONG * MICROSECOND, "in the middle of its work");
    check(irq_pending() && irq_count(TIMER_PPI) == before, "and is pending at EL2");
    ask(regs, ECHO, COMMAND_ECHO, 0, 0, 0, 0);
    check(is_error(regs, FFA_BUSY), "the context is busy");
    while (regs[0] != FFA_MSG_SEND_DIRECT_RESP_32 && interrupted < 100) {
        irq_take();
        if (interrupted < 3) {
            timer_arm(SOON);
        }
        run(regs, ECHO, 0);
        interrupted += regs[0] == FFA_INTERRUPT ? 1 : 0;
    }
    check(interrupted == 3, "as often as one comes");
    check(irq_count(TIMER_PPI) == before + 4, "EL2 takes each of them");
    check(is_response(regs, ECHO) && zero_between(regs, 3, 7), "and the request is answered");
    check(now() - start >= LONG * MICROSECOND, "after the time that it takes");
}

/* If EL2 does not take it, S-EL1 does not get far. */
static void test_not_taken(void)
{
    uint64_t regs[REGS];

    timer_arm(SOON);
    ask(regs, ECHO, COMMAND_SPIN, LONG, 0, 0, 0);
    for (unsigned int i = 0; i < 10; i++) {
        check(is_left(regs, FFA_INTERRUPT, ECHO, 0), "what is pending interrupts at once");
        run(regs, ECHO, 0);
    }
    irq_take();
    while (regs[0] == FFA_INTERRUPT) {
        run(regs, ECHO, 0);
    }
    check(is_response(regs, ECHO), "and once it is taken, work goes on");
}

/* What does not take long is not interrupted. */
static void test_queued(void)
{
    uint64_t regs[REGS];

    timer_arm(0);
    while (!irq_pending()) {
    }
    ask(regs, ECHO, COMMAND_ECHO, 1, 2, 3, 4);
    check(is_response(regs, ECHO), "and short work is done nonetheless");
    irq_take();
}

/* --- Of the Secure world --- */

static void test_sysregs(void)
{
    uint64_t regs[REGS];

    sysregs_begin();
    ask(regs, ECHO, COMMAND_SPIN, 10, 0, 0, 0);
    sysregs_end("system registers survive a request to S-EL1");
    secure_timer_arm(SOON);
    sysregs_begin();
    registers_hold(now() + 10 * SOON * MICROSECOND);
    sysregs_end("system registers survive a Secure interrupt");
}

/* One at a time, and it is handled while nothing is done with the registers, or soon after. */
static void test_secure_interrupt_while(bool (*holds)(void), const char *what)
{
    const uint64_t before = secure_timer_count();
    unsigned int tries = 0;
    bool held = true;

    secure_timer_arm(SOON);
    do {
        held = holds() && held;
        tries++;
    } while (secure_timer_count() == before && tries < TRIES);
    check(held, what);
    check(secure_timer_count() == before + 1, "the partition has handled it");
}

static bool el2_holds(void)
{
    return registers_hold(now() + 3 * SOON * MICROSECOND) == 0;
}

static bool el1_holds_64(void)
{
    struct el1_exit exit;

    write("tpidr_el1", now() + 3 * SOON * MICROSECOND);
    el1_run((uint64_t)el1_hold64, 0x3c5, HCR_RW, &exit);
    return exit.esr >> 26 == 0x16 && exit.x0 == 0;
}

static bool el1_holds_32(void)
{
    struct el1_exit exit;

    el1_run((uint64_t)el1_hold32, 0x1d3, 0, &exit);
    return exit.esr >> 26 == 0x12 && (uint32_t)exit.x0 == EL1_HOLD32_SUM;
}

static void test_secure_interrupt(void)
{
    const uint64_t hcr = read("hcr_el2");
    const uint64_t sctlr = read("sctlr_el1");

    for (unsigned int i = 0; i < 3; i++) {
        test_secure_interrupt_while(el2_holds, "a Secure interrupt leaves EL2's registers alone");
    }
    write("cpacr_el1", 3 << 20);
    test_secure_interrupt_while(el1_holds_64, "and EL1's in AArch64");
    write("sctlr_el1", 0xc50838); /* nothing on, as AArch32 has it */
    test_secure_interrupt_while(el1_holds_32, "and EL1's in AArch32");
    write("sctlr_el1", sctlr);
    write("hcr_el2", hcr);
}

/* While its own context is busy, the partition handles the interrupt where it is. */
static void test_secure_interrupt_at_sel1(void)
{
    const uint64_t before = secure_timer_count();
    uint64_t regs[REGS];

    secure_timer_arm(SOON);
    ask(regs, ECHO, COMMAND_SPIN, LONG, 0, 0, 0);
    check(is_response(regs, ECHO), "a Secure interrupt does not interrupt the request");
    check(secure_timer_count() == before + 1, "and is handled");
}

/* While its context is interrupted, the interrupt waits, and nobody is kept from running. */
static void test_secure_interrupt_waits(void)
{
    const uint64_t before = secure_timer_count();
    uint64_t regs[REGS];

    secure_timer_arm(10 * SOON);
    timer_arm(SOON);
    ask(regs, ECHO, COMMAND_SPIN, LONG, 0, 0, 0);
    check(is_left(regs, FFA_INTERRUPT, ECHO, 0), "S-EL1 is interrupted");
    irq_take();
    check(registers_hold(now() + 30 * SOON * MICROSECOND) == 0,
          "a Secure interrupt comes, and waits");
    run(regs, ECHO, 0);
    check(is_response(regs, ECHO), "the request is answered");
    check(secure_timer_count() == before + 1, "and the interrupt handled");
}

/* --- Other CPUs --- */

static struct {
    uint32_t hung;
    uint32_t other; /* what the others are told of a hung context: nothing */
} hang;

/* A request that is never answered, and its CPU goes off and on again. */
static void hang_cpu(unsigned int cpu)
{
    uint64_t regs[REGS] = {FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(TEST_VM, ECHO), 0,
                           COMMAND_HANG};

    irq_enable(TIMER_PPI);
    timer_arm(500);
    smc_call(regs);
    for (unsigned int i = 0; i < 5; i++) {
        hang.hung += is_left(regs, FFA_INTERRUPT, ECHO, (uint16_t)cpu) ? 1 : 0;
        irq_take();
        timer_arm(200);
        regs[0] = FFA_RUN;
        regs[1] = ffa_target_make(ECHO, (uint16_t)cpu);
        regs[2] = regs[3] = regs[4] = regs[5] = regs[6] = regs[7] = 0;
        smc_call(regs);
    }
    irq_take();
}

static void still_hung(unsigned int cpu)
{
    uint64_t regs[REGS] = {FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(TEST_VM, ECHO)};

    smc_call(regs);
    hang.hung += is_error(regs, FFA_BUSY) ? 1 : 0;
    irq_enable(TIMER_PPI);
    timer_arm(300);
    regs[0] = FFA_RUN;
    regs[1] = ffa_target_make(ECHO, (uint16_t)cpu);
    regs[2] = 0;
    smc_call(regs);
    hang.hung += is_left(regs, FFA_INTERRUPT, ECHO, (uint16_t)cpu) ? 1 : 0;
    irq_take();
}

static void test_hang(void)
{
    uint64_t regs[REGS];

    cpu_start(3, hang_cpu);
    cpu_join(3);
    check(hang.hung == 5, "what never answers can be interrupted each time");
    ask(regs, ECHO, COMMAND_ECHO, 0, 0, 0, 0);
    check(is_response(regs, ECHO), "and keeps nobody else from the partition");
    cpu_start(3, still_hung);
    cpu_join(3);
    check(hang.hung == 7, "a context outlives that its CPU goes off");
}

void test_interrupts(void)
{
    irq_enable(TIMER_PPI);
    test_normal_interrupt();
    test_not_taken();
    test_queued();
    test_sysregs();
    test_secure_interrupt();
    test_secure_interrupt_at_sel1();
    test_secure_interrupt_waits();
    test_hang();
}
