/* SPDX-License-Identifier: BSD-3-Clause */
#include "touch.h"

/* Like no address of RAM: hypervisors may look for leaks of those. */
#define NO_ADDRESS 0x1a000000u

uint32_t touch_offset(unsigned int word)
{
    static const uint32_t offsets[TOUCH_WORDS] = {0, 0x7f4, FFA_PAGE_SIZE - sizeof(uint32_t)};

    return offsets[word];
}

uint32_t touch_value(uint32_t seed, uint32_t page, unsigned int word)
{
    return NO_ADDRESS | ((seed * 0x9e3779u + page * 0x10003u + word * 0x507u) & 0xffffffu);
}

uint32_t touch_fill(uint64_t ipa, uint32_t first, uint32_t pages, uint32_t seed)
{
    uint32_t faults = 0;
    uint64_t fault;

    for (uint32_t i = 0; i < pages; i++) {
        uint64_t page = ipa + (uint64_t)i * FFA_PAGE_SIZE;

        for (unsigned int word = 0; word < TOUCH_WORDS; word++) {
            faults +=
                !guest_store(page + touch_offset(word), touch_value(seed, first + i, word), &fault);
        }
    }
    return faults;
}

/* Whether the word is `expected`. */
static bool is_word(uint64_t ipa, uint32_t expected)
{
    uint32_t value = 0;
    uint64_t fault;

    return guest_load(ipa, &value, &fault) && value == expected;
}

uint32_t touch_wrong(uint64_t ipa, uint32_t first, uint32_t pages, uint32_t seed)
{
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < pages; i++) {
        uint64_t page = ipa + (uint64_t)i * FFA_PAGE_SIZE;

        for (unsigned int word = 0; word < TOUCH_WORDS; word++) {
            wrong += !is_word(page + touch_offset(word), touch_value(seed, first + i, word));
        }
    }
    return wrong;
}

uint32_t touch_not_zero(uint64_t ipa, uint32_t pages)
{
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < pages; i++) {
        for (unsigned int word = 0; word < TOUCH_WORDS; word++) {
            wrong += !is_word(ipa + (uint64_t)i * FFA_PAGE_SIZE + touch_offset(word), 0);
        }
    }
    return wrong;
}
