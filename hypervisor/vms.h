/* SPDX-License-Identifier: BSD-3-Clause */
/* All virtual machines: the table, its chapters, and how a run ends. */
#ifndef VMS_H
#define VMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parley;
struct vm;

/* Makes Parley, and then the VMs of the table, which it serves. A failure is told, and is false. */
bool vms_init(void);
bool vms_create(void);

/* Starts vCPU 0 of each, one chapter of the table after the other. */
void vms_start(void);

struct vm *vm_at(size_t index); /* 0 to table.cast_count - 1 */
struct vm *vm_find(uint16_t id);
struct parley *vms_parley(void);

/* Whether a VM that comes and goes is to come again. */
bool vms_chapter_goes_on(void);

/* The VM's part in its chapter is over. */
void vms_one_stopped(const struct vm *vm);

/* Parley has ended it for good, or keeps it in quarantine. The latter has been tried again. */
void vms_one_over(struct vm *vm);
void vms_one_retried(struct vm *vm);

#endif
