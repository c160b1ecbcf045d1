/* SPDX-License-Identifier: BSD-3-Clause */
/* One VM with the machine to itself, so that nothing but its calls is counted. */
#include "table.h"

#define BENCH_VM 1u

GUEST_IMAGE(guest_bench);

static const struct world_vm cast[] = {
    {
        .id = BENCH_VM,
        .name = "bench",
        .program = "guest_bench",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 1,
        .sees_secure = true,
    },
};

static const struct vm_place places[] = {
    {
        .id = BENCH_VM,
        GUEST_IMAGE_OF(guest_bench),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
};

const struct table table = {
    .name = "bench",
    .cast = cast,
    .cast_count = WORLD_COUNT(cast),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 30,
    .bench = true,
};
