/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that VMs share, lend and donate, with servants of each version and with Secure Partitions,
 * at 1.0 in the first life, 1.1 in the second and 1.2 in the third: the chapters of ../chapters.
 */
#include "../chapters/memory.h"
#include "say.h"

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define LIVES (sizeof(versions) / sizeof(versions[0]))

static const uint16_t keepers[KEEPERS] = {
    [KEEPER_1_0] = WORLD_KEEPER_1_0,
    [KEEPER_1_1] = WORLD_KEEPER_1_1,
    [KEEPER_1_2] = WORLD_KEEPER_1_2,
    [KEEPER_32] = WORLD_KEEPER_32,
};

static struct party servant_party(const struct memory_stage *stage, uint16_t id)
{
    const struct world_vm *vm = world_find(id);

    return (struct party){
        .client = stage->client,
        .errand = {.client = stage->client,
                   .self = WORLD_GRANTER,
                   .servant = id,
                   .fid = FFA_MSG_SEND_DIRECT_REQ_32},
        .id = id,
        .version = vm->version,
        .is_64 = vm->aarch64,
        .bytes = vm->rxtx_pages_max * FFA_PAGE_SIZE,
    };
}

static void settle(struct memory_stage *stage, struct client *client, uint32_t version)
{
    client_init(client);
    client_version(client, version);
    expect_equal(client, FFA(client, FFA_ID_GET).x[2], WORLD_GRANTER, "the VM's ID");
    stage->client = client;
    buffers_map(client, &stage->buffers, FFA_RXTX_MAP_32,
                world_find(WORLD_GRANTER)->rxtx_pages_max);
    stage->world = members_secure_world(client, &stage->buffers);
    stage->me = servant_party(stage, WORLD_GRANTER);
    stage->me.buffers = &stage->buffers;
    stage->me.version = version;
    stage->me.is_64 = guest_is_aarch64();
    stage->ram = guest_ram(MEMORY_PAGES);
}

/* Until all are members, with memory for the tests of this life. */
static void await_all(struct memory_stage *stage)
{
    for (unsigned int i = 0; i < KEEPERS; i++) {
        stage->keeper[i] = servant_party(stage, keepers[i]);
        errand_await(&stage->keeper[i].errand);
        stage->keeper_ram[i] = party_ram(&stage->keeper[i], MEMORY_PAGES);
    }
    stage->aloof = servant_party(stage, WORLD_ALOOF);
    errand_await(&stage->aloof.errand);
}

static void play(struct memory_stage *stage)
{
    guest_print("at %s", say_version(stage->client->version).text);
    chapter_memory_sends(stage);
    chapter_memory_retrievals(stage);
    chapter_memory_returns(stage);
    chapter_memory_pairs(stage);
    chapter_memory_gifts(stage);
    chapter_memory_several(stage);
    chapter_memory_secure(stage);
    chapter_memory_fragments(stage);
    chapter_memory_lives(stage);
}

static void stop_all(struct memory_stage *stage)
{
    for (unsigned int i = 0; i < KEEPERS; i++) {
        ERRAND(&stage->keeper[i].errand, SERVANT_STOP, 0, 0);
    }
    ERRAND(&stage->aloof.errand, SERVANT_STOP, 0, 0);
}

void guest_main(void)
{
    unsigned int life = guest_life();
    struct memory_stage stage = {.world = SECURE_WORLD_NONE};
    struct client client;

    if (life == LIVES) {
        guest_print("shared, lent and donated at 1.0, 1.1 and 1.2");
        return;
    }
    settle(&stage, &client, versions[life]);
    await_all(&stage);
    if (life > 0) {
        memory_secure_return(&stage);
        memory_lives_return(&stage);
    }
    play(&stage);
    if (life + 1 == LIVES) {
        stop_all(&stage);
    } else {
        stage.ram = guest_ram(MEMORY_PAGES);
        memory_secure_leave(&stage);
        stage.ram = guest_ram(MEMORY_PAGES);
        memory_lives_leave(&stage);
    }
    guest_reset();
}
