/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMs that come and go share, lend and give memory to each other on several vCPUs at once: what one
 * offers, all others try to have, and the lender tries to take back meanwhile. Built with the
 * sanitizers; beside what these find, the port checks each hook, and what is left in the end.
 *
 * STRESS_SECONDS and STRESS_SEED in the environment change how long, and which dice.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "grant.h"
#include "rig.h"

#define VMS    4u
#define VCPUS  2u
#define PAGES  32u
#define OFFERS 12u

#define STEPS_A_LIFE 80u

struct slot {
    uint16_t id;
    struct posix_vm *vm;
    bool over;          /* no further life */
    pthread_mutex_t tx; /* the guest's own: over its buffers */
    pthread_barrier_t begin;
    pthread_barrier_t end;
};

struct vcpu {
    struct slot *slot;
    unsigned int index;
    uint64_t dice;
};

/* What somebody has granted, perhaps in a former life. */
struct offer {
    struct grant grant;
    uint64_t handle;
};

static struct slot slots[VMS];
static struct offer offers[OFFERS];
static pthread_mutex_t board = PTHREAD_MUTEX_INITIALIZER;
static parley_atomic64 stopping;

static struct {
    parley_counter sent;
    parley_counter retrieved;
    parley_counter relinquished;
    parley_counter reclaimed;
    parley_counter denied;
    parley_counter lives;
} tally;

static uint64_t make_dice(unsigned int number)
{
    const char *seed = getenv("STRESS_SEED");
    uint64_t value = seed != NULL ? strtoull(seed, NULL, 0) : 1;

    return value * 0x9e3779b97f4a7c15u + number * 0xd1342543de82ef95u + 1;
}

static unsigned int roll(uint64_t *dice, unsigned int sides)
{
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    return (unsigned int)((*dice * 0x2545f4914f6cdd1d >> 32) % sides);
}

static void count(parley_counter *counter, int32_t status)
{
    if (status == FFA_OK) {
        parley_counter_increment(counter);
    } else if (status == FFA_DENIED || status == FFA_ABORTED) {
        parley_counter_increment(&tally.denied);
    } else if (status != FFA_INVALID_PARAMETERS && status != FFA_NO_MEMORY && status != FFA_BUSY) {
        posix_violation("an answer of %d", status);
    }
}

/* --- Calls ------------------------------------------------------------------------------------ */

static struct offer any_offer(struct vcpu *vcpu)
{
    struct offer offer;

    pthread_mutex_lock(&board);
    offer = offers[roll(&vcpu->dice, OFFERS)];
    pthread_mutex_unlock(&board);
    return offer;
}

static void step_send(struct vcpu *vcpu)
{
    static const uint32_t fids[] = {FFA_MEM_SHARE_32, FFA_MEM_LEND_32, FFA_MEM_DONATE_32};
    struct slot *slot = vcpu->slot;
    unsigned int kind = roll(&vcpu->dice, 16) % 3;
    uint16_t to = (uint16_t)(1 + (slot->id + roll(&vcpu->dice, VMS - 1)) % VMS);
    unsigned int page = 4 + roll(&vcpu->dice, PAGES - 8);
    struct offer offer = {.handle = 0};
    struct answer answer;

    offer.grant = kind == 0   ? share_with(slot->vm, to, page_of(slot->vm, page), 1)
                  : kind == 1 ? lend_to(slot->vm, to, page_of(slot->vm, page), 4)
                              : give_to(slot->vm, to, page_of(slot->vm, page), 1);
    for (uint16_t id = 1; id <= VMS && kind == 0; id++) {
        if (id != to && id != slot->id) {
            also_to(&offer.grant, id, DATA_RO);
        }
    }
    answer = grant_send(slot->vm, fids[kind], &offer.grant);
    count(&tally.sent, answer.status);
    if (answer.status == FFA_OK) {
        offer.handle = handle_of(&answer);
        pthread_mutex_lock(&board);
        offers[roll(&vcpu->dice, OFFERS)] = offer;
        pthread_mutex_unlock(&board);
    }
}

static void step_retrieve(struct vcpu *vcpu)
{
    struct slot *slot = vcpu->slot;
    struct offer offer = any_offer(vcpu);
    struct retrieved got;
    uint8_t byte;

    if (offer.handle == 0 || offer.grant.owner == slot->id) {
        return;
    }
    got = retrieve(slot->vm, &offer.grant, offer.handle);
    count(&tally.retrieved, got.status);
    if (got.status == FFA_OK) {
        (void)posix_vm_read(slot->vm, got.range[0].address, &byte);
        (void)posix_vm_write(slot->vm, got.range[0].address, byte);
    }
}

/* With the guest's buffers in hand: the others need them. */
static void step_with_buffers(struct vcpu *vcpu)
{
    struct offer offer = any_offer(vcpu);

    pthread_mutex_lock(&vcpu->slot->tx);
    switch (roll(&vcpu->dice, 4)) {
    case 0:
        step_send(vcpu);
        break;
    case 1:
    case 2:
        step_retrieve(vcpu);
        break;
    default:
        count(&tally.relinquished,
              relinquish(vcpu->slot->vm, offer.handle,
                         roll(&vcpu->dice, 2) == 0 ? FFA_MEM_RELINQUISH_ZERO : 0));
        break;
    }
    pthread_mutex_unlock(&vcpu->slot->tx);
}

static void step(struct vcpu *vcpu)
{
    struct offer offer = any_offer(vcpu);

    if (roll(&vcpu->dice, 4) != 0) {
        step_with_buffers(vcpu);
        return;
    }
    count(&tally.reclaimed, reclaim(vcpu->slot->vm, offer.handle,
                                    roll(&vcpu->dice, 2) == 0 ? FFA_MEM_RECLAIM_ZERO : 0));
}

/* --- Lives ------------------------------------------------------------------------------------ */

static void *run_vcpu(void *argument)
{
    struct vcpu *vcpu = argument;
    struct slot *slot = vcpu->slot;

    call_vcpu = vcpu->index;
    for (;;) {
        pthread_barrier_wait(&slot->begin);
        if (slot->over) {
            return NULL;
        }
        for (unsigned int i = roll(&vcpu->dice, STEPS_A_LIFE); i > 0; i--) {
            step(vcpu);
        }
        pthread_barrier_wait(&slot->end);
    }
}

static void live(struct slot *slot, uint64_t *dice)
{
    settle(slot->vm, FFA_VERSION_1_0 + roll(dice, 3));
    if (map_buffers(slot->vm, 1).status != FFA_OK) {
        posix_violation("VM %u cannot map its buffers", slot->id);
    }
    pthread_barrier_wait(&slot->begin);
    pthread_barrier_wait(&slot->end);
    parley_counter_increment(&tally.lives);
}

static void *run_operator(void *argument)
{
    struct slot *slot = argument;
    uint64_t dice = make_dice(1000 + slot->id);
    struct parley_vm_config config = rig_friend_config(slot->id);

    config.window_ipa = RIG_WINDOW_IPA;
    config.window_pages = 32;
    while (parley_load_acquire(&stopping) == 0) {
        slot->vm = posix_vm_new("lender", RIG_VM_IPA, PAGES, true);
        if (slot->vm == NULL || posix_vm_create(slot->vm, rig_parley(), &config) != PARLEY_DONE) {
            posix_violation("VM %u cannot be created", slot->id);
            break;
        }
        do {
            live(slot, &dice);
            posix_vm_reset(slot->vm);
        } while (roll(&dice, 4) != 0 && parley_load_acquire(&stopping) == 0);
        posix_vm_destroy(slot->vm);
        posix_vm_free(slot->vm);
    }
    slot->over = true;
    pthread_barrier_wait(&slot->begin);
    return NULL;
}

/* --- The whole -------------------------------------------------------------------------------- */

static void start_slot(struct slot *slot, uint16_t id, struct vcpu *vcpus, pthread_t *threads)
{
    slot->id = id;
    pthread_mutex_init(&slot->tx, NULL);
    pthread_barrier_init(&slot->begin, NULL, VCPUS + 1);
    pthread_barrier_init(&slot->end, NULL, VCPUS + 1);
    for (unsigned int i = 0; i < VCPUS; i++) {
        vcpus[i] = (struct vcpu){.slot = slot, .index = i, .dice = make_dice(id * VCPUS + i)};
        pthread_create(&threads[i], NULL, run_vcpu, &vcpus[i]);
    }
    pthread_create(&threads[VCPUS], NULL, run_operator, slot);
}

static void run(unsigned int seconds)
{
    static struct vcpu vcpus[VMS][VCPUS];
    pthread_t threads[VMS][VCPUS + 1];

    for (unsigned int i = 0; i < VMS; i++) {
        start_slot(&slots[i], (uint16_t)(i + 1), vcpus[i], threads[i]);
    }
    nanosleep(&(struct timespec){.tv_sec = seconds}, NULL);
    parley_store_release(&stopping, 1);
    for (unsigned int i = 0; i < VMS; i++) {
        for (unsigned int j = 0; j <= VCPUS; j++) {
            pthread_join(threads[i][j], NULL);
        }
    }
}

static unsigned long long read_tally(const parley_counter *counter)
{
    return (unsigned long long)parley_counter_read(counter);
}

int main(void)
{
    const char *seconds = getenv("STRESS_SECONDS");
    struct parley_config config = rig_memory_config;
    bool good;

    call_among_others = true;
    rig_start_with(NULL, &config);
    posix_check_pages_every(64);
    posix_preempt(POSIX_PREEMPT_AT_RANDOM);
    run(seconds != NULL ? (unsigned int)strtoul(seconds, NULL, 0) : 8);
    good = rig_stop() && read_tally(&tally.retrieved) > 0 && read_tally(&tally.relinquished) > 0 &&
           read_tally(&tally.reclaimed) > 0;
    printf("%llu lives; %llu sent, %llu retrieved, %llu relinquished, %llu reclaimed, %llu "
           "denied\n",
           read_tally(&tally.lives), read_tally(&tally.sent), read_tally(&tally.retrieved),
           read_tally(&tally.relinquished), read_tally(&tally.reclaimed),
           read_tally(&tally.denied));
    printf("%d passed, %d failed\n", good, !good);
    return !good;
}
