/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM that needs more RAM than there is, once its holes are counted: to be refused. */
#include "table.h"

GUEST_IMAGE(test_endless);

static const struct world_vm cast[] = {
    {.id = 1, .name = "greedy", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
};

static const struct vm_place places[] = {
    {.id = 1, GUEST_IMAGE_OF(test_endless), .ipa = 0x200000000, .pages = 400000, .scattered = true},
};

const struct table table = {
    .name = "greedy",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 30, /* it is found out when most of the RAM was cleared */
};
