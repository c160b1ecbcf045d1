/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vCPUs of one VM race for its RX/TX pair: map, fill, release, unmap, and the end of the VM.
 * The hooks see to it that no page is touched while it is not mapped, that none is mapped twice,
 * and that each mapping is undone once.
 */
#include "listing.h"
#include "tests.h"

#include <string.h>

#define OWNER     1u
#define OTHER_TX  2u
#define OTHER_RX  3u
#define FIRST_TX  0u
#define FIRST_RX  1u
#define FIRST_SET ((1u << FIRST_TX) | (1u << FIRST_RX))
#define OTHER_SET ((1u << OTHER_TX) | (1u << OTHER_RX))

static struct parley_vm *vm(void)
{
    return world.vms[OWNER].vm;
}

static void set_up_unmapped(void)
{
    world_begin();
    world_create(OWNER, 3, 1, 0x10);
    world_negotiate(OWNER, FFA_VERSION_1_2);
    memset(world.pages, 0xaa, sizeof(world.pages));
}

static void set_up_free(void)
{
    set_up_unmapped();
    (void)world_map(vm(), 0, FIRST_TX, FIRST_RX);
}

static void set_up_full(void)
{
    set_up_free();
    (void)world_list(vm(), 0);
}

/* --- What a vCPU does ----------------------------------------------------- */

static struct parley_regs release(unsigned int vcpu)
{
    return WORLD_CALL(vm(), vcpu, FFA_RX_RELEASE);
}

static struct parley_regs unmap(unsigned int vcpu)
{
    return WORLD_CALL(vm(), vcpu, FFA_RXTX_UNMAP);
}

static void list_0(void)
{
    world.replies[0][0] = world_list(vm(), 0);
}

static void list_release_0(void)
{
    world.replies[0][0] = world_list(vm(), 0);
    world.replies[0][1] = release(0);
}

/* An unknown UUID: the buffer is taken, and given back unfilled. */
static void list_nobody_0(void)
{
    world.replies[0][0] = WORLD_CALL(vm(), 0, FFA_PARTITION_INFO_GET, 1, 2, 3, 4);
}

static void list_1(void)
{
    world.replies[1][0] = world_list(vm(), 1);
}

static void release_1(void)
{
    world.replies[1][0] = release(1);
}

static void release_unmap_1(void)
{
    world.replies[1][0] = release(1);
    world.replies[1][1] = unmap(1);
}

static void unmap_1(void)
{
    world.replies[1][0] = unmap(1);
}

static void map_first_0(void)
{
    world.replies[0][0] = world_map(vm(), 0, FIRST_TX, FIRST_RX);
}

static void map_other_1(void)
{
    world.replies[1][0] = world_map(vm(), 1, OTHER_TX, OTHER_RX);
}

static void map_refused_1(void)
{
    world.replies[1][0] = world_map(vm(), 1, OTHER_TX, WORLD_PAGE_REFUSED);
}

static void unmap_2(void)
{
    world.replies[2][0] = unmap(2);
}

static void map_other_2(void)
{
    world.replies[2][0] = world_map(vm(), 2, OTHER_TX, OTHER_RX);
}

static void list_2(void)
{
    world.replies[2][0] = world_list(vm(), 2);
}

static void release_2(void)
{
    world.replies[2][0] = release(2);
}

static void list_0_leave(void)
{
    list_0();
    world_vcpu_leaves(0);
}

static void unmap_1_leave(void)
{
    unmap_1();
    world_vcpu_leaves(1);
}

static void destroy_when_left(void)
{
    world_await_vcpus_left(2);
    world_destroy(&world.vms[OWNER]);
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
        uint64_t pins[WORLD_PAGES]; /* no padding: it is compared, too */
    } outcome;

    memcpy(outcome.replies, world.replies, sizeof(outcome.replies));
    for (unsigned int i = 0; i < WORLD_PAGES; i++) {
        outcome.pins[i] = world.page[i].pins;
    }
    explore_outcome(&outcome, sizeof(outcome));
}

static enum parley_rx_state state(void)
{
    return world_status(&world.vms[OWNER]).rx;
}

/* The pair that is mapped in the end: all of it, or nothing. */
static void expect_pair(void)
{
    if (state() == PARLEY_RX_UNMAPPED) {
        expect_pins(0);
        return;
    }
    EXPECT(state() == PARLEY_RX_FREE || state() == PARLEY_RX_FULL,
           "nobody is at work, and the buffer is left in state %u", state());
    expect_pins(world.page[FIRST_TX].pins != 0 ? FIRST_SET : OTHER_SET);
}

/* What was filled holds the one VM there is, whole. */
static void expect_filled(const struct parley_regs *reply, unsigned int page)
{
    static const struct life owner = {OWNER, 3, true, FFA_VERSION_1_2, 0x10, 1};
    struct listing listing = {0};

    listing_add_rx(&listing, reply, FFA_VERSION_1_2, world.pages[page]);
    EXPECT(lives_in(&listing, &owner, 1, FFA_VERSION_1_2) == 1, "the list is not of the VM");
}

/* What is left behind serves on. */
static void expect_usable(void)
{
    struct parley_regs reply;

    if (state() == PARLEY_RX_FULL) {
        reply = release(0);
        EXPECT(succeeded(&reply), "a full buffer is not released");
    }
    if (state() == PARLEY_RX_FREE) {
        reply = unmap(0);
        EXPECT(succeeded(&reply), "a free pair is not unmapped");
    }
    reply = world_map(vm(), 0, FIRST_TX, FIRST_RX);
    EXPECT(succeeded(&reply), "no pair can be mapped again");
    reply = world_list(vm(), 0);
    EXPECT(succeeded(&reply), "the new buffer is not filled");
    expect_filled(&reply, FIRST_RX);
    expect_pins(FIRST_SET);
}

static void check(void)
{
    tell_outcome();
    expect_pair();
    expect_usable();
}

/* There is a pair until somebody unmaps it: nobody is told that there is none. */
static void expect_pair_known(const struct parley_regs *unmapped)
{
    EXPECT(succeeded(unmapped) || refused(unmapped, FFA_DENIED),
           "there is a pair, and to unmap it is refused with %d", (int32_t)unmapped->x[2]);
}

static void check_release_unmap(void)
{
    expect_pair_known(&world.replies[2][0]);
    check();
}

static void check_nobody_unmap(void)
{
    expect_pair_known(&world.replies[1][0]);
    check();
}

/* While the buffer is filled nobody takes it away; who could unmap it released it first. */
static void check_fill_release_unmap(void)
{
    const struct parley_regs *released = &world.replies[1][0];
    const struct parley_regs *unmapped = &world.replies[1][1];

    if (succeeded(&world.replies[0][0]) && !succeeded(unmapped)) {
        expect_filled(&world.replies[0][0], FIRST_RX);
    }
    EXPECT(succeeded(&world.replies[0][0]) || !succeeded(released), "an empty buffer is released");
    EXPECT(!succeeded(&world.replies[0][0]) || succeeded(released) || !succeeded(unmapped) ||
               state() == PARLEY_RX_UNMAPPED,
           "a buffer that was filled is unmapped");
    check();
}

/* One of two maps; the other is denied. */
static void check_one_mapped(void)
{
    EXPECT(succeeded(&world.replies[0][0]) != succeeded(&world.replies[1][0]),
           "two pairs are mapped, or none");
    EXPECT(refused(&world.replies[0][0], FFA_DENIED) || refused(&world.replies[1][0], FFA_DENIED),
           "a second pair is refused, and not with DENIED");
    check();
}

static void check_gone(void)
{
    tell_outcome();
    expect_pins(0);
    EXPECT(world.vms[OWNER].is_gone, "the VM does not end");
}

/* --- The suite ------------------------------------------------------------ */

#define RX_TEST(title, start, rule, more, ...) \
    {                                          \
        .explore = {.name = (title),           \
                    .threads = {__VA_ARGS__},  \
                    .set_up = (start),         \
                    .check = (rule),           \
                    WORLD_STATE},              \
        .also = (more),                        \
    }

static const struct interleave_test tests[] = {
    RX_TEST("rx_fill_release_unmap", set_up_free, check_fill_release_unmap,
            ALSO_SLEEP_SETS | ALSO_UNREDUCED | ALSO_BY_CALL, {"list", list_0},
            {"release, unmap", release_unmap_1}),
    RX_TEST("rx_release_unmap", set_up_full, check_release_unmap,
            ALSO_SLEEP_SETS | ALSO_UNREDUCED | ALSO_BY_CALL, {"list, release", list_release_0},
            {"release", release_1}, {"unmap", unmap_2}),
    RX_TEST("rx_nobody_unmap", set_up_free, check_nobody_unmap, ALSO_SLEEP_SETS | ALSO_UNREDUCED,
            {"list nobody", list_nobody_0}, {"unmap", unmap_1}),
    RX_TEST("rx_fill_unmap_map", set_up_free, check,
            ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED, {"list", list_0}, {"unmap", unmap_1},
            {"map", map_other_2}),
    RX_TEST("rx_fill_fill_release", set_up_free, check,
            ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED, {"list", list_0}, {"list'", list_1},
            {"release", release_2}),
    RX_TEST("rx_map_map_fill", set_up_unmapped, check_one_mapped,
            ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED, {"map", map_first_0},
            {"map other", map_other_1}, {"list", list_2}),
    RX_TEST("rx_map_unmap_map", set_up_unmapped, check,
            ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED, {"map", map_first_0},
            {"unmap", unmap_1}, {"map other", map_other_2}),
    RX_TEST("rx_map_refused_map", set_up_unmapped, check, ALSO_SLEEP_SETS | ALSO_UNREDUCED,
            {"map", map_first_0}, {"refused map", map_refused_1}, {"unmap", unmap_2}),
    RX_TEST("rx_unmap_destroy", set_up_free, check_gone, ALSO_SLEEP_SETS, {"list", list_0_leave},
            {"unmap", unmap_1_leave}, {"destroy", destroy_when_left}),
};

const struct interleave_suite rx_suite = {tests, sizeof(tests) / sizeof(tests[0])};
