/* SPDX-License-Identifier: BSD-3-Clause */
/* Becomes a member at SERVANT_VERSION, and serves on all of its vCPUs. */
#include "servant.h"
#include "world.h"

static void become_member(struct servant *servant)
{
    struct client *client = &servant->client;

    client_init(client);
    expect_version(client, client_version(client, SERVANT_VERSION), FFA_VERSION_1_2, "FFA_VERSION");
    servant->self = (uint16_t)FFA(client, FFA_ID_GET).x[2];
    buffers_map(client, &servant->buffers, FFA_RXTX_MAP_32,
                world_find(servant->self)->rxtx_pages_max);
}

void guest_main(void)
{
    struct servant servant = {.requests = 0};

    become_member(&servant);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(&servant.client, guest_vcpu_start(vcpu, servant_serve, &servant), "a vCPU starts");
    }
    servant_serve(&servant);
}
