/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who lives in the Normal world: the one description of the VMs, from which the hypervisor makes
 * its table, the host's tests make theirs, and the programs know what they must be shown. It speaks
 * of FF-A alone; where a VM's memory lies is the hypervisor's business.
 *
 * There are several casts, of which one plays at a time. An ID stands for one VM in all of them, so
 * that it tells what to expect.
 *
 *     world_story         what `make run` shows
 *     world_bench         scenarios of one VM each, and neighbours for them to discover
 *     world_bench_32      the same, with the scenarios in AArch32
 *     world_messages      scenarios of messages and notifications, and servants to exchange them
 *     world_messages_32   the same, with the scenarios in AArch32
 *     world_memory        scenarios of memory, and servants to exchange it with
 *     world_memory_32     the same, with the scenarios in AArch32
 *     world_traffic       many messages, and great patience
 *
 * Whoever hosts them keeps a VM that has stopped in the directory until the last one has stopped:
 * what a VM discovers must not depend on who finished first.
 */
#ifndef WORLD_H
#define WORLD_H

#include <parley/ffa.h>

#define WORLD_UUIDS_MAX 3u
#define WORLD_PEERS_MAX 8u

/* The IDs that all casts fit in. */
#define WORLD_VM_ID_FIRST 1u
#define WORLD_VMS_MAX     0x40u

/* The interrupts that VMs are told of for notifications: pending, and schedule receivers. */
#define WORLD_NPI_INTID 9u
#define WORLD_SRI_INTID 10u

/* Pages of the buffers through which a VM and Secure Partitions send each other messages. */
#define WORLD_SHADOW_PAGES 2u

/* Policy: what a VM may do, beside seeing them, with all that it sees. As PARLEY_MAY_... */
#define WORLD_MAY_MESSAGE (1u << 1)
#define WORLD_MAY_NOTIFY  (1u << 2)
#define WORLD_MAY_SHARE   (1u << 3)
#define WORLD_ALL_RIGHTS  (WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY | WORLD_MAY_SHARE)

/* What a VM may be able to do; others are shown of it what their versions know. */
#define WORLD_DIRECT                                                 \
    (FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND | \
     FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND)
#define WORLD_ALL_MESSAGES \
    (WORLD_DIRECT | FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV)

struct world_vm {
    uint16_t id;
    uint8_t vcpus;
    bool aarch64;
    const char *name;        /* unique; in front of its console lines */
    const char *program;     /* its image is guests/PROGRAM.bin */
    uint32_t version;        /* what it settles on in its last life; 0: it does not */
    uint16_t rxtx_pages_max; /* its quota, in pages of one buffer */
    uint32_t properties; /* FFA_PARTITION_...: the messages and notifications it takes part in */
    uint8_t may;         /* policy: WORLD_MAY_... */
    bool sees_secure;    /* policy: may discover the Secure Partitions */
    uint8_t peer_count;
    uint16_t peers[WORLD_PEERS_MAX]; /* policy: the VMs that it may discover; in order of ID */
    uint32_t ram_pages; /* that it needs for guest_ram(); it may be granted eight times as many */
    uint8_t uuid_count;
    struct ffa_uuid uuids[WORLD_UUIDS_MAX];
};

/* 16 bytes in the order of the text: 0x3cf1a2e7 starts with 0x3c. */
#define WORLD_UUID(a, b, c, d)                                              \
    {                                                                       \
        {                                                                   \
            WORLD_BYTES(a), WORLD_BYTES(b), WORLD_BYTES(c), WORLD_BYTES(d), \
        }                                                                   \
    }
#define WORLD_BYTES(word) \
    (uint8_t)((word) >> 24), (uint8_t)((word) >> 16), (uint8_t)((word) >> 8), (uint8_t)(word)

/* --- What `make run` shows -------------------------------------------------------------------- */

#define WORLD_RACER   0x01u
#define WORLD_STEADY  0x02u
#define WORLD_LEGACY  0x03u
#define WORLD_PROBER  0x04u
#define WORLD_ANCIENT 0x05u
#define WORLD_ROGUE   0x06u
#define WORLD_ALICE   0x07u
#define WORLD_BOB     0x08u
#define WORLD_CAROL   0x09u
#define WORLD_DAVE    0x0au
#define WORLD_ERIN    0x0bu
#define WORLD_FRANK   0x0cu
#define WORLD_GRACE   0x0du
#define WORLD_HEIDI   0x0eu

static const struct world_vm world_story[] = {
    {
        .id = WORLD_RACER,
        .name = "racer",
        .program = "racer",
        .vcpus = 2,
        .aarch64 = true,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 4,
        .sees_secure = true,
        .peer_count = 3,
        .peers = {WORLD_STEADY, WORLD_PROBER, WORLD_ANCIENT},
        .uuid_count = 2,
        .uuids = {WORLD_UUID(0x3cf1a2e7, 0x5b0d4c11, 0x9e2467d8, 0x10a3b5c7),
                  WORLD_UUID(0x77d0be42, 0x8c134f6a, 0xb1e95520, 0x3fd6c894)},
    },
    {
        .id = WORLD_STEADY,
        .name = "steady",
        .program = "steady",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 2,
        .sees_secure = true,
        .peer_count = 3,
        .peers = {WORLD_RACER, WORLD_LEGACY, WORLD_PROBER},
        .uuid_count = 1,
        .uuids = {WORLD_UUID(0x51ead7b0, 0x02f94e3d, 0xa8c76b19, 0xd45f0e82)},
    },
    {
        .id = WORLD_LEGACY,
        .name = "legacy",
        .program = "legacy",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_0,
        .rxtx_pages_max = 1,
        .sees_secure = true,
        .peer_count = 1,
        .peers = {WORLD_RACER},
    },
    {
        .id = WORLD_PROBER,
        .name = "prober",
        .program = "prober",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 1,
        .sees_secure = false,
        .peer_count = 2,
        .peers = {WORLD_RACER, WORLD_STEADY},
    },
    {
        .id = WORLD_ANCIENT,
        .name = "ancient",
        .program = "ancient",
        .vcpus = 1,
        .aarch64 = false,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 1,
        .sees_secure = true,
        .peer_count = 1,
        .peers = {WORLD_STEADY},
        .uuid_count = 1,
        .uuids = {WORLD_UUID(0xa9c1e47d, 0x6630418f, 0x8d52fb07, 0x24e8913b)},
    },
    {
        /* Sees nobody and is seen by nobody. */
        .id = WORLD_ROGUE,
        .name = "rogue",
        .program = "rogue",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 1,
        .sees_secure = false,
    },
    {
        .id = WORLD_ALICE,
        .name = "alice",
        .program = "talker_1_2",
        .vcpus = 3,
        .aarch64 = true,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY,
        .sees_secure = true,
        .peer_count = 2,
        .peers = {WORLD_BOB, WORLD_CAROL},
        .uuid_count = 1,
        .uuids = {WORLD_UUID(0xa11ce001, 0x6c0d4b7e, 0x9a35f812, 0x5de40b96)},
    },
    {
        .id = WORLD_BOB,
        .name = "bob",
        .program = "talker_1_1",
        .vcpus = 3,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY,
        .sees_secure = true,
        .peer_count = 2,
        .peers = {WORLD_ALICE, WORLD_CAROL},
        .uuid_count = 1,
        .uuids = {WORLD_UUID(0xb0b00001, 0x1f2e4d88, 0x83c6a905, 0x7c19d2e4)},
    },
    {
        .id = WORLD_CAROL,
        .name = "carol",
        .program = "talker_1_0",
        .vcpus = 3,
        .aarch64 = true,
        .version = FFA_VERSION_1_0,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE,
        .sees_secure = true,
        .peer_count = 2,
        .peers = {WORLD_ALICE, WORLD_BOB},
    },
    {
        .id = WORLD_DAVE,
        .name = "dave",
        .program = "sleeper",
        .vcpus = 3,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY,
        .sees_secure = true,
        .peer_count = 1,
        .peers = {WORLD_ERIN},
    },
    {
        .id = WORLD_ERIN,
        .name = "erin",
        .program = "servant_1_2",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY,
        .peer_count = 1,
        .peers = {WORLD_DAVE},
    },
    {
        .id = WORLD_FRANK,
        .name = "frank",
        .program = "sharer",
        .vcpus = 2,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_ALL_RIGHTS,
        .sees_secure = true,
        .peer_count = 2,
        .peers = {WORLD_GRACE, WORLD_HEIDI},
        .ram_pages = 1024,
    },
    {
        .id = WORLD_GRACE,
        .name = "grace",
        .program = "servant_1_1",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_ALL_RIGHTS,
        .peer_count = 2,
        .peers = {WORLD_FRANK, WORLD_HEIDI},
        .ram_pages = 64,
    },
    {
        .id = WORLD_HEIDI,
        .name = "heidi",
        .program = "servant_1_0",
        .vcpus = 1,
        .aarch64 = true,
        .version = FFA_VERSION_1_0,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_ALL_RIGHTS,
        .peer_count = 2,
        .peers = {WORLD_FRANK, WORLD_GRACE},
        .ram_pages = 256,
    },
};

/* --- The scenarios ---------------------------------------------------------------------------- */

#define WORLD_NEGOTIATION 0x11u
#define WORLD_FEATURES    0x12u
#define WORLD_BUFFERS     0x13u
#define WORLD_DISCOVERY   0x14u
#define WORLD_SMCCC       0x15u

/* Neighbours become members and stop. Their names say their version. */
#define WORLD_OLD    0x21u /* 1.0 */
#define WORLD_MIDDLE 0x22u /* 1.1 */
#define WORLD_NEW    0x23u /* 1.2, with three UUIDs */
#define WORLD_TWIN   0x24u /* 1.2, with a UUID that `new` has too */
#define WORLD_HERMIT 0x25u /* 1.2, but nobody may see it */
#define WORLD_SILENT 0x26u /* visible by policy, but never says a word of FF-A */

/* Known to tests that look for one partition, for several, and for one that is hidden. */
#define WORLD_UUID_NEW    WORLD_UUID(0xc0de0001, 0x4f2a4d35, 0x9b61e70c, 0x8a5d1f93)
#define WORLD_UUID_SHARED WORLD_UUID(0xc0de0002, 0x71b84c0e, 0xa3d2956f, 0x0be4c718)
#define WORLD_UUID_THIRD  WORLD_UUID(0xc0de0003, 0xe95547a1, 0x8c07f3d4, 0x62b19e5a)
#define WORLD_UUID_HERMIT WORLD_UUID(0xc0de0004, 0x1d6c4b92, 0xb8f023ae, 0x97c5640d)
#define WORLD_UUID_SILENT WORLD_UUID(0xc0de0005, 0x8a374e5f, 0x96c1d80b, 0x4df27e36)
#define WORLD_UUID_SELF   WORLD_UUID(0xc0de0006, 0x2be94a70, 0xad5813f6, 0xc3076e91)
#define WORLD_UUID_NOBODY WORLD_UUID(0xc0de00ff, 0x5f104d2c, 0x8b99a4e3, 0x70d6c215)

/* The scenarios in AArch64, and the same VMs with the scenarios in AArch32. */
#define SCENARIO_AARCH64       true
#define SCENARIO_PROGRAM(name) name
static const struct world_vm world_bench[] = {
#include "bench.def"
};
#undef SCENARIO_AARCH64
#undef SCENARIO_PROGRAM

#define SCENARIO_AARCH64       false
#define SCENARIO_PROGRAM(name) name "_32"
static const struct world_vm world_bench_32[] = {
#include "bench.def"
};
#undef SCENARIO_AARCH64
#undef SCENARIO_PROGRAM

/* --- Messages --------------------------------------------------------------------------------- */

#define WORLD_MESSENGER 0x31u /* plays the table of messages */

/* Servants do what they are asked to. Their names say their version. */
#define WORLD_SERVANT_1_0 0x32u
#define WORLD_SERVANT_1_1 0x33u
#define WORLD_SERVANT_1_2 0x34u
#define WORLD_SERVANT_32  0x35u /* 1.2, in AArch32 */

#define WORLD_MUTE   0x36u /* takes part in no messages */
#define WORLD_BARRED 0x37u /* would, but policy forbids it to send any */
#define WORLD_HIDDEN 0x38u /* would, but nobody sees it */
#define WORLD_UNBORN 0x39u /* would, but never says a word of FF-A */

#define WORLD_UUID_MESSENGER WORLD_UUID(0xd15b0001, 0x94c24e03, 0x8df6b17a, 0x2508c9e4)
#define WORLD_UUID_SERVANT   WORLD_UUID(0xd15b0002, 0x0b7a4461, 0xbc3982f5, 0xe61d704a)
#define WORLD_UUID_SERVANT_2 WORLD_UUID(0xd15b0003, 0xf8134dc9, 0x917e05b6, 0x4ac2d83f)

#define SCENARIO_AARCH64       true
#define SCENARIO_PROGRAM(name) name
static const struct world_vm world_messages[] = {
#include "messages_cast.def"
};
#undef SCENARIO_AARCH64
#undef SCENARIO_PROGRAM

#define SCENARIO_AARCH64       false
#define SCENARIO_PROGRAM(name) name "_32"
static const struct world_vm world_messages_32[] = {
#include "messages_cast.def"
};
#undef SCENARIO_AARCH64
#undef SCENARIO_PROGRAM

/* --- Memory ----------------------------------------------------------------------------------- */

#define WORLD_GRANTER 0x28u /* plays the scenarios of memory */

/* Servants that lend and borrow as they are told. Their names say their version. */
#define WORLD_KEEPER_1_0 0x29u
#define WORLD_KEEPER_1_1 0x2au
#define WORLD_KEEPER_1_2 0x2bu
#define WORLD_KEEPER_32  0x2cu /* 1.2, in AArch32 */

#define WORLD_ALOOF  0x2du /* a servant that policy forbids to grant memory */
#define WORLD_VEILED 0x2eu /* a member that nobody sees */
#define WORLD_ABSENT 0x2fu /* visible by policy, but never says a word of FF-A */

#define SCENARIO_AARCH64       true
#define SCENARIO_PROGRAM(name) name
static const struct world_vm world_memory[] = {
#include "memory_cast.def"
};
#undef SCENARIO_AARCH64
#undef SCENARIO_PROGRAM

#define SCENARIO_AARCH64       false
#define SCENARIO_PROGRAM(name) name "_32"
static const struct world_vm world_memory_32[] = {
#include "memory_cast.def"
};
#undef SCENARIO_AARCH64
#undef SCENARIO_PROGRAM

/* --- Traffic ---------------------------------------------------------------------------------- */

#define WORLD_LEFT    0x3au /* these two send each other many messages */
#define WORLD_RIGHT   0x3bu
#define WORLD_PATIENT 0x3cu /* waits for its servant, as long as that takes */
#define WORLD_SLOW    0x3du

static const struct world_vm world_traffic[] = {
    {
        .id = WORLD_LEFT,
        .name = "left",
        .program = "traffic_1_2",
        .vcpus = 2,
        .aarch64 = true,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY,
        .peer_count = 1,
        .peers = {WORLD_RIGHT},
    },
    {
        .id = WORLD_RIGHT,
        .name = "right",
        .program = "traffic_1_1",
        .vcpus = 2,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY,
        .peer_count = 1,
        .peers = {WORLD_LEFT},
    },
    {
        .id = WORLD_PATIENT,
        .name = "patient",
        .program = "patience",
        .vcpus = 2,
        .aarch64 = true,
        .version = FFA_VERSION_1_2,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE,
        .sees_secure = true,
        .peer_count = 1,
        .peers = {WORLD_SLOW},
    },
    {
        .id = WORLD_SLOW,
        .name = "slow",
        .program = "servant_1_1",
        .vcpus = 2,
        .aarch64 = true,
        .version = FFA_VERSION_1_1,
        .rxtx_pages_max = 1,
        .properties = WORLD_ALL_MESSAGES,
        .may = WORLD_MAY_MESSAGE,
        .peer_count = 1,
        .peers = {WORLD_PATIENT},
    },
};

#define WORLD_COUNT(cast) (sizeof(cast) / sizeof((cast)[0]))

static inline const struct world_vm *world_find_in(const struct world_vm *cast, size_t count,
                                                   uint16_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (cast[i].id == id) {
            return &cast[i];
        }
    }
    return NULL;
}

/* The VM of that ID, or NULL. What is true of a scenario's VM is true of it in either width. */
static inline const struct world_vm *world_find(uint16_t id)
{
    const struct world_vm *found = world_find_in(world_story, WORLD_COUNT(world_story), id);

    if (found == NULL) {
        found = world_find_in(world_bench, WORLD_COUNT(world_bench), id);
    }
    if (found == NULL) {
        found = world_find_in(world_messages, WORLD_COUNT(world_messages), id);
    }
    if (found == NULL) {
        found = world_find_in(world_memory, WORLD_COUNT(world_memory), id);
    }
    if (found == NULL) {
        found = world_find_in(world_traffic, WORLD_COUNT(world_traffic), id);
    }
    return found;
}

#endif
