/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU cycles: FFA_MSG_WAIT, FFA_YIELD, FFA_RUN, and how a blocked vCPU goes on (FF-A 1.2, chapter
 * 14).
 */
#include "internal.h"

void parley_vcpu_take_message(struct vcpu *vcpu, struct parley_regs *message)
{
    *message = vcpu->message;
    parley_store_release(&vcpu->word, vcpu_word(VCPU_RUNNING, 0));
}

/* Whether waiting gives back a full RX buffer, by version (FF-A 1.2, 14.1: a flag since 1.2). */
static bool wait_releases_rx(const struct call *call)
{
    return call->version < VERSION_1_2 || (call_word(call, 2) & FFA_MSG_WAIT_KEEP_RX) == 0;
}

int32_t parley_handle_msg_wait(const struct call *call, struct parley_regs *result)
{
    struct vcpu *vcpu = call_vcpu(call);

    (void)result;
    if (!vcpu_is_free(vcpu) || vcpu->serving.fid != 0) {
        return FFA_DENIED;
    }
    if (wait_releases_rx(call)) {
        (void)parley_rx_release(call->vm);
    }
    parley_store_release(&vcpu->word, vcpu_word(VCPU_WAITS_MESSAGE, 0));
    return SERVED_BLOCK;
}

int32_t parley_handle_yield(const struct call *call, struct parley_regs *result)
{
    (void)result;
    if (call_word(call, 1) != 0 || call_word(call, 2) != 0 || call_word(call, 3) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    return SERVED_YIELD;
}

/* The message of a vCPU that runs: an answer, or the status that its request ended with. */
int32_t parley_vcpu_take_answer(struct vcpu *vcpu, struct parley_regs *result)
{
    parley_vcpu_take_message(vcpu, result);
    return (uint32_t)result->x[0] == FFA_ERROR ? parley_spmc_status(result) : FFA_OK;
}

/* An interrupted wait for a VM, waited on. `word` is what the vCPU's word was. */
static int32_t run_own_wait(const struct call *call, uint64_t word, struct parley_regs *result)
{
    struct vcpu *vcpu = call_vcpu(call);

    if (vcpu_state_of(word) == VCPU_LEFT &&
        parley_compare_exchange(&vcpu->word, &word, vcpu_word_moved(word, VCPU_WAITS_ANSWER))) {
        return SERVED_BLOCK;
    }
    /* If it is being written in this moment, a wake comes with it. */
    return vcpu_state_of(word) == VCPU_READY ? parley_vcpu_take_answer(vcpu, result) : SERVED_BLOCK;
}

int32_t parley_handle_run(const struct call *call, struct parley_regs *result)
{
    uint32_t target = call_word(call, 1);
    uint16_t endpoint = ffa_target_endpoint(target);
    bool is_secure = ffa_id_is_secure(endpoint);
    uint64_t word = parley_load_acquire(&call_vcpu(call)->word);

    /* First what this vCPU has under way, whatever has become of the other end since. */
    if (vcpu_state_of(word) != VCPU_RUNNING && vcpu_peer_of(word) == target) {
        return is_secure ? parley_secure_run(call, target, result)
                         : run_own_wait(call, word, result);
    }
    bool is_visible = is_secure ? parley_secure_is_visible(call->vm, endpoint)
                                : parley_endpoint_is_visible(call->vm, endpoint);
    return is_visible ? FFA_DENIED : FFA_INVALID_PARAMETERS;
}

/* --- A blocked vCPU goes on ----------------------------------------------- */

static enum parley_outcome continue_work(struct parley_vm *vm, unsigned int vcpu,
                                         struct parley_regs *regs)
{
    struct call call = {
        .vm = vm,
        .vcpu = vcpu,
        .fid = (uint32_t)regs->x[0],
        .version = word_version(parley_load_acquire(&vm->word)),
        .regs = regs,
    };
    struct parley_regs result = {{0}};
    int32_t status = parley_memory_continue(&call, &result);

    return parley_call_end(&call, status, &result, regs);
}

enum parley_outcome parley_continue(struct parley_vm *vm, unsigned int vcpu,
                                    struct parley_regs *regs)
{
    struct vcpu *waiter = &vm->vcpu[vcpu];
    struct parley_regs message;

    if (waiter->work.kind != WORK_NONE) {
        return continue_work(vm, vcpu, regs);
    }

    /* Pairs with the release in hand_over(). */
    if (vcpu_state_of(parley_load_acquire(&waiter->word)) != VCPU_READY) {
        return PARLEY_BLOCK;
    }
    parley_vcpu_take_message(waiter, &message);
    parley_call_complete(vm, vcpu, &message, regs);
    return PARLEY_RETURN;
}

/* What an interrupt makes of a waiting vCPU: it runs, and may wait on if it waits for an answer. */
static bool interrupt_wait(struct vcpu *waiter, uint64_t *word)
{
    enum vcpu_state state = vcpu_state_of(*word);

    if (state == VCPU_WAITS_MESSAGE) {
        return parley_compare_exchange(&waiter->word, word, vcpu_word(VCPU_RUNNING, 0));
    }
    return state == VCPU_WAITS_ANSWER &&
           parley_compare_exchange(&waiter->word, word, vcpu_word_moved(*word, VCPU_LEFT));
}

enum parley_outcome parley_vcpu_interrupt(struct parley_vm *vm, unsigned int vcpu,
                                          struct parley_regs *regs)
{
    struct vcpu *waiter = &vm->vcpu[vcpu];
    uint64_t word = parley_load_acquire(&waiter->word);

    if (interrupt_wait(waiter, &word)) {
        struct parley_regs interrupt = {{FFA_INTERRUPT, vcpu_peer_of(word)}};

        parley_call_complete(vm, vcpu, &interrupt, regs);
        return PARLEY_RETURN;
    }
    /* A message came first, or comes in this moment: then the port is told to wake the vCPU. */
    return parley_continue(vm, vcpu, regs);
}
