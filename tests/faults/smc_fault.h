/* SPDX-License-Identifier: BSD-3-Clause */
/* One SMC whose answer is replaced: by each error, and by nonsense. */
#ifndef SMC_FAULT_H
#define SMC_FAULT_H

#include "unit.h"

/* What becomes of the kth SMC from the moment on when this is put in its place. */
struct fault {
    unsigned int k;
    bool served;             /* by the SPMC, before its answer is replaced */
    struct parley_regs regs; /* the answer */
    unsigned int smcs;       /* so far */
};

static inline void smc_with_fault(void *context, struct parley_regs *regs)
{
    struct fault *fault = context;
    bool now = ++fault->smcs == fault->k;

    if (!now || fault->served) {
        posix_smc_secure_world(regs);
    }
    if (now) {
        *regs = fault->regs;
    }
}

static inline struct parley_regs error_regs(int32_t status)
{
    return (struct parley_regs){{FFA_ERROR, 0, (uint32_t)status}};
}

/* x0, and the same garbage in all others. */
static inline struct parley_regs garbage_regs(uint64_t x0)
{
    struct parley_regs regs;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        regs.x[i] = i == 0 ? x0 : 0xbad1bad25eed5eed;
    }
    return regs;
}

#define ERRORS 15u

static const int32_t errors[ERRORS] = {FFA_NOT_SUPPORTED,
                                       FFA_INVALID_PARAMETERS,
                                       FFA_NO_MEMORY,
                                       FFA_BUSY,
                                       FFA_INTERRUPTED,
                                       FFA_DENIED,
                                       FFA_RETRY,
                                       FFA_ABORTED,
                                       FFA_NO_DATA,
                                       -10,
                                       -11,
                                       INT32_MIN,
                                       INT32_MAX,
                                       1,
                                       0};

static const uint64_t nonsense[] = {0,
                                    1,
                                    0xffffffffffffffff,
                                    0xffffffff,
                                    0x80000000,
                                    FFA_SUCCESS_32,
                                    FFA_SUCCESS_64,
                                    FFA_INTERRUPT,
                                    FFA_YIELD,
                                    FFA_MSG_WAIT,
                                    FFA_ERROR,
                                    FFA_VERSION,
                                    FFA_VERSION_1_1,
                                    FFA_MSG_SEND_DIRECT_RESP_64,
                                    0xbad1bad200000000 | FFA_SUCCESS_32};

/* Replacement number n; false if there are no more. */
static inline bool replacement(unsigned int n, struct parley_regs *regs)
{
    if (n < ERRORS) {
        *regs = error_regs(errors[n]);
    } else if (n < ERRORS + COUNT(nonsense)) {
        *regs = garbage_regs(nonsense[n - ERRORS]);
    } else if (n < ERRORS + 2 * COUNT(nonsense)) {
        *regs = (struct parley_regs){{nonsense[n - ERRORS - COUNT(nonsense)]}};
    } else {
        return false;
    }
    return true;
}

static inline bool says_success(const struct parley_regs *regs)
{
    return (uint32_t)regs->x[0] == FFA_SUCCESS_32 || (uint32_t)regs->x[0] == FFA_SUCCESS_64;
}

#endif
