/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMs become members of the FF-A world, each by the first calls of two racing vCPUs, while others
 * list who is there. Nobody sees half a member, and nobody who was seen is gone again.
 */
#include "listing.h"
#include "tests.h"

#include <string.h>

#define LISTER    1u
#define NEWCOMER  2u
#define NEWCOMER2 3u
#define TX_PAGE   0u
#define RX_PAGE   1u

/* Of the newcomers; the lister speaks the same. */
static uint32_t version;

static void set_up(uint32_t spoken)
{
    version = spoken;
    world_begin();
    world_create(LISTER, 2, 1, 0x10);
    world_create(NEWCOMER, 2, 2, 0x20);
    world_create(NEWCOMER2, 2, 1, 0x30);
    world_negotiate(LISTER, version);
    (void)WORLD_CALL(world.vms[NEWCOMER].vm, 0, FFA_VERSION, version);
    (void)WORLD_CALL(world.vms[NEWCOMER2].vm, 0, FFA_VERSION, version);
    (void)world_map(world.vms[LISTER].vm, 0, TX_PAGE, RX_PAGE);
    memset(world.pages, 0xaa, sizeof(world.pages));
}

static void set_up_1_0(void)
{
    set_up(FFA_VERSION_1_0);
}

static void set_up_1_1(void)
{
    set_up(FFA_VERSION_1_1);
}

static void set_up_1_2(void)
{
    set_up(FFA_VERSION_1_2);
}

/* --- Threads -------------------------------------------------------------- */

static void first_call(void)
{
    world.replies[0][0] = WORLD_CALL(world.vms[NEWCOMER].vm, 0, FFA_ID_GET);
}

/* The newcomer itself looks around, by a call that also makes its version final. */
static void first_call_counts(void)
{
    world.replies[1][0] = world_count(world.vms[NEWCOMER].vm, 1);
}

static void first_call_of_second(void)
{
    world.replies[1][0] = WORLD_CALL(world.vms[NEWCOMER2].vm, 0, FFA_ID_GET);
}

static void count_then_list(void)
{
    world.replies[2][0] = world_count(world.vms[LISTER].vm, 0);
    world.replies[2][1] = world_list(world.vms[LISTER].vm, 0);
}

static void list_then_list_regs(void)
{
    world.replies[2][0] = world_list(world.vms[LISTER].vm, 0);
    world.replies[2][1] = world_list_regs(world.vms[LISTER].vm, 0, 0);
}

static void list_regs_twice(void)
{
    world.replies[2][0] = world_list_regs(world.vms[LISTER].vm, 0, 0);
    world.replies[2][1] = world_list_regs(world.vms[LISTER].vm, 0, 0);
}

/* --- Rules ---------------------------------------------------------------- */

/* All that may be seen. The sets that lives_in() returns have these as bits. */
#define SEES_LISTER    1u
#define SEES_NEWCOMER  2u
#define SEES_NEWCOMER2 4u

static unsigned int who(const struct listing *listing)
{
    const struct life lives[] = {
        {LISTER, 2, true, version, 0x10, 1},
        {NEWCOMER, 2, true, version, 0x20, 2},
        {NEWCOMER2, 2, true, version, 0x30, 1},
    };

    return lives_in(listing, lives, 3, version);
}

/* Up to 1.1 a caller is not listed; with nobody else there, there is nothing to tell. */
static bool is_nobody(const struct parley_regs *reply)
{
    return version < FFA_VERSION_1_2 && refused(reply, FFA_INVALID_PARAMETERS);
}

static unsigned int who_in_rx(const struct parley_regs *reply)
{
    struct listing listing = {0};

    if (is_nobody(reply)) {
        return 0;
    }
    EXPECT(succeeded(reply), "the list is refused");
    listing_add_rx(&listing, reply, version, world.pages[RX_PAGE]);
    EXPECT(listing.count == reply->x[2], "the count is not that of the entries");
    return who(&listing);
}

static unsigned int who_in_regs(const struct parley_regs *reply)
{
    struct listing listing = {0};

    EXPECT(succeeded(reply), "the list is refused");
    listing_add_regs(&listing, reply);
    EXPECT(ffa_info_regs_out_last(reply->x[2]) + 1u == listing.count,
           "the last index is not that of the last entry");
    return who(&listing);
}

/* Entries that a count speaks of. The newcomers come with 2 and with 1. */
static unsigned int entries_of(unsigned int set)
{
    unsigned int entries = (set & SEES_LISTER) != 0;

    entries += (set & SEES_NEWCOMER2) != 0;
    if ((set & SEES_NEWCOMER) != 0) {
        entries += version < FFA_VERSION_1_2 ? 1 : 2;
    }
    return entries;
}

static void expect_only_more(unsigned int before, unsigned int after)
{
    EXPECT((before & ~after) == 0, "who was seen (%#x) is gone (%#x)", before, after);
    EXPECT(((after & SEES_LISTER) != 0) == (version >= FFA_VERSION_1_2),
           "the caller itself is %slisted", version >= FFA_VERSION_1_2 ? "not " : "");
}

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[3][2];
        uint8_t rx[FFA_PAGE_SIZE];
    } outcome;

    for (unsigned int i = 0; i < 3; i++) {
        memcpy(outcome.replies[i], world.replies[i], sizeof(outcome.replies[i]));
    }
    memcpy(outcome.rx, world.pages[RX_PAGE], sizeof(outcome.rx));
    explore_outcome(&outcome, sizeof(outcome));
}

static void expect_newcomer_served(void)
{
    EXPECT(succeeded(&world.replies[0][0]) && world.replies[0][0].x[2] == NEWCOMER,
           "the first call is not served");
    EXPECT(world.events[PARLEY_EVENT_VERSION_FINAL] == 2, "not two versions became final, but %u",
           world.events[PARLEY_EVENT_VERSION_FINAL]);
}

/* The newcomer counted as well: the lister, which is always there, and from 1.2 on itself. */
static void expect_newcomer_counts(void)
{
    unsigned int seen = SEES_LISTER | (version >= FFA_VERSION_1_2 ? SEES_NEWCOMER : 0);

    EXPECT(succeeded(&world.replies[1][0]) && world.replies[1][0].x[2] == entries_of(seen),
           "the newcomer counts %llu", (unsigned long long)world.replies[1][0].x[2]);
}

/* --- One VM comes while it is listed -------------------------------------- */

static void check_count_then_list(void)
{
    const struct parley_regs *count = &world.replies[2][0];
    unsigned int listed = who_in_rx(&world.replies[2][1]);

    tell_outcome();
    expect_newcomer_served();
    if (version == FFA_VERSION_1_0) {
        /* There is no counting at 1.0: all of w5 must be zero. */
        EXPECT(refused(count, FFA_INVALID_PARAMETERS), "1.0 counts");
        EXPECT(refused(&world.replies[1][0], FFA_INVALID_PARAMETERS), "1.0 counts");
        return;
    }
    expect_newcomer_counts();
    expect_only_more(0, listed);
    EXPECT(is_nobody(count) || count->x[2] == entries_of(listed) ||
               count->x[2] == entries_of(listed & ~SEES_NEWCOMER),
           "%llu are counted, then %#x listed", (unsigned long long)count->x[2], listed);
}

static void check_list_then_list_regs(void)
{
    unsigned int first = who_in_rx(&world.replies[2][0]);
    unsigned int second = who_in_regs(&world.replies[2][1]);

    tell_outcome();
    expect_newcomer_served();
    expect_newcomer_counts();
    expect_only_more(first, second);
}

/* --- Two VMs come at once ------------------------------------------------- */

static void check_two_newcomers(void)
{
    const struct parley_regs *first = &world.replies[2][0];
    const struct parley_regs *second = &world.replies[2][1];
    unsigned int before = who_in_regs(first);
    unsigned int after = who_in_regs(second);
    bool same_tag = ffa_info_regs_out_tag(first->x[2]) == ffa_info_regs_out_tag(second->x[2]);

    EXPECT(succeeded(&world.replies[0][0]) && succeeded(&world.replies[1][0]),
           "a first call is not served");
    expect_only_more(before, after);
    EXPECT(same_tag == (before == after), "the tag is %s, and %#x was listed before %#x",
           same_tag ? "the same" : "different", before, after);
    tell_outcome();
}

/* --- The suite ------------------------------------------------------------ */

#define NEWCOMER_THREADS           \
    {"ID_GET", first_call},        \
    {                              \
        "count", first_call_counts \
    }

static const struct interleave_test tests[] = {
    {
        .explore = {.name = "newcomer_count_list_1.0",
                    .threads = {NEWCOMER_THREADS, {"lister", count_then_list}},
                    .set_up = set_up_1_0,
                    .check = check_count_then_list,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "newcomer_count_list_1.1",
                    .threads = {NEWCOMER_THREADS, {"lister", count_then_list}},
                    .set_up = set_up_1_1,
                    .check = check_count_then_list,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "newcomer_count_list_1.2",
                    .threads = {NEWCOMER_THREADS, {"lister", count_then_list}},
                    .set_up = set_up_1_2,
                    .check = check_count_then_list,
                    WORLD_STATE},
        .also = ALSO_BY_CALL,
    },
    {
        .explore = {.name = "newcomer_list_regs",
                    .threads = {NEWCOMER_THREADS, {"lister", list_then_list_regs}},
                    .set_up = set_up_1_2,
                    .check = check_list_then_list_regs,
                    WORLD_STATE},
        .also = ALSO_BY_CALL,
    },
    {
        .explore = {.name = "newcomers_two",
                    .threads = {{"ID_GET", first_call},
                                {"other ID_GET", first_call_of_second},
                                {"lister", list_regs_twice}},
                    .set_up = set_up_1_2,
                    .check = check_two_newcomers,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS,
    },
};

const struct interleave_suite discovery_suite = {tests, sizeof(tests) / sizeof(tests[0])};
