/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program says of the partitions that it was shown. */
#include "members.h"

#include "say.h"

/* How many entries from `first` on are of the same partition. */
static unsigned int entries_of_one(const struct members *members, unsigned int first)
{
    unsigned int end = first + 1;

    while (end < members->count && members->member[end].id == members->member[first].id) {
        end++;
    }
    return end - first;
}

static void tell_uuids(struct say *text, const struct member *member, unsigned int entries)
{
    if (!ffa_uuid_is_nil(&member->uuid)) {
        say_add(text, ", UUID ");
        say_add(text, say_uuid(&member->uuid).text);
    }
    if (entries > 1) {
        say_add(text, " and ");
        say_add_decimal(text, entries - 1);
        say_add(text, " more");
    }
}

/* The kinds of messages that it takes, and whether it can be signalled. */
static void tell_properties(struct say *text, uint32_t properties)
{
    static const struct {
        uint32_t property;
        const char *name;
    } names[] = {
        {FFA_PARTITION_DIRECT_REQ_RECV, "REQ"},
        {FFA_PARTITION_DIRECT_REQ2_RECV, "REQ2"},
        {FFA_PARTITION_INDIRECT_MSG, "SEND2"},
        {FFA_PARTITION_NOTIFICATION_RECV, "SET"},
    };
    const char *before = "; takes ";

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((properties & names[i].property) != 0) {
            say_add(text, before);
            say_add(text, names[i].name);
            before = ", ";
        }
    }
}

void members_tell(const struct members *members, uint16_t self)
{
    unsigned int entries;

    for (unsigned int i = 0; i < members->count && i < MEMBERS_MAX; i += entries) {
        const struct member *member = &members->member[i];
        const char *kind = ffa_id_is_secure(member->id) ? "SP" : "VM";
        struct say properties = {{0}};
        struct say uuids = {{0}};

        entries = entries_of_one(members, i);
        tell_uuids(&uuids, member, entries);
        tell_properties(&properties, member->properties);
        guest_print("sees %s %#x: %u vCPU%s%s%s%s", member->id == self ? "itself," : kind,
                    (unsigned int)member->id, (unsigned int)member->contexts,
                    member->contexts == 1 ? "" : "s",
                    (member->properties & FFA_PARTITION_AARCH64) != 0 ? ", AArch64" : "",
                    uuids.text, properties.text);
    }
}

void members_tell_briefly(const struct members *members, uint16_t self)
{
    struct say text = {{0}};
    bool secure = false;

    for (unsigned int i = 0; i < members->count && i < MEMBERS_MAX; i++) {
        uint16_t id = members->member[i].id;

        if (id == self || (i > 0 && members->member[i - 1].id == id)) {
            continue;
        }
        if (text.text[0] == '\0' || secure != ffa_id_is_secure(id)) {
            secure = ffa_id_is_secure(id);
            say_add(&text, secure ? " SP" : " VM");
        }
        say_add(&text, " 0x");
        say_add_hex(&text, id);
    }
    guest_print("sees%s", text.text);
}
