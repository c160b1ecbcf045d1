/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Three VMs that work with each other and with the Secure world, each at a version of its own,
 * while another one comes and goes, and one touches what it does not have. No call may stall: each
 * tells how long its longest one took (guests/programs/worker.c).
 */
#include "role.h"
#include "table.h"

GUEST_IMAGE(load_1_0);
GUEST_IMAGE(load_1_1);
GUEST_IMAGE(load_1_2);
GUEST_IMAGE(mayfly);
GUEST_IMAGE(poker);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "load12",
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
        .name = "load11",
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
        .name = "load10",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_SHARE,
        .sees_secure = true,
        .peer_count = 3,
        .peers = {1, 2, 4},
        .uuid_count = 1,
        .uuids = {ROLE_SERVANT},
    },
    {
        .id = 4,
        .name = "mayfly",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_ALL_RIGHTS,
        .sees_secure = true,
        .peer_count = 3,
        .peers = {1, 2, 3},
        .uuid_count = 1,
        .uuids = {ROLE_MAYFLY},
    },
    {
        .id = 5,
        .name = "poker",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(load_1_2),
        .ipa = 0x80000000,
        .pages = 640,
        .window_ipa = 0x200000000,
        .window_pages = 1024,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(load_1_1),
        .ipa = 0x90000000,
        .pages = 640,
        .window_ipa = 0xa0000000,
        .window_pages = 1024,
        .conduit = CONDUIT_HVC,
        .scattered = true,
    },
    {
        .id = 3,
        GUEST_IMAGE_OF(load_1_0),
        .ipa = 0x80000000,
        .pages = 4096,
        .window_ipa = 0xb0000000,
        .window_pages = 1024,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 4,
        GUEST_IMAGE_OF(mayfly),
        .ipa = 0x90000000,
        .pages = 640,
        .window_ipa = 0xa0000000,
        .window_pages = 1024,
        .conduit = CONDUIT_HVC,
        .comes_and_goes = true,
    },
    {
        .id = 5,
        GUEST_IMAGE_OF(poker),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_SMC,
        .takes_faults = true,
    },
};

const struct table table = {
    .name = "load",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 80,
};
