/* SPDX-License-Identifier: BSD-3-Clause */
/* The VM whose calls are counted, and one that it talks to and that runs only when it yields. */
#include "table.h"

#include "peer.h"

GUEST_IMAGE(guest_bench);
GUEST_IMAGE(guest_peer);

#define TALKS \
    .properties = WORLD_ALL_MESSAGES, .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY | WORLD_MAY_SHARE

static const struct world_vm cast[] = {
    {
        .id = BENCH_VM,
        .name = "bench",
        .program = "guest_bench",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 1,
        TALKS,
        .sees_secure = true,
        .peer_count = 1,
        .peers = {BENCH_PEER},
    },
    {
        .id = BENCH_PEER,
        .name = "peer",
        .program = "guest_peer",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 1,
        TALKS,
        .peer_count = 1,
        .peers = {BENCH_VM},
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
    {
        .id = BENCH_PEER,
        GUEST_IMAGE_OF(guest_peer),
        .ipa = 0x90000000,
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
