/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the trap and Parley. Unless the table is for a bench, what Parley wrote is searched for
 * physical addresses: a guest must never see one. Guests' own addresses cannot be taken for one,
 * since no VM's RAM lies at an IPA that is also a physical RAM address (table_check.c).
 */
#include "ffa.h"
#include "machine.h"
#include "registers.h"
#include "scheduler.h"
#include "vm.h"
#include "work.h"

static bool is_physical(uint64_t value)
{
    return value >= RAM_BASE && value < RAM_END;
}

static void check_registers(struct vcpu *vcpu, const struct parley_regs *before)
{
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        if (vcpu->x[i] != before->x[i] && is_physical(vcpu->x[i])) {
            vm_expectation_broken(vcpu->vm, "0x%lx leaks the physical address 0x%lx in x%u",
                                  before->x[0], vcpu->x[i], i);
        }
    }
}

/* A message's addresses are 8-byte aligned in every structure that FF-A has. */
static void check_page(struct vm *vm, uint64_t ipa)
{
    const volatile uint64_t *words;
    uint64_t pa;

    if (!stage2_translate(&vm->stage2, ipa, &pa)) {
        vm_expectation_broken(vm, "RX page at IPA 0x%lx is no RAM", ipa);
        return;
    }
    words = (const volatile uint64_t *)(uintptr_t)pa;
    for (size_t i = 0; i < PAGE_BYTES / sizeof(uint64_t); i++) {
        uint64_t word = words[i];

        if (is_physical(word)) {
            vm_expectation_broken(vm, "physical address 0x%lx in RX at byte %lu", word, i * 8);
        }
    }
}

/* Where the VM's RX buffer is, learnt from the calls that succeed. */
static void track_rx(struct vm *vm, const struct parley_regs *before, const struct vcpu *vcpu)
{
    bool success = (uint32_t)vcpu->x[0] == FFA_SUCCESS_32;

    if (success && (uint32_t)before->x[0] == FFA_RXTX_MAP_64) {
        vm->rx_ipa = before->x[2];
        vm->rx_pages = bits(before->x[3], 0, 6);
    } else if (success && (uint32_t)before->x[0] == FFA_RXTX_MAP_32) {
        vm->rx_ipa = (uint32_t)before->x[2];
        vm->rx_pages = bits(before->x[3], 0, 6);
    }
}

static enum parley_rx_state rx_state(const struct vm *vm)
{
    struct parley_vm_status status;

    parley_vm_status(vm->parley, &status);
    return status.rx;
}

/* --- Calls ------------------------------------------------------------------------------------ */

static enum parley_outcome call_and_check(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;
    struct parley_regs before = vcpu->call;
    enum parley_rx_state rx_before = rx_state(vm);
    enum parley_outcome outcome = parley_call(vm->parley, vcpu->index, &vcpu->call);

    check_registers(vcpu, &before);
    track_rx(vm, &before, vcpu);
    if (rx_before != PARLEY_RX_FULL && rx_state(vm) == PARLEY_RX_FULL) {
        for (uint64_t page = 0; page < vm->rx_pages; page++) {
            check_page(vm, vm->rx_ipa + page * PAGE_BYTES);
        }
    }
    return outcome;
}

/* Only such a call can leave a request in the Secure world, or end one that was left. */
static bool may_be_bound(const struct vcpu *vcpu)
{
    uint32_t answer = (uint32_t)vcpu->x[0];

    return answer == FFA_INTERRUPT || answer == FFA_YIELD || vcpu->only_cpu != VCPU_ANY_CPU;
}

struct vcpu *ffa_call(struct vcpu *vcpu)
{
    enum parley_outcome outcome = table.bench
                                      ? parley_call(vcpu->vm->parley, vcpu->index, &vcpu->call)
                                      : call_and_check(vcpu);

    if (may_be_bound(vcpu)) {
        work_after_call(vcpu);
    }
    switch (outcome) {
    case PARLEY_BLOCK:
        vcpu->is_blocked = true;
        return scheduler_wait(vcpu);
    case PARLEY_YIELD:
        return scheduler_yield(vcpu);
    case PARLEY_RETURN:
    case PARLEY_NOT_FFA:
        break;
    }
    return vcpu;
}

bool ffa_resume(struct vcpu *vcpu)
{
    struct parley_regs before;
    enum parley_outcome outcome;

    if (!vcpu->is_blocked) {
        return true;
    }
    before = vcpu->call;
    outcome = vgic_is_interrupted(vcpu)
                  ? parley_vcpu_interrupt(vcpu->vm->parley, vcpu->index, &vcpu->call)
                  : parley_continue(vcpu->vm->parley, vcpu->index, &vcpu->call);
    if (outcome == PARLEY_BLOCK) {
        return false;
    }
    check_registers(vcpu, &before);
    vcpu->is_blocked = false;
    return true;
}
