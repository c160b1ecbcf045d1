/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An SPMC that writes down what it is told of memory, looks at the memory, and answers as it was
 * told to.
 */
#ifndef SPMC_MEMORY_H
#define SPMC_MEMORY_H

#include "memory.h"

#include "../../secure/spmc/spmc.h"

#define SP 0x8001u /* a partition that is there */

#define TOLD_MAX   0x20000u
#define SPMC_FIRST 0x00123450000077ull

static struct {
    uint64_t tx_pa;  /* of Parley's own TX buffer */
    uint64_t handle; /* that is given next */
    uint8_t bytes[TOLD_MAX];
    uint32_t fid;
    uint32_t count; /* bytes so far */
    uint32_t total;
    unsigned int calls;
    bool is_misused; /* by calls with registers that cannot be */
    bool knows;      /* the transaction of `handle` */
    unsigned int reclaims;
    int32_t refuses_send; /* FFA_OK: it does not */
    unsigned int at_call; /* and which of the calls of a send */
    int32_t refuses_reclaim;
    struct parley_regs nonsense; /* instead of the answer to call `at_call`, if x0 is not 0 */
    bool was_out_of_reach;       /* the page at `watched` of the lender's, during the last call */
    uint64_t watched;
} spmc;

static inline struct parley_regs error_regs(int32_t status)
{
    return (struct parley_regs){{FFA_ERROR, 0, (uint32_t)status}};
}

static inline void take_fragment(struct parley_regs *regs, uint32_t bytes)
{
    spmc.was_out_of_reach = spmc.watched != 0 && cannot_touch(a, spmc.watched, 1);
    memcpy(spmc.bytes + spmc.count, posix_secure_view(spmc.tx_pa, bytes), bytes);
    spmc.count += bytes;
    spmc.knows = true;
    if (++spmc.calls == spmc.at_call) {
        if (spmc.nonsense.x[0] != 0) {
            *regs = spmc.nonsense;
            return;
        }
        if (spmc.refuses_send != FFA_OK) {
            spmc.knows = false;
            *regs = error_regs(spmc.refuses_send);
            return;
        }
    }
    if (spmc.count == spmc.total) {
        *regs = (struct parley_regs){{FFA_SUCCESS_32, 0, (uint32_t)spmc.handle, spmc.handle >> 32}};
    } else {
        *regs = (struct parley_regs){{FFA_MEM_FRAG_RX, (uint32_t)spmc.handle, spmc.handle >> 32,
                                      spmc.count, ffa_mem_frag_make(1)}};
    }
}

/* One that cannot be ends what it knows of the transaction. */
static inline void take_next(struct parley_regs *regs)
{
    uint64_t handle = regs->x[1] | regs->x[2] << 32;

    spmc.is_misused |= regs->x[4] != ffa_mem_frag_make(1);
    if (handle != spmc.handle || !spmc.knows || regs->x[3] == 0) {
        spmc.knows &= handle != spmc.handle;
        *regs = error_regs(FFA_INVALID_PARAMETERS);
    } else {
        take_fragment(regs, (uint32_t)regs->x[3]);
    }
}

static inline void take_reclaim(struct parley_regs *regs)
{
    uint64_t handle = regs->x[1] | regs->x[2] << 32;

    spmc.reclaims++;
    if (handle != spmc.handle || !spmc.knows) {
        *regs = error_regs(FFA_INVALID_PARAMETERS);
    } else if (spmc.refuses_reclaim != FFA_OK) {
        *regs = error_regs(spmc.refuses_reclaim);
    } else {
        spmc.knows = false;
        *regs = (struct parley_regs){{FFA_SUCCESS_32}};
    }
}

static inline void serve(void *context, struct parley_regs *regs)
{
    (void)context;
    switch ((uint32_t)regs->x[0]) {
    case FFA_MEM_SHARE_64:
    case FFA_MEM_LEND_64:
    case FFA_MEM_DONATE_64:
    case FFA_MEM_SHARE_32:
    case FFA_MEM_LEND_32:
    case FFA_MEM_DONATE_32:
        spmc.fid = (uint32_t)regs->x[0];
        spmc.total = (uint32_t)regs->x[1];
        spmc.count = 0;
        spmc.calls = 0;
        spmc.is_misused |= regs->x[3] != 0 || regs->x[4] != 0;
        take_fragment(regs, (uint32_t)regs->x[2]);
        break;
    case FFA_MEM_FRAG_TX:
        take_next(regs);
        break;
    case FFA_MEM_RECLAIM:
        take_reclaim(regs);
        break;
    case FFA_RXTX_MAP_64:
        spmc.tx_pa = spmc.tx_pa == 0 ? regs->x[1] : spmc.tx_pa;
        posix_smc_secure_world(regs);
        break;
    default:
        posix_smc_secure_world(regs);
        break;
    }
}

/* VM 1 has many pages, in blocks of so many; 2 and 3 are as ever. */
static inline void start_secure(const struct spmc_config *secure, unsigned int block)
{
    struct parley_config config = rig_memory_config;
    struct parley_vm_config vm_config = rig_friend_config(1);

    memset(&spmc, 0, sizeof(spmc));
    spmc.handle = SPMC_FIRST;
    config.contiguity = block;
    rig_start_served(secure, &config, serve);
    posix_preempt(preemption);
    assert_true(spmc.tx_pa != 0);
    vm_config.window_ipa = RIG_WINDOW_IPA;
    vm_config.window_pages = RIG_WINDOW_PAGES;
    a = rig_vm_of(&vm_config, 1024, block);
    settle(a, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);
    b = rig_memory_friend(2, FFA_VERSION_1_1, 1);
}

static inline uint64_t sent_secure(uint32_t fid, const struct grant *grant)
{
    struct answer answer = grant_send(a, fid, grant);

    assert_int_equal(answer.status, FFA_OK);
    assert_true(handle_of(&answer) == spmc.handle);
    return handle_of(&answer);
}

static inline uint64_t told(uint32_t offset, unsigned int bytes)
{
    uint64_t value = 0;

    memcpy(&value, spmc.bytes + offset, bytes);
    return value;
}

#endif
