/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is who (FF-A 1.2, 13.9 and 13.10), and what the SPMC offers (13.3). */
#include "internal.h"

int32_t spmc_id_get(struct spmc *spmc, struct spmc_frame *frame)
{
    (void)spmc;
    frame->out[2] = FFA_ID_HYPERVISOR;
    return FFA_OK;
}

int32_t spmc_spm_id_get(struct spmc *spmc, struct spmc_frame *frame)
{
    (void)spmc;
    frame->out[2] = SPMC_ID;
    return FFA_OK;
}

static bool is_retrieve(uint32_t fid)
{
    return fid == FFA_MEM_RETRIEVE_REQ_32 || fid == FFA_MEM_RETRIEVE_REQ_64;
}

/* What a caller may say of itself in w2. */
static uint32_t properties_taken(uint32_t fid)
{
    return is_retrieve(fid) ? FFA_FEATURES_RETRIEVE_REQ_IN_NS_BIT : 0;
}

/* w3 is zero: memory can be retrieved once until it is relinquished. */
static uint32_t retrieve_properties(const struct spmc *spmc)
{
    uint32_t properties = 0;

    if (spmc->version >= FFA_VERSION_1_1) {
        properties |= FFA_FEATURES_RETRIEVE_REQ_NS_BIT;
    }
    if (spmc->version >= FFA_VERSION_1_2) {
        properties |= FFA_FEATURES_RETRIEVE_REQ_HYPERVISOR;
    }
    return properties;
}

int32_t spmc_features(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint32_t queried = (uint32_t)frame->in[1];

    /* NOT_SUPPORTED is the only error there is here. */
    if (queried == FFA_FEATURE_SRI && spmc->version >= FFA_VERSION_1_1) {
        frame->out[2] =
            spmc->config.sri_intid != 0 ? spmc->config.sri_intid : (uint64_t)SPMC_SRI_INTID;
        return FFA_OK;
    }
    if (spmc_refuses_reserved(spmc, frame->in[2] & ~(uint64_t)properties_taken(queried)) ||
        !spmc_offers(spmc, queried)) {
        return FFA_NOT_SUPPORTED;
    }
    if (is_retrieve(queried)) {
        frame->out[2] = retrieve_properties(spmc);
    }
    if ((queried == FFA_RXTX_MAP_32 || queried == FFA_RXTX_MAP_64) &&
        spmc->version >= FFA_VERSION_1_2) {
        frame->out[2] =
            ffa_features_rxtx_map_make(FFA_FEATURES_RXTX_MAP_MIN_4K, spmc_rxtx_pages_max(spmc));
    }
    return FFA_OK;
}
