/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM that logs more than its share. */
#include "table.h"

GUEST_IMAGE(test_chatter);

static const struct world_vm cast[] = {
    {.id = 1, .name = "chatter", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
};

static const struct vm_place places[] = {
    {.id = 1, GUEST_IMAGE_OF(test_chatter), .ipa = 0x80000000, .pages = 256},
};

const struct table table = {
    .name = "chatter",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 20,
};
