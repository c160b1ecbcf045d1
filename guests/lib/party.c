/* SPDX-License-Identifier: BSD-3-Clause */
#include "party.h"

#define TX_WORD_BYTES (4 * ERRAND_WORDS) /* of what one errand carries */

struct guest_regs party_call(const struct party *party, uint32_t fid,
                             const uint64_t arguments[PARTY_WORDS])
{
    if (party->buffers == NULL) {
        return errand_call(&party->errand, fid, arguments);
    }
    return FFA(party->client, fid, arguments[0], arguments[1], arguments[2], arguments[3], 0, 0, 0);
}

/* --- Buffers ---------------------------------------------------------------------------------- */

static void write_there(const struct party *party, uint32_t offset, const uint8_t *from,
                        uint32_t bytes)
{
    for (uint32_t done = 0; done < bytes; done += TX_WORD_BYTES) {
        uint64_t word[ERRAND_WORDS] = {0};

        for (uint32_t i = 0; i < TX_WORD_BYTES && done + i < bytes; i++) {
            word[i / 4] |= (uint64_t)from[done + i] << (8 * (i % 4));
        }
        errand_ask(&party->errand, SERVANT(SERVANT_TX, offset + done), word);
    }
}

void party_write(const struct party *party, uint32_t offset, const uint8_t *from, uint32_t bytes)
{
    if (party->buffers == NULL) {
        write_there(party, offset, from, bytes);
        return;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        party->buffers->tx[offset + i] = from[i];
    }
}

static void read_there(const struct party *party, uint32_t offset, uint8_t *to, uint32_t bytes)
{
    static const uint64_t none[ERRAND_WORDS];

    for (uint32_t done = 0; done < bytes; done += TX_WORD_BYTES) {
        uint64_t word[ERRAND_WORDS];

        errand_run(&party->errand, SERVANT(SERVANT_RX, offset + done), none, word);
        for (uint32_t i = 0; i < TX_WORD_BYTES && done + i < bytes; i++) {
            to[done + i] = (uint8_t)(word[i / 4] >> (8 * (i % 4)));
        }
    }
}

void party_read(const struct party *party, uint32_t offset, uint8_t *to, uint32_t bytes)
{
    if (party->buffers == NULL) {
        read_there(party, offset, to, bytes);
        return;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        to[i] = party->buffers->rx[offset + i];
    }
}

/* --- Sends ------------------------------------------------------------------------------------ */

#define PIECE_BYTES 256u

static void write_part(const struct party *party, const struct grant *grant, uint32_t from,
                       uint32_t bytes)
{
    uint8_t piece[PIECE_BYTES];

    for (uint32_t done = 0; done < bytes; done += PIECE_BYTES) {
        uint32_t count = bytes - done < PIECE_BYTES ? bytes - done : PIECE_BYTES;

        grant_write(grant, from + done, piece, count);
        party_write(party, done, piece, count);
    }
}

/* The answer that wants more: of which handle, and from where on. */
static bool wants_more(const struct party *party, const struct guest_regs *answer, uint32_t sent,
                       uint64_t *handle)
{
    uint64_t told = ffa_handle_make((uint32_t)answer->x[1], (uint32_t)answer->x[2]);

    if (answer->x[0] != FFA_MEM_FRAG_RX) {
        return false;
    }
    expect_equal(party->client, answer->x[3], sent, "the offset that is wanted next");
    expect(party->client, *handle == 0 || *handle == told, "the handle of all fragments");
    *handle = told;
    return true;
}

static void expect_handle(const struct party *party, const struct guest_regs *answer,
                          uint64_t *handle)
{
    uint64_t told = ffa_handle_make((uint32_t)answer->x[2], (uint32_t)answer->x[3]);

    expect(party->client, *handle == 0 || *handle == told, "the handle in the end");
    expect(party->client, told != FFA_HANDLE_INVALID, "a handle");
    *handle = told;
}

int32_t party_send_in(const struct party *party, uint32_t fid, const struct grant *grant,
                      uint32_t fragment_bytes, uint64_t *handle)
{
    uint32_t sent = grant->total < fragment_bytes ? grant->total : fragment_bytes;
    struct guest_regs answer;

    *handle = 0;
    write_part(party, grant, 0, sent);
    answer = PARTY_CALL(party, fid, grant->total, sent);
    while (wants_more(party, &answer, sent, handle) && sent < grant->total) {
        uint32_t left = grant->total - sent;
        uint32_t count = left < fragment_bytes ? left : fragment_bytes;

        write_part(party, grant, sent, count);
        answer = PARTY_CALL(party, FFA_MEM_FRAG_TX, ffa_handle_low(*handle),
                            ffa_handle_high(*handle), count);
        sent += count;
    }
    if (client_status(&answer) == FFA_OK) {
        expect_equal(party->client, answer.x[0], FFA_SUCCESS_32, "the end of a send");
        expect_handle(party, &answer, handle);
    }
    return client_status(&answer);
}

int32_t party_send(const struct party *party, uint32_t fid, const struct grant *grant,
                   uint64_t *handle)
{
    return party_send_in(party, fid, grant, party->bytes, handle);
}

/* --- What a borrower does --------------------------------------------------------------------- */

#define ANSWER_MAX (GRANT_HEAD_MAX + GRANT_RANGES_MAX * sizeof(struct ffa_mem_constituent))

/* All of an answer comes at once: it names as many ranges as were asked for, or one. */
static void read_answer(const struct party *party, const struct guest_regs *regs,
                        struct grant *answer)
{
    uint32_t total = (uint32_t)regs->x[1];
    uint8_t bytes[ANSWER_MAX] = {0};

    expect_equal(party->client, regs->x[0], FFA_MEM_RETRIEVE_RESP, "the answer to a retrieval");
    expect_equal(party->client, regs->x[2], total, "the length of its only fragment");
    if (expect(party->client, total <= ANSWER_MAX, "its length")) {
        party_read(party, 0, bytes, total);
    }
    expect(party->client, grant_read(answer, party->version, bytes, total), "its layout");
    expect_status(party->client, client_status_of(PARTY_CALL(party, FFA_RX_RELEASE, 0)), FFA_OK,
                  "FFA_RX_RELEASE of it");
}

int32_t party_retrieve(const struct party *party, uint32_t fid, const struct grant *request,
                       struct grant *answer)
{
    struct guest_regs regs;

    write_part(party, request, 0, request->total);
    regs = PARTY_CALL(party, fid, request->total, request->total);
    *answer = (struct grant){0};
    if (client_status(&regs) == FFA_OK) {
        read_answer(party, &regs, answer);
    }
    return client_status(&regs);
}

int32_t party_relinquish(const struct party *party, uint64_t handle, uint32_t flags)
{
    uint32_t word[5] = {(uint32_t)handle, (uint32_t)(handle >> 32), flags, 1, party->id};
    uint8_t bytes[sizeof(word)];

    for (unsigned int i = 0; i < sizeof(word); i++) {
        bytes[i] = (uint8_t)(word[i / 4] >> (8 * (i % 4)));
    }
    party_write(party, 0, bytes, sizeof(bytes));
    return client_status_of(PARTY_CALL(party, FFA_MEM_RELINQUISH, 0));
}

int32_t party_reclaim(const struct party *party, uint64_t handle, uint32_t flags)
{
    return client_status_of(
        PARTY_CALL(party, FFA_MEM_RECLAIM, ffa_handle_low(handle), ffa_handle_high(handle), flags));
}

/* --- Memory ----------------------------------------------------------------------------------- */

/* A command of servant_memory.c, done here or there: `word` is its arguments, then its answer. */
static void touch(const struct party *party, uint32_t command, uint64_t word[ERRAND_WORDS])
{
    uint64_t request[1 + ERRAND_WORDS] = {command};
    uint64_t answer[1 + ERRAND_WORDS] = {0};

    if (party->buffers == NULL) {
        errand_run(&party->errand, command, word, word);
        return;
    }
    for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
        request[1 + i] = word[i];
    }
    servant_touch(request, answer);
    for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
        word[i] = answer[1 + i];
    }
}

static uint32_t touch_pages(const struct party *party, uint32_t command, uint64_t ipa,
                            uint32_t pages, uint32_t seed)
{
    uint64_t word[ERRAND_WORDS] = {(uint32_t)ipa, ipa >> 32, seed};

    touch(party, SERVANT(command, pages), word);
    return (uint32_t)word[0];
}

uint64_t party_ram(const struct party *party, uint32_t pages)
{
    uint64_t word[ERRAND_WORDS] = {0};

    touch(party, SERVANT(SERVANT_RAM, pages), word);
    return word[1] << 32 | word[0];
}

static bool access(const struct party *party, uint32_t command, uint64_t ipa, uint32_t *value,
                   uint64_t *fault)
{
    uint64_t word[ERRAND_WORDS] = {(uint32_t)ipa, ipa >> 32, *value};

    touch(party, SERVANT(command, 0), word);
    *value = (uint32_t)word[0];
    *fault = word[3] << 32 | word[2];
    return word[1] != 0;
}

bool party_load(const struct party *party, uint64_t ipa, uint32_t *value, uint64_t *fault)
{
    *value = 0;
    return access(party, SERVANT_LOAD, ipa, value, fault);
}

bool party_store(const struct party *party, uint64_t ipa, uint32_t value, uint64_t *fault)
{
    return access(party, SERVANT_STORE, ipa, &value, fault);
}

uint32_t party_fill(const struct party *party, uint64_t ipa, uint32_t pages, uint32_t seed)
{
    return touch_pages(party, SERVANT_PAGES_FILL, ipa, pages, seed);
}

uint32_t party_wrong(const struct party *party, uint64_t ipa, uint32_t pages, uint32_t seed)
{
    return touch_pages(party, SERVANT_PAGES_TEST, ipa, pages, seed);
}

uint32_t party_not_zero(const struct party *party, uint64_t ipa, uint32_t pages)
{
    return touch_pages(party, SERVANT_PAGES_ZERO, ipa, pages, 0);
}

void party_expect_fault(const struct party *party, uint64_t page, const char *what)
{
    uint64_t ipa = page + touch_offset(1);
    uint64_t fault = 0;
    uint32_t value;

    expect(party->client, !party_load(party, ipa, &value, &fault), what);
    expect_equal(party->client, fault, ipa, "where a load faults");
    expect(party->client, !party_store(party, ipa, 0, &fault), what);
    expect_equal(party->client, fault, ipa, "where a store faults");
}

void party_expect_read_only(const struct party *party, uint64_t page, const char *what)
{
    uint64_t ipa = page + touch_offset(1);
    uint64_t fault = 0;
    uint32_t value;

    expect(party->client, party_load(party, ipa, &value, &fault), what);
    expect(party->client, !party_store(party, ipa, 0, &fault), what);
    expect_equal(party->client, fault, ipa, "where a store faults");
}
