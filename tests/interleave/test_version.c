/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vCPUs of one VM race for its version. Whatever the order, one version becomes final, once,
 * and everybody is served by it or refused before it.
 */
#include "tests.h"
#include "world.h"

#define PROPOSED_BEFORE FFA_VERSION_1_2

static struct parley_vm *vm(void)
{
    return world.vms[1].vm;
}

static struct parley_regs ask(unsigned int vcpu, uint32_t version)
{
    return WORLD_CALL(vm(), vcpu, FFA_VERSION, version);
}

/* Answers differently at 1.2 and before: the ABI came with 1.2. */
static struct parley_regs probe(unsigned int vcpu)
{
    return WORLD_CALL(vm(), vcpu, FFA_FEATURES, FFA_PARTITION_INFO_GET_REGS);
}

static void set_up(void)
{
    world_begin();
    world_create(1, 3, 1, 0x10);
}

static void set_up_proposed(void)
{
    set_up();
    (void)ask(0, PROPOSED_BEFORE);
}

/* --- Rules ---------------------------------------------------------------- */

static bool got_version(const struct parley_regs *reply)
{
    return reply->x[0] == PARLEY_FFA_VERSION;
}

static void expect_version_reply(const struct parley_regs *reply)
{
    EXPECT(got_version(reply) || reply->x[0] == (uint32_t)FFA_NOT_SUPPORTED,
           "FFA_VERSION answers %#llx", (unsigned long long)reply->x[0]);
}

/* A reply to probe() tells the version that it was served at. */
static void expect_probed(const struct parley_regs *reply, uint32_t version)
{
    bool offered = version >= FFA_VERSION_1_2;

    EXPECT(offered ? succeeded(reply) : refused(reply, FFA_NOT_SUPPORTED),
           "FFA_FEATURES answers %#llx of a function of 1.2, and %#x is in force",
           (unsigned long long)reply->x[0], version);
}

/* From now on the version stays, whatever is asked. */
static void expect_final(uint32_t version)
{
    static const uint32_t asked[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

    for (unsigned int i = 0; i < 3; i++) {
        struct parley_regs reply = ask(0, asked[i]);

        expect_version_reply(&reply);
        EXPECT(got_version(&reply) == (asked[i] == version), "%#x is asked for, and %#x in force",
               asked[i], version);
    }
    EXPECT(world_status(&world.vms[1]).version == version, "the version has changed");
    EXPECT(world.events[PARLEY_EVENT_VERSION_FINAL] == 1, "a version became final %u times",
           world.events[PARLEY_EVENT_VERSION_FINAL]);
}

/* What the threads got, and the version in force in the end. */
static void tell_outcome(void)
{
    uint64_t outcome[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX][2] = {0};

    for (unsigned int i = 0; i < EXPLORE_THREADS_MAX; i++) {
        for (unsigned int j = 0; j < WORLD_REPLIES_MAX; j++) {
            outcome[i][j][0] = world.replies[i][j].x[0];
            outcome[i][j][1] = world.replies[i][j].x[2];
        }
    }
    /* No thread has so many replies. */
    outcome[EXPLORE_THREADS_MAX - 1][WORLD_REPLIES_MAX - 1][0] =
        world_status(&world.vms[1]).version;
    explore_outcome(outcome, sizeof(outcome));
}

/* --- VERSION, VERSION, another call --------------------------------------- */

static void ask_1_1(void)
{
    world.replies[0][0] = ask(0, FFA_VERSION_1_1);
}

static void ask_1_2(void)
{
    world.replies[1][0] = ask(1, FFA_VERSION_1_2);
}

static void get_id(void)
{
    world.replies[2][0] = WORLD_CALL(vm(), 2, FFA_ID_GET);
}

/* The other call came first: it is refused, and the VM may still choose. */
static void check_still_open(void)
{
    struct parley_regs reply;

    EXPECT(refused(&world.replies[2][0], FFA_NOT_SUPPORTED), "served without a version");
    EXPECT(got_version(&world.replies[0][0]) && got_version(&world.replies[1][0]),
           "a version is refused, and none is final");
    EXPECT(world.events[PARLEY_EVENT_VERSION_FINAL] == 0, "a version was told to be final");
    reply = ask(0, FFA_VERSION_1_0);
    EXPECT(got_version(&reply), "a version is refused afterwards, and none is final");
    reply = WORLD_CALL(vm(), 0, FFA_ID_GET);
    EXPECT(succeeded(&reply), "the last proposal does not become final");
    expect_final(FFA_VERSION_1_0);
}

static void check_version_version_other(void)
{
    uint32_t version = world_status(&world.vms[1]).version;

    tell_outcome();
    expect_version_reply(&world.replies[0][0]);
    expect_version_reply(&world.replies[1][0]);
    if (version == 0) {
        check_still_open();
        return;
    }
    EXPECT(version == FFA_VERSION_1_1 || version == FFA_VERSION_1_2, "%#x was never asked for",
           version);
    EXPECT(succeeded(&world.replies[2][0]) && world.replies[2][0].x[2] == 1,
           "the call that made a version final was not served");
    EXPECT(got_version(&world.replies[version == FFA_VERSION_1_1 ? 0 : 1][0]),
           "the version in force was refused to the one who asked for it");
    expect_final(version);
}

/* --- VERSION, another call, another call ---------------------------------- */

static void probe_1(void)
{
    world.replies[1][0] = probe(1);
}

static void probe_2(void)
{
    world.replies[2][0] = probe(2);
}

static void check_version_other_other(void)
{
    uint32_t version = world_status(&world.vms[1]).version;

    tell_outcome();
    expect_version_reply(&world.replies[0][0]);
    EXPECT(version == PROPOSED_BEFORE || version == FFA_VERSION_1_1, "%#x was never asked for",
           version);
    EXPECT(version != FFA_VERSION_1_1 || got_version(&world.replies[0][0]),
           "the version in force was refused to the one who asked for it");
    expect_probed(&world.replies[1][0], version);
    expect_probed(&world.replies[2][0], version);
    expect_final(version);
}

/* --- VERSION twice, another call, another call ---------------------------- */

static void ask_downwards(void)
{
    world.replies[0][0] = ask(0, FFA_VERSION_1_2);
    world.replies[0][1] = ask(0, FFA_VERSION_1_1);
}

/* Nobody else asks, so what was answered last is what the VM has, or will have. */
static void check_downwards(void)
{
    uint32_t version = world_status(&world.vms[1]).version;
    bool lowered = got_version(&world.replies[0][1]);

    tell_outcome();
    EXPECT(got_version(&world.replies[0][0]), "the first request is refused");
    if (version == 0) {
        EXPECT(lowered, "a version is refused, and none is final");
        EXPECT(refused(&world.replies[1][0], FFA_NOT_SUPPORTED) &&
                   refused(&world.replies[2][0], FFA_NOT_SUPPORTED),
               "served without a version");
        return;
    }
    EXPECT(version == (lowered ? FFA_VERSION_1_1 : FFA_VERSION_1_2),
           "%#x is in force, and 1.1 was %s", version, lowered ? "granted" : "refused");
    expect_final(version);
}

/* --- Each vCPU is a whole driver ------------------------------------------ */

static void probe_downwards(void)
{
    world.replies[0][0] = ask(0, FFA_VERSION_1_2);
    world.replies[0][1] = ask(0, FFA_VERSION_1_1);
    world.replies[0][2] = probe(0);
}

static void start_at_1_2(void)
{
    world.replies[1][0] = ask(1, FFA_VERSION_1_2);
    world.replies[1][1] = probe(1);
}

static void start_without_asking(void)
{
    world.replies[2][0] = probe(2);
    world.replies[2][1] = ask(2, FFA_VERSION_1_0);
}

static void check_drivers(void)
{
    uint32_t version = world_status(&world.vms[1]).version;

    tell_outcome();
    expect_version_reply(&world.replies[0][0]);
    expect_version_reply(&world.replies[0][1]);
    expect_version_reply(&world.replies[1][0]);
    expect_version_reply(&world.replies[2][1]);
    EXPECT(version != 0, "two vCPUs asked and called, and no version is final");
    expect_probed(&world.replies[0][2], version);
    expect_probed(&world.replies[1][1], version);
    EXPECT(refused(&world.replies[2][0], FFA_NOT_SUPPORTED) ||
               (version == FFA_VERSION_1_2 && succeeded(&world.replies[2][0])),
           "the call without a version of its own is served by another version");
    expect_final(version);
}

/* --- The suite ------------------------------------------------------------ */

static const struct interleave_test tests[] = {
    {
        .explore = {.name = "version_version_other",
                    .threads = {{"VERSION(1.1)", ask_1_1},
                                {"VERSION(1.2)", ask_1_2},
                                {"ID_GET", get_id}},
                    .set_up = set_up,
                    .check = check_version_version_other,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_UNREDUCED | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "version_other_other",
                    .threads = {{"VERSION(1.1)", ask_1_1},
                                {"FEATURES", probe_1},
                                {"FEATURES'", probe_2}},
                    .set_up = set_up_proposed,
                    .check = check_version_other_other,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_UNREDUCED | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "version_downwards",
                    .threads = {{"VERSION(1.2, 1.1)", ask_downwards},
                                {"FEATURES", probe_1},
                                {"FEATURES'", probe_2}},
                    .set_up = set_up,
                    .check = check_downwards,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
    {
        .explore = {.name = "version_three_drivers",
                    .threads = {{"downwards", probe_downwards},
                                {"at 1.2", start_at_1_2},
                                {"unasked", start_without_asking}},
                    .set_up = set_up,
                    .check = check_drivers,
                    WORLD_STATE},
        .also = ALSO_SLEEP_SETS | ALSO_BY_CALL,
    },
};

const struct interleave_suite version_suite = {tests, sizeof(tests) / sizeof(tests[0])};
