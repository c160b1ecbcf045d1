/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays buffers.def, then lets three vCPUs map, unmap and fill at the same time: at 1.0 in the
 * first life, 1.1 in the second, 1.2 in the third.
 */
#include "client.h"
#include "members.h"
#include "world.h"

#define POOL_PAGES 16u

enum step_kind {
    STEP_MAP,
    STEP_UNMAP,
    STEP_RELEASE,
    STEP_LIST,
};

/* An address is one of these plus an offset. */
enum place {
    PLACE_NOWHERE, /* the offset alone */
    PLACE_POOL,
    PLACE_BELOW_RAM,
};

struct address {
    enum place place;
    uint64_t offset;
};

struct step {
    enum step_kind kind;
    struct address tx;
    struct address rx;
    const struct ffa_uuid *uuid;
    uint32_t word;   /* w1, w3 or w5 */
    uint32_t status; /* [15:0] from 1.1 on, [31:16] at 1.0 */
    const char *why;
};

static const struct ffa_uuid nobody_uuid = WORLD_UUID_NOBODY;

#define OWN                ((uint32_t)WORLD_BUFFERS)
#define PAGE(n)            PLACE_POOL, (n)*FFA_PAGE_SIZE
#define BELOW              PLACE_BELOW_RAM, 0
#define UART               PLACE_NOWHERE, 0x09000000u
#define TOP_32             PLACE_NOWHERE, 0xfffff000u
#define TOP_64             PLACE_NOWHERE, FFA_U64(0xfffffffffffff000)
#define NIL                &members_nil_uuid
#define NOBODY             &nobody_uuid
#define COUNT              FFA_PARTITION_INFO_GET_COUNT_ONLY
#define BOTH(status)       ((uint32_t)(uint16_t)(status)*0x10001u)
#define FROM_1_1(a, b)     (((a)&0xffffu) | ((b)&0xffff0000u))
#define SUCCESS            BOTH(FFA_OK)
#define INVALID_PARAMETERS BOTH(FFA_INVALID_PARAMETERS)
#define DENIED             BOTH(FFA_DENIED)
#define BUSY               BOTH(FFA_BUSY)

#define MAP(first, second, w3, answer, text) \
    {.kind = STEP_MAP, .tx = {first}, .rx = {second}, .word = w3, .status = answer, .why = text},
#define UNMAP(w1, answer, text)   {.kind = STEP_UNMAP, .word = w1, .status = answer, .why = text},
#define RELEASE(w1, answer, text) {.kind = STEP_RELEASE, .word = w1, .status = answer, .why = text},
#define LIST(id, w5, answer, text) \
    {.kind = STEP_LIST, .uuid = id, .word = w5, .status = answer, .why = text},

static const struct step steps[] = {
#include "buffers.def"
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

/* --- One call after the other ----------------------------------------------------------------- */

static uint64_t resolve(struct address address, const void *pool)
{
    switch (address.place) {
    case PLACE_POOL:
        return guest_ipa(pool) + address.offset;
    case PLACE_BELOW_RAM:
        return guest_ipa_below_ram() + address.offset;
    default:
        return address.offset;
    }
}

static int32_t list(struct client *client, const struct ffa_uuid *uuid, uint32_t flags)
{
    return FFA_STATUS(client, FFA_PARTITION_INFO_GET, ffa_uuid_to_u32(uuid, 0),
                      ffa_uuid_to_u32(uuid, 1), ffa_uuid_to_u32(uuid, 2), ffa_uuid_to_u32(uuid, 3),
                      flags);
}

static int32_t play_step(struct client *client, uint32_t map_fid, const void *pool,
                         const struct step *step)
{
    switch (step->kind) {
    case STEP_MAP:
        return FFA_STATUS(client, map_fid, resolve(step->tx, pool), resolve(step->rx, pool),
                          step->word);
    case STEP_UNMAP:
        return FFA_STATUS(client, FFA_RXTX_UNMAP, step->word);
    case STEP_RELEASE:
        return FFA_STATUS(client, FFA_RX_RELEASE, step->word);
    default:
        return list(client, step->uuid, step->word);
    }
}

static void play_all(struct client *client, uint32_t map_fid, const void *pool)
{
    client->about = map_fid == FFA_RXTX_MAP_64 ? "FFA_RXTX_MAP_64" : "FFA_RXTX_MAP_32";
    for (size_t i = 0; i < STEP_COUNT; i++) {
        uint32_t status = steps[i].status;

        client->row = (unsigned int)i + 1;
        expect_status(client, play_step(client, map_fid, pool, &steps[i]),
                      (int16_t)(client->version >= FFA_VERSION_1_1 ? status : status >> 16),
                      steps[i].why);
    }
}

/* --- Several at a time ------------------------------------------------------------------------ */

/* The race goes on until RX was filled so often, or until it has lasted for so many rounds. */
#define RACE_FILLED 50u
#define RACE_ROUNDS 20000u
#define MAPPERS     2u

struct mapper {
    struct client *client;
    const bool *stop;
    uint64_t tx;
    uint64_t rx;
    unsigned int mapped;
    unsigned int unmapped;
};

/* Maps a pair of its own, and unmaps whatever is mapped. */
static void map_and_unmap(void *argument)
{
    struct mapper *mapper = argument;
    struct client *client = mapper->client;

    while (!__atomic_load_n(mapper->stop, __ATOMIC_RELAXED)) {
        int32_t map = FFA_STATUS(client, FFA_RXTX_MAP_32, mapper->tx, mapper->rx, 1);
        int32_t unmap;

        guest_yield();
        unmap = FFA_STATUS(client, FFA_RXTX_UNMAP, 0);
        mapper->mapped += map == FFA_OK;
        mapper->unmapped += unmap == FFA_OK;
        expect(client, map == FFA_OK || map == FFA_DENIED, "RXTX_MAP in a race");
        expect(client, unmap == FFA_OK || unmap == FFA_DENIED || unmap == FFA_INVALID_PARAMETERS,
               "RXTX_UNMAP in a race");
    }
}

/* RX is this vCPU's from the list to the release: nobody takes it away, and nobody else has it. */
static bool list_and_release(struct client *client, uint8_t *const rx[MAPPERS])
{
    int32_t status = list(client, &members_nil_uuid, 0);

    expect(client, status == FFA_OK || status == FFA_BUSY, "a list in a race");
    if (status != FFA_OK) {
        return false;
    }
    expect(client, (rx[0][0] != 0) != (rx[1][0] != 0), "one of two buffers is filled");
    rx[0][0] = 0;
    rx[1][0] = 0;
    expect_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0), FFA_DENIED,
                  "RXTX_UNMAP with RX full, in a race");
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK,
                  "RX_RELEASE by who owns RX, in a race");
    return true;
}

static void race_lister(struct client *client, uint8_t *const rx[MAPPERS])
{
    unsigned int filled = 0;
    unsigned int round = 0;

    for (; round < RACE_ROUNDS && filled < RACE_FILLED; round++) {
        if (list_and_release(client, rx)) {
            filled++;
        }
    }
    guest_print("RX was filled %u times in %u rounds, while two vCPUs mapped and unmapped", filled,
                round);
}

static void race(struct client *client, uint8_t *pool)
{
    struct mapper mappers[MAPPERS];
    uint8_t *rx[MAPPERS];
    unsigned int mapped = 0;
    unsigned int unmapped = 0;
    bool stop = false;

    client->about = NULL;
    for (unsigned int i = 0; i < MAPPERS; i++) {
        rx[i] = pool + (2 * i + 1) * FFA_PAGE_SIZE;
        rx[i][0] = 0;
        mappers[i] = (struct mapper){
            .client = client,
            .stop = &stop,
            .tx = guest_ipa(pool + 2 * i * FFA_PAGE_SIZE),
            .rx = guest_ipa(rx[i]),
        };
        expect(client, guest_vcpu_start(i + 1, map_and_unmap, &mappers[i]), "a vCPU starts");
    }
    race_lister(client, rx);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (unsigned int i = 0; i < MAPPERS; i++) {
        guest_vcpu_join(i + 1);
        mapped += mappers[i].mapped;
        unmapped += mappers[i].unmapped;
    }
    expect(client, mapped - unmapped <= 1, "each pair is unmapped once, at most one is left");
    expect_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0),
                  mapped > unmapped ? FFA_OK : FFA_INVALID_PARAMETERS, "RXTX_UNMAP after a race");
}

/* The table needs somebody to list, at each version. */
static void await_neighbour(struct client *client, uint8_t *pool)
{
    struct buffers buffers = {.tx = pool, .rx = pool + FFA_PAGE_SIZE, .pages = 1};
    const struct members expected = {.count = client->version >= FFA_VERSION_1_2 ? 2 : 1};
    struct members found;

    FFA(client, FFA_RXTX_MAP_32, guest_ipa(buffers.tx), guest_ipa(buffers.rx), 1);
    members_await(client, &buffers, &expected, &found);
    expect_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0), FFA_OK, "RXTX_UNMAP");
}

void guest_main(void)
{
    static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};
    unsigned int life = guest_life();
    uint8_t *pool = guest_pages(POOL_PAGES);
    struct client client;

    client_init(&client);
    if (life == sizeof(versions) / sizeof(versions[0])) {
        guest_print("played %u calls with buffers at 1.0, 1.1 and 1.2", (unsigned int)STEP_COUNT);
        return;
    }
    client_version(&client, versions[life]);
    expect_equal(&client, FFA(&client, FFA_ID_GET).x[2], OWN, "the VM's ID");
    await_neighbour(&client, pool);
    play_all(&client, FFA_RXTX_MAP_32, pool);
    if (guest_is_aarch64()) {
        play_all(&client, FFA_RXTX_MAP_64, pool);
    }
    race(&client, pool);
    guest_reset();
}
