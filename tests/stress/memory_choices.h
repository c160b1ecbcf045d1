/* SPDX-License-Identifier: BSD-3-Clause */
/* What a random walk of VMs that grant memory to each other does next. */
#ifndef MEMORY_CHOICES_H
#define MEMORY_CHOICES_H

#include "memory_model.h"

void choices_seed(uint64_t number);
uint64_t random_bits(void);
unsigned int below(unsigned int end);
bool one_in(unsigned int n);

/* An ID, mostly of a VM. */
uint16_t any_id(void);

/* Handles: for the VM to retrieve, to give back, to reclaim. Those remembered come up again. */
void remember(uint16_t lender, uint64_t handle);
uint64_t handle_for(uint16_t id);
uint64_t held_handle(uint16_t id);
uint64_t own_handle(uint16_t id);

/* The transaction of a handle, and its lender; NULL if there is none. */
const struct model_transaction *transaction_of(uint64_t handle, uint16_t *lender);

/* What the VM sends: type 0 shares, 1 lends, 2 gives. */
struct grant any_grant(uint16_t id, unsigned int type, struct ffa_mem_constituent *ranges);

/* Changes a request for all that was granted; one without anything to go by. */
void vary(uint16_t id, struct grant *request, struct ffa_mem_constituent *ranges,
          const struct model_transaction *transaction);
struct grant blind_request(uint16_t id, uint64_t handle);

#endif
