/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A gigabyte, named in ranges of few pages and out of order, in fragments of one page: lent and
 * taken back, and then given away. Its owner is reset, and has another gigabyte to share. How long
 * it takes is told, for whoever wants to know; nothing depends on it.
 */
#include "grants.h"

#define PAGES       0x40000u
#define RANGE_PAGES 25u
#define RANGES      ((PAGES + RANGE_PAGES - 1) / RANGE_PAGES)
#define ORDER       7919u /* is no factor of RANGES: each range is named once */
#define OFFSET      0x200000u
#define MAPPED_END  0xc0000000u /* the start-up code maps RAM to itself up to here */

static uint64_t range_ipa(uint32_t number)
{
    return guest_ipa_below_ram() + FFA_PAGE_SIZE + OFFSET +
           (uint64_t)number * RANGE_PAGES * FFA_PAGE_SIZE;
}

static struct ffa_mem_constituent constituent(uint32_t place)
{
    uint32_t number = (uint32_t)((uint64_t)place * ORDER % RANGES);
    uint32_t last_pages = PAGES - (RANGES - 1) * RANGE_PAGES;

    return (struct ffa_mem_constituent){
        .address = range_ipa(number),
        .page_count = number == RANGES - 1 ? last_pages : RANGE_PAGES,
    };
}

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN: %s", what);
    }
    guest_expect(holds);
}

/* --- Fragments -------------------------------------------------------------------------------- */

/* Writes the ranges from *place on into TX, behind `at`, as far as they go. Returns their end. */
static uint32_t write_ranges(uint32_t *place, uint32_t at)
{
    while (*place < RANGES && at + sizeof(struct ffa_mem_constituent) <= FFA_PAGE_SIZE) {
        struct ffa_mem_constituent next = constituent(*place);

        copy(tx + at, &next, sizeof(next));
        at += (uint32_t)sizeof(next);
        ++*place;
    }
    return at;
}

static uint32_t write_start(uint32_t fid)
{
    const struct grant grant = {
        .borrower_count = 1,
        .borrowers = {{BORROWER, fid == FFA_MEM_DONATE_32 ? 0 : RW, 0}},
        .range_count = 1,
    };
    struct ffa_mem_transaction_1_1 header = {
        .sender = self,
        .attributes = fid == FFA_MEM_SHARE_32 ? FFA_MEM_ATTR_NORMAL_WB_INNER : 0,
    };
    struct ffa_mem_composite composite = {.page_count = PAGES, .constituent_count = RANGES};
    uint32_t at = composite_offset(1);

    (void)write_grant(header, &grant);
    copy(tx + at, &composite, sizeof(composite));
    return at + (uint32_t)sizeof(composite);
}

static int32_t send_all(uint32_t fid, uint64_t *handle)
{
    uint32_t start = write_start(fid);
    uint32_t total = start + RANGES * (uint32_t)sizeof(struct ffa_mem_constituent);
    uint32_t place = 0;
    struct guest_regs regs = {{fid, total, write_ranges(&place, start)}};

    ffa_call(&regs);
    while ((uint32_t)regs.x[0] == FFA_MEM_FRAG_RX) {
        regs =
            (struct guest_regs){{FFA_MEM_FRAG_TX, regs.x[1], regs.x[2], write_ranges(&place, 0)}};
        ffa_call(&regs);
    }
    *handle = ffa_handle_make((uint32_t)regs.x[2], (uint32_t)regs.x[3]);
    return status_of(&regs);
}

/* --- The borrower ----------------------------------------------------------------------------- */

static struct guest_regs call(enum command command, uint64_t handle)
{
    struct guest_regs regs = {{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(self, BORROWER), 0, command,
                               ffa_handle_low(handle), ffa_handle_high(handle), WITH(self, RW)}};

    ffa_call(&regs);
    while ((uint32_t)regs.x[0] == FFA_INTERRUPT) {
        regs = (struct guest_regs){{FFA_RUN, regs.x[1]}};
        ffa_call(&regs);
    }
    return regs;
}

static void await_borrower(void)
{
    struct guest_regs regs = call(COMMAND_ANSWER, 0);

    while (status_of(&regs) != 0) {
        guest_yield();
        regs = call(COMMAND_ANSWER, 0);
    }
}

static bool borrower_does(enum command command, uint64_t handle)
{
    struct guest_regs regs = call(command, handle);

    return status_of(&regs) == 0 && (uint32_t)regs.x[3] == 0;
}

/* --- Steps ------------------------------------------------------------------------------------ */

static uint64_t latest;

static void tell(const char *what)
{
    uint64_t now = guest_clock();

    guest_print("%s a gigabyte in %u ranges took %u ms", what, RANGES,
                (unsigned int)(now - latest) / 1000);
    latest = guest_clock();
}

static uint64_t grant_to_borrower(uint32_t fid)
{
    uint64_t handle;

    latest = guest_clock();
    expect(send_all(fid, &handle) == 0, "it is granted");
    tell("sending");
    expect(borrower_does(COMMAND_RETRIEVE, handle), "it is retrieved");
    tell("retrieving");
    return handle;
}

static void take_back(uint64_t handle)
{
    expect(borrower_does(COMMAND_RELINQUISH, handle), "it is relinquished");
    tell("relinquishing");
    expect(reclaim(handle) == 0, "it is reclaimed");
    tell("reclaiming");
}

static volatile uint32_t *mark_of(uint32_t number)
{
    return (volatile uint32_t *)(uintptr_t)range_ipa(number);
}

/* Every range is where it was, with what was in it. */
static void lend(void)
{
    uint32_t marked = 0;
    uint32_t found = 0;

    for (; marked < RANGES && range_ipa(marked) < MAPPED_END; marked++) {
        *mark_of(marked) = ~marked;
    }
    take_back(grant_to_borrower(FFA_MEM_LEND_32));
    for (uint32_t number = 0; number < marked; number++) {
        found += *mark_of(number) == ~number;
    }
    expect(found == marked, "its contents are back");
}

/* What the life before has given away, this one has anew. */
static void share(void)
{
    expect(*mark_of(0) == 0, "a new life begins with zeroes");
    take_back(grant_to_borrower(FFA_MEM_SHARE_32));
}

void guest_main(void)
{
    join();
    await_borrower();
    if (guest_life() == 0) {
        lend();
        (void)grant_to_borrower(FFA_MEM_DONATE_32);
        (void)call(COMMAND_RESET, 0);
        guest_reset();
    }
    share();
    (void)call(COMMAND_STOP, 0);
}
