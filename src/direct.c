/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct messages between VMs (FF-A 1.2, 15.2 to 15.5).
 *
 * A request goes to a vCPU of the receiver that waits for a message. The sender blocks, and is
 * woken with the response. Parley schedules nothing: it tells the port which vCPU may go on.
 *
 * Who writes a vCPU's message has exchanged its word to FILLING and holds a reference on its VM;
 * nobody else writes it then, and nobody reads it before READY is stored.
 */
#include "internal.h"

/* --- Kinds ---------------------------------------------------------------- */

static bool is_request2(uint32_t fid)
{
    return fid == FFA_MSG_SEND_DIRECT_REQ2;
}

bool parley_direct_kinds_match(uint32_t request, uint32_t response)
{
    switch (request) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
        return response == FFA_MSG_SEND_DIRECT_RESP_32;
    case FFA_MSG_SEND_DIRECT_REQ_64:
        return response == FFA_MSG_SEND_DIRECT_RESP_32 || response == FFA_MSG_SEND_DIRECT_RESP_64;
    case FFA_MSG_SEND_DIRECT_REQ2:
        return response == FFA_MSG_SEND_DIRECT_RESP2;
    default:
        return false;
    }
}

static bool is_register_message2(uint32_t fid)
{
    return fid == FFA_MSG_SEND_DIRECT_REQ2 || fid == FFA_MSG_SEND_DIRECT_RESP2;
}

/* The message as its receiver gets it: the function ID, the two IDs, and the payload of that kind.
 */
void parley_message_copy(const struct call *call, struct parley_regs *message)
{
    unsigned int end = is_register_message2(call->fid) ? FFA_REGS_MAX : FFA_REGS_SMC32;

    *message = (struct parley_regs){{0}};
    message->x[0] = call->fid;
    for (unsigned int i = 1; i < end; i++) {
        message->x[i] = call_argument(call, i);
    }
    if (call->fid == FFA_MSG_SEND_DIRECT_RESP2) {
        message->x[2] = 0; /* reserved in a response: the UUID's place in a request */
        message->x[3] = 0;
    }
}

/* w2 of a classic message says "framework", or what kind: neither is a guest's (FF-A 1.2, 15.2). */
static bool flags_are_valid(const struct call *call)
{
    return is_register_message2(call->fid) || call_word(call, 2) == 0;
}

/* --- Filling a vCPU's message --------------------------------------------- */

static bool try_move(struct vcpu *vcpu, uint64_t from, uint64_t to)
{
    return parley_compare_exchange(&vcpu->word, &from, to);
}

static bool try_claim(struct parley_vm *vm, unsigned int index)
{
    uint64_t waits = vcpu_word(VCPU_WAITS_MESSAGE, 0);
    struct vcpu *vcpu = &vm->vcpu[index];

    return parley_load_acquire(&vcpu->word) == waits &&
           parley_port_vcpu_is_online(vm->context, index) &&
           try_move(vcpu, waits, vcpu_word(VCPU_FILLING, 0));
}

/* A vCPU that waits for a message, now held: that of the sender's index, or else the lowest. */
static bool claim_receiver(struct parley_vm *receiver, unsigned int preferred, unsigned int *index)
{
    *index = preferred;
    if (preferred < receiver->vcpus && try_claim(receiver, preferred)) {
        return true;
    }
    for (*index = 0; *index < receiver->vcpus; ++*index) {
        if (try_claim(receiver, *index)) {
            return true;
        }
    }
    return false;
}

/*
 * Takes a sender that waits for the answer to one request, interrupted or not, to fill its message.
 * False if it does not wait for that any more. *word is then what the sender's word is.
 */
static bool claim_sender(struct vcpu *sender, uint32_t peer, uint32_t request, uint64_t *word)
{
    uint64_t waits = vcpu_word_of_request(VCPU_WAITS_ANSWER, peer, request);
    uint64_t left = vcpu_word_of_request(VCPU_LEFT, peer, request);

    *word = parley_load_acquire(&sender->word);
    /* An interrupt turns one into the other, and FFA_RUN back: a try that fails has seen that. */
    while (*word == waits || *word == left) {
        uint64_t filling = vcpu_word_moved(*word, VCPU_FILLING);

        if (parley_compare_exchange(&sender->word, word, filling)) {
            *word = filling;
            return true;
        }
    }
    return false;
}

/*
 * The message of a vCPU that is FILLING, as `word` says, is complete. Pairs with the acquire in
 * parley_continue(). A vCPU that was interrupted in its wait is woken, too: it may have come back,
 * and blocked, while the message was being written.
 */
static void hand_over(struct parley_vm *vm, unsigned int index, uint64_t word)
{
    parley_store_release(&vm->vcpu[index].word, vcpu_word_moved(word, VCPU_READY));
    parley_port_vcpu_wake(vm->context, index);
}

/* --- Requests ------------------------------------------------------------- */

/* What a receiver must be for a request of this kind: `word` is what its word showed. */
static int32_t check_receiver(const struct call *call, const struct parley_vm *receiver,
                              uint64_t word)
{
    uint32_t needed =
        is_request2(call->fid) ? FFA_PARTITION_DIRECT_REQ2_RECV : FFA_PARTITION_DIRECT_REQ_RECV;

    if (!parley_policy_allows(call->vm, receiver, POLICY_MESSAGE)) {
        return FFA_DENIED;
    }
    if ((receiver->properties & needed) == 0 ||
        (is_request2(call->fid) && word_version(word) < VERSION_1_2) ||
        (ffa_fid_is_64(call->fid) && !receiver->aarch64)) {
        return FFA_DENIED;
    }
    if (is_request2(call->fid)) {
        struct uuid uuid = {.low = call_argument(call, 2), .high = call_argument(call, 3)};

        return parley_vm_has_uuid(receiver, &uuid) ? FFA_OK : FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

static int32_t send_request(const struct call *call, struct parley_vm *receiver)
{
    struct vcpu *sender = call_vcpu(call);
    unsigned int index;

    if (!claim_receiver(receiver, call->vcpu, &index)) {
        return FFA_BUSY;
    }

    struct vcpu *target = &receiver->vcpu[index];
    parley_message_copy(call, &target->message);
    target->serving = (struct service){
        .fid = call->fid,
        .sender = call->vm->id,
        .sender_vcpu = (uint16_t)call->vcpu,
        .sender_generation = word_generation(parley_load_acquire(&call->vm->word)),
        .sender_request = ++sender->requests & VCPU_REQUEST_MASK,
    };
    /* First the sender waits, then the receiver may answer it. */
    parley_store_release(&sender->word,
                         vcpu_word_of_request(VCPU_WAITS_ANSWER,
                                              ffa_target_make(receiver->id, (uint16_t)index),
                                              sender->requests));
    hand_over(receiver, index, vcpu_word(VCPU_FILLING, 0));
    return SERVED_BLOCK;
}

static int32_t request_to_vm(const struct call *call, uint16_t id)
{
    uint64_t word;
    struct parley_vm *receiver = parley_endpoint_find(call->vm, id, &word);

    if (receiver == NULL) {
        return FFA_INVALID_PARAMETERS;
    }

    int32_t status = check_receiver(call, receiver, word);
    if (status == FFA_OK) {
        status = send_request(call, receiver);
    }
    parley_endpoint_drop(receiver);
    return status;
}

int32_t parley_handle_direct_req(const struct call *call, struct parley_regs *result)
{
    uint32_t ids = call_word(call, 1);
    uint16_t receiver = ffa_ids_receiver(ids);
    uint32_t needed =
        is_request2(call->fid) ? FFA_PARTITION_DIRECT_REQ2_SEND : FFA_PARTITION_DIRECT_REQ_SEND;

    if (ffa_ids_sender(ids) != call->vm->id || receiver == call->vm->id || !flags_are_valid(call)) {
        return FFA_INVALID_PARAMETERS;
    }
    if ((call->vm->properties & needed) == 0 || !vcpu_is_free(call_vcpu(call))) {
        return FFA_DENIED;
    }
    return ffa_id_is_secure(receiver) ? parley_secure_request(call, receiver, result)
                                      : request_to_vm(call, receiver);
}

/* --- Responses ------------------------------------------------------------ */

/* Writes the answer to the sender that `service` names, if it still waits for it. */
static void answer(const struct parley_vm *vm, unsigned int vcpu, const struct service *service,
                   const struct parley_regs *message)
{
    uint32_t peer = ffa_target_make(vm->id, (uint16_t)vcpu);
    struct parley_vm *sender =
        parley_endpoint_take_again(vm->parley, service->sender, service->sender_generation);
    uint64_t word;

    if (sender == NULL) {
        return;
    }
    struct vcpu *waiter = &sender->vcpu[service->sender_vcpu];
    if (claim_sender(waiter, peer, service->sender_request, &word)) {
        waiter->message = *message;
        hand_over(sender, service->sender_vcpu, word);
    }
    parley_endpoint_drop(sender);
}

int32_t parley_handle_direct_resp(const struct call *call, struct parley_regs *result)
{
    struct vcpu *vcpu = call_vcpu(call);
    uint32_t ids = call_word(call, 1);
    struct service service = vcpu->serving;
    struct parley_regs message;

    (void)result;
    if (ffa_ids_sender(ids) != call->vm->id || !flags_are_valid(call)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (service.fid == 0 || ffa_ids_receiver(ids) != service.sender ||
        !parley_direct_kinds_match(service.fid, call->fid) || !vcpu_is_free(vcpu)) {
        return FFA_DENIED;
    }

    parley_message_copy(call, &message);
    vcpu->serving.fid = 0;
    /*
     * It waits before the answer is out, so that a sender that asks again at once finds it. From
     * here on the next request may already be written: nothing of the vCPU's is touched any more.
     */
    parley_store_release(&vcpu->word, vcpu_word(VCPU_WAITS_MESSAGE, 0));
    answer(call->vm, call->vcpu, &service, &message);
    return SERVED_BLOCK;
}

/* --- vCPUs that leave ------------------------------------------------------ */

/* Ends the wait of a vCPU that has stopped. False if somebody writes its message in this moment. */
static bool end_wait(struct vcpu *vcpu)
{
    uint64_t word = parley_load_acquire(&vcpu->word);

    switch (vcpu_state_of(word)) {
    case VCPU_FILLING:
    case VCPU_SECURE_LEFT:
        return false;
    case VCPU_RUNNING:
        return true;
    case VCPU_WAITS_MESSAGE:
    case VCPU_WAITS_ANSWER:
    case VCPU_LEFT:
    case VCPU_READY:
        break;
    }
    return parley_compare_exchange(&vcpu->word, &word, vcpu_word(VCPU_RUNNING, 0));
}

bool parley_direct_leave(struct parley_vm *vm, unsigned int index)
{
    static const struct parley_regs aborted = {{FFA_ERROR, 0, (uint32_t)FFA_ABORTED}};
    struct vcpu *vcpu = &vm->vcpu[index];

    if (!end_wait(vcpu)) {
        return false;
    }
    /* Served, or not even picked up: whoever waits for it waits no more. */
    if (vcpu->serving.fid != 0) {
        answer(vm, index, &vcpu->serving, &aborted);
        vcpu->serving.fid = 0;
    }
    return true;
}

bool parley_direct_end(struct parley_vm *vm)
{
    for (unsigned int i = 0; i < vm->vcpus; i++) {
        if (!parley_direct_leave(vm, i)) {
            return false;
        }
    }
    return true;
}
