/* SPDX-License-Identifier: BSD-3-Clause */
#include "hostile.h"
#include "internal.h"

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

static void distort(struct spmc *spmc, const struct spmc_lie *lie, uint64_t regs[FFA_REGS_MAX])
{
    if (lie->kind == SPMC_LIE_REGISTER && lie->where < FFA_REGS_MAX) {
        regs[lie->where] = blend(lie, regs[lie->where]);
    }
    if (lie->kind == SPMC_LIE_RX) {
        distort_rx(spmc, lie);
    }
}

static void journal(struct spmc_hostile *hostile, const struct spmc_visit *visit,
                    const uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_journal_entry entry = {
        .fid = visit->fid, .w1 = visit->w1, .answer = (uint32_t)regs[0]};

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
            distort(spmc, &hostile->lies[i], regs);
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
