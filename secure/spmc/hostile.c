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

/* Whether the lie is about this call, which the journal has counted already. */
static bool applies(const struct spmc_hostile *hostile, const struct spmc_lie *lie, uint32_t fid)
{
    const uint32_t calls = spmc_journal_calls(hostile, fid);
    const uint32_t first = lie->first != 0 ? lie->first : 1;

    if (lie->fid != 0 && ffa_fid_number(lie->fid) != ffa_fid_number(fid)) {
        return false;
    }
    return calls >= first && (lie->times == 0 || calls - first < lie->times);
}

bool spmc_hostile_answers(struct spmc *spmc, uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_hostile *hostile = spmc->config.hostile;
    const uint32_t fid = (uint32_t)regs[0];

    if (hostile == NULL) {
        return false;
    }
    hostile->calls[journal_index(fid)]++;
    for (unsigned int i = 0; i < hostile->lie_count; i++) {
        const struct spmc_lie *lie = &hostile->lies[i];

        if (lie->kind == SPMC_LIE_STATUS && applies(hostile, lie, fid)) {
            spmc_answer_error(spmc, regs, (int32_t)lie->value);
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
    uint8_t *place = spmc->rx;
    uint64_t word;

    if (place == NULL || lie->where > spmc->buffer_bytes - sizeof(word)) {
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

static void journal(struct spmc_hostile *hostile, uint32_t fid, uint32_t w1,
                    const uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_journal_entry entry = {.fid = fid, .w1 = w1, .answer = (uint32_t)regs[0]};

    if (entry.answer == FFA_ERROR) {
        entry.status = (int32_t)regs[2];
        hostile->failures[journal_index(fid)]++;
    }
    if (hostile->entry_count < SPMC_JOURNAL_ENTRIES) {
        hostile->entries[hostile->entry_count] = entry;
    }
    hostile->entry_count++;
}

void spmc_hostile_after(struct spmc *spmc, uint32_t fid, uint32_t w1, uint64_t regs[FFA_REGS_MAX])
{
    struct spmc_hostile *hostile = spmc->config.hostile;

    if (hostile == NULL) {
        return;
    }
    for (unsigned int i = 0; i < hostile->lie_count; i++) {
        if (applies(hostile, &hostile->lies[i], fid)) {
            distort(spmc, &hostile->lies[i], regs);
        }
    }
    journal(hostile, fid, w1, regs);
}

void spmc_hostile_reserved(struct spmc *spmc)
{
    if (spmc->config.hostile != NULL) {
        spmc->config.hostile->reserved_inputs++;
    }
}
