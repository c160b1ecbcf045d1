/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM with more than a gigabyte of RAM, all over physical memory, and one that borrows it. */
#include "table.h"

GUEST_IMAGE(test_gigabyte);
GUEST_IMAGE(test_grants_servant);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "owner",
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
        .name = "borrower",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_gigabyte),
        .ipa = 0x80000000,
        .pages = 0x40400,
        .scattered = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_grants_servant),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
        .window_ipa = 0x200000000,
        .window_pages = 0x40000,
    },
};

const struct table table = {
    .name = "gigabyte",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 50,
};
