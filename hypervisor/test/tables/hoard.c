/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM that comes and goes until there is no memory left for it: it comes once. */
#include "table.h"

GUEST_IMAGE(test_hoard);
GUEST_IMAGE(silent);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "spender",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_SHARE,
        .peer_count = 1,
        .peers = {2},
    },
    {
        .id = 2,
        .name = "hoarder",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .peer_count = 1,
        .peers = {1},
    },
    {.id = 3, .name = "filler", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 4, .name = "filler2", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_hoard),
        .ipa = 0x80000000,
        .pages = 32768,
        .conduit = CONDUIT_SMC,
        .comes_and_goes = true,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_hoard),
        .ipa = 0x90000000,
        .pages = 512,
        .window_ipa = 0xa0000000,
        .window_pages = 32768,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = 3,
        GUEST_IMAGE_OF(silent),
        .ipa = 0x80000000,
        .pages = 262144, /* of the 462848 that there are */
        .conduit = CONDUIT_HVC,
    },
    {
        .id = 4,
        GUEST_IMAGE_OF(silent),
        .ipa = 0x80000000,
        .pages = 155648,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "hoard",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 40,
};
