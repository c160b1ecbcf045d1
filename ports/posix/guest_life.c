/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest programs as threads: VMs and vCPUs that start, stop, and start again. */
#include <sched.h>
#include <stdlib.h>

#include "../../guests/include/guest.h"
#include "guest_life.h"
#include "internal.h"

/* For how long a vCPU may keep a partition from others without resuming its request. */
#define OVERDUE_US 500000u

static _Thread_local struct vcpu *self;

struct vcpu *guest_self(void)
{
    return self;
}

/* --- vCPUs ------------------------------------------------------------------------------------ */

static void *run_vcpu(void *argument)
{
    self = argument;
    self->bound_since = 0;
    posix_cpu_move(self->index % GUEST_CPUS);
    posix_vcpu_set_online(self->guest->result->vm, self->index, true);
    self->entry(self->argument);
    guest_off();
}

static void start_vcpu(struct vcpu *vcpu)
{
    vcpu->state = VCPU_ON;
    if (pthread_create(&vcpu->thread, NULL, run_vcpu, vcpu) != 0) {
        posix_die("no thread for a vCPU");
    }
}

/* --- Requests that it left in the Secure world ------------------------------------------------ */

bool guest_is_bound(void)
{
    const struct posix_vm *vm = self->guest->result->vm;
    unsigned int cpu = parley_vcpu_cpu(posix_vm_parley(vm), self->index);

    if (cpu != PARLEY_ANY_CPU && cpu != parley_port_cpu()) {
        posix_violation("%s: vCPU %u is on CPU %u, but bound to CPU %u", posix_vm_name(vm),
                        self->index, parley_port_cpu(), cpu);
    }
    return cpu != PARLEY_ANY_CPU;
}

void guest_note_bound(bool resumed)
{
    if (!guest_is_bound()) {
        self->bound_since = 0;
    } else if (resumed || self->bound_since == 0) {
        self->bound_since = posix_clock();
    }
}

/*
 * Resumes what the vCPU left in the Secure world for too long: others want the partition. This is
 * the CPU that it is bound to, since it does not move meanwhile.
 */
static void finish_overdue(void)
{
    struct parley_vm *vm = posix_vm_parley(self->guest->result->vm);

    if (self->bound_since == 0 || posix_clock() - self->bound_since < OVERDUE_US) {
        return;
    }
    while (parley_vcpu_finish(vm, self->index) == PARLEY_AGAIN) {
        sched_yield();
    }
    self->bound_since = 0;
}

/* --- Lives ------------------------------------------------------------------------------------ */

_Noreturn void guest_stop(enum ending ending)
{
    struct guest *guest = self->guest;

    posix_vcpu_set_online(guest->result->vm, self->index, false);
    pthread_mutex_lock(&guest->lock);
    self->state = VCPU_ENDED;
    if (guest->ending == ENDING_NOT) {
        guest->ending = ending;
    }
    if (guest->ending != ENDING_NOT) {
        posix_vm_stop(guest->result->vm);
    }
    pthread_cond_broadcast(&guest->changed);
    pthread_mutex_unlock(&guest->lock);
    pthread_exit(NULL);
}

struct guest *guest_checkpoint(void)
{
    struct guest *guest = self->guest;
    enum ending ending;

    pthread_mutex_lock(&guest->lock);
    ending = guest->ending;
    pthread_mutex_unlock(&guest->lock);
    if (ending != ENDING_NOT) {
        guest_stop(ending);
    }
    finish_overdue();
    return guest;
}

static void run_program(void *argument)
{
    struct guest *guest = argument;

    guest->result->program();
}

/* Once the life is ending: no vCPU is started any more, but some may still be on their way out. */
static void join(struct guest *guest, struct vcpu *vcpu)
{
    bool was_started;

    pthread_mutex_lock(&guest->lock);
    was_started = vcpu->state != VCPU_OFF;
    pthread_mutex_unlock(&guest->lock);
    if (was_started) {
        pthread_join(vcpu->thread, NULL);
        vcpu->state = VCPU_OFF;
    }
}

/* One life, from power-on to the end of the last vCPU. */
static enum ending live(struct guest *guest)
{
    unsigned int vcpus = guest->result->vcpus;

    posix_vm_clear_ram(guest->result->vm);
    guest->pages_taken = 0;
    guest->ending = ENDING_NOT;
    guest->vcpu[0].entry = run_program;
    guest->vcpu[0].argument = guest;
    start_vcpu(&guest->vcpu[0]);

    pthread_mutex_lock(&guest->lock);
    while (guest->ending == ENDING_NOT) {
        pthread_cond_wait(&guest->changed, &guest->lock);
    }
    pthread_mutex_unlock(&guest->lock);
    for (unsigned int i = 0; i < vcpus; i++) {
        join(guest, &guest->vcpu[i]);
    }
    posix_vm_go(guest->result->vm);
    return guest->ending;
}

static void *run_guest(void *argument)
{
    struct guest *guest = argument;

    while (live(guest) == ENDING_RESET) {
        posix_vm_reset(guest->result->vm);
        guest->result->lives++;
    }
    guest->result->lives++;
    return NULL;
}

static void prepare(struct guest *guest, struct posix_guest *result)
{
    guest->result = result;
    pthread_mutex_init(&guest->lock, NULL);
    pthread_cond_init(&guest->changed, NULL);
    guest->vcpu = calloc(result->vcpus, sizeof(guest->vcpu[0]));
    if (guest->vcpu == NULL) {
        posix_die("no memory for vCPUs");
    }
    for (unsigned int i = 0; i < result->vcpus; i++) {
        guest->vcpu[i].guest = guest;
        guest->vcpu[i].index = i;
        posix_vcpu_set_online(result->vm, i, false);
    }
    result->lives = 0;
    result->held = 0;
    result->broken = 0;
    result->console = NULL;
}

void posix_guests_run(struct posix_guest *guests, unsigned int count)
{
    struct guest *guest = calloc(count, sizeof(guest[0]));
    pthread_t *thread = calloc(count, sizeof(thread[0]));

    if (guest == NULL || thread == NULL) {
        posix_die("no memory for guests");
    }
    for (unsigned int i = 0; i < count; i++) {
        prepare(&guest[i], &guests[i]);
        if (pthread_create(&thread[i], NULL, run_guest, &guest[i]) != 0) {
            posix_die("no thread for a guest");
        }
    }
    for (unsigned int i = 0; i < count; i++) {
        pthread_join(thread[i], NULL);
        free(guest[i].vcpu);
    }
    free(thread);
    free(guest);
}

/* --- guest.h: lives and vCPUs ----------------------------------------------------------------- */

_Noreturn void guest_reset(void)
{
    guest_stop(ENDING_RESET);
}

_Noreturn void guest_off(void)
{
    guest_stop(self->index == 0 ? ENDING_OFF : ENDING_NOT);
}

unsigned int guest_vcpus(void)
{
    return guest_checkpoint()->result->vcpus;
}

unsigned int guest_vcpu(void)
{
    guest_checkpoint();
    return self->index;
}

bool guest_vcpu_start(unsigned int index, void (*entry)(void *argument), void *argument)
{
    struct guest *guest = guest_checkpoint();
    bool started = false;

    if (index >= guest->result->vcpus) {
        return false;
    }
    pthread_mutex_lock(&guest->lock);
    if (guest->ending == ENDING_NOT && guest->vcpu[index].state != VCPU_ON) {
        struct vcpu *vcpu = &guest->vcpu[index];

        if (vcpu->state == VCPU_ENDED) {
            pthread_join(vcpu->thread, NULL);
        }
        vcpu->entry = entry;
        vcpu->argument = argument;
        start_vcpu(vcpu);
        started = true;
    }
    pthread_mutex_unlock(&guest->lock);
    return started;
}

void guest_vcpu_join(unsigned int index)
{
    struct guest *guest = guest_checkpoint();

    pthread_mutex_lock(&guest->lock);
    while (guest->vcpu[index].state == VCPU_ON && guest->ending == ENDING_NOT) {
        pthread_cond_wait(&guest->changed, &guest->lock);
    }
    pthread_mutex_unlock(&guest->lock);
    guest_checkpoint();
}
