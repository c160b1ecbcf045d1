/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which VMs a partition has been told of (FF-A 1.2, 18.3): a message that does not fit what it
 * knows of a VM is an error, and so is every later one about that VM.
 *
 *                    VM_CREATED            VM_DESTROYED
 *   UNAVAILABLE      AVAILABLE             ERROR
 *   AVAILABLE        ERROR                 UNAVAILABLE
 *   ERROR            ERROR                 ERROR
 */
#include "agent.h"
#include "commands.h"

static struct agent_vm *find(struct agent *agent, uint16_t id)
{
    struct agent_vm *unused = NULL;

    for (unsigned int i = 0; i < AGENT_VMS_MAX; i++) {
        if (agent->vms[i].id == id) {
            return &agent->vms[i];
        }
        if (unused == NULL && agent->vms[i].state == COMMAND_VM_UNAVAILABLE) {
            unused = &agent->vms[i];
        }
    }
    if (unused != NULL) {
        unused->id = id;
    }
    return unused;
}

static bool stalls(struct agent *agent)
{
    const struct agent_settings *settings = agent->settings;

    if (settings == NULL || agent->stalled >= settings->stalls) {
        return false;
    }
    agent->stalled += settings->stalls == AGENT_FOR_EVER ? 0 : 1;
    return true;
}

static unsigned int count_vms(const struct agent *agent)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < AGENT_VMS_MAX; i++) {
        count += agent->vms[i].state == COMMAND_VM_AVAILABLE;
    }
    return count;
}

static bool refuses(const struct agent *agent, uint32_t type, uint16_t id)
{
    if (type == FFA_FRAMEWORK_VM_DESTROYED_REQ) {
        return agent_memory_keeps(agent) == COMMAND_KEEP_OPENLY;
    }
    return agent->settings != NULL &&
           (agent->settings->refused_vm == id ||
            (agent->settings->vms_max != 0 && count_vms(agent) >= agent->settings->vms_max));
}

static int32_t move(struct agent_vm *vm, uint32_t type)
{
    const bool created = type == FFA_FRAMEWORK_VM_CREATED_REQ;

    if (vm->state != (created ? COMMAND_VM_UNAVAILABLE : COMMAND_VM_AVAILABLE)) {
        vm->state = COMMAND_VM_ERROR;
        return FFA_INVALID_PARAMETERS;
    }
    vm->state = created ? COMMAND_VM_AVAILABLE : COMMAND_VM_UNAVAILABLE;
    return FFA_OK;
}

int32_t agent_vm_message(struct agent *agent, uint32_t type, uint64_t w5)
{
    const uint16_t id = (uint16_t)w5;
    struct agent_vm *vm;

    if (id == FFA_ID_HYPERVISOR || ffa_id_is_secure(id)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (stalls(agent)) {
        return agent->settings->stall_status;
    }
    if (refuses(agent, type, id)) {
        return FFA_DENIED;
    }
    vm = find(agent, id);
    return vm != NULL ? move(vm, type) : FFA_DENIED;
}

uint16_t agent_vm_state(const struct agent *agent, uint16_t id)
{
    for (unsigned int i = 0; i < AGENT_VMS_MAX; i++) {
        if (agent->vms[i].id == id) {
            return agent->vms[i].state;
        }
    }
    return COMMAND_VM_UNAVAILABLE;
}
