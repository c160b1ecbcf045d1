/* SPDX-License-Identifier: BSD-3-Clause */
#include "registers.h"

#define X(i)            (1u << (i))
#define X_TO(from, to)  ((X(to) << 1) - X(from))
#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define FIDS_OF_ONE_MAX 6u

/* What a call may come back with, beside FFA_ERROR. Calls not named here: FFA_SUCCESS_32. */
struct completions {
    uint32_t fid;
    uint32_t answers[FIDS_OF_ONE_MAX];
};

/* A vCPU that waits for a message gets one, or leaves its wait for an interrupt. */
#define WAITS_FOR_A_MESSAGE                                                    \
    {                                                                          \
        FFA_INTERRUPT, FFA_MSG_SEND_DIRECT_REQ_32, FFA_MSG_SEND_DIRECT_REQ_64, \
            FFA_MSG_SEND_DIRECT_REQ2                                           \
    }

static const struct completions completions[] = {
    {FFA_PARTITION_INFO_GET_REGS, {FFA_SUCCESS_64}},
    {FFA_NOTIFICATION_INFO_GET_64, {FFA_SUCCESS_64}},
    {FFA_MSG_WAIT, WAITS_FOR_A_MESSAGE},
    {FFA_MSG_SEND_DIRECT_RESP_32, WAITS_FOR_A_MESSAGE},
    {FFA_MSG_SEND_DIRECT_RESP_64, WAITS_FOR_A_MESSAGE},
    {FFA_MSG_SEND_DIRECT_RESP2, WAITS_FOR_A_MESSAGE},
    {FFA_MSG_SEND_DIRECT_REQ_32,
     {FFA_MSG_SEND_DIRECT_RESP_32, FFA_INTERRUPT, FFA_YIELD, FFA_SUCCESS_32}},
    {FFA_MSG_SEND_DIRECT_REQ_64,
     {FFA_MSG_SEND_DIRECT_RESP_32, FFA_MSG_SEND_DIRECT_RESP_64, FFA_INTERRUPT, FFA_YIELD,
      FFA_SUCCESS_32}},
    {FFA_MSG_SEND_DIRECT_REQ2,
     {FFA_MSG_SEND_DIRECT_RESP2, FFA_INTERRUPT, FFA_YIELD, FFA_SUCCESS_32}},
    {FFA_MEM_DONATE_32, {FFA_SUCCESS_32, FFA_MEM_FRAG_RX}},
    {FFA_MEM_DONATE_64, {FFA_SUCCESS_32, FFA_MEM_FRAG_RX}},
    {FFA_MEM_LEND_32, {FFA_SUCCESS_32, FFA_MEM_FRAG_RX}},
    {FFA_MEM_LEND_64, {FFA_SUCCESS_32, FFA_MEM_FRAG_RX}},
    {FFA_MEM_SHARE_32, {FFA_SUCCESS_32, FFA_MEM_FRAG_RX}},
    {FFA_MEM_SHARE_64, {FFA_SUCCESS_32, FFA_MEM_FRAG_RX}},
    {FFA_MEM_FRAG_TX, {FFA_SUCCESS_32, FFA_MEM_FRAG_RX}},
    {FFA_MEM_RETRIEVE_REQ_32, {FFA_MEM_RETRIEVE_RESP}},
    {FFA_MEM_RETRIEVE_REQ_64, {FFA_MEM_RETRIEVE_RESP}},
    {FFA_RUN,
     {FFA_MSG_SEND_DIRECT_RESP_32, FFA_MSG_SEND_DIRECT_RESP_64, FFA_MSG_SEND_DIRECT_RESP2,
      FFA_INTERRUPT, FFA_YIELD, FFA_SUCCESS_32}},
};

static bool is_among(const struct completions *known, uint32_t answer)
{
    for (unsigned int i = 0; i < FIDS_OF_ONE_MAX && known->answers[i] != 0; i++) {
        if (known->answers[i] == answer) {
            return true;
        }
    }
    return false;
}

/* An ID that this VM does not have may not be the answer either. */
static bool has_id(const struct registers_call *call, uint32_t fid)
{
    bool since_1_2 = fid == FFA_MSG_SEND_DIRECT_REQ2 || fid == FFA_MSG_SEND_DIRECT_RESP2;

    return (call->aarch64 || !ffa_fid_is_64(fid)) &&
           (call->version >= FFA_VERSION_1_2 || !since_1_2);
}

static bool may_complete(const struct registers_call *call)
{
    uint32_t answer = (uint32_t)call->answer->x[0];

    if (answer == FFA_ERROR || !has_id(call, answer)) {
        return answer == FFA_ERROR;
    }
    for (size_t i = 0; i < COUNT(completions); i++) {
        if (completions[i].fid == (uint32_t)call->sent->x[0]) {
            return is_among(&completions[i], answer);
        }
    }
    return answer == FFA_SUCCESS_32;
}

/* The registers that hold results of FFA_SUCCESS. */
static uint32_t results_of(uint32_t fid)
{
    switch (fid) {
    case FFA_ID_GET:
    case FFA_SPM_ID_GET:
        return X(2);
    case FFA_FEATURES:
    case FFA_PARTITION_INFO_GET:
    case FFA_MEM_DONATE_32:
    case FFA_MEM_DONATE_64:
    case FFA_MEM_LEND_32:
    case FFA_MEM_LEND_64:
    case FFA_MEM_SHARE_32:
    case FFA_MEM_SHARE_64:
    case FFA_MEM_FRAG_TX:
        return X_TO(2, 3);
    case FFA_NOTIFICATION_GET:
    case FFA_NOTIFICATION_INFO_GET_32:
    case FFA_NOTIFICATION_INFO_GET_64:
        return X_TO(2, 7);
    case FFA_PARTITION_INFO_GET_REGS:
        return X_TO(2, 17);
    default:
        return 0;
    }
}

static bool is_status(uint64_t x)
{
    return x <= UINT32_MAX && (int32_t)x < 0 && (int32_t)x >= FFA_NO_DATA;
}

/* What an error says beside its code: how much of a text was taken. */
static uint32_t results_of_error(const struct registers_call *call)
{
    uint32_t fid = (uint32_t)call->sent->x[0];
    bool is_log = fid == FFA_CONSOLE_LOG_32 || fid == FFA_CONSOLE_LOG_64;

    return is_log && (int32_t)call->answer->x[2] == FFA_RETRY ? X_TO(2, 3) : X(2);
}

/* The registers that an answer says something in; all others of its own are zero. */
static uint32_t spoken(const struct registers_call *call)
{
    switch ((uint32_t)call->answer->x[0]) {
    case FFA_ERROR:
        return results_of_error(call);
    case FFA_INTERRUPT:
    case FFA_YIELD:
        return X(1);
    case FFA_MSG_SEND_DIRECT_REQ_32:
    case FFA_MSG_SEND_DIRECT_REQ_64:
    case FFA_MSG_SEND_DIRECT_RESP_32:
    case FFA_MSG_SEND_DIRECT_RESP_64:
        return X(1) | X_TO(3, 7);
    case FFA_MEM_FRAG_RX:
        return X_TO(1, 3);
    case FFA_MEM_RETRIEVE_RESP:
        return X_TO(1, 2);
    case FFA_MSG_SEND_DIRECT_REQ2:
        return X_TO(1, 17);
    case FFA_MSG_SEND_DIRECT_RESP2:
        return X(1) | X_TO(4, 17);
    default:
        return results_of((uint32_t)call->sent->x[0]);
    }
}

/* w1 is never more than 32 bits, and the rest is as wide as the answer's ID. */
static bool speaks_well(const struct registers_call *call, unsigned int i)
{
    uint64_t x = call->answer->x[i];

    if ((spoken(call) & X(i)) == 0) {
        return x == 0;
    }
    return x <= UINT32_MAX || (i > 1 && ffa_fid_is_64((uint32_t)call->answer->x[0]));
}

/* x0 to x7 of an answer that says what it is in x0. */
static bool low_register_well(const struct registers_call *call, unsigned int i)
{
    uint64_t x = call->answer->x[i];

    if (i == 0) {
        return x <= UINT32_MAX && may_complete(call);
    }
    if (i == 2 && call->answer->x[0] == FFA_ERROR) {
        return is_status(x);
    }
    return speaks_well(call, i);
}

/* FFA_VERSION answers in w0 itself. */
static bool version_register_well(const struct registers_call *call, unsigned int i)
{
    uint64_t x = call->answer->x[i];

    return i == 0 ? x <= UINT32_MAX : x == 0;
}

/*
 * x8 to x17. They belong to a call only at 1.2, with an SMC64 ID in it or in its answer; otherwise
 * they come back as they went.
 */
static bool high_register_well(const struct registers_call *call, unsigned int i)
{
    uint32_t fid = (uint32_t)call->sent->x[0];
    uint32_t answer = (uint32_t)call->answer->x[0];
    bool wide = call->aarch64 && call->version >= FFA_VERSION_1_2 &&
                (ffa_fid_is_64(fid) || ffa_fid_is_64(answer));

    return wide ? speaks_well(call, i) : call->answer->x[i] == call->sent->x[i];
}

unsigned int registers_check(const struct registers_call *call)
{
    bool is_version = (uint32_t)call->sent->x[0] == FFA_VERSION;

    for (unsigned int i = 0; i < FFA_REGS_SMC32; i++) {
        if (!(is_version ? version_register_well(call, i) : low_register_well(call, i))) {
            return i;
        }
    }
    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX; i++) {
        bool well =
            is_version ? call->answer->x[i] == call->sent->x[i] : high_register_well(call, i);

        if (!well) {
            return i;
        }
    }
    return REGISTERS_ALL_WELL;
}
