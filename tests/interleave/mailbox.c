/* SPDX-License-Identifier: BSD-3-Clause */
#include "mailbox.h"

#include <string.h>

#define PAYLOAD_WORDS 8u

struct letter {
    struct ffa_msg_header_1_2 header;
    uint32_t payload[PAYLOAD_WORDS];
};

static unsigned int tx_of(const struct world_vm *of)
{
    return 2u * of->id - 2;
}

static unsigned int rx_of(const struct world_vm *of)
{
    return 2u * of->id - 1;
}

struct parley_regs mailbox_map(struct world_vm *of, unsigned int vcpu)
{
    return world_map(of->vm, vcpu, tx_of(of), rx_of(of));
}

struct parley_regs mailbox_unmap(struct world_vm *of, unsigned int vcpu)
{
    return WORLD_CALL(of->vm, vcpu, FFA_RXTX_UNMAP);
}

void mailbox_write(void *page, uint16_t sender, uint16_t receiver, uint32_t token)
{
    struct letter letter = {
        .header = {.payload_offset = sizeof(letter.header),
                   .ids = ffa_ids_make(sender, receiver),
                   .payload_size = sizeof(letter.payload)},
    };

    for (unsigned int i = 0; i < PAYLOAD_WORDS; i++) {
        letter.payload[i] = token;
    }
    memcpy(page, &letter, sizeof(letter));
}

struct parley_regs mailbox_send(struct world_vm *of, unsigned int vcpu, uint16_t receiver,
                                uint32_t token)
{
    mailbox_write(world.pages[tx_of(of)], of->id, receiver, token);
    return mailbox_send_again(of, vcpu);
}

struct parley_regs mailbox_send_again(struct world_vm *of, unsigned int vcpu)
{
    return WORLD_CALL(of->vm, vcpu, FFA_MSG_SEND2);
}

uint32_t mailbox_read(const void *page, uint16_t receiver)
{
    struct letter letter;

    memcpy(&letter, page, sizeof(letter));
    EXPECT(letter.header.payload_offset == sizeof(letter.header) &&
               letter.header.payload_size == sizeof(letter.payload) &&
               ffa_ids_receiver(letter.header.ids) == receiver,
           "what is in the buffer is no message to %#x", receiver);
    for (unsigned int i = 0; i < PAYLOAD_WORDS; i++) {
        EXPECT(letter.payload[i] == letter.payload[0], "a message is part of one, part of another");
    }
    return letter.payload[0];
}

/* The token of what is in the VM's RX buffer: a message, and nothing else. */
static uint32_t read_rx(const struct world_vm *of)
{
    static const uint8_t zeroes[FFA_PAGE_SIZE - sizeof(struct letter)];
    const uint8_t *page = world.pages[rx_of(of)];

    explore_will_read(page, FFA_PAGE_SIZE);
    EXPECT(memcmp(page + sizeof(struct letter), zeroes, sizeof(zeroes)) == 0,
           "RX is not zero behind the message");
    return mailbox_read(page, of->id);
}

unsigned int mailbox_received(uint32_t token)
{
    unsigned int times = 0;

    for (unsigned int i = 0; i < world.received; i++) {
        times += world.token[i] == token;
    }
    return times;
}

bool mailbox_look(struct world_vm *of, unsigned int vcpu)
{
    struct parley_regs reply;

    (void)world_take_interrupts(of, vcpu);
    reply = WORLD_CALL(of->vm, vcpu, FFA_NOTIFICATION_GET,
                       ffa_receiver_info_make(of->id, (uint16_t)vcpu),
                       FFA_NOTIFICATION_GET_SPM | FFA_NOTIFICATION_GET_HYPERVISOR);
    EXPECT(succeeded(&reply), "NOTIFICATION_GET is refused");
    return reply.x[6] != 0 || reply.x[7] != 0;
}

void mailbox_take(struct world_vm *of, unsigned int vcpu)
{
    struct parley_regs reply;

    EXPECT(world.received < WORLD_RECEIVED_MAX, "a message too many arrives");
    world.token[world.received++] = read_rx(of);
    reply = WORLD_CALL(of->vm, vcpu, FFA_RX_RELEASE);
    EXPECT(succeeded(&reply), "the RX buffer is said to be full, and is not given back");
}

void mailbox_receive(struct world_vm *of, unsigned int vcpu)
{
    if (mailbox_look(of, vcpu)) {
        mailbox_take(of, vcpu);
    }
}
