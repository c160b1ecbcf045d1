/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One VM ends at once while a Secure Partition has what it has lent and shared, and stays in
 * quarantine. When it is gone, another VM tells the partition to let go of it, and ends: with that,
 * the first one is tried again, and its memory comes back.
 */
#include "../../secure/partitions/commands.h"
#include "grants.h"

#define PENITENT 1u
#define KEEPER   0x8001u /* is not told when a VM ends */
#define LENT     2u

/* For the end in Parley, which takes far less. */
#define MOMENT_US 200000u

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN: %s", what);
    }
    guest_expect(holds);
}

static struct guest_regs ask(uint32_t command, uint32_t word, uint64_t handle, uint32_t more)
{
    bool with_handle = command != COMMAND_MEMORY_HELD;
    struct guest_regs regs = {{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(self, KEEPER), 0, command,
                               with_handle ? ffa_handle_low(handle) : word,
                               with_handle ? ffa_handle_high(handle) : 0, more, 0}};

    ffa_call(&regs);
    while ((uint32_t)regs.x[0] == FFA_INTERRUPT) {
        regs = (struct guest_regs){{FFA_RUN, regs.x[1]}};
        ffa_call(&regs);
    }
    return regs;
}

static void grant(uint32_t fid, uint64_t ipa)
{
    const struct grant grant = {
        .fid = fid,
        .borrower_count = 1,
        .borrowers = {{KEEPER, RW, 0}},
        .range_count = 1,
        .ranges = {{ipa, 1}},
    };
    struct guest_regs regs;
    uint64_t handle;

    expect(send(&grant, &handle) == 0, "it is granted");
    regs = ask(COMMAND_MEMORY_RETRIEVE, 0, handle, WITH(self, RW));
    expect(status_of(&regs) == 0 && regs.x[3] == 0, "it is retrieved");
}

/* Whether the VM is there: it is the only one that this one sees. */
static bool sees_penitent(void)
{
    struct guest_regs regs = {{FFA_PARTITION_INFO_GET}};
    struct guest_regs release = {{FFA_RX_RELEASE}};
    const volatile struct ffa_partition_info_1_1 *entries = (const volatile void *)rx;
    bool found = false;

    ffa_call(&regs);
    if (status_of(&regs) != 0) {
        return false;
    }
    for (uint64_t i = 0; i < regs.x[2]; i++) {
        found |= entries[i].id == PENITENT;
    }
    ffa_call(&release);
    return found;
}

static uint32_t count_held(void)
{
    struct guest_regs regs = ask(COMMAND_MEMORY_HELD, 0, 0, 0);

    return (uint32_t)regs.x[7] >> 16;
}

static void wait_for(uint32_t microseconds)
{
    uint64_t end = guest_clock() + microseconds;

    while (guest_clock() < end) {
        guest_yield();
    }
}

static void have_it_released(void)
{
    struct guest_regs regs = ask(COMMAND_MEMORY_HELD, 0, 0, 0);
    uint64_t handle = ffa_handle_make((uint32_t)regs.x[4], (uint32_t)regs.x[5]);

    expect((uint16_t)regs.x[7] == PENITENT, "the partition keeps memory of the VM that is gone");
    regs = ask(COMMAND_MEMORY_RELINQUISH, 0, handle, 0);
    expect(status_of(&regs) == 0 && regs.x[3] == 0, "it lets go of it");
}

void guest_main(void)
{
    join();
    if (self == PENITENT) {
        grant(FFA_MEM_LEND_32, guest_ram(1) + 0x200000);
        grant(FFA_MEM_SHARE_32, guest_ram(1) + 0x400000);
        return;
    }
    while (count_held() != LENT || sees_penitent()) {
        wait_for(1000);
    }
    wait_for(MOMENT_US);
    for (unsigned int i = 0; i < LENT; i++) {
        have_it_released();
    }
}
