/* SPDX-License-Identifier: BSD-3-Clause */
#include "registers.h"

#define RESULT(i) (1u << (i))

/* The registers that hold results of FFA_SUCCESS; all others are zero. */
static uint32_t results_of(uint32_t fid)
{
    switch (fid) {
    case FFA_ID_GET:
    case FFA_SPM_ID_GET:
        return RESULT(2);
    case FFA_FEATURES:
    case FFA_PARTITION_INFO_GET:
        return RESULT(2) | RESULT(3);
    case FFA_PARTITION_INFO_GET_REGS:
        return 0x3fffc; /* x2 to x17 */
    default:
        return 0;
    }
}

static bool is_status(uint64_t x)
{
    return x <= UINT32_MAX && (int32_t)x < 0 && (int32_t)x >= FFA_NO_DATA;
}

/* x0 to x7 of an answer that is wrapped in FFA_ERROR or FFA_SUCCESS. */
static bool low_register_well(const struct registers_call *call, unsigned int i)
{
    uint64_t x = call->answer->x[i];
    uint32_t fid = (uint32_t)call->sent->x[0];
    uint32_t answer = (uint32_t)call->answer->x[0];

    if (i == 0) {
        return x == FFA_ERROR || x == FFA_SUCCESS_32 ||
               (x == FFA_SUCCESS_64 && fid == FFA_PARTITION_INFO_GET_REGS);
    }
    if (answer == FFA_ERROR) {
        return i == 2 ? is_status(x) : x == 0;
    }
    if ((results_of(fid) & RESULT(i)) == 0) {
        return x == 0;
    }
    return answer == FFA_SUCCESS_64 || x <= UINT32_MAX;
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
    uint64_t x = call->answer->x[i];
    uint32_t fid = (uint32_t)call->sent->x[0];
    uint32_t answer = (uint32_t)call->answer->x[0];
    bool wide = call->aarch64 && call->version >= FFA_VERSION_1_2 &&
                (ffa_fid_is_64(fid) || answer == FFA_SUCCESS_64);

    if (!wide) {
        return x == call->sent->x[i];
    }
    return x == 0 || (answer == FFA_SUCCESS_64 && (results_of(fid) & RESULT(i)) != 0);
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
