/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical CPUs. Each thread is on one, whose number it can change; what interrupts ask for is done
 * by whoever calls posix_cpu_work() there, or by threads of the CPUs' own.
 */
#define _GNU_SOURCE
#include <time.h>

#include "internal.h"

/* How often one interrupt may lead to another step before it is enough for now. */
#define STEPS_MAX 64u

#define NS_PER_S 1000000000
#define TICK_NS  10000000

static _Thread_local unsigned int here;

struct cpu {
    pthread_mutex_t smc;  /* held during one */
    pthread_mutex_t lock; /* over the rest */
    pthread_cond_t changed;
    bool sri;
    bool kick;
    bool is_on; /* has a thread of its own, which is not to end */
    unsigned int kicks;
    pthread_t thread;
    struct parley *parley;
};

static struct cpu cpus[POSIX_CPUS];

void cpus_power_on(void)
{
    for (unsigned int i = 0; i < POSIX_CPUS; i++) {
        pthread_mutex_init(&cpus[i].smc, NULL);
        pthread_mutex_init(&cpus[i].lock, NULL);
        pthread_cond_init(&cpus[i].changed, NULL);
        cpus[i].sri = false;
        cpus[i].kick = false;
        cpus[i].kicks = 0;
    }
    here = 0;
}

/* --- Where a thread is ------------------------------------------------------------------------ */

unsigned int parley_port_cpu(void)
{
    return here;
}

void posix_cpu_move(unsigned int cpu)
{
    if (cpu >= POSIX_CPUS) {
        posix_die("a CPU that the machine does not have");
    }
    here = cpu;
}

void cpu_begin_smc(void)
{
    pthread_mutex_lock(&cpus[here].smc);
}

void cpu_end_smc(void)
{
    pthread_mutex_unlock(&cpus[here].smc);
}

/* --- Interrupts ------------------------------------------------------------------------------- */

void cpu_raise_sri(void *host)
{
    struct cpu *cpu = &cpus[here];

    (void)host;
    pthread_mutex_lock(&cpu->lock);
    cpu->sri = true;
    pthread_cond_signal(&cpu->changed);
    pthread_mutex_unlock(&cpu->lock);
}

void posix_sri(unsigned int number)
{
    struct cpu *cpu = &cpus[number];

    pthread_mutex_lock(&cpu->lock);
    cpu->sri = true;
    pthread_cond_signal(&cpu->changed);
    pthread_mutex_unlock(&cpu->lock);
}

void parley_port_cpu_kick(unsigned int number)
{
    trap_check_hook(__func__, 0);
    if (number >= POSIX_CPUS) {
        posix_violation("CPU %u is kicked, which the machine does not have", number);
        return;
    }
    pthread_mutex_lock(&cpus[number].lock);
    cpus[number].kick = true;
    cpus[number].kicks++;
    pthread_cond_signal(&cpus[number].changed);
    pthread_mutex_unlock(&cpus[number].lock);
}

unsigned int posix_cpu_kicks(unsigned int number)
{
    unsigned int kicks;

    pthread_mutex_lock(&cpus[number].lock);
    kicks = cpus[number].kicks;
    pthread_mutex_unlock(&cpus[number].lock);
    return kicks;
}

/* --- What they ask for ------------------------------------------------------------------------ */

bool posix_cpu_has_work(unsigned int number)
{
    bool has;

    pthread_mutex_lock(&cpus[number].lock);
    has = cpus[number].sri || cpus[number].kick;
    pthread_mutex_unlock(&cpus[number].lock);
    return has;
}

/* What pends is taken. Whether the SPMC is to be asked. */
static bool take(struct cpu *cpu)
{
    bool sri;

    pthread_mutex_lock(&cpu->lock);
    sri = cpu->sri;
    cpu->sri = false;
    cpu->kick = false;
    pthread_mutex_unlock(&cpu->lock);
    return sri;
}

static unsigned int steps(struct parley *parley, enum parley_progress (*step)(struct parley *))
{
    enum parley_progress progress;
    unsigned int count = 0;

    do {
        progress = step(parley);
        count++;
        if (posix_locks_held != 0) {
            posix_violation("a step for the Secure world leaves %u locks held", posix_locks_held);
        }
        if (progress != PARLEY_DONE && progress != PARLEY_AGAIN) {
            posix_violation("a step for the Secure world ends with %d", (int)progress);
        }
    } while (progress == PARLEY_AGAIN && count < STEPS_MAX);
    return count;
}

unsigned int posix_cpu_work(struct parley *parley, unsigned int number)
{
    unsigned int before = here;
    unsigned int count = 0;

    posix_cpu_move(number);
    if (take(&cpus[number])) {
        count = steps(parley, parley_schedule_receivers);
    }
    count += steps(parley, parley_cpu_work);
    here = before;
    return count;
}

/* --- CPUs with threads of their own ----------------------------------------------------------- */

/* Until there is work, or may be: a partition that was busy is tried again. False: it is to end. */
static bool wait_for_work(struct cpu *cpu)
{
    struct timespec tick;
    bool is_on;

    clock_gettime(CLOCK_REALTIME, &tick);
    tick.tv_nsec += TICK_NS;
    tick.tv_sec += tick.tv_nsec / NS_PER_S;
    tick.tv_nsec %= NS_PER_S;
    pthread_mutex_lock(&cpu->lock);
    if (cpu->is_on && !cpu->sri && !cpu->kick) {
        pthread_cond_timedwait(&cpu->changed, &cpu->lock, &tick);
    }
    is_on = cpu->is_on;
    pthread_mutex_unlock(&cpu->lock);
    return is_on;
}

static void *run_cpu(void *argument)
{
    struct cpu *cpu = argument;

    here = (unsigned int)(cpu - cpus);
    while (wait_for_work(cpu)) {
        (void)posix_cpu_work(cpu->parley, here);
    }
    return NULL;
}

void posix_cpus_start(struct parley *parley)
{
    for (unsigned int i = 0; i < POSIX_CPUS; i++) {
        cpus[i].parley = parley;
        cpus[i].is_on = true;
        if (pthread_create(&cpus[i].thread, NULL, run_cpu, &cpus[i]) != 0) {
            posix_die("no thread for a CPU");
        }
    }
}

void posix_cpus_stop(void)
{
    for (unsigned int i = 0; i < POSIX_CPUS; i++) {
        pthread_mutex_lock(&cpus[i].lock);
        cpus[i].is_on = false;
        pthread_cond_signal(&cpus[i].changed);
        pthread_mutex_unlock(&cpus[i].lock);
        pthread_join(cpus[i].thread, NULL);
    }
}
