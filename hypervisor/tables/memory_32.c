/* SPDX-License-Identifier: BSD-3-Clause */
/* As memory.c, with the one that goes through all versions in AArch32. */
#include "table.h"

GUEST_IMAGE(memory_32);
GUEST_IMAGE(servant_1_0);
GUEST_IMAGE(servant_1_1);
GUEST_IMAGE(servant_1_2);
GUEST_IMAGE(servant_32);
GUEST_IMAGE(outsider);
GUEST_IMAGE(silent);

static const struct vm_place places[] = {
    {
        .id = WORLD_GRANTER,
        GUEST_IMAGE_OF(memory_32),
        .ipa = 0x80000000,
        .pages = 4096,
        .scattered = true,
        .window_ipa = 0xa0000000,
        .window_pages = 4096,
        .takes_faults = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_KEEPER_1_0,
        GUEST_IMAGE_OF(servant_1_0),
        .ipa = 0x90000000,
        .pages = 1024,
        .window_ipa = 0xb0000000,
        .window_pages = 4096,
        .takes_faults = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_KEEPER_1_1,
        GUEST_IMAGE_OF(servant_1_1),
        .ipa = 0x80000000,
        .pages = 1024,
        .scattered = true,
        .window_ipa = 0xa0000000,
        .window_pages = 4096,
        .takes_faults = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_KEEPER_1_2,
        GUEST_IMAGE_OF(servant_1_2),
        .ipa = 0x90000000,
        .pages = 1024,
        .scattered = true,
        .window_ipa = 0x200000000,
        .window_pages = 4096,
        .takes_faults = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_KEEPER_32,
        GUEST_IMAGE_OF(servant_32),
        .ipa = 0x80000000,
        .pages = 1024,
        .window_ipa = 0xa0000000,
        .window_pages = 4096,
        .takes_faults = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_ALOOF,
        GUEST_IMAGE_OF(servant_1_1),
        .ipa = 0x90000000,
        .pages = 544,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_VEILED,
        GUEST_IMAGE_OF(outsider),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_ABSENT,
        GUEST_IMAGE_OF(silent),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "memory_32",
    .cast = world_memory_32,
    .cast_count = WORLD_COUNT(world_memory_32),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 90,
};
