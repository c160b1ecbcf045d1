/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated hypervisor in one process: VMs with memory and vCPU threads, a Secure world, and the
 * hooks of <parley/port.h>. Tests, benches and tools stand on it.
 *
 *     posix_start(&posix_spmc_1_2);                     power on, with this Secure world
 *     void *memory = posix_memory_take(bytes);          for parley_init()
 *     struct posix_vm *vm = posix_vm_new("a", 0x80000000, 16, true);
 *     posix_vm_create(vm, parley, &config);             parley_vm_create() for it
 *     posix_call(vm, vcpu, &regs);                      what its SMC trap does
 *     ...
 *     posix_stop();
 *
 * One machine per process. It watches Parley while it serves it: whatever breaks port.h, and every
 * address that gets where it must not be seen, is a violation, which is printed and counted.
 *
 * Addresses. A page of a VM has three that differ: the IPA that the guest knows, a pointer into the
 * guest's view (posix_vm_at()), and one into the hypervisor's view, which can be touched only while
 * the page is pinned. Its physical address is a fourth one that is in nobody's view: pages that are
 * neighbours for the guest are not in physical memory, unless it asked for blocks.
 */
#ifndef POSIX_H
#define POSIX_H

#include <parley/parley.h>
#include <parley/port.h>

struct spmc_config; /* secure/spmc/spmc.h */

/* --- The machine ------------------------------------------------------------------------------ */

/*
 * Secure worlds to choose from, each with the partitions of secure/partitions. A copy with
 * `hostile` set (secure/spmc/hostile.h) makes one that lies.
 */
extern const struct spmc_config posix_spmc_1_2;
extern const struct spmc_config posix_spmc_1_1;
extern const struct spmc_config posix_spmc_1_0;

/* Powers the machine on. NULL: no Secure world, every SMC is answered with -1. */
void posix_start(const struct spmc_config *secure);

/*
 * Powers it off. Whatever Parley still holds is a violation: pins, buffers and bitmaps at the SPMC,
 * partitions that it left in the middle of something.
 */
void posix_stop(void);

/*
 * Memory for parley_init(): page aligned, physically contiguous, full of garbage. posix_stop()
 * takes it back; until then an SPMC that was given a page of it can reach it.
 */
void *posix_memory_take(size_t bytes);

/* How often something broke a rule since posix_start(), and how to add to it (as printf). */
unsigned int posix_violations(void);
void posix_violation(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A test that provokes violations on purpose sets them back to zero. */
void posix_violations_forgive(void);

/* --- VMs -------------------------------------------------------------------------------------- */

struct posix_vm;

/* Gives a VM its RAM: `pages` at `ipa` on. NULL if the machine has no RAM left. */
struct posix_vm *posix_vm_new(const char *name, uint64_t ipa, unsigned int pages, bool aarch64);

/* The same with RAM that is contiguous in physical memory in blocks of so many pages, aligned. */
struct posix_vm *posix_vm_new_in_blocks(const char *name, uint64_t ipa, unsigned int pages,
                                        bool aarch64, unsigned int block);

/* Takes the RAM back, but for what others borrow. The VM's end in Parley must be gone. */
void posix_vm_free(struct posix_vm *vm);

const char *posix_vm_name(const struct posix_vm *vm);
bool posix_vm_is_aarch64(const struct posix_vm *vm);
uint64_t posix_vm_ram_ipa(const struct posix_vm *vm);
unsigned int posix_vm_ram_pages(const struct posix_vm *vm);

/* The VM in Parley; NULL before posix_vm_create() and after posix_vm_destroy(). */
struct parley_vm *posix_vm_parley(const struct posix_vm *vm);

/* parley_vm_create(), with config->context set to this VM, gone on with until it is done. */
enum parley_progress posix_vm_create(struct posix_vm *vm, struct parley *parley,
                                     const struct parley_vm_config *config);

/* Its first step alone; and the rest of whatever said PARLEY_AGAIN, on the CPU that it needs. */
enum parley_progress posix_vm_create_begin(struct posix_vm *vm, struct parley *parley,
                                           const struct parley_vm_config *config);
enum parley_progress posix_vm_go_on(struct posix_vm *vm, enum parley_progress progress);

/* parley_vm_reset() or _destroy(), gone on with until it is done. No page may stay pinned. */
void posix_vm_reset(struct posix_vm *vm);
void posix_vm_destroy(struct posix_vm *vm);

/* After a test has called parley_vm_destroy() itself, until it was done. */
void posix_vm_forget(struct posix_vm *vm);

/* Another kernel starts, in another width. Between two lives, or before the first call. */
void posix_vm_set_aarch64(struct posix_vm *vm, bool aarch64);

/*
 * The trap: an SMC or HVC of a guest. Beside parley_call(), it checks that no lock stays held, that
 * at most two events were told, that the vCPU is in one call only, that a call that is not answered
 * left its registers alone, and that neither the registers that were written nor the VM's pinned
 * pages show an address of somebody else's.
 */
enum parley_outcome posix_call(struct posix_vm *vm, unsigned int vcpu, struct parley_regs *regs);

/* The same checks around parley_continue() and parley_vcpu_interrupt(). */
enum parley_outcome posix_continue(struct posix_vm *vm, unsigned int vcpu,
                                   struct parley_regs *regs);
enum parley_outcome posix_interrupt(struct posix_vm *vm, unsigned int vcpu,
                                    struct parley_regs *regs);

/*
 * Looks through the pinned pages after each nth call of a thread only; posix_start() says 1. It
 * takes a lock over all VMs, which keeps threads from meeting inside Parley.
 */
void posix_check_pages_every(unsigned int calls);

/*
 * The guest's view of a byte of its RAM, or of its window, and back. NULL and 0 for anything else.
 * Where it has no access, its view has none either.
 */
void *posix_vm_at(const struct posix_vm *vm, uint64_t ipa);
uint64_t posix_vm_ipa(const struct posix_vm *vm, const void *address);

/* All of its RAM, as a guest finds it after power-on and after a reset. */
void posix_vm_clear_ram(struct posix_vm *vm);

/* What is at an IPA, as far as Parley can use it. */
enum posix_page {
    POSIX_PAGE_RAM,
    POSIX_PAGE_READ_ONLY, /* RAM that the guest may read and run, not write to */
    POSIX_PAGE_HOLE,      /* nothing, but in the view; pins of what was there stay good */
};

void posix_vm_set_page(struct posix_vm *vm, uint64_t ipa, enum posix_page page);

/* Pages pinned now: of one VM, and of all. */
unsigned int posix_vm_pins(const struct posix_vm *vm);
unsigned int posix_pins(void);

/* --- Memory that VMs grant to others ---------------------------------------------------------- */

/* What stage 2 gives a guest at a page. Pages with the same frame are the same memory; 0 is none.
 */
struct posix_stage2 {
    enum parley_access access;
    unsigned int frame;
};

void posix_vm_stage2(const struct posix_vm *vm, uint64_t ipa, unsigned int pages,
                     struct posix_stage2 *stage2);

/* Pages of a VM, counted. */
struct posix_holdings {
    unsigned int own; /* what was given away is not among them, what was received is */
    unsigned int granted;
    unsigned int revoked;
    unsigned int borrowed;
    unsigned int lost;
};

struct posix_holdings posix_vm_holdings(const struct posix_vm *vm);

/*
 * Does what a guest does with its memory, which may be a fault: false then, and *fault_ipa is the
 * address. `act` has no destructors: it is left where it stands.
 */
bool posix_try(const struct posix_vm *vm, void (*act)(void *argument), void *argument,
               uint64_t *fault_ipa);

/* One byte; false if that is a fault. */
bool posix_vm_read(const struct posix_vm *vm, uint64_t ipa, uint8_t *value);
bool posix_vm_write(const struct posix_vm *vm, uint64_t ipa, uint8_t value);

/* What parley_port_preempt() says from now on; posix_start() says never. */
enum posix_preemption {
    POSIX_PREEMPT_NEVER,
    POSIX_PREEMPT_ALWAYS,
    POSIX_PREEMPT_AT_RANDOM,
};

void posix_preempt(enum posix_preemption when);

/*
 * What other vCPUs do between two pieces of a call that is preempted: `act` is called each time,
 * and may make calls of other vCPUs. For a test with one thread. NULL: nothing.
 */
void posix_between_pieces(void (*act)(void *context), void *context);

/* How often a call was preempted since posix_start(). */
unsigned int posix_preempted(void);

/* --- vCPUs ------------------------------------------------------------------------------------ */

/* Whether Parley takes it for online, as each is at first; Parley is told of a change. */
bool posix_vcpu_is_online(struct posix_vm *vm, unsigned int vcpu);
void posix_vcpu_set_online(struct posix_vm *vm, unsigned int vcpu, bool online);

/* Whether Parley has woken it since this was asked last. */
bool posix_vcpu_take_wake(struct posix_vm *vm, unsigned int vcpu);

/*
 * Sleeps, as the thread of a vCPU whose call is PARLEY_BLOCK, until it is over: woken, or by an
 * interrupt that the vCPU takes. PARLEY_BLOCK: the VM is being stopped.
 */
enum parley_outcome posix_wait(struct posix_vm *vm, unsigned int vcpu, struct parley_regs *regs);

/* Makes whoever sleeps in it leave, as must be before the VM's end; and lets them sleep again. */
void posix_vm_stop(struct posix_vm *vm);
void posix_vm_go(struct posix_vm *vm);

/* Virtual interrupts: SGIs, PPIs and the virtual timer. */
#define POSIX_INTERRUPTS      32u
#define POSIX_INTERRUPT_TIMER 27u

/* How often Parley has injected it. */
unsigned int posix_vcpu_injected(struct posix_vm *vm, unsigned int vcpu, unsigned int intid);

/* What the guest and its devices do. None is taken before it is enabled; edges come together. */
void posix_interrupt_enable(struct posix_vm *vm, unsigned int vcpu, unsigned int intid);
void posix_interrupt_send(struct posix_vm *vm, unsigned int vcpu, unsigned int intid);

/* Takes what pends; how often it took this one. */
uint32_t posix_interrupts_taken(struct posix_vm *vm, unsigned int vcpu, unsigned int intid);

/* Sleeps until it has been taken so often; false if that lasts longer. */
bool posix_interrupt_await(struct posix_vm *vm, unsigned int vcpu, unsigned int intid,
                           uint32_t count, uint64_t microseconds);

/* The timer's interrupt comes then, and as long after each time that it was taken. 0: stops it. */
void posix_timer_set(struct posix_vm *vm, unsigned int vcpu, uint64_t microseconds);

/* Microseconds since some moment in the past. */
uint64_t posix_clock(void);

/* What a VM has written with FFA_CONSOLE_LOG, and how much more of it is taken. */
const char *posix_console(const struct posix_vm *vm);
void posix_console_allow(struct posix_vm *vm, size_t characters);

/* --- CPUs ------------------------------------------------------------------------------------- */

#define POSIX_CPUS 8u

/* The thread goes on there: 0 at first. It may be where others are; they make one SMC at a time. */
void posix_cpu_move(unsigned int cpu);

/* The SPMC's schedule receiver interrupt comes on a CPU; how often Parley has kicked one. */
void posix_sri(unsigned int cpu);
unsigned int posix_cpu_kicks(unsigned int cpu);

/*
 * Does, as that CPU, what its interrupts ask for: parley_schedule_receivers() if the SRI came, then
 * parley_cpu_work(), each until it is done, but not for ever. How many steps that took.
 */
unsigned int posix_cpu_work(struct parley *parley, unsigned int cpu);
bool posix_cpu_has_work(unsigned int cpu);

/* A thread for each CPU that does so whenever there is something to do. */
void posix_cpus_start(struct parley *parley);
void posix_cpus_stop(void);

/* --- What a test can make go wrong ------------------------------------------------------------ */

/* The nth parley_port_page_map() from now, 1 the next, answers this. 0: none does. */
void posix_fail_page_map(unsigned int nth, enum parley_port_status status);

/* How often parley_port_page_map() was called. */
unsigned int posix_page_maps(void);

/* The nth call from now of a parley_port_memory_ hook that can, answers NO_MEMORY. 0: none does. */
void posix_fail_memory(unsigned int nth);

/* How often these were called. */
unsigned int posix_memory_calls(void);

/*
 * What another CPU does at a bad moment: `act` is called once, when Parley is about to drop the
 * next reference to a VM, which it still holds then. For a test with one thread. NULL: nothing.
 */
void posix_meanwhile(void (*act)(void *context), void *context);

/* Who serves SMCs from now on, instead of the Secure world; NULL for the Secure world again. */
typedef void posix_smc_handler(void *context, struct parley_regs *regs);
void posix_smc_replace(posix_smc_handler *handler, void *context);

/* The Secure world itself, for a handler that passes some calls on. */
void posix_smc_secure_world(struct parley_regs *regs);

/* --- What happened ---------------------------------------------------------------------------- */

#define POSIX_SMC_LOG   1024u /* SMCs kept, the oldest */
#define POSIX_EVENT_LOG 256u  /* events kept, the newest */

struct posix_smc {
    struct parley_regs call;
    struct parley_regs answer;
};

/* Whether the SPMC has a buffer pair of Parley's. */
bool posix_spmc_has_buffers(void);

/* Whether it has buffers, or a bitmap for notifications, under this ID. No call is under way. */
bool posix_spmc_has_buffers_of(uint16_t vm_id);
bool posix_spmc_has_bitmap_of(uint16_t vm_id);

/* The buffers themselves, as the Secure world sees them. Must be there. */
struct posix_buffers {
    uint8_t *rx;
    const uint8_t *tx;
    size_t bytes; /* of each */
};
struct posix_buffers posix_spmc_buffers_of(uint16_t vm_id);

/* Its view of physical memory: Parley's, and what VMs have granted. NULL if it may not use it. */
void *posix_secure_view(uint64_t pa, size_t bytes);

/* How many contexts of its partitions are in the middle of something. */
unsigned int posix_spmc_busy_contexts(void);

/* The Secure world reboots and forgets them: for a test in which it is right that it has them. */
void posix_spmc_reboot(void);

/* SMCs since posix_start(), or since the log was cleared. NULL for one that is not kept. */
unsigned int posix_smc_count(void);
const struct posix_smc *posix_smc_at(unsigned int index);
void posix_smc_clear(void);

/* Events since then, of one kind or all, and the newest that are kept (0 the newest of them). */
unsigned int posix_event_count(enum parley_event_kind kind);
unsigned int posix_event_total(void);
bool posix_event_newest(unsigned int back, struct parley_event *event);

/* The newest event of a kind; false if there was none. */
bool posix_event_last(enum parley_event_kind kind, struct parley_event *event);
void posix_events_clear(void);

/* Whether the value holds an address that no guest may see; `what` then says which. */
bool posix_is_secret(uint64_t value, const char **what);

#endif
