/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens on another CPU in the middle of a call. The linker puts this file's hooks in front
 * of the machine's own (--wrap); a page that must not be touched yet is taken away from the
 * process, so that the first access to it comes here as a signal.
 */
#define _GNU_SOURCE
#include "support.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PATIENCE_SECONDS 2
#define PINS_MAX         256u

/* One pinned page, as the hypervisor sees it. */
struct pin {
    void *context; /* NULL: unused */
    uint64_t ipa;
    void *page;
};

static pthread_mutex_t pins_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct pin pins[PINS_MAX];

static struct {
    bool armed; /* a thread waits for `go` */
    bool called_off;
    pthread_t thread;
    sem_t go;
    sem_t done;
    meanwhile *what;
    void *argument;
    bool *finished;
    unsigned int page_maps_left; /* 0: not at a page map */
    void *page;                  /* NULL: not at a touch */
    bool at_signal;
} plan;

enum parley_port_status __real_parley_port_page_map(void *context, parley_ipa ipa, void **page);
enum parley_port_status __wrap_parley_port_page_map(void *context, parley_ipa ipa, void **page);
void __real_parley_port_page_unmap(void *context, parley_ipa ipa, void *page);
void __wrap_parley_port_page_unmap(void *context, parley_ipa ipa, void *page);
void __real_parley_port_vcpu_wake(void *context, unsigned int vcpu);
void __wrap_parley_port_vcpu_wake(void *context, unsigned int vcpu);
void __real_parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid);
void __wrap_parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid);
bool __real_parley_port_vm_is_aarch64(void *context);
bool __wrap_parley_port_vm_is_aarch64(void *context);

/* --- The width of a VM ------------------------------------------------------------------------ */

static struct {
    const struct posix_vm *vm; /* NULL: every VM is as it was made */
    bool aarch64;
} width;

void vm_set_width(struct posix_vm *vm, bool aarch64)
{
    width.vm = vm;
    width.aarch64 = aarch64;
}

bool vm_is_aarch64(const struct posix_vm *vm)
{
    return vm == width.vm ? width.aarch64 : posix_vm_is_aarch64(vm);
}

bool __wrap_parley_port_vm_is_aarch64(void *context)
{
    const bool as_made = __real_parley_port_vm_is_aarch64(context);

    return context == width.vm ? width.aarch64 : as_made;
}

/* --- The other thread ------------------------------------------------------------------------- */

static bool wait_for(sem_t *semaphore)
{
    struct timespec until;
    int result;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_SECONDS;
    do {
        result = sem_timedwait(semaphore, &until);
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

static void *other_thread(void *unused)
{
    (void)unused;
    while (sem_wait(&plan.go) != 0) {
    }
    if (!plan.called_off) {
        plan.what(plan.argument);
    }
    sem_post(&plan.done);
    return NULL;
}

static void arm(meanwhile *what, void *argument, bool *finished)
{
    meanwhile_forget();
    plan.what = what;
    plan.argument = argument;
    plan.finished = finished;
    plan.called_off = false;
    *finished = false;
    sem_init(&plan.go, 0, 0);
    sem_init(&plan.done, 0, 0);
    if (pthread_create(&plan.thread, NULL, other_thread, NULL) != 0) {
        abort();
    }
    plan.armed = true;
}

static void let_it_happen(void)
{
    sem_post(&plan.go);
    *plan.finished = wait_for(&plan.done);
}

void meanwhile_forget(void)
{
    width.vm = NULL;
    if (!plan.armed) {
        return;
    }
    plan.called_off = true; /* read only if `go` has not been posted before */
    sem_post(&plan.go);
    pthread_join(plan.thread, NULL);
    plan.armed = false;
    plan.page_maps_left = 0;
    plan.page = NULL;
    plan.at_signal = false;
}

/* --- Several at once -------------------------------------------------------------------------- */

#define DEEDS_MAX 4u

static pthread_barrier_t start_line;

static void *do_deed(void *argument)
{
    const struct deed *deed = argument;

    pthread_barrier_wait(&start_line);
    deed->what(deed->argument);
    return NULL;
}

void at_once(const struct deed *deeds, size_t count)
{
    pthread_t threads[DEEDS_MAX];

    assert_in_range(count, 1, DEEDS_MAX);
    pthread_barrier_init(&start_line, NULL, (unsigned int)count);
    for (size_t i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, do_deed, (void *)(uintptr_t)&deeds[i]) != 0) {
            abort();
        }
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&start_line);
}

/* --- At a page map ---------------------------------------------------------------------------- */

void meanwhile_at_page_map(unsigned int nth, meanwhile *what, void *argument, bool *finished)
{
    arm(what, argument, finished);
    plan.page_maps_left = nth;
}

enum parley_port_status __wrap_parley_port_page_map(void *context, parley_ipa ipa, void **page)
{
    enum parley_port_status status;
    size_t i = 0;

    if (plan.page_maps_left != 0 && --plan.page_maps_left == 0) {
        let_it_happen();
    }
    status = __real_parley_port_page_map(context, ipa, page);
    if (status != PARLEY_PORT_OK) {
        return status;
    }
    pthread_mutex_lock(&pins_mutex);
    while (i < PINS_MAX && pins[i].context != NULL) {
        i++;
    }
    if (i == PINS_MAX) {
        abort();
    }
    pins[i] = (struct pin){context, ipa.value, *page};
    pthread_mutex_unlock(&pins_mutex);
    return status;
}

void __wrap_parley_port_page_unmap(void *context, parley_ipa ipa, void *page)
{
    pthread_mutex_lock(&pins_mutex);
    for (size_t i = 0; i < PINS_MAX; i++) {
        if (pins[i].context == context && pins[i].page == page) {
            pins[i].context = NULL;
            break;
        }
    }
    pthread_mutex_unlock(&pins_mutex);
    __real_parley_port_page_unmap(context, ipa, page);
}

/* --- At a wake or an interrupt ---------------------------------------------------------------- */

void meanwhile_at_signal(meanwhile *what, void *argument, bool *finished)
{
    arm(what, argument, finished);
    plan.at_signal = true;
}

static void signalled(void)
{
    if (plan.at_signal) {
        plan.at_signal = false;
        let_it_happen();
    }
}

void __wrap_parley_port_vcpu_wake(void *context, unsigned int vcpu)
{
    signalled();
    __real_parley_port_vcpu_wake(context, vcpu);
}

void __wrap_parley_port_interrupt(void *context, unsigned int vcpu, uint16_t intid)
{
    signalled();
    __real_parley_port_interrupt(context, vcpu, intid);
}

/* --- At the first touch of a page ------------------------------------------------------------- */

static bool is_pinned(const void *page)
{
    bool found = false;

    pthread_mutex_lock(&pins_mutex);
    for (size_t i = 0; i < PINS_MAX; i++) {
        found |= pins[i].context != NULL && pins[i].page == page;
    }
    pthread_mutex_unlock(&pins_mutex);
    return found;
}

static void on_fault(int number, siginfo_t *info, void *unused)
{
    void *page = (void *)((uintptr_t)info->si_addr & ~((uintptr_t)FFA_PAGE_SIZE - 1));

    (void)unused;
    if (plan.page == page) {
        plan.page = NULL;
        let_it_happen();
        if (is_pinned(page)) {
            mprotect(page, FFA_PAGE_SIZE, PROT_READ | PROT_WRITE);
            posix_check_pages_every(1);
            return;
        }
    }
    signal(number, SIG_DFL); /* a crash: the access happens again when this returns */
}

static void *hypervisor_view(const void *context, uint64_t ipa)
{
    void *page = NULL;

    pthread_mutex_lock(&pins_mutex);
    for (size_t i = 0; i < PINS_MAX; i++) {
        if (pins[i].context == context && pins[i].ipa == ipa) {
            page = pins[i].page;
        }
    }
    pthread_mutex_unlock(&pins_mutex);
    return page;
}

void meanwhile_at_touch(struct posix_vm *vm, unsigned int page, meanwhile *what, void *argument,
                        bool *finished)
{
    const struct sigaction action = {
        .sa_sigaction = on_fault,
        .sa_flags = SA_SIGINFO | SA_NODEFER,
    };
    void *view = hypervisor_view(vm, IPA(page));

    assert_non_null(view);
    arm(what, argument, finished);
    plan.page = view;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    posix_check_pages_every(UINT_MAX); /* the other thread's calls look at no page meanwhile */
    assert_int_equal(mprotect(view, FFA_PAGE_SIZE, PROT_NONE), 0);
}
