/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../guests/include/guest.h"
#include "guest_life.h"
#include "internal.h"

#define SMCCC_VERSION     0x80000000u
#define SMCCC_VERSION_1_2 0x00010002u
#define UNKNOWN_CALL      0xffffffffffffffffull
#define GARBAGE           0xbad1bad2ull

#define PATIENCE_US 10000000u /* of guest_interrupt_await() */
#define NAP_US      10000u    /* of it, between two looks at what else there is to do */

_Static_assert(POSIX_INTERRUPTS == GUEST_INTERRUPTS &&
                   POSIX_INTERRUPT_TIMER == GUEST_INTERRUPT_TIMER,
               "the port's interrupts are the guests'");

/* --- guest.h ---------------------------------------------------------------------------------- */

static void trap(struct posix_vm *vm, struct parley_regs *regs)
{
    uint32_t fid = (uint32_t)regs->x[0];
    enum parley_outcome outcome = posix_call(vm, guest_self()->index, regs);

    if (outcome == PARLEY_BLOCK) {
        outcome = posix_wait(vm, guest_self()->index, regs);
    }
    switch (outcome) {
    case PARLEY_RETURN:
    case PARLEY_PREEMPTED: /* never: posix_call() goes on */
    case PARLEY_BLOCK:     /* the VM stops, and at the next checkpoint this vCPU with it */
        break;
    case PARLEY_YIELD:
        sched_yield();
        break;
    case PARLEY_NOT_FFA:
        regs->x[0] = fid == SMCCC_VERSION ? SMCCC_VERSION_1_2 : UNKNOWN_CALL;
        break;
    }
    guest_note_bound(fid == FFA_RUN);
}

/*
 * An AArch32 guest has registers of 32 bits, of which its calls use r0 to r7. What the hypervisor
 * sees in the upper halves and in the others is what happens to be there.
 */
static void call_from_aarch32(struct posix_vm *vm, struct guest_regs *regs)
{
    struct parley_regs passed;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        passed.x[i] = GARBAGE << 32 | (i < FFA_REGS_SMC32 ? (uint32_t)regs->x[i] : GARBAGE + i);
    }
    trap(vm, &passed);
    for (unsigned int i = 0; i < FFA_REGS_SMC32; i++) {
        regs->x[i] = (uint32_t)passed.x[i];
    }
    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX; i++) {
        if (passed.x[i] != (GARBAGE << 32 | (GARBAGE + i))) {
            posix_violation("%s: a call in AArch32 changed x%u", posix_vm_name(vm), i);
        }
    }
}

/* As if they came between two instructions of the program's. */
static void take_interrupts(void)
{
    (void)posix_interrupts_taken(guest_self()->guest->result->vm, guest_self()->index, 0);
}

void ffa_call(struct guest_regs *regs)
{
    struct posix_vm *vm = guest_checkpoint()->result->vm;
    struct parley_regs passed;

    if (posix_vm_is_aarch64(vm)) {
        memcpy(&passed, regs, sizeof(passed));
        trap(vm, &passed);
        memcpy(regs, &passed, sizeof(passed));
    } else {
        call_from_aarch32(vm, regs);
    }
    guest_checkpoint();
    take_interrupts();
}

/* A thread has no instruction to trap by; posix_call() stands for both conduits. */
bool guest_call_other(struct guest_regs *regs, enum guest_conduit other)
{
    guest_checkpoint();
    (void)regs;
    (void)other;
    return false;
}

bool guest_is_aarch64(void)
{
    return posix_vm_is_aarch64(guest_checkpoint()->result->vm);
}

unsigned int guest_life(void)
{
    return guest_checkpoint()->result->lives;
}

void guest_yield(void)
{
    guest_checkpoint();
    take_interrupts();
    sched_yield();
    if (!guest_is_bound()) {
        posix_cpu_move((parley_port_cpu() + 1) % GUEST_CPUS);
    }
}

/* --- Interrupts and time ---------------------------------------------------------------------- */

void guest_interrupt_enable(unsigned int intid)
{
    posix_interrupt_enable(guest_checkpoint()->result->vm, guest_self()->index, intid);
}

uint32_t guest_interrupt_count(unsigned int intid)
{
    return posix_interrupts_taken(guest_checkpoint()->result->vm, guest_self()->index, intid);
}

bool guest_interrupt_await(unsigned int intid, uint32_t count)
{
    uint64_t end = posix_clock() + PATIENCE_US;
    bool taken = false;

    while (!taken && posix_clock() < end) {
        taken = posix_interrupt_await(guest_checkpoint()->result->vm, guest_self()->index, intid,
                                      count, NAP_US);
    }
    guest_checkpoint();
    return taken;
}

void guest_interrupt_send(unsigned int vcpu, unsigned int intid)
{
    posix_interrupt_send(guest_checkpoint()->result->vm, vcpu, intid);
}

void guest_timer(uint32_t microseconds)
{
    struct posix_vm *vm = guest_checkpoint()->result->vm;

    posix_interrupt_enable(vm, guest_self()->index, POSIX_INTERRUPT_TIMER);
    posix_timer_set(vm, guest_self()->index, microseconds);
}

uint64_t guest_clock(void)
{
    guest_checkpoint();
    return posix_clock();
}

/* A thread's registers are its own. */
bool guest_hold_registers(uint32_t microseconds)
{
    uint64_t end = posix_clock() + microseconds;

    while (posix_clock() < end) {
        guest_checkpoint();
        sched_yield();
    }
    return true;
}

/* --- Memory and the console ------------------------------------------------------------------- */

void *guest_pages(unsigned int pages)
{
    struct guest *guest = guest_checkpoint();
    struct posix_vm *vm = guest->result->vm;
    unsigned int first;

    pthread_mutex_lock(&guest->lock);
    first = guest->pages_taken;
    guest->pages_taken += pages;
    pthread_mutex_unlock(&guest->lock);
    if (first + pages > posix_vm_ram_pages(vm)) {
        posix_violation("%s: its program takes more pages than it has", posix_vm_name(vm));
        guest_stop(ENDING_OFF);
    }
    return posix_vm_at(vm, posix_vm_ram_ipa(vm) + (uint64_t)first * FFA_PAGE_SIZE);
}

uint64_t guest_ipa(const void *address)
{
    struct posix_vm *vm = guest_checkpoint()->result->vm;
    uint64_t ipa = posix_vm_ipa(vm, address);

    if (ipa == 0) {
        posix_violation("%s: its program asks for the IPA of what is not from guest_pages()",
                        posix_vm_name(vm));
    }
    return ipa;
}

uint64_t guest_ipa_below_ram(void)
{
    return posix_vm_ram_ipa(guest_checkpoint()->result->vm) - FFA_PAGE_SIZE;
}

/* Under the guest's lock. */
static void console_write(struct guest *guest, const char *line)
{
    size_t bytes = strlen(line) + 1; /* with a newline instead of the terminator */
    char *console = realloc(guest->result->console, guest->console_bytes + bytes + 1);

    if (console == NULL) {
        posix_die("no memory for a console");
    }
    memcpy(console + guest->console_bytes, line, bytes - 1);
    guest->console_bytes += bytes;
    console[guest->console_bytes - 1] = '\n';
    console[guest->console_bytes] = '\0';
    guest->result->console = console;
}

void guest_print(const char *format, ...)
{
    struct guest *guest = guest_checkpoint();
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&guest->lock);
    console_write(guest, line);
    pthread_mutex_unlock(&guest->lock);
    if (getenv("PARLEY_TRACE") != NULL) {
        fprintf(stderr, "%s: %s\n", posix_vm_name(guest->result->vm), line);
    }
}

void guest_expect(bool held)
{
    struct guest *guest = guest_checkpoint();

    pthread_mutex_lock(&guest->lock);
    if (held) {
        guest->result->held++;
    } else {
        guest->result->broken++;
    }
    pthread_mutex_unlock(&guest->lock);
}
