/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shares, lends and donates memory, and looks at what the hypervisor makes of it: who can reach
 * what, what aborts are like, what is left when a VM ends. It runs the other VMs as its servants.
 */
#include "grants.h"
#include "touch.h"

#define LIMIT_US 10000000u

#define BLOCK_BYTES 0x200000u

/* RAM of MORTAL that lies in a block of its own. */
#define MORTAL_BLOCK 0x90400000u

/* Of the large grant, in blocks that no page of the image is in. */
#define LARGE_BLOCK  16u
#define LARGE_PAGES  4096u
#define LARGE_STRIDE 37u /* pages, between those that are looked at */

/* Blocks to be cut. */
#define CUT_BLOCK      32u
#define CUT_BLOCKS_END 128u

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN on vCPU %u: %s", guest_vcpu(), what);
    }
    guest_expect(holds);
}

static void expect_status(int32_t status, int32_t expected, const char *what)
{
    if (status != expected) {
        guest_print("BROKEN: %s: status %d, expected %d", what, status, expected);
    }
    guest_expect(status == expected);
}

/* --- Servants --------------------------------------------------------------------------------- */

static struct guest_regs call(uint16_t servant, enum command command, uint64_t w4, uint64_t w5,
                              uint64_t w6, uint64_t w7)
{
    struct guest_regs regs = {
        {FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(self, servant), 0, command, w4, w5, w6, w7}};

    ffa_call(&regs);
    while ((uint32_t)regs.x[0] == FFA_INTERRUPT) {
        regs = (struct guest_regs){{FFA_RUN, regs.x[1]}};
        ffa_call(&regs);
    }
    return regs;
}

/* It may not be a member yet, or not wait for a request yet. */
static struct guest_regs ask(uint16_t servant, enum command command, uint64_t w4, uint64_t w5,
                             uint64_t w6, uint64_t w7)
{
    uint64_t end = guest_clock() + LIMIT_US;
    struct guest_regs regs = call(servant, command, w4, w5, w6, w7);

    while (status_of(&regs) != 0 && status_of(&regs) != FFA_ABORTED && guest_clock() < end) {
        guest_yield();
        regs = call(servant, command, w4, w5, w6, w7);
    }
    return regs;
}

/* Nobody grants anything to a VM that is no member. */
static void await_member(uint16_t servant)
{
    struct guest_regs answer = ask(servant, COMMAND_ANSWER, 0, 0, 0, 0);

    expect_status(status_of(&answer), 0, "a servant answers");
}

static int32_t ask_retrieve_of_two(uint16_t servant, uint64_t handle, uint32_t with, uint32_t other,
                                   uint64_t *ipa)
{
    struct guest_regs answer = ask(servant, COMMAND_RETRIEVE, ffa_handle_low(handle),
                                   ffa_handle_high(handle), with, other);

    *ipa = (uint32_t)answer.x[4];
    return (int32_t)(uint32_t)answer.x[3];
}

static int32_t ask_retrieve(uint16_t servant, uint64_t handle, uint32_t with, uint64_t *ipa)
{
    return ask_retrieve_of_two(servant, handle, with, 0, ipa);
}

static int32_t ask_relinquish(uint16_t servant, uint64_t handle)
{
    struct guest_regs answer =
        ask(servant, COMMAND_RELINQUISH, ffa_handle_low(handle), ffa_handle_high(handle), 0, 0);

    return (int32_t)(uint32_t)answer.x[3];
}

static struct touch ask_touch(uint16_t servant, enum command command, uint64_t ipa, uint32_t value)
{
    struct guest_regs answer = ask(servant, command, ipa, value, 0, 0);

    return (struct touch){
        .fault = (uint32_t)answer.x[3],
        .value = (uint32_t)answer.x[4],
        .address = (uint32_t)answer.x[5],
    };
}

static void expect_load(uint16_t servant, uint64_t ipa, uint32_t value, const char *what)
{
    struct touch touch = ask_touch(servant, COMMAND_LOAD, ipa, 0);

    if (touch.fault != 0 || touch.value != value) {
        guest_print("BROKEN: %s: fault 0x%x at 0x%x, value 0x%x", what, touch.fault, touch.address,
                    touch.value);
    }
    guest_expect(touch.fault == 0 && touch.value == value);
}

static void expect_fault(struct touch touch, uint64_t address, uint32_t syndrome, const char *what)
{
    bool holds = touch.fault == syndrome && touch.address == address;

    if (!holds) {
        guest_print("BROKEN: %s: fault 0x%x at 0x%x, expected 0x%x at 0x%llx", what, touch.fault,
                    touch.address, syndrome, (unsigned long long)address);
    }
    guest_expect(holds);
}

/* Aborts of each width. */
#define LOAD_ABORTED_64  0x96000010u
#define STORE_ABORTED_64 0x96000050u
#define CALL_ABORTED_64  0x86000010u
#define LOAD_ABORTED_32  0x008u
#define STORE_ABORTED_32 0x808u
#define CALL_ABORTED_32  0x008u

/* --- Two share ---------------------------------------------------------------------------------
 */

static void share(void)
{
    uint32_t *pages = guest_pages(2);
    uint64_t here = guest_ipa(pages);
    struct grant grant = {
        .fid = FFA_MEM_SHARE_32,
        .borrower_count = 2,
        .borrowers = {{BORROWER, RW, 0}, {BORROWER32, RO, 0}},
        .range_count = 2,
        .ranges = {{here + FFA_PAGE_SIZE, 1}, {here, 1}},
    };
    uint64_t handle, ipa, ipa32;

    pages[0] = 0x11;
    pages[FFA_PAGE_SIZE / 4] = 0x22;
    expect_status(send(&grant, &handle), 0, "share");
    expect_status(ask_retrieve_of_two(BORROWER, handle, WITH(self, RW), WITH(BORROWER32, RO), &ipa),
                  0, "the first retrieves");
    expect_status(
        ask_retrieve_of_two(BORROWER32, handle, WITH(self, RO), WITH(BORROWER, RW), &ipa32), 0,
        "the second retrieves");
    expect_load(BORROWER, ipa, 0x22, "the first page, which is the lender's second");
    expect_load(BORROWER, ipa + FFA_PAGE_SIZE, 0x11, "the second page");
    expect(ask_touch(BORROWER, COMMAND_STORE, ipa, 0x33).fault == 0, "one borrower may write");
    expect_load(BORROWER32, ipa32, 0x33, "what one borrower writes, the other reads");
    expect(pages[FFA_PAGE_SIZE / 4] == 0x33, "and the lender");
    expect_fault(ask_touch(BORROWER32, COMMAND_STORE, ipa32 + 8, 1), ipa32 + 8, STORE_ABORTED_32,
                 "a write to what is read-only");
    expect_fault(ask_touch(BORROWER, COMMAND_CALL, ipa, 0), ipa, CALL_ABORTED_64,
                 "a call of what is data");
    expect_fault(ask_touch(BORROWER32, COMMAND_CALL, ipa32, 0), ipa32, CALL_ABORTED_32,
                 "and in AArch32");
    expect_status(reclaim(handle), FFA_DENIED, "reclaim what others have");
    expect_status(ask_relinquish(BORROWER, handle), 0, "the first relinquishes");
    expect_fault(ask_touch(BORROWER, COMMAND_LOAD, ipa + 4, 0), ipa + 4, LOAD_ABORTED_64,
                 "what was given back");
    expect_load(BORROWER32, ipa32 + FFA_PAGE_SIZE, 0x11, "the other keeps it");
    expect_status(ask_relinquish(BORROWER32, handle), 0, "the second relinquishes");
    expect_fault(ask_touch(BORROWER32, COMMAND_LOAD, ipa32 + 4, 0), ipa32 + 4, LOAD_ABORTED_32,
                 "what was given back in AArch32");
    expect_status(reclaim(handle), 0, "reclaim");
}

/* --- One lends -------------------------------------------------------------------------------- */

/* A sibling that reads one address over and over, and counts how it fares. */
static uintptr_t watched;
static uint32_t watch_reads, watch_faults, watch_others;
static bool watch_ends;

static void watch(void *argument)
{
    (void)argument;
    touch_init();
    while (!__atomic_load_n(&watch_ends, __ATOMIC_ACQUIRE)) {
        uintptr_t where = __atomic_load_n(&watched, __ATOMIC_ACQUIRE);
        struct touch touch = touch_load(where);

        if (touch.fault == 0) {
            __atomic_add_fetch(&watch_reads, 1, __ATOMIC_RELEASE);
        } else if (touch.fault == LOAD_ABORTED_64 && touch.address == where) {
            __atomic_add_fetch(&watch_faults, 1, __ATOMIC_RELEASE);
        } else {
            __atomic_add_fetch(&watch_others, 1, __ATOMIC_RELEASE);
        }
    }
}

static void watch_from(uint64_t where)
{
    watched = where;
    watch_faults = 0;
    watch_ends = false;
    expect(guest_vcpu_start(1, watch, NULL), "a vCPU starts");
}

static void watch_end(void)
{
    __atomic_store_n(&watch_ends, true, __ATOMIC_RELEASE);
    guest_vcpu_join(1);
    expect(watch_others == 0, "all aborts are exact");
}

static void await_more(const uint32_t *counter, const char *what)
{
    uint32_t start = __atomic_load_n(counter, __ATOMIC_ACQUIRE);
    uint64_t end = guest_clock() + LIMIT_US;

    while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) - start < 2 && guest_clock() < end) {
    }
    expect(__atomic_load_n(counter, __ATOMIC_ACQUIRE) - start >= 2, what);
}

/* Not even an access that was under way when it was lent sees it any more. */
static void watch_lent_page(void)
{
    uint32_t reads = __atomic_load_n(&watch_reads, __ATOMIC_ACQUIRE);

    await_more(&watch_faults, "another vCPU cannot reach what was lent");
    expect(__atomic_load_n(&watch_reads, __ATOMIC_ACQUIRE) - reads <= 1,
           "nor could it since it was lent");
}

static void borrow_code(uint64_t ipa)
{
    expect(ask_touch(BORROWER, COMMAND_STORE, ipa, 0x52800540).fault == 0, "mov w0, #42");
    expect(ask_touch(BORROWER, COMMAND_STORE, ipa + 4, 0xd65f03c0).fault == 0, "ret");
    struct touch touch = ask_touch(BORROWER, COMMAND_CALL, ipa, 0);
    expect(touch.fault == 0 && touch.value == 42, "the borrower may execute it");
}

static void lend(void)
{
    uint32_t *lent = guest_pages(1);
    struct grant grant = {
        .fid = FFA_MEM_LEND_32,
        .flags = FFA_MEM_SEND_ZERO,
        .borrower_count = 1,
        .borrowers = {{BORROWER, RW, 0}},
        .range_count = 1,
        .ranges = {{guest_ipa(lent), 1}},
    };
    uint64_t handle, ipa;

    lent[0] = 0x44;
    watch_from((uintptr_t)lent);
    await_more(&watch_reads, "another vCPU reads");
    expect_status(send(&grant, &handle), 0, "lend");
    watch_lent_page();
    expect_fault(touch_store((uintptr_t)(lent + 1), 1), (uintptr_t)(lent + 1), STORE_ABORTED_64,
                 "a write to what was lent");
    expect_fault(touch_call((uintptr_t)lent), (uintptr_t)lent, CALL_ABORTED_64,
                 "a call of what was lent");
    expect_status(ask_retrieve(BORROWER, handle, WITH(self, RW | X), &ipa), 0, "it is retrieved");
    expect_load(BORROWER, ipa, 0, "it was zeroed");
    borrow_code(ipa);
    expect_status(ask_relinquish(BORROWER, handle), 0, "it is relinquished");
    expect_fault(touch_load((uintptr_t)lent), (uintptr_t)lent, LOAD_ABORTED_64, "it is not back");
    expect_status(reclaim(handle), 0, "reclaim");
    await_more(&watch_reads, "another vCPU reads again");
    expect(lent[0] == 0x52800540, "the borrower's value");
    watch_end();
}

/* --- One donates ------------------------------------------------------------------------------ */

static struct guest_regs ask_grant(uint16_t servant, uint32_t fid, uint16_t to, uint64_t ipa,
                                   uint64_t *handle)
{
    struct guest_regs answer = ask(servant, COMMAND_GRANT, fid, to, ipa, 0);

    *handle = ffa_handle_make((uint32_t)answer.x[4], (uint32_t)answer.x[5]);
    return answer;
}

/* There, and back to where it was. */
static void donate(void)
{
    uint32_t *given = guest_pages(1);
    struct grant grant = {
        .fid = FFA_MEM_DONATE_32,
        .borrower_count = 1,
        .borrowers = {{BORROWER, 0, 0}},
        .range_count = 1,
        .ranges = {{guest_ipa(given), 1}},
    };
    struct grant back = {
        .borrower_count = 1,
        .borrowers = {{self, RW, 0}},
        .range_count = 1,
        .ranges = {{guest_ipa(given), 1}},
    };
    uint64_t back_ipa = 0;
    uint64_t handle, ipa;

    given[0] = 0x55;
    expect_status(send(&grant, &handle), 0, "donate");
    expect_status(ask_retrieve(BORROWER, handle, WITH(self, RW), &ipa), 0, "a gift is retrieved");
    expect_load(BORROWER, ipa, 0x55, "a gift");
    expect_fault(touch_load((uintptr_t)given), (uintptr_t)given, LOAD_ABORTED_64,
                 "what was given away");
    expect_status(reclaim(handle), FFA_INVALID_PARAMETERS, "reclaim a gift");
    (void)ask_touch(BORROWER, COMMAND_STORE, ipa, 0x66);
    struct guest_regs answer = ask_grant(BORROWER, FFA_MEM_DONATE_32, self, ipa, &handle);
    expect_status((int32_t)(uint32_t)answer.x[3], 0, "its new owner gives it on");
    expect_status(retrieve(BORROWER, handle, &back, &back_ipa), 0, "it comes back");
    expect(back_ipa == guest_ipa(given) && given[0] == 0x66, "to its place");
    expect_fault(ask_touch(BORROWER, COMMAND_LOAD, ipa, 0), ipa, LOAD_ABORTED_64,
                 "and is not there any more");
}

/* --- VMs end ---------------------------------------------------------------------------------- */

/* A lender ends one of its lives, or for good: what it lent stays with the borrower. */
static void lender_ends(enum command how)
{
    uint64_t handle, ipa;
    struct guest_regs answer = ask_grant(MORTAL, FFA_MEM_LEND_32, BORROWER, 0, &handle);

    expect_status((int32_t)(uint32_t)answer.x[3], 0, "it lends");
    expect_status(ask_retrieve(BORROWER, handle, WITH(MORTAL, RW), &ipa), 0, "it is retrieved");
    expect(ask_touch(BORROWER, COMMAND_STORE, ipa, 0x77).fault == 0, "the borrower writes");
    answer = ask(MORTAL, how, 0, 0, 0, 0);
    expect_status(status_of(&answer), FFA_ABORTED, "the lender ends");
    if (how == COMMAND_RESET) {
        uint64_t other;

        answer = ask_grant(MORTAL, FFA_MEM_LEND_32, BORROWER, 0, &other);
        expect_status((int32_t)(uint32_t)answer.x[3], 0, "its next life lends");
        expect(other != handle, "something else");
    }
    expect_load(BORROWER, ipa, 0x77, "the borrower keeps what it has");
    expect_status(ask_relinquish(BORROWER, handle), 0, "and gives it back");
    expect_fault(ask_touch(BORROWER, COMMAND_LOAD, ipa, 0), ipa, LOAD_ABORTED_64,
                 "then it is gone");
}

/* Its last translation table went into the block that it has lent a page of. */
static void use_up_tables(void)
{
    struct grant grant = {
        .fid = FFA_MEM_SHARE_32,
        .borrower_count = 1,
        .borrowers = {{MORTAL, RW, 0}},
        .range_count = 1,
        .ranges = {{guest_ipa(guest_pages(1)), 1}},
    };
    uint64_t handle, ipa;
    struct guest_regs answer = ask_grant(MORTAL, FFA_MEM_LEND_32, BORROWER, MORTAL_BLOCK, &handle);

    expect_status((int32_t)(uint32_t)answer.x[3], FFA_NO_MEMORY, "lend without a table");
    expect_load(MORTAL, MORTAL_BLOCK, 0, "it is as it was");
    expect_status(send(&grant, &handle), 0, "share");
    expect_status(ask_retrieve(MORTAL, handle, WITH(self, RW), &ipa), FFA_NO_MEMORY,
                  "retrieve without a table");
    expect_status(reclaim(handle), 0, "reclaim");
}

static void borrower_ends(void)
{
    uint32_t *lent = guest_pages(1);
    struct grant grant = {
        .fid = FFA_MEM_LEND_32,
        .borrower_count = 1,
        .borrowers = {{BORROWER, RW, 0}},
        .range_count = 1,
        .ranges = {{guest_ipa(lent), 1}},
    };
    uint64_t end = guest_clock() + LIMIT_US;
    uint64_t handle, ipa;
    int32_t status;

    expect_status(send(&grant, &handle), 0, "lend");
    expect_status(ask_retrieve(BORROWER, handle, WITH(self, RW), &ipa), 0, "it is retrieved");
    expect(ask_touch(BORROWER, COMMAND_STORE, ipa, 0x88).fault == 0, "the borrower writes");
    (void)ask(BORROWER, COMMAND_RESET, 0, 0, 0, 0);
    status = reclaim(handle);
    while (status == FFA_DENIED && guest_clock() < end) {
        guest_yield();
        status = reclaim(handle);
    }
    expect_status(status, 0, "reclaim from one that has ended");
    expect(lent[0] == 0x88, "the borrower's value");
    await_member(BORROWER);
}

/* --- Much ------------------------------------------------------------------------------------- */

/* Past the image; the start-up code maps it to itself. */
static uint64_t ram_at(uint32_t block)
{
    return guest_ipa_below_ram() + FFA_PAGE_SIZE + (uint64_t)block * BLOCK_BYTES;
}

static void lend_much(void)
{
    uint64_t large = ram_at(LARGE_BLOCK) + FFA_PAGE_SIZE;
    struct grant grant = {
        .fid = FFA_MEM_LEND_32,
        .borrower_count = 1,
        .borrowers = {{BORROWER, RW, 0}},
        .range_count = 1,
        .ranges = {{large, LARGE_PAGES}},
    };
    uint64_t handle, ipa;

    for (uint32_t i = 0; i < LARGE_PAGES; i += LARGE_STRIDE) {
        (void)touch_store((uintptr_t)(large + i * FFA_PAGE_SIZE), i);
    }
    expect_status(send(&grant, &handle), 0, "lend much");
    expect_status(ask_retrieve(BORROWER, handle, WITH(self, RW), &ipa), 0, "it is retrieved");
    for (uint32_t i = 0; i < LARGE_PAGES; i += LARGE_STRIDE) {
        expect_load(BORROWER, ipa + i * FFA_PAGE_SIZE, i, "each page is in its place");
    }
    expect_fault(touch_load((uintptr_t)large), large, LOAD_ABORTED_64, "the first page is lent");
    expect(touch_load((uintptr_t)large - 4).fault == 0, "the one in front is not");
    expect_status(ask_relinquish(BORROWER, handle), 0, "it is relinquished");
    expect_status(reclaim(handle), 0, "reclaim");
}

/* A sibling uses the page behind the one that is lent, while the block that has both is cut. */
static void cut_blocks(void)
{
    struct grant grant = {
        .fid = FFA_MEM_LEND_32,
        .borrower_count = 1,
        .borrowers = {{BORROWER, RW, 0}},
        .range_count = 1,
    };

    watch_from(ram_at(CUT_BLOCK) + FFA_PAGE_SIZE);
    for (uint32_t block = CUT_BLOCK; block < CUT_BLOCKS_END; block++) {
        uint64_t handle;

        __atomic_store_n(&watched, ram_at(block) + FFA_PAGE_SIZE, __ATOMIC_RELEASE);
        await_more(&watch_reads, "another vCPU uses a block");
        grant.ranges[0] = (struct range){ram_at(block), 1};
        expect_status(send(&grant, &handle), 0, "lend the first page of the block");
        expect_status(reclaim(handle), 0, "reclaim");
    }
    watch_end();
    expect(watch_faults == 0, "what is not lent stays within reach");
}

/* --- All -------------------------------------------------------------------------------------- */

void guest_main(void)
{
    static const uint16_t servants[] = {BORROWER, BORROWER32};

    touch_init();
    join();
    await_member(BORROWER);
    await_member(BORROWER32);
    share();
    lend();
    donate();
    lender_ends(COMMAND_RESET);
    use_up_tables();
    lender_ends(COMMAND_STOP);
    borrower_ends();
    lend_much();
    cut_blocks();
    for (size_t i = 0; i < sizeof(servants) / sizeof(servants[0]); i++) {
        (void)ask(servants[i], COMMAND_STOP, 0, 0, 0, 0);
    }
}
