/* SPDX-License-Identifier: BSD-3-Clause */
/* A well-behaved VM of 1.1: counts the partitions, then reads their entries of 24 bytes in RX. */
#include "client.h"
#include "members.h"
#include "story.h"

#define BUFFER_PAGES 2u

static void tell_count(struct client *client, unsigned int expected)
{
    int32_t count = members_count(client, &members_nil_uuid);

    guest_print("FFA_PARTITION_INFO_GET, count only -> %d", count);
    expect_equal(client, (uint64_t)count, expected, "the count");
}

void guest_main(void)
{
    struct client client;
    struct buffers buffers;
    struct members found;
    uint16_t self;

    client_init(&client);
    story_version(&client, FFA_VERSION_1_1, FFA_VERSION_1_2);
    self = story_id(&client);
    story_spm_id(&client);
    story_status(&client, FFA_STATUS(&client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0), FFA_BUSY,
                 "FFA_PARTITION_INFO_GET, with no buffers");

    buffers_map(&client, &buffers, FFA_RXTX_MAP_64, BUFFER_PAGES);
    guest_print("maps RX and TX, %u pages each", BUFFER_PAGES);
    story_members(&client, &buffers, self);
    members_list(&client, &buffers, &members_nil_uuid, &found);
    tell_count(&client, found.count);

    FFA(&client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0);
    story_status(&client, FFA_STATUS(&client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0), FFA_BUSY,
                 "the list again, with RX full");
    story_status(&client, FFA_STATUS(&client, FFA_RX_RELEASE, 0), FFA_OK, "FFA_RX_RELEASE");
    story_status(&client, FFA_STATUS(&client, FFA_RXTX_UNMAP, 0), FFA_OK, "FFA_RXTX_UNMAP");
    story_version(&client, FFA_VERSION_1_1, FFA_VERSION_1_2);
}
