/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../guests/include/guest.h"
#include "guests.h"
#include "internal.h"

#define SMCCC_VERSION     0x80000000u
#define SMCCC_VERSION_1_2 0x00010002u
#define UNKNOWN_CALL      0xffffffffffffffffull
#define GARBAGE           0xbad1bad2ull

enum ending {
    ENDING_NOT,
    ENDING_OFF,
    ENDING_RESET,
};

enum vcpu_state {
    VCPU_OFF,
    VCPU_ON,
    VCPU_ENDED, /* its thread is still to be joined */
};

struct guest;

struct vcpu {
    struct guest *guest;
    unsigned int index;
    enum vcpu_state state;
    pthread_t thread;
    void (*entry)(void *argument);
    void *argument;
};

/* One VM that runs a program. The lock is over all that changes. */
struct guest {
    struct posix_guest *result;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum ending ending;
    unsigned int pages_taken;
    struct vcpu *vcpu;
    size_t console_bytes;
};

static _Thread_local struct vcpu *self;

/* --- Lives ------------------------------------------------------------------------------------ */

static void *run_vcpu(void *argument)
{
    self = argument;
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

/* The thread of a vCPU ends here, and with it the VM if `ending` says so. */
static _Noreturn void stop(enum ending ending)
{
    struct guest *guest = self->guest;

    pthread_mutex_lock(&guest->lock);
    self->state = VCPU_ENDED;
    if (guest->ending == ENDING_NOT) {
        guest->ending = ending;
    }
    pthread_cond_broadcast(&guest->changed);
    pthread_mutex_unlock(&guest->lock);
    pthread_exit(NULL);
}

/* Every call of the platform passes here: a VM that ends takes all of its vCPUs with it. */
static struct guest *checkpoint(void)
{
    struct guest *guest = self->guest;
    enum ending ending;

    pthread_mutex_lock(&guest->lock);
    ending = guest->ending;
    pthread_mutex_unlock(&guest->lock);
    if (ending != ENDING_NOT) {
        stop(ending);
    }
    return guest;
}

static void run_program(void *argument)
{
    struct guest *guest = argument;

    guest->result->program();
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
        if (guest->vcpu[i].state != VCPU_OFF) {
            pthread_join(guest->vcpu[i].thread, NULL);
            guest->vcpu[i].state = VCPU_OFF;
        }
    }
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

/* --- guest.h ---------------------------------------------------------------------------------- */

static void trap(struct posix_vm *vm, struct parley_regs *regs)
{
    if (posix_call(vm, self->index, regs) == PARLEY_NOT_FFA) {
        bool version = (uint32_t)regs->x[0] == SMCCC_VERSION;

        regs->x[0] = version ? SMCCC_VERSION_1_2 : UNKNOWN_CALL;
    }
}

/*
 * An AArch32 guest has registers of 32 bits, of which its calls use r0 to r7. What the hypervisor
 * sees in the upper halves and in the others is what happens to be there.
 */
static void call_from_aarch32(struct posix_vm *vm, struct guest_regs *regs)
{
    struct parley_regs passed;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        passed.x[i] = GARBAGE << 32 | (i < FFA_REGS_SMC32 ? (uint32_t)regs->x[i] : GARBAGE + i);
    }
    trap(vm, &passed);
    for (unsigned int i = 0; i < FFA_REGS_SMC32; i++) {
        regs->x[i] = (uint32_t)passed.x[i];
    }
    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX; i++) {
        if (passed.x[i] != (GARBAGE << 32 | (GARBAGE + i))) {
            posix_violation("%s: a call in AArch32 changed x%u", posix_vm_name(vm), i);
        }
    }
}

void ffa_call(struct guest_regs *regs)
{
    struct posix_vm *vm = checkpoint()->result->vm;
    struct parley_regs passed;

    if (posix_vm_is_aarch64(vm)) {
        memcpy(&passed, regs, sizeof(passed));
        trap(vm, &passed);
        memcpy(regs, &passed, sizeof(passed));
    } else {
        call_from_aarch32(vm, regs);
    }
    checkpoint();
}

/* A thread has no instruction to trap by; posix_call() stands for both conduits. */
bool guest_call_other(struct guest_regs *regs, enum guest_conduit other)
{
    checkpoint();
    (void)regs;
    (void)other;
    return false;
}

bool guest_is_aarch64(void)
{
    return posix_vm_is_aarch64(checkpoint()->result->vm);
}

unsigned int guest_life(void)
{
    return checkpoint()->result->lives;
}

_Noreturn void guest_reset(void)
{
    stop(ENDING_RESET);
}

_Noreturn void guest_off(void)
{
    stop(self->index == 0 ? ENDING_OFF : ENDING_NOT);
}

unsigned int guest_vcpus(void)
{
    return checkpoint()->result->vcpus;
}

unsigned int guest_vcpu(void)
{
    checkpoint();
    return self->index;
}

bool guest_vcpu_start(unsigned int index, void (*entry)(void *argument), void *argument)
{
    struct guest *guest = checkpoint();
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
    struct guest *guest = checkpoint();

    pthread_mutex_lock(&guest->lock);
    while (guest->vcpu[index].state == VCPU_ON && guest->ending == ENDING_NOT) {
        pthread_cond_wait(&guest->changed, &guest->lock);
    }
    pthread_mutex_unlock(&guest->lock);
    checkpoint();
}

void guest_yield(void)
{
    checkpoint();
    sched_yield();
}

void *guest_pages(unsigned int pages)
{
    struct guest *guest = checkpoint();
    struct posix_vm *vm = guest->result->vm;
    unsigned int first;

    pthread_mutex_lock(&guest->lock);
    first = guest->pages_taken;
    guest->pages_taken += pages;
    pthread_mutex_unlock(&guest->lock);
    if (first + pages > posix_vm_ram_pages(vm)) {
        posix_violation("%s: its program takes more pages than it has", posix_vm_name(vm));
        stop(ENDING_OFF);
    }
    return posix_vm_at(vm, posix_vm_ram_ipa(vm) + (uint64_t)first * FFA_PAGE_SIZE);
}

uint64_t guest_ipa(const void *address)
{
    struct posix_vm *vm = checkpoint()->result->vm;
    uint64_t ipa = posix_vm_ipa(vm, address);

    if (ipa == 0) {
        posix_violation("%s: its program asks for the IPA of what is not from guest_pages()",
                        posix_vm_name(vm));
    }
    return ipa;
}

uint64_t guest_ipa_below_ram(void)
{
    return posix_vm_ram_ipa(checkpoint()->result->vm) - FFA_PAGE_SIZE;
}

/* Under the guest's lock. */
static void console_write(struct guest *guest, const char *line)
{
    size_t bytes = strlen(line) + 1; /* with a newline instead of the terminator */
    char *console = realloc(guest->result->console, guest->console_bytes + bytes + 1);

    if (console == NULL) {
        posix_die("no memory for a console");
    }
    memcpy(console + guest->console_bytes, line, bytes - 1);
    guest->console_bytes += bytes;
    console[guest->console_bytes - 1] = '\n';
    console[guest->console_bytes] = '\0';
    guest->result->console = console;
}

void guest_print(const char *format, ...)
{
    struct guest *guest = checkpoint();
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&guest->lock);
    console_write(guest, line);
    pthread_mutex_unlock(&guest->lock);
    if (getenv("PARLEY_TRACE") != NULL) {
        fprintf(stderr, "%s: %s\n", posix_vm_name(guest->result->vm), line);
    }
}

void guest_expect(bool held)
{
    struct guest *guest = checkpoint();

    pthread_mutex_lock(&guest->lock);
    if (held) {
        guest->result->held++;
    } else {
        guest->result->broken++;
    }
    pthread_mutex_unlock(&guest->lock);
}
