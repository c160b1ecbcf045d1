/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls, and what is expected of every one of them. */
#include "payload.h"

void poison(uint64_t regs[REGS])
{
    for (unsigned int i = 0; i < REGS; i++) {
        regs[i] = POISON(i);
    }
}

void call(uint64_t regs[REGS], uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
    poison(regs);
    regs[0] = x0;
    regs[1] = x1;
    regs[2] = x2;
    regs[3] = x3;
    check(smc_call(regs) == SMC_INTACT, "x18 to x29 survive an SMC");
}

void ffa(uint64_t regs[REGS], uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
    poison(regs);
    regs[0] = x0;
    regs[1] = x1;
    regs[2] = x2;
    regs[3] = x3;
    for (unsigned int i = 4; i < FFA_REGS_SMC32; i++) {
        regs[i] = 0;
    }
    check(smc_call(regs) == SMC_INTACT, "x18 to x29 survive an SMC");
}

uint64_t value_of(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
    uint64_t regs[REGS];

    call(regs, x0, x1, x2, x3);
    return regs[0];
}

bool poisoned_from(const uint64_t regs[REGS], unsigned int first)
{
    for (unsigned int i = first; i < REGS; i++) {
        if (regs[i] != POISON(i)) {
            return false;
        }
    }
    return true;
}

bool zero_between(const uint64_t regs[REGS], unsigned int first, unsigned int last)
{
    for (unsigned int i = first; i <= last; i++) {
        if (regs[i] != 0) {
            return false;
        }
    }
    return true;
}

bool is_error(const uint64_t regs[REGS], int32_t status)
{
    return regs[0] == FFA_ERROR && regs[1] == 0 && regs[2] == (uint32_t)status &&
           zero_between(regs, 3, 7);
}

void ffa_7(uint64_t regs[REGS], const uint64_t x[FFA_REGS_SMC32])
{
    poison(regs);
    for (unsigned int i = 0; i < FFA_REGS_SMC32; i++) {
        regs[i] = x[i];
    }
    if (smc_call(regs) != SMC_INTACT) {
        check(false, "x18 to x29 survive an SMC");
    }
}

void ask(uint64_t regs[REGS], uint16_t partition, uint64_t word0, uint64_t word1, uint64_t word2,
         uint64_t word3, uint64_t word4)
{
    ffa_7(regs, (const uint64_t[]){FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(TEST_VM, partition), 0,
                                   word0, word1, word2, word3, word4});
}

void run(uint64_t regs[REGS], uint16_t partition, uint16_t vcpu)
{
    ffa(regs, FFA_RUN, ffa_target_make(partition, vcpu), 0, 0);
}

bool is_left(const uint64_t regs[REGS], uint32_t fid, uint16_t partition, uint16_t vcpu)
{
    return regs[0] == fid && regs[1] == ffa_target_make(partition, vcpu) &&
           zero_between(regs, 2, 7);
}

bool is_response(const uint64_t regs[REGS], uint16_t partition)
{
    return regs[0] == FFA_MSG_SEND_DIRECT_RESP_32 && regs[1] == ffa_ids_make(partition, TEST_VM) &&
           regs[2] == 0;
}
