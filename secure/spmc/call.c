/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a call enters the SPMC and where its answer leaves: the lock, the table, the registers. */
#include "internal.h"

#if __STDC_HOSTED__
#include <sched.h>
#endif

#define X(n) (1u << (n)) /* an argument register that an ABI uses */

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
    {FFA_VERSION, FFA_VERSION_1_0, X(1), NULL},
    {FFA_FEATURES, FFA_VERSION_1_0, X(1) | X(2), spmc_features},
    {FFA_RX_RELEASE, FFA_VERSION_1_0, X(1), spmc_rx_release},
    {FFA_RXTX_MAP_32, FFA_VERSION_1_0, X(1) | X(2) | X(3), spmc_rxtx_map},
    {FFA_RXTX_MAP_64, FFA_VERSION_1_0, X(1) | X(2) | X(3), spmc_rxtx_map},
    {FFA_RXTX_UNMAP, FFA_VERSION_1_0, X(1), spmc_rxtx_unmap},
    {FFA_PARTITION_INFO_GET, FFA_VERSION_1_0, X(1) | X(2) | X(3) | X(4) | X(5),
     spmc_partition_info_get},
    {FFA_ID_GET, FFA_VERSION_1_0, 0, spmc_id_get},
    {FFA_SPM_ID_GET, FFA_VERSION_1_1, 0, spmc_spm_id_get},
    {FFA_PARTITION_INFO_GET_REGS, FFA_VERSION_1_2, X(1) | X(2) | X(3),
     spmc_partition_info_get_regs},
};

static const struct abi *abi_find(const struct spmc *spmc, uint32_t fid)
{
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
static unsigned int reg_count(const struct spmc *spmc, uint32_t fid)
{
    return ffa_fid_is_64(fid) && spmc->version >= FFA_VERSION_1_2 ? FFA_REGS_MAX : FFA_REGS_SMC32;
}

static void decode(const struct spmc *spmc, const uint64_t regs[FFA_REGS_MAX],
                   struct spmc_frame *frame)
{
    memset(frame, 0, sizeof(*frame));
    frame->fid = (uint32_t)regs[0];
    frame->out[0] = FFA_SUCCESS_32;
    for (unsigned int i = 1; i < reg_count(spmc, frame->fid); i++) {
        frame->in[i] = ffa_fid_is_64(frame->fid) ? regs[i] : (uint32_t)regs[i];
    }
}

/* The one exit. Registers that take no part stay as the caller left them (SMCCC). */
static void encode(const struct spmc *spmc, uint32_t fid, const uint64_t out[FFA_REGS_MAX],
                   uint64_t regs[FFA_REGS_MAX])
{
    memcpy(regs, out, reg_count(spmc, fid) * sizeof(regs[0]));
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
    return abi->serve(spmc, frame);
}

static void serve(struct spmc *spmc, uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_frame frame;
    int32_t status;

    decode(spmc, regs, &frame);
    if (frame.fid == FFA_VERSION) {
        frame.out[0] = spmc_version_call(spmc, (uint32_t)frame.in[1]);
        encode(spmc, frame.fid, frame.out, regs);
        return;
    }
    status = dispatch(spmc, &frame);
    if (status != FFA_OK) {
        spmc_answer_error(spmc, regs, status);
        return;
    }
    encode(spmc, frame.fid, frame.out, regs);
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

static void lock(struct spmc *spmc)
{
    /* Pairs with the release in unlock(). */
    while (__atomic_exchange_n(&spmc->locked, true, __ATOMIC_ACQUIRE)) {
        relax();
    }
}

static void unlock(struct spmc *spmc)
{
    __atomic_store_n(&spmc->locked, false, __ATOMIC_RELEASE);
}

void spmc_call(struct spmc *spmc, uint64_t regs[FFA_REGS_MAX])
{
    const uint32_t fid = (uint32_t)regs[0];
    const uint32_t w1 = (uint32_t)regs[1];

    lock(spmc);
    if (!spmc_hostile_answers(spmc, regs)) {
        serve(spmc, regs);
    }
    spmc_hostile_after(spmc, fid, w1, regs);
    unlock(spmc);
}

void spmc_init(struct spmc *spmc, const struct spmc_config *config)
{
    memset(spmc, 0, sizeof(*spmc));
    spmc->config = *config;
}
