/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's access to an address where its stage 2 has nothing for it: the host's SIGSEGV stands
 * for the data abort that the hypervisor would inject.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>

#include "internal.h"

struct attempt {
    sigjmp_buf back;
    const struct posix_vm *vm;
    uint64_t ipa;
};

static _Thread_local struct attempt *volatile current;
static struct sigaction before;

static void take(int number, siginfo_t *information, void *context)
{
    struct attempt *attempt = current;

    (void)number;
    (void)context;
    if (attempt != NULL) {
        attempt->ipa = posix_vm_ipa(attempt->vm, information->si_addr);
        if (attempt->ipa != 0) {
            siglongjmp(attempt->back, 1);
        }
    }
    /* No guest's: whoever was here before gets it when the instruction faults again. */
    sigaction(SIGSEGV, &before, NULL);
}

/* Whoever else wants the signal may have taken it since the last time, as test frameworks do. */
void fault_power_on(void)
{
    struct sigaction action = {.sa_sigaction = take, .sa_flags = SA_SIGINFO};
    struct sigaction now;

    sigaction(SIGSEGV, &action, &now);
    if ((now.sa_flags & SA_SIGINFO) == 0 || now.sa_sigaction != take) {
        before = now;
    }
}

bool posix_try(const struct posix_vm *vm, void (*act)(void *argument), void *argument,
               uint64_t *fault_ipa)
{
    struct attempt attempt = {.vm = vm};

    if (sigsetjmp(attempt.back, 1) != 0) {
        current = NULL;
        *fault_ipa = attempt.ipa;
        return false;
    }
    current = &attempt;
    act(argument);
    current = NULL;
    return true;
}

/* --- One byte --------------------------------------------------------------------------------- */

struct byte {
    volatile uint8_t *at;
    uint8_t value;
};

static void load(void *argument)
{
    struct byte *byte = argument;

    byte->value = *byte->at;
}

static void store(void *argument)
{
    const struct byte *byte = argument;

    *byte->at = byte->value;
}

static bool touch(const struct posix_vm *vm, uint64_t ipa, void (*act)(void *), struct byte *byte)
{
    uint64_t fault_ipa;

    byte->at = posix_vm_at(vm, ipa);
    if (byte->at == NULL) {
        return false;
    }
    if (posix_try(vm, act, byte, &fault_ipa)) {
        return true;
    }
    if (fault_ipa != ipa) {
        posix_violation("%s: an access at IPA %#llx faults at %#llx", posix_vm_name(vm),
                        (unsigned long long)ipa, (unsigned long long)fault_ipa);
    }
    return false;
}

bool posix_vm_read(const struct posix_vm *vm, uint64_t ipa, uint8_t *value)
{
    struct byte byte = {.value = 0};
    bool done = touch(vm, ipa, load, &byte);

    *value = byte.value;
    return done;
}

bool posix_vm_write(const struct posix_vm *vm, uint64_t ipa, uint8_t value)
{
    struct byte byte = {.value = value};

    return touch(vm, ipa, store, &byte);
}
