/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of the monitor: who does what, in the order in which a CPU meets them. */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include <parley/ffa.h>

#include "../spmc/spmc.h"
#include "platform.h"

/* --- start.S --- */

/*
 * Leaves EL3 for EL2, Non-secure, AArch64, MMU and caches off, all interrupts masked: at `entry`
 * with `x0`, every other general register zero. The CPU's EL3 stack is empty then.
 */
_Noreturn void enter_normal_world(uint64_t entry, uint64_t x0);

/* Lets the other CPUs out of the reset code. Once, when everything they read is in memory. */
void release_other_cpus(void);

/* --- main.c: where start.S goes on, on its own stack --- */

_Noreturn void monitor_first_cpu(void);
_Noreturn void monitor_other_cpu(unsigned int cpu);

/* Sleeps until CPU_ON, and enters EL2 as it says. */
_Noreturn void monitor_park(unsigned int cpu);

/* --- mmu.c --- */

void mmu_init(void);   /* builds the tables; before any CPU's mmu_enable() */
void mmu_enable(void); /* on this CPU */

/* --- tree.c --- */

void tree_init(void);                           /* once, before the Normal world runs */
bool tree_has_ram(uint64_t pa, uint64_t bytes); /* whether all of it is Non-secure RAM */

/* --- el3.c --- */

enum world {
    WORLD_NORMAL,
    WORLD_SECURE,
    WORLDS,
};

void el3_setup(void);              /* on this CPU: what EL2 may do without trapping to EL3 */
void el3_choose(enum world world); /* which one the levels below EL3 are in */

/* --- gic.c --- */

unsigned int gic_init(void);         /* once; returns how many CPUs there are */
void gic_cpu_init(unsigned int cpu); /* on this CPU */
void gic_cpu_quiet(void);            /* nothing but gic_wake() wakes this CPU any more */
void gic_cpu_ready(void);            /* takes that back, as far as it concerns the Secure world */
void gic_wake(unsigned int cpu); /* ends the other's gic_sleep(); what was written before shows */
void gic_sleep(void);            /* until gic_wake(); each ends one sleep, also a later one */

enum gic_pending {
    GIC_PENDING_NONE,
    GIC_PENDING_SECURE,
    GIC_PENDING_NORMAL,
};

enum gic_pending gic_pending(void);        /* what wants to be taken first, on this CPU */
void gic_raise_sri(unsigned int this_cpu); /* for EL2 */
void gic_secure_timer(unsigned int this_cpu, bool enable);

/* --- smc.c: called from vectors.S --- */

/* The caller's registers, as vectors.S lays them on the stack. */
struct smc_frame {
    uint64_t x[FFA_REGS_MAX];
    uint64_t x18, x29, x30; /* what C may change beside these */
    uint64_t unused;
};

void smc_handle(struct smc_frame *frame, uint64_t esr, uint64_t spsr);
void fiq_handle(void); /* an interrupt that is not the Normal world's */

/* --- psci.c --- */

#define SMCCC_UNKNOWN (-1)

/* Serves a PSCI call and returns what becomes of x0; SMCCC_UNKNOWN if there is no such call. */
int64_t psci_call(unsigned int cpu, uint32_t fid, const uint64_t args[3]);
bool psci_has(uint32_t fid);

void psci_init(unsigned int cpu_count); /* all are off, but CPU 0 */

/* On a CPU that was woken: it is on now; where, and with what in x0. */
void psci_arrive(unsigned int cpu, uint64_t *entry, uint64_t *x0);

/* --- secure_world.c --- */

void secure_world_init(void);

/* One FF-A call. Returns false, with nothing changed, if this monitor has no SPMC. */
bool secure_world_call(uint64_t regs[FFA_REGS_MAX]);

void secure_world_interrupt(void); /* the Secure timer's, while the Normal world runs */

/* --- sel1.c: the partition at S-EL1 --- */

void sel1_init(void); /* loads it */

enum spmc_exit sel1_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX]);

/* --- console.c, panic.c --- */

void console_put(uintptr_t uart, const char *text);
void console_put_hex(uintptr_t uart, uint64_t value);
void console_put_unsigned(uintptr_t uart, unsigned int value);

/* Ends the run with an exit status. */
_Noreturn void monitor_exit(uint64_t status);

/* The end of what must not happen, told on both UARTs. From vectors.S too. */
_Noreturn void panic_exception(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far,
                               uint64_t lr);

unsigned int cpu_index(void); /* of this CPU */

#endif
