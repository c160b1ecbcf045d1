/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One VM gives a page to a Secure Partition for good, and begins another life: that has a page in
 * its place, and the hypervisor names the one that is lost. What was only lent has come back by
 * then. Another VM ends while a partition keeps what it has lent, and stays in quarantine.
 */
#include "../../secure/partitions/commands.h"
#include "grants.h"

#define LOSER 1u

#define WITNESS 0x8002u /* is told when a VM ends, and relinquishes its memory then */
#define KEEPER  0x8001u /* is not */

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN: %s", what);
    }
    guest_expect(holds);
}

static struct guest_regs ask(uint16_t partition, uint32_t command, uint64_t handle, uint32_t word)
{
    struct guest_regs regs = {{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(self, partition), 0,
                               command, ffa_handle_low(handle), ffa_handle_high(handle), word, 0}};

    ffa_call(&regs);
    while ((uint32_t)regs.x[0] == FFA_INTERRUPT) {
        regs = (struct guest_regs){{FFA_RUN, regs.x[1]}};
        ffa_call(&regs);
    }
    return regs;
}

static void grant(uint16_t partition, uint32_t fid, uint32_t *page, uint32_t mark)
{
    const struct grant grant = {
        .fid = fid,
        .borrower_count = 1,
        .borrowers = {{partition, fid == FFA_MEM_DONATE_32 ? 0 : RW, 0}},
        .range_count = 1,
        .ranges = {{guest_ipa(page), 1}},
    };
    struct guest_regs regs;
    uint64_t handle;

    *page = mark;
    expect(send(&grant, &handle) == 0, "it is granted");
    regs = ask(partition, COMMAND_MEMORY_RETRIEVE, handle, WITH(self, RW));
    expect(status_of(&regs) == 0 && regs.x[3] == 0, "it is retrieved");
    regs = ask(partition, COMMAND_MEMORY_READ, handle, 0);
    expect(status_of(&regs) == 0 && regs.x[3] == 0 && regs.x[4] == mark, "with what was in it");
}

void guest_main(void)
{
    uint32_t *pages = guest_pages(2);

    expect(*pages == 0, "a life begins with zeroes");
    join();
    if (self != LOSER) {
        grant(KEEPER, FFA_MEM_LEND_32, pages, 0x4444);
        return;
    }
    if (guest_life() == 0) {
        grant(WITNESS, FFA_MEM_LEND_32, pages + FFA_PAGE_SIZE / sizeof(*pages), 0x1111);
        grant(WITNESS, FFA_MEM_DONATE_32, pages, 0x2222);
        guest_reset();
    }
    grant(WITNESS, FFA_MEM_LEND_32, pages, 0x3333);
}
