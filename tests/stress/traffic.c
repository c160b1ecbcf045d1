/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages and notifications among VMs that come and go, and with Secure Partitions, on vCPUs that
 * move between CPUs, wait and are interrupted. Built with the sanitizers; beside what these find,
 * traffic_steps.c checks each message, and the port what is left in the end.
 *
 * STRESS_SECONDS and STRESS_SEED in the environment change how long, and which dice.
 */
#define _POSIX_C_SOURCE 200809L
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "traffic.h"

/* How long a life is, in steps of one vCPU. */
#define STEPS_A_LIFE 60u

static struct slot slots[VMS];
static parley_atomic64 stopping;
static parley_counter lives;

static struct dice make_dice(unsigned int number)
{
    const char *seed = getenv("STRESS_SEED");
    uint64_t value = seed != NULL ? strtoull(seed, NULL, 0) : 1;

    return (struct dice){value * 0x9e3779b97f4a7c15u + number * 0xd1342543de82ef95u + 1};
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
        posix_interrupt_enable(slot->vm, vcpu->index, POSIX_INTERRUPT_TIMER);
        posix_interrupt_enable(slot->vm, vcpu->index, RIG_NPI);
        for (unsigned int i = traffic_roll(&vcpu->dice, STEPS_A_LIFE); i > 0; i--) {
            if (parley_load_acquire(&slot->stop) != 0) {
                break;
            }
            traffic_step(vcpu);
        }
        pthread_barrier_wait(&slot->end);
    }
}

/* --- Lives ------------------------------------------------------------------------------------ */

/* Now and then the VM is stopped while its vCPUs wait. */
static void live(struct slot *slot, struct dice *dice)
{
    slot->version = FFA_VERSION_1_0 + traffic_roll(dice, 3);
    slot->reads_mail = slot->version >= FFA_VERSION_1_2;
    settle(slot->vm, slot->version);
    if (traffic_roll(dice, 8) != 0 && map_buffers(slot->vm, PAGES).status != FFA_OK) {
        posix_violation("VM %u cannot map its buffers", slot->id);
    }
    parley_store_release(&slot->stop, 0);
    pthread_barrier_wait(&slot->begin);
    if (traffic_roll(dice, 2) == 0) {
        nanosleep(&(struct timespec){.tv_nsec = traffic_roll(dice, 4000000)}, NULL);
        parley_store_release(&slot->stop, 1);
        posix_vm_stop(slot->vm);
    }
    pthread_barrier_wait(&slot->end);
    posix_vm_go(slot->vm);
    posix_vm_clear_ram(slot->vm);
    parley_counter_increment(&lives);
}

static void *run_operator(void *argument)
{
    struct slot *slot = argument;
    struct dice dice = make_dice(1000 + slot->id);
    struct parley_vm_config config = rig_friend_config(slot->id);

    config.vcpus = VCPUS;
    while (parley_load_acquire(&stopping) == 0) {
        if (posix_vm_create(slot->vm, rig_parley(), &config) != PARLEY_DONE) {
            posix_violation("VM %u cannot be created", slot->id);
        }
        do {
            live(slot, &dice);
            posix_vm_reset(slot->vm);
        } while (traffic_roll(&dice, 4) != 0 && parley_load_acquire(&stopping) == 0);
        posix_vm_destroy(slot->vm);
        for (unsigned int i = traffic_roll(&dice, 20); i > 0; i--) {
            sched_yield();
        }
    }
    slot->over = true;
    pthread_barrier_wait(&slot->begin);
    return NULL;
}

/* --- The whole -------------------------------------------------------------------------------- */

static void start_slot(struct slot *slot, uint16_t id, struct vcpu *vcpus, pthread_t *threads)
{
    slot->id = id;
    slot->vm = rig_ram(true);
    pthread_rwlock_init(&slot->tx, NULL);
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

    posix_cpus_start(rig_parley());
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
    posix_cpus_stop();
}

static unsigned long long read_tally(const parley_counter *counter)
{
    return (unsigned long long)parley_counter_read(counter);
}

int main(void)
{
    const char *seconds = getenv("STRESS_SECONDS");
    bool good;

    call_among_others = true;
    rig_start(&posix_spmc_1_2);
    posix_check_pages_every(64);
    run(seconds != NULL ? (unsigned int)strtoul(seconds, NULL, 0) : 12);
    good = rig_stop() && read_tally(&traffic_tally.requests) > 0 &&
           read_tally(&traffic_tally.mails) > 0 && read_tally(&traffic_tally.bits) > 0;
    printf("%llu lives; %llu requests answered, %llu served, %llu interrupted, %llu aborted; "
           "%llu letters read; %llu signals, %llu bits\n",
           read_tally(&lives), read_tally(&traffic_tally.requests),
           read_tally(&traffic_tally.served), read_tally(&traffic_tally.interrupted),
           read_tally(&traffic_tally.aborted), read_tally(&traffic_tally.mails),
           read_tally(&traffic_tally.signals), read_tally(&traffic_tally.bits));
    printf("%d passed, %d failed\n", good, !good);
    return !good;
}
