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

struct posix_vm {
    char name[32];
    bool aarch64;
    uint64_t ipa;
    unsigned int pages;
    uint8_t *view;               /* the guest's: its pages in the order of their IPAs */
    struct posix_ram_page *page; /* one for each */
    struct parley_vm *parley;
    parley_atomic64 vcpus_in_call[PARLEY_VCPUS_MAX / 64]; /* a bit for each vCPU */
};

void memory_power_on(void);
void memory_power_off(void);
bool memory_give_ram(struct posix_vm *vm, unsigned int pages);
void memory_take_ram(struct posix_vm *vm);

/* Calls `visit` with the guest's view of each pinned page of the VM, of which none goes meanwhile.
 */
typedef void memory_visitor(const struct posix_vm *vm, uint64_t ipa, const uint8_t *page);
void memory_visit_pinned(const struct posix_vm *vm, memory_visitor *visit);

bool memory_is_hypervisor_view(uint64_t value);

/* --- address.c: physical addresses ------------------------------------------------------------ */

void address_power_off(void);

/* Where the Secure world finds a physical address; NULL if it may not. */
void *address_secure_view(uint64_t pa, size_t bytes);

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
