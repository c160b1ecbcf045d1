/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs as Parley sees them, their trap, and what is checked around it. */
#define _POSIX_C_SOURCE 200809L
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

#if defined(__SANITIZE_THREAD__)
#define UNWATCHED __attribute__((no_sanitize("thread"), noinline))
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNWATCHED __attribute__((no_sanitize("thread"), noinline))
#endif
#endif
#ifndef UNWATCHED
#define UNWATCHED
#endif

_Thread_local unsigned int posix_locks_held;

static unsigned int violations;
static unsigned int check_pages_every;

void posix_die(const char *why)
{
    perror(why);
    abort();
}

void posix_violation(const char *format, ...)
{
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    /* A broken rule in a loop of a million calls need not fill the disk. */
    if (__atomic_add_fetch(&violations, 1, __ATOMIC_RELAXED) <= 20) {
        fprintf(stderr, "violation: %s\n", line);
    }
}

unsigned int posix_violations(void)
{
    return __atomic_load_n(&violations, __ATOMIC_RELAXED);
}

void posix_violations_forgive(void)
{
    __atomic_store_n(&violations, 0, __ATOMIC_RELAXED);
}

void posix_promise_broken(const char *promise, const char *file, int line)
{
    posix_violation("%s:%d: not so: %s", file, line, promise);
}

void posix_start(const struct spmc_config *secure)
{
    posix_violations_forgive();
    posix_check_pages_every(1);
    posix_meanwhile(NULL, NULL);
    posix_between_pieces(NULL, NULL);
    posix_preempt(POSIX_PREEMPT_NEVER);
    fault_power_on();
    memory_power_on();
    cpus_power_on();
    secure_world_power_on(secure);
    log_power_on();
}

void posix_stop(void)
{
    memory_power_off();
    secure_world_power_off();
    address_power_off();
}

/* --- Another CPU ------------------------------------------------------------------------------ */

void (*posix_before_subtraction)(void);

static struct {
    void (*act)(void *context);
    void *context;
} meanwhile;

static void act_once(void)
{
    posix_before_subtraction = NULL;
    meanwhile.act(meanwhile.context);
}

void posix_meanwhile(void (*act)(void *context), void *context)
{
    meanwhile.act = act;
    meanwhile.context = context;
    posix_before_subtraction = act != NULL ? act_once : NULL;
}

void trap_check_hook(const char *hook, unsigned int locks)
{
    if (posix_locks_held > locks) {
        posix_violation("%s() is called with %u locks held", hook, posix_locks_held);
    }
}

/* --- VMs -------------------------------------------------------------------------------------- */

struct posix_vm *posix_vm_new(const char *name, uint64_t ipa, unsigned int pages, bool aarch64)
{
    return posix_vm_new_in_blocks(name, ipa, pages, aarch64, 1);
}

struct posix_vm *posix_vm_new_in_blocks(const char *name, uint64_t ipa, unsigned int pages,
                                        bool aarch64, unsigned int block)
{
    struct posix_vm *vm = calloc(1, sizeof(*vm));

    if (vm == NULL) {
        posix_die("no memory for a VM");
    }
    snprintf(vm->name, sizeof(vm->name), "%s", name);
    vm->aarch64 = aarch64;
    console_forget(vm);
    if (!memory_give_ram(vm, ipa, pages, block)) {
        free(vm);
        return NULL;
    }
    return vm;
}

void posix_vm_free(struct posix_vm *vm)
{
    if (vm->parley != NULL || posix_vm_pins(vm) != 0) {
        posix_violation("%s: its RAM is taken while Parley has it", vm->name);
    }
    grants_check_gone(vm, "RAM");
    vcpus_forget(vm);
    console_forget(vm);
    if (posix_vm_holdings(vm).lost != 0) {
        memory_keep_gone(vm);
    } else {
        memory_take_ram(vm);
        free(vm);
    }
}

const char *posix_vm_name(const struct posix_vm *vm)
{
    return vm->name;
}

bool posix_vm_is_aarch64(const struct posix_vm *vm)
{
    return vm->aarch64;
}

uint64_t posix_vm_ram_ipa(const struct posix_vm *vm)
{
    return vm->ram.ipa;
}

unsigned int posix_vm_ram_pages(const struct posix_vm *vm)
{
    return vm->ram.pages;
}

struct parley_vm *posix_vm_parley(const struct posix_vm *vm)
{
    return vm->parley;
}

bool parley_port_vm_is_aarch64(void *context)
{
    const struct posix_vm *vm = context;

    trap_check_hook(__func__, 1);
    return vm->aarch64;
}

/* --- Lives ------------------------------------------------------------------------------------ */

/* So many steps of a VM's life follow each other, and the rest of them after a pause each. */
#define STEPS_AT_ONCE 16u
#define STEP_NS       3000000

/* A step of the life of a VM, on the CPU where it has to be made. */
static enum parley_progress step(struct parley_vm *vm)
{
    unsigned int cpu = parley_vm_cpu(vm);
    unsigned int before = parley_port_cpu();
    enum parley_progress progress;

    if (cpu != PARLEY_ANY_CPU) {
        posix_cpu_move(cpu);
    }
    progress = parley_vm_continue(vm);
    posix_cpu_move(before);
    return progress;
}

/*
 * A vCPU of another VM has to get on first. It may have left the partition that is to be told of
 * this VM, and its thread may be waiting for the host: steps at full speed would be used up by
 * then.
 */
static void let_others_on(unsigned int steps)
{
    if (steps < STEPS_AT_ONCE) {
        sched_yield();
    } else {
        nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL);
    }
}

enum parley_progress posix_vm_go_on(struct posix_vm *vm, enum parley_progress progress)
{
    for (unsigned int steps = 0; progress == PARLEY_AGAIN; steps++) {
        let_others_on(steps);
        progress = step(vm->parley);
    }
    if (posix_locks_held != 0) {
        posix_violation("%s: a step of its life leaves %u locks held", vm->name, posix_locks_held);
    }
    return progress;
}

enum parley_progress posix_vm_create_begin(struct posix_vm *vm, struct parley *parley,
                                           const struct parley_vm_config *config)
{
    struct parley_vm_config with_context = *config;

    with_context.context = vm;
    vcpus_prepare(vm, config->vcpus);
    memory_open_window(vm, config->window_ipa, config->window_pages);
    return parley_vm_create(parley, &with_context, &vm->parley);
}

enum parley_progress posix_vm_create(struct posix_vm *vm, struct parley *parley,
                                     const struct parley_vm_config *config)
{
    return posix_vm_go_on(vm, posix_vm_create_begin(vm, parley, config));
}

static void finish(struct posix_vm *vm, const char *what, enum parley_progress progress)
{
    progress = posix_vm_go_on(vm, progress);
    if (progress != PARLEY_DONE) {
        posix_violation("%s: its %s ends with %d", vm->name, what, (int)progress);
    }
    if (posix_vm_pins(vm) != 0) {
        posix_violation("%s: its %s leaves %u pages pinned", vm->name, what, posix_vm_pins(vm));
    }
    grants_check_gone(vm, what);
}

void posix_vm_reset(struct posix_vm *vm)
{
    vcpus_check_stopped(vm, "reset");
    finish(vm, "reset", parley_vm_reset(vm->parley));
    memory_renew(vm);
    vcpus_reset(vm);
}

void posix_vm_destroy(struct posix_vm *vm)
{
    vcpus_check_stopped(vm, "destruction");
    finish(vm, "destruction", parley_vm_destroy(vm->parley));
    memory_drop_received(vm);
    vm->parley = NULL;
}

void posix_vm_forget(struct posix_vm *vm)
{
    vm->parley = NULL;
}

void posix_vm_set_aarch64(struct posix_vm *vm, bool aarch64)
{
    vm->aarch64 = aarch64;
}

/* --- The trap --------------------------------------------------------------------------------- */

static void check_registers(const struct posix_vm *vm, const struct parley_regs *before,
                            const struct parley_regs *after)
{
    const char *what;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        uint64_t value = after->x[i];

        if (value == before->x[i]) {
            continue;
        }
        if (posix_is_secret(value, &what) || posix_is_secret(value >> 32, &what)) {
            posix_violation("%s: call %#x: x%u = %#llx shows %s", vm->name,
                            (unsigned int)before->x[0], i, (unsigned long long)value, what);
        }
    }
}

/* The guest, and Parley on behalf of its other vCPUs, may be writing: this looks without a lock. */
static UNWATCHED uint32_t word_at(const uint8_t *page, unsigned int index)
{
    return ((const volatile uint32_t *)(const void *)page)[index];
}

static void check_page(const struct posix_vm *vm, uint64_t ipa, const uint8_t *page)
{
    uint64_t value = 0;
    uint64_t last = 0;
    const char *what;

    for (unsigned int i = 0; i < FFA_PAGE_SIZE / 4; i++, last = value) {
        value = (value >> 32) | ((uint64_t)word_at(page, i) << 32);
        if (value != last &&
            (posix_is_secret(value, &what) || posix_is_secret(value >> 32, &what))) {
            posix_violation("%s: IPA %#llx and before: %#llx shows %s", vm->name,
                            (unsigned long long)ipa + 4 * i, (unsigned long long)value, what);
        }
    }
}

void posix_check_pages_every(unsigned int calls)
{
    check_pages_every = calls;
}

/* Of the VM that calls; of all, if the call may have written to others' buffers. */
static void check_pages(const struct posix_vm *vm, uint32_t fid)
{
    static _Thread_local unsigned int calls;

    if (++calls >= check_pages_every) {
        calls = 0;
        memory_visit_pinned(fid == FFA_MSG_SEND2 ? NULL : vm, check_page);
    }
}

static void enter(struct posix_vm *vm, unsigned int vcpu, bool goes_on)
{
    if (vm->parley == NULL) {
        posix_die("a call by a VM that is none");
    }
    vcpu_enter(vm, vcpu, goes_on);
    log_events_of_call = 0;
}

static void leave(struct posix_vm *vm, unsigned int vcpu, enum parley_outcome outcome)
{
    vcpu_leave(vm, vcpu, outcome);
    if (posix_locks_held != 0) {
        posix_violation("%s: a call leaves %u locks held", vm->name, posix_locks_held);
        posix_locks_held = 0;
    }
    if (log_events_of_call > 2) {
        posix_violation("%s: one call told %u events", vm->name, log_events_of_call);
    }
}

static void check_outcome(const struct posix_vm *vm, enum parley_outcome outcome,
                          const struct parley_regs *before, const struct parley_regs *after)
{
    bool is_unanswered = outcome == PARLEY_NOT_FFA || outcome == PARLEY_BLOCK;

    check_registers(vm, before, after);
    check_pages(vm, (uint32_t)before->x[0]);
    if (is_unanswered && memcmp(before, after, sizeof(*before)) != 0) {
        posix_violation("%s: registers of a call that is %s are changed", vm->name,
                        outcome == PARLEY_BLOCK ? "not answered yet" : "not FF-A's");
    }
}

/* --- Calls in pieces -------------------------------------------------------------------------- */

static struct {
    void (*act)(void *context);
    void *context;
    unsigned int count;
} pieces;

void posix_between_pieces(void (*act)(void *context), void *context)
{
    pieces.act = act;
    pieces.context = context;
    __atomic_store_n(&pieces.count, 0, __ATOMIC_RELAXED);
}

unsigned int posix_preempted(void)
{
    return __atomic_load_n(&pieces.count, __ATOMIC_RELAXED);
}

/* Interrupts, and others that have a turn. */
static void let_others_run(void)
{
    unsigned int events = log_events_of_call;

    __atomic_add_fetch(&pieces.count, 1, __ATOMIC_RELAXED);
    if (posix_locks_held != 0) {
        posix_violation("a call that is preempted leaves %u locks held", posix_locks_held);
    }
    if (pieces.act != NULL) {
        pieces.act(pieces.context);
    } else {
        sched_yield();
    }
    log_events_of_call = events;
}

/* Goes on until the call is over, or blocks. The vCPU is in it meanwhile. */
static enum parley_outcome finish_call(struct posix_vm *vm, unsigned int vcpu,
                                       struct parley_regs *regs, enum parley_outcome outcome)
{
    struct parley_regs before = *regs;

    while (outcome == PARLEY_PREEMPTED) {
        let_others_run();
        outcome = parley_continue(vm->parley, vcpu, regs);
        if (outcome == PARLEY_PREEMPTED && memcmp(&before, regs, sizeof(before)) != 0) {
            posix_violation("%s: registers of a call that is preempted are changed", vm->name);
        }
    }
    return outcome;
}

enum parley_outcome posix_call(struct posix_vm *vm, unsigned int vcpu, struct parley_regs *regs)
{
    struct parley_regs before = *regs;
    enum parley_outcome outcome;

    enter(vm, vcpu, false);
    outcome = finish_call(vm, vcpu, regs, parley_call(vm->parley, vcpu, regs));
    leave(vm, vcpu, outcome);
    check_outcome(vm, outcome, &before, regs);
    return outcome;
}

enum parley_outcome posix_continue(struct posix_vm *vm, unsigned int vcpu, struct parley_regs *regs)
{
    struct parley_regs before = *regs;
    enum parley_outcome outcome;

    enter(vm, vcpu, true);
    outcome = finish_call(vm, vcpu, regs, parley_continue(vm->parley, vcpu, regs));
    leave(vm, vcpu, outcome);
    check_outcome(vm, outcome, &before, regs);
    return outcome;
}

enum parley_outcome posix_interrupt(struct posix_vm *vm, unsigned int vcpu,
                                    struct parley_regs *regs)
{
    struct parley_regs before = *regs;
    enum parley_outcome outcome;

    enter(vm, vcpu, true);
    outcome = finish_call(vm, vcpu, regs, parley_vcpu_interrupt(vm->parley, vcpu, regs));
    leave(vm, vcpu, outcome);
    check_outcome(vm, outcome, &before, regs);
    return outcome;
}
