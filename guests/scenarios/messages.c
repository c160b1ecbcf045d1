/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages and notifications, with servants of each version, at 1.0 in the first life, 1.1 in the
 * second and 1.2 in the third: the chapters of ../chapters, with one servant after the other.
 */
#include "../chapters/stage.h"
#include "say.h"

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define LIVES (sizeof(versions) / sizeof(versions[0]))

static const uint16_t servants[] = {
    WORLD_SERVANT_1_0,
    WORLD_SERVANT_1_1,
    WORLD_SERVANT_1_2,
    WORLD_SERVANT_32,
};

#define PEER_COUNT (sizeof(servants) / sizeof(servants[0]))

static void settle(struct stage *stage, struct client *client, uint32_t version)
{
    client_init(client);
    client_version(client, version);
    expect_equal(client, FFA(client, FFA_ID_GET).x[2], ME, "the VM's ID");
    stage->client = client;
    buffers_map(client, &stage->buffers, FFA_RXTX_MAP_32, world_find(ME)->rxtx_pages_max);
    stage->world = members_secure_world(client, &stage->buffers);
    stage->own = (struct servant){.client = *client, .self = ME, .buffers = stage->buffers};
}

/* From now on `peer` is the servant. */
static void turn_to(struct stage *stage, uint16_t peer)
{
    stage->peer = world_find(peer);
    stage->errand = (struct errand){
        .client = stage->client,
        .self = ME,
        .servant = peer,
        .fid = guest_is_aarch64() && stage->peer->aarch64 ? FFA_MSG_SEND_DIRECT_REQ_64
                                                          : FFA_MSG_SEND_DIRECT_REQ_32,
    };
}

/* Until all are members that this VM is going to meet. */
static void await_all(struct stage *stage)
{
    static const uint16_t others[] = {WORLD_MUTE, WORLD_BARRED};

    for (size_t i = 0; i < PEER_COUNT; i++) {
        turn_to(stage, servants[i]);
        errand_await(&stage->errand);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        while (FFA_STATUS(stage->client, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(ME, others[i]),
                          0) == FFA_INVALID_PARAMETERS) {
            guest_yield();
        }
    }
}

static void play_alone(struct stage *stage)
{
    chapter_console(stage);
    chapter_partitions(stage);
    chapter_partition_mail(stage);
    chapter_partition_signals(stage);
}

static void play_with(struct stage *stage)
{
    guest_print("%s with %s", say_version(stage->client->version).text, stage->peer->name);
    chapter_direct(stage);
    chapter_responses(stage);
    chapter_waiting(stage);
    chapter_indirect(stage);
    chapter_notifications(stage);
    chapter_endings(stage);
}

static void stop_all(struct stage *stage)
{
    for (size_t i = 0; i < PEER_COUNT; i++) {
        turn_to(stage, servants[i]);
        ERRAND(&stage->errand, SERVANT_STOP, 0, 0);
    }
}

void guest_main(void)
{
    unsigned int life = guest_life();
    struct client client;
    struct stage stage = {.serving = false};

    if (life == LIVES) {
        guest_print("played all chapters at 1.0, 1.1 and 1.2");
        return;
    }
    settle(&stage, &client, versions[life]);
    await_all(&stage);
    play_alone(&stage);
    for (size_t i = 0; i < PEER_COUNT; i++) {
        turn_to(&stage, servants[i]);
        play_with(&stage);
    }
    if (life + 1 == LIVES) {
        stop_all(&stage);
    } else {
        partitions_leave(&stage);
        endings_leave(&stage);
    }
    guest_reset();
}
