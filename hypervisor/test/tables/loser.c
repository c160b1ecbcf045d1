/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs that the Secure world keeps memory of. */
#include "table.h"

GUEST_IMAGE(test_loser);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "loser",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_SHARE,
        .sees_secure = true,
    },
    {
        .id = 2,
        .name = "captive",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_SHARE,
        .sees_secure = true,
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_loser),
        .ipa = 0x80000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_loser),
        .ipa = 0x90000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
        .quarantine_expected = true,
    },
};

const struct table table = {
    .name = "loser",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 20,
};
