/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a guest came to EL2. Each handler gets the vCPU that trapped and returns the one that this
 * CPU goes on with. What the hypervisor has no answer for stops the VM, and the others go on.
 */
#include "abort.h"
#include "cpu.h"
#include "debug_registers.h"
#include "firmware.h"
#include "id_registers.h"
#include "inject.h"
#include "interrupts.h"
#include "registers.h"
#include "scheduler.h"
#include "smccc.h"
#include "vgic_access.h"
#include "vm.h"
#include "work.h"

#define TIMES_SPARED_MAX 32u
#define FAULTS_TOLD      3u /* of each VM; the rest is only counted */

struct vcpu *trap_synchronous(struct vcpu *vcpu);
struct vcpu *trap_interrupt(struct vcpu *vcpu);
struct vcpu *trap_unexpected(struct vcpu *vcpu);
_Noreturn void trap_in_hypervisor(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far);

static const char *class_name(unsigned int class)
{
    switch (class) {
    case EC_FP:
        return "used FP/SIMD registers, which VMs do not have here";
    case EC_SVE:
        return "used SVE, which VMs do not have here";
    case EC_SME:
        return "used SME, which VMs do not have here";
    case EC_PAUTH:
        return "used pointer authentication, which VMs do not have here";
    case EC_CP15:
    case EC_CP15_PAIR:
    case EC_SYSTEM:
        return "used a system register that VMs do not have here";
    case EC_ILLEGAL_STATE:
        return "went into an illegal execution state";
    case EC_INSTRUCTION_ABORT:
        return "went to an address that it does not have";
    case EC_DATA_ABORT:
        return "touched an address that it does not have";
    default:
        return "did something that the hypervisor does not know";
    }
}

static bool is_abort(uint64_t esr)
{
    return esr_class(esr) == EC_DATA_ABORT || esr_class(esr) == EC_INSTRUCTION_ABORT;
}

static void describe(struct vcpu *vcpu, uint64_t esr, const char *consequence)
{
    const char *name = vcpu->vm->who->name;

    console_flush(&vcpu->line, name);
    pl011_flush(vcpu->vm);
    console_say("hyp", "%s %s, and %s", name, class_name(esr_class(esr)), consequence);
    console_say("hyp", "  vCPU %u: ESR 0x%lx, ELR 0x%lx, PSTATE 0x%lx", vcpu->index, esr, vcpu->pc,
                vcpu->pstate);
    if (is_abort(esr)) {
        console_say("hyp", "  IPA 0x%lx, FAR 0x%lx; its own: ELR_EL1 0x%lx, ESR_EL1 0x%lx",
                    abort_ipa(), register_read(far_el2), register_read(elr_el1),
                    register_read(esr_el1));
    }
}

static struct vcpu *stop(struct vcpu *vcpu, uint64_t esr)
{
    if (vm_is_told(vcpu->vm)) {
        describe(vcpu, esr, "is stopped");
    }
    if (!vm_request_stop(vcpu->vm, VM_END_FAULT)) {
        vm_expectation_broken(vcpu->vm, "a vCPU faulted while another one ended this life");
    }
    return scheduler_leave(vcpu);
}

/* Memory that a VM has lent, or nobody lends it now, is part of what it does; nobody else is told.
 */
static bool is_worth_telling(struct vcpu *vcpu, uint64_t esr)
{
    if (is_abort(esr) && abort_is_of_memory(vcpu, esr)) {
        return false;
    }
    return parley_counter_increment(&vcpu->vm->tally.faults) <= FAULTS_TOLD;
}

static struct vcpu *fault(struct vcpu *vcpu, uint64_t esr)
{
    if (!vcpu->vm->place->takes_faults) {
        return stop(vcpu, esr);
    }
    if (is_worth_telling(vcpu, esr)) {
        describe(vcpu, esr, "is told so");
    }
    if (is_abort(esr)) {
        inject_abort(vcpu, esr);
    } else {
        inject_undefined(vcpu);
    }
    return vcpu;
}

/*
 * A conditional AArch32 instruction may be trapped although its condition fails; it does nothing
 * then. ESR_EL2 has the condition of those that can.
 */
static bool condition_passed(const struct vcpu *vcpu, uint64_t esr)
{
    uint64_t flags = bits(vcpu->pstate, 28, 4); /* NZCV */
    uint64_t condition = bits(esr, 20, 4);
    bool n = (flags & 8) != 0;
    bool z = (flags & 4) != 0;
    bool c = (flags & 2) != 0;
    bool v = (flags & 1) != 0;
    bool holds[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};

    if (!bits(esr, 24, 1)) {
        return true;
    }
    return holds[condition >> 1] != ((condition & 1) != 0 && condition != 15);
}

static struct vcpu *wait(struct vcpu *vcpu, uint64_t esr)
{
    bool for_event = (esr & 1) != 0;

    vcpu_skip_instruction(vcpu, esr);
    if (!condition_passed(vcpu, esr)) {
        return vcpu;
    }
    return for_event ? scheduler_yield(vcpu) : scheduler_wait(vcpu);
}

static struct vcpu *smc32(struct vcpu *vcpu, uint64_t esr)
{
    bool executed = bits(esr, 19, 1) == 0 || condition_passed(vcpu, esr);

    vcpu_skip_instruction(vcpu, esr);
    return executed ? smccc_call(vcpu, 0) : vcpu;
}

/* Instructions of AArch32 that need not be executed: of those the syndrome has the condition. */
static bool is_conditional(const struct vcpu *vcpu, uint64_t esr)
{
    switch (esr_class(esr)) {
    case EC_CP15:
    case EC_CP15_PAIR:
    case EC_CP14:
    case EC_CP14_MEMORY:
    case EC_CP14_PAIR:
    case EC_FP:
    case EC_FP_ID:
        return (vcpu->pstate & PSTATE_AARCH32) != 0;
    default:
        return false;
    }
}

/* Whether a trapped access to a system register is one that the hypervisor serves. */
static bool serve_register(struct vcpu *vcpu, uint64_t esr)
{
    switch (esr_class(esr)) {
    case EC_CP15:
        return id_register_access(vcpu, esr) || vgic_write32(vcpu, esr);
    case EC_CP15_PAIR:
        return vgic_write32_pair(vcpu, esr);
    case EC_SYSTEM:
        return id_register_access(vcpu, esr) || vgic_write(vcpu, esr) ||
               debug_register_access(vcpu, esr);
    default:
        return false;
    }
}

static struct vcpu *other(struct vcpu *vcpu, uint64_t esr)
{
    if (is_conditional(vcpu, esr) && !condition_passed(vcpu, esr)) {
        vcpu_skip_instruction(vcpu, esr);
        return vcpu;
    }
    return serve_register(vcpu, esr) ? vcpu : fault(vcpu, esr);
}

/* The architecture has HVC return behind itself, but SMC, which is trapped, to itself. */
struct vcpu *trap_synchronous(struct vcpu *vcpu)
{
    uint64_t esr = register_read(esr_el2);

    switch (esr_class(esr)) {
    case EC_SMC64:
        vcpu->pc += 4;
        return smccc_call(vcpu, (uint16_t)esr);
    case EC_HVC64:
    case EC_HVC32:
        return smccc_call(vcpu, (uint16_t)esr);
    case EC_SMC32:
        return smc32(vcpu, esr);
    case EC_WFX:
        return wait(vcpu, esr);
    case EC_DATA_ABORT:
    case EC_INSTRUCTION_ABORT:
        return abort_take(vcpu, esr) ? vcpu : fault(vcpu, esr);
    default:
        return other(vcpu, esr);
    }
}

static bool is_in_exception_mode(const struct vcpu *vcpu)
{
    switch (vcpu->pstate & PSTATE_MODE) {
    case PSTATE_A32_FIQ:
    case PSTATE_A32_IRQ:
    case PSTATE_A32_ABT:
    case PSTATE_A32_UND:
        return true;
    default:
        return false;
    }
}

/*
 * The SPSR of the AArch32 mode that a guest is in cannot be read at EL2 under QEMU, which keeps it
 * elsewhere: a guest that is preempted at the first instruction of its interrupt handler would lose
 * it to the next one's. Such a moment is short, but on a busy machine one interrupt after the other
 * may come before the guest gets anywhere. A guest that makes it longer is not spared for ever.
 */
static bool is_to_be_spared(struct vcpu *vcpu)
{
    bool spared = is_in_exception_mode(vcpu) && vcpu->times_spared < TIMES_SPARED_MAX;

    vcpu->times_spared = spared ? vcpu->times_spared + 1 : 0;
    return spared;
}

struct vcpu *trap_interrupt(struct vcpu *vcpu)
{
    interrupts_take();
    work_run();
    vgic_sync(vcpu);
    /* A kick may say that the VM ends. */
    if (!scheduler_vm_runs(vcpu->vm) || (scheduler_slice_is_over() && !is_to_be_spared(vcpu))) {
        return scheduler_yield(vcpu);
    }
    return vcpu;
}

/* FIQ and SError: this machine has no source of them that could be a guest's. */
struct vcpu *trap_unexpected(struct vcpu *vcpu)
{
    panic("%s: FIQ or SError, ESR 0x%lx, ELR 0x%lx", vcpu->vm->who->name, register_read(esr_el2),
          vcpu->pc);
}

void trap_in_hypervisor(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far)
{
    /* No semihosting: whatever there was to say has been said. */
    if (elr == (uintptr_t)semihosting) {
        firmware_power_off();
    }
    panic("CPU %u faulted at EL2: vector %lu, ESR 0x%lx, ELR 0x%lx, FAR 0x%lx", cpu_self()->index,
          vector, esr, elr, far);
}
