/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM in AArch32: all of 1.2 but the 64-bit calls. */
#include "client.h"
#include "members.h"
#include "story.h"

void guest_main(void)
{
    struct client client;
    struct buffers buffers;
    uint16_t self;

    client_init(&client);
    guest_print("runs in AArch%u", guest_is_aarch64() ? 64u : 32u);
    expect(&client, !guest_is_aarch64(), "runs in AArch32");
    story_version(&client, FFA_VERSION_1_2, FFA_VERSION_1_2);
    self = story_id(&client);
    story_spm_id(&client);
    story_status(&client, FFA_STATUS(&client, FFA_FEATURES, FFA_RXTX_MAP_64), FFA_NOT_SUPPORTED,
                 "FFA_FEATURES of FFA_RXTX_MAP_64");
    story_status(&client, FFA_STATUS(&client, FFA_RXTX_MAP_64, 0, 0, 1), FFA_NOT_SUPPORTED,
                 "FFA_RXTX_MAP_64");
    story_status(&client, FFA_STATUS(&client, FFA_PARTITION_INFO_GET_REGS, 0, 0, 0),
                 FFA_NOT_SUPPORTED, "FFA_PARTITION_INFO_GET_REGS");

    buffers_map(&client, &buffers, FFA_RXTX_MAP_32, 1);
    guest_print("maps RX and TX with FFA_RXTX_MAP_32");
    story_members(&client, &buffers, self);
}
