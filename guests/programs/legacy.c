/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM of 1.0 that makes SMC32 calls only and reads entries of 8 bytes. */
#include "client.h"
#include "members.h"
#include "story.h"

void guest_main(void)
{
    struct client client;
    struct buffers buffers;
    uint16_t self;

    client_init(&client);
    story_version(&client, FFA_VERSION_1_0, FFA_VERSION_1_2);
    self = story_id(&client);
    story_status(&client, FFA_STATUS(&client, FFA_SPM_ID_GET), FFA_NOT_SUPPORTED,
                 "FFA_SPM_ID_GET, which is of 1.1");
    story_status(&client, FFA_STATUS(&client, FFA_FEATURES, FFA_SPM_ID_GET), FFA_NOT_SUPPORTED,
                 "FFA_FEATURES of FFA_SPM_ID_GET");
    story_status(&client, FFA_STATUS(&client, FFA_FEATURES, FFA_RXTX_MAP_32), FFA_OK,
                 "FFA_FEATURES of FFA_RXTX_MAP_32");

    buffers_map(&client, &buffers, FFA_RXTX_MAP_32, 1);
    guest_print("maps RX and TX with FFA_RXTX_MAP_32");
    story_members(&client, &buffers, self);
    story_status(
        &client,
        FFA_STATUS(&client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, FFA_PARTITION_INFO_GET_COUNT_ONLY),
        FFA_INVALID_PARAMETERS, "FFA_PARTITION_INFO_GET with 1.1's count flag");
    story_status(&client, FFA_STATUS(&client, FFA_RXTX_UNMAP, 0), FFA_OK, "FFA_RXTX_UNMAP");
}
