/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that comes and goes shares most of its memory with one that keeps it, until there is not
 * enough left to make it anew.
 */
#include "grants.h"

#define SPENDER 1u
#define HOARDER 2u
#define PAGES   24576u

/* For the end in Parley, and of what follows. */
#define MOMENT_US 1500000u

static const struct grant all = {
    .fid = FFA_MEM_SHARE_32,
    .borrower_count = 1,
    .borrowers = {{HOARDER, RW, 0}},
};

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN: %s", what);
    }
    guest_expect(holds);
}

static void wait_for(uint32_t microseconds)
{
    uint64_t end = guest_clock() + microseconds;

    while (guest_clock() < end) {
        guest_yield();
    }
}

static void spend(void)
{
    struct grant grant = all;
    struct guest_regs regs;
    uint64_t handle;

    grant.range_count = 1;
    grant.ranges[0] = (struct range){guest_ram(PAGES), PAGES};
    do {
        regs = (struct guest_regs){{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(self, HOARDER)}};
        ffa_call(&regs);
    } while (status_of(&regs) != 0);
    expect(send(&grant, &handle) == 0, "it is shared");
    regs = (struct guest_regs){{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(self, HOARDER), 0,
                                ffa_handle_low(handle), ffa_handle_high(handle)}};
    ffa_call(&regs);
    expect((uint32_t)regs.x[0] == FFA_MSG_SEND_DIRECT_RESP_32 && regs.x[3] == 0, "it is retrieved");
}

/* Two requests: the first to find out whether it is there. */
static void hoard(void)
{
    struct guest_regs regs = {{FFA_MSG_WAIT}};
    uint64_t ipa = 0;
    int32_t status;

    ffa_call(&regs);
    regs = (struct guest_regs){{FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(self, SPENDER)}};
    ffa_call(&regs);
    status =
        retrieve(SPENDER, ffa_handle_make((uint32_t)regs.x[3], (uint32_t)regs.x[4]), &all, &ipa);
    regs = (struct guest_regs){
        {FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(self, SPENDER), 0, (uint32_t)status}};
    ffa_call(&regs);
}

/* Answers, and waits for a request that does not come. */
static void hoard_on_vcpu_1(void *argument)
{
    (void)argument;
    hoard();
}

static bool sees_spender(void)
{
    struct guest_regs regs = {{FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 1}};

    ffa_call(&regs);
    return status_of(&regs) == 0 && regs.x[2] != 0;
}

void guest_main(void)
{
    join();
    if (self == SPENDER) {
        spend();
        return;
    }
    expect(guest_vcpu_start(1, hoard_on_vcpu_1, NULL), "vCPU 1 starts");
    while (!sees_spender()) {
        wait_for(1000);
    }
    while (sees_spender()) {
        wait_for(1000);
    }
    wait_for(MOMENT_US);
}
