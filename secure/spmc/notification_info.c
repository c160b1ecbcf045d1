/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_NOTIFICATION_INFO_GET (FF-A 1.2, 16.7): who has notifications pending that the scheduler has
 * not been told of. Each is told of once; what does not fit is for the next call.
 */
#include "internal.h"

/* An answer as it grows. */
struct info {
    uint64_t *regs; /* x3 and up */
    unsigned int ids_each;
    unsigned int ids_max; /* as many lists, too */
    unsigned int ids;
    unsigned int lists;
    uint64_t lengths;
};

static void put_id(struct info *info, uint16_t id)
{
    info->regs[info->ids / info->ids_each] |= (uint64_t)id << (16 * (info->ids % info->ids_each));
    info->ids++;
}

static unsigned int count_bits(uint32_t bits)
{
    unsigned int count = 0;

    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

/* One list: an endpoint, and up to three of its vCPUs. Returns false if there is no room for it. */
static bool put_list(struct info *info, uint16_t endpoint, uint32_t vcpus)
{
    const unsigned int count = count_bits(vcpus);

    if (info->ids + 1 + count > info->ids_max || info->lists == info->ids_max) {
        return false;
    }
    put_id(info, endpoint);
    for (unsigned int i = 0; i < SPMC_VCPUS_MAX; i++) {
        if ((vcpus & (1u << i)) != 0) {
            put_id(info, (uint16_t)i);
        }
    }
    info->lengths |= ffa_notification_info_list(info->lists, count);
    info->lists++;
    return true;
}

/* Up to three of the vCPUs that there is news for, the lowest first. */
static uint32_t next_vcpus(const struct spmc_inbox *inbox)
{
    uint32_t chosen = 0;

    for (unsigned int i = 0;
         i < inbox->vcpus && count_bits(chosen) < FFA_NOTIFICATION_INFO_GET_VCPUS_MAX; i++) {
        chosen |= inbox->news_vcpus & (1u << i);
    }
    return chosen;
}

/* Tells of one endpoint, as far as there is room. Returns false if some news is left. */
static bool tell(struct info *info, uint16_t endpoint, struct spmc_inbox *inbox)
{
    uint32_t vcpus;

    if (inbox->news_global && !put_list(info, endpoint, 0)) {
        return false;
    }
    inbox->news_global = false;
    while ((vcpus = next_vcpus(inbox)) != 0) {
        if (!put_list(info, endpoint, vcpus)) {
            return false;
        }
        inbox->news_vcpus &= ~vcpus;
    }
    return true;
}

static bool tell_all(struct spmc *spmc, struct info *info)
{
    bool all = true;

    for (unsigned int i = 0; i < SPMC_VMS_MAX && all; i++) {
        if (spmc->vms[i].inbox.vcpus != 0) {
            all = tell(info, spmc->vms[i].id, &spmc->vms[i].inbox);
        }
    }
    for (unsigned int i = 0; i < SPMC_PARTITIONS_MAX && i < spmc->config.partition_count && all;
         i++) {
        all = tell(info, spmc->config.partitions[i].id, &spmc->runtimes[i].inbox);
    }
    return all;
}

int32_t spmc_notification_info_get(struct spmc *spmc, struct spmc_frame *frame)
{
    const bool is_64 = frame->fid == FFA_NOTIFICATION_INFO_GET_64;
    struct info info = {
        .regs = &frame->out[3],
        .ids_each = is_64 ? 4 : 2,
        .ids_max = is_64 ? FFA_NOTIFICATION_INFO_GET_64_MAX : FFA_NOTIFICATION_INFO_GET_32_MAX,
    };
    const bool all = tell_all(spmc, &info);

    if (info.lists == 0) {
        return FFA_NO_DATA;
    }
    frame->out[0] = is_64 ? FFA_SUCCESS_64 : FFA_SUCCESS_32;
    frame->out[2] = ffa_notification_info_make(!all, info.lists) | info.lengths;
    return FFA_OK;
}
