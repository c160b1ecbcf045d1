/* SPDX-License-Identifier: BSD-3-Clause */
/* What `make run` shows: VMs of every version, width and temper, several at the same time. */
#include "table.h"

GUEST_IMAGE(racer);
GUEST_IMAGE(steady);
GUEST_IMAGE(legacy);
GUEST_IMAGE(prober);
GUEST_IMAGE(ancient);
GUEST_IMAGE(rogue);
GUEST_IMAGE(talker_1_2);
GUEST_IMAGE(talker_1_1);
GUEST_IMAGE(talker_1_0);
GUEST_IMAGE(sleeper);
GUEST_IMAGE(servant_1_2);
GUEST_IMAGE(sharer);
GUEST_IMAGE(servant_1_0);
GUEST_IMAGE(servant_1_1);

#define MESSAGES      1u
#define NOTIFICATIONS 2u
#define MEMORY        3u

static const char *const chapters[] = {
    "1. Setting up: VMs of 1.0, 1.1 and 1.2, decent ones and others, find out who is there",
    [MESSAGES] = "2. Messages: alice is of 1.2, bob of 1.1, carol of 1.0; they talk with each "
                 "other and with a Secure Partition",
    [NOTIFICATIONS] = "3. Notifications: dave sleeps, and a Secure Partition and the VM erin "
                      "wake it",
    [MEMORY] = "4. Memory: frank is of 1.2, grace of 1.1, heidi of 1.0; frank shares, lends and "
               "donates, also to a Secure Partition",
};

static const struct vm_place places[] = {
    {
        .id = WORLD_RACER,
        GUEST_IMAGE_OF(racer),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_STEADY,
        GUEST_IMAGE_OF(steady),
        .ipa = 0x80000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_LEGACY,
        GUEST_IMAGE_OF(legacy),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_PROBER,
        GUEST_IMAGE_OF(prober),
        .ipa = 0x80000000,
        .pages = 256,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_ANCIENT,
        GUEST_IMAGE_OF(ancient),
        .ipa = 0x90000000,
        .pages = 256,
        .conduit = CONDUIT_SMC,
    },
    {
        .id = WORLD_ROGUE,
        GUEST_IMAGE_OF(rogue),
        .ipa = 0x90000000,
        .pages = 256,
        .scattered = true,
        .conduit = CONDUIT_HVC,
    },
    {
        .id = WORLD_ALICE,
        GUEST_IMAGE_OF(talker_1_2),
        .ipa = 0x80000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_SMC,
        .chapter = MESSAGES,
    },
    {
        .id = WORLD_BOB,
        GUEST_IMAGE_OF(talker_1_1),
        .ipa = 0x90000000,
        .pages = 512,
        .conduit = CONDUIT_HVC,
        .chapter = MESSAGES,
    },
    {
        .id = WORLD_CAROL,
        GUEST_IMAGE_OF(talker_1_0),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_SMC,
        .chapter = MESSAGES,
    },
    {
        .id = WORLD_DAVE,
        GUEST_IMAGE_OF(sleeper),
        .ipa = 0x90000000,
        .pages = 512,
        .scattered = true,
        .conduit = CONDUIT_HVC,
        .chapter = NOTIFICATIONS,
    },
    {
        .id = WORLD_ERIN,
        GUEST_IMAGE_OF(servant_1_2),
        .ipa = 0x80000000,
        .pages = 512,
        .conduit = CONDUIT_SMC,
        .chapter = NOTIFICATIONS,
    },
    {
        /* A gigabyte beside what its program needs, and a few pages more. */
        .id = WORLD_FRANK,
        GUEST_IMAGE_OF(sharer),
        .ipa = 0x80000000,
        .pages = 0x40400,
        .scattered = true,
        .window_ipa = 0x200000000,
        .window_pages = 512,
        .takes_faults = true,
        .conduit = CONDUIT_SMC,
        .chapter = MEMORY,
    },
    {
        .id = WORLD_GRACE,
        GUEST_IMAGE_OF(servant_1_1),
        .ipa = 0x90000000,
        .pages = 1024,
        .window_ipa = 0x200000000,
        .window_pages = 512,
        .takes_faults = true,
        .ends_at_once = true,
        .conduit = CONDUIT_HVC,
        .chapter = MEMORY,
    },
    {
        .id = WORLD_HEIDI,
        GUEST_IMAGE_OF(servant_1_0),
        .ipa = 0x80000000,
        .pages = 1024,
        .window_ipa = 0x200000000,
        .window_pages = 0x40800,
        .takes_faults = true,
        .conduit = CONDUIT_SMC,
        .chapter = MEMORY,
    },
};

const struct table table = {
    .name = "story",
    .cast = world_story,
    .cast_count = WORLD_COUNT(world_story),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .chapters = chapters,
    .chapter_count = sizeof(chapters) / sizeof(chapters[0]),
    .seconds_max = 90,
};
