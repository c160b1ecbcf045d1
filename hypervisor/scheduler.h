/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who runs next: one queue for all CPUs, first come first served, a slice of time for each. A
 * function that returns a vCPU has loaded it onto this CPU.
 */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include <stdbool.h>

struct vcpu;
struct vm;

void scheduler_init(void);

/* Waits for a vCPU that is ready, for as long as it takes. */
struct vcpu *scheduler_next(void);

/* The running vCPU makes room for others, if there are any. */
struct vcpu *scheduler_yield(struct vcpu *vcpu);

/*
 * The running vCPU has nothing to do before scheduler_wake() or an interrupt. It may go on for
 * nothing; one that is blocked in FF-A then waits again. One that was preempted in FF-A only waits
 * for its next turn.
 */
struct vcpu *scheduler_wait(struct vcpu *vcpu);

/* The running vCPU goes on on another CPU, if there is one, after others had a turn. */
struct vcpu *scheduler_migrate(struct vcpu *vcpu);

/* The running vCPU goes off. If it was its VM's last one, the VM ends its life. */
struct vcpu *scheduler_leave(struct vcpu *vcpu);

/* A vCPU that waits goes on; one that does not will not wait the next time. From any CPU. */
void scheduler_wake(struct vcpu *vcpu);

/* A vCPU's interrupts have changed: it takes notice, wherever it is. From any CPU. */
void scheduler_interrupt(struct vcpu *vcpu);

/*
 * Takes a vCPU that is off, to set its registers; scheduler_ready() lets it run then. False if it
 * is not off, or its VM does not run.
 */
bool scheduler_claim(struct vcpu *vcpu);
void scheduler_ready(struct vcpu *vcpu);

enum vcpu_state scheduler_vcpu_state(const struct vcpu *vcpu);

/* Whether it is on, and its VM runs. Takes no lock. */
bool scheduler_vcpu_is_online(const struct vcpu *vcpu);

/*
 * Tells the VM's vCPUs to leave, for a reset or for a stop. False if they have been told already.
 * The caller's own vCPU leaves by scheduler_yield() or scheduler_leave().
 */
bool scheduler_end_life(struct vm *vm, bool reset);

/* All vCPUs are out: the VM runs again, or never more. */
void scheduler_begin_life(struct vm *vm);
void scheduler_stopped(struct vm *vm);

bool scheduler_vm_runs(const struct vm *vm);

/* This CPU's timer has fired: ends the slice, wakes who has waited for it. */
void scheduler_tick(void);

/* Whether the time slice of the running vCPU is over. */
bool scheduler_slice_is_over(void);

#endif
