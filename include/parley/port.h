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

/* The CPU that this runs on, as a small number that stays the same. */
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

/*
 * Tells the operator. The event is valid during the call only. To be quick and never to block: it
 * may come from any CPU in any call of Parley's; one guest call causes at most two events.
 */
void parley_port_event(const struct parley_event *event);

#endif
