/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that does everything wrong that it can think of, and is told so each time; after a reset it
 * may start again as if nothing had been. The client puts garbage in all registers that it may.
 */
#include "client.h"
#include "members.h"
#include "story.h"

#define REFUSED    ((uint32_t)FFA_VERSION_NOT_SUPPORTED)
#define UART_IPA   0x09000000u
#define STRANGE_ID 0x1234u

static void negotiate_badly(struct client *client)
{
    story_status(client, FFA_STATUS(client, FFA_ID_GET), FFA_NOT_SUPPORTED,
                 "FFA_ID_GET before any version");
    expect_status(client, FFA_STATUS(client, FFA_RXTX_MAP_64, 0, 0, 1), FFA_NOT_SUPPORTED,
                  "FFA_RXTX_MAP_64 before any version");
    story_version(client, FFA_VERSION_BIT31 | FFA_VERSION_1_2, REFUSED);
    story_version(client, FFA_VERSION_MAKE(0u, 9u), FFA_VERSION_1_2);
    story_version(client, FFA_VERSION_MAKE(2u, 0u), FFA_VERSION_1_2);
    story_version(client, FFA_VERSION_1_1, FFA_VERSION_1_2);
    story_status(client, FFA_STATUS(client, FFA_FN64(0x63u), FFA_VERSION_1_2), FFA_NOT_SUPPORTED,
                 "FFA_VERSION as a 64-bit call, which makes 1.1 final");
    story_version(client, FFA_VERSION_1_2, REFUSED);
    story_version(client, FFA_VERSION_1_0, REFUSED);
}

#define UNKNOWN_FIRST 0x8fu
#define UNKNOWN_LAST  0x92u

/* IDs of the range that nobody knows are not served; those around it are not FF-A's. */
static void call_unknown_ids(struct client *client)
{
    unsigned int refused = 0;

    for (uint32_t number = UNKNOWN_FIRST; number <= UNKNOWN_LAST; number++) {
        refused += FFA_STATUS(client, FFA_FN32(number)) == FFA_NOT_SUPPORTED;
        refused += FFA_STATUS(client, FFA_FN64(number)) == FFA_NOT_SUPPORTED;
    }
    guest_print("calls IDs that nobody knows -> NOT_SUPPORTED, %u times", refused);
    expect_equal(client, refused, 2 * (UNKNOWN_LAST - UNKNOWN_FIRST + 1), "unknown IDs refused");
    expect_equal(client, (uint32_t)FFA(client, FFA_ID_GET | 0x10000u).x[0], UINT32_MAX,
                 "FFA_ID_GET with the SVE hint");
}

static int32_t map(struct client *client, uint64_t tx, uint64_t rx, uint64_t pages)
{
    return FFA_STATUS(client, FFA_RXTX_MAP_64, tx, rx, pages);
}

static void map_badly(struct client *client, uint64_t page, uint64_t next)
{
    expect_status(client, map(client, page, page, 1), FFA_INVALID_PARAMETERS, "TX is RX");
    expect_status(client, map(client, page + 8, next, 1), FFA_INVALID_PARAMETERS, "TX unaligned");
    expect_status(client, map(client, page, UART_IPA, 1), FFA_INVALID_PARAMETERS, "RX a device");
    expect_status(client, map(client, guest_ipa_below_ram(), page, 1), FFA_INVALID_PARAMETERS,
                  "TX no RAM of the VM's");
    expect_status(client, map(client, page, next, FFA_RXTX_MAP_PAGES_MASK), FFA_INVALID_PARAMETERS,
                  "63 pages");
    guest_print("maps one page as TX and RX, half a page, a UART, others' memory, 63 pages -> no");
}

static void misuse_buffers(struct client *client)
{
    uint64_t page = guest_ipa(guest_pages(2));
    uint64_t next = page + FFA_PAGE_SIZE;

    map_badly(client, page, next);
    story_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_DENIED,
                 "releases a buffer that it does not have");
    story_status(client, map(client, page, next, 1), FFA_OK, "maps a decent pair");
    story_status(client, map(client, page, next, 1), FFA_DENIED, "maps it again");
    story_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, ffa_rxtx_unmap_make(STRANGE_ID)),
                 FFA_INVALID_PARAMETERS, "unmaps another VM's pair");
    story_status(client, FFA_STATUS(client, FFA_RX_RELEASE, STRANGE_ID), FFA_INVALID_PARAMETERS,
                 "releases another VM's buffer");
}

static void first_life(struct client *client)
{
    negotiate_badly(client);
    call_unknown_ids(client);
    misuse_buffers(client);
    story_status(client, FFA_STATUS(client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0),
                 FFA_INVALID_PARAMETERS, "looks for others, of whom it may see none");
    guest_print("resets itself, with its buffers still mapped");
    guest_reset();
}

static void second_life(struct client *client)
{
    story_version(client, FFA_VERSION_1_1, FFA_VERSION_1_2);
    story_id(client);
    story_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0), FFA_INVALID_PARAMETERS,
                 "FFA_RXTX_UNMAP: nothing is left of the first life");
}

void guest_main(void)
{
    struct client client;

    client_init(&client);
    if (guest_life() == 0) {
        first_life(&client);
    }
    second_life(&client);
}
