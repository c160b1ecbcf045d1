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

int32_t spmc_features(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint32_t queried = (uint32_t)frame->in[1];

    /* NOT_SUPPORTED is the only error there is here. No function on offer takes properties in w2.
     */
    if (queried == FFA_FEATURE_SRI && spmc->version >= FFA_VERSION_1_1) {
        frame->out[2] =
            spmc->config.sri_intid != 0 ? spmc->config.sri_intid : (uint64_t)SPMC_SRI_INTID;
        return FFA_OK;
    }
    if (spmc_refuses_reserved(spmc, frame->in[2]) || !spmc_offers(spmc, queried)) {
        return FFA_NOT_SUPPORTED;
    }
    if ((queried == FFA_RXTX_MAP_32 || queried == FFA_RXTX_MAP_64) &&
        spmc->version >= FFA_VERSION_1_2) {
        frame->out[2] =
            ffa_features_rxtx_map_make(FFA_FEATURES_RXTX_MAP_MIN_4K, spmc_rxtx_pages_max(spmc));
    }
    return FFA_OK;
}
