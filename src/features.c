/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_FEATURES (FF-A 1.2, 13.3). Whether an ABI is there is read from the same row of the table
 * that the dispatcher reads; only the properties are decided here.
 */
#include "internal.h"

static uint32_t rxtx_map_properties(const struct call *call)
{
    /* The largest size is a field of 1.2; it must be zero for earlier callers. */
    uint16_t pages_max = call->version >= VERSION_1_2 ? call->vm->rxtx_pages_max : 0;

    return ffa_features_rxtx_map_make(FFA_FEATURES_RXTX_MAP_MIN_4K, pages_max);
}

int32_t parley_handle_features(const struct call *call, struct parley_regs *result)
{
    uint32_t asked = call_word(call, 1);

    /* Without bit 31 it is a feature ID. All of 1.2's are about interrupts of notifications. */
    if ((asked & FFA_FEATURES_FUNCTION_BIT) == 0) {
        return FFA_NOT_SUPPORTED;
    }
    if (!ffa_fid_is_ffa(asked) || !parley_abi_offered(call->vm, call->version, asked)) {
        return FFA_NOT_SUPPORTED;
    }
    if (asked == FFA_RXTX_MAP_32 || asked == FFA_RXTX_MAP_64) {
        result->x[2] = rxtx_map_properties(call);
    }
    return FFA_OK;
}
