/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a CPU has to do beside running vCPUs: cycles for the Secure world, the steps of VMs that
 * begin and end, and news for vCPUs. It is done between vCPUs and before a return to one, never in
 * an interrupt handler, and not for longer at once than a vCPU runs.
 */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vm;

enum work {
    WORK_RECEIVERS = 1,   /* the Secure world has signalled somebody */
    WORK_CYCLES = 2,      /* a partition may want to run on this CPU */
    WORK_LEFT = 4,        /* a vCPU did not go back to its request */
    WORK_VMS = 8,         /* a VM begins or ends */
    WORK_INTERRUPTS = 16, /* an interrupt has become another vCPU's */
};

void work_init_cpu(void);

/* Adds to the work of this CPU, or of another one, which is told. */
void work_add(enum work work);
void work_add_on(unsigned int cpu, enum work work);

/* Goes on with a VM's step, soon, on the CPU where Parley wants it done, if it has a part in it. */
void work_go_on_with(struct vm *vm);

/* Does what is to be done, for a while. */
void work_run(void);
bool work_is_left(void);

/*
 * After an FF-A call, or Parley's own for the vCPU: looks whether the vCPU has left a request in
 * the Secure world, and must stay on this CPU until it goes back to it. If it does not in time, the
 * CPU does so.
 */
void work_after_call(struct vcpu *vcpu);

/* When this CPU wants to look at its vCPUs; work_tick() is then to be called. */
uint64_t work_deadline(void);
void work_tick(uint64_t now);

#endif
