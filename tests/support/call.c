/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define POISON_HIGH 0xbad1bad200000000ull

bool call_among_others;
_Thread_local unsigned int call_vcpu;
const struct ffa_uuid nil_uuid;

static struct parley_regs poisoned(const uint64_t *arguments, unsigned int count)
{
    struct parley_regs regs;
    bool wide = ffa_fid_is_64((uint32_t)arguments[0]);

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        regs.x[i] = POISON_HIGH | 0x5eed0000u | (i << 8) | (uint32_t)arguments[0] % 0x100u;
        if (i < count) {
            bool whole = wide && i > 0;

            regs.x[i] = whole ? arguments[i] : POISON_HIGH | (uint32_t)arguments[i];
        }
    }
    return regs;
}

/* A call that fails changes nothing; each is counted once. */
static void check_state(const struct posix_vm *vm, const struct answer *answer,
                        const struct parley_vm_status *before, const struct parley_vm_status *after)
{
    bool failed = answer->fid == FFA_ERROR;
    unsigned int code = failed ? (unsigned int)-answer->status : 0;

    if (failed && (before->rx != after->rx || before->generation != after->generation)) {
        posix_violation("%s: a call failed with %d and changed something", posix_vm_name(vm),
                        answer->status);
    }
    if (before->version != 0 && before->version != after->version) {
        posix_violation("%s: the version changed after it was final", posix_vm_name(vm));
    }
    if (after->counters.calls != before->counters.calls + 1) {
        posix_violation("%s: one call counts as %llu", posix_vm_name(vm),
                        (unsigned long long)(after->counters.calls - before->counters.calls));
    }
    if (failed && after->counters.refused[code] != before->counters.refused[code] + 1) {
        posix_violation("%s: a refusal with %d is not counted", posix_vm_name(vm), answer->status);
    }
}

static struct answer read_answer(uint32_t fid, const struct parley_regs *regs)
{
    struct answer answer = {.fid = (uint32_t)regs->x[0], .status = FFA_OK, .regs = *regs};

    if (fid != FFA_VERSION && answer.fid == FFA_ERROR) {
        answer.status = (int32_t)(uint32_t)regs->x[2];
    }
    return answer;
}

struct answer call_with(struct posix_vm *vm, unsigned int vcpu, const uint64_t *arguments,
                        unsigned int count)
{
    struct parley_regs regs = poisoned(arguments, count);
    struct parley_regs made = regs;
    struct parley_vm_status before;
    struct parley_vm_status after;
    enum parley_outcome outcome;
    struct answer answer;

    parley_vm_status(posix_vm_parley(vm), &before);
    outcome = posix_call(vm, vcpu, &regs);
    if (outcome == PARLEY_BLOCK) {
        posix_violation("%s: call %#x waits", posix_vm_name(vm), (unsigned int)arguments[0]);
        outcome = posix_interrupt(vm, vcpu, &regs);
    }
    if (outcome != PARLEY_RETURN && outcome != PARLEY_YIELD) {
        posix_violation("%s: call %#x is said not to be FF-A's", posix_vm_name(vm),
                        (unsigned int)arguments[0]);
    }
    parley_vm_status(posix_vm_parley(vm), &after);
    answer = read_answer((uint32_t)arguments[0], &regs);
    answer.yields = outcome == PARLEY_YIELD;
    check_hygiene(vm, &made, &regs, before.version, after.version);
    if (!call_among_others) {
        check_state(vm, &answer, &before, &after);
    }
    return answer;
}

/* --- Calls that wait -------------------------------------------------------------------------- */

static uint32_t version_of(const struct posix_vm *vm)
{
    struct parley_vm_status status;

    parley_vm_status(posix_vm_parley(vm), &status);
    return status.version;
}

struct waiting wait_with(struct posix_vm *vm, unsigned int vcpu, const uint64_t *arguments,
                         unsigned int count)
{
    struct waiting waiting = {
        .vm = vm,
        .vcpu = vcpu,
        .made = poisoned(arguments, count),
        .version = version_of(vm),
    };

    waiting.regs = waiting.made;
    if (posix_call(vm, vcpu, &waiting.regs) != PARLEY_BLOCK) {
        posix_violation("%s: call %#x does not wait: %#llx, %lld", posix_vm_name(vm),
                        (unsigned int)arguments[0], (unsigned long long)waiting.regs.x[0],
                        (long long)(int32_t)waiting.regs.x[2]);
    }
    return waiting;
}

/* The end of one that was blocked. */
static struct answer over(struct waiting *waiting, enum parley_outcome outcome, const char *after)
{
    uint32_t fid = (uint32_t)waiting->made.x[0];
    struct answer answer = read_answer(fid, &waiting->regs);

    if (outcome != PARLEY_RETURN) {
        posix_violation("%s: call %#x waits on after %s", posix_vm_name(waiting->vm), fid, after);
        return answer;
    }
    check_hygiene(waiting->vm, &waiting->made, &waiting->regs, waiting->version, waiting->version);
    return answer;
}

struct answer woken(struct waiting *waiting)
{
    if (!posix_vcpu_take_wake(waiting->vm, waiting->vcpu)) {
        posix_violation("%s: vCPU %u is not woken", posix_vm_name(waiting->vm), waiting->vcpu);
    }
    return over(waiting, posix_continue(waiting->vm, waiting->vcpu, &waiting->regs), "its wake");
}

bool still_waits(struct waiting *waiting)
{
    return !posix_vcpu_take_wake(waiting->vm, waiting->vcpu) &&
           posix_continue(waiting->vm, waiting->vcpu, &waiting->regs) == PARLEY_BLOCK;
}

struct answer interrupted(struct waiting *waiting)
{
    return over(waiting, posix_interrupt(waiting->vm, waiting->vcpu, &waiting->regs),
                "an interrupt");
}

bool same_payload(const struct parley_regs *a, const struct parley_regs *b, unsigned int first,
                  unsigned int last)
{
    for (unsigned int i = first; i <= last; i++) {
        if (a->x[i] != b->x[i]) {
            return false;
        }
    }
    return true;
}

/* --- Beginnings ------------------------------------------------------------------------------- */

uint32_t ask_version(struct posix_vm *vm, uint32_t version)
{
    return CALL(vm, FFA_VERSION, version).fid;
}

void settle(struct posix_vm *vm, uint32_t version)
{
    struct parley_vm_status status;

    if (ask_version(vm, version) != PARLEY_FFA_VERSION || CALL(vm, FFA_ID_GET).status != FFA_OK) {
        posix_violation("%s: cannot settle on version %#x", posix_vm_name(vm), version);
    }
    parley_vm_status(posix_vm_parley(vm), &status);
    if (status.version != version) {
        posix_violation("%s: settled on %#x, but it is %#x", posix_vm_name(vm), version,
                        status.version);
    }
}

uint64_t tx_ipa(const struct posix_vm *vm)
{
    return posix_vm_ram_ipa(vm);
}

uint64_t rx_ipa(const struct posix_vm *vm, unsigned int pages)
{
    return posix_vm_ram_ipa(vm) + (uint64_t)pages * FFA_PAGE_SIZE;
}

struct answer map_buffers(struct posix_vm *vm, unsigned int pages)
{
    uint64_t fid = posix_vm_is_aarch64(vm) ? FFA_RXTX_MAP_64 : FFA_RXTX_MAP_32;

    return CALL(vm, fid, tx_ipa(vm), rx_ipa(vm, pages), pages);
}

/* --- Discovery -------------------------------------------------------------------------------- */

unsigned int list_find(const struct list *list, uint16_t id)
{
    unsigned int i = 0;

    while (i < list->count && list->entry[i].id != id) {
        i++;
    }
    return i;
}

static struct answer info_get(struct posix_vm *vm, const struct ffa_uuid *uuid, uint32_t flags)
{
    return CALL(vm, FFA_PARTITION_INFO_GET, ffa_uuid_to_u32(uuid, 0), ffa_uuid_to_u32(uuid, 1),
                ffa_uuid_to_u32(uuid, 2), ffa_uuid_to_u32(uuid, 3), flags);
}

int64_t list_count(struct posix_vm *vm, const struct ffa_uuid *uuid)
{
    struct answer answer = info_get(vm, uuid, FFA_PARTITION_INFO_GET_COUNT_ONLY);

    if (answer.status == FFA_OK && answer.regs.x[3] != 0) {
        posix_violation("%s: a size comes with a mere count", posix_vm_name(vm));
    }
    return answer.status == FFA_OK ? (int64_t)answer.regs.x[2] : answer.status;
}

static uint32_t stride_of(struct posix_vm *vm, const struct answer *answer)
{
    struct parley_vm_status status;
    bool is_1_0;

    parley_vm_status(posix_vm_parley(vm), &status);
    is_1_0 = status.version == FFA_VERSION_1_0;
    if (answer->regs.x[3] != (is_1_0 ? 0 : sizeof(struct ffa_partition_info_1_1))) {
        posix_violation("%s: the size of a descriptor is %llu", posix_vm_name(vm),
                        (unsigned long long)answer->regs.x[3]);
    }
    return is_1_0 ? sizeof(struct ffa_partition_info_1_0) : sizeof(struct ffa_partition_info_1_1);
}

/* What is behind the last entry must be zero: nobody's stale bytes. */
static void check_tail(const struct posix_vm *vm, const uint8_t *rx, size_t used, size_t bytes)
{
    for (size_t i = used; i < bytes; i++) {
        if (rx[i] != 0) {
            posix_violation("%s: byte %zu of RX, after the list, is %#x", posix_vm_name(vm), i,
                            rx[i]);
            return;
        }
    }
}

struct list list_by_buffer(struct posix_vm *vm, const struct ffa_uuid *uuid, unsigned int pages)
{
    uint8_t *rx = posix_vm_at(vm, rx_ipa(vm, pages));
    struct list list = {.status = FFA_OK};
    struct answer answer;
    uint32_t stride;

    memset(rx, 0x5a, (size_t)pages * FFA_PAGE_SIZE);
    answer = info_get(vm, uuid, 0);
    list.status = answer.status;
    if (answer.status != FFA_OK) {
        return list;
    }
    list.count = (unsigned int)answer.regs.x[2];
    stride = stride_of(vm, &answer);
    check_tail(vm, rx, (size_t)stride * list.count, (size_t)pages * FFA_PAGE_SIZE);
    for (unsigned int i = 0; i < list.count && i < LIST_MAX; i++) {
        memcpy(&list.entry[i], rx + (size_t)i * stride, stride);
    }
    if (CALL(vm, FFA_RX_RELEASE, 0).status != FFA_OK) {
        posix_violation("%s: RX cannot be released after a list", posix_vm_name(vm));
    }
    return list;
}

static void read_entry(struct ffa_partition_info_1_1 *entry, const uint64_t *regs)
{
    entry->id = ffa_info_regs_desc_id(regs[0]);
    entry->contexts = ffa_info_regs_desc_contexts(regs[0]);
    entry->properties = ffa_info_regs_desc_properties(regs[0]);
    entry->uuid = ffa_uuid_from_u64(regs[1], regs[2]);
}

bool list_read_part(struct list *list, const struct answer *answer)
{
    uint64_t x2 = answer->regs.x[2];
    unsigned int last = ffa_info_regs_out_last(x2);
    unsigned int current = ffa_info_regs_out_current(x2);
    unsigned int register_number = 3;

    if (current < list->count || current > last || current - list->count >= 5 ||
        ffa_info_regs_out_size(x2) != sizeof(list->entry[0])) {
        return false;
    }
    while (list->count <= current && list->count < LIST_MAX) {
        read_entry(&list->entry[list->count++], &answer->regs.x[register_number]);
        register_number += FFA_PARTITION_INFO_GET_REGS_PER_DESC;
    }
    for (; register_number < FFA_REGS_MAX; register_number++) {
        if (answer->regs.x[register_number] != 0) {
            return false;
        }
    }
    list->tag = ffa_info_regs_out_tag(x2);
    return true;
}

struct list list_by_registers(struct posix_vm *vm, const struct ffa_uuid *uuid)
{
    struct list list = {.status = FFA_OK};
    struct answer answer;

    do {
        answer =
            CALL(vm, FFA_PARTITION_INFO_GET_REGS, ffa_uuid_to_u64(uuid, 0),
                 ffa_uuid_to_u64(uuid, 1), ffa_info_regs_in_make((uint16_t)list.count, list.tag));
        list.status = answer.status;
        if (answer.status == FFA_OK && !list_read_part(&list, &answer)) {
            posix_violation("%s: a wrong answer of %llu to FFA_PARTITION_INFO_GET_REGS",
                            posix_vm_name(vm), (unsigned long long)answer.regs.x[2]);
            break;
        }
    } while (answer.status == FFA_OK && list.count <= ffa_info_regs_out_last(answer.regs.x[2]) &&
             list.count < LIST_MAX);
    return list;
}
