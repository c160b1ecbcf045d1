/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of memory have in common: VMs 1 to 4, and each test twice, the second time with a
 * hypervisor that has something more urgent to do after each piece of a call.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <string.h>

#include "grant.h"
#include "unit.h"

#define PAGE FFA_PAGE_SIZE

#define SHARE  FFA_MEM_SHARE_32
#define LEND   FFA_MEM_LEND_32
#define DONATE FFA_MEM_DONATE_32

static struct posix_vm *a; /* VM 1 */
static struct posix_vm *b; /* VM 2 */
static struct posix_vm *c; /* VM 3 */
static struct posix_vm *d; /* VM 4 */

static enum posix_preemption preemption;

static inline void start_with(const struct parley_config *config)
{
    rig_start_with(NULL, config);
    posix_preempt(preemption);
}

/* All of them at 1.2 but the first two, with buffers of one page. */
static inline void start_versions(uint32_t version_a, uint32_t version_b)
{
    start_with(&rig_memory_config);
    a = rig_memory_friend(1, version_a, 1);
    b = rig_memory_friend(2, version_b, 1);
    c = rig_memory_friend(3, FFA_VERSION_1_2, 1);
    d = rig_memory_friend(4, FFA_VERSION_1_2, 1);
}

static inline void start(void)
{
    start_versions(FFA_VERSION_1_2, FFA_VERSION_1_2);
}

/* The handle of what must succeed. */
static inline uint64_t sent(struct posix_vm *vm, uint32_t fid, const struct grant *grant)
{
    struct answer answer = grant_send(vm, fid, grant);

    assert_int_equal(answer.status, FFA_OK);
    assert_true((handle_of(&answer) & FFA_HANDLE_HYPERVISOR_BIT) != 0);
    assert_true(handle_of(&answer) != FFA_HANDLE_INVALID);
    return handle_of(&answer);
}

/* Where it is, in one range. */
static inline uint64_t retrieved(struct posix_vm *vm, const struct grant *grant, uint64_t handle)
{
    struct retrieved got = retrieve(vm, grant, handle);

    assert_int_equal(got.status, FFA_OK);
    assert_int_equal(got.ranges, 1);
    assert_true(got.handle == handle);
    return got.range[0].address;
}

#define RUN_TWICE(tests) closing_line(2 * COUNT(tests), run_twice((tests), COUNT(tests)))

static inline int run_twice(const struct CMUnitTest *tests, size_t count)
{
    int failed = _cmocka_run_group_tests("at once", tests, count, NULL, NULL);

    preemption = POSIX_PREEMPT_ALWAYS;
    return failed + _cmocka_run_group_tests("in pieces", tests, count, NULL, NULL);
}

#endif
