/* SPDX-License-Identifier: BSD-3-Clause */
/* guest.h: memory that a guest program grants to others, or has from them, for threads. */
#include "../../guests/include/guest.h"
#include "guest_life.h"

/* --- RAM -------------------------------------------------------------------------------------- */

static unsigned int left(const struct guest *guest)
{
    unsigned int pages = posix_vm_ram_pages(guest->result->vm);

    return pages > guest->pages_taken ? pages - guest->pages_taken : 0;
}

unsigned int guest_ram_left(void)
{
    struct guest *guest = guest_checkpoint();
    unsigned int pages;

    pthread_mutex_lock(&guest->lock);
    pages = left(guest);
    pthread_mutex_unlock(&guest->lock);
    return pages;
}

uint64_t guest_ram(unsigned int pages)
{
    return guest_ipa(guest_pages(pages));
}

/* --- Accesses --------------------------------------------------------------------------------- */

struct word {
    volatile uint32_t *at;
    uint32_t value;
};

static void load(void *argument)
{
    struct word *word = argument;

    word->value = __atomic_load_n(word->at, __ATOMIC_RELAXED);
}

static void store(void *argument)
{
    const struct word *word = argument;

    __atomic_store_n(word->at, word->value, __ATOMIC_RELAXED);
}

static bool attempt(uint64_t ipa, void (*act)(void *), struct word *word, uint64_t *fault)
{
    struct posix_vm *vm = guest_checkpoint()->result->vm;

    *fault = 0;
    word->at = posix_vm_at(vm, ipa);
    if (word->at == NULL) {
        posix_violation("%s: its program touches IPA %#llx, which is neither RAM nor window",
                        posix_vm_name(vm), (unsigned long long)ipa);
        *fault = ipa;
        return false;
    }
    return posix_try(vm, act, word, fault);
}

bool guest_load(uint64_t ipa, uint32_t *value, uint64_t *fault)
{
    struct word word = {.value = 0};
    bool done = attempt(ipa, load, &word, fault);

    if (done) {
        *value = word.value;
    }
    return done;
}

bool guest_store(uint64_t ipa, uint32_t value, uint64_t *fault)
{
    struct word word = {.value = value};

    return attempt(ipa, store, &word, fault);
}
