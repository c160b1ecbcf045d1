/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sees whom (FF-A 1.2, 6.2): one walk over the Secure Partitions and the VMs that a caller may
 * see, in one order, with one entry as that caller may see it. Counting, listing and
 * PARTITION_INFO_GET_REGS are all this walk, so they cannot disagree.
 *
 * A VM is seen if its word says that it is a member, and the policy says that the caller may
 * discover it. It is read under a reference, and the reference is dropped before the entry is
 * handed out.
 */
#include "bits.h"
#include "internal.h"

/* --- Properties ----------------------------------------------------------- */

#define PROPERTIES_1_0 (FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND)
#define PROPERTIES_1_1                                                               \
    (PROPERTIES_1_0 | FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV | \
     FFA_PARTITION_TYPE_MASK | FFA_PARTITION_AARCH64)
#define PROPERTIES_1_2 \
    (PROPERTIES_1_1 | FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND)

/* What a partition says that it can do, and Parley would not carry. */
#define PROPERTIES_NOT_SERVED                                                \
    ((SERVES_MSG_SEND_DIRECT_REQ                                             \
          ? 0                                                                \
          : FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND) | \
     (SERVES_MSG_SEND2 ? 0 : FFA_PARTITION_INDIRECT_MSG) |                   \
     (SERVES_NOTIFICATION_GET ? 0 : FFA_PARTITION_NOTIFICATION_RECV) |       \
     (SERVES_MSG_SEND_DIRECT_REQ2                                            \
          ? 0                                                                \
          : FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND))

/* The Secure world sends no request to a VM, whatever a Secure Partition says of itself. */
#define PROPERTIES_NOT_OF_SECURE (FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_DIRECT_REQ2_SEND)

/* What this version has: a VM of it can take part in, and a caller of it knows to read. */
static uint32_t properties_of(enum parley_version version)
{
    switch (version) {
    case VERSION_1_0:
        return PROPERTIES_1_0;
    case VERSION_1_1:
        return PROPERTIES_1_1;
    case VERSION_1_2:
    case VERSION_NONE:
        break;
    }
    return PROPERTIES_1_2;
}

/* --- The digest ----------------------------------------------------------- */

static void digest_add(struct partition_scan *scan, uint32_t word)
{
    scan->digest = (scan->digest ^ word) * 0x9e3779b1u;
    scan->digest ^= scan->digest >> 15;
}

uint16_t parley_scan_tag(const struct partition_scan *scan)
{
    return (uint16_t)(scan->digest ^ (scan->digest >> 16));
}

/* --- Secure Partitions ---------------------------------------------------- */

static bool partition_is_listed(const struct partition_scan *scan, unsigned int index)
{
    const struct partition *partition = &scan->caller->parley->spmc.partitions[index];

    if (parley_partition_is_hidden(scan->caller, partition)) {
        return false;
    }
    if (!scan->any_uuid) {
        return uuid_equal(&partition->entry.uuid, &scan->uuid);
    }
    /* Up to 1.1 a partition has one entry, however many UUIDs it has (FF-A 1.2, 6.2). */
    return scan->version >= VERSION_1_2 || partition->first_of_id == index;
}

static bool next_partition(struct partition_scan *scan, struct partition_entry *entry)
{
    const struct spmc *spmc = &scan->caller->parley->spmc;

    if ((scan->caller->secure_rights & PARLEY_MAY_DISCOVER) == 0) {
        return false;
    }
    while (scan->next_partition < spmc->partition_count) {
        unsigned int index = scan->next_partition++;

        if (partition_is_listed(scan, index)) {
            *entry = spmc->partitions[index].entry;
            entry->properties &= scan->properties_shown & ~(uint32_t)PROPERTIES_NOT_OF_SECURE;
            if (!parley_shadow_is_possible(scan->caller->parley)) {
                entry->properties &= ~(uint32_t)FFA_PARTITION_INDIRECT_MSG;
            }
            digest_add(scan, entry->id);
            return true;
        }
    }
    return false;
}

/* --- VMs ------------------------------------------------------------------ */

/* The VMs that the caller may see, as one word of the bitmap over the directory. */
static uint64_t visible_word(const struct partition_scan *scan, unsigned int word)
{
    const struct parley_vm *caller = scan->caller;
    unsigned int own = caller->id - caller->parley->config.vm_id_first;
    uint64_t visible = parley_policy_row(caller, POLICY_DISCOVER)[word];

    /* Drivers of 1.0 and 1.1 do not expect to find themselves; 1.2 says that a caller does. */
    if (scan->version >= VERSION_1_2 && own / 64 == word) {
        visible |= 1ull << (own % 64);
    }
    return visible;
}

/* The next VM of the directory that the caller may see, member or not; NULL at the end. */
static struct parley_vm *next_visible_vm(struct partition_scan *scan)
{
    struct parley *parley = scan->caller->parley;

    while (scan->next_vm < parley->config.vms_max) {
        unsigned int word = scan->next_vm / 64;
        uint64_t left = visible_word(scan, word) & (~0ull << (scan->next_vm % 64));

        if (left != 0) {
            scan->next_vm = (uint16_t)(word * 64 + bits_lowest(left) + 1);
            return &parley->vms[scan->next_vm - 1];
        }
        scan->next_vm = (uint16_t)((word + 1) * 64);
    }
    return NULL;
}

/* Which of the VM's UUIDs are entries of this walk: [uuid_next, uuid_end) of scan->vm_uuids. */
static void choose_uuids(struct partition_scan *scan, const struct parley_vm *vm)
{
    scan->uuid_next = 0;
    if (scan->any_uuid) {
        /* A VM without a UUID has one entry, with the nil one; so has, up to 1.1, any other. */
        uint8_t entries = vm->uuid_count == 0 || scan->version < VERSION_1_2 ? 1 : vm->uuid_count;

        parley_copy(scan->vm_uuids, vm->uuids, sizeof(scan->vm_uuids));
        scan->uuid_end = entries;
        return;
    }
    scan->uuid_end = 0;
    for (unsigned int i = 0; i < vm->uuid_count; i++) {
        if (uuid_equal(&vm->uuids[i], &scan->uuid)) {
            scan->vm_uuids[0] = scan->uuid;
            scan->uuid_end = 1;
        }
    }
}

/*
 * What a VM can take part in, at its version and in its execution state, which is what it is at any
 * version: who reads that it is AArch32 would not send it 64 bits. REQ2 is 64 bits wide.
 */
static uint32_t properties_of_vm(const struct parley_vm *vm, enum parley_version version)
{
    uint32_t width = vm->aarch64 ? FFA_PARTITION_AARCH64 : 0;
    uint32_t too_wide =
        vm->aarch64 ? 0 : FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND;

    return (vm->properties & ~too_wide & properties_of(version)) | width;
}

/* Looks at one VM; the rest of the walk works on what was seen. */
static void visit(struct partition_scan *scan, struct parley_vm *vm)
{
    uint64_t word;

    if (!parley_endpoint_take(vm, &word)) {
        return;
    }
    scan->vm = (struct partition_entry){
        .id = vm->id,
        .contexts = vm->vcpus,
        .properties = properties_of_vm(vm, word_version(word)) & scan->properties_shown,
    };
    choose_uuids(scan, vm);
    parley_endpoint_drop(vm);

    if (scan->uuid_end != 0) {
        digest_add(scan, scan->vm.id);
        digest_add(scan, word_generation(word));
        digest_add(scan, word_version(word));
    }
}

static bool next_vm(struct partition_scan *scan, struct partition_entry *entry)
{
    while (scan->uuid_next == scan->uuid_end) {
        struct parley_vm *vm = next_visible_vm(scan);

        if (vm == NULL) {
            return false;
        }
        visit(scan, vm);
    }
    *entry = scan->vm;
    entry->uuid = scan->vm_uuids[scan->uuid_next++];
    return true;
}

/* --- The walk ------------------------------------------------------------- */

void parley_scan_begin(struct partition_scan *scan, const struct call *call,
                       const struct uuid *uuid)
{
    scan->caller = call->vm;
    scan->version = call->version;
    scan->uuid = *uuid;
    scan->any_uuid = uuid_is_nil(uuid);
    scan->properties_shown = properties_of(call->version) & ~(uint32_t)PROPERTIES_NOT_SERVED;
    scan->digest = 0;
    scan->next_partition = 0;
    scan->next_vm = 0;
    scan->uuid_next = 0;
    scan->uuid_end = 0;
}

bool parley_scan_next(struct partition_scan *scan, struct partition_entry *entry)
{
    if (!next_partition(scan, entry) && !next_vm(scan, entry)) {
        return false;
    }
    /* Who asked by UUID knows it: the field is zero then (FF-A 1.2, 6.2.2). */
    if (!scan->any_uuid) {
        entry->uuid = (struct uuid){0, 0};
    }
    return true;
}
