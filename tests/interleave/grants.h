/* SPDX-License-Identifier: BSD-3-Clause */
/* The guests of the tests of memory: what they write into their TX buffers, and their calls. */
#ifndef PARLEY_TESTS_INTERLEAVE_GRANTS_H
#define PARLEY_TESTS_INTERLEAVE_GRANTS_H

#include "frames.h"

#define GRANT_BORROWERS_MAX 2u
#define GRANT_RANGES_MAX    2u

/* What a lender grants. A borrower that retrieves it says the same again. */
struct grant {
    uint32_t fid; /* FFA_MEM_SHARE_32, LEND or DONATE */
    uint16_t lender;
    uint16_t borrowers[GRANT_BORROWERS_MAX]; /* 0: none */
    unsigned int frames[GRANT_RANGES_MAX];   /* each a range of one page */
    unsigned int ranges;
    unsigned int ranges_at_once; /* in the first fragment; 0: all */
};

/* A VM of the tests: its pair lies in the pages 2 * (id - 1) and the next. */
void grant_create_vm(uint16_t id, unsigned int vcpus);

/*
 * The calls of one vCPU. Each is done to its end, in pieces if world.grants.preempts; but if its
 * hypervisor stops the vCPU in the middle, it returns all zeroes.
 */
struct parley_regs grant_send(unsigned int vcpu, const struct grant *grant);
/* The second range, after the first. */
struct parley_regs grant_send_rest(unsigned int vcpu, const struct grant *grant, uint64_t handle);
struct parley_regs grant_retrieve(uint16_t id, unsigned int vcpu, const struct grant *grant,
                                  uint64_t handle, uint32_t flags);
struct parley_regs grant_relinquish(uint16_t id, unsigned int vcpu, uint64_t handle,
                                    uint32_t flags);
struct parley_regs grant_reclaim(uint16_t id, unsigned int vcpu, uint64_t handle, uint32_t flags);

bool grant_is_cut_off(const struct parley_regs *reply);
uint64_t grant_handle(const struct parley_regs *reply);
/* Retrieved: and then the buffer is the guest's until it gives it back. */
bool grant_is_retrieved(const struct parley_regs *reply);

/* Retrieves it, and gives back the RX buffer; relinquishes it. To set up and to check: they must
 * work. */
uint64_t grant_must_send(const struct grant *grant);
void grant_must_retrieve(uint16_t id, const struct grant *grant, uint64_t handle);
void grant_must_relinquish(uint16_t id, uint64_t handle);
void grant_must_reclaim(uint16_t id, uint64_t handle);

/* The VM is destroyed or reset, with what its hypervisor does for its memory. */
void grant_destroy(uint16_t id);
void grant_reset(uint16_t id);
/* Whatever has become of it: the VM runs, with buffers of its own. */
void grant_revive(uint16_t id);

/* The schedule's result: who got what, and whose the frames are. */
void grant_tell_outcome(void);

/*
 * Everything that was granted is the lender's, and nothing is left of it: all that the VMs may
 * have under way at once can be granted, borrowed and taken back again.
 */
void expect_usable_again(const struct grant *grant);

#endif
