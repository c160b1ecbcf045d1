/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs of both widths that look at their interrupts, with more vCPUs than there are CPUs. */
#include "table.h"

GUEST_IMAGE(test_interrupts);
GUEST_IMAGE(test_interrupts_32);

static const struct world_vm cast[] = {
    {.id = 1, .name = "irq", .vcpus = 4, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 2, .name = "irq32", .vcpus = 4, .aarch64 = false, .rxtx_pages_max = 1},
};

static const struct vm_place places[] = {
    {
        .id = 1,
        GUEST_IMAGE_OF(test_interrupts),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = 2,
        GUEST_IMAGE_OF(test_interrupts_32),
        .ipa = 0x90000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
};

const struct table table = {
    .name = "interrupts",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 40,
};
