/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM that the Secure world keeps memory of, until another one asks it not to. */
#include "table.h"

GUEST_IMAGE(test_penitent);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "penitent",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_SHARE,
        .sees_secure = true,
    },
    {
        .id = 2,
        .name = "confessor",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE,
        .sees_secure = true,
        .peer_count = 1,
        .peers = {1},
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_penitent),
        .ipa = 0x80000000,
        .pages = 8192, /* in blocks, of which the pages must be cut out that are kept */
        .conduit = CONDUIT_SMC,
        .comes_and_goes = true, /* but not again, after that */
        .quarantine_expected = true,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_penitent),
        .ipa = 0x90000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "penitent",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 20,
};
