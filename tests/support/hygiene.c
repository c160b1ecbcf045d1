/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of register use: FF-A 1.2, chapter 11, and SMCCC. */
#include "call.h"

static void complain(const struct posix_vm *vm, const struct parley_regs *call,
                     const struct parley_regs *answer, unsigned int number, const char *rule)
{
    posix_violation("%s: call %#x, answer %#x: x%u = %#llx, but it is %s", posix_vm_name(vm),
                    (unsigned int)call->x[0], (unsigned int)answer->x[0], number,
                    (unsigned long long)answer->x[number], rule);
}

#define BIT(n)    (1u << (n))
#define BITS_1_2  (BIT(1) | BIT(2))
#define BITS_3_7  0xf8u
#define BITS_2_7  (BIT(2) | BITS_3_7)
#define BITS_4_17 0x3fff0u

/* --- What may follow a call, and what is in it ------------------------------------------------ */

static bool is_response(uint32_t fid)
{
    return fid == FFA_MSG_SEND_DIRECT_RESP_32 || fid == FFA_MSG_SEND_DIRECT_RESP_64 ||
           fid == FFA_MSG_SEND_DIRECT_RESP2;
}

static bool is_request(uint32_t fid)
{
    return fid == FFA_MSG_SEND_DIRECT_REQ_32 || fid == FFA_MSG_SEND_DIRECT_REQ_64 ||
           fid == FFA_MSG_SEND_DIRECT_REQ2;
}

static bool is_retrieval(uint32_t fid)
{
    return fid == FFA_MEM_RETRIEVE_REQ_32 || fid == FFA_MEM_RETRIEVE_REQ_64;
}

/* Memory is sent, or more of its description. */
static bool is_send(uint32_t fid)
{
    return fid == FFA_MEM_SHARE_32 || fid == FFA_MEM_SHARE_64 || fid == FFA_MEM_LEND_32 ||
           fid == FFA_MEM_LEND_64 || fid == FFA_MEM_DONATE_32 || fid == FFA_MEM_DONATE_64 ||
           fid == FFA_MEM_FRAG_TX;
}

/* Whether FFA_SUCCESS in this width, or a message, answers the call. */
static bool is_answer_to(uint32_t fid, uint32_t answer)
{
    switch (answer) {
    case FFA_ERROR:
        return true;
    case FFA_SUCCESS_64:
        return fid == FFA_PARTITION_INFO_GET_REGS || fid == FFA_NOTIFICATION_INFO_GET_64;
    case FFA_SUCCESS_32:
        return fid != FFA_PARTITION_INFO_GET_REGS && fid != FFA_NOTIFICATION_INFO_GET_64 &&
               fid != FFA_MSG_WAIT && !is_response(fid) && !is_retrieval(fid);
    case FFA_MEM_FRAG_RX:
        return is_send(fid);
    case FFA_MEM_RETRIEVE_RESP:
        return is_retrieval(fid);
    case FFA_INTERRUPT:
        return fid == FFA_MSG_WAIT || fid == FFA_RUN || is_request(fid) || is_response(fid);
    case FFA_YIELD:
        return fid == FFA_RUN || is_request(fid);
    default:
        break;
    }
    if (is_request(answer)) {
        return fid == FFA_MSG_WAIT || is_response(fid);
    }
    return is_response(answer) && (is_request(fid) || fid == FFA_RUN);
}

/* The registers of an answer that hold a result: a bit for each. The others are zero. */
static uint32_t results_of(uint32_t fid, const struct parley_regs *answer)
{
    switch ((uint32_t)answer->x[0]) {
    case FFA_ERROR:
        return BIT(2) | (answer->x[2] == (uint32_t)FFA_RETRY ? BIT(3) : 0);
    case FFA_INTERRUPT:
    case FFA_YIELD:
        return BIT(1);
    case FFA_MEM_FRAG_RX:
        return BITS_1_2 | BIT(3);
    case FFA_MEM_RETRIEVE_RESP:
        return BITS_1_2;
    case FFA_MSG_SEND_DIRECT_REQ2:
        return BITS_1_2 | BIT(3) | BITS_4_17;
    case FFA_MSG_SEND_DIRECT_RESP2:
        return BIT(1) | BITS_4_17;
    case FFA_MSG_SEND_DIRECT_REQ_32:
    case FFA_MSG_SEND_DIRECT_REQ_64:
    case FFA_MSG_SEND_DIRECT_RESP_32:
    case FFA_MSG_SEND_DIRECT_RESP_64:
        return BIT(1) | BITS_3_7;
    default:
        break;
    }
    if (is_send(fid)) {
        return BIT(2) | BIT(3);
    }
    switch (fid) {
    case FFA_FEATURES:
    case FFA_PARTITION_INFO_GET:
        return BIT(2) | BIT(3);
    case FFA_ID_GET:
    case FFA_SPM_ID_GET:
        return BIT(2);
    case FFA_NOTIFICATION_GET:
    case FFA_NOTIFICATION_INFO_GET_32:
    case FFA_NOTIFICATION_INFO_GET_64:
        return BITS_2_7;
    case FFA_PARTITION_INFO_GET_REGS:
        return BIT(2) | BIT(3) | BITS_4_17;
    default:
        return 0;
    }
}

/* --- x0 to x7 --------------------------------------------------------------------------------- */

static void check_error(const struct posix_vm *vm, const struct parley_regs *call,
                        const struct parley_regs *answer)
{
    uint32_t fid = (uint32_t)call->x[0];
    int32_t status = (int32_t)(uint32_t)answer->x[2];
    bool is_log = fid == FFA_CONSOLE_LOG_32 || fid == FFA_CONSOLE_LOG_64;

    if (answer->x[2] >> 32 != 0 || status >= 0 || status < FFA_NO_DATA) {
        complain(vm, call, answer, 2, "a status code of 32 bits");
    }
    if (answer->x[3] != 0 && !(is_log && status == FFA_RETRY)) {
        complain(vm, call, answer, 3, "reserved: zero");
    }
}

static void check_low(const struct posix_vm *vm, const struct parley_regs *call,
                      const struct parley_regs *answer, uint32_t results)
{
    bool is_wide = ffa_fid_is_64((uint32_t)answer->x[0]);

    for (unsigned int i = 1; i < FFA_REGS_SMC32; i++) {
        if ((results & BIT(i)) == 0 && answer->x[i] != 0) {
            complain(vm, call, answer, i, "reserved: zero");
        } else if ((!is_wide || i == 1) && answer->x[i] >> 32 != 0) {
            complain(vm, call, answer, i, "a value of 32 bits");
        }
    }
}

static void check_low_half(const struct posix_vm *vm, const struct parley_regs *call,
                           const struct parley_regs *answer)
{
    uint32_t fid = (uint32_t)call->x[0];

    if (answer->x[0] >> 32 != 0) {
        complain(vm, call, answer, 0, "a value of 32 bits");
    }
    if (fid == FFA_VERSION) {
        check_low(vm, call, answer, 0);
        return;
    }
    if (!is_answer_to(fid, (uint32_t)answer->x[0])) {
        complain(vm, call, answer, 0, "no answer to this call");
        return;
    }
    if ((uint32_t)answer->x[0] == FFA_ERROR) {
        check_error(vm, call, answer);
    }
    check_low(vm, call, answer, results_of(fid, answer));
}

/* --- x8 to x17 -------------------------------------------------------------------------------- */

static bool same(const struct parley_regs *a, const struct parley_regs *b, unsigned int first)
{
    for (unsigned int i = first; i < FFA_REGS_MAX; i++) {
        if (a->x[i] != b->x[i]) {
            return false;
        }
    }
    return true;
}

static void check_zero(const struct posix_vm *vm, const struct parley_regs *call,
                       const struct parley_regs *answer, uint32_t results)
{
    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX; i++) {
        if ((results & BIT(i)) == 0 && answer->x[i] != 0) {
            complain(vm, call, answer, i, "unused, as the rest: zero");
            return;
        }
    }
}

/* What FFA_VERSION answers in w0 is no function ID. */
static bool has_wide_answer(const struct parley_regs *call, const struct parley_regs *answer)
{
    return (uint32_t)call->x[0] != FFA_VERSION && ffa_fid_is_64((uint32_t)answer->x[0]);
}

void check_hygiene(const struct posix_vm *vm, const struct parley_regs *call,
                   const struct parley_regs *answer, uint32_t version_before,
                   uint32_t version_after)
{
    uint32_t fid = (uint32_t)call->x[0];
    bool since_1_2 = version_after >= FFA_VERSION_1_2 && posix_vm_is_aarch64(vm);

    check_low_half(vm, call, answer);
    if (call_among_others && version_before != version_after &&
        same(call, answer, FFA_REGS_SMC32)) {
        return; /* served before another vCPU's call made the version final */
    }
    if (since_1_2 && (ffa_fid_is_64(fid) || has_wide_answer(call, answer))) {
        check_zero(vm, call, answer, results_of(fid, answer));
    } else if (!same(call, answer, FFA_REGS_SMC32)) {
        complain(vm, call, answer, FFA_REGS_SMC32, "the guest's own, as the rest, and is changed");
    }
}
