/* SPDX-License-Identifier: BSD-3-Clause */
/* The scenarios at EL1, each in a VM of its own, with the neighbours that they look for. */
#include "table.h"

GUEST_IMAGE(negotiation);
GUEST_IMAGE(features);
GUEST_IMAGE(buffers);
GUEST_IMAGE(discovery);
GUEST_IMAGE(smccc);
GUEST_IMAGE(neighbour_1_0);
GUEST_IMAGE(neighbour_1_1);
GUEST_IMAGE(neighbour_1_2);
GUEST_IMAGE(neighbour_1_2_32);
GUEST_IMAGE(silent);

static const struct vm_place places[] = {
    {
        .id = WORLD_NEGOTIATION,
        GUEST_IMAGE_OF(negotiation),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_FEATURES,
        GUEST_IMAGE_OF(features),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_BUFFERS,
        GUEST_IMAGE_OF(buffers),
        .ipa = 0x80000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_DISCOVERY,
        GUEST_IMAGE_OF(discovery),
        .ipa = 0x90000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_SMCCC,
        GUEST_IMAGE_OF(smccc),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_OLD,
        GUEST_IMAGE_OF(neighbour_1_0),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_MIDDLE,
        GUEST_IMAGE_OF(neighbour_1_1),
        .ipa = 0x80000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_NEW,
        GUEST_IMAGE_OF(neighbour_1_2),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_TWIN,
        GUEST_IMAGE_OF(neighbour_1_2_32),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_HERMIT,
        GUEST_IMAGE_OF(neighbour_1_2),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_SILENT,
        GUEST_IMAGE_OF(silent),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "scenarios",
    .cast = world_bench,
    .cast_count = WORLD_COUNT(world_bench),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 60,
};
