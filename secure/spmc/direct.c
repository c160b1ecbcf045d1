/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct requests (FF-A 1.2, 15.2 to 15.5), and how a partition comes to the end of one. A context
 * that was entered for a request leaves with its answer, any other with FFA_MSG_WAIT.
 */
#include "internal.h"

/* Of w2 */
#define DIRECT_RESERVED (~(FFA_DIRECT_FRAMEWORK_BIT | FFA_DIRECT_FRAMEWORK_TYPE_MASK))

/* --- The Normal world asks --- */

/*
 * The hypervisor may ask in its own name or in that of a VM. It answers for the VMs' IDs, since the
 * SPMC does not know which there are.
 */
static bool is_normal_world(uint16_t id)
{
    return !ffa_id_is_secure(id);
}

static bool is_framework(const struct spmc_frame *frame)
{
    return (frame->in[2] & FFA_DIRECT_FRAMEWORK_BIT) != 0;
}

/* VM_CREATED and VM_DESTROYED come from the hypervisor alone, and to those who want them. */
static int32_t check_framework(const struct spmc_frame *frame,
                               const struct spmc_partition *receiver)
{
    uint32_t subscription;

    switch (frame->in[2] & FFA_DIRECT_FRAMEWORK_TYPE_MASK) {
    case FFA_FRAMEWORK_VM_CREATED_REQ:
        subscription = FFA_PARTITION_VM_CREATED;
        break;
    case FFA_FRAMEWORK_VM_DESTROYED_REQ:
        subscription = FFA_PARTITION_VM_DESTROYED;
        break;
    default:
        return FFA_INVALID_PARAMETERS;
    }
    if (ffa_ids_sender((uint32_t)frame->in[1]) != FFA_ID_HYPERVISOR ||
        (receiver->properties & subscription) == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

static int32_t check_partition_message(const struct spmc_frame *frame,
                                       const struct spmc_partition *receiver)
{
    if ((frame->in[2] & FFA_DIRECT_FRAMEWORK_TYPE_MASK) != 0) {
        return FFA_INVALID_PARAMETERS;
    }
    return (receiver->properties & FFA_PARTITION_DIRECT_REQ_RECV) != 0 ? FFA_OK : FFA_DENIED;
}

/* Hands the request over, with no register in it that the ABI does not carry. */
static int32_t hand_over(struct spmc *spmc, struct spmc_frame *frame, unsigned int partition,
                         unsigned int registers)
{
    const int32_t status = spmc_context_claim(spmc, frame, partition, SPMC_WORK_DIRECT);
    struct spmc_context *context = frame->runs;

    if (status != FFA_OK) {
        return status;
    }
    memset(context->regs, 0, sizeof(context->regs));
    context->regs[0] = frame->fid;
    memcpy(&context->regs[1], &frame->in[1], (registers - 1) * sizeof(frame->in[0]));
    for (unsigned int i = 0; i < 3; i++) {
        context->request[i] = (uint32_t)context->regs[i];
    }
    return SPMC_RUNS;
}

int32_t spmc_direct_request(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint32_t w1 = (uint32_t)frame->in[1];
    const unsigned int found = spmc_partition_find(spmc, ffa_ids_receiver(w1));
    const struct spmc_partition *receiver;
    int32_t status;

    if (!is_normal_world(ffa_ids_sender(w1)) || found == spmc->config.partition_count ||
        spmc_refuses_reserved(spmc, frame->in[2] & DIRECT_RESERVED)) {
        return FFA_INVALID_PARAMETERS;
    }
    receiver = &spmc->config.partitions[found];
    status = is_framework(frame) ? check_framework(frame, receiver)
                                 : check_partition_message(frame, receiver);
    if (status != FFA_OK) {
        return status;
    }
    frame->in[1] = w1;
    frame->in[2] &= FFA_DIRECT_FRAMEWORK_BIT | FFA_DIRECT_FRAMEWORK_TYPE_MASK;
    return hand_over(spmc, frame, found, FFA_REGS_SMC32);
}

bool spmc_exports(const struct spmc_partition *partition, const struct ffa_uuid *uuid)
{
    for (unsigned int i = 0; i < partition->uuid_count; i++) {
        if (ffa_uuid_equal(&partition->uuids[i], uuid)) {
            return true;
        }
    }
    return ffa_uuid_is_nil(uuid);
}

int32_t spmc_direct_request2(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint32_t w1 = (uint32_t)frame->in[1];
    const struct ffa_uuid uuid = ffa_uuid_from_u64(frame->in[2], frame->in[3]);
    const unsigned int found = spmc_partition_find(spmc, ffa_ids_receiver(w1));
    const struct spmc_partition *receiver;

    if (!is_normal_world(ffa_ids_sender(w1)) || found == spmc->config.partition_count) {
        return FFA_INVALID_PARAMETERS;
    }
    receiver = &spmc->config.partitions[found];
    if ((receiver->properties & FFA_PARTITION_DIRECT_REQ2_RECV) == 0) {
        return FFA_DENIED;
    }
    if (!spmc_exports(receiver, &uuid)) {
        return FFA_INVALID_PARAMETERS;
    }
    frame->in[1] = w1;
    return hand_over(spmc, frame, found, FFA_REGS_MAX);
}

/* --- The partition answers --- */

/* What the context leaves behind when it goes back to waiting. */
static void finish(struct spmc_frame *frame)
{
    spmc_context_move(frame->runs, SPMC_CONTEXT_WAITING);
}

static bool has_request(const struct spmc_frame *frame)
{
    return frame->runs->work == SPMC_WORK_DIRECT;
}

/* An SMC64 request may be answered with an SMC32 response, and nothing else is mixed. */
static bool is_kind_due(uint32_t request_fid, uint32_t response_fid)
{
    switch (request_fid) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
        return response_fid == FFA_MSG_SEND_DIRECT_RESP_32;
    case FFA_MSG_SEND_DIRECT_REQ_64:
        return response_fid == FFA_MSG_SEND_DIRECT_RESP_32 ||
               response_fid == FFA_MSG_SEND_DIRECT_RESP_64;
    default:
        return response_fid == FFA_MSG_SEND_DIRECT_RESP2;
    }
}

/* A framework request is answered with the type after its own, a partition message with none. */
static bool is_flags_due(const struct spmc_context *context, uint64_t w2)
{
    const uint32_t asked = context->request[2];

    if (context->request[0] == FFA_MSG_SEND_DIRECT_REQ2) {
        return true;
    }
    return (uint32_t)w2 == ((asked & FFA_DIRECT_FRAMEWORK_BIT) != 0 ? asked + 1 : 0);
}

static uint32_t swapped(uint32_t ids)
{
    return ffa_ids_make(ffa_ids_receiver(ids), ffa_ids_sender(ids));
}

int32_t spmc_partition_respond(struct spmc *spmc, struct spmc_frame *frame)
{
    struct spmc_context *context = frame->runs;
    const bool is_2 = frame->fid == FFA_MSG_SEND_DIRECT_RESP2;
    const size_t registers = is_2 ? FFA_REGS_MAX : FFA_REGS_SMC32;

    (void)spmc;
    if (!has_request(frame) || !is_kind_due(context->request[0], frame->fid)) {
        return FFA_DENIED;
    }
    if ((uint32_t)frame->in[1] != swapped(context->request[1]) ||
        !is_flags_due(context, frame->in[2])) {
        return FFA_INVALID_PARAMETERS;
    }
    frame->out[0] = frame->fid;
    memcpy(&frame->out[1], &frame->in[1], (registers - 1) * sizeof(frame->in[0]));
    if (is_2) {
        frame->out[2] = 0;
        frame->out[3] = 0;
    }
    finish(frame);
    return FFA_OK;
}

int32_t spmc_partition_fail(struct spmc *spmc, struct spmc_frame *frame)
{
    (void)spmc;
    if (!has_request(frame)) {
        /* It could not make itself ready, and says so. */
        return frame->runs->work == SPMC_WORK_BOOT ? FFA_OK : FFA_DENIED;
    }
    frame->out[0] = FFA_ERROR;
    frame->out[2] = (uint32_t)frame->in[2];
    finish(frame);
    return FFA_OK;
}

/* Since 1.2 a request may come to its end without a response. */
int32_t spmc_partition_finish(struct spmc *spmc, struct spmc_frame *frame)
{
    (void)spmc;
    if (!has_request(frame)) {
        return FFA_DENIED;
    }
    finish(frame);
    return FFA_OK;
}

/* Up to 1.1 there is no way to keep RX. A message that it was not told of stays. */
int32_t spmc_partition_wait(struct spmc *spmc, struct spmc_frame *frame)
{
    struct spmc_pair *pair = &spmc_runtime_of(spmc, frame->runs)->pair;

    if (has_request(frame)) {
        return FFA_DENIED;
    }
    if ((frame->in[2] & FFA_MSG_WAIT_KEEP_RX) == 0 || spmc->config.version < FFA_VERSION_1_2) {
        (void)spmc_pair_release(pair);
    }
    frame->out[0] = FFA_MSG_WAIT;
    frame->out[1] = spmc_target_of(spmc, frame->runs);
    finish(frame);
    return FFA_OK;
}

/* Only what the Normal world scheduled can give its cycles back to it. */
int32_t spmc_partition_yield(struct spmc *spmc, struct spmc_frame *frame)
{
    if (!has_request(frame) && frame->runs->work != SPMC_WORK_CYCLES) {
        return FFA_DENIED;
    }
    frame->out[0] = FFA_YIELD;
    frame->out[1] = spmc_target_of(spmc, frame->runs);
    spmc_context_move(frame->runs, SPMC_CONTEXT_BLOCKED);
    return FFA_OK;
}
