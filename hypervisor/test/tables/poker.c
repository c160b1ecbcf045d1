/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM that touches all that is not its own, beside others, of which some come and go. */
#include "role.h"
#include "table.h"

GUEST_IMAGE(test_poker);
GUEST_IMAGE(test_holder);
GUEST_IMAGE(mayfly);
GUEST_IMAGE(test_fly);

static const struct world_vm cast[] = {
    {.id = 1, .name = "poker", .vcpus = 2, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 4, .name = "outlaw", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 2, .name = "holder", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {
        .id = 3,
        .name = "mayfly",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_ALL_RIGHTS,
        .sees_secure = true,
        .uuid_count = 1,
        .uuids = {ROLE_MAYFLY},
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_poker),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_SMC,
        .takes_faults = true,
    },
    {
        .id = 4,
        GUEST_IMAGE_OF(test_fly),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
        .comes_and_goes = true,
        .fault_expected = true,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_holder),
        .ipa = 0x90000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = 3,
        GUEST_IMAGE_OF(mayfly),
        .ipa = 0xa0000000,
        .pages = 640,
        .scattered = true,
        .conduit = CONDUIT_SMC,
        .comes_and_goes = true,
    },
};

const struct table table = {
    .name = "poker",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 55,
};
