/* SPDX-License-Identifier: BSD-3-Clause */
/* The Secure virtual instance: what a partition may call while it runs, and how its run ends. */
#include "internal.h"

struct abi {
    uint32_t fid;
    uint32_t since;
    spmc_partition_handler *serve;
};

static int32_t version(struct spmc *spmc, struct spmc_frame *frame)
{
    frame->out[0] = spmc->config.version;
    return SPMC_RUNS;
}

static int32_t spm_id_get(struct spmc *spmc, struct spmc_frame *frame)
{
    (void)spmc_spm_id_get(spmc, frame);
    return SPMC_RUNS;
}

static int32_t id_get(struct spmc *spmc, struct spmc_frame *frame)
{
    frame->out[2] = spmc_partition_of(spmc, frame->runs)->id;
    return SPMC_RUNS;
}

/* The characters are in the registers, byte after byte: 4 in each of w2 to w7, or 8 in x2 and up.
 */
static int32_t console_log(struct spmc *spmc, struct spmc_frame *frame)
{
    const unsigned int each = ffa_fid_is_64(frame->fid) ? 8 : 4;
    const uint64_t max =
        ffa_fid_is_64(frame->fid) ? FFA_CONSOLE_LOG_64_MAX : FFA_CONSOLE_LOG_32_MAX;
    const uint64_t count = frame->in[1] & FFA_CONSOLE_LOG_COUNT_MASK;
    char text[FFA_CONSOLE_LOG_64_MAX];

    if (count == 0 || count > max) {
        return FFA_INVALID_PARAMETERS;
    }
    for (unsigned int i = 0; i < count; i++) {
        text[i] = (char)(frame->in[2 + i / each] >> (8 * (i % each)));
    }
    if (spmc->config.log != NULL) {
        spmc->config.log(spmc->config.host, spmc_partition_of(spmc, frame->runs), text, count);
    }
    return SPMC_RUNS;
}

static const struct abi abis[] = {
    {FFA_ERROR, FFA_VERSION_1_0, spmc_partition_fail},
    {FFA_SUCCESS_32, FFA_VERSION_1_2, spmc_partition_finish},
    {FFA_VERSION, FFA_VERSION_1_0, version},
    {FFA_RX_RELEASE, FFA_VERSION_1_0, spmc_partition_rx_release},
    {FFA_RXTX_MAP_32, FFA_VERSION_1_0, spmc_partition_rxtx_map},
    {FFA_RXTX_MAP_64, FFA_VERSION_1_0, spmc_partition_rxtx_map},
    {FFA_RXTX_UNMAP, FFA_VERSION_1_0, spmc_partition_rxtx_unmap},
    {FFA_ID_GET, FFA_VERSION_1_0, id_get},
    {FFA_MSG_WAIT, FFA_VERSION_1_0, spmc_partition_wait},
    {FFA_YIELD, FFA_VERSION_1_0, spmc_partition_yield},
    {FFA_MSG_SEND_DIRECT_RESP_32, FFA_VERSION_1_0, spmc_partition_respond},
    {FFA_MSG_SEND_DIRECT_RESP_64, FFA_VERSION_1_0, spmc_partition_respond},
    {FFA_MEM_DONATE_32, FFA_VERSION_1_0, spmc_partition_mem_send},
    {FFA_MEM_DONATE_64, FFA_VERSION_1_0, spmc_partition_mem_send},
    {FFA_MEM_LEND_32, FFA_VERSION_1_0, spmc_partition_mem_send},
    {FFA_MEM_LEND_64, FFA_VERSION_1_0, spmc_partition_mem_send},
    {FFA_MEM_SHARE_32, FFA_VERSION_1_0, spmc_partition_mem_send},
    {FFA_MEM_SHARE_64, FFA_VERSION_1_0, spmc_partition_mem_send},
    {FFA_MEM_RETRIEVE_REQ_32, FFA_VERSION_1_0, spmc_partition_mem_retrieve},
    {FFA_MEM_RETRIEVE_REQ_64, FFA_VERSION_1_0, spmc_partition_mem_retrieve},
    {FFA_MEM_RELINQUISH, FFA_VERSION_1_0, spmc_partition_mem_relinquish},
    {FFA_MEM_FRAG_RX, FFA_VERSION_1_0, spmc_partition_mem_frag_rx},
    {FFA_NOTIFICATION_BIND, FFA_VERSION_1_1, spmc_partition_notification_bind},
    {FFA_NOTIFICATION_UNBIND, FFA_VERSION_1_1, spmc_partition_notification_unbind},
    {FFA_NOTIFICATION_SET, FFA_VERSION_1_1, spmc_partition_notification_set},
    {FFA_NOTIFICATION_GET, FFA_VERSION_1_1, spmc_partition_notification_get},
    {FFA_SPM_ID_GET, FFA_VERSION_1_1, spm_id_get},
    {FFA_MSG_SEND2, FFA_VERSION_1_1, spmc_partition_msg_send2},
    {FFA_CONSOLE_LOG_32, FFA_VERSION_1_2, console_log},
    {FFA_CONSOLE_LOG_64, FFA_VERSION_1_2, console_log},
    {FFA_MSG_SEND_DIRECT_RESP2, FFA_VERSION_1_2, spmc_partition_respond},
};

int32_t spmc_partition_call(struct spmc *spmc, struct spmc_frame *frame)
{
    /* The handlers write what they answer into the frame, over what they were asked. */
    spmc_decode(frame, spmc->config.version, frame->runs->regs);
    for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++) {
        if (abis[i].fid == frame->fid && abis[i].since <= spmc->config.version) {
            return abis[i].serve(spmc, frame);
        }
    }
    return FFA_NOT_SUPPORTED;
}
