/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a hypervisor provides. Each hook is an ordinary function, bound when the hypervisor is
 * linked: one that is missing is a link error, and every call graph is complete. Types, atomics and
 * locks come from env.h.
 *
 * Parley calls every hook without holding a lock, unless it says otherwise below. No hook may call
 * back into Parley, but for the functions that only write text (parley_event_text(),
 * parley_fid_name()). `context` is the pointer that the embedder gave for the VM in
 * struct parley_vm_config.
 */
#ifndef PARLEY_PORT_H
#define PARLEY_PORT_H

#include <parley/env.h>
#include <parley/parley.h>

/* Addresses of different kinds do not mix. */
typedef struct {
    uint64_t value;
} parley_ipa; /* a guest's own, "intermediate physical" */

typedef struct {
    uint64_t value;
} parley_pa; /* physical, as the Secure world knows it */

/*
 * Makes an SMC to the Secure world with regs x0 to x17, and returns what it answered in the same.
 * All 18 are written: the Secure world may clobber any of them (FF-A 1.2, 11.1.2). Parley's own
 * context is the caller's; interrupts may be taken during the SMC.
 * It may be called with one lock held, which orders what is registered and bound at the SPMC, and
 * with no other: whoever waits for that lock waits for one SMC.
 */
void parley_port_smc(struct parley_regs *regs);

/* The physical address of a byte in the memory that parley_init() was given. */
parley_pa parley_port_pa(const void *address);

/*
 * Whether the VM's EL1 runs in AArch64. Asked once in each life of the VM, at its first FF-A call
 * after FFA_VERSION, with the VM's negotiation lock held: answer from memory, at once.
 */
bool parley_port_vm_is_aarch64(void *context);

enum parley_port_status {
    PARLEY_PORT_OK,
    PARLEY_PORT_NOT_MEMORY, /* no ordinary RAM of this VM's, readable and writable by it, is there
                             */
    PARLEY_PORT_NO_MEMORY,  /* the hypervisor cannot map or pin any more */
};

/*
 * Maps one page of a guest (FFA_PAGE_SIZE bytes at a multiple of it) into the hypervisor, readable
 * and writable, Normal write-back, and pins it: until parley_port_page_unmap() it stays the same
 * memory, whatever the guest or its owner does (balloon, migrate, destroy), and the mapping stays
 * valid on every CPU. *page is written only on PARLEY_PORT_OK.
 *
 * The guest may write to the page at any moment. Parley treats it so.
 */
enum parley_port_status parley_port_page_map(void *context, parley_ipa ipa, void **page);

/* Undoes one parley_port_page_map(). Cannot fail. When it returns, Parley does not touch the page.
 */
void parley_port_page_unmap(void *context, parley_ipa ipa, void *page);

/*
 * A vCPU that blocked (PARLEY_BLOCK, perhaps not returned yet) may go on: parley_continue() is to
 * be called for it, soon, on any CPU that parley_vcpu_cpu() allows. Called with a reference held on
 * the VM, so the VM does not end before this returns; not to block, and not to call back. It may
 * come for a vCPU that does not wait, and is then kept for the next time that it does.
 */
void parley_port_vcpu_wake(void *context, unsigned int vcpu);

/*
 * Whether the vCPU is on and its VM not paused: whether a message or an interrupt would be taken at
 * all. May be asked with the VM's notification lock held: answer from memory, at once.
 */
bool parley_port_vcpu_is_online(void *context, unsigned int vcpu);

/*
 * The CPU that this runs on, as a small number that stays the same, below parley_config.cpus_max:
 * Secure Partitions cannot be asked for anything on other CPUs.
 */
unsigned int parley_port_cpu(void);

/* Makes that CPU call parley_cpu_work() soon. */
void parley_port_cpu_kick(unsigned int cpu);

/*
 * Injects a virtual interrupt, edge-triggered, into one vCPU: parley_config.npi_intid. A vCPU that
 * is blocked has then an interrupt to take: see parley_vcpu_interrupt(). Not to block.
 */
void parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid);

/*
 * Writes text to the VM's own console: printable ASCII, newlines and tabs. Returns how many of the
 * `count` characters it took; fewer than all if the VM writes more than its share, and tries again.
 */
unsigned int parley_port_console(void *context, const char *text, unsigned int count);

/* --- Memory --------------------------------------------------------------- */

/*
 * What one VM grants to others, if parley_config.transactions_max is not 0.
 *
 * Ranges are whole pages of 4 KiB, and at most PARLEY_PIECE_PAGES of them in one call, so each hook
 * is one bounded step. Pages are counted: a pin is one reference, a mapping in a borrower another,
 * and the port gives a page to nobody else before all are gone, whoever of the VMs still exists.
 * When a life of a VM has ended (PARLEY_DONE of its reset or end), what it had been given is the
 * port's again, and a next life has all of the VM's own memory, whatever the last one gave away.
 */
#define PARLEY_PIECE_PAGES 512u

enum parley_access {
    PARLEY_ACCESS_NONE,
    PARLEY_ACCESS_RO,
    PARLEY_ACCESS_RW,
    PARLEY_ACCESS_RX,
    PARLEY_ACCESS_RWX,
};

/* Pages that are contiguous in a guest and in physical memory. */
struct parley_run {
    parley_pa pa;
    uint32_t pages;
};

/*
 * Pins pages of a VM: ordinary RAM that it owns (not borrowed, no device), from `ipa` on, at least
 * one and at most `pages`, as far as they are physically contiguous and the port can in one step.
 * `writable`: the VM must be able to write to them. *run says which.
 *
 * PARLEY_PORT_NOT_MEMORY: the first page is none such; PARLEY_PORT_NO_MEMORY: it cannot be pinned
 * now. Nothing has changed then.
 */
enum parley_port_status parley_port_memory_pin(void *context, parley_ipa ipa, uint32_t pages,
                                               bool writable, struct parley_run *run);

/* Undoes pins, of pages that may be taken away from the VM no more. Cannot fail. */
void parley_port_memory_unpin(void *context, parley_ipa ipa, uint32_t pages);

/*
 * Where pinned pages are: the run that begins at `ipa`, of at most `pages`. May be called with the
 * lock of Parley's own TX buffer held: answer from memory, at once.
 */
struct parley_run parley_port_memory_run(void *context, parley_ipa ipa, uint32_t pages);

/*
 * Takes pinned pages out of the VM's reach: when it returns PARLEY_PORT_OK, no CPU and no device of
 * the VM's can use them any more, and what was written is visible to all (translations invalidated,
 * and complete, on every CPU). An access of the guest's is a fault, reported to the guest.
 * PARLEY_PORT_NO_MEMORY: nothing has changed.
 */
enum parley_port_status parley_port_memory_revoke(void *context, parley_ipa ipa, uint32_t pages);

/* Gives pinned pages back to the VM as they were before parley_port_memory_revoke(). Cannot fail.
 */
void parley_port_memory_restore(void *context, parley_ipa ipa, uint32_t pages);

/* Writes zeroes to pages that are pinned in, or mapped into, this VM, out to the point of
 * coherency.
 */
void parley_port_memory_zero(void *context, parley_ipa ipa, uint32_t pages);

/*
 * Maps pages that are pinned in the owner, into the borrower at `ipa`, where nothing is: Normal
 * write-back, inner shareable, and with exactly this access. Each page gets a reference of its own.
 * PARLEY_PORT_NO_MEMORY: nothing has changed. PARLEY_PORT_NOT_MEMORY: the place is not free.
 */
enum parley_port_status parley_port_memory_map(void *borrower, parley_ipa ipa, void *owner,
                                               parley_ipa owner_ipa, uint32_t pages,
                                               enum parley_access access);

/* Undoes parley_port_memory_map(), as completely as parley_port_memory_revoke(). Cannot fail. */
void parley_port_memory_unmap(void *borrower, parley_ipa ipa, uint32_t pages);

/*
 * A gift, only if parley_config.can_donate; the two halves, perhaps far apart, adopt first unless
 * the giver ends in between.
 * adopt: pages that are mapped into the receiver are its own from now on, as if it had always had
 * them there, with the access that they are mapped with. forget: pages that are pinned and revoked
 * in the giver are no more its own: the pins, and its place for them, are gone. Cannot fail.
 */
void parley_port_memory_adopt(void *receiver, parley_ipa ipa, uint32_t pages);
void parley_port_memory_forget(void *giver, parley_ipa ipa, uint32_t pages);

/*
 * The VM ends, and the Secure world does not let go of these pages: they stay pinned, and are never
 * to be used again, unless parley_quarantine_retry() frees them.
 */
void parley_port_memory_lost(void *context, parley_ipa ipa, uint32_t pages);

/* Whether something more urgent waits for this CPU than the call that Parley is serving. */
bool parley_port_preempt(void);

/* --- The operator --------------------------------------------------------- */

/*
 * Tells the operator. The event is valid during the call only. To be quick and never to block: it
 * may come from any CPU in any call of Parley's; one guest call causes at most two events.
 */
void parley_port_event(const struct parley_event *event);

#endif
