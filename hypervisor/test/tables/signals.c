/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs of both widths whom Secure Partitions signal, and who signal them. */
#include "table.h"

GUEST_IMAGE(test_signals);
GUEST_IMAGE(test_signals_32);

static const struct world_vm cast[] = {
    {
        .id = 1,
        .name = "signals",
        .vcpus = 3,
        .aarch64 = true,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY,
        .sees_secure = true,
    },
    {
        .id = 2,
        .name = "signals32",
        .vcpus = 3,
        .aarch64 = false,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY,
        .sees_secure = true,
    },
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_signals),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_signals_32),
        .ipa = 0x90000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "signals",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 40,
};
