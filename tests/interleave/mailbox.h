/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests that send each other indirect messages. VM n has page 2n - 2 as TX and 2n - 1 as RX, and
 * each message carries a token, all over its payload.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_MAILBOX_H
#define PARLEY_TESTS_INTERLEAVE_MAILBOX_H

#include "world.h"

#define MAILBOX_PAGES(id) (3u << (2 * (id)-2)) /* as a set */

struct parley_regs mailbox_map(struct world_vm *of, unsigned int vcpu);
struct parley_regs mailbox_unmap(struct world_vm *of, unsigned int vcpu);

/* Writes a message as FF-A 1.2 has it into a page. */
void mailbox_write(void *page, uint16_t sender, uint16_t receiver, uint32_t token);
/* The token of a message in a page; it has to be whole, and to this receiver. */
uint32_t mailbox_read(const void *page, uint16_t receiver);
/* Writes it into the VM's TX buffer, and sends it. */
struct parley_regs mailbox_send(struct world_vm *of, unsigned int vcpu, uint16_t receiver,
                                uint32_t token);
/* Sends what is in the TX buffer. */
struct parley_regs mailbox_send_again(struct world_vm *of, unsigned int vcpu);

/* What the guest does when it is interrupted: looks whether its RX buffer is full. */
bool mailbox_look(struct world_vm *of, unsigned int vcpu);
/*
 * If so, reads it and gives it back. world.token has the tokens of all messages that were read.
 * Fails if there is anything in the buffer but one whole message to this VM, and zeroes behind it.
 */
void mailbox_take(struct world_vm *of, unsigned int vcpu);
/* Both. */
void mailbox_receive(struct world_vm *of, unsigned int vcpu);
/* How often a message with this token was read. */
unsigned int mailbox_received(uint32_t token);

#endif
