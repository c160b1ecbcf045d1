/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a call enters the SPMC and where its answer leaves: the lock, the table, the registers. */
#include "internal.h"

#if __STDC_HOSTED__
#include <sched.h>
#endif

#define X(n) (1u << (n)) /* an argument register that an ABI uses */

/* x2 to x17: UUID and payload. x1 to x7: what an SMC32 call has. x1 to x4: most of memory. */
#define X_ALL 0x3fffeu
#define X_1_7 0xfeu
#define X_1_4 0x1eu

struct abi {
    uint32_t fid;
    uint32_t since;      /* the version that introduced it */
    uint32_t arguments;  /* X(n) of those in use; the others are reserved */
    spmc_handler *serve; /* NULL: only ever an answer */
};

/* FFA_FEATURES and dispatch both read this table. FFA_VERSION is served before it is looked at. */
static const struct abi abis[] = {
    {FFA_ERROR, FFA_VERSION_1_0, 0, NULL},
    {FFA_SUCCESS_32, FFA_VERSION_1_0, 0, NULL},
    {FFA_SUCCESS_64, FFA_VERSION_1_0, 0, NULL},
    {FFA_INTERRUPT, FFA_VERSION_1_0, 0, NULL},
    {FFA_VERSION, FFA_VERSION_1_0, X(1), NULL},
    {FFA_FEATURES, FFA_VERSION_1_0, X(1) | X(2), spmc_features},
    {FFA_RX_RELEASE, FFA_VERSION_1_0, X(1), spmc_rx_release},
    {FFA_RXTX_MAP_32, FFA_VERSION_1_0, X(1) | X(2) | X(3), spmc_rxtx_map},
    {FFA_RXTX_MAP_64, FFA_VERSION_1_0, X(1) | X(2) | X(3), spmc_rxtx_map},
    {FFA_RXTX_UNMAP, FFA_VERSION_1_0, X(1), spmc_rxtx_unmap},
    {FFA_PARTITION_INFO_GET, FFA_VERSION_1_0, X(1) | X(2) | X(3) | X(4) | X(5),
     spmc_partition_info_get},
    {FFA_ID_GET, FFA_VERSION_1_0, 0, spmc_id_get},
    {FFA_MSG_WAIT, FFA_VERSION_1_0, 0, NULL},
    {FFA_YIELD, FFA_VERSION_1_0, 0, NULL},
    {FFA_RUN, FFA_VERSION_1_0, X(1), spmc_run},
    {FFA_MSG_SEND_DIRECT_REQ_32, FFA_VERSION_1_0, X_1_7, spmc_direct_request},
    {FFA_MSG_SEND_DIRECT_REQ_64, FFA_VERSION_1_0, X_1_7, spmc_direct_request},
    {FFA_MSG_SEND_DIRECT_RESP_32, FFA_VERSION_1_0, 0, NULL},
    {FFA_MSG_SEND_DIRECT_RESP_64, FFA_VERSION_1_0, 0, NULL},
    {FFA_MEM_DONATE_32, FFA_VERSION_1_0, X_1_4, spmc_mem_send},
    {FFA_MEM_DONATE_64, FFA_VERSION_1_0, X_1_4, spmc_mem_send},
    {FFA_MEM_LEND_32, FFA_VERSION_1_0, X_1_4, spmc_mem_send},
    {FFA_MEM_LEND_64, FFA_VERSION_1_0, X_1_4, spmc_mem_send},
    {FFA_MEM_SHARE_32, FFA_VERSION_1_0, X_1_4, spmc_mem_send},
    {FFA_MEM_SHARE_64, FFA_VERSION_1_0, X_1_4, spmc_mem_send},
    {FFA_MEM_RETRIEVE_REQ_32, FFA_VERSION_1_0, X_1_4, spmc_mem_retrieve},
    {FFA_MEM_RETRIEVE_REQ_64, FFA_VERSION_1_0, X_1_4, spmc_mem_retrieve},
    {FFA_MEM_RETRIEVE_RESP, FFA_VERSION_1_0, 0, NULL},
    {FFA_MEM_RELINQUISH, FFA_VERSION_1_0, 0, spmc_mem_relinquish},
    {FFA_MEM_RECLAIM, FFA_VERSION_1_0, X(1) | X(2) | X(3), spmc_mem_reclaim},
    {FFA_MEM_FRAG_RX, FFA_VERSION_1_0, X_1_4, spmc_mem_frag_rx},
    {FFA_MEM_FRAG_TX, FFA_VERSION_1_0, X_1_4, spmc_mem_frag_tx},
    {FFA_NOTIFICATION_BITMAP_CREATE, FFA_VERSION_1_1, X(1) | X(2), spmc_notification_bitmap_create},
    {FFA_NOTIFICATION_BITMAP_DESTROY, FFA_VERSION_1_1, X(1), spmc_notification_bitmap_destroy},
    {FFA_NOTIFICATION_BIND, FFA_VERSION_1_1, X(1) | X(2) | X(3) | X(4), spmc_notification_bind},
    {FFA_NOTIFICATION_UNBIND, FFA_VERSION_1_1, X(1) | X(3) | X(4), spmc_notification_unbind},
    {FFA_NOTIFICATION_SET, FFA_VERSION_1_1, X(1) | X(2) | X(3) | X(4), spmc_notification_set},
    {FFA_NOTIFICATION_GET, FFA_VERSION_1_1, X(1) | X(2), spmc_notification_get},
    {FFA_NOTIFICATION_INFO_GET_32, FFA_VERSION_1_1, 0, spmc_notification_info_get},
    {FFA_NOTIFICATION_INFO_GET_64, FFA_VERSION_1_1, 0, spmc_notification_info_get},
    {FFA_RX_ACQUIRE, FFA_VERSION_1_1, X(1), spmc_rx_acquire},
    {FFA_SPM_ID_GET, FFA_VERSION_1_1, 0, spmc_spm_id_get},
    {FFA_MSG_SEND2, FFA_VERSION_1_1, X(1) | X(2), spmc_msg_send2},
    {FFA_PARTITION_INFO_GET_REGS, FFA_VERSION_1_2, X(1) | X(2) | X(3),
     spmc_partition_info_get_regs},
    {FFA_MSG_SEND_DIRECT_REQ2, FFA_VERSION_1_2, X_ALL, spmc_direct_request2},
    {FFA_MSG_SEND_DIRECT_RESP2, FFA_VERSION_1_2, 0, NULL},
};

static bool is_absent(const struct spmc *spmc, uint32_t fid)
{
    for (unsigned int i = 0; i < spmc->config.absent_count; i++) {
        if (ffa_fid_number(spmc->config.absent[i]) == ffa_fid_number(fid)) {
            return true;
        }
    }
    return false;
}

static const struct abi *abi_find(const struct spmc *spmc, uint32_t fid)
{
    if (is_absent(spmc, fid)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++) {
        if (abis[i].fid == fid) {
            return abis[i].since <= spmc->version ? &abis[i] : NULL;
        }
    }
    return NULL;
}

bool spmc_offers(const struct spmc *spmc, uint32_t fid)
{
    return abi_find(spmc, fid) != NULL;
}

bool spmc_refuses_reserved(struct spmc *spmc, uint64_t bits)
{
    if (bits == 0) {
        return false;
    }
    spmc_hostile_reserved(spmc);
    return spmc->version < FFA_VERSION_1_2;
}

/* How many of x0 to x17 take part: FF-A 1.2 gives an SMC64 call all of them. */
static unsigned int reg_count(uint32_t version, uint32_t fid)
{
    return ffa_fid_is_64(fid) && version >= FFA_VERSION_1_2 ? FFA_REGS_MAX : FFA_REGS_SMC32;
}

void spmc_decode(struct spmc_frame *frame, uint32_t version, const uint64_t regs[FFA_REGS_MAX])
{
    memset(frame->in, 0, sizeof(frame->in));
    memset(frame->out, 0, sizeof(frame->out));
    frame->fid = (uint32_t)regs[0];
    frame->out[0] = FFA_SUCCESS_32;
    for (unsigned int i = 1; i < reg_count(version, frame->fid); i++) {
        frame->in[i] = ffa_fid_is_64(frame->fid) ? regs[i] : (uint32_t)regs[i];
    }
}

/*
 * The one exit. Registers that take no part in the call, nor in its answer, stay as the caller left
 * them (SMCCC): an SMC32 call may have an SMC64 answer.
 */
static void encode(const struct spmc *spmc, uint32_t fid, const uint64_t out[FFA_REGS_MAX],
                   uint64_t regs[FFA_REGS_MAX])
{
    const unsigned int called = reg_count(spmc->version, fid);
    const unsigned int answered = reg_count(spmc->version, (uint32_t)out[0]);

    memcpy(regs, out, (called > answered ? called : answered) * sizeof(regs[0]));
}

void spmc_answer_error(const struct spmc *spmc, uint64_t regs[FFA_REGS_MAX], int32_t status)
{
    const uint64_t out[FFA_REGS_MAX] = {[0] = FFA_ERROR, [2] = (uint32_t)status};

    encode(spmc, (uint32_t)regs[0], out, regs);
}

static bool reserved_refused(struct spmc *spmc, const struct abi *abi,
                             const struct spmc_frame *frame)
{
    uint64_t bits = 0;

    for (unsigned int i = 1; i < FFA_REGS_MAX; i++) {
        bits |= (abi->arguments & X(i)) == 0 ? frame->in[i] : 0;
    }
    return spmc_refuses_reserved(spmc, bits);
}

static int32_t dispatch(struct spmc *spmc, struct spmc_frame *frame)
{
    const struct abi *abi;
    int32_t status;

    if (!spmc_version_settle(spmc)) {
        return FFA_NOT_SUPPORTED;
    }
    abi = abi_find(spmc, frame->fid);
    if (abi == NULL || abi->serve == NULL) {
        return FFA_NOT_SUPPORTED;
    }
    if (reserved_refused(spmc, abi, frame)) {
        return FFA_INVALID_PARAMETERS;
    }
    status = abi->serve(spmc, frame);
    if (status == SPMC_RUNS) {
        spmc_context_run(spmc, frame);
        return FFA_OK;
    }
    return status;
}

static void serve(struct spmc *spmc, struct spmc_frame *frame, uint64_t regs[FFA_REGS_MAX])
{
    const uint32_t fid = (uint32_t)regs[0];
    int32_t status;

    spmc_decode(frame, spmc->version, regs);
    if (fid == FFA_VERSION) {
        frame->out[0] = spmc_version_call(spmc, (uint32_t)frame->in[1]);
        memcpy(regs, frame->out, FFA_REGS_SMC32 * sizeof(regs[0]));
        return;
    }
    status = dispatch(spmc, frame);
    if (status != FFA_OK) {
        spmc_answer_error(spmc, regs, status);
        return;
    }
    encode(spmc, fid, frame->out, regs);
}

/* Lets the holder go on where CPUs, or the threads that stand for them, share one. */
static void relax(void)
{
#if __STDC_HOSTED__
    sched_yield();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void spmc_lock(struct spmc *spmc)
{
    /* Pairs with the release in spmc_unlock(). */
    while (__atomic_exchange_n(&spmc->locked, true, __ATOMIC_ACQUIRE)) {
        relax();
    }
}

static void raise_sri(struct spmc *spmc, struct spmc_frame *frame, enum spmc_sri least)
{
    if (frame->sri < least) {
        return;
    }
    frame->sri = SPMC_SRI_NONE;
    if (spmc->config.raise_sri != NULL) {
        spmc->config.raise_sri(spmc->config.host);
    }
}

void spmc_unlock(struct spmc *spmc, struct spmc_frame *frame)
{
    __atomic_store_n(&spmc->locked, false, __ATOMIC_RELEASE);
    raise_sri(spmc, frame, SPMC_SRI_NOW);
}

static unsigned int cpu_of(const struct spmc *spmc)
{
    return spmc->config.cpu != NULL ? spmc->config.cpu(spmc->config.host) : 0;
}

void spmc_call(struct spmc *spmc, uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_visit visit = {
        .fid = (uint32_t)regs[0],
        .in = {(uint32_t)regs[0], (uint32_t)regs[1], (uint32_t)regs[2], (uint32_t)regs[3],
               (uint32_t)regs[4]},
    };
    struct spmc_frame frame = {.cpu = cpu_of(spmc)};

    spmc_lock(spmc);
    spmc_boot(spmc, &frame);
    if (!spmc_hostile_answers(spmc, &visit, regs)) {
        serve(spmc, &frame, regs);
    }
    spmc_hostile_after(spmc, &visit, regs);
    spmc_unlock(spmc, &frame);
    raise_sri(spmc, &frame, SPMC_SRI_DELAYED);
}

bool spmc_interrupt(struct spmc *spmc, uint16_t partition_id, uint32_t intid)
{
    const uint64_t interrupt[FFA_REGS_MAX] = {[0] = FFA_INTERRUPT, [2] = intid};
    struct spmc_frame frame = {.cpu = cpu_of(spmc)};
    unsigned int partition;
    bool taken;

    spmc_lock(spmc);
    spmc_boot(spmc, &frame);
    partition = spmc_partition_find(spmc, partition_id);
    taken = spmc_context_claim(spmc, &frame, partition, SPMC_WORK_INTERRUPT) == FFA_OK;
    if (taken) {
        memcpy(frame.runs->regs, interrupt, sizeof(interrupt));
        spmc_context_run(spmc, &frame);
    }
    spmc_unlock(spmc, &frame);
    raise_sri(spmc, &frame, SPMC_SRI_DELAYED);
    return taken;
}
