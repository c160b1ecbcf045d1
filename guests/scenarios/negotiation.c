/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the rows of negotiation.def, one in each life. At the end of a row it finds out which
 * version is in force by what the ABIs do, for which it must see WORLD_MIDDLE or any other VM.
 */
#include "client.h"
#include "say.h"
#include "world.h"

enum step_kind {
    STEP_SECTION,
    STEP_ROW,
    STEP_ASK,
    STEP_ASK64,
    STEP_CALL,
    STEP_OTHER,
    STEP_IN_FORCE,
    STEP_RESET,
};

struct step {
    enum step_kind kind;
    unsigned int vcpu;
    const char *text;
    uint32_t fid;
    uint64_t argument;
    uint32_t expected; /* a version, a word, or a status code */
};

#define V(major, minor)             FFA_VERSION_MAKE(major##u, minor##u)
#define NONE                        0u
#define REFUSED                     ((uint32_t)FFA_VERSION_NOT_SUPPORTED)
#define UNKNOWN                     UINT32_MAX
#define SUCCESS                     ((uint32_t)FFA_OK)
#define NOT_SUPPORTED               ((uint32_t)FFA_NOT_SUPPORTED)
#define DENIED                      ((uint32_t)FFA_DENIED)
#define SECTION(title)              {STEP_SECTION, 0, title, 0, 0, 0},
#define ROW(title)                  {STEP_ROW, 0, title, 0, 0, 0},
#define ASK(vcpu, w1, w0)           {STEP_ASK, vcpu, "FFA_VERSION " #w1, FFA_VERSION, w1, w0},
#define ASK64(vcpu, x1, w0)         {STEP_ASK64, vcpu, "FFA_VERSION " #x1, FFA_VERSION, FFA_U64(x1), w0},
#define CALL(vcpu, id, status)      {STEP_CALL, vcpu, #id, id, 0, status},
#define CALL1(vcpu, id, w1, status) {STEP_CALL, vcpu, #id " of " #w1, id, w1, status},
#define OTHER(vcpu, id, w0)         {STEP_OTHER, vcpu, #id, id, 0, w0},
#define IN_FORCE(version)           {STEP_IN_FORCE, 0, "in force", 0, 0, version},
#define RESET_HERE                  {STEP_RESET, 0, "reset", 0, 0, 0},

static const struct step steps[] = {
#include "negotiation.def"
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

/* One step, and who makes it. */
struct play {
    struct client *client;
    const struct step *step;
};

/* The first step of a row, or NULL if there is none. */
static const struct step *find_row(unsigned int row)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        if (steps[i].kind == STEP_ROW && row-- == 0) {
            return &steps[i];
        }
    }
    return NULL;
}

static void play_other(const struct play *play)
{
    const struct step *step = play->step;

    if (step->expected == UNKNOWN) {
        client_unknown(play->client, step->fid, step->text);
    } else {
        expect_equal(play->client, (uint32_t)FFA(play->client, step->fid).x[0], step->expected,
                     step->text);
    }
}

static void play_call(void *argument)
{
    const struct play *play = argument;
    const struct step *step = play->step;

    switch (step->kind) {
    case STEP_ASK:
        expect_version(play->client, client_version(play->client, (uint32_t)step->argument),
                       step->expected, step->text);
        break;
    case STEP_ASK64:
        expect_version(play->client, client_version_exact(play->client, step->argument),
                       step->expected, step->text);
        break;
    case STEP_CALL:
        expect_status(play->client, FFA_STATUS(play->client, step->fid, step->argument),
                      (int32_t)step->expected, step->text);
        break;
    default:
        play_other(play);
        break;
    }
}

static void play_call_on(struct play *play)
{
    if (play->step->vcpu == 0) {
        play_call(play);
    } else if (expect(play->client, guest_vcpu_start(play->step->vcpu, play_call, play),
                      "the vCPU starts")) {
        guest_vcpu_join(play->step->vcpu);
    }
}

/* --- Which version is in force ---------------------------------------------------------------- */

static void expect_nothing_proposed(struct client *client)
{
    expect_status(client, FFA_STATUS(client, FFA_ID_GET), FFA_NOT_SUPPORTED, "ID_GET at the end");
    expect_status(client, FFA_STATUS(client, FFA_FEATURES, FFA_FEATURES), FFA_NOT_SUPPORTED,
                  "FEATURES at the end");
    expect_version(client, client_version(client, V(1, 1)), V(1, 2), "1.1 at the end");
}

/* FFA_VERSION answers to what comes to the version in force, and refuses everything else. */
static void expect_version_answers(struct client *client, uint32_t version)
{
    static const uint32_t requests[] = {V(1, 0), V(1, 1), V(1, 2), V(1, 3), V(2, 0), 0x80010002};

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        bool same = client_normalise(requests[i]) == version;

        expect_version(client, client_version(client, requests[i]), same ? V(1, 2) : REFUSED,
                       "FFA_VERSION at the end");
    }
}

static void expect_features(struct client *client, uint32_t version)
{
    bool regs = version >= V(1, 2) && guest_is_aarch64();
    struct guest_regs map = FFA(client, FFA_FEATURES, FFA_RXTX_MAP_32);

    expect_status(client, FFA_STATUS(client, FFA_FEATURES, FFA_ID_GET), FFA_OK, "ID_GET is there");
    expect_status(client, FFA_STATUS(client, FFA_FEATURES, FFA_PARTITION_INFO_GET_REGS),
                  regs ? FFA_OK : FFA_NOT_SUPPORTED, "PARTITION_INFO_GET_REGS is there");
    expect_status(client, client_status(&map), FFA_OK, "RXTX_MAP is there");
    expect(client, (map.x[2] >> FFA_FEATURES_RXTX_MAP_MAX_SHIFT != 0) == (version >= V(1, 2)),
           "RXTX_MAP tells its greatest size from 1.2 on");
}

/* The count flag exists from 1.1 on; the size of an entry is 8 bytes at 1.0, then 24. */
static void expect_discovery(struct client *client, uint32_t version)
{
    uint64_t tx = guest_ipa(guest_pages(1));
    uint64_t rx = guest_ipa(guest_pages(1));
    struct guest_regs list;

    expect_status(client, FFA_STATUS(client, FFA_RXTX_MAP_32, tx, rx, 1), FFA_OK,
                  "RXTX_MAP at the end");
    do {
        guest_yield();
        list = FFA(client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0);
    } while (client_status(&list) == FFA_INVALID_PARAMETERS);

    expect_status(client, client_status(&list), FFA_OK, "PARTITION_INFO_GET at the end");
    expect_equal(client, list.x[3], version >= V(1, 1) ? 24 : 0, "the size of an entry");
    expect_status(
        client,
        FFA_STATUS(client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, FFA_PARTITION_INFO_GET_COUNT_ONLY),
        version >= V(1, 1) ? FFA_OK : FFA_INVALID_PARAMETERS, "counting partitions");
}

static void expect_in_force(struct client *client, uint32_t version)
{
    if (version == NONE) {
        expect_nothing_proposed(client);
        version = V(1, 1);
    }
    expect_status(client, FFA_STATUS(client, FFA_ID_GET), FFA_OK, "ID_GET at the end");
    expect_equal(client, client->version, version, "the client's own idea of the version");
    expect_version_answers(client, version);
    expect_features(client, version);
    expect_discovery(client, version);
    expect_version_answers(client, version);
}

/* --- Rows ------------------------------------------------------------------------------------- */

/* Returns false at the end of the row. */
static bool play_step(struct play *play)
{
    switch (play->step->kind) {
    case STEP_IN_FORCE:
        expect_in_force(play->client, play->step->expected);
        return false;
    case STEP_RESET:
        return false;
    default:
        play_call_on(play);
        return true;
    }
}

void guest_main(void)
{
    unsigned int row = guest_life();
    const struct step *first = find_row(row);
    struct client client;
    struct play play = {.client = &client, .step = first};

    client_init(&client);
    if (first == NULL) {
        guest_print("played all %u rows of the table of negotiation", row);
        return;
    }
    client.about = first->text;
    client.row = row + 1;
    do {
        play.step++;
    } while (play_step(&play));
    guest_reset();
}
