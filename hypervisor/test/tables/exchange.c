/* SPDX-License-Identifier: BSD-3-Clause */
/* Two VMs, one of each width, that ask a third, which has as many vCPUs as both together. */
#include "table.h"

GUEST_IMAGE(test_exchange);
GUEST_IMAGE(test_exchange_32);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "server",
        .vcpus = 6,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
    },
    {
        .id = 2,
        .name = "asker",
        .vcpus = 3,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE,
        .peer_count = 1,
        .peers = {1},
    },
    {
        .id = 3,
        .name = "asker32",
        .vcpus = 3,
        .aarch64 = false,
        .rxtx_pages_max = 1,
        .properties = WORLD_DIRECT,
        .may = WORLD_MAY_MESSAGE,
        .peer_count = 1,
        .peers = {1},
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_exchange),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_exchange),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = 3,
        GUEST_IMAGE_OF(test_exchange_32),
        .ipa = 0x80000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "exchange",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 40,
};
