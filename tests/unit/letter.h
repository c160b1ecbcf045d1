/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Indirect messages: written into a TX buffer, and read in an RX buffer, in the layout of a
 * version.
 */
#ifndef LETTER_H
#define LETTER_H

#include <string.h>

#include "unit.h"

/* What FFA_MSG_SEND2 reads. Zeroes stand for: the right one. */
struct letter {
    uint16_t sender;
    uint16_t receiver;
    uint32_t offset; /* of the payload; 0: behind the header */
    uint32_t bytes;
    struct ffa_uuid uuid; /* since 1.2 */
    uint8_t seed;         /* of the payload */
};

static inline uint32_t letter_header(uint32_t version)
{
    return version >= FFA_VERSION_1_2 ? sizeof(struct ffa_msg_header_1_2)
                                      : sizeof(struct ffa_msg_header_1_1);
}

static inline uint8_t letter_byte(const struct letter *letter, size_t index)
{
    return (uint8_t)(letter->seed + 7 * index + (index >> 8));
}

/* Writes the letter into the VM's TX buffer of so many pages; as much of it as lies there. */
static inline void letter_write(struct posix_vm *vm, unsigned int pages,
                                const struct letter *letter)
{
    uint32_t header_bytes = letter_header(rig_vm_status(vm).version);
    uint8_t *tx = posix_vm_at(vm, tx_ipa(vm));
    size_t end = (size_t)pages * FFA_PAGE_SIZE;
    struct ffa_msg_header_1_2 header = {
        .payload_offset = letter->offset != 0 ? letter->offset : header_bytes,
        .ids = ffa_ids_make(letter->sender != 0 ? letter->sender : rig_vm_status(vm).id,
                            letter->receiver),
        .payload_size = letter->bytes,
        .uuid = letter->uuid,
    };

    memset(tx, 0x77, end);
    memcpy(tx, &header, header_bytes);
    for (size_t i = 0; i < letter->bytes && header.payload_offset + i < end; i++) {
        tx[header.payload_offset + i] = letter_byte(letter, i);
    }
}

static inline int32_t letter_send(struct posix_vm *vm, unsigned int pages,
                                  const struct letter *letter)
{
    letter_write(vm, pages, letter);
    return CALL(vm, FFA_MSG_SEND2, 0, 0).status;
}

/* Something else in each byte of RX, of so many pages. */
static inline void letter_dirty(struct posix_vm *vm, unsigned int pages)
{
    memset(posix_vm_at(vm, rx_ipa(vm, pages)), 0x5a, (size_t)pages * FFA_PAGE_SIZE);
}

static inline bool letter_is_dirty(struct posix_vm *vm, unsigned int pages)
{
    const uint8_t *rx = posix_vm_at(vm, rx_ipa(vm, pages));

    for (size_t i = 0; i < (size_t)pages * FFA_PAGE_SIZE; i++) {
        if (rx[i] != 0x5a) {
            return false;
        }
    }
    return true;
}

/* The letter is all that is in RX, of so many pages: header, payload, and nothing. */
static inline void letter_assert(struct posix_vm *vm, unsigned int pages,
                                 const struct letter *letter)
{
    uint32_t header_bytes = letter_header(rig_vm_status(vm).version);
    const uint8_t *rx = posix_vm_at(vm, rx_ipa(vm, pages));
    struct ffa_msg_header_1_2 header = {.flags = 0};

    assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_FULL);
    memcpy(&header, rx, header_bytes);
    assert_int_equal(header.flags, 0);
    assert_int_equal(header.reserved, 0);
    assert_int_equal(header.reserved2, 0);
    assert_int_equal(header.payload_offset, header_bytes);
    assert_int_equal(header.payload_size, letter->bytes);
    assert_int_equal(header.ids, ffa_ids_make(letter->sender, rig_vm_status(vm).id));
    if (header_bytes == sizeof(header)) {
        assert_memory_equal(&header.uuid, &letter->uuid, sizeof(header.uuid));
    }
    for (size_t i = 0; i < (size_t)pages * FFA_PAGE_SIZE - header_bytes; i++) {
        uint8_t byte = i < letter->bytes ? letter_byte(letter, i) : 0;

        if (rx[header_bytes + i] != byte) {
            fail_msg("byte %zu of %u is %#x, not %#x", i, letter->bytes, rx[header_bytes + i],
                     byte);
        }
    }
}

#endif
