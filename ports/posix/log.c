/* SPDX-License-Identifier: BSD-3-Clause */
/* The operator: what Parley told, kept for tests; PARLEY_TRACE in the environment shows it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

_Thread_local unsigned int log_events_of_call;

static struct {
    pthread_mutex_t lock;
    struct parley_event event[POSIX_EVENT_LOG];
    unsigned int total;
    unsigned int of_kind[PARLEY_EVENT_CALL_REFUSED + 1];
    bool show;
} events = {.lock = PTHREAD_MUTEX_INITIALIZER};

void log_power_on(void)
{
    posix_events_clear();
    events.show = getenv("PARLEY_TRACE") != NULL;
}

static void show(const struct parley_event *event)
{
    char line[PARLEY_EVENT_TEXT_BYTES];

    parley_event_text(event, line, sizeof(line));
    fprintf(stderr, "parley: %s\n", line);
}

void parley_port_event(const struct parley_event *event)
{
    trap_check_hook(__func__, 0);
    log_events_of_call++;
    if (event->kind > PARLEY_EVENT_CALL_REFUSED) {
        posix_violation("an event of an unknown kind, %d", (int)event->kind);
        return;
    }
    pthread_mutex_lock(&events.lock);
    events.event[events.total++ % POSIX_EVENT_LOG] = *event;
    events.of_kind[event->kind]++;
    pthread_mutex_unlock(&events.lock);
    if (events.show) {
        show(event);
    }
}

unsigned int posix_event_count(enum parley_event_kind kind)
{
    unsigned int count;

    pthread_mutex_lock(&events.lock);
    count = events.of_kind[kind];
    pthread_mutex_unlock(&events.lock);
    return count;
}

unsigned int posix_event_total(void)
{
    unsigned int total;

    pthread_mutex_lock(&events.lock);
    total = events.total;
    pthread_mutex_unlock(&events.lock);
    return total;
}

bool posix_event_newest(unsigned int back, struct parley_event *event)
{
    bool kept;

    pthread_mutex_lock(&events.lock);
    kept = back < events.total && back < POSIX_EVENT_LOG;
    if (kept) {
        *event = events.event[(events.total - 1 - back) % POSIX_EVENT_LOG];
    }
    pthread_mutex_unlock(&events.lock);
    return kept;
}

bool posix_event_last(enum parley_event_kind kind, struct parley_event *event)
{
    for (unsigned int back = 0; posix_event_newest(back, event); back++) {
        if (event->kind == kind) {
            return true;
        }
    }
    return false;
}

void posix_events_clear(void)
{
    pthread_mutex_lock(&events.lock);
    events.total = 0;
    memset(events.of_kind, 0, sizeof(events.of_kind));
    pthread_mutex_unlock(&events.lock);
}
