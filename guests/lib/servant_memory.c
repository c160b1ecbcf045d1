/* SPDX-License-Identifier: BSD-3-Clause */
#include "servant.h"
#include "touch.h"

static uint64_t join(const uint64_t *halves)
{
    return halves[1] << 32 | (uint32_t)halves[0];
}

static void split(uint64_t value, uint64_t *halves)
{
    halves[0] = (uint32_t)value;
    halves[1] = value >> 32;
}

static void load(uint64_t ipa, uint64_t *answer)
{
    uint32_t value = 0;
    uint64_t fault;

    answer[2] = guest_load(ipa, &value, &fault);
    answer[1] = value;
    split(fault, &answer[3]);
}

static void store(uint64_t ipa, uint32_t value, uint64_t *answer)
{
    uint64_t fault;

    answer[2] = guest_store(ipa, value, &fault);
    split(fault, &answer[3]);
}

/* Places that do not begin with their number. */
static uint32_t walk(uint64_t ipa, uint32_t pages, uint32_t count, uint32_t more)
{
    uint32_t wrong = 0;
    uint64_t fault;

    for (uint32_t i = 0; i < count; i++, ipa += (uint64_t)pages * FFA_PAGE_SIZE) {
        uint32_t value = 0;

        wrong += !guest_load(ipa, &value, &fault) || value != i ||
                 !guest_store(ipa, value + more, &fault);
    }
    return wrong;
}

void servant_touch(const uint64_t *request, uint64_t *answer)
{
    uint32_t pages = SERVANT_ARGUMENT(request[0]);
    uint64_t ipa = join(&request[1]);
    uint32_t value = (uint32_t)request[3];

    switch (SERVANT_COMMAND(request[0])) {
    case SERVANT_LOAD:
        load(ipa, answer);
        break;
    case SERVANT_STORE:
        store(ipa, value, answer);
        break;
    case SERVANT_PAGES_FILL:
        answer[1] = touch_fill(ipa, 0, pages, value);
        break;
    case SERVANT_PAGES_TEST:
        answer[1] = touch_wrong(ipa, 0, pages, value);
        break;
    case SERVANT_PAGES_ZERO:
        answer[1] = touch_not_zero(ipa, pages);
        break;
    case SERVANT_WALK:
        answer[1] = walk(ipa, pages, value, (uint32_t)request[4]);
        break;
    default:
        split(guest_ram(pages), &answer[1]);
        break;
    }
}
