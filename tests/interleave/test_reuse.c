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
#define NEWCOMER  4u /* comes when the other goes, with as many entries */
#define TX_PAGE   0u
#define RX_PAGE   1u
#define MORTAL_TX 2u
#define MORTAL_RX 3u

static struct parley_vm_config heir;

static const struct life lives[] = {
    {LISTER, 1, true, FFA_VERSION_1_2, 0x10, 1},   {OTHER, 1, true, FFA_VERSION_1_2, 0x20, 2},
    {MORTAL, 2, true, FFA_VERSION_1_2, 0x30, 4},  /* its first life */
    {MORTAL, 3, false, FFA_VERSION_1_2, 0x40, 4}, /* another VM, under its ID */
    {MORTAL, 2, false, FFA_VERSION_1_1, 0x30, 4}, /* itself after a reset */
    {NEWCOMER, 1, true, FFA_VERSION_1_2, 0x50, 4},
};

#define LIVES (sizeof(lives) / sizeof(lives[0]))

/* The same as sets. */
#define SEES_REST  3u
#define SEES_FIRST 4u
#define SEES_HEIR  8u
#define SEES_RESET 16u
#define SEES_NEW   32u

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

static void set_up_newcomer(void)
{
    set_up();
    world_create(NEWCOMER, 1, 4, 0x50);
    (void)WORLD_CALL(world.vms[NEWCOMER].vm, 0, FFA_VERSION, FFA_VERSION_1_2);
}

/* --- Lives ---------------------------------------------------------------- */

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

static void newcomer_calls(void)
{
    world.replies[2][0] = WORLD_CALL(world.vms[NEWCOMER].vm, 0, FFA_ID_GET);
}

/* --- Readers -------------------------------------------------------------- */

static void list(void)
{
    world.replies[1][0] = world_list(world.vms[LISTER].vm, 0);
}

static struct parley_regs next_page(const struct parley_regs *page)
{
    return world_list_regs(world.vms[LISTER].vm,
                           (uint16_t)(ffa_info_regs_out_current(page->x[2]) + 1),
                           ffa_info_regs_out_tag(page->x[2]));
}

static bool is_last_page(const struct parley_regs *page)
{
    return ffa_info_regs_out_current(page->x[2]) == ffa_info_regs_out_last(page->x[2]);
}

/* Page after page; at least two, so that one may lie behind the end. */
static void list_pages(void)
{
    struct parley_regs *pages = world.replies[1];

    pages[0] = world_list_regs(world.vms[LISTER].vm, 0, 0);
    pages[1] = next_page(&pages[0]);
    if (succeeded(&pages[1]) && !is_last_page(&pages[1])) {
        pages[2] = next_page(&pages[1]);
    }
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

/* --- Rules ---------------------------------------------------------------- */

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

/* Who is always there is seen, and any of `others`; two lives of one ID never are together. */
static void expect_seen(const struct listing *listing, unsigned int others)
{
    unsigned int seen = lives_in(listing, lives, LIVES, FFA_VERSION_1_2);

    EXPECT((seen & SEES_REST) == SEES_REST && (seen & ~(SEES_REST | others)) == 0,
           "lives %#x are seen", seen);
}

static void expect_rx(unsigned int others)
{
    struct listing listing = {0};

    EXPECT(succeeded(&world.replies[1][0]), "the list is refused");
    listing_add_rx(&listing, &world.replies[1][0], FFA_VERSION_1_2, world.pages[RX_PAGE]);
    expect_seen(&listing, others);
}

/* The pages are of one list; if it changes on the way, the next page is refused with RETRY. */
static void expect_pages(unsigned int others)
{
    const struct parley_regs *page = world.replies[1];
    struct listing listing = {0};

    EXPECT(succeeded(&page[0]), "the first page is refused");
    listing_add_regs(&listing, page);
    while (!is_last_page(page)) {
        if (!succeeded(&page[1])) {
            EXPECT(refused(&page[1], FFA_RETRY), "a page is refused, and not with RETRY");
            expect_seen(&listing, others);
            return;
        }
        EXPECT(ffa_info_regs_out_last(page[0].x[2]) == ffa_info_regs_out_last(page[1].x[2]),
               "the pages are of lists of different lengths");
        listing_add_regs(&listing, ++page);
    }
    expect_seen(&listing, others);
    if (page == world.replies[1]) {
        EXPECT(refused(&page[1], FFA_RETRY) || refused(&page[1], FFA_INVALID_PARAMETERS),
               "a page behind the last is not refused");
    }
}

/* What the other reader got: one page. */
static void expect_page(unsigned int others)
{
    struct listing listing = {0};

    EXPECT(succeeded(&world.replies[2][0]), "a list is refused");
    listing_add_regs(&listing, &world.replies[2][0]);
    expect_seen(&listing, others);
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
    expect_rx(SEES_FIRST | SEES_HEIR);
}

static void check_pages_heir(void)
{
    tell_outcome();
    expect_gone();
    expect_heir();
    expect_pages(SEES_FIRST | SEES_HEIR);
}

static void check_two_readers_heir(void)
{
    check_list_heir();
    expect_page(SEES_FIRST | SEES_HEIR);
}

static void expect_reset(void)
{
    struct parley_vm_status status = world_status(&world.vms[MORTAL]);

    EXPECT(status.version == FFA_VERSION_1_1 && !status.dying && status.generation == 1,
           "the VM is not alive in its second life");
    EXPECT(succeeded(&world.replies[0][1]), "the first call of the second life is not served");
    expect_pins((1u << TX_PAGE) | (1u << RX_PAGE));
}

static void check_pages_reset(void)
{
    tell_outcome();
    expect_reset();
    expect_pages(SEES_FIRST | SEES_RESET);
}

static void check_two_readers_reset(void)
{
    tell_outcome();
    expect_reset();
    expect_rx(SEES_FIRST | SEES_RESET);
    expect_page(SEES_FIRST | SEES_RESET);
}

static void check_reset_then_destroy(void)
{
    tell_outcome();
    expect_gone();
    expect_pages(SEES_FIRST);
}

static void check_last_calls(void)
{
    const struct parley_regs *released = &world.replies[3][0];

    tell_outcome();
    expect_gone();
    EXPECT(succeeded(&world.replies[2][0]), "the VM's own list is refused");
    EXPECT(succeeded(released) || refused(released, FFA_DENIED), "RX_RELEASE answers otherwise");
    expect_pages(SEES_FIRST);
}

/* One goes and one comes, each with as many entries. */
static void check_pages_swap(void)
{
    tell_outcome();
    expect_gone();
    EXPECT(succeeded(&world.replies[2][0]), "the newcomer's first call is not served");
    expect_pages(SEES_FIRST | SEES_NEW);
}

/* --- The suite ------------------------------------------------------------ */

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
        .explore = {.name = "swap_pages",
                    .threads = {{"destroy", destroy},
                                {"lister", list_pages},
                                {"newcomer", newcomer_calls}},
                    .set_up = set_up_newcomer,
                    .check = check_pages_swap,
                    WORLD_STATE},
        .also = ALSO_BY_CALL | ALSO_SLEEP_SETS,
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
        .explore = {.name = "reset_two_readers",
                    .threads = {{"reset", reset_and_negotiate},
                                {"lister", list},
                                {"other", list_other_way}},
                    .set_up = set_up,
                    .check = check_two_readers_reset,
                    WORLD_STATE},
        .also = ALSO_BY_CALL,
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
