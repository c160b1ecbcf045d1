/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM to whom a Parley that leaks tells physical addresses (hypervisor/test/leaky.c). */
#include "table.h"

GUEST_IMAGE(test_member);

static const struct world_vm cast[] = {
    {.id = 1, .name = "leaky", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
};

static const struct vm_place places[] = {
    {.id = 1, GUEST_IMAGE_OF(test_member), .ipa = 0x80000000, .pages = 256},
};

const struct table table = {
    .name = "leaky",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 20,
};
