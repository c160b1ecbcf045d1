/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs that come and go, beside others that work with them and must not notice. */
#include "role.h"
#include "table.h"

GUEST_IMAGE(test_worker_1_0);
GUEST_IMAGE(test_worker_1_1);
GUEST_IMAGE(mayfly);
GUEST_IMAGE(test_holder);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "worker10",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_SHARE,
        .sees_secure = true,
        .peer_count = 3,
        .peers = {2, 3, 4},
        .uuid_count = 1,
        .uuids = {ROLE_SERVANT},
    },
    {
        .id = 2,
        .name = "worker11",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_SHARE,
        .sees_secure = true,
        .peer_count = 3,
        .peers = {1, 3, 4},
        .uuid_count = 1,
        .uuids = {ROLE_SERVANT},
    },
    {
        .id = 3,
        .name = "mayfly",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_ALL_RIGHTS,
        .sees_secure = true,
        .peer_count = 2,
        .peers = {1, 2},
        .uuid_count = 1,
        .uuids = {ROLE_MAYFLY},
    },
    {
        .id = 4,
        .name = "dayfly",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_ALL_RIGHTS,
        .sees_secure = true,
        .peer_count = 2,
        .peers = {1, 2},
        .uuid_count = 1,
        .uuids = {ROLE_MAYFLY},
    },
    {
        .id = 6,
        .name = "sparkle",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_ALL_RIGHTS,
        .sees_secure = true,
    },
    {
        .id = 5,
        .name = "holder",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_worker_1_0),
        .ipa = 0x80000000,
        .pages = 640,
        .window_ipa = 0xa0000000,
        .window_pages = 1024,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_worker_1_1),
        .ipa = 0x90000000,
        .pages = 640,
        .window_ipa = 0x200000000,
        .window_pages = 1024,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = 3,
        GUEST_IMAGE_OF(mayfly),
        .ipa = 0x80000000,
        .pages = 640,
        .window_ipa = 0xa0000000,
        .window_pages = 256,
        .conduit = CONDUIT_SMC,
        .comes_and_goes = true,
    },
    {
        .id = 4,
        GUEST_IMAGE_OF(mayfly),
        .ipa = 0x90000000,
        .pages = 8192, /* in blocks, the first time */
        .window_ipa = 0xb0000000,
        .window_pages = 256,
        .conduit = CONDUIT_HVC,
        .comes_and_goes = true,
    },
    {
        .id = 6,
        GUEST_IMAGE_OF(mayfly),
        .ipa = 0xa0000000,
        .pages = 640,
        .scattered = true,
        .conduit = CONDUIT_SMC,
        .comes_and_goes = true,
    },
    {
        .id = 5,
        GUEST_IMAGE_OF(test_holder),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "mayfly",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 55,
};
