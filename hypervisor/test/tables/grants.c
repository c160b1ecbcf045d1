/* SPDX-License-Identifier: BSD-3-Clause */
/* One VM that grants memory to others, on purpose of every kind, and two that borrow it. */
#include "table.h"

GUEST_IMAGE(test_grants);
GUEST_IMAGE(test_grants_servant);
GUEST_IMAGE(test_grants_servant_32);

#define MAY (WORLD_MAY_MESSAGE | WORLD_MAY_SHARE)

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "driver",
        .vcpus = 2,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = MAY,
        .peer_count = 3,
        .peers = {2, 3, 4},
    },
    {
        .id = 2,
        .name = "borrower",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = MAY,
        .peer_count = 1,
        .peers = {1},
    },
    {
        .id = 3,
        .name = "borrower32",
        .vcpus = 1,
        .aarch64 = false,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
    },
    {
        .id = 4,
        .name = "mortal",
        .vcpus = 1,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = MAY,
        .peer_count = 1,
        .peers = {2},
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_grants),
        .ipa = 0x80000000,
        .pages = 0x10000,
        .conduit = CONDUIT_SMC,
        .takes_faults = true,
        .window_ipa = 0x90000000,
        .window_pages = 16,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_grants_servant),
        .ipa = 0xa0000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_HVC,
        .takes_faults = true,
        .window_ipa = 0xb0003000,
        .window_pages = 0x1234,
    },
    {
        /* The start-up code maps one MiB to itself. */
        .id = 3,
        GUEST_IMAGE_OF(test_grants_servant_32),
        .ipa = 0x80000000,
        .pages = 240,
        .conduit = CONDUIT_HVC,
        .takes_faults = true,
        .window_ipa = 0x800f0000,
        .window_pages = 16,
    },
    {
        .id = 4,
        GUEST_IMAGE_OF(test_grants_servant),
        .ipa = 0x90000000,
        .pages = 0x1000,
        .conduit = CONDUIT_SMC,
        .takes_faults = true,
        .window_ipa = 0xa0000000,
        .window_pages = 16,
        .table_pages = 2,
        .ends_at_once = true,
    },
};

const struct table table = {
    .name = "grants",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 40,
};
