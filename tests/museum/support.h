/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the museum and the golden tables stand on: one mediator on the simulated machine of
 * ports/posix, VMs in one line each, and calls whose unused registers are always poisoned.
 *
 *     machine_on(&posix_spmc_1_2);
 *     struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2});
 *     struct parley_regs answer = CALL(vm, 0, FFA_RX_RELEASE, 0);
 *     assert_status(answer, FFA_DENIED);
 *
 * Every test ends in machine_off(), as its teardown: it destroys the VMs, shuts Parley down, and
 * fails the test if the machine saw anything that port.h forbids.
 */
#ifndef MUSEUM_SUPPORT_H
#define MUSEUM_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "posix.h"

#include "../../secure/partitions/partitions.h"
#include "../../secure/spmc/hostile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEST(name)   cmocka_unit_test_teardown(name, machine_off)

/* --- The machine ------------------------------------------------------------------------------ */

#define VMS_MAX    64u
#define QUOTA_MAX  8u  /* parley_config.rxtx_pages_max */
#define QUOTA      4u  /* of a VM, if its setup says nothing */
#define RAM_PAGES  32u /* of each VM, if its setup says nothing */
#define RAM_IPA    0x80000000u
#define WINDOW_IPA 0xa0000000u
#define VCPUS      4u
#define NPI        9u  /* parley_config.npi_intid */
#define SRI        10u /* parley_config.sri_intid */

/* Where a test has its buffers: a page number of the VM's RAM. */
#define IPA(page) ((uint64_t)RAM_IPA + (uint64_t)(page)*FFA_PAGE_SIZE)
#define TX_PAGE   8u
#define RX_PAGE   16u

/* The configuration that machine_on() uses, to be changed and given to machine_on_with(). */
extern const struct parley_config usual_config;

/* Powers on, and starts Parley. NULL: no Secure world. */
struct parley *machine_on(const struct spmc_config *secure);
struct parley *machine_on_with(const struct spmc_config *secure,
                               const struct parley_config *config);

/*
 * Powers on, without starting Parley, with an SPMC of this version that has the usual partitions,
 * lies as told, and keeps the journal that this returns. LIES(...) writes the last two arguments.
 */
#define LIES_MAX 16u
#define LIES(...)                           \
    (const struct spmc_lie[]){__VA_ARGS__}, \
        (unsigned int)COUNT(((const struct spmc_lie[]){__VA_ARGS__}))
#define NO_LIES NULL, 0

const struct spmc_hostile *lying_power_on(uint32_t version, const struct spmc_lie *lies,
                                          unsigned int lie_count);
void no_more_lies(void);
void lies_again(void);

/* The teardown of every test. Does nothing for a machine that is off. */
int machine_off(void **state);

/* The mediator that runs, and where it lives. */
struct parley *the_parley(void);
const uint8_t *parley_memory(size_t *bytes);

/* Shuts it down in the middle of a test, and starts another in the same machine. */
enum parley_progress parley_stop(void);
struct parley *parley_start(const struct parley_config *config);

/* --- VMs -------------------------------------------------------------------------------------- */

/* All that a VM can take part in. */
#define ALL_PROPERTIES                                                                            \
    (FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_INDIRECT_MSG | \
     FFA_PARTITION_NOTIFICATION_RECV | FFA_PARTITION_DIRECT_REQ2_RECV |                           \
     FFA_PARTITION_DIRECT_REQ2_SEND)

struct vm_setup {
    uint16_t id;
    uint32_t version; /* negotiated and made final; 0: not even asked for */
    bool aarch32;
    bool sees_secure;
    uint16_t sees[8]; /* VMs that it may discover; 0 ends the list */
    bool sees_all;    /* all other VMs of the directory */
    uint8_t may;      /* PARLEY_MAY_... with all that it sees; the Secure world may always */
    uint32_t properties;
    const struct ffa_uuid *uuids;
    unsigned int uuid_count;
    uint16_t quota;            /* pages; 0 stands for QUOTA */
    uint16_t vcpus;            /* 0 stands for VCPUS */
    unsigned int ram_pages;    /* 0 stands for RAM_PAGES */
    unsigned int window_pages; /* at WINDOW_IPA, for memory of others */
};

struct posix_vm *vm_on(const struct vm_setup *setup);

/* The same, for a VM that has its RAM already; the caller looks at how it went. */
enum parley_progress vm_create(struct posix_vm *vm, const struct vm_setup *setup);

void vm_off(struct posix_vm *vm);

/* Another width than the VM was made with, as an image loader decides it late. One VM at a time. */
void vm_set_width(struct posix_vm *vm, bool aarch64);
bool vm_is_aarch64(const struct posix_vm *vm);

/*
 * VMs with IDs from `first` on that have `entries` entries together in what a caller of 1.2 lists,
 * and one page of RAM each.
 */
void crowd_on(uint16_t first, unsigned int entries);

/* FFA_VERSION, and a call that makes it final. */
void vm_negotiate(struct posix_vm *vm, uint32_t version);

/* RX and TX of `pages` each, at RX_PAGE and TX_PAGE. */
void vm_map(struct posix_vm *vm, unsigned int pages);

/* The guest's own view of its buffers, if they are one page long; a byte pattern all over RX. */
uint8_t *vm_rx(const struct posix_vm *vm);
uint8_t *vm_page(const struct posix_vm *vm, unsigned int page);
void vm_paint(const struct posix_vm *vm, unsigned int page, unsigned int pages, uint8_t byte);

struct parley_vm_status vm_status(const struct posix_vm *vm);

/* --- Calls ------------------------------------------------------------------------------------ */

/* CALL(vm, vcpu, fid, x1, x2, ...): what is not given is poison. */
#define CALL(vm, vcpu, ...)                                    \
    museum_call((vm), (vcpu), (const uint64_t[]){__VA_ARGS__}, \
                sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/*
 * Calls, and checks what holds for every answer: which of x0 to x17 it may write at this version
 * and width, that halves and registers it does not use are zero, and that others are as they were.
 */
struct parley_regs museum_call(struct posix_vm *vm, unsigned int vcpu, const uint64_t *args,
                               size_t count);

/* The same for one that may wait, and is interrupted if it does. */
#define CALL_TO_END(vm, vcpu, ...)                                    \
    museum_call_to_end((vm), (vcpu), (const uint64_t[]){__VA_ARGS__}, \
                       sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

struct parley_regs museum_call_to_end(struct posix_vm *vm, unsigned int vcpu, const uint64_t *args,
                                      size_t count);

/* WAIT(vm, vcpu, fid, x1, x2, ...): one that must wait; then what becomes of it, checked alike. */
struct waiting {
    struct posix_vm *vm;
    unsigned int vcpu;
    struct parley_regs before;
    struct parley_regs regs;
};

#define WAIT(vm, vcpu, ...)                                    \
    museum_wait((vm), (vcpu), (const uint64_t[]){__VA_ARGS__}, \
                sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

struct waiting museum_wait(struct posix_vm *vm, unsigned int vcpu, const uint64_t *args,
                           size_t count);
struct parley_regs woken(struct waiting *waiting);       /* it must have been */
struct parley_regs interrupted(struct waiting *waiting); /* it must wait until then */
bool still_waits(struct waiting *waiting);

/* Poison for a register, other than that of its neighbours. */
uint64_t poison(unsigned int reg);

/* FFA_OK for FFA_SUCCESS_32 and _64, else what FFA_ERROR says. Anything else fails the test. */
int32_t status_of(const struct parley_regs *answer);

#define assert_status(answer, status)                               \
    do {                                                            \
        const struct parley_regs assert_status_regs = (answer);     \
        assert_int_equal(status_of(&assert_status_regs), (status)); \
    } while (0)

uint32_t w(const struct parley_regs *answer, unsigned int reg);

/* Frequent calls. */
struct parley_regs call_map(struct posix_vm *vm, unsigned int vcpu, uint64_t tx, uint64_t rx,
                            uint64_t pages);
struct parley_regs call_info(struct posix_vm *vm, unsigned int vcpu, const struct ffa_uuid *uuid,
                             uint32_t flags);
struct parley_regs call_info_regs(struct posix_vm *vm, const struct ffa_uuid *uuid, uint16_t index,
                                  uint16_t tag);
struct parley_regs call_features(struct posix_vm *vm, uint32_t id);

/* --- Discovery, as a guest reads it ----------------------------------------------------------- */

struct entry {
    uint16_t id;
    uint16_t contexts;
    uint32_t properties;
    struct ffa_uuid uuid;
};

#define ENTRIES_MAX 256u

/* What PARTITION_INFO_GET shows (NULL: all), in the VM's own layout; RX is released. */
unsigned int list_buffer(struct posix_vm *vm, const struct ffa_uuid *uuid, struct entry *entries);

/* What PARTITION_INFO_GET_REGS shows, call after call. */
unsigned int list_regs(struct posix_vm *vm, const struct ffa_uuid *uuid, struct entry *entries);

/* The count alone; 0 for INVALID_PARAMETERS. */
unsigned int list_count(struct posix_vm *vm, const struct ffa_uuid *uuid);

/* Whether a list, taken in every way the VM has, holds the ID; all ways must agree. */
bool is_listed(struct posix_vm *vm, uint16_t id);

extern const struct ffa_uuid nil_uuid;

/* --- Something that happens in the middle of a call ------------------------------------------- */

typedef void meanwhile(void *argument);

/*
 * Another thread runs `what` when the hypervisor is asked for its nth page from now on (1: the
 * next), before it answers. Returns nothing; *finished tells whether it ended within its time, so
 * that a lock that is held shows as false and not as a test that hangs.
 */
void meanwhile_at_page_map(unsigned int nth, meanwhile *what, void *argument, bool *finished);

/* The same, when Parley next touches this page of the VM, which is pinned. */
void meanwhile_at_touch(struct posix_vm *vm, unsigned int page, meanwhile *what, void *argument,
                        bool *finished);

/* The same, when Parley next wakes a vCPU, or injects an interrupt. */
void meanwhile_at_signal(meanwhile *what, void *argument, bool *finished);

/* Waits for that thread, or calls it off if its time has not come. */
void meanwhile_forget(void);

/* Runs all of them at once, each on a thread of its own, and waits for them. */
struct deed {
    meanwhile *what;
    void *argument;
};

void at_once(const struct deed *deeds, size_t count);

/* --- Sections --------------------------------------------------------------------------------- */

/* The tests of one section: runs them, adds their number to *count, returns how many failed. */
#define SECTION(name, ...)                                            \
    int name(size_t *count)                                           \
    {                                                                 \
        static const struct CMUnitTest tests[] = {__VA_ARGS__};       \
                                                                      \
        *count += COUNT(tests);                                       \
        return cmocka_run_group_tests_name(#name, tests, NULL, NULL); \
    }

int museum_buffers(size_t *count);
int museum_lifetime(size_t *count);
int museum_version(size_t *count);
int museum_races(size_t *count);
int museum_bounds(size_t *count);
int museum_registers(size_t *count);
int museum_discovery(size_t *count);
int museum_gating(size_t *count);
int museum_locks(size_t *count);
int museum_spmc(size_t *count);
int museum_spmc_buffers(size_t *count);
int museum_rollback(size_t *count);
int museum_direct(size_t *count);
int museum_indirect(size_t *count);
int museum_signals(size_t *count);
int museum_availability(size_t *count);
int museum_incoming(size_t *count);

#endif
