/* SPDX-License-Identifier: BSD-3-Clause */
#include "hostile.h"
#include "memory.h"

static uint32_t journal_index(uint32_t fid)
{
    return ffa_fid_number(fid) - FFA_NUMBER_FIRST;
}

uint32_t spmc_journal_calls(const struct spmc_hostile *hostile, uint32_t fid)
{
    return hostile->calls[journal_index(fid)];
}

uint32_t spmc_journal_failures(const struct spmc_hostile *hostile, uint32_t fid)
{
    return hostile->failures[journal_index(fid)];
}

/* Whether the lie is about this call. */
static bool applies(const struct spmc_lie *lie, const struct spmc_visit *visit)
{
    const uint32_t first = lie->first != 0 ? lie->first : 1;

    if (lie->fid != 0 && ffa_fid_number(lie->fid) != ffa_fid_number(visit->fid)) {
        return false;
    }
    return visit->number >= first && (lie->times == 0 || visit->number - first < lie->times);
}

/* Returns whether the lie answers the call, so that it is not served. */
static bool stands_in(const struct spmc *spmc, const struct spmc_lie *lie,
                      uint64_t regs[FFA_REGS_MAX])
{
    switch (lie->kind) {
    case SPMC_LIE_STATUS:
        spmc_answer_error(spmc, regs, (int32_t)lie->value);
        return true;
    case SPMC_LIE_ANSWER:
        spmc_answer_error(spmc, regs, FFA_OK);
        regs[0] = lie->value;
        return true;
    default:
        return false;
    }
}

bool spmc_hostile_answers(struct spmc *spmc, struct spmc_visit *visit, uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_hostile *hostile = spmc->config.hostile;

    if (hostile == NULL) {
        return false;
    }
    visit->number = ++hostile->calls[journal_index(visit->fid)];
    for (unsigned int i = 0; i < hostile->lie_count; i++) {
        if (applies(&hostile->lies[i], visit) && stands_in(spmc, &hostile->lies[i], regs)) {
            return true;
        }
    }
    return false;
}

static uint64_t blend(const struct spmc_lie *lie, uint64_t truth)
{
    return (truth & ~lie->mask) | (lie->value & lie->mask);
}

static void distort_rx(struct spmc *spmc, const struct spmc_lie *lie)
{
    uint8_t *place = spmc->own.rx;
    uint64_t word;

    if (place == NULL || lie->where > spmc->own.bytes - sizeof(word)) {
        return;
    }
    place += lie->where;
    memcpy(&word, place, sizeof(word));
    word = blend(lie, word);
    memcpy(place, &word, sizeof(word));
}

/* --- Memory --- */

static void write_answer(uint64_t regs[FFA_REGS_MAX], const uint64_t answer[FFA_REGS_SMC32])
{
    memcpy(regs, answer, FFA_REGS_SMC32 * sizeof(answer[0]));
}

static void say_enough(uint64_t regs[FFA_REGS_MAX])
{
    const uint64_t success[FFA_REGS_SMC32] = {FFA_SUCCESS_32, 0, regs[1], regs[2]};

    if ((uint32_t)regs[0] == FFA_MEM_FRAG_RX) {
        write_answer(regs, success);
    }
}

/* The handle is in the answer of a send, or in the call that goes on with one. */
static void say_more(struct spmc *spmc, const struct spmc_visit *visit, uint64_t regs[FFA_REGS_MAX])
{
    const bool sent = (uint32_t)regs[0] == FFA_SUCCESS_32;
    const uint64_t handle = sent ? ffa_handle_make((uint32_t)regs[2], (uint32_t)regs[3])
                                 : ffa_handle_make(visit->in[1], visit->in[2]);
    const struct spmc_transaction *transaction = spmc_transaction_find(spmc, handle);

    if (transaction != NULL && (uint32_t)regs[0] != FFA_MEM_FRAG_RX) {
        const uint64_t more[FFA_REGS_SMC32] = {FFA_MEM_FRAG_RX, ffa_handle_low(handle),
                                               ffa_handle_high(handle), transaction->bytes_here,
                                               ffa_mem_frag_make(transaction->sender)};

        write_answer(regs, more);
    }
}

static void say_others(const struct spmc *spmc, uint64_t regs[FFA_REGS_MAX])
{
    const uint64_t handle = ffa_handle_make((uint32_t)regs[2], (uint32_t)regs[3]);

    for (unsigned int i = 0; i < SPMC_TRANSACTIONS_MAX; i++) {
        const struct spmc_transaction *other = &spmc->transactions[i];

        if (other->state == SPMC_TRANSACTION_GRANTED && other->handle != handle) {
            regs[2] = ffa_handle_low(other->handle);
            regs[3] = ffa_handle_high(other->handle);
            return;
        }
    }
}

static void distort(struct spmc *spmc, const struct spmc_lie *lie, const struct spmc_visit *visit,
                    uint64_t regs[FFA_REGS_MAX])
{
    if (lie->when != 0 && lie->when != (uint32_t)regs[0]) {
        return;
    }
    switch (lie->kind) {
    case SPMC_LIE_REGISTER:
        regs[lie->where % FFA_REGS_MAX] = blend(lie, regs[lie->where % FFA_REGS_MAX]);
        break;
    case SPMC_LIE_RX:
        distort_rx(spmc, lie);
        break;
    case SPMC_LIE_ENOUGH:
        say_enough(regs);
        break;
    case SPMC_LIE_MORE:
        say_more(spmc, visit, regs);
        break;
    case SPMC_LIE_OTHERS:
        say_others(spmc, regs);
        break;
    default:
        break;
    }
}

static void journal(struct spmc_hostile *hostile, const struct spmc_visit *visit,
                    const uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_journal_entry entry = {
        .fid = visit->fid,
        .w1 = visit->in[1],
        .w2 = visit->in[2],
        .w3 = visit->in[3],
        .w4 = visit->in[4],
        .answer = (uint32_t)regs[0],
    };

    if (entry.answer == FFA_ERROR) {
        entry.status = (int32_t)regs[2];
        hostile->failures[journal_index(visit->fid)]++;
    }
    if (hostile->entry_count < SPMC_JOURNAL_ENTRIES) {
        hostile->entries[hostile->entry_count] = entry;
    }
    hostile->entry_count++;
}

void spmc_hostile_after(struct spmc *spmc, const struct spmc_visit *visit,
                        uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_hostile *hostile = spmc->config.hostile;

    if (hostile == NULL) {
        return;
    }
    for (unsigned int i = 0; i < hostile->lie_count; i++) {
        if (applies(&hostile->lies[i], visit)) {
            distort(spmc, &hostile->lies[i], visit, regs);
        }
    }
    journal(hostile, visit, regs);
}

void spmc_hostile_reserved(struct spmc *spmc)
{
    if (spmc->config.hostile != NULL) {
        spmc->config.hostile->reserved_inputs++;
    }
}
