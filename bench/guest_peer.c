/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end: whenever it has a turn it takes what it was sent, so that the next of its kind
 * finds everything as the last one did. It has the turn only when the VM that is measured gives it
 * one.
 */
#include <guest.h>

#include "peer.h"

static struct guest_regs call(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
    struct guest_regs regs = {{fid, x1, x2, x3, x4}};

    ffa_call(&regs);
    return regs;
}

static uint32_t answer(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
    return (uint32_t)call(fid, x1, x2, x3, x4).x[0];
}

/* What the other VM has set, as the low word of the register that has it. */
static uint32_t news(void)
{
    return (uint32_t)call(FFA_NOTIFICATION_GET, BENCH_PEER, BENCH_GET, 0, 0).x[4];
}

void guest_main(void)
{
    uint64_t tx = guest_ipa(guest_pages(1));
    uint64_t rx = guest_ipa(guest_pages(1));
    uint64_t us_by_vm = ffa_ids_make(BENCH_VM, BENCH_PEER);

    guest_expect(answer(FFA_VERSION, FFA_VERSION_1_2, 0, 0, 0) == FFA_VERSION_1_2);
    guest_expect(answer(FFA_RXTX_MAP_64, tx, rx, 1, 0) == FFA_SUCCESS_32);
    /* Until the other VM is there. */
    while (answer(FFA_NOTIFICATION_BIND, us_by_vm, 0, BENCH_SIGNALS, 0) != FFA_SUCCESS_32) {
        (void)answer(FFA_YIELD, 0, 0, 0, 0);
    }
    while ((news() & BENCH_THE_END) == 0) {
        (void)answer(FFA_RX_RELEASE, 0, 0, 0, 0);
        (void)answer(FFA_YIELD, 0, 0, 0, 0);
    }
}
