/* SPDX-License-Identifier: BSD-3-Clause */
/* As messages.c, with the one that goes through all versions in AArch32. */
#include "table.h"

GUEST_IMAGE(messages_32);
GUEST_IMAGE(servant_1_0);
GUEST_IMAGE(servant_1_1);
GUEST_IMAGE(servant_1_2);
GUEST_IMAGE(servant_32);
GUEST_IMAGE(outsider);
GUEST_IMAGE(silent);

static const struct vm_place places[] = {
    {
        .id = WORLD_MESSENGER,
        GUEST_IMAGE_OF(messages_32),
        .ipa = 0x80000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_SERVANT_1_0,
        GUEST_IMAGE_OF(servant_1_0),
        .ipa = 0x90000000,
        .pages = 512,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_SERVANT_1_1,
        GUEST_IMAGE_OF(servant_1_1),
        .ipa = 0x80000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_SERVANT_1_2,
        GUEST_IMAGE_OF(servant_1_2),
        .ipa = 0x90000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_SERVANT_32,
        GUEST_IMAGE_OF(servant_32),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_MUTE,
        GUEST_IMAGE_OF(outsider),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_BARRED,
        GUEST_IMAGE_OF(outsider),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_HIDDEN,
        GUEST_IMAGE_OF(outsider),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_UNBORN,
        GUEST_IMAGE_OF(silent),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "messages_32",
    .cast = world_messages_32,
    .cast_count = WORLD_COUNT(world_messages_32),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 90,
};
