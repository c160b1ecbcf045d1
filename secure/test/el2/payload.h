/* SPDX-License-Identifier: BSD-3-Clause */
/* A program at EL2 that asks the monitor for all that it promises. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

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

/* --- main.c --- */

void payload_main(void);
void payload_secondary(unsigned int cpu);

/* An exception that no test asked for. */
_Noreturn void payload_exception(uint64_t esr, uint64_t elr, uint64_t far);

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
