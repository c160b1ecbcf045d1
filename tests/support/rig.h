/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test rig: the simulated machine with a Secure world, Parley, and VMs. One at a time.
 *
 *     rig_start(&posix_spmc_1_2);
 *     struct posix_vm *vm = rig_vm(&(struct parley_vm_config){.id = 3});
 *     settle(vm, FFA_VERSION_1_1);                        see call.h
 *     ...
 *     rig_stop();
 */
#ifndef RIG_H
#define RIG_H

#include "posix.h"

#define RIG_VMS_MAX 16u

#define RIG_IDS 15u
#define RIG_NPI 9u
#define RIG_SRI 10u

/* IDs 1 to 15; 4 vCPUs; buffers of up to 8 pages, shadows of 2; 16 partitions; 4 CPUs. */
extern const struct parley_config rig_default_config;

/* The same, with memory to grant: 8 transactions a VM, 256 ranges, gifts. */
extern const struct parley_config rig_memory_config;

/* Powers on and starts Parley, which must succeed. NULL: no Secure world (it is looked for). */
void rig_start(const struct spmc_config *secure);
void rig_start_with(const struct spmc_config *secure, const struct parley_config *config);

/* The same, with this in front of the Secure world from the first SMC on. */
void rig_start_served(const struct spmc_config *secure, const struct parley_config *config,
                      posix_smc_handler *handler);

/*
 * Destroys what there is, shuts Parley down, and powers off. True if all that worked and nothing
 * broke a rule since rig_start(). Does nothing if the rig was not started, or is stopped already.
 */
bool rig_stop(void);

/* The same without parley_shutdown(), whose answer a test has seen already. */
bool rig_stop_after_shutdown(void);

struct parley *rig_parley(void);

/*
 * Adds a VM: 64 pages of RAM at RIG_VM_IPA, AArch64. Where the configuration says 0 it gets 2
 * vCPUs and buffers of up to 4 pages. It must succeed.
 */
#define RIG_VM_IPA   0x80000000u
#define RIG_VM_PAGES 64u
struct posix_vm *rig_vm(const struct parley_vm_config *config);

/* The same with an AArch32 EL1. */
struct posix_vm *rig_vm_32(const struct parley_vm_config *config);

/* Another amount of RAM, contiguous in physical memory in blocks of so many pages. */
struct posix_vm *rig_vm_of(const struct parley_vm_config *config, unsigned int pages,
                           unsigned int block);

/* RAM only, for a test that creates the VM in Parley itself. */
struct posix_vm *rig_ram(bool aarch64);

/* A configuration with the same defaults, for posix_vm_create(). */
struct parley_vm_config rig_vm_config(uint16_t id);

/* One that may do everything with every other, has all properties, and has settled. */
#define RIG_ALL_PROPERTIES                                                                        \
    (FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_INDIRECT_MSG | \
     FFA_PARTITION_NOTIFICATION_RECV | FFA_PARTITION_DIRECT_REQ2_RECV |                           \
     FFA_PARTITION_DIRECT_REQ2_SEND)
struct parley_vm_config rig_friend_config(uint16_t id);
struct posix_vm *rig_friend(uint16_t id, uint32_t version);

/* A friend with a window, and with buffers of so many pages. */
#define RIG_WINDOW_IPA   0xa0000000u
#define RIG_WINDOW_PAGES 96u
struct posix_vm *rig_memory_friend(uint16_t id, uint32_t version, unsigned int buffer_pages);

/* Ends one VM, or mere RAM, before the others. The pointer is no more. */
void rig_vm_end(struct posix_vm *vm);

struct parley_vm_status rig_vm_status(const struct posix_vm *vm);
struct parley_status rig_status(void);

#endif
