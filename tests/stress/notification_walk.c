/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A random walk of notifications between VMs, beside a simple model of them: each status, each bit
 * and each interrupt must be the model's. No bit is lost, and none invented.
 *
 *     notification_walk [STEPS [SEED]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "notification_model.h"
#include "rig.h"

#define STEPS 1000000u
#define SEED  1u

/* Random bits without these are never taken for an address of the hypervisor's (posix.h). */
#define LOOKS_LIKE_AN_ADDRESS (1ull << 26 | 1ull << 58)

#define MUTE   6u /* it receives no notifications */
#define BARRED 5u /* it may signal nobody but VM 1 */

static struct posix_vm *vms[MODEL_VMS + 1];
static uint64_t step;
static unsigned int differences;

/* What happened, for the reader to see that the walk went everywhere. */
static struct {
    uint64_t taken; /* bits */
    uint64_t set;
    uint64_t done;
    uint64_t refused;
    uint64_t lives;
} tally;

static uint64_t random_bits(void)
{
    static uint64_t seed;

    if (seed == 0) {
        seed = step + 0x9e3779b97f4a7c15;
    }
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1d >> 16;
}

static unsigned int random_below(unsigned int end)
{
    return (unsigned int)(random_bits() % end);
}

static void differ(const char *what, uint16_t id, uint64_t got, uint64_t expected)
{
    if (++differences <= 10) {
        printf("step %llu: %s of VM %u: %#llx, expected %#llx\n", (unsigned long long)step, what,
               id, (unsigned long long)got, (unsigned long long)expected);
    }
}

static void compare_status(const char *what, uint16_t id, int32_t got, int32_t expected)
{
    if (got != expected) {
        differ(what, id, (uint32_t)got, (uint32_t)expected);
    }
    if (expected == FFA_OK) {
        tally.done++;
    } else {
        tally.refused++;
    }
}

/* --- VMs -------------------------------------------------------------------------------------- */

static void create(uint16_t id)
{
    struct parley_vm_config config = rig_friend_config(id);
    struct parley_peer peers[MODEL_VMS];

    config.vcpus = MODEL_VCPUS;
    config.peers = peers;
    config.peer_count = 0;
    for (uint16_t peer = 1; peer <= MODEL_VMS; peer++) {
        if (peer != id) {
            peers[config.peer_count++] = (struct parley_peer){
                .id = peer,
                .rights = model[id].may_notify[peer] ? PARLEY_MAY_ALL : PARLEY_MAY_DISCOVER,
            };
        }
    }
    if (!model[id].receives) {
        config.properties &= ~(uint32_t)FFA_PARTITION_NOTIFICATION_RECV;
    }
    vms[id] = rig_vm(&config);
    settle(vms[id], id % 2 == 0 ? FFA_VERSION_1_1 : FFA_VERSION_1_2);
}

static void start(void)
{
    rig_start(NULL);
    posix_check_pages_every(100000);
    model_begin();
    model[MUTE].receives = false;
    for (uint16_t peer = 2; peer <= MODEL_VMS; peer++) {
        model[BARRED].may_notify[peer] = false;
    }
    for (uint16_t id = 1; id <= MODEL_VMS; id++) {
        create(id);
    }
}

static void another_life(uint16_t id)
{
    tally.lives++;
    if (!model[id].is_there) {
        model_next_life(id);
        create(id);
        return;
    }
    switch (random_below(3)) {
    case 0:
        model_end(id);
        rig_vm_end(vms[id]);
        break;
    default:
        for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
            posix_vcpu_set_online(vms[id], i, true);
        }
        model_next_life(id);
        posix_vm_reset(vms[id]);
        settle(vms[id], random_below(2) == 0 ? FFA_VERSION_1_1 : FFA_VERSION_1_2);
        break;
    }
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* Often few bits; sometimes any, or none. */
static uint64_t random_bitmap(void)
{
    uint64_t bits = 1ull << random_below(64);

    switch (random_below(8)) {
    case 0:
        bits = random_bits() | random_bits() << 40;
        break;
    case 1:
        bits = 0;
        break;
    case 2:
        break;
    default:
        bits |= 1ull << random_below(64);
        break;
    }
    return bits & ~LOOKS_LIKE_AN_ADDRESS;
}

/* Some of these, at least one; any, if there is none. */
static uint64_t random_part_of(uint64_t bits)
{
    uint64_t part = bits & (random_bits() | random_bits() << 40);

    if (bits == 0 || random_below(8) == 0) {
        return random_bitmap();
    }
    return part != 0 ? part : bits & -bits;
}

static uint16_t random_id(void)
{
    return (uint16_t)random_below(MODEL_VMS + 2);
}

static void walk_bind(uint16_t id, bool binds)
{
    uint16_t sender = random_id();
    uint64_t bits = random_bitmap();
    bool is_per_vcpu = binds && random_below(2) == 0;
    uint32_t fid = binds ? FFA_NOTIFICATION_BIND : FFA_NOTIFICATION_UNBIND;
    int32_t status = CALL_ON(vms[id], random_below(MODEL_VCPUS), fid, ffa_ids_make(sender, id),
                             is_per_vcpu, (uint32_t)bits, bits >> 32)
                         .status;
    int32_t expected = FFA_NOT_SUPPORTED;

    if (model[id].receives) {
        expected =
            binds ? model_bind(id, sender, is_per_vcpu, bits) : model_unbind(id, sender, bits);
    }
    compare_status(binds ? "bind" : "unbind", id, status, expected);
}

static void walk_set(uint16_t id)
{
    uint16_t receiver = random_id();
    uint64_t bits;
    unsigned int vcpu = random_below(2 * MODEL_VCPUS);
    uint64_t flags = 0;
    int32_t status;

    if (vcpu < MODEL_VCPUS) {
        flags = FFA_NOTIFICATION_SET_PER_VCPU | (uint64_t)vcpu << 16;
    } else {
        vcpu = MODEL_EVERY;
    }
    bits = random_part_of(model_bound(id, receiver, vcpu != MODEL_EVERY));
    status = CALL_ON(vms[id], random_below(MODEL_VCPUS), FFA_NOTIFICATION_SET,
                     ffa_ids_make(id, receiver), flags, (uint32_t)bits, bits >> 32)
                 .status;
    compare_status("set", id, status, model_set(id, receiver, vcpu, bits));
    tally.set += status == FFA_OK;
}

static void walk_get(uint16_t id)
{
    uint16_t vcpu = (uint16_t)random_below(MODEL_VCPUS);
    uint32_t flags = random_below(4) == 0 ? random_below(16) : FFA_NOTIFICATION_GET_VM;
    struct answer answer = CALL_ON(vms[id], random_below(MODEL_VCPUS), FFA_NOTIFICATION_GET,
                                   ffa_receiver_info_make(id, vcpu), flags);
    uint64_t bits = answer.regs.x[4] | answer.regs.x[5] << 32;
    uint64_t expected;

    if (!model[id].receives) {
        compare_status("get", id, answer.status, FFA_NOT_SUPPORTED);
        return;
    }
    compare_status("get", id, answer.status, FFA_OK);
    expected = model_get(id, vcpu, (flags & FFA_NOTIFICATION_GET_VM) != 0);
    if (bits != expected) {
        differ("bits", id, bits, expected);
    }
    tally.taken += (unsigned int)__builtin_popcountll(bits);
}

/* The scopes that one answer names: 1 for each vCPU, and 1 << MODEL_EVERY. */
static unsigned int named(const struct answer *answer)
{
    unsigned int lists = ffa_notification_info_lists(answer->regs.x[2]);
    unsigned int each = answer->fid == FFA_SUCCESS_64 ? 4 : 2;
    unsigned int place = 0;
    unsigned int scopes = 0;

    for (unsigned int i = 0; i < lists; i++) {
        unsigned int vcpus = ffa_notification_info_vcpus(answer->regs.x[2], i);

        place++;
        scopes |= vcpus == 0 ? 1u << MODEL_EVERY : 0;
        for (; vcpus > 0; vcpus--, place++) {
            scopes |= 1u << (answer->regs.x[3 + place / each] >> (16 * (place % each)) & 0xf);
        }
    }
    return scopes;
}

static void walk_info(uint16_t id)
{
    uint32_t fid =
        random_below(2) == 0 ? FFA_NOTIFICATION_INFO_GET_32 : FFA_NOTIFICATION_INFO_GET_64;
    struct answer answer = CALL(vms[id], fid);
    unsigned int expected = model_news(id);

    compare_status("info", id, answer.status, expected != 0 ? FFA_OK : FFA_NO_DATA);
    if (answer.status == FFA_OK && named(&answer) != expected) {
        differ("news", id, named(&answer), expected);
    }
}

static void walk_online(uint16_t id)
{
    unsigned int vcpu = random_below(MODEL_VCPUS);
    bool online = !model[id].is_online[vcpu];

    posix_vcpu_set_online(vms[id], vcpu, online);
    model_set_online(id, vcpu, online);
}

static void compare_interrupts(uint16_t id)
{
    for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
        unsigned int got = posix_vcpu_injected(vms[id], i, RIG_NPI);

        if (got != model[id].interrupts[i]) {
            differ("interrupts", id, got, model[id].interrupts[i]);
            model[id].interrupts[i] = got;
        }
    }
}

static void walk(void)
{
    uint16_t id = (uint16_t)(1 + random_below(MODEL_VMS));

    if (!model[id].is_there || random_below(2000) == 0) {
        another_life(id);
        return;
    }
    switch (random_below(16)) {
    case 0:
    case 1:
        walk_bind(id, true);
        break;
    case 2:
        walk_bind(id, false);
        break;
    case 3:
        walk_info(id);
        break;
    case 4:
        walk_online(id);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
        walk_get(id);
        break;
    default:
        walk_set(id);
        break;
    }
    for (uint16_t other = 1; other <= MODEL_VMS; other++) {
        if (model[other].is_there) {
            compare_interrupts(other);
        }
    }
}

/* What pends at the end must be there. */
static void take_the_rest(void)
{
    for (uint16_t id = 1; id <= MODEL_VMS; id++) {
        for (unsigned int i = 0; i < 4 * MODEL_VCPUS && model[id].is_there; i++) {
            walk_get(id);
        }
    }
}

int main(int count, char **arguments)
{
    uint64_t steps = count > 1 ? strtoull(arguments[1], NULL, 0) : STEPS;
    bool good;

    step = count > 2 ? strtoull(arguments[2], NULL, 0) : SEED;
    (void)random_bits();
    start();
    for (step = 0; step < steps; step++) {
        walk();
    }
    take_the_rest();
    good = rig_stop() && differences == 0;
    printf("%llu calls done, %llu refused; %llu times set, %llu bits taken; %llu lives\n",
           (unsigned long long)tally.done, (unsigned long long)tally.refused,
           (unsigned long long)tally.set, (unsigned long long)tally.taken,
           (unsigned long long)tally.lives);
    printf("%d passed, %d failed\n", good, !good);
    return !good;
}
