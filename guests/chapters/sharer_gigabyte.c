/* SPDX-License-Identifier: BSD-3-Clause */
/* A gigabyte that is shared in ranges of a few pages, out of order, while another VM makes calls.
 */
#include "sharer.h"

#define RANGE_PAGES  25u
#define ORDER        7919u /* is no factor of how many there are: each is named once */
#define SPARE_PAGES  64u   /* for all else */
#define GIB_PAGES    0x40000u
#define RANGES_LEAST 10000u

#define PACE_US     20000u
#define PACES_ALONE 10u

static uint32_t milliseconds_since(uint64_t start)
{
    return (uint32_t)(guest_clock() - start) / 1000;
}

/* For a while. */
static void have_grace_call(struct sharer *sharer)
{
    uint64_t word[ERRAND_WORDS] = {PACE_US};

    errand_run(&sharer->grace.errand, SERVANT(SERVANT_PACE, 0), word, word);
    sharer->pace.calls += (uint32_t)word[0];
    if (word[1] > sharer->pace.longest_us) {
        sharer->pace.longest_us = (uint32_t)word[1];
    }
}

static void have_grace_call_meanwhile(void *argument)
{
    struct sharer *sharer = argument;

    do {
        have_grace_call(sharer);
    } while (!__atomic_load_n(&sharer->is_done, __ATOMIC_ACQUIRE));
}

/* The longest of them, when nothing else happens. */
static uint32_t have_grace_call_alone(struct sharer *sharer)
{
    uint32_t longest_us;

    for (unsigned int i = 0; i < PACES_ALONE; i++) {
        have_grace_call(sharer);
    }
    longest_us = sharer->pace.longest_us;
    sharer->pace.longest_us = 0;
    sharer->pace.calls = 0;
    return longest_us;
}

static uint32_t number_ranges(const struct grant *grant, uint32_t more)
{
    uint32_t wrong = 0;
    uint64_t fault;

    for (uint32_t i = 0; i < grant->ranges; i++) {
        wrong += !guest_store(grant_range(grant, i).ipa, i + more, &fault);
    }
    return wrong;
}

static uint32_t wrong_numbers(const struct grant *grant, uint32_t more)
{
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < grant->ranges; i++) {
        uint32_t value = 0;
        uint64_t fault;

        wrong += !guest_load(grant_range(grant, i).ipa, &value, &fault) || value != i + more;
    }
    return wrong;
}

static void tell_size(struct sharer *sharer, const struct grant *grant)
{
    bool is_large = grant->pages >= GIB_PAGES;
    uint32_t fragments = (grant->total + FFA_PAGE_SIZE - 1) / FFA_PAGE_SIZE;

    expect(&sharer->client, !is_large || grant->ranges >= RANGES_LEAST, "how many ranges");
    guest_print("shares %s, %u pages, with heidi as %u ranges, out of order, in %u fragments of a "
                "page",
                is_large ? "a gigabyte" : "what RAM it has", grant->pages, grant->ranges,
                fragments);
}

/* Heidi has it in the order in which it was sent. */
static void have_heidi_use(struct sharer *sharer, const struct grant *grant, uint64_t ipa)
{
    uint64_t word[ERRAND_WORDS] = {(uint32_t)ipa, ipa >> 32, grant->ranges, 1};

    sharer_none(
        sharer,
        (uint32_t)errand_ask(&sharer->heidi.errand, SERVANT(SERVANT_WALK, RANGE_PAGES), word),
        "ranges that heidi finds elsewhere");
}

static void share_and_use(struct sharer *sharer, const struct grant *grant)
{
    uint64_t start = guest_clock();
    uint64_t handle = sharer_send(sharer, &sharer->me, FFA_MEM_SHARE_64, grant);
    uint32_t sent = milliseconds_since(start);
    uint32_t retrieved;
    uint64_t ipa;

    start = guest_clock();
    ipa = sharer_retrieve(sharer, &sharer->heidi, grant, handle);
    retrieved = milliseconds_since(start);
    have_heidi_use(sharer, grant, ipa);
    guest_print(
        "it is sent in %u ms, and retrieved in %u ms -> heidi finds each range in its place", sent,
        retrieved);
    start = guest_clock();
    sharer_give_back(sharer, &sharer->heidi, handle);
    sharer_take_back(sharer, &sharer->me, handle);
    guest_print("it is given back and reclaimed in %u ms -> frank finds in each what heidi wrote",
                milliseconds_since(start));
}

void sharer_share_gigabyte(struct sharer *sharer)
{
    uint32_t count = (guest_ram_left() - SPARE_PAGES) / RANGE_PAGES;
    const struct grant_scatter scatter = {
        .ipa = guest_ram(count * RANGE_PAGES),
        .pages = RANGE_PAGES,
        .stride = RANGE_PAGES,
        .step = ORDER,
        .count = count,
    };
    uint32_t alone_us = have_grace_call_alone(sharer);
    struct grant grant;

    sharer_describe(&sharer->me, &grant, FFA_MEM_ATTR_NORMAL_WB_INNER);
    grant_to(&grant, sharer->heidi.id, RW);
    grant_add_scattered(&grant, &scatter);
    sharer_none(sharer, number_ranges(&grant, 0), "words of our own");
    tell_size(sharer, &grant);
    expect(&sharer->client, guest_vcpu_start(1, have_grace_call_meanwhile, sharer),
           "vCPU 1 starts");
    share_and_use(sharer, &grant);
    __atomic_store_n(&sharer->is_done, true, __ATOMIC_RELEASE);
    guest_vcpu_join(1);
    sharer_none(sharer, wrong_numbers(&grant, 1), "what heidi wrote");
    expect(&sharer->client, sharer->pace.calls != 0, "calls that grace made meanwhile");
    guest_print(
        "meanwhile grace made %u calls, of which the longest took %u us (%u us when nothing "
        "else happens)",
        sharer->pace.calls, sharer->pace.longest_us, alone_us);
}
