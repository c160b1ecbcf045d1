/* SPDX-License-Identifier: BSD-3-Clause */
/* What the run tells its reader beside the VMs' own lines, and its verdict. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

struct vm;

/* Who runs where. */
void report_machine(void);
void report_vm_created(const struct vm *vm);
void report_chapter(const char *title);

/* A physical interrupt that ended a stay in the Secure world, and that EL2 is about to take. */
void report_interrupt(const struct vm *vm, unsigned int interrupt);

void report_vm_stopped(struct vm *vm);
void report_vm_quarantined(struct vm *vm);
void report_vm_released(const struct vm *vm); /* from there */

/*
 * All VMs have stopped: the table of VMs, the verdict, and the end of the emulation. `clean` if
 * Parley gave everything back.
 */
_Noreturn void report_end(bool clean);

/* The same, because the time is up. */
_Noreturn void report_out_of_time(void);

#endif
