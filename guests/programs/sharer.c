/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that shares memory, lends and donates it, with VMs of older versions and with a Secure
 * Partition, at 1.2 in its first life. It is reset in the middle of everything, and comes back at
 * 1.1. The others are servants, which do what it asks them to.
 */
#include "../chapters/sharer.h"
#include "say.h"

#define MOMENT_US 10000u

static struct party servant_party(struct sharer *sharer, uint16_t id)
{
    const struct world_vm *vm = world_find(id);

    return (struct party){
        .client = &sharer->client,
        .errand = {.client = &sharer->client,
                   .self = WORLD_FRANK,
                   .servant = id,
                   .fid = FFA_MSG_SEND_DIRECT_REQ_32},
        .id = id,
        .version = vm->version,
        .is_64 = vm->aarch64,
        .bytes = vm->rxtx_pages_max * FFA_PAGE_SIZE,
    };
}

/* Until it is a member, without asking all the time. */
static void await_servant(struct sharer *sharer, const struct party *party)
{
    int32_t status;

    do {
        for (uint64_t end = guest_clock() + MOMENT_US; guest_clock() < end;) {
            guest_yield();
        }
        status = FFA_STATUS(&sharer->client, FFA_MSG_SEND_DIRECT_REQ_32,
                            ffa_ids_make(WORLD_FRANK, party->id), 0, SERVANT(SERVANT_NOTHING, 0));
    } while (status == FFA_INVALID_PARAMETERS);
    errand_await(&party->errand);
}

static void settle(struct sharer *sharer, uint32_t version)
{
    struct client *client = &sharer->client;

    client_init(client);
    client_version(client, version);
    expect_equal(client, FFA(client, FFA_ID_GET).x[2], WORLD_FRANK, "the VM's ID");
    buffers_map(client, &sharer->buffers, FFA_RXTX_MAP_64, 1);
    sharer->me = servant_party(sharer, WORLD_FRANK);
    sharer->me.buffers = &sharer->buffers;
    sharer->me.version = version;
    sharer->grace = servant_party(sharer, WORLD_GRACE);
    sharer->heidi = servant_party(sharer, WORLD_HEIDI);
    await_servant(sharer, &sharer->grace);
    await_servant(sharer, &sharer->heidi);
    sharer->world = members_secure_world(client, &sharer->buffers);
    sharer->has_partition = secure_world_is_known(sharer->world);
    if (sharer->has_partition) {
        sharer->where = partition_is_at_s_el1(client, WORLD_FRANK, ECHO) ? " at S-EL1" : "";
    }
    sharer->ram = guest_ram(PAGES);
}

void guest_main(void)
{
    struct sharer sharer = {.is_done = false};

    if (guest_life() == 0) {
        settle(&sharer, FFA_VERSION_1_2);
        sharer_share(&sharer);
        sharer_lend(&sharer);
        sharer_lend_to_echo(&sharer);
        sharer_share_with_strangers(&sharer);
        sharer_donate(&sharer);
        sharer_share_gigabyte(&sharer);
        sharer_leave(&sharer);
        guest_reset();
    }
    settle(&sharer, FFA_VERSION_1_1);
    sharer_come_back(&sharer);
    sharer_outlive(&sharer);
    ERRAND(&sharer.heidi.errand, SERVANT_STOP, 0, 0);
}
