/* SPDX-License-Identifier: BSD-3-Clause */
#include "members.h"

#include "../../secure/partitions/partitions.h"
#include "say.h"
#include "world.h"

#define PARTITION_OF_SEVERAL_UUIDS 2u /* in secure_partitions */

#define PAINT        0x5a
#define AWAIT_YIELDS 20000u
#define RETRIES_MAX  100u /* more often than the list can change */

const struct ffa_uuid members_nil_uuid;

void buffers_map(struct client *client, struct buffers *buffers, uint32_t fid, unsigned int pages)
{
    buffers->pages = pages;
    buffers->tx = guest_pages(pages);
    buffers->rx = guest_pages(pages);
    expect_status(client,
                  FFA_STATUS(client, fid, guest_ipa(buffers->tx), guest_ipa(buffers->rx), pages),
                  FFA_OK, "FFA_RXTX_MAP of fresh pages");
}

/* --- What must be shown ----------------------------------------------------------------------- */

static void add(struct members *members, const struct member *member)
{
    if (members->count < MEMBERS_MAX) {
        members->member[members->count] = *member;
    }
    members->count++;
}

/*
 * A partition has one entry for each UUID at 1.2, and one in all before. A query for a UUID finds
 * the one entry that has it, and says no UUID in return.
 */
static void add_partition(struct members *members, struct member member, uint32_t version,
                          const struct ffa_uuid *uuids, unsigned int uuid_count,
                          const struct ffa_uuid *query)
{
    unsigned int shown = version >= FFA_VERSION_1_2 && uuid_count > 1 ? uuid_count : 1;

    member.uuid = members_nil_uuid;
    if (!ffa_uuid_is_nil(query)) {
        for (unsigned int i = 0; i < uuid_count; i++) {
            if (ffa_uuid_equal(&uuids[i], query)) {
                add(members, &member);
            }
        }
        return;
    }
    for (unsigned int i = 0; i < shown; i++) {
        if (i < uuid_count && version >= FFA_VERSION_1_1) {
            member.uuid = uuids[i];
        }
        add(members, &member);
    }
}

/* The properties that a version has a bit for, of those that are served. */
static uint32_t known_properties(uint32_t version)
{
    uint32_t known = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND;

    if (version >= FFA_VERSION_1_1) {
        known |=
            FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV | FFA_PARTITION_AARCH64;
    }
    if (version >= FFA_VERSION_1_2) {
        known |= FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND;
    }
    return known;
}

/*
 * What both know, the one who is shown it and the one who has it; but the width is a fact, whatever
 * its owner's version knows. REQ2 has 64-bit IDs only.
 */
static uint32_t shown_properties(uint32_t caller_version, uint32_t own_version, uint32_t properties)
{
    if ((properties & FFA_PARTITION_AARCH64) == 0) {
        properties &= ~(FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND);
    }
    return properties & known_properties(caller_version) &
           (known_properties(own_version) | FFA_PARTITION_AARCH64);
}

/* A partition sends no requests to a VM. */
static uint32_t shown_secure_properties(uint32_t caller_version, uint32_t own_version,
                                        uint32_t properties)
{
    return shown_properties(caller_version, own_version, properties) &
           ~(FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_DIRECT_REQ2_SEND);
}

/* A manager of 1.1 lists each partition once, so that only one of its UUIDs is known. */
static void add_secure(struct members *members, uint32_t version, enum secure_world world,
                       const struct ffa_uuid *query)
{
    for (unsigned int i = 0; i < PARTITION_COUNT; i++) {
        const struct spmc_partition *partition = &secure_partitions[i];
        unsigned int known = world == SECURE_WORLD_1_1 ? 1 : partition->uuid_count;
        uint32_t own_version = world == SECURE_WORLD_1_1 ? FFA_VERSION_1_1 : FFA_VERSION_1_2;
        struct member member = {
            .id = partition->id,
            .contexts = partition->contexts,
            .properties = shown_secure_properties(version, own_version, partition->properties),
        };

        add_partition(members, member, version, partition->uuids, known, query);
    }
}

/* `version` and `aarch64` are what the VM itself is. */
static void add_vm(struct members *members, const struct world_vm *vm, uint32_t version,
                   bool aarch64, uint32_t caller_version, const struct ffa_uuid *query)
{
    uint32_t properties = vm->properties | (aarch64 ? FFA_PARTITION_AARCH64 : 0);
    struct member member = {
        .id = vm->id,
        .contexts = vm->vcpus,
        .properties = shown_properties(caller_version, version, properties),
    };

    add_partition(members, member, caller_version, vm->uuids, vm->uuid_count, query);
}

static bool sees(const struct world_vm *self, uint16_t id)
{
    for (unsigned int i = 0; i < self->peer_count; i++) {
        if (self->peers[i] == id) {
            return true;
        }
    }
    return false;
}

void members_expected(const struct client *client, uint16_t self, enum secure_world world,
                      const struct ffa_uuid *uuid, struct members *members)
{
    const struct world_vm *own = world_find(self);

    members->count = 0;
    members->after_strangers = false;
    if (!expect(client, own != NULL, "the VM's ID is one of the world's")) {
        return;
    }
    members->after_strangers = world == SECURE_WORLD_FOREIGN && own->sees_secure;
    if (secure_world_is_known(world) && own->sees_secure) {
        add_secure(members, client->version, world, uuid);
    }
    for (uint16_t id = WORLD_VM_ID_FIRST; id < WORLD_VM_ID_FIRST + WORLD_VMS_MAX; id++) {
        const struct world_vm *vm = world_find(id);

        if (id == self && client->version >= FFA_VERSION_1_2) {
            add_vm(members, own, client->version, guest_is_aarch64(), client->version, uuid);
        } else if (vm != NULL && vm->version != 0 && sees(own, id)) {
            add_vm(members, vm, vm->version, vm->aarch64, client->version, uuid);
        }
    }
}

/* --- FFA_PARTITION_INFO_GET ------------------------------------------------------------------- */

static struct guest_regs info_get(struct client *client, const struct ffa_uuid *uuid,
                                  uint32_t flags)
{
    return FFA(client, FFA_PARTITION_INFO_GET, ffa_uuid_to_u32(uuid, 0), ffa_uuid_to_u32(uuid, 1),
               ffa_uuid_to_u32(uuid, 2), ffa_uuid_to_u32(uuid, 3), flags);
}

int32_t members_count(struct client *client, const struct ffa_uuid *uuid)
{
    struct guest_regs answer = info_get(client, uuid, FFA_PARTITION_INFO_GET_COUNT_ONLY);

    if (client_status(&answer) != FFA_OK) {
        return client_status(&answer);
    }
    expect_equal(client, answer.x[3], 0, "the size of an entry, where only the count is given");
    return (int32_t)answer.x[2];
}

static uint16_t read_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static struct member read_entry(const uint8_t *bytes, bool with_uuid)
{
    struct member member = {
        .id = read_u16(bytes),
        .contexts = read_u16(bytes + 2),
        .properties = read_u16(bytes + 4) | (uint32_t)read_u16(bytes + 6) << 16,
    };

    for (unsigned int i = 0; with_uuid && i < sizeof(member.uuid.bytes); i++) {
        member.uuid.bytes[i] = bytes[8 + i];
    }
    return member;
}

static bool all_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void read_list(struct client *client, const struct buffers *buffers, uint32_t count,
                      struct members *members)
{
    bool with_uuid = client->version >= FFA_VERSION_1_1;
    size_t entry_bytes =
        with_uuid ? sizeof(struct ffa_partition_info_1_1) : sizeof(struct ffa_partition_info_1_0);
    size_t buffer_bytes = (size_t)buffers->pages * FFA_PAGE_SIZE;

    if (!expect(client, count <= MEMBERS_MAX, "no more entries than anybody can have")) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct member member = read_entry(buffers->rx + i * entry_bytes, with_uuid);

        add(members, &member);
    }
    expect(client, all_zero(buffers->rx + count * entry_bytes, buffer_bytes - count * entry_bytes),
           "RX is zero behind the entries");
}

int32_t members_list(struct client *client, const struct buffers *buffers,
                     const struct ffa_uuid *uuid, struct members *members)
{
    struct guest_regs answer;

    members->count = 0;
    for (size_t i = 0; i < (size_t)buffers->pages * FFA_PAGE_SIZE; i++) {
        buffers->rx[i] = PAINT;
    }
    answer = info_get(client, uuid, 0);
    if (client_status(&answer) != FFA_OK) {
        return client_status(&answer);
    }
    expect_equal(client, answer.x[3],
                 client->version >= FFA_VERSION_1_1 ? sizeof(struct ffa_partition_info_1_1) : 0,
                 "the size of an entry");
    read_list(client, buffers, (uint32_t)answer.x[2], members);
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_OK,
                  "FFA_RX_RELEASE of a list");
    return FFA_OK;
}

/* --- FFA_PARTITION_INFO_GET_REGS -------------------------------------------------------------- */

/* One answer: its entries from `start` on, and nothing behind them. */
static void read_registers(struct client *client, const struct guest_regs *answer, uint16_t start,
                           struct members *members)
{
    uint16_t last = ffa_info_regs_out_last(answer->x[2]);
    uint16_t current = ffa_info_regs_out_current(answer->x[2]);
    unsigned int room = FFA_PARTITION_INFO_GET_REGS_DESC_MAX;
    unsigned int expected = last - start + 1u < room ? last - start + 1u : room;
    unsigned int at = 3;

    expect_equal(client, ffa_info_regs_out_size(answer->x[2]),
                 sizeof(struct ffa_partition_info_1_1), "the size of an entry in registers");
    expect_equal(client, current - start + 1u, expected, "entries in registers");

    for (unsigned int i = 0; i < expected; i++, at += FFA_PARTITION_INFO_GET_REGS_PER_DESC) {
        struct member member = {
            .id = ffa_info_regs_desc_id(answer->x[at]),
            .contexts = ffa_info_regs_desc_contexts(answer->x[at]),
            .properties = ffa_info_regs_desc_properties(answer->x[at]),
            .uuid = ffa_uuid_from_u64(answer->x[at + 1], answer->x[at + 2]),
        };

        add(members, &member);
    }
    for (; at < FFA_REGS_MAX; at++) {
        expect_equal(client, answer->x[at], 0, "a register behind the entries");
    }
}

int32_t members_list_regs(struct client *client, const struct ffa_uuid *uuid,
                          struct members *members)
{
    unsigned int retries = 0;
    uint16_t start = 0;
    uint16_t tag = 0;

    members->count = 0;
    for (;;) {
        struct guest_regs answer =
            FFA(client, FFA_PARTITION_INFO_GET_REGS, ffa_uuid_to_u64(uuid, 0),
                ffa_uuid_to_u64(uuid, 1), ffa_info_regs_in_make(start, tag));
        int32_t status = client_status(&answer);

        if (status == FFA_RETRY && start != 0 && retries++ < RETRIES_MAX) {
            members->count = 0;
            start = 0;
            tag = 0;
            continue;
        }
        if (status != FFA_OK) {
            return status;
        }
        if (start == 0) {
            tag = ffa_info_regs_out_tag(answer.x[2]);
        }
        expect_equal(client, ffa_info_regs_out_tag(answer.x[2]), tag, "the tag of a list");
        read_registers(client, &answer, start, members);
        if (members->count > MEMBERS_MAX || members->count > ffa_info_regs_out_last(answer.x[2])) {
            return FFA_OK;
        }
        start = (uint16_t)members->count;
    }
}

/* --- Both ------------------------------------------------------------------------------------- */

static bool same(const struct member *a, const struct member *b)
{
    return a->id == b->id && a->contexts == b->contexts && a->properties == b->properties &&
           ffa_uuid_equal(&a->uuid, &b->uuid);
}

static void tell_raw(const char *verb, const struct member *member)
{
    guest_print("%s %#x: vCPUs %u, properties %#x, UUID %s", verb, (unsigned int)member->id,
                (unsigned int)member->contexts, (unsigned int)member->properties,
                say_uuid(&member->uuid).text);
}

static int32_t list_any(struct client *client, const struct buffers *buffers,
                        const struct ffa_uuid *uuid, struct members *members)
{
    if (buffers != NULL) {
        return members_list(client, buffers, uuid, members);
    }
    return members_list_regs(client, uuid, members);
}

/* Whether somebody has the UUID. Since 1.1 that can be asked without buffers. */
static bool is_listed(struct client *client, const struct buffers *buffers,
                      const struct ffa_uuid *uuid)
{
    struct members found;

    if (client->version >= FFA_VERSION_1_1) {
        return members_count(client, uuid) > 0;
    }
    return members_list(client, buffers, uuid, &found) == FFA_OK;
}

/* How many of the first entries are Secure Partitions'. */
static unsigned int count_secure(const struct members *members)
{
    unsigned int count = 0;

    while (count < members->count && count < MEMBERS_MAX &&
           ffa_id_is_secure(members->member[count].id)) {
        count++;
    }
    return count;
}

static bool has_manager(struct client *client, const struct buffers *buffers)
{
    struct members found;

    if (client->version >= FFA_VERSION_1_1) {
        return FFA_STATUS(client, FFA_SPM_ID_GET) == FFA_OK;
    }
    return members_list(client, buffers, &members_nil_uuid, &found) == FFA_OK &&
           count_secure(&found) != 0;
}

enum secure_world members_secure_world(struct client *client, const struct buffers *buffers)
{
    const struct spmc_partition *several = &secure_partitions[PARTITION_OF_SEVERAL_UUIDS];

    if (is_listed(client, buffers, &several->uuids[0])) {
        return is_listed(client, buffers, &several->uuids[1]) ? SECURE_WORLD_1_2 : SECURE_WORLD_1_1;
    }
    return has_manager(client, buffers) ? SECURE_WORLD_FOREIGN : SECURE_WORLD_NONE;
}

/* The entries in front that are nobody's that we know. */
static unsigned int strangers_in(const struct members *found, const struct members *expected)
{
    return expected->after_strangers ? count_secure(found) : 0;
}

void members_await(struct client *client, const struct buffers *buffers,
                   const struct members *expected, struct members *found)
{
    for (unsigned int i = 0; i < AWAIT_YIELDS; i++) {
        list_any(client, buffers, &members_nil_uuid, found);
        if (found->count - strangers_in(found, expected) == expected->count) {
            return;
        }
        guest_yield();
    }
}

/* What can be said of a partition that nobody knows. */
static void expect_stranger(const struct client *client, const struct member *stranger)
{
    expect(client, stranger->contexts != 0, "a Secure Partition has an execution context");
    expect(client, (stranger->properties & ~known_properties(client->version)) == 0,
           "its properties are those of the version");
}

void members_expect_equal(const struct client *client, const struct members *found,
                          const struct members *expected, const char *what)
{
    unsigned int strangers = strangers_in(found, expected);

    for (unsigned int i = 0; i < strangers; i++) {
        expect_stranger(client, &found->member[i]);
    }
    if (!expect_equal(client, found->count - strangers, expected->count, what)) {
        for (unsigned int i = 0; i < found->count && i < MEMBERS_MAX; i++) {
            tell_raw("BROKEN: was shown", &found->member[i]);
        }
        return;
    }
    for (unsigned int i = 0; strangers + i < found->count && strangers + i < MEMBERS_MAX; i++) {
        const struct member *shown = &found->member[strangers + i];

        if (!expect(client, same(shown, &expected->member[i]), what)) {
            tell_raw("BROKEN: was shown", shown);
            tell_raw("BROKEN: not", &expected->member[i]);
        }
    }
}
