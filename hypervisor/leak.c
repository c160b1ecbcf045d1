/* SPDX-License-Identifier: BSD-3-Clause */
#include "leak.h"
#include "machine.h"
#include "registers.h"
#include "vm.h"

static bool is_physical(uint64_t value)
{
    return (value >= RAM_BASE && value < RAM_END) ||
           (value >= HIGH_RAM_BASE && value < HIGH_RAM_END);
}

/* --- Registers -------------------------------------------------------------------------------- */

/* Whether the result is the handle of a memory transaction: any number. */
static bool has_handle(const struct parley_regs *before)
{
    switch ((uint32_t)before->x[0]) {
    case FFA_MEM_SHARE_32:
    case FFA_MEM_SHARE_64:
    case FFA_MEM_LEND_32:
    case FFA_MEM_LEND_64:
    case FFA_MEM_DONATE_32:
    case FFA_MEM_DONATE_64:
    case FFA_MEM_FRAG_TX:
        return true;
    default:
        return false;
    }
}

/* Whether the result has words that are no addresses: messages, bitmaps of notifications, handles.
 */
static bool is_from_others(const struct vcpu *vcpu, const struct parley_regs *before)
{
    switch ((uint32_t)vcpu->x[0]) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
    case FFA_MSG_SEND_DIRECT_REQ_64:
    case FFA_MSG_SEND_DIRECT_REQ2:
    case FFA_MSG_SEND_DIRECT_RESP_32:
    case FFA_MSG_SEND_DIRECT_RESP_64:
    case FFA_MSG_SEND_DIRECT_RESP2:
        return true;
    default:
        return (uint32_t)before->x[0] == FFA_NOTIFICATION_GET || has_handle(before);
    }
}

static void check_registers(struct vcpu *vcpu, const struct parley_regs *before)
{
    unsigned int end = is_from_others(vcpu, before) ? 2 : FFA_REGS_MAX;

    for (unsigned int i = 0; i < end; i++) {
        if (vcpu->x[i] != before->x[i] && is_physical(vcpu->x[i])) {
            vm_expectation_broken(vcpu->vm, "0x%lx leaks the physical address 0x%lx in x%u",
                                  before->x[0], vcpu->x[i], i);
        }
    }
}

/* --- The RX buffer ---------------------------------------------------------------------------- */

/* Bytes of the buffer that another guest has written: from the first up to the second. */
struct foreign {
    uint64_t start;
    uint64_t end;
};

static bool rx_is_full(const struct vm *vm)
{
    struct parley_vm_status status;

    parley_vm_status(vm->parley, &status);
    return status.rx == PARLEY_RX_FULL;
}

static const volatile void *rx_page(struct vm *vm, uint64_t page)
{
    uint64_t pa;

    if (!stage2_translate(&vm->stage2, vm->rx_ipa + page * PAGE_BYTES, &pa)) {
        return NULL;
    }
    return (const volatile void *)(uintptr_t)pa;
}

/*
 * Addresses are 8-byte aligned in every structure that FF-A has. A sibling of the vCPU may give the
 * buffer back meanwhile, and then it is the guest that writes there.
 */
static void check_rx_page(struct vm *vm, uint64_t page, struct foreign foreign)
{
    const volatile uint64_t *words = rx_page(vm, page);

    for (uint64_t i = 0; i < PAGE_BYTES / sizeof(uint64_t); i++) {
        uint64_t at = page * PAGE_BYTES + i * sizeof(uint64_t);
        bool is_foreign = at + sizeof(uint64_t) > foreign.start && at < foreign.end;
        uint64_t word = words[i];

        if (is_physical(word) && !is_foreign && rx_is_full(vm) && words[i] == word) {
            vm_expectation_broken(vm, "physical address 0x%lx in RX at byte %lu", word, at);
        }
    }
}

static void check_rx(struct vm *vm, struct foreign foreign)
{
    for (uint64_t page = 0; page < vm->rx_pages; page++) {
        if (rx_page(vm, page) == NULL) {
            vm_expectation_broken(vm, "page %lu of RX is no RAM", page);
            return;
        }
        check_rx_page(vm, page, foreign);
    }
}

static void check_message(struct vm *vm)
{
    const volatile struct ffa_msg_header_1_1 *header = rx_page(vm, 0);
    struct foreign payload = {0, 0};

    if (header != NULL) {
        payload.start = header->payload_offset;
        payload.end = payload.start + header->payload_size;
    }
    check_rx(vm, payload);
}

/* Where the VM's RX buffer is, learnt from the calls that succeed. */
static void track_rx(struct vm *vm, const struct parley_regs *before)
{
    switch ((uint32_t)before->x[0]) {
    case FFA_RXTX_MAP_64:
        vm->rx_ipa = before->x[2];
        vm->rx_pages = bits(before->x[3], 0, 6);
        break;
    case FFA_RXTX_MAP_32:
        vm->rx_ipa = (uint32_t)before->x[2];
        vm->rx_pages = bits(before->x[3], 0, 6);
        break;
    default:
        break;
    }
}

/* --- Calls ------------------------------------------------------------------------------------ */

static bool may_give_rx_back(uint32_t fid)
{
    return fid == FFA_RX_RELEASE || fid == FFA_MSG_WAIT;
}

void leak_check_before_call(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    if (!may_give_rx_back((uint32_t)vcpu->x[0]) || !rx_is_full(vm)) {
        return;
    }
    if (!vm->rx_is_own) {
        check_message(vm);
    }
    vm->rx_is_own = false;
}

/* Whether the call has put something into RX that is for the VM alone. */
static bool fills_rx(const struct vcpu *vcpu, const struct parley_regs *before)
{
    uint32_t answer = (uint32_t)vcpu->x[0];

    return answer == FFA_MEM_RETRIEVE_RESP ||
           (answer == FFA_SUCCESS_32 && (uint32_t)before->x[0] == FFA_PARTITION_INFO_GET);
}

void leak_check_after_call(struct vcpu *vcpu, const struct parley_regs *before)
{
    struct vm *vm = vcpu->vm;

    check_registers(vcpu, before);
    if ((uint32_t)vcpu->x[0] == FFA_SUCCESS_32) {
        track_rx(vm, before);
    }
    if (fills_rx(vcpu, before) && rx_is_full(vm)) {
        vm->rx_is_own = true;
        check_rx(vm, (struct foreign){0, 0});
    }
}
