/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest program has under its feet. A program is written once against this header and
 * <parley/ffa.h>, and runs unchanged as an EL1 program under the reference hypervisor and as
 * threads under ports/posix. Nothing here knows of Parley's own API.
 */
#ifndef GUEST_H
#define GUEST_H

#include <parley/ffa.h>

/* --- Provided by the platform: guests/el1, or ports/posix ------------------------------------- */

struct guest_regs {
    uint64_t x[FFA_REGS_MAX]; /* an AArch32 guest has r0 to r7 only; the rest is as it left it */
};

/* One SMC or HVC (the VM's own conduit), with x0 to x17 in and out exactly as they are in regs. */
void ffa_call(struct guest_regs *regs);

/* Other ways to make a call than the VM's own. */
enum guest_conduit {
    GUEST_OTHER_CONDUIT, /* HVC if ffa_call() is SMC, and the other way round */
    GUEST_SMC_IMMEDIATE, /* with an immediate that is not 0: nobody's call */
    GUEST_HVC_IMMEDIATE,
};

/* As ffa_call(); false, with nothing done, on a platform that has no such instructions. */
bool guest_call_other(struct guest_regs *regs, enum guest_conduit other);

/* Whether this program runs in AArch64. */
bool guest_is_aarch64(void);

/* How often this VM has been reset before: 0 in its first life. The only thing that survives. */
unsigned int guest_life(void);

/* Resets the VM (PSCI SYSTEM_RESET). Does not return; the program starts again on vCPU 0. */
_Noreturn void guest_reset(void);

/* Stops the VM (PSCI SYSTEM_OFF), or, on a vCPU other than 0, that vCPU. Does not return. */
_Noreturn void guest_off(void);

unsigned int guest_vcpus(void);
unsigned int guest_vcpu(void); /* which one runs this */

/* Starts another vCPU in entry(argument); returns false if it could not. It ends by returning. */
bool guest_vcpu_start(unsigned int vcpu, void (*entry)(void *argument), void *argument);

/* Waits until that vCPU has ended. What it wrote before is visible afterwards. */
void guest_vcpu_join(unsigned int vcpu);

/* Lets another vCPU or VM run; on the reference hypervisor it also moves this vCPU to another CPU.
 */
void guest_yield(void);

/* --- Interrupts and time: of the vCPU that asks, in this life --------------------------------- */

/*
 * The SGIs 0 to 15 and the timer. An interrupt that is enabled is taken as soon as it comes, also
 * while a call waits, and counted; that is all that its handler does. A program looks at the
 * counts. (Threads take theirs in calls, in guest_yield(), and when they look.)
 */
#define GUEST_INTERRUPTS      32u
#define GUEST_INTERRUPT_TIMER 27u

/* Enables it on this vCPU. Before the first one, the vCPU takes none. */
void guest_interrupt_enable(unsigned int intid);

/* How many this vCPU has taken. */
uint32_t guest_interrupt_count(unsigned int intid);

/*
 * Sleeps in WFI until this vCPU has taken so many; false if that lasts longer than any program
 * would wait for good reason (10 seconds).
 */
bool guest_interrupt_await(unsigned int intid, uint32_t count);

/* Sends an SGI to a vCPU of this VM. */
void guest_interrupt_send(unsigned int vcpu, unsigned int intid);

/*
 * GUEST_INTERRUPT_TIMER after so many microseconds, and again as long after that was taken, and so
 * on; 0 stops it.
 */
void guest_timer(uint32_t microseconds);

/* Microseconds since some moment in the past; it never goes back. */
uint64_t guest_clock(void);

/*
 * Gives every register a value of its own and watches them for so long, without a call; false if
 * one changed. Threads just wait.
 */
bool guest_hold_registers(uint32_t microseconds);

/* --- Memory and the console ------------------------------------------------------------------- */

/* `pages` zeroed pages of the VM's own RAM, aligned to FFA_PAGE_SIZE, for this life. */
void *guest_pages(unsigned int pages);

/* The address that the hypervisor knows a byte of guest_pages() by. */
uint64_t guest_ipa(const void *address);

/* A page that is no RAM of the VM's, right below its first page that is. */
uint64_t guest_ipa_below_ram(void);

/*
 * The IPA of `pages` pages of RAM that nobody else uses in this life, zeroed, behind those that
 * were taken before; and how many are left. For memory that may come to belong to others: a program
 * touches it only in the way below, and keeps no pointers to it.
 */
uint64_t guest_ram(unsigned int pages);
unsigned int guest_ram_left(void);

/*
 * 32 bits of RAM from guest_ram(), or of what was borrowed or received, by IPA. False if the access
 * is a fault; *fault is then the IPA at which it was.
 */
bool guest_load(uint64_t ipa, uint32_t *value, uint64_t *fault);
bool guest_store(uint64_t ipa, uint32_t value, uint64_t *fault);

/*
 * One line for the VM's console, without a newline: printf's %s %c %d %u %x and %%, with #, 0, a
 * width, l and ll.
 */
void guest_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Counts one expectation, held or broken, for the verdict at the end of the run. */
void guest_expect(bool held);

/* --- The program ------------------------------------------------------------------------------ */

/* Runs on vCPU 0 in each life. When it returns, the VM stops. */
void guest_main(void);

#endif
