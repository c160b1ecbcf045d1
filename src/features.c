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

/* The features of 1.1 and 1.2 are interrupts of notifications; a VM has no managed exit. */
static int32_t feature(const struct call *call, uint32_t id, struct parley_regs *result)
{
    const struct parley_config *config = &call->vm->parley->config;

    if (id == FFA_FEATURE_NPI &&
        parley_abi_offered(call->vm, call->version, FFA_NOTIFICATION_GET)) {
        result->x[2] = config->npi_intid;
        return FFA_OK;
    }
    if (id == FFA_FEATURE_SRI &&
        parley_abi_offered(call->vm, call->version, FFA_NOTIFICATION_INFO_GET_32)) {
        result->x[2] = config->sri_intid;
        return FFA_OK;
    }
    return FFA_NOT_SUPPORTED;
}

int32_t parley_handle_features(const struct call *call, struct parley_regs *result)
{
    uint32_t asked = call_word(call, 1);

    if ((asked & FFA_FEATURES_FUNCTION_BIT) == 0) {
        return feature(call, asked, result);
    }
    if (!ffa_fid_is_ffa(asked) || !parley_abi_offered(call->vm, call->version, asked)) {
        return FFA_NOT_SUPPORTED;
    }
    if (asked == FFA_RXTX_MAP_32 || asked == FFA_RXTX_MAP_64) {
        result->x[2] = rxtx_map_properties(call);
    }
    if (asked == FFA_MEM_RETRIEVE_REQ_32 || asked == FFA_MEM_RETRIEVE_REQ_64) {
        result->x[2] = FFA_FEATURES_RETRIEVE_REQ_NS_BIT;
    }
    return FFA_OK;
}
