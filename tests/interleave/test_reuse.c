/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM ends, or is reset, and its place in the directory goes to the next life, with other
 * attributes, while others list who is there. Nobody sees attributes of two lives together, a list
 * that goes on after a change is refused, and nothing ends while somebody still looks.
 */
#include "listing.h"
#include "tests.h"

#include <string.h>

#define LISTER    1u
#define OTHER     2u /* is always there */
#define MORTAL    3u /* ends and comes again: the last in every list, so that pages cut it in two */
#define TX_PAGE   0u
#define RX_PAGE   1u
#define MORTAL_TX 2u
#define MORTAL_RX 3u

static struct parley_vm_config heir;

static const struct life lives[] = {
    {LISTER, 1, true, FFA_VERSION_1_2, 0x10, 1},  {OTHER, 1, true, FFA_VERSION_1_2, 0x20, 2},
    {MORTAL, 2, true, FFA_VERSION_1_2, 0x30, 4},  /* its first life */
    {MORTAL, 3, false, FFA_VERSION_1_2, 0x40, 4}, /* another VM, under its ID */
    {MORTAL, 2, false, FFA_VERSION_1_1, 0x30, 4}, /* itself after a reset */
};

#define LIVES (sizeof(lives) / sizeof(lives[0]))

/* The sets of lives that may be seen together. */
#define SEES_REST  3u
#define SEES_FIRST (SEES_REST | 4u)
#define SEES_HEIR  (SEES_REST | 8u)
#define SEES_RESET (SEES_REST | 16u)

/* `peers` of the mortal VM are told to it, of the three others that there may be. */
static void set_up_with(unsigned int peers)
{
    struct world_vm *mortal = &world.vms[MORTAL];
    struct parley_vm_config config;

    world_begin();
    world_create(LISTER, 1, 1, 0x10);
    world_create(OTHER, 1, 2, 0x20);
    config = world_config(mortal, MORTAL, 2, 4, 0x30);
    config.peer_count = peers;
    EXPECT(parley_vm_create(world.parley, &config, &mortal->vm) == PARLEY_DONE, "no VM");
    for (uint16_t id = LISTER; id <= MORTAL; id++) {
        world_negotiate(id, FFA_VERSION_1_2);
    }
    (void)world_map(world.vms[LISTER].vm, 0, TX_PAGE, RX_PAGE);
    (void)world_map(world.vms[MORTAL].vm, 0, MORTAL_TX, MORTAL_RX);
    memset(world.pages, 0xaa, sizeof(world.pages));
    heir = world_config(&world.heirs[0], MORTAL, 3, 4, 0x40);
    world.heirs[0].is_aarch64 = false;
}

static void set_up(void)
{
    set_up_with(3);
}

/* The mortal VM sees itself only: there are fewer orders. */
static void set_up_lonely(void)
{
    set_up_with(0);
}

/* --- Lives -------------------------------------------------------------------------------- */

static void negotiate(struct parley_vm *vm, uint32_t version)
{
    world.replies[0][0] = WORLD_CALL(vm, 0, FFA_VERSION, version);
    world.replies[0][1] = WORLD_CALL(vm, 0, FFA_ID_GET);
}

static void destroy(void)
{
    world_destroy(&world.vms[MORTAL]);
}

static void destroy_and_create(void)
{
    struct world_vm *of = &world.heirs[0];

    world_destroy(&world.vms[MORTAL]);
    explore_call();
    world.progress[0] = parley_vm_create(world.parley, &heir, &of->vm);
    negotiate(of->vm, FFA_VERSION_1_2);
}

static void reset_and_negotiate(void)
{
    struct world_vm *of = &world.vms[MORTAL];

    world_reset(of);
    of->is_aarch64 = false;
    negotiate(of->vm, FFA_VERSION_1_1);
}

/* The end comes while the reset is still under way, or after it. */
static void reset_then_destroy(void)
{
    struct world_vm *of = &world.vms[MORTAL];

    explore_call();
    world.progress[0] = parley_vm_reset(of->vm);
    world_destroy(of);
}

/* --- Readers ------------------------------------------------------------------------------ */

static void list(void)
{
    world.replies[1][0] = world_list(world.vms[LISTER].vm, 0);
}

/* All entries, in as many calls as it takes; from the start again if the list has changed. */
static void list_pages(void)
{
    struct parley_vm *vm = world.vms[LISTER].vm;
    struct parley_regs *reply = world.replies[1];

    reply[0] = world_list_regs(vm, 0, 0);
    reply[1] = world_list_regs(vm, (uint16_t)(ffa_info_regs_out_current(reply[0].x[2]) + 1),
                               ffa_info_regs_out_tag(reply[0].x[2]));
}

static void list_other_way(void)
{
    world.replies[2][0] = world_list_regs(world.vms[OTHER].vm, 0, 0);
}

/* A vCPU of the VM itself, which leaves before its hypervisor ends the VM. */
static void last_call(void)
{
    world.replies[2][0] = WORLD_CALL(world.vms[MORTAL].vm, 0, FFA_PARTITION_INFO_GET);
    world_vcpu_leaves(0);
}

static void last_other_call(void)
{
    world.replies[3][0] = WORLD_CALL(world.vms[MORTAL].vm, 1, FFA_RX_RELEASE);
    world_vcpu_leaves(1);
}

static void destroy_when_left(void)
{
    world_await_vcpus_left(2);
    destroy();
}

/* --- Rules -------------------------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
        uint8_t rx[FFA_PAGE_SIZE];
    } outcome;

    memcpy(outcome.replies, world.replies, sizeof(outcome.replies));
    memcpy(outcome.rx, world.pages[RX_PAGE], sizeof(outcome.rx));
    explore_outcome(&outcome, sizeof(outcome));
}

static void expect_seen(const struct listing *listing, unsigned int allowed, unsigned int allowed2)
{
    unsigned int seen = lives_in(listing, lives, LIVES, FFA_VERSION_1_2);

    EXPECT(seen == SEES_REST || seen == allowed || seen == allowed2, "lives %#x are seen", seen);
}

static void expect_rx(unsigned int allowed, unsigned int allowed2)
{
    struct listing listing = {0};

    EXPECT(succeeded(&world.replies[1][0]), "the list is refused");
    listing_add_rx(&listing, &world.replies[1][0], FFA_VERSION_1_2, world.pages[RX_PAGE]);
    expect_seen(&listing, allowed, allowed2);
}

/* The first page shows what was there; the second the rest of the same, or that it has changed. */
static void expect_pages(unsigned int allowed, unsigned int allowed2)
{
    const struct parley_regs *reply = world.replies[1];
    struct listing listing = {0};

    EXPECT(succeeded(&reply[0]), "the first page is refused");
    listing_add_regs(&listing, &reply[0]);
    if (succeeded(&reply[1])) {
        EXPECT(ffa_info_regs_out_last(reply[0].x[2]) == ffa_info_regs_out_last(reply[1].x[2]),
               "the pages are of lists of different lengths");
        listing_add_regs(&listing, &reply[1]);
        expect_seen(&listing, allowed, allowed2);
        return;
    }
    if (listing.count == ffa_info_regs_out_last(reply[0].x[2]) + 1u) {
        /* There was no second page; nor a RETRY, unless somebody came since. */
        EXPECT(refused(&reply[1], FFA_RETRY) || refused(&reply[1], FFA_INVALID_PARAMETERS),
               "the page behind the last is not refused");
        expect_seen(&listing, allowed, allowed2);
        return;
    }
    EXPECT(refused(&reply[1], FFA_RETRY), "the second page is refused, and not with RETRY");
}

static void expect_list_regs(const struct parley_regs *reply)
{
    EXPECT(succeeded(reply), "a list is refused");
}

/* After the last schedule step nobody looks any more: the VM is gone, its pages too. */
static void expect_gone(void)
{
    EXPECT(world.events[PARLEY_EVENT_VM_DESTROYED] == 1, "the end was told %u times",
           world.events[PARLEY_EVENT_VM_DESTROYED]);
    expect_pins((1u << TX_PAGE) | (1u << RX_PAGE));
}

static void expect_heir(void)
{
    struct parley_vm_status status;

    EXPECT(world.progress[0] == PARLEY_DONE, "the ID is free, and no VM is created");
    EXPECT(succeeded(&world.replies[0][1]) && world.replies[0][1].x[2] == MORTAL,
           "the heir's first call is not served");
    status = world_status(&world.heirs[0]);
    EXPECT(status.version == FFA_VERSION_1_2 && !status.dying && status.generation == 1,
           "the heir is not alive in the second life of its ID");
}

static void check_list_heir(void)
{
    tell_outcome();
    expect_gone();
    expect_heir();
    expect_rx(SEES_FIRST, SEES_HEIR);
}

static void check_pages_heir(void)
{
    tell_outcome();
    expect_gone();
    expect_heir();
    expect_pages(SEES_FIRST, SEES_HEIR);
}

static void check_two_readers_heir(void)
{
    check_list_heir();
    expect_list_regs(&world.replies[2][0]);
}

static void check_pages_reset(void)
{
    struct parley_vm_status status = world_status(&world.vms[MORTAL]);

    tell_outcome();
    EXPECT(status.version == FFA_VERSION_1_1 && !status.dying && status.generation == 1,
           "the VM is not alive in its second life");
    EXPECT(succeeded(&world.replies[0][1]), "the first call of the second life is not served");
    expect_pins((1u << TX_PAGE) | (1u << RX_PAGE));
    expect_pages(SEES_FIRST, SEES_RESET);
}

static void check_reset_then_destroy(void)
{
    tell_outcome();
    expect_gone();
    expect_pages(SEES_FIRST, SEES_FIRST);
}

static void check_last_calls(void)
{
    const struct parley_regs *released = &world.replies[3][0];

    tell_outcome();
    expect_gone();
    EXPECT(succeeded(&world.replies[2][0]), "the VM's own list is refused");
    EXPECT(succeeded(released) || refused(released, FFA_DENIED), "RX_RELEASE answers otherwise");
    expect_pages(SEES_FIRST, SEES_FIRST);
}

/* --- The suite ---------------------------------------------------------------------------- */

static const struct interleave_test tests[] = {
    {
        .explore = {.name = "reuse_list",
                    .threads = {{"destroy, create", destroy_and_create}, {"lister", list}},
                    .set_up = set_up,
                    .check = check_list_heir,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "reuse_pages",
                    .threads = {{"destroy, create", destroy_and_create}, {"lister", list_pages}},
                    .set_up = set_up,
                    .check = check_pages_heir,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "reuse_two_readers",
                    .threads = {{"destroy, create", destroy_and_create},
                                {"lister", list},
                                {"other", list_other_way}},
                    .set_up = set_up,
                    .check = check_two_readers_heir,
                    WORLD_STATE},
        .also = ALSO_BY_CALL,
    },
    {
        .explore = {.name = "reset_pages",
                    .threads = {{"reset", reset_and_negotiate}, {"lister", list_pages}},
                    .set_up = set_up,
                    .check = check_pages_reset,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "reset_then_destroy",
                    .threads = {{"reset, destroy", reset_then_destroy}, {"lister", list_pages}},
                    .set_up = set_up,
                    .check = check_reset_then_destroy,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS,
    },
    {
        .explore = {.name = "destroy_after_last_calls",
                    .threads = {{"destroy", destroy_when_left},
                                {"lister", list_pages},
                                {"list", last_call},
                                {"release", last_other_call}},
                    .set_up = set_up_lonely,
                    .check = check_last_calls,
                    WORLD_STATE},
        .also = 0,
    },
};

const struct interleave_suite reuse_suite = {tests, sizeof(tests) / sizeof(tests[0])};
