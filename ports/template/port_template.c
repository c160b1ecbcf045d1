/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hooks of a port, to be copied and filled in. The full contracts are in <parley/port.h>. As it
 * stands, this one has no Secure world, no guest memory and nobody who listens: Parley then serves
 * FFA_VERSION, FFA_FEATURES, FFA_ID_GET and discovery by registers.
 *
 * No hook is called with a lock of Parley's held but parley_port_vm_is_aarch64(),
 * parley_port_vcpu_is_online() and parley_port_memory_run(), and none may call back into Parley.
 */
#include <parley/port.h>

/*
 * One SMC to EL3, x0 to x17 in and out. All 18 come back, whatever the call was, and whatever they
 * were before.
 */
void parley_port_smc(struct parley_regs *regs)
{
    /* TODO: load x0 to x17 from regs, smc #0, store x0 to x17 to regs. */
    regs->x[0] = ~(uint64_t)0; /* what EL3 says of a call that it does not know */
}

/* The physical address of a byte of what you gave to parley_init(). */
parley_pa parley_port_pa(const void *address)
{
    /* TODO: your virt_to_phys(). Right as it stands if the hypervisor is mapped one to one. */
    return (parley_pa){(uintptr_t)address};
}

/*
 * Whether this VM's EL1 is in AArch64. Called with a lock held: no waiting, no locks of yours that
 * are ever held around a call of Parley's.
 */
bool parley_port_vm_is_aarch64(void *context)
{
    /* TODO: from your struct for the VM, which `context` points to. */
    (void)context;
    return true;
}

/*
 * Looks up `ipa` in the VM's stage 2. Only RAM that the VM can read and write to is memory; no
 * device, no read-only page, nothing of another VM's. Takes a reference, so that the page stays.
 */
enum parley_port_status parley_port_page_map(void *context, parley_ipa ipa, void **page)
{
    /* TODO: translate, check the type, take a reference, map it for this hypervisor. */
    (void)context;
    (void)ipa;
    (void)page;
    return PARLEY_PORT_NOT_MEMORY;
}

/* The mapping goes, then the reference. */
void parley_port_page_unmap(void *context, parley_ipa ipa, void *page)
{
    /* TODO: undo one parley_port_page_map(). */
    (void)context;
    (void)ipa;
    (void)page;
}

/*
 * parley_call() has said PARLEY_BLOCK for this vCPU, or is about to, and now it may go on: remember
 * that, and schedule it. When it runs, and has gone to sleep before, call parley_continue().
 */
void parley_port_vcpu_wake(void *context, unsigned int vcpu)
{
    /* TODO: set a flag in your struct for the vCPU, and unblock it. */
    (void)context;
    (void)vcpu;
}

/* Whether the vCPU would take a message or an interrupt. Called with a lock held. */
bool parley_port_vcpu_is_online(void *context, unsigned int vcpu)
{
    /* TODO: false after PSCI CPU_OFF, or while the VM is paused. */
    (void)context;
    (void)vcpu;
    return true;
}

/* A small number for the CPU that this runs on. */
unsigned int parley_port_cpu(void)
{
    /* TODO: your smp_processor_id(). */
    return 0;
}

/* parley_cpu_work() has something to do there, outside of interrupt handlers. */
void parley_port_cpu_kick(unsigned int cpu)
{
    /* TODO: raise a softirq, or wake a worker, on that CPU. */
    (void)cpu;
}

/*
 * Pends a virtual SGI or PPI. If the vCPU is blocked, and takes it, call parley_vcpu_interrupt()
 * for it.
 */
void parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid)
{
    /* TODO: your virtual GIC's edge. */
    (void)context;
    (void)vcpu;
    (void)intid;
}

/* What a guest writes with FFA_CONSOLE_LOG. How much is taken bounds how fast it writes. */
unsigned int parley_port_console(void *context, const char *text, unsigned int count)
{
    /* TODO: append to the VM's console. */
    (void)context;
    (void)text;
    return count;
}

/* --- Memory: leave these as they are as long as parley_config.transactions_max is 0 ------------
 */

/*
 * Looks up `ipa` in the VM's stage 2, as parley_port_page_map() does, and takes a reference to each
 * page, as far as they are neighbours in physical memory, too.
 */
enum parley_port_status parley_port_memory_pin(void *context, parley_ipa ipa, uint32_t pages,
                                               bool writable, struct parley_run *run)
{
    /* TODO: translate, check type and owner, take references. */
    (void)context;
    (void)ipa;
    (void)pages;
    (void)writable;
    (void)run;
    return PARLEY_PORT_NOT_MEMORY;
}

void parley_port_memory_unpin(void *context, parley_ipa ipa, uint32_t pages)
{
    /* TODO: drop the references. */
    (void)context;
    (void)ipa;
    (void)pages;
}

/* Called with a lock held: look it up, no more. */
struct parley_run parley_port_memory_run(void *context, parley_ipa ipa, uint32_t pages)
{
    /* TODO: translate, also what is revoked. */
    (void)context;
    (void)pages;
    return (struct parley_run){{ipa.value}, 1};
}

/* Out of the VM's stage 2, and its IOMMU's, but not forgotten: it comes back. */
enum parley_port_status parley_port_memory_revoke(void *context, parley_ipa ipa, uint32_t pages)
{
    /* TODO: make the entries invalid, keep the address in them; invalidate TLBs, and wait. */
    (void)context;
    (void)ipa;
    (void)pages;
    return PARLEY_PORT_NO_MEMORY;
}

void parley_port_memory_restore(void *context, parley_ipa ipa, uint32_t pages)
{
    /* TODO: make the entries valid again. */
    (void)context;
    (void)ipa;
    (void)pages;
}

void parley_port_memory_zero(void *context, parley_ipa ipa, uint32_t pages)
{
    /* TODO: clear each page, and clean it to the point of coherency. */
    (void)context;
    (void)ipa;
    (void)pages;
}

enum parley_port_status parley_port_memory_map(void *borrower, parley_ipa ipa, void *owner,
                                               parley_ipa owner_ipa, uint32_t pages,
                                               enum parley_access access)
{
    /* TODO: translate in the owner, take references, enter them into the borrower's stage 2. */
    (void)borrower;
    (void)ipa;
    (void)owner;
    (void)owner_ipa;
    (void)pages;
    (void)access;
    return PARLEY_PORT_NO_MEMORY;
}

void parley_port_memory_unmap(void *borrower, parley_ipa ipa, uint32_t pages)
{
    /* TODO: clear the entries, invalidate TLBs, and wait; then drop the references. */
    (void)borrower;
    (void)ipa;
    (void)pages;
}

/* Never called while parley_config.can_donate is false. */
void parley_port_memory_adopt(void *receiver, parley_ipa ipa, uint32_t pages)
{
    /* TODO: count the pages to the receiver, which gets what rights an owner has. */
    (void)receiver;
    (void)ipa;
    (void)pages;
}

void parley_port_memory_forget(void *giver, parley_ipa ipa, uint32_t pages)
{
    /* TODO: count them to the giver no more: its references and its entries go. */
    (void)giver;
    (void)ipa;
    (void)pages;
}

/* Only a reboot, or parley_quarantine_retry(), makes these pages usable again. */
void parley_port_memory_lost(void *context, parley_ipa ipa, uint32_t pages)
{
    /* TODO: write it to the log, for the operator. */
    (void)context;
    (void)ipa;
    (void)pages;
}

/* Asked every 512 pages or less: how long a call may take is decided here. */
bool parley_port_preempt(void)
{
    /* TODO: whether an interrupt pends, or your scheduler wants this CPU. */
    return false;
}

/* --- The operator ----------------------------------------------------------------------------- */

/* One line for the log, if you like: parley_event_text() writes it. */
void parley_port_event(const struct parley_event *event)
{
    /* TODO: your printk(), at the level that you find right for event->kind. */
    (void)event;
}
