/* SPDX-License-Identifier: BSD-3-Clause */
/* Many messages between two VMs, and one VM that waits for another for long. */
#include "table.h"

GUEST_IMAGE(traffic_1_2);
GUEST_IMAGE(traffic_1_1);
GUEST_IMAGE(patience);
GUEST_IMAGE(servant_1_1);

static const struct vm_place places[] = {
    {
        .id = WORLD_LEFT,
        GUEST_IMAGE_OF(traffic_1_2),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_RIGHT,
        GUEST_IMAGE_OF(traffic_1_1),
        .ipa = 0x90000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_PATIENT,
        GUEST_IMAGE_OF(patience),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_SLOW,
        GUEST_IMAGE_OF(servant_1_1),
        .ipa = 0x90000000,
        .pages = 512,
        .conduit = CONDUIT_SMC,
    },
};

const struct table table = {
    .name = "traffic",
    .cast = world_traffic,
    .cast_count = WORLD_COUNT(world_traffic),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 90,
};
