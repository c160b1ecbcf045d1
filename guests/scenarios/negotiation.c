/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the rows of negotiation.def, one in each life, and races in several. At the end of a row it
 * finds out which version is in force by what the ABIs do, for which it must see WORLD_MIDDLE or
 * any other VM.
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
    STEP_RACE,
};

struct step {
    enum step_kind kind;
    unsigned int vcpu;
    const char *text;
    uint32_t fid;
    uint64_t argument;
    uint32_t expected;   /* a version, a word, or a status code */
    uint64_t request[2]; /* of each vCPU in a race */
};

#define V(major, minor) FFA_VERSION_MAKE(major##u, minor##u)
#define NONE            0u
#define NOTHING         UINT64_MAX
#define REFUSED         ((uint32_t)FFA_VERSION_NOT_SUPPORTED)
#define UNKNOWN         UINT32_MAX
#define SUCCESS         ((uint32_t)FFA_OK)
#define NOT_SUPPORTED   ((uint32_t)FFA_NOT_SUPPORTED)
#define DENIED          ((uint32_t)FFA_DENIED)

#define STEP(step, cpu, words, id, word, answer) \
    {.kind = step, .vcpu = cpu, .text = words, .fid = id, .argument = word, .expected = answer},
#define SECTION(title)              {.kind = STEP_SECTION, .text = title},
#define ROW(title)                  {.kind = STEP_ROW, .text = title},
#define ASK(vcpu, w1, w0)           STEP(STEP_ASK, vcpu, "FFA_VERSION " #w1, FFA_VERSION, w1, w0)
#define ASK64(vcpu, x1, w0)         STEP(STEP_ASK64, vcpu, "FFA_VERSION " #x1, FFA_VERSION, FFA_U64(x1), w0)
#define CALL(vcpu, id, status)      STEP(STEP_CALL, vcpu, #id, id, 0, status)
#define CALL1(vcpu, id, w1, status) STEP(STEP_CALL, vcpu, #id " of " #w1, id, w1, status)
#define OTHER(vcpu, id, w0)         STEP(STEP_OTHER, vcpu, #id, id, 0, w0)
#define IN_FORCE(version)           {.kind = STEP_IN_FORCE, .expected = version},
#define RESET_HERE                  {.kind = STEP_RESET},
#define RACE(title, first, second)  {.kind = STEP_RACE, .text = title, .request = {first, second}},

static const struct step steps[] = {
#include "negotiation.def"
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

/* One step, and who makes it. */
struct play {
    struct client *client;
    const struct step *step;
};

/* What chance decides is tried this often. */
#define RACE_LIVES 10u

static unsigned int lives_of(const struct step *step)
{
    switch (step->kind) {
    case STEP_ROW:
        return 1;
    case STEP_RACE:
        return RACE_LIVES;
    default:
        return 0;
    }
}

/* The first step of the row that a life plays, or NULL if all are played; *row counts from 1. */
static const struct step *find_row(unsigned int life, unsigned int *row)
{
    *row = 0;
    for (size_t i = 0; i < STEP_COUNT; i++) {
        unsigned int lives = lives_of(&steps[i]);

        *row += lives != 0;
        if (life < lives) {
            return &steps[i];
        }
        life -= lives;
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

#define NEIGHBOUR_YIELDS 20000u

/* The count flag exists from 1.1 on; the size of an entry is 8 bytes at 1.0, then 24. */
static void expect_discovery(struct client *client, uint32_t version)
{
    uint64_t tx = guest_ipa(guest_pages(1));
    uint64_t rx = guest_ipa(guest_pages(1));
    struct guest_regs list;

    expect_status(client, FFA_STATUS(client, FFA_RXTX_MAP_32, tx, rx, 1), FFA_OK,
                  "RXTX_MAP at the end");
    /* The neighbour may still be on its way. */
    for (unsigned int i = 0; i < NEIGHBOUR_YIELDS; i++) {
        list = FFA(client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0);
        if (client_status(&list) != FFA_INVALID_PARAMETERS) {
            break;
        }
        guest_yield();
    }

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

/* --- Two vCPUs at once ------------------------------------------------------------------------ */

struct race;

struct racer {
    struct race *race;
    uint64_t request;
    uint32_t answer; /* to FFA_VERSION; REFUSED if it was not asked */
    int32_t status;  /* of FFA_ID_GET right after it */
};

struct race {
    struct client client;
    unsigned int at_the_line;
    struct racer racers[2];
};

static void run_racer(void *argument)
{
    struct racer *racer = argument;
    struct race *race = racer->race;

    __atomic_add_fetch(&race->at_the_line, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&race->at_the_line, __ATOMIC_ACQUIRE) < 2) {
        guest_yield();
    }
    if (racer->request != NOTHING) {
        racer->answer = client_version(&race->client, (uint32_t)racer->request);
    }
    racer->status = FFA_STATUS(&race->client, FFA_ID_GET);
}

static uint32_t proposed_by(const struct racer *racer)
{
    return racer->request == NOTHING ? NONE : client_normalise((uint32_t)racer->request);
}

/* The one version that FFA_VERSION answers to, now that it is final. */
static uint32_t version_that_won(struct client *client)
{
    uint32_t won = NONE;

    for (uint32_t version = V(1, 0); version <= V(1, 2); version++) {
        if (client_version(client, version) == V(1, 2)) {
            expect_equal(client, won, NONE, "a second version that is in force");
            won = version;
        }
    }
    return won;
}

/* A vCPU that proposed a version is refused only because another one is final. */
static void expect_fair(const struct client *client, const struct racer *racer, uint32_t won)
{
    if (proposed_by(racer) == NONE) {
        expect_version(client, racer->answer, REFUSED, "a request that is not valid, in a race");
        expect(client, racer->status == FFA_OK || racer->status == FFA_NOT_SUPPORTED,
               "a call without a request, in a race");
        return;
    }
    if (proposed_by(racer) == won) {
        expect_version(client, racer->answer, V(1, 2), "the request that won");
    }
    expect(client, racer->answer == V(1, 2) || racer->answer == REFUSED, "a request in a race");
    expect_status(client, racer->status, FFA_OK, "a call after a request, in a race");
}

static void play_race(struct race *race, const struct step *step)
{
    struct client *client = &race->client;
    uint32_t won;

    client->racing = true;
    for (unsigned int i = 0; i < 2; i++) {
        race->racers[i] = (struct racer){.race = race, .answer = REFUSED};
        race->racers[i].request = step->request[i];
    }
    expect(client, guest_vcpu_start(1, run_racer, &race->racers[1]), "the vCPU starts");
    run_racer(&race->racers[0]);
    guest_vcpu_join(1);

    won = version_that_won(client);
    expect(client,
           won != NONE &&
               (won == proposed_by(&race->racers[0]) || won == proposed_by(&race->racers[1])),
           "the version in force is one that was asked for");
    expect_fair(client, &race->racers[0], won);
    expect_fair(client, &race->racers[1], won);
    client->version = won;
    client->racing = false;
    expect_in_force(client, won);
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

static void play_row(struct client *client, const struct step *first)
{
    struct play play = {.client = client, .step = first};

    do {
        play.step++;
    } while (play_step(&play));
}

void guest_main(void)
{
    unsigned int row;
    const struct step *first = find_row(guest_life(), &row);
    struct race race = {.at_the_line = 0};

    if (first == NULL) {
        guest_print("played all %u rows of the table of negotiation in %u lives", row,
                    guest_life());
        return;
    }
    client_init(&race.client);
    race.client.about = first->text;
    race.client.row = row;
    if (first->kind == STEP_RACE) {
        play_race(&race, first);
    } else {
        play_row(&race.client, first);
    }
    guest_reset();
}
