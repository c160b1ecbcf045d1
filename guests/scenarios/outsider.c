/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that may not take part: it lacks the properties, or the rights, or sees nobody; world.h says
 * which. Everything that it tries is refused accordingly, and it waits for nobody.
 */
#include "client.h"
#include "world.h"

/* What becomes of a message or a signal for a VM that is ready for it. */
static int32_t expected_status(const struct world_vm *self, uint32_t property, uint8_t right)
{
    if (self->peer_count == 0) {
        return (self->properties & property) != 0 ? FFA_INVALID_PARAMETERS : FFA_DENIED;
    }
    return (self->properties & property) != 0 && (self->may & right) != 0 ? FFA_OK : FFA_DENIED;
}

/* Who is to refuse may not be there yet. */
static int32_t ask(struct client *client, const struct world_vm *self, uint32_t fid)
{
    int32_t status;

    do {
        status = FFA_STATUS(client, fid, ffa_ids_make(self->id, WORLD_SERVANT_1_2), 0, 0);
        guest_yield();
    } while (status == FFA_INVALID_PARAMETERS && self->peer_count != 0);
    return status;
}

static void send_requests(struct client *client, const struct world_vm *self)
{
    expect_status(client, ask(client, self, FFA_MSG_SEND_DIRECT_REQ_32),
                  expected_status(self, FFA_PARTITION_DIRECT_REQ_SEND, WORLD_MAY_MESSAGE),
                  "an outsider's 32-bit request");
    expect_status(client, ask(client, self, FFA_MSG_SEND_DIRECT_REQ_64),
                  expected_status(self, FFA_PARTITION_DIRECT_REQ_SEND, WORLD_MAY_MESSAGE),
                  "an outsider's 64-bit request");
    expect_status(client, ask(client, self, FFA_MSG_SEND_DIRECT_REQ2),
                  expected_status(self, FFA_PARTITION_DIRECT_REQ2_SEND, WORLD_MAY_MESSAGE),
                  "an outsider's request of 1.2");
}

void guest_main(void)
{
    const struct world_vm *self;
    struct client client;

    client_init(&client);
    client_version(&client, FFA_VERSION_1_2);
    self = world_find((uint16_t)FFA(&client, FFA_ID_GET).x[2]);
    send_requests(&client, self);
}
