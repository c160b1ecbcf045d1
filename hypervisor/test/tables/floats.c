/* SPDX-License-Identifier: BSD-3-Clause */
/* Two VMs that use FP/SIMD on more vCPUs than there are CPUs, beside one that has none of it. */
#include "table.h"

GUEST_IMAGE(test_floats);
GUEST_IMAGE(test_fp);

static const struct world_vm cast[] = {
    {.id = 1, .name = "floats", .vcpus = 4, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 2, .name = "doubles", .vcpus = 3, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 3, .name = "fp", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_floats),
        .ipa = 0x80000000,
        .pages = 256,
        .has_fp = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_floats),
        .ipa = 0x90000000,
        .pages = 256,
        .has_fp = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = 3,
        GUEST_IMAGE_OF(test_fp),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
        .fault_expected = true,
    },
};

const struct table table = {
    .name = "floats",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 40,
};
