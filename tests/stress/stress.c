/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many vCPUs at once: they negotiate, map, unmap, list and talk nonsense, while their VMs are
 * created, reset and destroyed. Built with the sanitizers; beside what these find, the rules that
 * hold under every schedule are checked after each call.
 *
 * STRESS_SECONDS and STRESS_SEED in the environment change how long, and which dice.
 */
#define _POSIX_C_SOURCE 200809L
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stress.h"

/* How long a life is, in calls of one vCPU. */
#define CALLS_A_LIFE 60u

static parley_atomic64 stopping;
static parley_counter calls_made;
static parley_counter lives_lived;

static void make_known(struct slot *slot, enum known known)
{
    uint64_t changes = parley_load_acquire(&slot->known) >> 2;

    parley_store_release(&slot->known, (changes + 1) << 2 | known);
}

/* The version in force in this life is one, whoever looks, and stays. */
static void check_version(struct slot *slot)
{
    uint64_t seen = parley_load_acquire(&slot->version); /* before looking again */
    uint32_t version = rig_vm_status(slot->vm).version;

    if (seen == 0 && version != 0 && parley_compare_exchange(&slot->version, &seen, version)) {
        return;
    }
    stress_expect(seen == 0 || seen == version, slot, "there is one version in a life");
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
        for (unsigned int i = stress_roll(&vcpu->dice, CALLS_A_LIFE); i > 0; i--) {
            stress_call(vcpu);
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
        if (i != slot->index && stress_sees(slot, i)) {
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
        stress_expect(progress == PARLEY_REFUSED_ID_USED, slot, "only a rival can be in the way");
        sched_yield();
    }
}

/* One life of a VM that exists: its vCPUs run free, or settle before. */
static void live(struct slot *slot, struct dice *dice)
{
    parley_store_release(&slot->version, 0);
    slot->orderly = stress_roll(dice, 2) == 0;
    if (stress_roll(dice, 2) == 0) {
        settle(slot->vm, FFA_VERSION_1_0 + stress_roll(dice, 3));
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

    if (stress_roll(dice, 3) == 0) {
        progress = parley_vm_reset(posix_vm_parley(slot->vm)); /* which is cut short */
    }
    stress_expect(progress == PARLEY_DONE || progress == PARLEY_AGAIN, slot, "a reset begins");
    posix_vm_destroy(slot->vm);
    make_known(slot, KNOWN_GONE);
    for (unsigned int i = stress_roll(dice, 20); i > 0; i--) {
        sched_yield();
    }
    make_known(slot, KNOWN_NOTHING);
}

static void *run_operator(void *argument)
{
    struct slot *slot = argument;
    struct dice dice = stress_dice(1000 + slot->index);

    while (parley_load_acquire(&stopping) == 0) {
        create(slot);
        do {
            live(slot, &dice);
            posix_vm_reset(slot->vm);
        } while (stress_roll(&dice, 4) != 0 && parley_load_acquire(&stopping) == 0);
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
    struct dice dice = stress_dice(2000);

    while (parley_load_acquire(&stopping) == 0) {
        struct parley_vm_config config = rig_vm_config((uint16_t)(1 + stress_roll(&dice, VMS)));

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
        vcpus[i] = (struct vcpu){.slot = slot, .index = i, .dice = stress_dice(index * VCPUS + i)};
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
        start_slot(&stress_slots[i], i, vcpus[i], threads[i]);
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

    stress_seed = number_from("STRESS_SEED", 1);
    call_among_others = true;
    rig_start(&posix_spmc_1_2);
    posix_check_pages_every(16);
    run(number_from("STRESS_SECONDS", 15));
    stress_expect(rig_status().vms == 0, &stress_slots[0], "all VMs are gone in the end");
    good = rig_stop() && parley_counter_read(&stress_lists_read) > 0;
    printf("%llu calls in %llu lives, %llu lists read; seed %llu\n",
           (unsigned long long)parley_counter_read(&calls_made),
           (unsigned long long)parley_counter_read(&lives_lived),
           (unsigned long long)parley_counter_read(&stress_lists_read),
           (unsigned long long)stress_seed);
    printf("%d passed, %d failed\n", good, !good);
    return !good;
}
