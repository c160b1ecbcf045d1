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

/* How many of x1 to x7 an answer with FFA_SUCCESS_32 has a result in: a bit for each. */
static unsigned int results_of(uint32_t fid)
{
    switch (fid) {
    case FFA_FEATURES:
    case FFA_PARTITION_INFO_GET:
        return (1u << 2) | (1u << 3);
    case FFA_ID_GET:
    case FFA_SPM_ID_GET:
        return 1u << 2;
    default:
        return 0;
    }
}

static void check_error(const struct posix_vm *vm, const struct parley_regs *call,
                        const struct parley_regs *answer)
{
    int32_t status = (int32_t)(uint32_t)answer->x[2];

    if (answer->x[2] >> 32 != 0 || status >= 0 || status < FFA_NO_DATA) {
        complain(vm, call, answer, 2, "a status code of 32 bits");
    }
}

/* x1 to x7 of an answer that is no FFA_SUCCESS_64. */
static void check_low(const struct posix_vm *vm, const struct parley_regs *call,
                      const struct parley_regs *answer, unsigned int results)
{
    for (unsigned int i = 1; i < FFA_REGS_SMC32; i++) {
        if ((results & (1u << i)) == 0 && answer->x[i] != 0) {
            complain(vm, call, answer, i, "reserved: zero");
        } else if (answer->x[i] >> 32 != 0) {
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
    switch ((uint32_t)answer->x[0]) {
    case FFA_ERROR:
        check_error(vm, call, answer);
        check_low(vm, call, answer, 1u << 2);
        break;
    case FFA_SUCCESS_32:
        check_low(vm, call, answer, results_of(fid));
        break;
    case FFA_SUCCESS_64:
        if (fid != FFA_PARTITION_INFO_GET_REGS) {
            complain(vm, call, answer, 0, "for results of 64 bits only");
        }
        if (answer->x[1] != 0) {
            complain(vm, call, answer, 1, "reserved: zero");
        }
        break;
    default:
        complain(vm, call, answer, 0, "no answer to a call");
    }
}

static bool same(const struct parley_regs *a, const struct parley_regs *b, unsigned int first)
{
    for (unsigned int i = first; i < FFA_REGS_MAX; i++) {
        if (a->x[i] != b->x[i]) {
            return false;
        }
    }
    return true;
}

static bool zero(const struct parley_regs *regs, unsigned int first)
{
    for (unsigned int i = first; i < FFA_REGS_MAX; i++) {
        if (regs->x[i] != 0) {
            return false;
        }
    }
    return true;
}

void check_hygiene(const struct posix_vm *vm, const struct parley_regs *call,
                   const struct parley_regs *answer, uint32_t version_before,
                   uint32_t version_after)
{
    bool wide_answer = (uint32_t)answer->x[0] == FFA_SUCCESS_64;
    bool wide_call = ffa_fid_is_64((uint32_t)call->x[0]);
    bool since_1_2 = version_after >= FFA_VERSION_1_2 && posix_vm_is_aarch64(vm);

    check_low_half(vm, call, answer);
    if (wide_answer && since_1_2) {
        return; /* any of x8 to x17 may hold a descriptor */
    }
    if (call_among_others && version_before != version_after && same(call, answer, 8)) {
        return; /* served before another vCPU's call made the version final */
    }
    if (since_1_2 && wide_call && !zero(answer, 8)) {
        complain(vm, call, answer, 8, "unused, as the rest: zero");
    }
    if (!(since_1_2 && wide_call) && !same(call, answer, 8)) {
        complain(vm, call, answer, 8, "the guest's own, as the rest, and is changed");
    }
}
