// SPDX-License-Identifier: BSD-3-Clause
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/random.h>

#include "test.h"

#define ROUNDS         50
#define LONG_US        40000
#define TICK_US        1000
#define TICKS_LEAST    3 /* in that time; there would be 40 if the CPU were always there */
#define LONG_TRIES_MAX 20
#define YIELDS         3

/* --- Words there and back --------------------------------------------------------------------- */

static void echo_32(void)
{
    u32 sent[TALK_WORDS];
    u32 words[TALK_WORDS];

    get_random_bytes(sent, sizeof(sent));
    sent[0] = COMMAND_ECHO;
    memcpy(words, sent, sizeof(words));
    expect(talk_32(&echo, words) == 0, "a 32-bit request to echo");
    for (unsigned int i = 0; i < TALK_WORDS; i++) {
        expect(words[i] == ~sent[i], "32-bit word %u of echo: 0x%x", i, words[i]);
    }
}

static void echo_64(void)
{
    unsigned long sent[TALK_WORDS];
    unsigned long words[TALK_WORDS];

    get_random_bytes(sent, sizeof(sent));
    sent[0] = COMMAND_ECHO;
    memcpy(words, sent, sizeof(words));
    expect(talk_64(&echo, words) == 0, "a 64-bit request to echo");
    for (unsigned int i = 0; i < TALK_WORDS; i++) {
        expect(words[i] == ~sent[i], "64-bit word %u of echo: 0x%lx", i, words[i]);
    }
}

static void echo_2(void)
{
    unsigned long sent[TALK_WORDS2];
    unsigned long words[TALK_WORDS2];

    get_random_bytes(sent, sizeof(sent));
    sent[0] = COMMAND_ECHO;
    memcpy(words, sent, sizeof(words));
    expect(talk_2(&echo, words) == 0, "a REQ2 to echo");
    for (unsigned int i = 0; i < TALK_WORDS2; i++) {
        expect(words[i] == ~sent[i], "word %u of echo's RESP2: 0x%lx", i, words[i]);
    }
}

static void servant_32(void)
{
    u32 sent[4];
    u32 words[4];

    get_random_bytes(sent, sizeof(sent));
    memcpy(words, sent, sizeof(words));
    talk_servant(SERVANT(SERVANT_ECHO, 0), words);
    for (unsigned int i = 0; i < 4; i++) {
        expect(words[i] == ~sent[i], "32-bit word %u of the servant: 0x%x", i, words[i]);
    }
}

static void servant_64(void)
{
    unsigned long sent[TALK_WORDS];
    unsigned long words[TALK_WORDS];

    get_random_bytes(sent, sizeof(sent));
    sent[0] = SERVANT(SERVANT_ECHO, 0);
    memcpy(words, sent, sizeof(words));
    expect(talk_64(&servant, words) == 0, "a 64-bit request to the servant");
    expect(SERVANT_COMMAND(words[0]) == SERVANT_ECHO, "its answer: 0x%lx", words[0]);
    for (unsigned int i = 1; i < TALK_WORDS; i++) {
        expect(words[i] == ~sent[i], "64-bit word %u of the servant: 0x%lx", i, words[i]);
    }
}

/* --- Requests that take long ------------------------------------------------------------------ */

static atomic_t ticks;

static enum hrtimer_restart tick(struct hrtimer *timer)
{
    atomic_inc(&ticks);
    hrtimer_forward_now(timer, us_to_ktime(TICK_US));
    return HRTIMER_RESTART;
}

/* Waits for an answer that takes LONG_US; how many interrupts this CPU took meanwhile. */
static int ticks_during(int (*request)(void), s64 *us)
{
    struct hrtimer timer;
    ktime_t start;
    int error;

    hrtimer_setup(&timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
    atomic_set(&ticks, 0);
    start = ktime_get();
    hrtimer_start(&timer, us_to_ktime(TICK_US), HRTIMER_MODE_REL_PINNED_HARD);
    error = request();
    *us = ktime_us_delta(ktime_get(), start);
    hrtimer_cancel(&timer);
    expect(error == 0, "a long request: %d", error);
    expect(*us >= LONG_US, "a long request came back after %lld us", *us);
    return atomic_read(&ticks);
}

/*
 * Each interrupt has to end the call with FFA_INTERRUPT, or it would come when the answer does.
 * This vCPU may have to wait for others all the while, and then there are few: so it is asked
 * again.
 */
static bool takes_interrupts(int (*request)(void), s64 *us)
{
    unsigned int tries = 0;

    expect_all_held();
    while (ticks_during(request, us) < TICKS_LEAST && ++tries < LONG_TRIES_MAX) {
    }
    return tries < LONG_TRIES_MAX && expect_all_held();
}

static int spin(void)
{
    return TALK_COMMAND(&echo, COMMAND_SPIN, LONG_US);
}

static int delay(void)
{
    u32 words[4] = {LONG_US};

    return talk_servant(SERVANT(SERVANT_DELAY, 0), words) ? 0 : TALK_BROKEN;
}

static void show_long_requests(void)
{
    s64 us;
    bool holds;

    holds = takes_interrupts(spin, &us);
    prove(holds,
          "direct: echo is busy for %u us, Linux takes interrupts meanwhile and goes on with "
          "FFA_RUN (%d of them, %lld us)",
          LONG_US, atomic_read(&ticks), us);
    holds = takes_interrupts(delay, &us);
    prove(holds,
          "direct: servant is busy for %u us, Linux takes interrupts meanwhile and goes on "
          "with FFA_RUN (%d of them, %lld us)",
          LONG_US, atomic_read(&ticks), us);
    prove(TALK_COMMAND(&echo, COMMAND_YIELD, YIELDS) == 0,
          "direct: echo yields %u times, and Linux goes on with FFA_RUN", YIELDS);
}

void direct_show(void)
{
    static const struct {
        void (*once)(void);
        const char *what;
    } forms[] = {
        {echo_32, "direct: 32-bit requests to echo, every word verified"},
        {echo_64, "direct: 64-bit requests to echo, every word verified"},
        {echo_2, "direct: REQ2 to echo, every word verified"},
        {servant_32, "direct: 32-bit requests to servant, every word verified"},
        {servant_64, "direct: 64-bit requests to servant, every word verified"},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
        expect_all_held();
        for (unsigned int round = 0; round < ROUNDS; round++) {
            forms[i].once();
        }
        prove(expect_all_held(), "%s (%u)", forms[i].what, ROUNDS);
    }
    show_long_requests();
}
