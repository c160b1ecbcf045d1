/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two creators want one ID, also while its last owner ends. At most one gets it, and gets it whole.
 */
#include "listing.h"
#include "tests.h"

#include <string.h>

#define LISTER 1u
#define WANTED 2u

static struct parley_vm_config configs[2];

static const struct life lives[] = {
    {LISTER, 1, true, FFA_VERSION_1_2, 0x10, 1},
    {WANTED, 1, true, FFA_VERSION_1_2, 0x20, 4}, /* who had the ID before */
    {WANTED, 2, true, FFA_VERSION_1_2, 0x30, 2},
    {WANTED, 3, true, FFA_VERSION_1_2, 0x40, 3},
};

#define LIVES      (sizeof(lives) / sizeof(lives[0]))
#define SEES_FIRST 2u /* in the set of lives */
#define SEES_HEIR  4u

static void set_up(void)
{
    world_begin();
    world_create(LISTER, 1, 1, 0x10);
    world_negotiate(LISTER, FFA_VERSION_1_2);
    for (unsigned int i = 0; i < 2; i++) {
        const struct life *life = &lives[2 + i];

        configs[i] = world_config(&world.heirs[i], WANTED, life->vcpus, life->uuids, life->seed);
    }
}

static void set_up_taken(void)
{
    set_up();
    world_create(WANTED, 1, 4, 0x20);
    world_negotiate(WANTED, FFA_VERSION_1_2);
}

/* --- Threads -------------------------------------------------------------- */

/* Creates the VM and, if that works, makes it a member. */
static void create(unsigned int creator)
{
    struct world_vm *of = &world.heirs[creator];

    explore_call();
    world.progress[creator] = parley_vm_create(world.parley, &configs[creator], &of->vm);
    if (world.progress[creator] == PARLEY_DONE) {
        world.replies[creator][0] = WORLD_CALL(of->vm, 0, FFA_VERSION, FFA_VERSION_1_2);
        world.replies[creator][1] = WORLD_CALL(of->vm, 0, FFA_ID_GET);
    }
}

static void create_first(void)
{
    create(0);
}

static void create_second(void)
{
    create(1);
}

static void list(void)
{
    world.replies[2][0] = world_list_regs(world.vms[LISTER].vm, 0, 0);
}

static void destroy(void)
{
    world_destroy(&world.vms[WANTED]);
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
        enum parley_progress progress[EXPLORE_THREADS_MAX];
    } outcome;

    memcpy(outcome.replies, world.replies, sizeof(outcome.replies));
    memcpy(outcome.progress, world.progress, sizeof(outcome.progress));
    explore_outcome(&outcome, sizeof(outcome));
}

static unsigned int seen_in(const struct parley_regs *reply)
{
    struct listing listing = {0};

    EXPECT(succeeded(reply), "a list is refused");
    listing_add_regs(&listing, reply);
    return lives_in(&listing, lives, LIVES, FFA_VERSION_1_2);
}

/* A creator has the VM, whole, or was told that the ID is in use. Returns whether it has it. */
static bool has_vm(unsigned int creator)
{
    const struct world_vm *of = &world.heirs[creator];

    if (world.progress[creator] != PARLEY_DONE) {
        EXPECT(world.progress[creator] == PARLEY_REFUSED_ID_USED, "refused for another reason");
        EXPECT(of->vm == NULL, "refused, and there is a VM");
        return false;
    }
    EXPECT(of->vm != NULL && succeeded(&world.replies[creator][1]), "the VM is not served");
    return true;
}

/* In the end the lister sees the winner, if there is one; on the way it may have. */
static void check_creators(unsigned int before)
{
    bool first = has_vm(0);
    bool second = has_vm(1);
    unsigned int winner = first ? SEES_HEIR : second ? SEES_HEIR << 1 : 0;
    unsigned int on_the_way = seen_in(&world.replies[2][0]) & ~1u;
    struct parley_regs reply;

    EXPECT(!first || !second, "two VMs have one ID");
    EXPECT(on_the_way == 0 || on_the_way == before || on_the_way == winner,
           "lives %#x are seen, and %#x has won", on_the_way, winner);
    reply = world_list_regs(world.vms[LISTER].vm, 0, 0);
    EXPECT((seen_in(&reply) & ~1u) == winner, "the winner is not seen");
    EXPECT(world.events[PARLEY_EVENT_VM_CREATED] == 1u + (before != 0) + (winner != 0),
           "%u creations were told", world.events[PARLEY_EVENT_VM_CREATED]);
}

static void check_free_id(void)
{
    tell_outcome();
    EXPECT(has_vm(0) || has_vm(1), "nobody gets a free ID");
    check_creators(0);
}

static void check_taken_id(void)
{
    tell_outcome();
    EXPECT(world.vms[WANTED].is_gone, "the VM does not end");
    check_creators(SEES_FIRST);
}

/* --- The suite ------------------------------------------------------------ */

static const struct interleave_test tests[] = {
    {
        .explore = {.name = "create_create",
                    .threads = {{"create", create_first},
                                {"create'", create_second},
                                {"list", list}},
                    .set_up = set_up,
                    .check = check_free_id,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "destroy_create_create",
                    .threads = {{"create", create_first},
                                {"create'", create_second},
                                {"list", list},
                                {"destroy", destroy}},
                    .set_up = set_up_taken,
                    .check = check_taken_id,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
};

const struct interleave_suite create_suite = {tests, sizeof(tests) / sizeof(tests[0])};
