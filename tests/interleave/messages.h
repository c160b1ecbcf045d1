/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests that ask each other by direct messages. A request carries a token, and its answer the same
 * one, turned over, so that each answer names its request.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_MESSAGES_H
#define PARLEY_TESTS_INTERLEAVE_MESSAGES_H

#include "world.h"

/*
 * A request, and waiting for its end however often an interrupt comes in between: the answer, or
 * why there is none, is in the vCPU's registers. False if the vCPU was stopped meanwhile.
 */
bool ask(struct world_vm *of, unsigned int vcpu, uint16_t receiver, uint32_t token);
/* The same for a request under way. */
bool await_answer(struct world_vm *of, unsigned int vcpu);

/* FFA_MSG_WAIT up to the point where the vCPU sleeps. */
void begin_wait(struct world_vm *of, unsigned int vcpu);
/* Answers the request in the vCPU's registers; the vCPU sleeps then. */
void answer(struct world_vm *of, unsigned int vcpu);
/* A vCPU that sleeps answers whatever it is asked, until it is stopped. Returns how often. */
unsigned int serve(struct world_vm *of, unsigned int vcpu);

bool is_request(const struct parley_regs *regs, uint16_t sender, uint16_t receiver, uint32_t token);
bool is_answer(const struct parley_regs *regs, uint16_t sender, uint16_t receiver, uint32_t token);

/* After a schedule, alone: the vCPU answers what it was asked and has not answered yet; */
void finish_service(struct world_vm *of, unsigned int vcpu);
/* `servant`, which was left asleep, serves `client`. */
void expect_service(struct world_vm *client, unsigned int client_vcpu, struct world_vm *servant,
                    unsigned int servant_vcpu);

#endif
