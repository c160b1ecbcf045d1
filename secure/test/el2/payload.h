/* SPDX-License-Identifier: BSD-3-Clause */
/* A program at EL2 that asks the monitor for all that it promises. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <parley/ffa.h>

#define CPUS       4
#define REGS       18
#define SMC_INTACT 0 /* what smc_call() returns if x18 to x29 survived */

/* --- start.S --- */

struct entry_state {
    uint64_t x[4]; /* as the monitor set x0 to x3 */
};

extern const struct entry_state entry_state;

/* SMC #0 or SMC #1 with x0 to x17 in and out. */
uint64_t smc_call(uint64_t regs[REGS]);
uint64_t smc_call_immediate(uint64_t regs[REGS]);

/* Where CPU_ON lets the others start; its context is their number. */
void secondary_entry(void);

/* Runs code at EL1, from `pc` on with SPSR `spsr` and HCR_EL2 `hcr`, up to its HVC. */
struct el1_exit {
    uint64_t x0;
    uint64_t esr;
    uint64_t spsr;
};

void el1_run(uint64_t pc, uint64_t spsr, uint64_t hcr, struct el1_exit *result);

extern const char el1_code64[]; /* PSCI_VERSION by an SMC that EL2 does not trap, then HVC */
extern const char el1_code32[]; /* r0 = CPSR, then HVC */

/*
 * What the test's runner writes there: which version to expect (0: no SPMC), what to do, and
 * whether there is a refuser among the partitions.
 */
#define EXPECTED_VERSION (*(const volatile uint32_t *)0x40180000)
#define MODE             (*(const volatile uint32_t *)0x40180004)
#define HAS_REFUSER      (*(const volatile uint32_t *)0x40180008)

/* --- calls.c --- */

#define POISON(n) (0xdead0000beef0000ull + (n))

void poison(uint64_t regs[REGS]);

/* A call with x0 to x3 as given, and all others poisoned. */
void call(uint64_t regs[REGS], uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

/* An FF-A call, which reserves the arguments after x3; up to 1.1 they must be zero. */
void ffa(uint64_t regs[REGS], uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

uint64_t value_of(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3); /* x0 of call() */

/* The same with x0 to x7 given. */
void ffa_7(uint64_t regs[REGS], const uint64_t x[FFA_REGS_SMC32]);

/* A direct request of TEST_VM, with words 0 to 4 of commands.h. */
#define TEST_VM 5
void ask(uint64_t regs[REGS], uint16_t partition, uint64_t word0, uint64_t word1, uint64_t word2,
         uint64_t word3, uint64_t word4);
void run(uint64_t regs[REGS], uint16_t partition, uint16_t vcpu);

/* Whether the answer is FFA_INTERRUPT or the like for a context; or a response to TEST_VM. */
bool is_left(const uint64_t regs[REGS], uint32_t fid, uint16_t partition, uint16_t vcpu);
bool is_response(const uint64_t regs[REGS], uint16_t partition);

bool poisoned_from(const uint64_t regs[REGS], unsigned int first);
bool zero_between(const uint64_t regs[REGS], unsigned int first, unsigned int last);
bool is_error(const uint64_t regs[REGS], int32_t status);

/* --- main.c --- */

void payload_main(void);
void payload_secondary(unsigned int cpu);

/* Switches a CPU on to do one thing, after which it is off again. */
void cpu_start(unsigned int cpu, void (*what)(unsigned int cpu));
void cpu_join(unsigned int cpu);

/* An exception that no test asked for. */
_Noreturn void payload_exception(uint64_t esr, uint64_t elr, uint64_t far);

/* System registers, by name. */
#define read(name)                                        \
    ({                                                    \
        uint64_t value_;                                  \
        __asm__ volatile("mrs %0, " name : "=r"(value_)); \
        value_;                                           \
    })
#define write(name, value) \
    __asm__ volatile("msr " name ", %0\n\tisb" : : "r"((uint64_t)(value)) : "memory")

/* --- sysregs.c: between the two, on one CPU, the registers of EL1 and EL2 must stay --- */

void sysregs_begin(void);
void sysregs_end(const char *what);

/* --- messages.c, notifications.c, memory.c, interrupts.c --- */

void test_messages(void);
void test_notifications(void);
void test_memory(void);
void test_interrupts(void);

/* The buffers of the caller and of TEST_VM, TX then RX; from test_messages() on. */
extern uint8_t buffers[4 * FFA_PAGE_SIZE];
#define VM_TX (buffers + 2 * FFA_PAGE_SIZE)
#define VM_RX (buffers + 3 * FFA_PAGE_SIZE)

/* Interrupts of this CPU, at EL2: lets one in, waits until it has come, counts those that came. */
void irq_enable(unsigned int intid);
bool irq_pending(void);
void irq_take(void);
unsigned int irq_count(unsigned int intid);
void payload_irq(void); /* from start.S */

/* --- registers.S --- */

/*
 * Fills all registers, and lets time pass until the physical counter is there. Returns zero if
 * x0 to x30 and v0 to v31 are what they were, and more otherwise.
 */
uint64_t registers_hold(uint64_t until);

extern const char el1_hold64[]; /* the same at EL1, until TPIDR_EL1, then HVC with the result */
extern const char el1_hold32[]; /* the same in AArch32, for some milliseconds; r0 is then... */
#define EL1_HOLD32_SUM 0x4da

/* --- report.c --- */

void check(bool held, const char *what);
void report_value(const char *what, uint64_t value);
_Noreturn void report_end(void);

/* --- features.c --- */

/* Touches every register that EL3 could have kept from EL2; returns how many there were. */
unsigned int features_touch(void);

/* Sends this CPU an SGI of group 1 and takes it; returns whether it came. */
bool gic_try_sgi(unsigned int cpu);

#endif
