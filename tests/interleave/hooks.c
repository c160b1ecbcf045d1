/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the hypervisor of the tests provides to the mediator. Each hook is one step, and orders
 * nothing. None may name a VM that is gone.
 */
#include "frames.h"
#include "spmc.h"

static struct world_vm *vm_of(void *context)
{
    struct world_vm *of = context;

    EXPECT(!of->is_gone, "a hook is called for VM %u, which is gone", of->id);
    return of;
}

static struct world_vcpu *vcpu_of(void *context, unsigned int vcpu)
{
    struct world_vm *of = vm_of(context);

    EXPECT(vcpu < WORLD_VCPUS, "a hook is called for vCPU %u of VM %u", vcpu, of->id);
    return &of->vcpu[vcpu];
}

/* --- The Secure world, and addresses -------------------------------------- */

void parley_port_smc(struct parley_regs *regs)
{
    EXPECT(world.spmc.is_there, "an SMC is made, and there is no Secure world");
    explore_touch(&world.spmc);
    spmc_call(regs);
}

parley_pa parley_port_pa(const void *address)
{
    return (parley_pa){(uintptr_t)address};
}

bool parley_port_vm_is_aarch64(void *context)
{
    explore_pause();
    return vm_of(context)->is_aarch64;
}

/* --- Pages ---------------------------------------------------------------- */

static unsigned int page_of(parley_ipa ipa)
{
    return (unsigned int)((ipa.value - WORLD_IPA_OF_PAGES) / FFA_PAGE_SIZE);
}

enum parley_port_status parley_port_page_map(void *context, parley_ipa ipa, void **page)
{
    unsigned int n = page_of(ipa);

    if (n >= WORLD_PAGES) {
        return PARLEY_PORT_NOT_MEMORY;
    }
    explore_touch(&world.page[n]);
    (void)vm_of(context);
    if (n == WORLD_PAGE_REFUSED) {
        return PARLEY_PORT_NO_MEMORY;
    }
    if (world.grants.is_there && !frame_becomes_buffer(vm_of(context), &world.page[n])) {
        return PARLEY_PORT_NOT_MEMORY;
    }
    world.page[n].pins++;
    EXPECT(world.page[n].pins == 1, "page %u is mapped twice", n);
    *page = world.pages[n];
    return PARLEY_PORT_OK;
}

/* Whoever gets the page next may write to it at once, so that an access of Parley's that is not
 * ordered before this is a race. */
void parley_port_page_unmap(void *context, parley_ipa ipa, void *page)
{
    unsigned int n = page_of(ipa);

    explore_touch(&world.page[n]);
    (void)vm_of(context);
    EXPECT(n < WORLD_PAGES && page == world.pages[n], "page %u was mapped elsewhere", n);
    EXPECT(world.page[n].pins == 1, "page %u is unmapped and was not mapped", n);
    explore_will_write(page, FFA_PAGE_SIZE);
    world.page[n].pins--;
}

void world_page_accessed(void *page, bool writes)
{
    unsigned int n = (unsigned int)(((uintptr_t)page - (uintptr_t)world.pages) / FFA_PAGE_SIZE);

    EXPECT(n >= WORLD_PAGES || world.page[n].pins != 0, "page %u is %s, and is not mapped", n,
           writes ? "written" : "read");
    /* The guest may write at any moment: it does so as late as it can. */
    if (n < WORLD_PAGES && !writes) {
        frames_fill_tx(page);
    }
    /* What the SPMC writes into its buffers is no access that the race check sees. */
    if (n >= WORLD_PAGES && !writes) {
        explore_touch(&world.spmc);
        EXPECT(page != world.spmc.vm_rx || world.spmc.vm_rx_is_full,
               "the shadow is read, and there is no message in it");
    }
}

/* --- vCPUs ---------------------------------------------------------------- */

void parley_port_vcpu_wake(void *context, unsigned int vcpu)
{
    explore_port_set(&vcpu_of(context, vcpu)->signals, WORLD_WAKE);
}

bool parley_port_vcpu_is_online(void *context, unsigned int vcpu)
{
    return explore_port_load(&vcpu_of(context, vcpu)->online) != 0;
}

void parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid)
{
    EXPECT(intid == WORLD_NPI_INTID, "interrupt %u is injected", intid);
    explore_port_set(&vcpu_of(context, vcpu)->signals, WORLD_NPI);
}

unsigned int parley_port_cpu(void)
{
    return world.cpu_of[explore_thread()];
}

void parley_port_cpu_kick(unsigned int cpu)
{
    EXPECT(cpu < WORLD_CPUS, "CPU %u is kicked", cpu);
    explore_port_set(&world.kicks, 1ull << cpu);
}

/* --- The operator --------------------------------------------------------- */

unsigned int parley_port_console(void *context, const char *text, unsigned int count)
{
    (void)vm_of(context);
    (void)text;
    return count;
}

/* A statistic decides which refusals are told, and it orders nothing: to hear of one is no step. */
void parley_port_event(const struct parley_event *event)
{
    if (event->kind != PARLEY_EVENT_CALL_REFUSED) {
        explore_pause();
        world.events[event->kind]++;
    }
}
