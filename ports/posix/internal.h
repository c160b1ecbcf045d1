/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the simulated hypervisor know of each other. */
#ifndef POSIX_INTERNAL_H
#define POSIX_INTERNAL_H

#include <pthread.h>

#include "posix.h"

/* --- memory.c: frames of RAM, and what VMs see of them ---------------------------------------- */

#define MEMORY_FRAMES     8192u
#define MEMORY_NO_FRAME   MEMORY_FRAMES
#define MEMORY_WINDOW_MAX 0x100000u /* pages */

/* What a VM has at one page of its addresses. Under the lock of the memory. */
struct posix_place {
    unsigned int frame;        /* MEMORY_NO_FRAME: nothing */
    enum parley_access access; /* of a guest, unless it is a hole or revoked */
    bool is_own;               /* not borrowed */
    bool is_hole;              /* a test has taken it away: POSIX_PAGE_HOLE */
    bool is_revoked;
    bool is_lost;        /* to the Secure world */
    unsigned int grants; /* pins by parley_port_memory_pin() */
};

struct posix_region {
    uint64_t ipa;
    unsigned int pages;
    uint8_t *view; /* the guest's: its pages in the order of their IPAs */
    struct posix_place *place;
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
    struct posix_region ram;
    struct posix_region window; /* where it borrows; no pages before it was created in Parley */
    struct parley_vm *parley;
    struct posix_vm *next_gone; /* of those that are gone, but for pages that are lost */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* of a vCPU, or that it is to stop */
    struct posix_vcpu *vcpu;
    unsigned int vcpus;
    bool is_stopping; /* whoever waits leaves */
    struct console console;
};

struct memory_state {
    pthread_mutex_t lock;
    int object;
    uint8_t *view; /* the hypervisor's */
    uint8_t *secure_view;
    /* Of a frame: its owner's, one for each mapping and each pin. It is free if there is none. */
    unsigned int references[MEMORY_FRAMES];
    unsigned int partitions_own; /* frames that VMs gave away to partitions, before a reset */
    unsigned int next_frame;
    unsigned int next_block;
    struct posix_vm *gone;
};

extern struct memory_state memory_state;

void memory_power_on(void);
void memory_power_off(void);
bool memory_give_ram(struct posix_vm *vm, uint64_t ipa, unsigned int pages, unsigned int block);
void memory_open_window(struct posix_vm *vm, uint64_t ipa, uint64_t pages);
void memory_take_ram(struct posix_vm *vm);

/* What it was given by others is gone with it. */
void memory_drop_received(struct posix_vm *vm);

/*
 * After the end of a life: drops it, too, and gives the VM other pages for those of its own that
 * somebody still borrows, or has for good. All of them are zeroed.
 */
void memory_renew(struct posix_vm *vm);

/* Keeps the VM and its RAM until power-off. */
void memory_keep_gone(struct posix_vm *vm);

/* The place at an IPA; NULL if the VM has none there. What follows is under the lock. */
struct posix_place *memory_place(const struct posix_vm *vm, uint64_t ipa);
enum parley_access memory_access(const struct posix_place *place);

/* Has the guest see what its places say. They are all there. */
void memory_show(struct posix_vm *vm, uint64_t ipa, unsigned int pages);

/* Nothing is there any more; all of its references to its frame go. */
void memory_place_clear(struct posix_place *place);

uint8_t *memory_frame_view(unsigned int frame);
void memory_frame_write(unsigned int frame, uint8_t byte);
void memory_frame_put(unsigned int frame); /* a reference */

bool memory_is_hypervisor_view(uint64_t value);

/* --- pins.c: pages that Parley has mapped for itself ------------------------------------------ */

void pins_power_on(void);
void pins_power_off(void);

/* Under the lock of the memory. */
bool pins_has(const struct posix_vm *vm, uint64_t ipa);

/*
 * Calls `visit` with the hypervisor's view of each pinned page of the VM (NULL: of all), of which
 * none goes meanwhile.
 */
typedef void memory_visitor(const struct posix_vm *vm, uint64_t ipa, const uint8_t *page);
void memory_visit_pinned(const struct posix_vm *vm, memory_visitor *visit);

/* --- grants.c: memory that VMs grant to others ------------------------------------------------ */

void grants_power_on(void);

/* Complains of what Parley still has of a VM whose life in it is over. */
void grants_check_gone(const struct posix_vm *vm, const char *what);

/* The Secure world's view of frames; NULL if one of them was not granted by anybody. */
void *grants_secure_view(unsigned int frame, unsigned int frames);

/* --- fault.c: what a guest's access to nothing ends as ---------------------------------------- */

void fault_power_on(void);

/* --- address.c: physical addresses ------------------------------------------------------------ */

void address_power_off(void);

parley_pa address_of_frame(unsigned int frame);

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
