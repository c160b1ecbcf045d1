// SPDX-License-Identifier: BSD-3-Clause
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "test.h"

#define WORKERS     2
#define SPIN_US     3000
#define FEW_PAGES   16
#define MANY_PAGES  300
#define LETTER_ODDS 61 /* lengths differ from round to round */

/* --- What is done over and over --------------------------------------------------------------- */

static int echo_32(u32 round)
{
    u32 words[TALK_WORDS] = {COMMAND_ECHO, round, ~round, round * 3, round * 7};
    int error = talk_32(&echo, words);

    return error != 0                                                          ? error
           : words[0] == ~0u && words[1] == ~round && words[4] == ~(round * 7) ? 0
                                                                               : -EIO;
}

static int echo_64(u32 round)
{
    unsigned long value = round * 0x9e3779b97f4a7c15ul;
    unsigned long words[TALK_WORDS] = {COMMAND_ECHO, value, ~value, value * 3, value * 7};
    int error = talk_64(&echo, words);

    return error != 0 ? error : words[1] == ~value && words[4] == ~(value * 7) ? 0 : -EIO;
}

static int echo_2(u32 round)
{
    unsigned long words[TALK_WORDS2] = {COMMAND_ECHO};
    int error;

    for (unsigned int i = 1; i < TALK_WORDS2; i++) {
        words[i] = round * 0x9e3779b97f4a7c15ul + i;
    }
    error = talk_2(&echo, words);
    for (unsigned int i = 1; i < TALK_WORDS2 && error == 0; i++) {
        error = words[i] == ~(round * 0x9e3779b97f4a7c15ul + i) ? 0 : -EIO;
    }
    return error;
}

static int interrupted(u32 round)
{
    return TALK_COMMAND(&echo, COMMAND_SPIN, SPIN_US);
}

static int yielding(u32 round)
{
    return TALK_COMMAND(&echo, COMMAND_YIELD, 1);
}

static int servant_64(u32 round)
{
    unsigned long value = round * 0x9e3779b97f4a7c15ul;
    unsigned long words[TALK_WORDS] = {SERVANT(SERVANT_ECHO, 0), value, ~value, value * 3, value};
    int error = talk_64(&servant, words);

    return error != 0 ? error : words[1] == ~value && words[3] == ~(value * 3) ? 0 : -EIO;
}

static int letter_in(u32 round)
{
    return letter_from_partition(1 + round * LETTER_ODDS % LETTER_BYTES_MAX, round);
}

static int letter_out(u32 round)
{
    return letter_to_partition(1 + round * LETTER_ODDS % LETTER_BYTES_MAX, round);
}

static int signal_in(u32 round)
{
    return notification_from_partition();
}

static int signal_out(u32 round)
{
    return notification_to_partition();
}

static int share_with_echo(u32 round)
{
    return loan_to_partition(LOAN_SHARE, FEW_PAGES, round);
}

static int lend_to_echo(u32 round)
{
    return loan_to_partition(LOAN_LEND, round % 4 == 0 ? MANY_PAGES : FEW_PAGES, round);
}

static int share_with_servant(u32 round)
{
    return loan_to_servant(LOAN_SHARE, round % 4 == 0 ? MANY_PAGES : FEW_PAGES, round);
}

static int lend_to_servant(u32 round)
{
    return loan_to_servant(LOAN_LEND, FEW_PAGES, round);
}

static int letter_to_peer(u32 round)
{
    return peer.device == NULL ? 0 : peer_send_next(1 + round * LETTER_ODDS % LETTER_BYTES_MAX);
}

static int ring_peer(u32 round)
{
    return peer.device == NULL ? 0 : peer_ring();
}

static const struct operation {
    int (*once)(u32 round);
    const char *name;
} operations[] = {
    {echo_32, "32-bit requests to echo"},
    {echo_64, "64-bit requests to echo"},
    {echo_2, "REQ2 to echo"},
    {interrupted, "interrupted requests"},
    {yielding, "yielding requests"},
    {servant_64, "64-bit requests to servant"},
    {letter_in, "messages from echo"},
    {letter_out, "messages to echo"},
    {letter_to_peer, "messages to the other Linux"},
    {signal_in, "notifications from echo"},
    {signal_out, "notifications to a partition"},
    {ring_peer, "notifications to the other Linux"},
    {share_with_echo, "shares with echo"},
    {lend_to_echo, "loans to echo"},
    {share_with_servant, "shares with servant"},
    {lend_to_servant, "loans to servant"},
};

/* --- Workers ---------------------------------------------------------------------------------- */

struct record {
    u32 count;
    u32 failed;
    s64 longest_us;
};

struct worker {
    unsigned int cpu;
    ktime_t end;
    struct record records[ARRAY_SIZE(operations)];
    struct completion done;
};

static void perform(struct worker *worker, unsigned int which, u32 round)
{
    struct record *record = &worker->records[which];
    ktime_t start = ktime_get();
    int error = operations[which].once(round);
    s64 us = ktime_us_delta(ktime_get(), start);

    record->count++;
    record->longest_us = max(record->longest_us, us);
    if (!expect(error == 0, "load: %s, number %u: %d", operations[which].name, round, error)) {
        record->failed++;
    }
}

/* The workers begin at different operations, so that they seldom do the same. */
static int work(void *data)
{
    struct worker *worker = data;
    unsigned int which = worker->cpu * ARRAY_SIZE(operations) / WORKERS;

    for (u32 round = 0; ktime_before(ktime_get(), worker->end); round++) {
        perform(worker, which, round);
        which = (which + 1) % ARRAY_SIZE(operations);
    }
    complete(&worker->done);
    return 0;
}

static bool start(struct worker *worker, unsigned int cpu, unsigned int seconds)
{
    struct task_struct *task;

    worker->cpu = cpu;
    worker->end = ktime_add_ms(ktime_get(), seconds * MSEC_PER_SEC);
    init_completion(&worker->done);
    task = kthread_create(work, worker, "parley-load/%u", cpu);
    if (!expect(!IS_ERR(task), "a worker on CPU %u", cpu)) {
        return false;
    }
    kthread_bind(task, cpu);
    wake_up_process(task);
    return true;
}

static void sum_up(const struct worker *workers, unsigned int limit_ms)
{
    s64 longest = 0;
    u32 all = 0;
    u32 failed = 0;
    bool each = true;

    for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++) {
        struct record sum = {0};

        for (unsigned int worker = 0; worker < WORKERS; worker++) {
            const struct record *record = &workers[worker].records[i];

            sum.count += record->count;
            sum.failed += record->failed;
            sum.longest_us = max(sum.longest_us, record->longest_us);
            each = each && record->count != 0;
        }
        say("load: %6u %s, the longest took %lld us", sum.count, operations[i].name,
            sum.longest_us);
        all += sum.count;
        failed += sum.failed;
        longest = max(longest, sum.longest_us);
    }
    prove(each && failed == 0, "load: all kinds on both CPUs, each verified (%u, %u failed)", all,
          failed);
    prove(longest <= limit_ms * USEC_PER_MSEC, "load: none took longer than %u ms (%lld us)",
          limit_ms, longest);
}

void load_run(unsigned int seconds, unsigned int limit_ms)
{
    struct worker *workers = kcalloc(WORKERS, sizeof(*workers), GFP_KERNEL);
    u64 busy = talk_busy();
    u64 given_up = talk_given_up();
    unsigned int started = 0;

    if (!expect(workers != NULL, "memory for the workers")) {
        return;
    }
    say("load: %u seconds on %u CPUs", seconds, WORKERS);
    while (started < WORKERS && start(&workers[started], started, seconds)) {
        started++;
    }
    for (unsigned int i = 0; i < started; i++) {
        wait_for_completion(&workers[i].done);
    }
    sum_up(workers, limit_ms);
    say("load: somebody was busy %llu times, %llu requests were given up", talk_busy() - busy,
        talk_given_up() - given_up);
    kfree(workers);
}
