/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM is shown of others, in every way that there is to ask: at 1.0 in the first life, 1.1 in
 * the second, 1.2 in the third. What must be shown follows from world.h and the Secure Partitions.
 */
#include "../../secure/partitions/partitions.h"
#include "client.h"
#include "members.h"
#include "world.h"

#define SELF WORLD_DISCOVERY

/* A VM that has asked for its version, and how it looks at the others. */
struct view {
    struct client client;
    struct buffers buffers;
    enum secure_world world;
};

static void expected_of(const struct view *view, const struct ffa_uuid *uuid,
                        struct members *expected)
{
    members_expected(&view->client, SELF, view->world, uuid, expected);
}

static bool has_registers(const struct view *view)
{
    return view->client.version >= FFA_VERSION_1_2 && guest_is_aarch64();
}

/* --- A list by UUID, in all ways -------------------------------------------------------------- */

static void expect_count(struct view *view, const struct ffa_uuid *uuid, unsigned int count)
{
    struct client *client = &view->client;
    int32_t expected = count == 0 ? FFA_INVALID_PARAMETERS : (int32_t)count;

    if (client->version < FFA_VERSION_1_1) {
        expected = FFA_INVALID_PARAMETERS;
    }
    expect_equal(client, (uint32_t)members_count(client, uuid), (uint32_t)expected,
                 "the count of a list");
}

static void expect_registers(struct view *view, const struct ffa_uuid *uuid,
                             const struct members *expected)
{
    struct client *client = &view->client;
    struct members found;
    int32_t status = members_list_regs(client, uuid, &found);

    if (!has_registers(view)) {
        expect_status(client, status, FFA_NOT_SUPPORTED, "a list in registers, before 1.2");
        return;
    }
    expect_status(client, status, expected->count == 0 ? FFA_INVALID_PARAMETERS : FFA_OK,
                  "a list in registers");
    members_expect_equal(client, &found, expected, "entries in registers");
}

static void expect_view(struct view *view, const struct ffa_uuid *uuid)
{
    struct members expected;
    struct members found;
    int32_t status;

    expected_of(view, uuid, &expected);
    status = members_list(&view->client, &view->buffers, uuid, &found);
    expect_status(&view->client, status, expected.count == 0 ? FFA_INVALID_PARAMETERS : FFA_OK,
                  "a list in RX");
    members_expect_equal(&view->client, &found, &expected, "entries in RX");
    expect_count(view, uuid, expected.count);
    expect_registers(view, uuid, &expected);
}

/* Each UUID that somebody has, and the same with one bit changed at either end. */
static void expect_uuid_and_neighbours(struct view *view, const struct ffa_uuid *uuid)
{
    struct ffa_uuid changed = *uuid;

    expect_view(view, uuid);
    changed.bytes[15] ^= 0x80;
    expect_view(view, &changed);
    changed = *uuid;
    changed.bytes[0] ^= 0x01;
    expect_view(view, &changed);
}

static void expect_all_uuids(struct view *view)
{
    static const struct ffa_uuid nobody = WORLD_UUID_NOBODY;
    static const struct ffa_uuid one_bit = {{1}};
    static const struct ffa_uuid last_bit = {{[15] = 0x80}};

    for (size_t vm = 0; vm < WORLD_COUNT(world_bench); vm++) {
        for (unsigned int i = 0; i < world_bench[vm].uuid_count; i++) {
            expect_uuid_and_neighbours(view, &world_bench[vm].uuids[i]);
        }
    }
    for (unsigned int sp = 0; sp < PARTITION_COUNT; sp++) {
        for (unsigned int i = 0; i < secure_partitions[sp].uuid_count; i++) {
            expect_uuid_and_neighbours(view, &secure_partitions[sp].uuids[i]);
        }
    }
    expect_view(view, &nobody);
    expect_view(view, &one_bit);
    expect_view(view, &last_bit);
    expect_view(view, &members_nil_uuid);
}

/* --- Flags and RX ----------------------------------------------------------------------------- */

static int32_t list_with_flags(struct view *view, uint32_t flags)
{
    return FFA_STATUS(&view->client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, flags);
}

static void expect_reserved_flags_refused(struct view *view)
{
    unsigned int first = view->client.version >= FFA_VERSION_1_1 ? 1 : 0;

    for (unsigned int bit = first; bit < 32; bit++) {
        expect_status(&view->client, list_with_flags(view, 1u << bit), FFA_INVALID_PARAMETERS,
                      "a reserved flag");
    }
}

/* Counting and registers need no RX, and leave the list in it as it is. */
static void expect_full_rx_left_alone(struct view *view)
{
    struct client *client = &view->client;
    struct members expected;

    expected_of(view, &members_nil_uuid, &expected);
    expect_status(client, list_with_flags(view, 0), FFA_OK, "a list");
    expect_status(client, list_with_flags(view, 0), FFA_BUSY, "a list, with RX full");
    view->buffers.rx[0] ^= 0xff;
    expect_count(view, &members_nil_uuid, expected.count);
    expect_registers(view, &members_nil_uuid, &expected);
    view->buffers.rx[0] ^= 0xff;
    expect_equal(client, view->buffers.rx[0] | (unsigned int)view->buffers.rx[1] << 8,
                 expected.member[0].id, "the first ID of the list that is still in RX");
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK, "RX_RELEASE");
}

static void expect_no_buffers_needed(struct view *view)
{
    struct client *client = &view->client;
    struct members expected;

    expected_of(view, &members_nil_uuid, &expected);
    expect_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0), FFA_OK, "RXTX_UNMAP");
    expect_status(client, list_with_flags(view, 0), FFA_BUSY, "a list, with no buffers");
    expect_count(view, &members_nil_uuid, expected.count);
    expect_registers(view, &members_nil_uuid, &expected);
}

/* --- Index and tag ---------------------------------------------------------------------------- */

static struct guest_regs registers_from(struct view *view, const struct ffa_uuid *uuid,
                                        uint64_t start, uint64_t tag)
{
    return FFA(&view->client, FFA_PARTITION_INFO_GET_REGS, ffa_uuid_to_u64(uuid, 0),
               ffa_uuid_to_u64(uuid, 1), tag << 16 | start);
}

static int32_t registers_status(struct view *view, const struct ffa_uuid *uuid, uint64_t start,
                                uint64_t tag)
{
    return client_status_of(registers_from(view, uuid, start, tag));
}

/* A list may be read from any index on, with the tag that came with its beginning. */
static void expect_each_start(struct view *view, uint16_t last, uint16_t tag)
{
    struct client *client = &view->client;
    struct members expected;

    expected_of(view, &members_nil_uuid, &expected);
    for (uint16_t start = 1; start <= last; start++) {
        struct guest_regs answer = registers_from(view, &members_nil_uuid, start, tag);
        uint16_t end = (uint16_t)(start + FFA_PARTITION_INFO_GET_REGS_DESC_MAX - 1);

        expect_status(client, client_status(&answer), FFA_OK, "a list from an index on");
        expect_equal(client, answer.x[2],
                     ffa_info_regs_out_make(last, end < last ? end : last, tag, 24),
                     "last, current, tag and size");
        expect_equal(client, ffa_info_regs_desc_id(answer.x[3]), expected.member[start].id,
                     "the ID at an index");
    }
}

static void expect_wrong_index_and_tag(struct view *view, uint16_t last, uint16_t tag)
{
    static const struct ffa_uuid nobody = WORLD_UUID_NOBODY;
    struct client *client = &view->client;
    const struct ffa_uuid *nil = &members_nil_uuid;
    uint16_t wrong = (uint16_t)(tag ^ 0x8001u);

    expect_status(client, registers_status(view, nil, last + 1u, tag), FFA_INVALID_PARAMETERS,
                  "the index behind the last one");
    expect_status(client, registers_status(view, nil, 0xffff, tag), FFA_INVALID_PARAMETERS,
                  "the highest index");
    expect_status(client, registers_status(view, nil, 1, wrong), FFA_RETRY, "a wrong tag");
    expect_status(client, registers_status(view, nil, 0xffff, wrong), FFA_RETRY,
                  "a wrong tag with a wrong index");
    expect_status(client, registers_status(view, nil, 0, wrong), FFA_OK,
                  "a wrong tag at index 0, where there is none yet");
    expect_status(client, registers_status(view, nil, 0xffffffff00000000, 0), FFA_OK,
                  "reserved bits beside index 0");
    expect_status(client, registers_status(view, nil, 0xdead000000000001, tag), FFA_OK,
                  "reserved bits beside an index");
    expect_status(client, registers_status(view, &nobody, 0, 0), FFA_INVALID_PARAMETERS,
                  "nobody's UUID in registers");
}

static void expect_index_and_tag(struct view *view)
{
    struct members expected;
    struct guest_regs first;
    uint16_t last;
    uint16_t tag;

    if (!has_registers(view)) {
        return;
    }
    expected_of(view, &members_nil_uuid, &expected);
    first = registers_from(view, &members_nil_uuid, 0, 0);
    last = ffa_info_regs_out_last(first.x[2]);
    tag = ffa_info_regs_out_tag(first.x[2]);
    expect_equal(&view->client, last + 1u, expected.count, "entries in all");
    expect_each_start(view, last, tag);
    expect_wrong_index_and_tag(view, last, tag);
}

/* --- Two vCPUs at once ------------------------------------------------------------------------ */

#define ROUNDS 100u

static void list_in_registers(void *argument)
{
    struct view *view = argument;
    struct members expected;

    expected_of(view, &members_nil_uuid, &expected);
    for (unsigned int round = 0; round < ROUNDS; round++) {
        expect_registers(view, &members_nil_uuid, &expected);
        expect_count(view, &members_nil_uuid, expected.count);
    }
}

static void list_on_two_vcpus(struct view *view)
{
    struct members expected;
    struct members found;

    expected_of(view, &members_nil_uuid, &expected);
    expect(&view->client, guest_vcpu_start(1, list_in_registers, view), "vCPU 1 starts");
    for (unsigned int round = 0; round < ROUNDS; round++) {
        expect_status(&view->client,
                      members_list(&view->client, &view->buffers, &members_nil_uuid, &found),
                      FFA_OK, "a list in RX, beside one in registers");
        members_expect_equal(&view->client, &found, &expected, "a list beside another");
    }
    guest_vcpu_join(1);
}

/* --- A life ----------------------------------------------------------------------------------- */

static void settle(struct view *view, uint32_t version)
{
    struct client *client = &view->client;

    client_init(client);
    client->about = "discovery at a version";
    client->row = FFA_VERSION_MINOR(version) + 1;
    client_version(client, version);
    expect_equal(client, FFA(client, FFA_ID_GET).x[2], SELF, "the VM's ID");
    buffers_map(client, &view->buffers, FFA_RXTX_MAP_32, 2);
    view->world = members_secure_world(client, &view->buffers);
}

void guest_main(void)
{
    static const char *const worlds[] = {"none", "a foreign one", "1.1", "1.2"};
    static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};
    unsigned int life = guest_life();
    struct members expected;
    struct members found;
    struct view view;

    if (life == sizeof(versions) / sizeof(versions[0])) {
        return;
    }
    settle(&view, versions[life]);
    expected_of(&view, &members_nil_uuid, &expected);
    members_await(&view.client, &view.buffers, &expected, &found);
    guest_print("1.%u: shown %u entries; the Secure world: %s", life, found.count,
                worlds[view.world]);
    if (view.world == SECURE_WORLD_FOREIGN) {
        /* What the other ways to ask must show is known of partitions alone that are known. */
        members_expect_equal(&view.client, &found, &expected, "entries in RX");
        guest_reset();
    }

    expect_all_uuids(&view);
    expect_reserved_flags_refused(&view);
    expect_full_rx_left_alone(&view);
    expect_index_and_tag(&view);
    list_on_two_vcpus(&view);
    expect_no_buffers_needed(&view);
    guest_reset();
}
