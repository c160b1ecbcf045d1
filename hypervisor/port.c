/* SPDX-License-Identifier: BSD-3-Clause */
/* What Parley asks of its hypervisor. Memory is mapped at EL2 one to one, and VM RAM stays so. */
#include <parley/port.h>

#include "cpu.h"
#include "firmware.h"
#include "memory.h"
#include "scheduler.h"
#include "vm.h"
#include "vms.h"
#include "work.h"

void parley_port_smc(struct parley_regs *regs)
{
    smc(regs->x);
}

parley_pa parley_port_pa(const void *address)
{
    return (parley_pa){(uintptr_t)address};
}

bool parley_port_vm_is_aarch64(void *context)
{
    const struct vm *vm = context;

    return vm->who->aarch64;
}

enum parley_port_status parley_port_page_map(void *context, parley_ipa ipa, void **page)
{
    struct vm *vm = context;
    struct stage2_run run;

    if (!stage2_run(&vm->stage2, ipa.value, 1, STAGE2_OWN | STAGE2_REACHABLE | STAGE2_WRITABLE,
                    &run)) {
        return PARLEY_PORT_NOT_MEMORY;
    }
    if (!frame_pin(run.pa)) {
        return PARLEY_PORT_NO_MEMORY;
    }
    *page = (void *)(uintptr_t)run.pa;
    return PARLEY_PORT_OK;
}

void parley_port_page_unmap(void *context, parley_ipa ipa, void *page)
{
    (void)context;
    (void)ipa;
    frame_unpin((uintptr_t)page);
}

void parley_port_vcpu_wake(void *context, unsigned int vcpu)
{
    struct vm *vm = context;

    scheduler_wake(&vm->vcpus[vcpu]);
}

bool parley_port_vcpu_is_online(void *context, unsigned int vcpu)
{
    const struct vm *vm = context;

    return scheduler_vcpu_is_online(&vm->vcpus[vcpu]);
}

unsigned int parley_port_cpu(void)
{
    return cpu_self()->index;
}

void parley_port_cpu_kick(unsigned int cpu)
{
    work_add_on(cpu, WORK_CYCLES);
}

void parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid)
{
    struct vm *vm = context;

    vgic_raise(&vm->vcpus[vcpu], intid);
}

unsigned int parley_port_console(void *context, const char *text, unsigned int count)
{
    struct vm *vm = context;

    return console_log(&vm->log, vm->who->name, text, count);
}

/* Parley's text begins with "VM 1: "; the name says more. */
static const char *without_prefix(const char *text)
{
    const char *at = text;

    if (at[0] != 'V' || at[1] != 'M') {
        return text;
    }
    while (*at != '\0' && *at != ':') {
        at++;
    }
    return at[0] == ':' && at[1] == ' ' ? at + 2 : text;
}

/* The hypervisor creates and destroys the VMs, and says so itself. */
static bool is_told_by_us(enum parley_event_kind kind)
{
    return kind == PARLEY_EVENT_VM_CREATED || kind == PARLEY_EVENT_VM_DESTROYED;
}

/* What happens in every life of a VM. */
static bool is_routine(enum parley_event_kind kind)
{
    return kind == PARLEY_EVENT_VERSION_FINAL || kind == PARLEY_EVENT_VM_RESET ||
           kind == PARLEY_EVENT_CALL_REFUSED;
}

void parley_port_event(const struct parley_event *event)
{
    char text[PARLEY_EVENT_TEXT_BYTES];
    const struct vm *vm = vm_find(event->vm_id);

    if (table.bench || is_told_by_us(event->kind) ||
        (vm != NULL && is_routine(event->kind) && !vm_is_told(vm))) {
        return;
    }
    parley_event_text(event, text, sizeof(text));
    if (vm == NULL) {
        console_say("parley", "%s", text);
    } else {
        console_say("parley", "%s: %s", vm->who->name, without_prefix(text));
    }
}
