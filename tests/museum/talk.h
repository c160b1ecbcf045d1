/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of messages and notifications share: VMs that talk, and what they say. */
#ifndef MUSEUM_TALK_H
#define MUSEUM_TALK_H

#include "support.h"

#include "../../secure/partitions/commands.h"

#define HEADER_BYTES_1_1 20u
#define HEADER_BYTES_1_2 40u

/* A VM that may do everything, with VMs 1 to 8 and with the Secure world. */
struct posix_vm *talker_on(uint16_t id, uint32_t version);
struct posix_vm *talker_32_on(uint16_t id, uint32_t version);

/* The response to this kind of request, in its own width. */
uint32_t response_to(uint32_t request);
extern const uint32_t request_kinds[3];

/* vCPU 0 of `to` waits, gets the request of vCPU 0 of `from`, and has it now. */
struct waiting ask(struct posix_vm *from, uint16_t from_id, struct posix_vm *to, uint16_t to_id,
                   uint32_t request);

/* Asks a Secure Partition, goes on until it has answered, and returns the response. */
struct parley_regs command(struct posix_vm *vm, uint16_t vm_id, uint16_t partition,
                           const uint32_t words[5]);

/* Writes a message into the VM's TX, which is at TX_PAGE, in the layout of this version. */
void write_message(struct posix_vm *vm, uint32_t version, uint32_t ids, uint32_t offset,
                   uint32_t size);

/* A byte of the payload in TX, by its place there; never zero. */
uint8_t payload_byte(uint32_t place);

/* Fails unless RX holds this message, in this layout, with zeros behind, of `pages`. */
void expect_message(struct posix_vm *vm, uint32_t version, uint32_t ids, uint32_t offset,
                    uint32_t size, unsigned int pages);

struct parley_regs send2(struct posix_vm *vm);

/* A sender and a receiver, with a page of RX and of TX each. */
struct pair {
    struct posix_vm *from; /* VM 1 */
    struct posix_vm *to;   /* VM 2 */
};

#define IDS ffa_ids_make(1, 2)

/* Without a Secure world; the receiver's RX is painted. */
struct pair pair_on(uint32_t from, uint32_t to);

/* An SPMC that answers each call of one ABI, in either width, with these registers; others are
 * served. `calls` counts the first kind. */
struct answering {
    uint32_t fid;
    struct parley_regs answer;
    unsigned int calls;
};

void answering_spmc(void *answering, struct parley_regs *regs);

/*
 * Parts of rows whose tests are with other sections. A partition is told once of a VM, and once of
 * its end, however many entries it has. Whatever the SPMC refuses while a VM is created, it keeps
 * nothing, and the ID can be used.
 */
void expect_one_announcement(void);
void expect_spoilt_creation_leaves_nothing(void);

#endif
