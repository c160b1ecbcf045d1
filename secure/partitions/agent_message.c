/* SPDX-License-Identifier: BSD-3-Clause */
/* Indirect messages in the buffers of a partition. */
#include "agent.h"
#include "commands.h"

static uint32_t header_bytes(uint32_t version)
{
    return version >= FFA_VERSION_1_2 ? sizeof(struct ffa_msg_header_1_2)
                                      : sizeof(struct ffa_msg_header_1_1);
}

static void put_u32(uint8_t *to, uint32_t value)
{
    for (unsigned int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get_u32(const uint8_t *from)
{
    uint32_t value = 0;

    for (unsigned int i = 0; i < 4; i++) {
        value |= (uint32_t)from[i] << (8 * i);
    }
    return value;
}

bool agent_message_write(struct agent *agent, const struct agent_context *context, uint16_t to,
                         uint32_t bytes, uint32_t seed)
{
    const uint32_t offset = header_bytes(context->version);

    if (bytes > sizeof(agent->tx) - offset) {
        return false;
    }
    for (uint32_t i = 0; i < offset; i++) {
        agent->tx[i] = 0;
    }
    put_u32(&agent->tx[offsetof(struct ffa_msg_header_1_1, payload_offset)], offset);
    put_u32(&agent->tx[offsetof(struct ffa_msg_header_1_1, ids)], ffa_ids_make(context->id, to));
    put_u32(&agent->tx[offsetof(struct ffa_msg_header_1_1, payload_size)], bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        agent->tx[offset + i] = (uint8_t)COMMAND_PATTERN(seed, i);
    }
    return true;
}

/* The SPMC wrote the header, and nobody writes to RX before it is released. */
void agent_message_read(struct agent *agent)
{
    const uint32_t offset =
        get_u32(&agent->rx[offsetof(struct ffa_msg_header_1_1, payload_offset)]);
    const uint32_t ids = get_u32(&agent->rx[offsetof(struct ffa_msg_header_1_1, ids)]);
    const uint32_t bytes = get_u32(&agent->rx[offsetof(struct ffa_msg_header_1_1, payload_size)]);
    uint32_t sum = 0;

    for (uint32_t i = 0; i < bytes; i++) {
        sum = COMMAND_CHECKSUM(sum, agent->rx[offset + i]);
    }
    __atomic_store_n(&agent->message_last[0], ffa_ids_sender(ids), __ATOMIC_RELAXED);
    __atomic_store_n(&agent->message_last[1], bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&agent->message_last[2], sum, __ATOMIC_RELAXED);
    __atomic_fetch_add(&agent->message_count, 1, __ATOMIC_RELEASE);
}
