/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many vCPUs at once: they negotiate, map, unmap, list and talk nonsense, while their VMs are
 * created, reset and destroyed. Built with the sanitizers; beside what these find, the rules that
 * hold under every schedule are checked after each call.
 *
 * STRESS_SECONDS and STRESS_SEED in the environment change how long, and which dice.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "rig.h"

#define VMS          6u
#define VCPUS        3u
#define RAM_PAGES    RIG_VM_PAGES
#define PAGES_MAX    4u
#define CALLS_A_LIFE 60u

/* Who sees whom: each the next two. The last one is seen by nobody. */
#define HIDDEN (VMS - 1u)

/* What is known of a VM from outside. */
enum known {
    KNOWN_NOTHING, /* it is on its way to somewhere */
    KNOWN_GONE,    /* there is none, or none that could be final */
    KNOWN_MEMBER,  /* final, and alive */
};

/* One ID, the VM that has it now, and the threads that stand for it. */
struct slot {
    unsigned int index;
    struct posix_vm *vm;
    struct ffa_uuid uuid;
    parley_atomic64 known;   /* enum known in [1:0]; counts its changes above */
    parley_atomic64 version; /* in force in this life, as any vCPU has seen it */
    bool orderly;            /* whoever filled RX releases it, and nobody else */
    bool over;               /* no further life */
    pthread_barrier_t begin;
    pthread_barrier_t end;
};

static struct slot slots[VMS];
static parley_atomic64 stopping;
static parley_counter calls_made;
static parley_counter lives_lived;
static parley_counter lists_read;

/* --- Dice ------------------------------------------------------------------------------------- */

struct dice {
    uint64_t state;
};

static uint64_t seed;

static struct dice dice_make(unsigned int number)
{
    return (struct dice){seed * 0x9e3779b97f4a7c15u + number * 0xd1342543de82ef95u + 1};
}

static unsigned int roll(struct dice *dice, unsigned int sides)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return (unsigned int)(dice->state >> 20) % sides;
}

static void expect(bool held, const struct slot *slot, const char *rule)
{
    if (!held) {
        posix_violation("VM %u: not so: %s", slot->index + 1, rule);
    }
}

/* --- What is known of others ------------------------------------------------------------------ */

static void make_known(struct slot *slot, enum known known)
{
    uint64_t changes = parley_load_acquire(&slot->known) >> 2;

    parley_store_release(&slot->known, (changes + 1) << 2 | known);
}

static bool sees(const struct slot *slot, unsigned int other)
{
    unsigned int distance = (other + VMS - slot->index) % VMS;

    return other != HIDDEN && (distance == 1 || distance == 2);
}

static void read_known(uint64_t *known)
{
    for (unsigned int i = 0; i < VMS; i++) {
        known[i] = parley_load_acquire(&slots[i].known);
    }
}

/* Every entry is what its VM is, and there for a reason. */
static void check_entry(const struct slot *slot, const struct ffa_partition_info_1_1 *entry)
{
    unsigned int other = entry->id - 1u;

    if (ffa_id_is_secure(entry->id)) {
        expect(entry->id >= 0x8001 && entry->id <= 0x8003, slot, "a partition is one there is");
        return;
    }
    if (other >= VMS) {
        expect(false, slot, "a VM in a list is one there is");
        return;
    }
    expect(other == slot->index || sees(slot, other), slot, "a VM in a list may be seen");
    expect(entry->contexts == VCPUS, slot, "a VM in a list has its vCPUs");
    expect(ffa_uuid_is_nil(&entry->uuid) || ffa_uuid_equal(&entry->uuid, &slots[other].uuid), slot,
           "a VM in a list has its UUID");
}

/* Whoever was there all the time is listed, whoever was not is not. */
static void check_members(const struct slot *slot, const struct list *list, const uint64_t *before)
{
    for (unsigned int i = 0; i < VMS; i++) {
        bool listed = list_find(list, (uint16_t)(i + 1)) < list->count;
        uint64_t now = parley_load_acquire(&slots[i].known);

        if (i == slot->index || now != before[i]) {
            continue;
        }
        expect((now & 3) != KNOWN_GONE || !listed, slot, "who is gone is not listed");
        expect((now & 3) != KNOWN_MEMBER || listed || !sees(slot, i), slot,
               "who is a member is listed");
    }
}

static void check_list(const struct slot *slot, const struct list *list, const uint64_t *before)
{
    if (list->status != FFA_OK) {
        return;
    }
    parley_counter_increment(&lists_read);
    for (unsigned int i = 0; i < list->count; i++) {
        check_entry(slot, &list->entry[i]);
    }
    for (unsigned int i = 1; i < list->count; i++) {
        bool vm = !ffa_id_is_secure(list->entry[i].id);
        bool after_vm = !ffa_id_is_secure(list->entry[i - 1].id);

        expect(vm || !after_vm, slot, "partitions come before VMs");
        expect(!vm || !after_vm || list->entry[i].id > list->entry[i - 1].id, slot,
               "VMs come by their IDs");
    }
    check_members(slot, list, before);
}

/* --- Calls ------------------------------------------------------------------------------------ */

struct vcpu {
    struct slot *slot;
    unsigned int index;
    struct dice dice;
    bool filled; /* by this vCPU, and not released */
};

static void do_version(struct vcpu *vcpu)
{
    static const uint32_t asked[] = {
        FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2, FFA_VERSION_1_2,
        0x00010007,      0x00020000,      0x80010001,      0};
    uint32_t w1 = asked[roll(&vcpu->dice, 8)];
    uint32_t w0 = CALL_ON(vcpu->slot->vm, vcpu->index, FFA_VERSION, w1).fid;

    expect(w0 == PARLEY_FFA_VERSION || w0 == 0xffffffff, vcpu->slot, "FFA_VERSION answers");
    expect(w1 >> 31 == 0 || w0 == 0xffffffff, vcpu->slot, "bit 31 is refused");
}

static void do_id(struct vcpu *vcpu)
{
    struct answer answer = CALL_ON(vcpu->slot->vm, vcpu->index, FFA_ID_GET);

    expect(answer.status == FFA_NOT_SUPPORTED || answer.regs.x[2] == vcpu->slot->index + 1,
           vcpu->slot, "FFA_ID_GET answers the VM's ID");
}

static void do_map(struct vcpu *vcpu)
{
    uint64_t tx = roll(&vcpu->dice, RAM_PAGES + 1);
    uint64_t rx = roll(&vcpu->dice, RAM_PAGES + 1);
    uint64_t pages = roll(&vcpu->dice, PAGES_MAX + 2);
    uint64_t fid = roll(&vcpu->dice, 2) ? FFA_RXTX_MAP_64 : FFA_RXTX_MAP_32;
    int32_t status = CALL_ON(vcpu->slot->vm, vcpu->index, fid, RIG_VM_IPA + tx * FFA_PAGE_SIZE,
                             RIG_VM_IPA + rx * FFA_PAGE_SIZE, pages)
                         .status;
    uint64_t distance = tx > rx ? tx - rx : rx - tx;
    bool legal = pages >= 1 && pages <= PAGES_MAX && distance >= pages && tx + pages <= RAM_PAGES &&
                 rx + pages <= RAM_PAGES;

    expect(status != FFA_OK || legal, vcpu->slot, "what is mapped may be mapped");
    expect(status != FFA_INVALID_PARAMETERS || !legal, vcpu->slot, "what may be mapped is valid");
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
    expect(status == FFA_OK || !vcpu->slot->orderly, vcpu->slot, "who filled RX can release it");
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

    expect(rx != NULL && list.count <= LIST_MAX, vcpu->slot, "a list is in RX");
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
    bool count_only = roll(&vcpu->dice, 4) == 0;
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
            expect(answer.status == FFA_NOT_SUPPORTED || list.count > 0, slot,
                   "who is final at 1.2 sees itself");
            expect(list.count == 0 || answer.status == FFA_RETRY, slot,
                   "a list that goes on goes on, or starts again");
            return;
        }
        expect(list_read_part(&list, &answer), slot, "an answer with a list holds together");
    } while (list.count <= ffa_info_regs_out_last(answer.regs.x[2]) && list.count < LIST_MAX);
    check_list(slot, &list, before);
}

/* Any ID, any arguments. */
static void do_nonsense(struct vcpu *vcpu)
{
    uint64_t fid = FFA_NUMBER_FIRST + roll(&vcpu->dice, 0x90);
    uint64_t x1 = (uint64_t)roll(&vcpu->dice, 1u << 31) << roll(&vcpu->dice, 32);

    if (fid == ffa_fid_number(FFA_RX_RELEASE) && vcpu->slot->orderly) {
        return;
    }
    fid |= roll(&vcpu->dice, 2) ? FFA_FN64_BASE : FFA_FN32_BASE;
    if (fid == FFA_PARTITION_INFO_GET || fid == FFA_VERSION) {
        return; /* these have their own turns */
    }
    CALL_ON(vcpu->slot->vm, vcpu->index, fid, x1, x1 >> 7, x1 >> 13, x1 >> 3);
}

static void (*const doings[])(struct vcpu *vcpu) = {
    do_version,        do_id,       do_map,  do_map,  do_unmap,
    do_release,        do_release,  do_list, do_list, do_list_registers,
    do_list_registers, do_nonsense,
};

/* The version in force in this life is one, whoever looks, and stays. */
static void check_version(struct slot *slot)
{
    uint64_t seen = parley_load_acquire(&slot->version); /* before looking again */
    uint32_t version = rig_vm_status(slot->vm).version;

    if (seen == 0 && version != 0 && parley_compare_exchange(&slot->version, &seen, version)) {
        return;
    }
    expect(seen == 0 || seen == version, slot, "there is one version in a life");
}

static void *run_vcpu(void *argument)
{
    struct vcpu *vcpu = argument;
    struct slot *slot = vcpu->slot;

    for (;;) {
        pthread_barrier_wait(&slot->begin);
        if (slot->over) {
            return NULL;
        }
        vcpu->filled = false;
        for (unsigned int i = roll(&vcpu->dice, CALLS_A_LIFE); i > 0; i--) {
            doings[roll(&vcpu->dice, sizeof(doings) / sizeof(doings[0]))](vcpu);
            check_version(slot);
            parley_counter_increment(&calls_made);
        }
        pthread_barrier_wait(&slot->end);
    }
}

/* --- Lives ------------------------------------------------------------------------------------ */

static void create(struct slot *slot)
{
    uint16_t id = (uint16_t)(slot->index + 1);
    struct parley_vm_config config = {.id = id,
                                      .vcpus = VCPUS,
                                      .uuids = &slot->uuid,
                                      .uuid_count = 1,
                                      .secure_rights = PARLEY_MAY_DISCOVER,
                                      .rxtx_pages_max = PAGES_MAX};
    struct parley_peer peers[VMS];

    for (unsigned int i = 0; i < VMS; i++) {
        if (i != slot->index && sees(slot, i)) {
            peers[config.peer_count++] =
                (struct parley_peer){.id = (uint16_t)(i + 1), .rights = PARLEY_MAY_DISCOVER};
        }
    }
    config.peers = peers;
    for (;;) {
        enum parley_progress progress = posix_vm_create(slot->vm, rig_parley(), &config);

        if (progress == PARLEY_DONE) {
            return;
        }
        expect(progress == PARLEY_REFUSED_ID_USED, slot, "only a rival can be in the way");
        sched_yield();
    }
}

/* One life of a VM that exists: its vCPUs run free, or settle before. */
static void live(struct slot *slot, struct dice *dice)
{
    parley_store_release(&slot->version, 0);
    slot->orderly = roll(dice, 2) == 0;
    if (roll(dice, 2) == 0) {
        settle(slot->vm, FFA_VERSION_1_0 + roll(dice, 3));
        make_known(slot, KNOWN_MEMBER);
    } else {
        make_known(slot, KNOWN_NOTHING);
    }
    pthread_barrier_wait(&slot->begin);
    pthread_barrier_wait(&slot->end);
    make_known(slot, KNOWN_NOTHING);
    posix_vm_clear_ram(slot->vm);
    parley_counter_increment(&lives_lived);
}

static void destroy(struct slot *slot, struct dice *dice)
{
    enum parley_progress progress = PARLEY_DONE;

    if (roll(dice, 3) == 0) {
        progress = parley_vm_reset(posix_vm_parley(slot->vm)); /* which is cut short */
    }
    expect(progress == PARLEY_DONE || progress == PARLEY_AGAIN, slot, "a reset begins");
    posix_vm_destroy(slot->vm);
    make_known(slot, KNOWN_GONE);
    for (unsigned int i = roll(dice, 20); i > 0; i--) {
        sched_yield();
    }
    make_known(slot, KNOWN_NOTHING);
}

static void *run_operator(void *argument)
{
    struct slot *slot = argument;
    struct dice dice = dice_make(1000 + slot->index);

    while (parley_load_acquire(&stopping) == 0) {
        create(slot);
        do {
            live(slot, &dice);
            posix_vm_reset(slot->vm);
        } while (roll(&dice, 4) != 0 && parley_load_acquire(&stopping) == 0);
        destroy(slot, &dice);
    }
    slot->over = true;
    pthread_barrier_wait(&slot->begin);
    return NULL;
}

/* Somebody else wants the same IDs, and gives them back at once. */
static void *run_rival(void *argument)
{
    struct posix_vm *vm = argument;
    struct dice dice = dice_make(2000);

    while (parley_load_acquire(&stopping) == 0) {
        struct parley_vm_config config = rig_vm_config((uint16_t)(1 + roll(&dice, VMS)));

        if (posix_vm_create(vm, rig_parley(), &config) == PARLEY_DONE) {
            posix_vm_destroy(vm);
        }
        if (rig_status().vms > VMS + 1) {
            posix_violation("there are more VMs than IDs");
        }
        sched_yield();
    }
    return NULL;
}

/* --- The whole -------------------------------------------------------------------------------- */

static void start_slot(struct slot *slot, unsigned int index, struct vcpu *vcpus,
                       pthread_t *threads)
{
    slot->index = index;
    slot->vm = rig_ram(true);
    for (unsigned int i = 0; i < 16; i++) {
        slot->uuid.bytes[i] = (uint8_t)(index * 16 + i + 1);
    }
    pthread_barrier_init(&slot->begin, NULL, VCPUS + 1);
    pthread_barrier_init(&slot->end, NULL, VCPUS + 1);
    for (unsigned int i = 0; i < VCPUS; i++) {
        vcpus[i] = (struct vcpu){.slot = slot, .index = i, .dice = dice_make(index * VCPUS + i)};
        pthread_create(&threads[i], NULL, run_vcpu, &vcpus[i]);
    }
    pthread_create(&threads[VCPUS], NULL, run_operator, slot);
}

static unsigned int number_from(const char *name, unsigned int otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? (unsigned int)strtoul(text, NULL, 0) : otherwise;
}

static void run(unsigned int seconds)
{
    static struct vcpu vcpus[VMS][VCPUS];
    pthread_t threads[VMS][VCPUS + 1];
    pthread_t rival;

    for (unsigned int i = 0; i < VMS; i++) {
        start_slot(&slots[i], i, vcpus[i], threads[i]);
    }
    pthread_create(&rival, NULL, run_rival, rig_ram(true));
    nanosleep(&(struct timespec){.tv_sec = seconds}, NULL);
    parley_store_release(&stopping, 1);
    pthread_join(rival, NULL);
    for (unsigned int i = 0; i < VMS; i++) {
        for (unsigned int j = 0; j <= VCPUS; j++) {
            pthread_join(threads[i][j], NULL);
        }
    }
}

int main(void)
{
    bool good;

    seed = number_from("STRESS_SEED", 1);
    call_among_others = true;
    rig_start(&posix_spmc_1_2);
    posix_check_pages_every(16);
    run(number_from("STRESS_SECONDS", 15));
    expect(rig_status().vms == 0, &slots[0], "all VMs are gone in the end");
    good = rig_stop() && parley_counter_read(&lists_read) > 0;
    printf("%llu calls in %llu lives, %llu lists read; seed %llu\n",
           (unsigned long long)parley_counter_read(&calls_made),
           (unsigned long long)parley_counter_read(&lives_lived),
           (unsigned long long)parley_counter_read(&lists_read), (unsigned long long)seed);
    printf("%d passed, %d failed\n", good, !good);
    return !good;
}
