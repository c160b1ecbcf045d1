/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one word of a VM: what every CPU may ask about it, in 64 bits that change together.
 *
 *      63            32 31               4   3    2      0
 *     |   generation   |    references   | dying | version |
 *
 * version:     none until negotiation is final, then the version for the rest of this life.
 * dying:       the VM ends, or its place in the directory is empty. It can be found no more.
 * references:  who looks at the VM right now; it does not end before they are gone.
 * generation:  counts the lives that this place has seen, so that one life is not taken for
 * another.
 *
 * A VM is a member of the FF-A world if and only if its word shows a version and is not dying.
 */
#ifndef PARLEY_SRC_WORD_H
#define PARLEY_SRC_WORD_H

#include <parley/env.h>

/* Ordered: a later version has all that an earlier one has. */
enum parley_version {
    VERSION_NONE,
    VERSION_1_0,
    VERSION_1_1,
    VERSION_1_2,
};

#define WORD_VERSION_MASK     0x7ull
#define WORD_DYING            0x8ull
#define WORD_REFERENCE        0x10ull
#define WORD_REFERENCES_MASK  0xfffffff0ull
#define WORD_GENERATION_SHIFT 32

static inline uint64_t word_make(uint32_t generation, bool dying)
{
    return ((uint64_t)generation << WORD_GENERATION_SHIFT) | (dying ? WORD_DYING : 0);
}

static inline bool word_is_dying(uint64_t word)
{
    return (word & WORD_DYING) != 0;
}

/* The version in force. A VM that is dying has none: nothing is served to it any more. */
static inline enum parley_version word_version(uint64_t word)
{
    return word_is_dying(word) ? VERSION_NONE : (enum parley_version)(word & WORD_VERSION_MASK);
}

static inline bool word_is_member(uint64_t word)
{
    return word_version(word) != VERSION_NONE;
}

static inline bool word_has_references(uint64_t word)
{
    return (word & WORD_REFERENCES_MASK) != 0;
}

/* Whether one more reference would run into the generation. */
static inline bool word_references_exhausted(uint64_t word)
{
    return (word & WORD_REFERENCES_MASK) == WORD_REFERENCES_MASK;
}

static inline uint32_t word_generation(uint64_t word)
{
    return (uint32_t)(word >> WORD_GENERATION_SHIFT);
}

#endif
