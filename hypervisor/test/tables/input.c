/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM that is typed to, and one that listens as well, but is not. */
#include "table.h"

GUEST_IMAGE(test_input);
GUEST_IMAGE(test_uart);

static const struct world_vm cast[] = {
    {.id = 1, .name = "deaf", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 2, .name = "typed", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
};

static const struct vm_place places[] = {
    {.id = 1, GUEST_IMAGE_OF(test_uart), .ipa = 0x80000000, .pages = 256},
    {.id = 2, GUEST_IMAGE_OF(test_input), .ipa = 0x80000000, .pages = 256, .has_input = true},
};

const struct table table = {
    .name = "input",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 20,
};
