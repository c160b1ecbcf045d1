/* SPDX-License-Identifier: BSD-3-Clause */
/* Two VMs that look at everything a VM has, and their neighbours, who offend and are stopped. */
#include "table.h"

GUEST_IMAGE(test_machine);
GUEST_IMAGE(test_machine_32);
GUEST_IMAGE(test_load);
GUEST_IMAGE(test_load_32);
GUEST_IMAGE(test_jump);
GUEST_IMAGE(test_fp);
GUEST_IMAGE(test_timer);
GUEST_IMAGE(test_pair);
GUEST_IMAGE(test_gic);
GUEST_IMAGE(test_last);

static const struct world_vm cast[] = {
    {.id = 1, .name = "machine", .vcpus = 8, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 2, .name = "machine32", .vcpus = 8, .aarch64 = false, .rxtx_pages_max = 1},
    {.id = 3, .name = "load", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 4, .name = "load32", .vcpus = 1, .aarch64 = false, .rxtx_pages_max = 1},
    {.id = 5, .name = "jump", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 6, .name = "fp", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 7, .name = "timer", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 8, .name = "pair", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 9, .name = "last", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 10, .name = "gic", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_machine),
        .ipa = 0x80000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_machine_32),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = 3,
        GUEST_IMAGE_OF(test_load),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
        .fault_expected = true,
    },
    {
        .id = 4,
        GUEST_IMAGE_OF(test_load_32),
        .ipa = 0x90000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_SMC,
        .fault_expected = true,
    },
    {
        .id = 5,
        GUEST_IMAGE_OF(test_jump),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
        .fault_expected = true,
    },
    {
        .id = 6,
        GUEST_IMAGE_OF(test_fp),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
        .fault_expected = true,
    },
    {
        .id = 7,
        GUEST_IMAGE_OF(test_timer),
        .ipa = 0x80000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_SMC,
        .fault_expected = true,
    },
    {
        .id = 8,
        GUEST_IMAGE_OF(test_pair),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
        .fault_expected = true,
    },
    {
        .id = 10,
        GUEST_IMAGE_OF(test_gic),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
        .fault_expected = true,
    },
    {
        .id = 9,
        GUEST_IMAGE_OF(test_last),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
};

const struct table table = {
    .name = "machine",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 30,
};
