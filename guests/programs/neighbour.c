/* SPDX-License-Identifier: BSD-3-Clause */
/* Becomes a member at NEIGHBOUR_VERSION, and stops: somebody for others to discover. */
#include "client.h"
#include "say.h"

void guest_main(void)
{
    struct client client;
    struct guest_regs id;

    client_init(&client);
    expect_version(&client, client_version(&client, NEIGHBOUR_VERSION), FFA_VERSION_1_2,
                   "FFA_VERSION");
    id = FFA(&client, FFA_ID_GET);
    expect_status(&client, client_status(&id), FFA_OK, "FFA_ID_GET");
    guest_print("is partition %#x at %s", (unsigned int)id.x[2],
                say_version(NEIGHBOUR_VERSION).text);
}
