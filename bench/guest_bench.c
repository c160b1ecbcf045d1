/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts the instructions that EL2 executes for one call. To be run on QEMU with
 * `-icount shift=0,sleep=off`, where the virtual counter goes on by one tick in 16 instructions,
 * whichever exception level executes them.
 *
 * A tick is too coarse for one call, so each is made 256 times, in such a way that it begins
 * equally often at each of the 16 places between two ticks. A call of n instructions then takes 16
 * n ticks altogether, exactly. A total that is no multiple of 16, or two calls that differ by more
 * than one tick, show that something else ran meanwhile; then it is tried again.
 */
#include <guest.h>

#include "peer.h"

#define TICK_INSTRUCTIONS 16u
#define SAMPLES           (TICK_INSTRUCTIONS * TICK_INSTRUCTIONS)
#define ATTEMPTS_MAX      16u

#define SMCCC_VERSION     0x80000000u
#define SMCCC_VERSION_1_2 0x00010002u
#define FFA_UNKNOWN       0x840000efu
#define ARGUMENTS         8u
#define ASIDES            2u
#define GRANTED           64u /* pages, where it is several */

#define COUNT                                                                 \
    {                                                                         \
        FFA_PARTITION_INFO_GET, 0, 0, 0, 0, FFA_PARTITION_INFO_GET_COUNT_ONLY \
    }

uint64_t sample_smc(uint64_t *x, uint64_t phase);
uint64_t sample_nop(uint64_t *x, uint64_t phase);

/* One line of the table: what is measured, and what makes it possible over and over again. */
struct row {
    const char *name;
    uint64_t before[ASIDES][ARGUMENTS]; /* not measured */
    uint64_t call[ARGUMENTS];
    uint32_t answer;                   /* w0 of it */
    uint64_t after[ASIDES][ARGUMENTS]; /* not measured */
};

/* In place of an argument: half of the handle that the last call which gives one has given. */
#define HANDLE_LOW  0x1000000000000001u
#define HANDLE_HIGH 0x1000000000000002u

static struct {
    uint64_t low;
    uint64_t high;
} handle;

static struct guest_regs make_regs(const uint64_t *arguments)
{
    struct guest_regs regs = {{0}};

    for (unsigned int i = 0; i < ARGUMENTS; i++) {
        regs.x[i] = arguments[i] == HANDLE_LOW    ? handle.low
                    : arguments[i] == HANDLE_HIGH ? handle.high
                                                  : arguments[i];
    }
    return regs;
}

/* Takes note of the handle that a call has given. Returns whether it succeeded. */
static bool note_answer(uint64_t fid, const struct guest_regs *answer)
{
    bool succeeded = (uint32_t)answer->x[0] == FFA_SUCCESS_32;

    if (fid == FFA_MEM_SHARE_32 && succeeded) {
        handle.low = answer->x[2];
        handle.high = answer->x[3];
    }
    return succeeded;
}

/* Makes a call that is not measured. Returns whether it succeeded. */
static bool succeeds(const uint64_t *arguments)
{
    struct guest_regs regs = make_regs(arguments);

    ffa_call(&regs);
    return note_answer(arguments[0], &regs);
}

static bool all_succeed(const uint64_t calls[ASIDES][ARGUMENTS])
{
    bool all = true;

    for (unsigned int i = 0; i < ASIDES && calls[i][0] != 0; i++) {
        all = succeeds(calls[i]) && all;
    }
    return all;
}

struct measurement {
    uint64_t ticks;
    bool undisturbed;
    bool answered; /* as expected, each time */
};

static struct measurement measure_once(const struct row *row, bool empty)
{
    struct measurement result = {.answered = true};
    uint64_t shortest = ~0ull;
    uint64_t longest = 0;

    for (unsigned int i = 0; i < SAMPLES; i++) {
        bool prepared = all_succeed(row->before);
        struct guest_regs regs = make_regs(row->call);
        /* The loop begins at the same place every 16 samples; the phase then moves it by one. */
        uint64_t phase = i / TICK_INSTRUCTIONS;
        uint64_t ticks = empty ? sample_nop(regs.x, phase) : sample_smc(regs.x, phase);
        bool as_expected = empty || (uint32_t)regs.x[0] == row->answer;
        (void)note_answer(row->call[0], &regs);
        bool undone = all_succeed(row->after);

        result.answered = result.answered && prepared && as_expected && undone;
        result.ticks += ticks;
        shortest = ticks < shortest ? ticks : shortest;
        longest = ticks > longest ? ticks : longest;
    }
    result.undisturbed = longest - shortest <= 1 && result.ticks % TICK_INSTRUCTIONS == 0;
    return result;
}

/* The instructions between the two looks at the counter. */
static uint64_t measure(const struct row *row, bool empty)
{
    struct measurement result;
    unsigned int attempts = 0;

    do {
        result = measure_once(row, empty);
        attempts++;
    } while (!result.undisturbed && result.answered && attempts < ATTEMPTS_MAX);

    if (!result.answered || !result.undisturbed) {
        guest_print("cannot count %s: %s", row->name,
                    result.answered ? "something else runs" : "not the answer that was expected");
    }
    guest_expect(result.answered);
    guest_expect(result.undisturbed);
    return result.ticks / TICK_INSTRUCTIONS;
}

static void measure_rows(const struct row *rows, size_t count)
{
    /* Its calls are not made, so it needs no preparation. */
    static const struct row nothing = {.name = "nothing"};
    uint64_t own = measure(&nothing, true);

    for (size_t i = 0; i < count; i++) {
        uint64_t instructions = measure(&rows[i], false) - own;

        guest_print("row %u %s", (unsigned int)instructions, rows[i].name);
    }
}

static void negotiate(void)
{
    struct guest_regs regs = {{FFA_VERSION, FFA_VERSION_1_2}};

    ffa_call(&regs);
    guest_expect((uint32_t)regs.x[0] == FFA_VERSION_1_2);
    guest_expect(succeeds((const uint64_t[ARGUMENTS]){FFA_ID_GET}));
}

/* Calls until it succeeds: the peer has turns in between. */
static void await(const uint64_t *arguments)
{
    while (!succeeds(arguments)) {
        (void)succeeds((const uint64_t[ARGUMENTS]){FFA_YIELD});
    }
}

/* A message to the peer, of `bytes` of payload, in a TX buffer. */
static void write_message(void *tx, uint32_t bytes)
{
    struct ffa_msg_header_1_2 *header = tx;

    *header = (struct ffa_msg_header_1_2){
        .payload_offset = sizeof(*header),
        .ids = ffa_ids_make(BENCH_VM, BENCH_PEER),
        .payload_size = bytes,
    };
}

/* A grant to the peer, in a TX buffer: so many ranges of so many pages. */
static uint32_t write_grant(uint8_t *tx, uint64_t ipa, uint32_t ranges, uint32_t pages)
{
    struct ffa_mem_transaction_1_1 *transaction = (void *)tx;
    struct ffa_mem_access_1_2 *access = (void *)(transaction + 1);
    struct ffa_mem_composite *composite = (void *)(access + 1);
    struct ffa_mem_constituent *range = (void *)(composite + 1);

    *transaction = (struct ffa_mem_transaction_1_1){
        .sender = BENCH_VM,
        .attributes = FFA_MEM_ATTR_NORMAL_WB_INNER,
        .access_size = sizeof(*access),
        .access_count = 1,
        .access_offset = sizeof(*transaction),
    };
    *access = (struct ffa_mem_access_1_2){
        .endpoint = BENCH_PEER,
        .permissions = FFA_MEM_ACCESS_DATA_RW,
        .composite_offset = sizeof(*transaction) + sizeof(*access),
    };
    *composite =
        (struct ffa_mem_composite){.page_count = ranges * pages, .constituent_count = ranges};
    for (uint32_t i = 0; i < ranges; i++) {
        range[i] = (struct ffa_mem_constituent){
            .address = ipa + (uint64_t)i * pages * FFA_PAGE_SIZE, .page_count = pages};
    }
    return (uint32_t)((uint8_t *)&range[ranges] - tx);
}

static void print_partition_count(void)
{
    struct guest_regs regs = {COUNT};

    ffa_call(&regs);
    guest_expect((uint32_t)regs.x[0] == FFA_SUCCESS_32);
    guest_print("partitions %u", (unsigned int)regs.x[2]);
}

void guest_main(void)
{
    uint8_t *short_message = guest_pages(1);
    uint8_t *long_message = guest_pages(1);
    uint64_t tx = guest_ipa(short_message);
    uint64_t tx_long = guest_ipa(long_message);
    uint64_t rx = guest_ipa(guest_pages(1));
    uint8_t *grant[3] = {guest_pages(1), guest_pages(1), guest_pages(1)};
    uint64_t tx_one = guest_ipa(grant[0]);
    uint64_t tx_range = guest_ipa(grant[1]);
    uint64_t tx_ranges = guest_ipa(grant[2]);
    uint64_t memory = guest_ipa(guest_pages(GRANTED));
    uint64_t one = write_grant(grant[0], memory, 1, 1);
    uint64_t range = write_grant(grant[1], memory, 1, GRANTED);
    uint64_t ranges = write_grant(grant[2], memory, GRANTED, 1);
    uint64_t us_to_peer = ffa_ids_make(BENCH_VM, BENCH_PEER);
    uint64_t peer_to_us = ffa_ids_make(BENCH_PEER, BENCH_VM);
    /* clang-format off */
#define NONE     {0}
#define FLOOR    {SMCCC_VERSION}
#define VERSION  {FFA_VERSION, FFA_VERSION_1_2}
#define ID_GET   {FFA_ID_GET}
#define SPM_ID   {FFA_SPM_ID_GET}
#define FEATURES {FFA_FEATURES, FFA_RXTX_MAP_64}
#define MAP      {FFA_RXTX_MAP_64, tx, rx, 1}
#define UNMAP    {FFA_RXTX_UNMAP}
#define RELEASE  {FFA_RX_RELEASE}
#define LIST     {FFA_PARTITION_INFO_GET}
#define GET_REGS {FFA_PARTITION_INFO_GET_REGS}
#define UNKNOWN  {FFA_UNKNOWN}
#define MAP_LONG {FFA_RXTX_MAP_64, tx_long, rx, 1}
#define TURN     {FFA_YIELD}
#define SEND2    {FFA_MSG_SEND2}
#define BIND     {FFA_NOTIFICATION_BIND, peer_to_us, 0, 1}
#define UNBIND   {FFA_NOTIFICATION_UNBIND, peer_to_us, 0, 1}
#define SIGNAL   {FFA_NOTIFICATION_SET, us_to_peer, 0, BENCH_NEWS}
#define GET      {FFA_NOTIFICATION_GET, BENCH_VM, BENCH_GET}
#define INFO_GET {FFA_NOTIFICATION_INFO_GET_64}
#define MAP_1    {FFA_RXTX_MAP_64, tx_one, rx, 1}
#define MAP_64   {FFA_RXTX_MAP_64, tx_range, rx, 1}
#define MAP_64_R {FFA_RXTX_MAP_64, tx_ranges, rx, 1}
#define SHARE_1  {FFA_MEM_SHARE_32, one, one}
#define SHARE_64 {FFA_MEM_SHARE_32, range, range}
#define SHARE_R  {FFA_MEM_SHARE_32, ranges, ranges}
#define RECLAIM  {FFA_MEM_RECLAIM, HANDLE_LOW, HANDLE_HIGH}
    const struct row rows[] = {
        {"SMCCC_VERSION",                  {NONE},      FLOOR,    SMCCC_VERSION_1_2, {NONE}},
        {"FFA_VERSION",                    {NONE},      VERSION,  FFA_VERSION_1_2,   {NONE}},
        {"FFA_ID_GET",                     {NONE},      ID_GET,   FFA_SUCCESS_32,    {NONE}},
        {"FFA_SPM_ID_GET",                 {NONE},      SPM_ID,   FFA_SUCCESS_32,    {NONE}},
        {"FFA_FEATURES",                   {NONE},      FEATURES, FFA_SUCCESS_32,    {NONE}},
        {"FFA_RXTX_MAP",                   {NONE},      MAP,      FFA_SUCCESS_32,    {UNMAP}},
        {"FFA_RXTX_UNMAP",                 {MAP},       UNMAP,    FFA_SUCCESS_32,    {NONE}},
        {"FFA_RX_RELEASE",                 {MAP, LIST}, RELEASE,  FFA_SUCCESS_32,    {UNMAP}},
        {"FFA_RX_RELEASE (DENIED)",        {MAP},       RELEASE,  FFA_ERROR,         {UNMAP}},
        {"FFA_PARTITION_INFO_GET",         {MAP},       LIST,     FFA_SUCCESS_32,    {RELEASE, UNMAP}},
        {"FFA_PARTITION_INFO_GET (count)", {NONE},      COUNT,    FFA_SUCCESS_32,    {NONE}},
        {"FFA_PARTITION_INFO_GET_REGS",    {NONE},      GET_REGS, FFA_SUCCESS_64,    {NONE}},
        {"FFA_MSG_SEND2, 16 bytes",        {MAP},       SEND2,    FFA_SUCCESS_32,    {TURN, UNMAP}},
        {"FFA_MSG_SEND2, 4056 bytes",      {MAP_LONG},  SEND2,    FFA_SUCCESS_32,    {TURN, UNMAP}},
        {"FFA_NOTIFICATION_BIND",          {NONE},      BIND,     FFA_SUCCESS_32,    {UNBIND}},
        {"FFA_NOTIFICATION_UNBIND",        {BIND},      UNBIND,   FFA_SUCCESS_32,    {NONE}},
        {"FFA_NOTIFICATION_SET",           {NONE},      SIGNAL,   FFA_SUCCESS_32,    {TURN}},
        {"FFA_NOTIFICATION_GET",           {NONE},      GET,      FFA_SUCCESS_32,    {NONE}},
        {"FFA_NOTIFICATION_INFO_GET",      {NONE},      INFO_GET, FFA_ERROR,         {NONE}},
        {"FFA_MEM_SHARE, 1 page",          {MAP_1},     SHARE_1,  FFA_SUCCESS_32,    {RECLAIM, UNMAP}},
        {"FFA_MEM_SHARE, 64 pages",        {MAP_64},    SHARE_64, FFA_SUCCESS_32,    {RECLAIM, UNMAP}},
        {"FFA_MEM_SHARE, 64 ranges",       {MAP_64_R},  SHARE_R,  FFA_SUCCESS_32,    {RECLAIM, UNMAP}},
        {"FFA_MEM_RECLAIM, 1 page",        {MAP_1, SHARE_1},     RECLAIM, FFA_SUCCESS_32, {UNMAP}},
        {"FFA_MEM_RECLAIM, 64 pages",      {MAP_64, SHARE_64},   RECLAIM, FFA_SUCCESS_32, {UNMAP}},
        {"FFA_MEM_RECLAIM, 64 ranges",     {MAP_64_R, SHARE_R},  RECLAIM, FFA_SUCCESS_32, {UNMAP}},
        {"unknown ID (NOT_SUPPORTED)",     {NONE},      UNKNOWN,  FFA_ERROR,         {NONE}},
    };
    /* clang-format on */

    negotiate();
    write_message(short_message, 16);
    write_message(long_message, FFA_PAGE_SIZE - sizeof(struct ffa_msg_header_1_2));
    await((const uint64_t[ARGUMENTS])SIGNAL);
    print_partition_count();
    measure_rows(rows, sizeof(rows) / sizeof(rows[0]));
    guest_expect(
        succeeds((const uint64_t[ARGUMENTS]){FFA_NOTIFICATION_SET, us_to_peer, 0, BENCH_THE_END}));
}
