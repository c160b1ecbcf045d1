/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the simulated hypervisor know of each other. */
#ifndef POSIX_INTERNAL_H
#define POSIX_INTERNAL_H

#include <pthread.h>

#include "posix.h"

/* --- memory.c: RAM and pins ------------------------------------------------------------------- */

#define MEMORY_FRAMES 2048u

struct posix_ram_page {
    enum posix_page kind;
    unsigned int frame;
};

/* console.c: what a VM has written with FFA_CONSOLE_LOG. Under the VM's lock. */
struct console {
    char *text;
    size_t bytes;
    size_t allowance; /* what it may write before it is told to try again */
};

/* vcpu.c: what the port knows of one vCPU. */
struct posix_vcpu {
    bool is_off; /* atomic: Parley asks while it holds a lock */

    /* Atomic, so that vCPUs do not wait for each other on their way into Parley. */
    bool is_in_call;
    bool is_blocked; /* its last call was PARLEY_BLOCK */

    /* Under the VM's lock. */
    bool is_woken;    /* and that was not looked at yet */
    uint32_t pending; /* virtual interrupts, a bit for each */
    uint32_t enabled;
    uint32_t injected[POSIX_INTERRUPTS]; /* by Parley */
    uint32_t taken[POSIX_INTERRUPTS];
    uint64_t timer_period; /* microseconds; 0: stopped */
    uint64_t timer_due;    /* 0: not before its last interrupt was taken */
};

struct posix_vm {
    char name[32];
    bool aarch64;
    uint64_t ipa;
    unsigned int pages;
    uint8_t *view;               /* the guest's: its pages in the order of their IPAs */
    struct posix_ram_page *page; /* one for each */
    struct parley_vm *parley;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* of a vCPU, or that it is to stop */
    struct posix_vcpu *vcpu;
    unsigned int vcpus;
    bool is_stopping; /* whoever waits leaves */
    struct console console;
};

void memory_power_on(void);
void memory_power_off(void);
bool memory_give_ram(struct posix_vm *vm, unsigned int pages);
void memory_take_ram(struct posix_vm *vm);

/*
 * Calls `visit` with the guest's view of each pinned page of the VM (NULL: of all), of which none
 * goes meanwhile.
 */
typedef void memory_visitor(const struct posix_vm *vm, uint64_t ipa, const uint8_t *page);
void memory_visit_pinned(const struct posix_vm *vm, memory_visitor *visit);

bool memory_is_hypervisor_view(uint64_t value);

/* --- address.c: physical addresses ------------------------------------------------------------ */

void address_power_off(void);

/* Where the Secure world finds a physical address; NULL if it may not. */
void *address_secure_view(uint64_t pa, size_t bytes);

/* --- vcpu.c, console.c: vCPUs, and what their VM writes ----------------------------------------
 */

void vcpus_prepare(struct posix_vm *vm, unsigned int count);
void vcpus_forget(struct posix_vm *vm);

/* As after power-on, but that those who are off stay off. */
void vcpus_reset(struct posix_vm *vm);

/* The vCPU is on its way into Parley, to make a call or to go on with one; and is back. */
void vcpu_enter(struct posix_vm *vm, unsigned int vcpu, bool goes_on);
void vcpu_leave(struct posix_vm *vm, unsigned int vcpu, enum parley_outcome outcome);

/* Complains of vCPUs that are in Parley while the life of their VM ends. */
void vcpus_check_stopped(const struct posix_vm *vm, const char *what);

void console_forget(struct posix_vm *vm);

/* --- cpu.c: physical CPUs --------------------------------------------------------------------- */

void cpus_power_on(void);

/* An SMC keeps its CPU: what others have to do there waits. */
void cpu_begin_smc(void);
void cpu_end_smc(void);

/* The SPMC pends its schedule receiver interrupt on the CPU that calls it. */
void cpu_raise_sri(void *host);

/* --- secure_world.c, log.c, trap.c ------------------------------------------------------------ */

void secure_world_power_on(const struct spmc_config *config);
void secure_world_power_off(void);
void log_power_on(void);

/* Events told by this thread since the count was last set to zero. */
extern _Thread_local unsigned int log_events_of_call;

/* Every hook starts with this: Parley may hold `locks` of its locks there, no more. */
void trap_check_hook(const char *hook, unsigned int locks);

/* Ends the process: what the port itself needs is not there. */
_Noreturn void posix_die(const char *why);

#endif
