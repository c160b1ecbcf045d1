/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver that probes downwards, as some do: the last version that it asks for stands. */
#include "client.h"
#include "members.h"
#include "story.h"

void guest_main(void)
{
    static const uint32_t versions[] = {
        FFA_VERSION_MAKE(1u, 9u),
        FFA_VERSION_MAKE(1u, 3u),
        FFA_VERSION_1_2,
        FFA_VERSION_1_1,
    };
    struct client client;
    struct buffers buffers;
    uint16_t self;

    client_init(&client);
    for (unsigned int i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        expect_version(&client, client_version(&client, versions[i]), FFA_VERSION_1_2,
                       "a version on the way down");
    }
    guest_print("asks for 1.9, 1.3, 1.2 and 1.1 in turn, is told 1.2 each time");
    self = story_id(&client);
    story_version(&client, FFA_VERSION_1_1, FFA_VERSION_1_2);
    story_version(&client, FFA_VERSION_1_2, (uint32_t)FFA_VERSION_NOT_SUPPORTED);
    story_status(&client, FFA_STATUS(&client, FFA_PARTITION_INFO_GET_REGS, 0, 0, 0),
                 FFA_NOT_SUPPORTED, "FFA_PARTITION_INFO_GET_REGS, which is of 1.2");

    buffers_map(&client, &buffers, FFA_RXTX_MAP_64, 1);
    story_members(&client, &buffers, self);
    guest_print("that is all: policy hides the Secure Partitions from this VM");
}
