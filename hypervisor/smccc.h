/* SPDX-License-Identifier: BSD-3-Clause */
/* Function IDs outside FF-A, and the dispatch of a VM's SMC or HVC. */
#ifndef SMCCC_H
#define SMCCC_H

#include <stdint.h>

struct vcpu;

#define SMCCC_VERSION       0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_VERSION_1_2   0x00010002u
#define SMCCC_UNKNOWN       UINT64_MAX /* all 64 bits, also for a 32-bit function */

#define PSCI_VERSION           0x84000000u
#define PSCI_CPU_OFF           0x84000002u
#define PSCI_CPU_ON_32         0x84000003u
#define PSCI_CPU_ON_64         0xc4000003u
#define PSCI_AFFINITY_INFO_32  0x84000004u
#define PSCI_AFFINITY_INFO_64  0xc4000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF        0x84000008u
#define PSCI_SYSTEM_RESET      0x84000009u
#define PSCI_FEATURES          0x8400000au

/* This hypervisor's own, for the programs in guests/ (vendor-specific hypervisor services). */
#define PRIVATE_REPORT     0x86000001u /* w1 expectations held, w2 broken: for the verdict */
#define PRIVATE_MIGRATE    0x86000002u /* the vCPU goes on on another CPU, after others' turn */
#define PRIVATE_BENCH_MARK 0x86000003u /* returns 0 */

/*
 * Serves the SMC or HVC that vcpu has made with `immediate`, and returns the vCPU that this CPU
 * goes on with.
 */
struct vcpu *smccc_call(struct vcpu *vcpu, unsigned int immediate);

#endif
