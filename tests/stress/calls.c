/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls of the stress run, and the rules that their answers keep under every schedule. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "stress.h"

struct slot stress_slots[VMS];
parley_counter stress_lists_read;
uint64_t stress_seed;

struct dice stress_dice(unsigned int number)
{
    return (struct dice){stress_seed * 0x9e3779b97f4a7c15u + number * 0xd1342543de82ef95u + 1};
}

unsigned int stress_roll(struct dice *dice, unsigned int sides)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return (unsigned int)(dice->state >> 20) % sides;
}

void stress_expect(bool held, const struct slot *slot, const char *rule)
{
    if (!held) {
        posix_violation("VM %u: not so: %s", slot->index + 1, rule);
    }
}

/* --- What is known of others ------------------------------------------------------------------ */

bool stress_sees(const struct slot *slot, unsigned int other)
{
    unsigned int distance = (other + VMS - slot->index) % VMS;

    return other != HIDDEN && (distance == 1 || distance == 2);
}

static void read_known(uint64_t *known)
{
    for (unsigned int i = 0; i < VMS; i++) {
        known[i] = parley_load_acquire(&stress_slots[i].known);
    }
}

/* Every entry is what its VM is, and there for a reason. */
static void check_entry(const struct slot *slot, const struct ffa_partition_info_1_1 *entry)
{
    unsigned int other = entry->id - 1u;

    if (ffa_id_is_secure(entry->id)) {
        stress_expect(entry->id >= 0x8001 && entry->id <= 0x8003, slot,
                      "a partition is one there is");
        return;
    }
    if (other >= VMS) {
        stress_expect(false, slot, "a VM in a list is one there is");
        return;
    }
    stress_expect(other == slot->index || stress_sees(slot, other), slot,
                  "a VM in a list may be seen");
    stress_expect(entry->contexts == VCPUS, slot, "a VM in a list has its vCPUs");
    stress_expect(ffa_uuid_is_nil(&entry->uuid) ||
                      ffa_uuid_equal(&entry->uuid, &stress_slots[other].uuid),
                  slot, "a VM in a list has its UUID");
}

/* Whoever was there all the time is listed, whoever was not is not. */
static void check_members(const struct slot *slot, const struct list *list, const uint64_t *before)
{
    for (unsigned int i = 0; i < VMS; i++) {
        bool listed = list_find(list, (uint16_t)(i + 1)) < list->count;
        uint64_t now = parley_load_acquire(&stress_slots[i].known);

        if (i == slot->index || now != before[i]) {
            continue;
        }
        stress_expect((now & 3) != KNOWN_GONE || !listed, slot, "who is gone is not listed");
        stress_expect((now & 3) != KNOWN_MEMBER || listed || !stress_sees(slot, i), slot,
                      "who is a member is listed");
    }
}

static void check_list(const struct slot *slot, const struct list *list, const uint64_t *before)
{
    if (list->status != FFA_OK) {
        return;
    }
    parley_counter_increment(&stress_lists_read);
    for (unsigned int i = 0; i < list->count; i++) {
        check_entry(slot, &list->entry[i]);
    }
    for (unsigned int i = 1; i < list->count; i++) {
        bool vm = !ffa_id_is_secure(list->entry[i].id);
        bool after_vm = !ffa_id_is_secure(list->entry[i - 1].id);

        stress_expect(vm || !after_vm, slot, "partitions come before VMs");
        stress_expect(!vm || !after_vm || list->entry[i].id > list->entry[i - 1].id, slot,
                      "VMs come by their IDs");
    }
    check_members(slot, list, before);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static void do_version(struct vcpu *vcpu)
{
    static const uint32_t asked[] = {
        FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2, FFA_VERSION_1_2,
        0x00010007,      0x00020000,      0x80010001,      0};
    uint32_t w1 = asked[stress_roll(&vcpu->dice, 8)];
    uint32_t w0 = CALL_ON(vcpu->slot->vm, vcpu->index, FFA_VERSION, w1).fid;

    stress_expect(w0 == PARLEY_FFA_VERSION || w0 == 0xffffffff, vcpu->slot, "FFA_VERSION answers");
    stress_expect(w1 >> 31 == 0 || w0 == 0xffffffff, vcpu->slot, "bit 31 is refused");
}

static void do_id(struct vcpu *vcpu)
{
    struct answer answer = CALL_ON(vcpu->slot->vm, vcpu->index, FFA_ID_GET);

    stress_expect(answer.status == FFA_NOT_SUPPORTED || answer.regs.x[2] == vcpu->slot->index + 1,
                  vcpu->slot, "FFA_ID_GET answers the VM's ID");
}

static void do_map(struct vcpu *vcpu)
{
    uint64_t tx = stress_roll(&vcpu->dice, RAM_PAGES + 1);
    uint64_t rx = stress_roll(&vcpu->dice, RAM_PAGES + 1);
    uint64_t pages = stress_roll(&vcpu->dice, PAGES_MAX + 2);
    uint64_t fid = stress_roll(&vcpu->dice, 2) ? FFA_RXTX_MAP_64 : FFA_RXTX_MAP_32;
    int32_t status = CALL_ON(vcpu->slot->vm, vcpu->index, fid, RIG_VM_IPA + tx * FFA_PAGE_SIZE,
                             RIG_VM_IPA + rx * FFA_PAGE_SIZE, pages)
                         .status;
    uint64_t distance = tx > rx ? tx - rx : rx - tx;
    bool legal = pages >= 1 && pages <= PAGES_MAX && distance >= pages && tx + pages <= RAM_PAGES &&
                 rx + pages <= RAM_PAGES;

    stress_expect(status != FFA_OK || legal, vcpu->slot, "what is mapped may be mapped");
    stress_expect(status != FFA_INVALID_PARAMETERS || !legal, vcpu->slot,
                  "what may be mapped is valid");
}

static void do_unmap(struct vcpu *vcpu)
{
    CALL_ON(vcpu->slot->vm, vcpu->index, FFA_RXTX_UNMAP, 0);
}

static void do_release(struct vcpu *vcpu)
{
    int32_t status;

    if (vcpu->slot->orderly && !vcpu->filled) {
        return;
    }
    status = CALL_ON(vcpu->slot->vm, vcpu->index, FFA_RX_RELEASE, 0).status;
    stress_expect(status == FFA_OK || !vcpu->slot->orderly, vcpu->slot,
                  "who filled RX can release it");
    vcpu->filled = false;
}

/*
 * Where Parley wrote a list: it begins with the first partition, and whoever has read one wipes
 * that out, so that there is one such page.
 */
static uint8_t *find_rx(const struct slot *slot)
{
    for (unsigned int page = 0; page < RAM_PAGES; page++) {
        uint8_t *at = posix_vm_at(slot->vm, RIG_VM_IPA + page * FFA_PAGE_SIZE);

        if (at[0] == 0x01 && at[1] == 0x80) {
            return at;
        }
    }
    return NULL;
}

static void read_rx(const struct vcpu *vcpu, const struct answer *answer, const uint64_t *before)
{
    struct list list = {.status = FFA_OK, .count = (unsigned int)answer->regs.x[2]};
    size_t stride = answer->regs.x[3] == 0 ? sizeof(struct ffa_partition_info_1_0)
                                           : sizeof(struct ffa_partition_info_1_1);
    uint8_t *rx = find_rx(vcpu->slot);

    stress_expect(rx != NULL && list.count <= LIST_MAX, vcpu->slot, "a list is in RX");
    if (rx == NULL || list.count > LIST_MAX) {
        return;
    }
    for (unsigned int i = 0; i < list.count; i++) {
        memcpy(&list.entry[i], rx + i * stride, stride);
    }
    rx[0] = 0;
    check_list(vcpu->slot, &list, before);
}

static void do_list(struct vcpu *vcpu)
{
    struct slot *slot = vcpu->slot;
    bool count_only = stress_roll(&vcpu->dice, 4) == 0;
    uint64_t before[VMS];
    struct answer answer;

    read_known(before);
    answer = CALL_ON(slot->vm, vcpu->index, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, count_only);
    if (answer.status == FFA_OK && !count_only) {
        vcpu->filled = true;
        if (slot->orderly) {
            read_rx(vcpu, &answer, before);
        }
    }
}

static void do_list_registers(struct vcpu *vcpu)
{
    struct slot *slot = vcpu->slot;
    struct list list = {.status = FFA_OK};
    struct answer answer;
    uint64_t before[VMS];

    read_known(before);
    do {
        answer = CALL_ON(slot->vm, vcpu->index, FFA_PARTITION_INFO_GET_REGS, 0, 0,
                         ffa_info_regs_in_make((uint16_t)list.count, list.tag));
        list.status = answer.status;
        if (answer.status != FFA_OK) {
            stress_expect(answer.status == FFA_NOT_SUPPORTED || list.count > 0, slot,
                          "who is final at 1.2 sees itself");
            stress_expect(list.count == 0 || answer.status == FFA_RETRY, slot,
                          "a list that goes on goes on, or starts again");
            return;
        }
        stress_expect(list_read_part(&list, &answer), slot, "an answer with a list holds together");
    } while (list.count <= ffa_info_regs_out_last(answer.regs.x[2]) && list.count < LIST_MAX);
    check_list(slot, &list, before);
}

/* Any ID, any arguments. */
static void do_nonsense(struct vcpu *vcpu)
{
    uint64_t fid = FFA_NUMBER_FIRST + stress_roll(&vcpu->dice, 0x90);
    uint64_t x1 = (uint64_t)stress_roll(&vcpu->dice, 1u << 31) << stress_roll(&vcpu->dice, 32);

    if (fid == ffa_fid_number(FFA_RX_RELEASE) && vcpu->slot->orderly) {
        return;
    }
    fid |= stress_roll(&vcpu->dice, 2) ? FFA_FN64_BASE : FFA_FN32_BASE;
    if (fid == FFA_PARTITION_INFO_GET || fid == FFA_VERSION || fid == FFA_MSG_WAIT) {
        return; /* these have their own turns, or wait and give RX back */
    }
    CALL_ON(vcpu->slot->vm, vcpu->index, fid, x1, x1 >> 7, x1 >> 13, x1 >> 3);
}

static void (*const doings[])(struct vcpu *vcpu) = {
    do_version,        do_id,       do_map,  do_map,  do_unmap,
    do_release,        do_release,  do_list, do_list, do_list_registers,
    do_list_registers, do_nonsense,
};

void stress_call(struct vcpu *vcpu)
{
    doings[stress_roll(&vcpu->dice, sizeof(doings) / sizeof(doings[0]))](vcpu);
}
