/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs of both widths that leave requests in the Secure world, in each other's way. */
#include "table.h"

GUEST_IMAGE(test_secure);
GUEST_IMAGE(test_secure_32);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "secure",
        .vcpus = 3,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE,
        .sees_secure = true,
    },
    {
        .id = 2,
        .name = "secure32",
        .vcpus = 3,
        .aarch64 = false,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE,
        .sees_secure = true,
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_secure),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_secure_32),
        .ipa = 0x90000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "secure",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 40,
};
