/* SPDX-License-Identifier: BSD-3-Clause */
#include "talk.h"

#include <string.h>

#define RESUMES_MAX 1000u

const uint32_t request_kinds[3] = {FFA_MSG_SEND_DIRECT_REQ_32, FFA_MSG_SEND_DIRECT_REQ_64,
                                   FFA_MSG_SEND_DIRECT_REQ2};

static struct posix_vm *talker(uint16_t id, uint32_t version, bool aarch32)
{
    struct vm_setup setup = {
        .id = id,
        .version = version,
        .aarch32 = aarch32,
        .sees_secure = true,
        .may = PARLEY_MAY_ALL,
        .properties = ALL_PROPERTIES,
    };
    unsigned int count = 0;

    for (uint16_t other = 1; other <= COUNT(setup.sees); other++) {
        if (other != id) {
            setup.sees[count++] = other;
        }
    }
    return vm_on(&setup);
}

struct posix_vm *talker_on(uint16_t id, uint32_t version)
{
    return talker(id, version, false);
}

struct posix_vm *talker_32_on(uint16_t id, uint32_t version)
{
    return talker(id, version, true);
}

/* --- Direct messages -------------------------------------------------------------------------- */

uint32_t response_to(uint32_t request)
{
    switch (request) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
        return FFA_MSG_SEND_DIRECT_RESP_32;
    case FFA_MSG_SEND_DIRECT_REQ_64:
        return FFA_MSG_SEND_DIRECT_RESP_64;
    default:
        return FFA_MSG_SEND_DIRECT_RESP2;
    }
}

struct waiting ask(struct posix_vm *from, uint16_t from_id, struct posix_vm *to, uint16_t to_id,
                   uint32_t request)
{
    struct waiting servant = WAIT(to, 0, FFA_MSG_WAIT, 0, 0);
    struct waiting client =
        WAIT(from, 0, request, ffa_ids_make(from_id, to_id), 0, 0, 14, 15, 16, 17);

    assert_int_equal(woken(&servant).x[0], request);
    return client;
}

struct parley_regs command(struct posix_vm *vm, uint16_t vm_id, uint16_t partition,
                           const uint32_t words[5])
{
    struct parley_regs answer =
        CALL(vm, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(vm_id, partition), 0, words[0],
             words[1], words[2], words[3], words[4]);

    for (unsigned int i = 0; i < RESUMES_MAX; i++) {
        if (answer.x[0] != FFA_INTERRUPT && answer.x[0] != FFA_YIELD) {
            break;
        }
        answer = CALL(vm, 0, FFA_RUN, answer.x[1]);
    }
    assert_int_equal(answer.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    return answer;
}

/* --- Indirect messages ------------------------------------------------------------------------ */

uint8_t payload_byte(uint32_t place)
{
    return (uint8_t)(1 + place % 251);
}

void write_message(struct posix_vm *vm, uint32_t version, uint32_t ids, uint32_t offset,
                   uint32_t size)
{
    const struct ffa_msg_header_1_2 header = {
        .payload_offset = offset, .ids = ids, .payload_size = size};
    uint8_t *tx = vm_page(vm, TX_PAGE);

    for (uint32_t i = 0; i < FFA_PAGE_SIZE; i++) {
        tx[i] = payload_byte(i);
    }
    memcpy(tx, &header, version == FFA_VERSION_1_2 ? HEADER_BYTES_1_2 : HEADER_BYTES_1_1);
}

void expect_message(struct posix_vm *vm, uint32_t version, uint32_t ids, uint32_t offset,
                    uint32_t size, unsigned int pages)
{
    const bool is_1_2 = version == FFA_VERSION_1_2;
    const uint32_t header_bytes = is_1_2 ? HEADER_BYTES_1_2 : HEADER_BYTES_1_1;
    const struct ffa_msg_header_1_2 expected = {
        .payload_offset = header_bytes, .ids = ids, .payload_size = size};

    assert_memory_equal(vm_page(vm, RX_PAGE), &expected, header_bytes);
    for (uint32_t i = header_bytes; i < pages * FFA_PAGE_SIZE; i++) {
        const uint8_t byte = *(uint8_t *)posix_vm_at(vm, IPA(RX_PAGE) + i);
        const uint32_t place = i - header_bytes;

        assert_int_equal(byte, place < size ? payload_byte(offset + place) : 0);
    }
}

struct parley_regs send2(struct posix_vm *vm)
{
    return CALL(vm, 0, FFA_MSG_SEND2, 0, 0);
}

struct pair pair_on(uint32_t from, uint32_t to)
{
    struct pair pair;

    machine_on(NULL);
    pair.from = talker_on(1, from);
    pair.to = talker_on(2, to);
    vm_map(pair.from, 1);
    vm_map(pair.to, 1);
    vm_paint(pair.to, RX_PAGE, 1, 0x5a);
    return pair;
}

/* --- An SPMC that was asked to say something else -----------------------------------------------
 */

void answering_spmc(void *context, struct parley_regs *regs)
{
    struct answering *answering = context;

    if (ffa_fid_number(w(regs, 0)) == ffa_fid_number(answering->fid)) {
        answering->calls++;
        *regs = answering->answer;
        return;
    }
    posix_smc_secure_world(regs);
}
